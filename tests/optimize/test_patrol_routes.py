"""Patrol routes: the expected delay, the search, and what becomes of them in a run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from optimize.walk_cases import HOT, best_by_trying, expected
from tiny import tiny, write

import sim
from sim.city import City
from sim.cli import main
from sim.model.routes import read_routes, write_routes
from sim.model.staffing import base_plan
from sim.optimize.patrol_routes import CELLS, optimize_patrol
from sim.optimize.risk import CLASSES, Risk
from sim.optimize.walks import MOST_LEGS, search


def test_a_sure_pass_on_the_loop_takes_half_a_loop() -> None:
    assert expected([(0, 10, 0.0)], [0.1] * 10, 1.0, 1e-7) == pytest.approx(300, rel=1e-3)


def test_with_half_the_sight_one_more_loop() -> None:
    """The number of passes is geometric: E[X] = L / 2 + L (1 / v - 1)."""
    assert expected([(0, 10, 0.0)], [0.1] * 10, 0.5, 1e-7) == pytest.approx(900, rel=1e-3)


def test_others_may_be_sooner() -> None:
    """E[min(X, T)] for X even on (0, L): (1 - (1 - exp(-hL)) / hL) / h."""
    h, length = 1 / 400, 600
    assert expected([(0, 10, 0.0)], [0.1] * 10, 1.0, h) == pytest.approx(
        (1 - (1 - np.exp(-h * length)) / (h * length)) / h
    )


def test_uneven_gaps_by_simulation() -> None:
    legs = [(0, 10, 0.0), (0, 3, 0.0), (3, -3, 0.0), (7, 3, 90.0)]
    legs[0] = (0, 10, 45.0)
    density = [0.02, 0.3, 0.1, 0.08, 0.1, 0.1, 0.05, 0.05, 0.1, 0.1]
    sight, hazard, cell_s = 0.4, 1 / 1500, 60.0
    passes: dict[int, list[float]] = {}
    now = 0.0
    for n, (start, cells, cross) in enumerate(legs):
        now += cross if n else 0
        step = 1 if cells > 0 else -1
        first = start if cells > 0 else start - 1
        for i in range(abs(cells)):
            passes.setdefault((first + i * step) % 10, []).append(now + cell_s / 2)
            now += cell_s
    cycle = now + legs[0][2]
    draw = np.random.default_rng(5)
    size = 200_000
    place, when = draw.choice(10, size, p=density), draw.random(size) * cycle
    gone, needed = draw.exponential(1 / hazard, size), draw.geometric(sight, size)
    found = np.empty(size)
    for cell, times in passes.items():
        rows = place == cell
        every = np.concatenate([np.array(times) + k * cycle for k in range(80)])
        at = np.searchsorted(every, when[rows]) + needed[rows] - 1
        found[rows] = every[np.minimum(at, len(every) - 1)] - when[rows]
    spent = np.minimum(found, gone)
    half = 4 * spent.std() / np.sqrt(size)
    assert abs(expected(legs, density, sight, hazard) - spent.mean()) < half


@pytest.mark.parametrize(("sight", "hazard"), [(1.0, 1e-6), (0.3, 1e-6), (0.5, 1 / 600)])
def test_against_all_walks_of_a_small_loop(sight: float, hazard: float) -> None:
    density = np.array([0.85, 0.05, 0.04, 0.03, 0.03])
    walk = np.zeros((MOST_LEGS, 3))
    kinds = (np.ones(1), np.array([sight]), np.array([hazard]))
    legs, loop, value = search(60.0, 1.35, density, *kinds, 12 * 60.0, 1e9, walk)
    best = best_by_trying(density, sight, hazard, 12)
    assert value <= loop
    assert value <= best * 1.02  # crossings may do better; steps one by one may do a little
    assert legs <= MOST_LEGS


def test_where_matters_lie_evenly_the_loop_is_kept() -> None:
    walk = np.zeros((MOST_LEGS, 3))
    kinds = (np.ones(1), np.array([0.4]), np.array([1e-5]))
    legs, loop, value = search(60.0, 1.35, np.full(20, 0.05), *kinds, 23400.0, 1e9, walk)
    assert (legs, loop) == (1, value)
    assert walk[0].tolist() == [0, 20, 0]


def test_risk_adds_up_to_the_demand(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, HOT)
    city = City.build(scenario)
    risk = Risk.of(scenario, city, base_plan(scenario, city), CELLS)
    assert risk.weight.shape == (len(city.grid_xy), CLASSES)
    assert np.allclose(risk.density.sum(axis=1), 1)
    assert np.allclose(risk.density.max(axis=1), 0.7 / 2 + 0.3 / 20, atol=0.18)
    # litter (priority 4, weight 1): 60 a day that nobody reports, and those that are reported
    only = [
        c if c.id == "litter" else c.model_copy(update={"patrol_visibility": 0.0})
        for c in scenario.categories
    ]
    alone = scenario.model_copy(update={"categories": tuple(only)})
    from sim.workload.arrivals import Demand

    demand = Demand.build(alone, city)
    whole = Risk.of(alone, city, base_plan(scenario, city), CELLS).weight.sum()
    cameras = np.array([0.5, 0.1])
    assert whole == pytest.approx((demand.matters[:, 2] * (1 - 0.1 * cameras)).sum())


def test_routes_find_sooner_and_keep_to_their_shift(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, [*HOT, "grid.loop_max_m=1500", "time.days=8"])
    found = optimize_patrol(scenario)
    assert len(found.routes) == found.searched.sum() == len(found.city.grid_xy)
    assert (found.route_s < found.loop_s).all()
    again = optimize_patrol(scenario)
    assert again.routes == found.routes
    write_routes(found.routes, tmp_path / "routes.csv")
    assert read_routes(tmp_path / "routes.csv", scenario, found.city) == found.routes
    cell = 1500 / CELLS / (4.0 / 3.6)
    for route in found.routes.values():
        walked = sum(abs(leg.cells) * cell + leg.cross_m * 3.6 / 4.0 for leg in route.legs)
        assert walked <= 6 * 3600 + 1
        assert (route.passes() >= 1).all()

    walked_by = tiny(
        tmp_path,
        [
            *HOT,
            "grid.loop_max_m=1500",
            "time.days=8",
            f'patrol.routes="{tmp_path / "routes.csv"}"',
        ],
    )

    def undiscovered(of: sim.scenario.Scenario) -> float:  # type: ignore[name-defined]
        """Mean time that litter lies about, s."""
        t = sim.simulate(of).tickets
        litter = (t["category"] == 2) & (t["arisen"] < 6 * 86400)
        end = np.nan_to_num(t["discovered"], nan=8 * 86400.0)
        return float((end - t["arisen"])[litter].mean())

    assert undiscovered(walked_by) < undiscovered(scenario)


def test_a_revisit_interval_is_kept(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, [*HOT, "grid.loop_max_m=1500"])
    loose, tight = optimize_patrol(scenario), optimize_patrol(scenario, revisit_h=0.45)
    here = np.ones(len(tight.risk), dtype=bool)
    assert loose.mean(loose.route_s, here) < tight.mean(tight.route_s, here)


def test_command(tmp_path: Path) -> None:
    path, out, picture = write(tmp_path), tmp_path / "routes.csv", tmp_path / "route.png"
    sets = [word for change in HOT for word in ("--set", change)]
    command = ["optimize", "patrol", str(path), *sets, "--json", "--out", str(out)]
    result = CliRunner().invoke(main, [*command, "--map", str(picture)])
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["districts"]
    assert [row["district"] for row in rows] == ["East", "West", "all"]
    assert rows[2]["route_h"] <= rows[2]["loop_h"]
    assert picture.stat().st_size > 10_000
    run = ["run", str(path), *sets, "--days", "1", "--json", "--routes", str(out)]
    walked = CliRunner().invoke(main, run)
    assert walked.exit_code == 0, walked.output
    plain = CliRunner().invoke(main, run[:-2])
    assert json.loads(walked.stdout)["content_hash"] != json.loads(plain.stdout)["content_hash"]


def test_time_is_up(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["optimize", "patrol", str(write(tmp_path)), "--time-limit", "1e-9"]
    )
    assert result.exit_code == 0, result.output
    assert "14 grids keep their loop" in result.stderr
    bad = CliRunner().invoke(
        main, ["optimize", "patrol", str(write(tmp_path)), "--time-limit", "0"]
    )
    assert bad.exit_code == 2
    assert "time-limit: 0.0 is not allowed" in bad.stderr
