"""The rules, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.clock import HOUR, tick, to_ticks
from sim.model.order import Kind, ident_of, kind_of, rank
from sim.model.rules import next_epoch, satisfaction, severity, supervision_due, urgency
from sim.model.state import Level
from sim.model.travel import hour_of, on_the_way, share_behind, slowed, travel_time
from sim.model.walking import next_pass, walk_to

place = st.integers(0, 1024 * 1000 - 1).map(lambda ticks: ticks / 1024)
odometers = st.integers(0, 10**9).map(lambda ticks: ticks / 1024)


def test_urgency() -> None:
    assert urgency(3, Level.NONE, 0) == 3
    assert urgency(3, Level.CITY, 0) == 0
    assert urgency(3, Level.CITY, 2) == -1
    assert urgency(1, Level.NONE, 1) < urgency(1, Level.NONE, 0)


def test_supervision() -> None:
    def due(level: Level) -> float:
        return supervision_due(100.0, 1100.0, 0.8, 1.5, level)

    steps = [due(level) for level in Level]
    assert steps == [900.0, 1100.0, 1600.0, float("inf")]


@pytest.mark.parametrize(
    ("late", "reopened", "chance"),
    [(False, 0, 0.9), (True, 0, 0.6), (False, 2, 0.5), (True, 1, 0.2)],
)
def test_satisfaction(late: bool, reopened: int, chance: float) -> None:
    assert satisfaction(0.9, 0.3, 0.4, late, reopened) == pytest.approx(chance)
    assert satisfaction(0.1, 0.3, 0.4, True, 1) == 0.0


def test_severity_halves_with_each_step_of_priority() -> None:
    assert [severity(priority) for priority in (1, 2, 3, 4)] == [8.0, 4.0, 2.0, 1.0]


def test_epochs_are_whole_multiples() -> None:
    found = [next_epoch(now, 900.0) for now in (0.0, 0.5, 899.0, 900.0, 901.0, 2700.5)]
    assert found == [0.0, 900.0, 900.0, 900.0, 1800.0, 3600.0]


@given(odometer=odometers, at=place, passes=st.integers(1, 50))
def test_next_pass_is_ahead_and_at_the_place(odometer: float, at: float, passes: int) -> None:
    found = next_pass(odometer, at, 1000.0, passes)
    assert (passes - 1) * 1000 <= found - odometer <= passes * 1000
    assert (found - at) % 1000 == 0


@given(odometer=odometers, at=place)
def test_the_shorter_way_round(odometer: float, at: float) -> None:
    way = walk_to(odometer, at, 1000.0)
    assert 0 <= way <= 500
    assert walk_to(at, odometer % 1000, 1000.0) == pytest.approx(way, abs=1e-6)


def test_travel() -> None:
    assert travel_time(0, 0, 3000, 4000, 1.4, 10.0) == 700.0
    assert travel_time(1, 2, 1, 2, 1.4, 10.0) == 0.0
    assert hour_of(25.5 * HOUR) == 1
    assert slowed([(0, 10, 0.5), (5, 20, 0.5)], 7) == 0.25
    assert slowed([(0, 10, 0.5)], 10) == 1.0
    assert on_the_way(0.0, 10.0, 100.0, 50.0, 125.0) == 5.0
    assert on_the_way(0.0, 10.0, 100.0, 50.0, 151.0) == 10.0
    assert on_the_way(0.0, 10.0, 100.0, 0.0, 100.0) == 10.0
    assert on_the_way(4.0, 10.0, 100.0, 60.0, 110.0) == 5.0
    assert [share_behind(100.0, 40.0, time) for time in (100.0, 110.0, 140.0, 150.0)] == [
        0.0, 0.25, 1.0, 1.0,
    ]  # fmt: skip
    assert share_behind(100.0, 0.0, 100.0) == 1.0  # no way at all


def test_ties_go_by_kind_then_id() -> None:
    keys = [rank(kind, ident) for kind in Kind for ident in (0, 5, 2**39)]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert [(kind_of(key), ident_of(key)) for key in keys] == [
        (kind, ident) for kind in Kind for ident in (0, 5, 2**39)
    ]


@given(st.floats(-1e9, 1e9))
def test_ticks(seconds: float) -> None:
    one = tick(seconds)
    assert one == to_ticks(np.array([seconds]))[0]
    assert abs(one - seconds) <= 0.5 / 1024
    assert tick(one) == one
    assert tick(float("inf")) == float("inf")


@given(st.lists(st.floats(0, 1e7), min_size=2, max_size=20))
def test_ticks_add_up_in_any_order(seconds: list[float]) -> None:
    spans = [tick(s) for s in seconds]
    assert sum(spans) == sum(reversed(spans)) == sum(sorted(spans))
