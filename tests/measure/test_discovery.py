"""What another way of patrolling saves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny

import sim
from sim.engine.outcome import Outcome
from sim.measure.discovery import discovery_saved, requests_saved, undiscovered
from sim.model.rules import severity


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return sim.simulate(tiny(tmp_path_factory.mktemp("discovery")))


def later(outcome: Outcome, hours: float) -> Outcome:
    tickets = {**outcome.tickets, "discovered": outcome.tickets["discovered"] + hours * 3600}
    return replace(outcome, tickets=tickets)


def test_undiscovered(outcome: Outcome) -> None:
    hours, t = undiscovered(outcome, 12), outcome.tickets
    known = ~np.isnan(hours)
    assert known.any()
    assert ((hours[known] >= 0) & (hours[known] <= 12)).all()
    assert (hours[known & np.isnan(t["discovered"])] == 12).all()
    assert (t["arisen"][known] <= outcome.until - 12 * 3600).all()
    seen = [i for i, c in enumerate(outcome.scenario.categories) if c.patrol_visibility > 0]
    assert set(np.unique(t["category"][known])) == set(seen)


def test_saved_is_the_weighted_mean_of_the_differences(outcome: Outcome) -> None:
    late = later(outcome, 1.0)
    a, b = undiscovered(outcome), undiscovered(late)
    rows = ~np.isnan(a)
    weight = np.array([severity(int(p)) for p in outcome.tickets["priority"]])
    found = discovery_saved(late, outcome)
    assert found.estimate == pytest.approx(np.average((b - a)[rows], weights=weight[rows]))
    assert 0 < found.low < found.estimate < found.high <= 1.5
    assert discovery_saved(outcome, outcome) == (0, 0, 0)


def test_the_interval_covers(outcome: Outcome) -> None:
    """Noise that grids share: 95 % intervals hold the truth about so often.

    Few grids make them a little narrow: they may miss one time in eight.
    """
    grids, t = len(outcome.city.grid_xy), outcome.tickets
    truth = 0.5
    hits = 0
    for n in range(200):
        noise = np.random.default_rng(n).normal(truth, 0.4, grids)[t["grid"]]
        early = {**t, "discovered": t["arisen"] + 3600 * 2}
        late = {**t, "discovered": t["arisen"] + 3600 * (2 + noise)}
        hits += truth in discovery_saved(
            replace(outcome, tickets=late), replace(outcome, tickets=early)
        )
    assert hits / 200 > 0.875


def test_requests(outcome: Outcome) -> None:
    fewer = {**outcome.tickets, "requested": outcome.tickets["requested"].copy()}
    asked = np.flatnonzero(~np.isnan(fewer["requested"]))[:10]
    fewer["requested"][asked] = np.nan
    found = requests_saved(outcome, replace(outcome, tickets=fewer))
    assert found.estimate == pytest.approx(10)
    assert found.low < 10 < found.high


def test_other_matters_cannot_be_compared(outcome: Outcome, tmp_path: Path) -> None:
    other = sim.simulate(tiny(tmp_path), seed=99)
    with pytest.raises(ValueError, match="did not meet the same matters"):
        discovery_saved(outcome, other)
