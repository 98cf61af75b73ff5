"""Calendars against brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny

from sim.clock import DAY, HOUR, WEEK, tick
from sim.model.calendar import Calendar, desk_calendars, round_calendars, shift_calendars

hours = st.lists(st.integers(0, 9), min_size=24, max_size=24).filter(any)
times = st.integers(0, 30 * 24 * 60).map(lambda minutes: minutes * 60.0)


def integral(calendar: Calendar, end: float) -> float:
    """Add up minute by minute."""
    return sum(calendar.rate(m * 60.0) * 60.0 for m in range(int(end // 60)))


@given(hours=hours, time=st.integers(0, 4 * 24 * 60).map(lambda m: m * 60.0))
def test_accrued_is_the_integral(hours: list[int], time: float) -> None:
    calendar = Calendar.from_hours(hours)
    assert calendar.accrued(time) == pytest.approx(integral(calendar, time), abs=1e-6)


@given(hours=hours, time=times, amount=st.floats(0, 20 * DAY))
def test_advance_is_the_inverse(hours: list[int], time: float, amount: float) -> None:
    calendar = Calendar.from_hours(hours)
    end = calendar.advance(time, amount)
    assert end >= time
    assert end == tick(end)
    rate = max(calendar.rates)
    assert abs(calendar.between(time, end) - amount) <= rate / 1024 + 1e-6
    if end - 1 > time:  # it is the earliest
        assert calendar.between(time, end - 1) < amount + 1e-6


def test_advance_of_nothing_and_for_ever() -> None:
    calendar, never = Calendar.from_hours([0] * 12 + [1] * 12), Calendar.from_windows([])
    assert calendar.advance(5.0, 0.0) == 5.0
    assert calendar.advance(5.0, float("inf")) == float("inf")
    assert never.advance(5.0, 1.0) == float("inf")
    assert calendar.advance(0.0, 1.0) == 12 * HOUR + 0.5  # twice as active in half of the day


@given(st.lists(st.tuples(st.integers(0, 167), st.integers(1, 60)), min_size=1, max_size=6))
def test_windows_may_overlap_and_cross_the_week(spans: list[tuple[int, int]]) -> None:
    calendar = Calendar.from_windows([(a * HOUR, (a + n) * HOUR) for a, n in spans])
    for hour in range(168):
        inside = any((hour - a) % 168 < n for a, n in spans)
        assert calendar.rate(hour * HOUR) == float(inside)
        assert calendar.rate(hour * HOUR + 3599) == float(inside)


@given(st.lists(st.tuples(st.integers(0, 167), st.integers(1, 60)), max_size=5), times)
def test_next_change(spans: list[tuple[int, int]], time: float) -> None:
    calendar = Calendar.from_windows([(a * HOUR, (a + n) * HOUR) for a, n in spans])
    change, start = calendar.next_change(time), calendar.next_start(time)
    here = calendar.rate(time)
    if change == float("inf"):
        assert all(calendar.rate(time + h * HOUR) == here for h in range(168))
        return
    assert calendar.rate(change) != here
    assert time < change <= time + WEEK
    for step in np.linspace(time, change, 20, endpoint=False):
        assert calendar.rate(float(step)) == here
    assert calendar.rate(start) == 1.0


def test_shifts(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)  # its Monday is the start
    day, office, late, night = shift_calendars(scenario)
    assert [c.rate(9 * HOUR) for c in (day, office, late, night)] == [1, 1, 0, 0]
    assert [c.rate(5 * DAY + 9 * HOUR) for c in (day, office)] == [1, 0]
    assert night.rate(0.0) == 1  # since yesterday
    assert night.rate(8 * HOUR) == 0
    assert late.between(0.0, WEEK) == 7 * 8 * HOUR
    rounds = round_calendars(scenario)
    assert rounds[0].between(0.0, DAY) == 6 * HOUR
    assert rounds[3].between(0.0, WEEK) == 7 * 3 * HOUR
    always, day_desk, *_ = desk_calendars(scenario)
    assert always.always
    assert day_desk == day


def test_shifts_begin_on_the_right_weekday(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, ["time.start=2018-01-06"])  # a Saturday
    office = shift_calendars(scenario)[1]
    assert [office.rate(d * DAY + 10 * HOUR) for d in range(7)] == [0, 0, 1, 1, 1, 1, 1]


def test_rounds_are_walked_on_duty_alone(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, ['shifts.day.days="weekdays"'])
    walked = round_calendars(scenario)[0]
    assert [walked.between(d * DAY, (d + 1) * DAY) for d in range(7)] == [6 * HOUR] * 5 + [0, 0]
    assert walked.next_start(0.0) == 8.5 * HOUR


def test_what_is_active_at_a_step_and_after_it() -> None:
    """0 until 6, 1 until 12, 3 until 18, then 1, of a day: 6 h, 18 h and 6 h, 30 in all."""
    calendar = Calendar.from_steps({6 * HOUR: 1.0, 12 * HOUR: 3.0, 18 * HOUR: 1.0}, DAY)
    assert calendar.edges == (0.0, 6 * HOUR, 12 * HOUR, 18 * HOUR, DAY)
    assert calendar.below == (0.0, 0.0, 6 * HOUR, 24 * HOUR, 30 * HOUR)
    assert [calendar.rate(h * HOUR) for h in (0, 5.9, 6, 12, 17.9, 18, 24, 36)] == [
        0, 0, 1, 3, 3, 1, 0, 3,
    ]  # fmt: skip
    for hour, after in ((7, 1), (12, 6), (13, 9), (18, 24), (24, 30), (31, 31), (61, 69)):
        assert calendar.accrued(hour * HOUR) == after * HOUR
        assert calendar.advance(0.0, after * HOUR) == hour * HOUR
    assert calendar.accrued(6 * HOUR) == 0.0
    assert calendar.advance(0.0, 30 * HOUR) == DAY  # not as late as work goes on, at 30
    assert calendar.advance(DAY, 1.0) == 30 * HOUR + 1.0
    assert calendar.advance(20 * HOUR, 4 * HOUR) == DAY
    assert [calendar.next_change(h * HOUR) / HOUR for h in (0, 6, 17, 18, 23)] == [
        6, 12, 18, 24, 24,
    ]  # fmt: skip
    assert [calendar.next_start(h * HOUR) / HOUR for h in (0, 6, 12, 18)] == [6, 12, 30, 30]


def test_windows_as_long_as_the_period_are_always_on_and_empty_ones_never() -> None:
    assert Calendar.from_windows([(5 * HOUR, 5 * HOUR + WEEK)]).always
    assert Calendar.from_windows([(5 * HOUR, 29 * HOUR)], DAY) == Calendar(
        (0.0, DAY), (1.0,), (0.0, DAY)
    )
    assert Calendar.from_windows([(5 * HOUR, 5 * HOUR)]).between(0.0, WEEK) == 0.0


def test_hours_come_again_every_day() -> None:
    calendar = Calendar.from_hours([2] * 12 + [0] * 12)
    assert [calendar.rate(h * HOUR) for h in (0, 11, 12, 23, 24, 36, 6 * 24 + 1)] == [
        2, 2, 0, 0, 2, 0, 2,
    ]  # fmt: skip
