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


def chinese(folder: Path, start: str, *changes: str) -> list[Calendar]:
    said = [f"time.start={start}", 'time.calendar="CN"', "time.days=30", *changes]
    return shift_calendars(tiny(folder, said))


def test_shifts_go_by_working_days(tmp_path: Path) -> None:
    """From 5 February 2018: Sunday 11 and Saturday 24 are worked, 15 to 21 are off."""
    day, office, late, night = chinese(tmp_path, "2018-02-05", 'shifts.late.days="weekend"')
    on = [office.rate(d * DAY + 10 * HOUR) for d in range(28)]
    free = [5 + d for d in range(24) if not on[d]]
    assert free == [10, 15, 16, 17, 18, 19, 20, 21, 25]
    assert [late.rate(d * DAY + 15 * HOUR) for d in range(28)] == [1 - rate for rate in on]
    assert day.rates == shift_calendars(tiny(tmp_path))[0].rates  # others repeat a week
    assert night.edges[-1] == WEEK


def test_what_goes_by_dates_does_not_depend_on_where_a_run_begins(tmp_path: Path) -> None:
    here = chinese(tmp_path, "2018-02-10", "time.warm_up_days=20")[1]
    there = chinese(tmp_path, "2018-01-27")[1]
    shift = 14 * DAY
    for hour in range(-14 * 24, 16 * 24, 5):
        time = hour * HOUR + 7 / 1024
        assert here.rate(time) == there.rate(time + shift)
        assert here.next_change(time) == there.next_change(time + shift) - shift
        assert here.next_start(time) == there.next_start(time + shift) - shift
        assert here.advance(time, 12_345.0) == there.advance(time + shift, 12_345.0) - shift
        assert here.between(0.0, time) == there.between(shift, time + shift)


def test_without_days_off_dates_are_weeks(tmp_path: Path) -> None:
    """The same shift by dates and by weeks: one day off far behind the run makes it go by dates."""
    weekly = shift_calendars(tiny(tmp_path))[1]
    own = ['time.calendar="own"', "time.days_off=[2030-01-01]", "time.warm_up_days=9"]
    dated = shift_calendars(tiny(tmp_path, own))[1]
    assert len(dated.edges) > len(weekly.edges)
    for hour in range(-9 * 24, 16 * 24):
        time = hour * HOUR + 11.0
        assert dated.rate(time) == weekly.rate(time)
        assert dated.next_change(time) == weekly.next_change(time)
        assert dated.next_start(time) == weekly.next_start(time)
        assert dated.advance(time, 100_000.0) == weekly.advance(time, 100_000.0)
        assert dated.between(-5 * DAY, time) == weekly.between(-5 * DAY, time)


def test_rounds_and_desks_go_by_dates_as_their_shifts_do(tmp_path: Path) -> None:
    scenario = tiny(
        tmp_path,
        ['time.calendar="CN"', "time.start=2018-02-12", 'shifts.day.days="weekdays"'],
    )
    walked = round_calendars(scenario)[0]
    per_day = [walked.between(d * DAY, (d + 1) * DAY) / HOUR for d in range(14)]
    assert per_day == [6, 6, 6, 0, 0, 0, 0, 0, 0, 0, 6, 6, 6, 0]  # Saturday 24 is worked
    office = shift_calendars(scenario)[1]
    assert desk_calendars(scenario)[2] == office


@given(hours=hours, time=times, amount=st.floats(0, 20 * DAY), days=st.integers(-20_000, 20_000))
def test_waiting_does_not_depend_on_when_time_0_is(
    hours: list[int], time: float, amount: float, days: int
) -> None:
    calendar, shift = Calendar.from_hours(hours), days * DAY
    assert calendar.advance(time + shift, amount) == calendar.advance(time, amount) + shift


@given(
    spans=st.lists(st.tuples(st.integers(0, 500), st.integers(1, 60)), max_size=9),
    begin=st.integers(-40, 0),
    time=st.integers(-40 * 24, 40 * 24),
)
def test_the_next_step_is_the_first_of_all(
    spans: list[tuple[int, int]], begin: int, time: int
) -> None:
    """Bisected, against a search hour by hour."""
    windows = [(a * HOUR, (a + n) * HOUR) for a, n in spans]
    calendar = Calendar.from_windows(windows, 28 * DAY, begin * DAY)
    rates = [calendar.rate((time + h) * HOUR) for h in range(28 * 24 + 1)]
    for found, upward in (
        (calendar.next_change(time * HOUR), False),
        (calendar.next_start(time * HOUR), True),
    ):
        steps = [
            h
            for h in range(1, len(rates))
            if rates[h] != rates[h - 1] and (rates[h] > rates[h - 1] or not upward)
        ]
        assert found == ((time + steps[0]) * HOUR if steps else float("inf"))
