"""Travel on roads, on plain arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from sim.city.roadnet import generated
from sim.city.roads import Ways, ways
from sim.model.travel import road_seconds, road_stop, road_time

ACCESS = 0.25


@pytest.fixture(scope="module")
def net() -> Ways:
    xy = np.random.default_rng(8).random((40, 2)) * 3000
    roads = generated(shapely.box(0, 0, 3000, 3000), xy, xy[:2])
    return ways("X", roads, roads.seconds({"tertiary": 30.0}, 20.0), xy, xy[:2], 0.1)


node = st.integers(0, 39)
off = st.floats(-200, 200)


def test_from_point_to_point(net: Ways) -> None:
    (xa, ya), (xb, yb) = net.node_xy[3].tolist(), net.node_xy[9].tolist()
    found = road_seconds(net.seconds, net.node_xy, ACCESS, xa + 3, ya + 4, 3, xb, yb - 8, 9)
    assert found == pytest.approx(5 * ACCESS + float(net.seconds[3, 9]) + 8 * ACCESS)
    near = road_seconds(net.seconds, net.node_xy, ACCESS, xa + 3, ya, 3, xa, ya + 4, 3)
    assert near == 5 * ACCESS


def test_slower_hours_and_districts() -> None:
    assert road_time(100.0, 10.0, 10.0) == 100.0
    assert road_time(100.0, 10.0, 5.0) == 200.0
    assert road_time(100.0, 10.0, 11.67) == pytest.approx(100 / 1.167, abs=1 / 1024)


@given(a=node, b=node, dx=off, dy=off, share=st.floats(0, 1))
def test_what_is_covered_and_what_is_left_make_up_the_way(
    a: int, b: int, dx: float, dy: float, share: float, net: Ways
) -> None:
    start = (*(net.node_xy[a] + (dx, dy)).tolist(), a)
    end = (*(net.node_xy[b] + (dy, dx)).tolist(), b)
    arrays = (net.seconds, net.node_xy, ACCESS)
    whole = road_seconds(*arrays, *start, *end)
    x, y, n, rest = road_stop(net.seconds, net.hop, net.node_xy, ACCESS, *start, *end, share)
    left = rest + road_seconds(*arrays, x, y, n, *end)
    assert rest >= 0
    assert share * whole + left == pytest.approx(whole, abs=1e-6)
    if 0 < share < 1 and a != b:
        on_a_node = (x, y) == tuple(net.node_xy[n].tolist())
        assert on_a_node or (x, y) == end[:2]


def test_the_ends_of_the_way(net: Ways) -> None:
    way = (1.0, 2.0, 4, 2000.0, 1000.0, 17)
    arrays = (net.seconds, net.hop, net.node_xy, ACCESS)
    assert road_stop(*arrays, *way, 0.0) == (1.0, 2.0, 4, 0.0)
    assert road_stop(*arrays, *way, 1.0) == (2000.0, 1000.0, 17, 0.0)


@pytest.mark.parametrize(
    ("behind", "stop"),
    [  # of 2 s to node 0, 4 s to node 1, 8 s to node 2 and 2 s to the door
        (1, (0.0, 0.0, 0, 1.0)),
        (2, (0.0, 0.0, 0, 0.0)),
        (5, (100.0, 0.0, 1, 1.0)),
        (6, (100.0, 0.0, 1, 0.0)),
        (10, (200.0, 0.0, 2, 4.0)),
        (14, (200.0, 0.0, 2, 0.0)),
        (15, (200.0, 8.0, 2, 1.0)),
    ],
)
def test_where_one_can_turn_by_hand(behind: int, stop: tuple[float, float, int, float]) -> None:
    node_xy = np.array([[0.0, 0.0], [100.0, 0.0], [200.0, 0.0]])
    seconds = np.array([[0, 4, 12], [4, 0, 8], [12, 8, 0]], dtype=np.float32)
    hop = np.array([[0, 1, 1], [0, 1, 2], [1, 1, 2]], dtype=np.int16)
    way = (0.0, 8.0, 0, 200.0, 8.0, 2)
    assert road_seconds(seconds, node_xy, ACCESS, *way) == 16.0
    assert road_stop(seconds, hop, node_xy, ACCESS, *way, behind / 16) == stop


def test_between_points_of_one_node_it_is_at_once(net: Ways) -> None:
    way = (100.0, 50.0, 7, 300.0, 150.0, 7)
    stop = road_stop(net.seconds, net.hop, net.node_xy, ACCESS, *way, 0.25)
    assert stop == (150.0, 75.0, 7, 0.0)


def test_numba_compiles_them_to_the_same_bits(net: Ways) -> None:
    """The functions are plain enough for a compiled engine, which makes them callable."""
    import sim.engine.compiled_engine.jit  # noqa: F401  it makes them callable
    from sim.model.walking import route_pass

    draw = np.random.default_rng(2)
    seconds, stop = compiled(road_seconds), compiled(road_stop)
    for _ in range(50):
        a, b = draw.integers(0, 40, 2).tolist()
        x0, y0, x1, y1 = (draw.random(4) * 3000).tolist()
        way = (net.node_xy, ACCESS, x0, y0, a, x1, y1, b)
        assert seconds(net.seconds, *way) == road_seconds(net.seconds, *way)
        share = float(draw.random())
        found = stop(net.seconds, net.hop, *way, share)
        assert found == road_stop(net.seconds, net.hop, *way, share)

    legs = (np.array([0.0, 100.0]), np.array([0.0, 60.0]), np.array([100.0, 60.0]))
    ahead = np.array([1, -1])
    passing = compiled(route_pass)
    for place in range(0, 100, 7):
        for passes in (1, 2, 5):
            route = (33.5, float(place), passes, 100.0, 160.0, 0, 2, *legs, ahead)
            assert passing(*route) == route_pass(*route)


def compiled(rule: Callable[..., Any]) -> Callable[..., Any]:
    import numba

    @numba.njit
    def call(*args):
        return rule(*args)

    return call
