"""Whatever the scenario: nothing is lost, nobody is in two places, no step comes too early."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import pytest
from engine.outcomes import check_outcome, same
from generated import recipes, scenario_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sim
from sim.errors import InputWarning
from sim.policy import POLICIES


def run_one(recipe: Any, policy: str, cut: float) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)  # of a net in pieces
        scenario = scenario_of(recipe, Path(folder))
        outcome = sim.simulate(scenario, policy=policy, check=True)
        check_outcome(outcome)
        again = sim.prepare(scenario, policy=policy)
        again.run(cut * again.horizon)
        again.run()
        assert same(outcome, again.outcome())


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(recipe=recipes(ground=True), policy=st.sampled_from(sorted(POLICIES)), cut=st.floats(0, 1))
def test_generated(recipe: Any, policy: str, cut: float) -> None:
    run_one(recipe, policy, cut)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(recipe=recipes(ground=True), policy=st.sampled_from(sorted(POLICIES)), cut=st.floats(0, 1))
def test_many_generated(recipe: Any, policy: str, cut: float) -> None:
    run_one(recipe, policy, cut)
