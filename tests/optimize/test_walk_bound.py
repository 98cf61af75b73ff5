"""The bound on a walk's delay: what is known of it, and that nothing found is below it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from optimize.walk_cases import HOT, best_by_trying, expected
from tiny import tiny, write

from sim.cli import main
from sim.optimize.patrol_routes import optimize_patrol
from sim.optimize.walk_bound import bound, even_delay

CELL = 60.0


def least(density: list[float], sight: float, hazard: float, most_gap: float = 1e6) -> float:
    kinds = np.ones(1), np.array([sight]), np.array([hazard])
    return bound(CELL, np.array(density), *kinds, most_gap)


@pytest.mark.parametrize(("sight", "hazard"), [(1.0, 1e-7), (0.3, 1e-7), (0.5, 1 / 600)])
def test_where_matters_lie_evenly_it_is_the_loop(sight: float, hazard: float) -> None:
    density = [0.05] * 20
    loop = expected([(0, 20, 0.0)], density, sight, hazard, CELL)
    assert least(density, sight, hazard) == pytest.approx(loop, rel=1e-6)


def test_sure_passes_follow_the_square_roots() -> None:
    """With sight 1 the delay is half a gap; the best rates go with the roots of the shares.

    The least sum of p g / 2 under the sum of c / g <= 1 is c (sum of sqrt(p))² / 2 (Cauchy).
    """
    density = np.array([0.6, 0.1, 0.1, 0.1, 0.05, 0.05])
    known = CELL * np.sqrt(density).sum() ** 2 / 2
    assert least(density.tolist(), 1.0, 1e-7) == pytest.approx(known, rel=1e-4)


def test_even_delay_is_that_of_a_walk() -> None:
    kinds = np.ones(1), np.array([0.4]), np.array([1 / 900])
    loop = expected([(0, 10, 0.0)], [0.1] * 10, 0.4, 1 / 900, CELL)
    assert even_delay(10 * CELL, *kinds) == pytest.approx(loop, rel=1e-9)


def test_it_is_below_all_walks_of_a_small_loop() -> None:
    density = np.array([0.7, 0.1, 0.1, 0.1])
    for sight, hazard in ((1.0, 1e-6), (0.3, 1e-6), (0.5, 1 / 600)):
        best = best_by_trying(density, sight, hazard, 12)
        low = least(density.tolist(), sight, hazard, 12 * CELL)
        assert low <= best
        assert low > 0.7 * best


trip = st.tuples(st.integers(0, 7), st.integers(1, 7), st.booleans(), st.floats(0, 100))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(trip, max_size=6),
    st.lists(st.floats(0.01, 1), min_size=8, max_size=8),
    st.floats(0.05, 1),
    st.floats(1e-7, 1e-2),
)
def test_no_walk_is_below_it(
    trips: list[tuple[int, int, bool, float]], shares: list[float], sight: float, hazard: float
) -> None:
    density = (np.array(shares) / sum(shares)).tolist()
    legs = [(0, 8, 0.0)]
    for start, cells, forward, cross in trips:
        legs.append((start, cells if forward else -cells, cross))
    low = least(density, sight, hazard)
    assert low <= expected(legs, density, sight, hazard, CELL) * (1 + 1e-6)


def test_grids_are_proven(tmp_path: Path) -> None:
    even = optimize_patrol(tiny(tmp_path))
    assert even.proven.all()
    assert not even.routes
    hot = optimize_patrol(tiny(tmp_path / "hot", HOT))
    assert (hot.bound_s <= hot.route_s).all()
    assert (hot.bound_s > 0.6 * hot.route_s).all()


def test_command_tells_the_bound(tmp_path: Path) -> None:
    command = ["optimize", "patrol", str(write(tmp_path)), *(w for h in HOT for w in ("--set", h))]
    told = CliRunner().invoke(main, command)
    assert told.exit_code == 0, told.output
    assert "no walk 下界 is below" in told.stdout
    rows = json.loads(CliRunner().invoke(main, [*command, "--json"]).stdout)["districts"]
    for row in rows:
        assert row["bound_h"] <= row["route_h"] <= row["loop_h"]
        assert row["gap"] == pytest.approx(row["route_h"] / row["bound_h"] - 1)
        assert 0 <= row["proven"] <= row["grids"]
