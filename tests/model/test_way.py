"""Legs: where somebody is on one, on straight lines and on roads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.model.travel import road_seconds, road_stop, travel_time
from sim.model.way import (
    Purpose,
    is_at_base,
    place_on_line,
    place_on_road,
    speed_at,
    time_by_road,
)

# a street of three nodes, 100 m and 4 s, then 100 m and 8 s; a point lies 8 m from the first and
# one 8 m from the last, a quarter of a second a metre
NODE_XY = np.array([[0.0, 0.0], [100.0, 0.0], [200.0, 0.0]])
SECONDS = np.array([[0, 4, 12], [4, 0, 8], [12, 8, 0]], dtype=np.float32)
HOP = np.array([[0, 1, 1], [0, 1, 2], [1, 1, 2]], dtype=np.int16)
ACCESS = 0.25
START, END = (0.0, 8.0, 0), (200.0, 8.0, 2)


def on_road(rest: float, left: float, arrives: float, now: float) -> tuple[Any, ...]:
    return place_on_road(
        SECONDS, HOP, NODE_XY, ACCESS, *START, rest, *END, left, arrives, now
    )  # fmt: skip


def test_on_the_line_one_moves_evenly_and_stays_at_the_end() -> None:
    leg = (0.0, 10.0, 40.0, 30.0, 100.0, 140.0)
    places = [place_on_line(*leg, now) for now in (100.0, 110.0, 130.0, 140.0, 999.0)]
    assert places == [(0.0, 10.0), (10.0, 15.0), (30.0, 25.0), (40.0, 30.0), (40.0, 30.0)]
    assert place_on_line(5.0, 6.0, 5.0, 6.0, 7.0, 7.0, 7.0) == (5.0, 6.0)  # no way at all


@pytest.mark.parametrize("share", [0.0, 0.125, 0.5, 0.875, 1.0])
def test_a_leg_that_begins_at_its_start_is_a_way_by_road(share: float) -> None:
    whole = road_seconds(SECONDS, NODE_XY, ACCESS, *START, *END)
    assert whole == 16.0
    found = on_road(0.0, 50.0, 66.0, 50.0 + 16.0 * share)
    assert found == road_stop(SECONDS, HOP, NODE_XY, ACCESS, *START, *END, share)


def test_one_who_turned_between_two_nodes_reaches_the_node_first() -> None:
    rest = 4.0  # of 20 s in all
    assert on_road(rest, 0.0, 20.0, 0.0) == (*START, 4.0)
    assert on_road(rest, 0.0, 20.0, 3.0) == (*START, 1.0)
    assert on_road(rest, 0.0, 20.0, 4.0) == (*START, 0.0)
    assert on_road(rest, 0.0, 20.0, 9.0) == (100.0, 0.0, 1, 1.0)
    assert on_road(rest, 0.0, 20.0, 20.0) == (*END, 0.0)


@given(rest=st.floats(0, 30), share=st.floats(0, 1))
def test_what_is_covered_and_what_is_left_make_up_the_leg(rest: float, share: float) -> None:
    whole = rest + 16.0
    x, y, node, left = on_road(rest, 0.0, whole, share * whole)
    ahead = left + road_seconds(SECONDS, NODE_XY, ACCESS, x, y, node, *END)
    assert left >= 0
    assert share * whole + ahead == pytest.approx(whole, abs=1e-6)


def test_the_rest_of_the_way_takes_longer_in_slow_hours_too() -> None:
    fast = time_by_road(SECONDS, NODE_XY, ACCESS, *START, 4.0, *END, 10.0, 10.0)
    slow = time_by_road(SECONDS, NODE_XY, ACCESS, *START, 4.0, *END, 10.0, 5.0)
    assert (fast, slow) == (20.0, 40.0)


def test_speed_by_hour_and_surge() -> None:
    by_hour = [float(hour + 1) for hour in range(24)]
    windows = [(0.0, 7200.0, 0.5)]
    assert speed_at(by_hour, windows, [1.0, 0.5], 0, 3599.0) == 0.5
    assert speed_at(by_hour, windows, [1.0, 0.5], 0, 3600.0) == 1.0
    assert speed_at(by_hour, windows, [1.0, 0.5], 0, 7200.0) == 3.0
    assert speed_at(by_hour, windows, [0.5, 1.0, 1.0], -1, 7200.0 - 86400.0) == 1.5
    assert (
        travel_time(0, 0, 30, 40, 1.0, speed_at(by_hour, windows, [1.0, 0.5], 0, 9 * 3600.0)) == 5.0
    )


def test_a_shift_begins_at_the_base_whatever_way_was_left_before_it() -> None:
    assert is_at_base(Purpose.BACK, 99.0, 100.0)
    assert not is_at_base(Purpose.BACK, 100.0, 100.0)
    assert not is_at_base(Purpose.VISIT, 99.0, 100.0)
