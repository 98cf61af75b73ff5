"""What policies change in a run, and what they cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from engine.outcomes import check_outcome
from tiny import tiny

import sim
from sim.model.calendar import round_calendars
from sim.model.state import StopKind
from sim.policy import BatchAssignment, Reserve


class EpochOnly(BatchAssignment):
    """An epoch that is easy to see."""

    epoch_s = 600.0


def test_nobody_is_sent_between_epochs(tmp_path: Path) -> None:
    outcome = sim.simulate(tiny(tmp_path), policy=EpochOnly(), check=True)
    check_outcome(outcome)
    assert len(outcome.visits["start"]) > 100
    assert not np.any(outcome.visits["start"] % 600)


@pytest.mark.parametrize("first", ["patrol-first", "dispatch-first"])
def test_when_gridworkers_go_to_jobs(first: str, tmp_path: Path) -> None:
    """Between the rounds only, if those come first; else on a round too."""
    outcome = sim.simulate(tiny(tmp_path), policy=first, check=True)
    jobs = outcome.stops["kind"] == StopKind.JOB
    rounds = round_calendars(outcome.scenario)
    shift = outcome.plan.worker_shift[outcome.stops["worker"][jobs]]
    walking = [
        rounds[int(s)].rate(float(t)) > 0
        for s, t in zip(shift, outcome.stops["start"][jobs], strict=True)
    ]
    assert len(walking) > 20
    assert any(walking) == (first == "dispatch-first")


def test_dispatch_first_is_the_rule_of_priority(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    one, other = (sim.simulate(scenario, policy=p) for p in ("priority", "dispatch-first"))
    for name, column in one.tickets.items():
        np.testing.assert_array_equal(column, other.tickets[name])


def test_a_reserve_is_there_when_it_is_needed(tmp_path: Path) -> None:
    """With few crews, urgent tickets are attended sooner and the others later."""
    scenario = tiny(tmp_path, ["staff_scale.crews=0.6", "seed=1"])
    arrive = []
    for share in (0.0, 0.5):
        waits = []
        for seed in range(4):
            outcome = sim.simulate(scenario, policy=Reserve(share), check=True, seed=seed)
            check_outcome(outcome)
            t = outcome.tickets
            wait = np.fmin(t["dispatched"], outcome.until) - t["signed"]
            police = (t["unit"] >= 0) & ~np.isnan(wait)
            urgent = t["priority"] == 1
            waits.append([wait[police & rows].mean() for rows in (urgent, ~urgent)])
        arrive.append(np.mean(waits, axis=0))
    assert arrive[1][0] < arrive[0][0]
    assert arrive[1][1] > arrive[0][1]
