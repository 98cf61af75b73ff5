"""Week = cohort: a week's due shares are what becomes of the tickets accepted in it.

The week is measured as any run is, after its warm-up: of all that falls due in it. The cohort are
the tickets accepted in it, each followed to its own deadline. In a city that has settled both say
the same; where a pool cannot keep up nothing settles, and its tickets are left out of both. With
half of the crews many pools are just below that, and take twice as long to settle: after 28 days
the week's share closed in time is 0.5 points too good.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.clock import DAY
from sim.engine import find_engine
from sim.engine.outcome import Outcome
from sim.measure.catalogue import DEADLINES
from sim.measure.instants import instant
from sim.measure.steady import occupancies
from sim.scenario import load, restrict
from sim.scenario.dates import longest_deadline

SEED, REPLICATIONS = 17, 16
WITHIN = 0.003
STAGES = ("sign", "arrive", "close")


def keeps_up(outcome: Outcome, overloaded: np.ndarray) -> np.ndarray:
    """Return which tickets are of pools that can keep up, bool [N]."""
    department = list(outcome.scenario.departments)
    of = np.array([department.index(c.department) for c in outcome.scenario.categories])
    t = outcome.tickets
    return ~overloaded[outcome.plan.unit_of[of[t["category"]], t["town"]]]


def shares(outcome: Outcome, when: str, rows: np.ndarray) -> list[tuple[int, int]]:
    """Return for each stage how many were in time, of those with an instant in the week."""
    found = []
    for stage in STAGES:
        due = DEADLINES[stage]
        at = instant(outcome, when or due.due)
        asked = due.needs(outcome) & rows & (at >= 0) & (at < 7 * DAY)
        in_time = instant(outcome, due.ends) <= instant(outcome, due.due)
        found.append((int((in_time & asked).sum()), int(asked.sum())))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("crews", "warm_up"), [(1.0, 28), (0.7, 28), (0.5, 56)])
def test_a_week_is_its_cohort(crews: float, warm_up: int) -> None:
    """Gusu, 16 July 2018: no holiday within four weeks of it."""
    days: dict[str, Any] = {
        "time.start": "2018-07-16",
        "time.days": 49,
        "time.warm_up_days": warm_up,
    }
    scenario = load("suzhou-2018", {**days, "staff_scale.crews": crews})
    longest = longest_deadline(scenario)
    assert scenario.time.warm_up_days >= longest
    scenario = restrict(scenario, days=7 + longest, districts=["Gusu"])
    differences, left_out = [], []
    for replication in range(REPLICATIONS):
        run = find_engine("compiled")(scenario, seed=SEED, replication=replication)
        run.run(7 * DAY)
        week = run.outcome()
        value, more = occupancies(week)
        units = len(week.plan.unit_department)
        overloaded = ((value >= 1) & (more > 0))[:units]
        run.run()
        whole = run.outcome()
        measured = shares(week, "", keeps_up(week, overloaded))
        cohort = shares(whole, "accepted", keeps_up(whole, overloaded))
        assert min(n for _, n in (*measured, *cohort)) > 1000
        differences.append([a / m - b / n for (a, m), (b, n) in zip(measured, cohort, strict=True)])
        left_out.append(overloaded.mean())
    mean, error = np.mean(differences, axis=0), np.std(differences, axis=0, ddof=1) / 4
    told = dict(zip(STAGES, zip(mean.round(5), error.round(5), strict=True), strict=True))
    assert np.abs(mean).max() < WITHIN, told
    assert np.mean(left_out) < 0.4
