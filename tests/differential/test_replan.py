"""Plans that change while it runs: both engines leave the same outcome, to the bit."""

from __future__ import annotations

import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from differential.test_engines import Remembers
from engine.outcomes import check_outcome, same
from generated import Replans, changed, plans_of, recipes, replans, scenario_of
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import sim
from sim.city import City
from sim.clock import HOUR
from sim.engine.outcome import Outcome
from sim.model.plan import Plan
from sim.model.staffing import base_plan
from sim.policy import POLICIES, Policy
from sim.scenario import Scenario

policies = st.sampled_from([*sorted(POLICIES), "remembers"])


def run(
    scenario: Scenario,
    policy: str,
    engine: str,
    plans: list[tuple[float, Plan]],
    check: bool = False,
) -> Outcome:
    """Ask SimPy for all plans beforehand, and the compiled engine for each when it is time."""
    chosen: str | Policy = Remembers() if policy == "remembers" else policy
    run = sim.prepare(scenario, policy=chosen, engine=engine, check=check)
    for time, plan in plans:
        if engine == "simpy":
            run.replan(plan, time)
        elif time < run.horizon:
            run.run(time)
            run.replan(plan)
    run.run()
    return run.outcome()


def compare(recipe: Any, changes: Replans, policy: str, check: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scenario = scenario_of(recipe, Path(folder))
        plans = plans_of(scenario, changes)
        slow = run(scenario, policy, "simpy", plans, check)
        fast = run(scenario, policy, "compiled", plans, check)
        assert same(slow, fast)
        check_outcome(slow)
        assert [time for time, _ in slow.plans] == [time for time, _ in fast.plans]
        for field in fields(Plan):
            assert np.array_equal(getattr(slow.plan, field.name), getattr(fast.plan, field.name))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(recipe=recipes(), changes=replans(), policy=policies, check=st.booleans())
def test_generated(recipe: Any, changes: Replans, policy: str, check: bool) -> None:
    compare(recipe, changes, policy, check)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_many_generated(part: int) -> None:
    """More than a hundred, in parts that differ by their seed."""

    @seed(part)
    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(recipe=recipes(), changes=replans(), policy=policies, check=st.booleans())
    def run(recipe: Any, changes: Replans, policy: str, check: bool) -> None:
        compare(recipe, changes, policy, check)

    run()


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(recipe=recipes(), hours=st.lists(st.floats(0, 48, width=32), max_size=3), policy=policies)
def test_the_same_plan_again_changes_nothing(recipe: Any, hours: list[float], policy: str) -> None:
    """Nor does one that has the same people in another order."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = scenario_of(recipe, Path(folder))
        base = base_plan(scenario, City.build(scenario))
        plans = [
            (hour * HOUR, changed(base, base, [("shuffled", number, 0)]))
            for number, hour in enumerate(sorted(hours))
        ]
        for engine in ("simpy", "compiled"):
            once, again = run(scenario, policy, engine, []), run(scenario, policy, engine, plans)
            assert same(once, again)
            assert len(again.plans) == 1


@pytest.mark.parametrize("policy", ["priority", "remembers"])
def test_a_district_and_shifts_at_that_very_instant(policy: str) -> None:
    """Half of everybody goes when the day shift begins, and comes back when it ends."""
    scenario = sim.load("gusu-week", {"time.days": 2})
    base = base_plan(scenario, City.build(scenario))
    half = changed(base, base, [("fewer crews", 0, 0), ("no gridworkers", 1, 0)])
    plans = [(32 * HOUR, half), (41 * HOUR, base)]
    slow, fast = (run(scenario, policy, engine, plans) for engine in ("simpy", "compiled"))
    assert same(slow, fast)
    check_outcome(fast)
    assert len(fast.plan.crew_unit) > len(base.crew_unit)
