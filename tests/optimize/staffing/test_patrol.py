"""Patrol: benefits grow ever more slowly, and gridworkers go where they are worth most."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import sim
from sim.city import City
from sim.model.staffing import base_plan
from sim.model.state import StopKind
from sim.optimize.staffing.patrol_worth import MOST, allocate, benefits, curve, with_gridworkers


@pytest.fixture(scope="module")
def gusu() -> tuple:
    scenario = sim.load("gusu-week")
    return scenario, City.build(scenario)


def test_the_next_gridworker_finds_less_than_the_one_before(gusu: tuple) -> None:
    gain = benefits(*gusu)
    for curve_of in (gain.found, gain.calls):
        steps = np.diff(curve_of, axis=1)
        assert (steps >= 0).all()
        assert (np.diff(steps, axis=1) <= 1e-9).all()
    assert (gain.found[:, 0] == 0).all() and (gain.calls[:, 0] == 0).all()


def test_allocation_is_the_best_by_brute_force() -> None:
    random = np.random.default_rng(8)
    gain = -np.sort(-random.random((4, 3)), axis=1)
    for total in range(13):
        best = max(
            sum(gain[g, :n].sum() for g, n in enumerate(counts))
            for counts in product(range(4), repeat=4)
            if sum(counts) == total
        )
        count = allocate(gain, total)
        assert count.sum() == total
        assert sum(gain[g, :n].sum() for g, n in enumerate(count)) == pytest.approx(best)
    with pytest.raises(ValueError, match="do not fit"):
        allocate(gain, 13)


def test_the_curve_rises_and_flattens(gusu: tuple) -> None:
    scenario, city = gusu
    rows = curve(scenario, city, [200, 400, 600, 800])
    found = np.array([row["found"] for row in rows])
    assert (np.diff(found) > 0).all()
    assert (np.diff(np.diff(found)) < 0).all()
    costs = [row["cost"] for row in rows]
    assert costs == pytest.approx([costs[0] * k for k in (1, 2, 3, 4)])


def test_gridworkers_are_placed(gusu: tuple) -> None:
    scenario, city = gusu
    plan = base_plan(scenario, city)
    count = np.arange(len(city.grid_xy)) % (MOST + 1)
    placed = with_gridworkers(scenario, plan, count)
    assert (np.bincount(placed.worker_grid, minlength=len(count)) == count).all()
    again = with_gridworkers(scenario, plan, np.bincount(plan.worker_grid, minlength=len(count)))
    assert (again.worker_grid == plan.worker_grid).all()
    assert (again.worker_shift == plan.worker_shift).all()
    np.testing.assert_allclose(again.worker_offset, plan.worker_offset)


def test_what_the_benefit_predicts_a_run_shows(gusu: tuple) -> None:
    """Gridworkers given out by worth find more than as many in the first grids."""
    scenario, city = gusu
    plan, total = base_plan(scenario, city), 300
    by_find = allocate(np.diff(benefits(scenario, city).found, axis=1), total)
    first = np.zeros(len(city.grid_xy), dtype=np.int64)
    first[:total] = 1
    found = []
    for count in (by_find, first):
        placed = with_gridworkers(scenario, plan, count)
        stops = sim.simulate(scenario, days=1, plan=placed).stops
        found.append(np.isin(stops["kind"], (StopKind.RECORD, StopKind.SPOT)).sum())
    assert found[0] > found[1]
