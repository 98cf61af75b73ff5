"""Covers: exact on small cases, across midnight, and never without a bound."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from staffing_case import small

import sim
from sim.city import City
from sim.errors import InputError
from sim.model.planfile import with_shifts
from sim.optimize.roster.rules import load_rules
from sim.optimize.solver import choose, cover
from sim.optimize.staffing.cover import Coverer
from sim.optimize.staffing.patterns import coverage, further_shifts
from sim.optimize.staffing.pools import Pools
from sim.optimize.staffing.requirement import windows


def test_cover_is_the_cheapest_by_brute_force() -> None:
    random = np.random.default_rng(3)
    for _ in range(12):
        covers = random.random((4, 7)) < 0.5
        covers[0] = True
        need, cost = random.integers(0, 4, 7), random.uniform(1, 5, 4).round(2)
        best = min(
            cost @ np.array(posts)
            for posts in product(range(5), repeat=4)
            if (np.array(posts) @ covers >= need).all()
        )
        got = cover(covers, need, cost)
        assert got.status == "optimal"
        assert got.objective == pytest.approx(best)
        assert got.values is not None
        assert (got.values @ covers >= need).all()
        assert got.bound == pytest.approx(best)


def test_where_cp_sat_is_stuck_branching_comes_close() -> None:
    """Tours of five days on: the linear solution is far off, and no time is left to CP-SAT."""
    covers = np.array(
        [
            [(d - first) % 7 < 5 and start <= h < start + 8 for d in range(7) for h in range(24)]
            for first in range(7)
            for start in range(0, 17, 2)
        ]
    )
    need = np.tile(np.rint(4 + 3 * np.sin(np.arange(24) / 3)), 7).astype(np.int64)
    cost = 8.0 + 0.1 * np.arange(len(covers))
    got = cover(covers, need, cost, time_limit=0.001)
    assert got.values is not None
    assert (got.values @ covers >= need).all()
    assert got.objective == pytest.approx(cost @ got.values)
    assert 0 < got.bound <= got.objective + 1e-9
    assert got.gap < 0.02
    longer = cover(covers, need, cost, time_limit=5.0)
    assert longer.objective >= got.bound - 1e-9  # of the same problem


def test_what_cannot_be_covered_is_infeasible() -> None:
    got = cover(np.array([[True, False]]), np.array([1, 1]), np.array([1.0]))
    assert (got.status, got.values) == ("infeasible", None)


def test_choose_equals_brute_force() -> None:
    random = np.random.default_rng(4)
    for _ in range(10):
        cost = [random.uniform(0, 9, 3).round(2) for _ in range(5)]
        gain = [random.uniform(0, 9, 3).round(2) for _ in range(5)]
        budget = 30.0
        options = [
            sum(g[k] for g, k in zip(gain, picks, strict=True))
            for picks in product(range(3), repeat=5)
            if sum(c[k] for c, k in zip(cost, picks, strict=True)) <= budget + 1e-9
        ]
        assert -choose(cost, gain, budget).objective == pytest.approx(max(options))


def test_coverage_crosses_midnight(tmp_path: Path) -> None:
    scenario = small(tmp_path)
    night = coverage(scenario)[list(scenario.shifts).index("night")]
    assert night[0] and night[2 * 22] and night[-1] and not night[2 * 8]
    assert night.sum() == 7 * 20


@pytest.mark.parametrize("kind", ["daily", "tours"])
def test_patterns_keep_to_the_contracts(tmp_path: Path, kind: str) -> None:
    scenario = small(tmp_path)
    made = further_shifts(scenario, kind)
    assert made
    own = {(s.start, s.hours, s.weekdays) for s in scenario.shifts.values()}
    for shift in made.values():
        assert (shift.start, shift.hours, shift.weekdays) not in own
        assert shift.hours <= 9
        if kind == "tours":
            assert len(shift.weekdays) == 5
            worked = shift.hours - (shift.hours > 8)
            assert worked * 5 <= (24 if shift.hours <= 4 else 40)
    if kind == "tours":  # five days on, in a row, wherever they begin
        assert {s.weekdays for s in made.values()} >= {
            (0, 1, 2, 3, 4),
            (0, 1, 2, 3, 6),
            (0, 1, 4, 5, 6),
        }


def test_contracts_are_those_of_the_labour_rules() -> None:
    """Patterns are made for the hours that rosters allow."""
    contracts, rules = sim.load("suzhou-2018").contracts, load_rules()
    assert contracts is not None
    assert contracts.full_time_week_h == rules.contracts["full-time"].average_hours
    assert contracts.full_time_day_h == rules.break_.shift_hours_above + rules.break_.hours
    assert contracts.part_time_week_h == rules.contracts["part-time"].weekly_hours_most
    assert contracts.part_time_day_h * 5 == rules.contracts["part-time"].average_hours


def test_unknown_patterns_and_missing_contracts(tmp_path: Path) -> None:
    scenario = small(tmp_path)
    with pytest.raises(InputError, match="scenario, daily, tours"):
        further_shifts(scenario, "weekly")
    with pytest.raises(InputError, match="contracts"):
        further_shifts(scenario.model_copy(update={"contracts": None}), "daily")


@pytest.mark.parametrize("kind", ["scenario", "daily", "tours"])
def test_pools_are_covered_within_their_window(tmp_path: Path, kind: str) -> None:
    plain = small(tmp_path)
    scenario = with_shifts(plain, further_shifts(plain, kind), "patterns")
    city = City.build(scenario)
    pools = Pools.build(scenario, city)
    window = windows(scenario, pools)
    coverer = Coverer(scenario, pools, window, time_limit=1.0)
    wave = 3 + 2 * np.sin(np.arange(168) * 2 * np.pi / 24)
    need = np.rint(np.outer(np.arange(len(pools)) % 3, wave)).astype(int) * window
    found = coverer.solve(need)
    # pools of one to five people, cut off after a second each: tours need whole people
    assert found.gap < (0.05 if kind == "tours" else 1e-6)
    assert (found.bound <= found.cost + 1e-6).all()
    np.testing.assert_allclose(found.cost, coverer.cost(found.posts), rtol=1e-9, atol=2.0)
    halves = found.posts @ coverer.covers
    able = np.array([coverer.covers[coverer.allowed[p]].any(axis=0) for p in range(len(pools))])
    assert (halves >= np.repeat(need, 2, axis=1) * able).all()
    office = pools.department.index("labour")
    assert not halves[office].reshape(7, 48)[5:].any()  # works on weekdays only
