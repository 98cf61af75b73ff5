"""Calendars: what happens at a rhythm, or on dates, and the arithmetic of waiting for it.

A calendar is a step function of time that repeats itself: after a day or a week what goes by hours
and weekdays, after a span that is longer than the run what goes by working days. With rates 0 and 1
it says when a shift is on or a patrol walks; with other rates it says how active people are. Its
integral tells how much has been walked, or how much of someone's patience is used up.

The functions below work on plain sequences of floats, so that both engines can call them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING

import numpy as np

from sim.clock import DAY, HOUR, WEEK, modulo, tick
from sim.scenario.dates import is_worked, longest_deadline, run_days, weekday

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.staff import Shift

Floats = Sequence[float]


def segment(edges: Floats, offset: float) -> int:
    """Find the i with ``edges[i] <= offset < edges[i + 1]``, by bisection."""
    low, high = 0, len(edges) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if edges[middle] <= offset:
            low = middle
        else:
            high = middle
    return low


def rate_at(edges: Floats, rates: Floats, time: float) -> float:
    """Return the rate in force at a time, s; at a step, the one that begins."""
    return rates[segment(edges, within(edges, time))]


def within(edges: Floats, time: float) -> float:
    """Return the instant of the first round that a time is like, s."""
    return edges[0] + modulo(time - edges[0], edges[-1] - edges[0])


def accrued(edges: Floats, rates: Floats, below: Floats, time: float) -> float:
    """Return the integral of the rate from the calendar's beginning to a time, s.

    Parameters
    ----------
    edges : sequence of n + 1 floats
        Steps from its beginning to where it begins again, s.
    rates, below : sequences of n and n + 1 floats
        Rate of each segment, and the integral up to each edge.
    """
    place = within(edges, time)
    i = segment(edges, place)
    rounds = (time - place) / (edges[-1] - edges[0])
    return rounds * below[-1] + below[i] + rates[i] * (place - edges[i])


def advance(edges: Floats, rates: Floats, below: Floats, time: float, amount: float) -> float:
    """Return the earliest time at which ``amount`` more has accrued, s.

    The answer is rounded to a tick and never lies before ``time``; it is infinite where the
    amount is, or where nothing ever accrues. It is computed within a round and then moved by whole
    ones, so that it does not depend on when time 0 is.
    """
    if amount == 0.0:
        return time
    whole = below[-1]
    if amount == float("inf") or whole == 0.0:
        return float("inf")
    place = within(edges, time)
    i = segment(edges, place)
    target = below[i] + rates[i] * (place - edges[i]) + amount
    rounds = float(floor(target / whole))
    rest = target - rounds * whole
    if rest <= 0.0:  # the earliest such time is the end of the last active segment before
        rounds, rest = rounds - 1.0, whole
    low, high = 0, len(below) - 1
    while high - low > 1:  # the first segment at whose end the rest is reached
        middle = (low + high) // 2
        if below[middle] < rest:
            low = middle
        else:
            high = middle
    end = tick(edges[low] + (rest - below[low]) / rates[low])
    return max(time - place + rounds * (edges[-1] - edges[0]) + end, time)


def next_step(edges: Floats, rates: Floats, time: float, upward: bool) -> float:
    """Return the first instant after ``time`` at which the rate changes, s; inf if none.

    Parameters
    ----------
    upward : bool
        Whether it has to rise.
    """
    place = within(edges, time)
    here, n = segment(edges, place), len(rates)
    for i in range(here + 1, here + n + 1):
        before, after = rates[(i - 1) % n], rates[i % n]
        if before != after and (after > before or not upward):
            return time - place + (i // n) * (edges[-1] - edges[0]) + edges[i % n]
    return float("inf")


@dataclass(frozen=True)
class Calendar:
    """A step function that repeats itself.

    Attributes
    ----------
    edges, rates, below : tuples of float
        See `accrued`.
    """

    edges: tuple[float, ...]
    rates: tuple[float, ...]
    below: tuple[float, ...]

    @classmethod
    def from_steps(
        cls, steps: dict[float, float], period: float = WEEK, begin: float = 0.0
    ) -> Calendar:
        """Build from ``{start: rate}``; the rate before the first start is 0."""
        starts = sorted({begin: 0.0} | steps)
        rates = tuple(float(steps.get(start, 0.0)) for start in starts)
        edges = (*starts, begin + period)
        below = [0.0]
        for i, rate in enumerate(rates):
            below.append(below[-1] + rate * (edges[i + 1] - edges[i]))
        return cls(edges, rates, tuple(below))

    @classmethod
    def from_windows(
        cls, windows: Sequence[tuple[float, float]], period: float = WEEK, begin: float = 0.0
    ) -> Calendar:
        """Build one with rate 1 inside windows ``(start, end)``, which may cross its end."""
        change: dict[float, int] = {begin: 0}
        for start, end in windows:
            if end - start >= period:
                return cls.from_steps({begin: 1.0}, period, begin)
            a, b = begin + (start - begin) % period, begin + (end - begin) % period
            change[a] = change.get(a, 0) + 1
            change[b] = change.get(b, 0) - 1
            if b < a:
                change[begin] += 1
        steps: dict[float, float] = {}
        depth, last = 0, -1.0
        for edge in sorted(change):
            depth += change[edge]
            rate = 1.0 if depth > 0 else 0.0
            if rate != last:  # windows that touch are one
                steps[edge] = last = rate
        return cls.from_steps(steps, period, begin)

    @classmethod
    def from_hours(cls, hours: Sequence[float]) -> Calendar:
        """Build from 24 activities by hour of day, scaled to a mean of 1."""
        mean = sum(hours) / len(hours)
        return cls.from_steps({i * HOUR: hour / mean for i, hour in enumerate(hours)}, DAY)

    @property
    def always(self) -> bool:
        """Whether the rate is 1 throughout."""
        return self.rates == (1.0,)

    @property
    def days(self) -> range:
        """The days of its first round."""
        return range(round(self.edges[0] / DAY), round(self.edges[-1] / DAY))

    def rate(self, time: float) -> float:
        """Return the rate in force at a time, s."""
        return rate_at(self.edges, self.rates, time)

    def accrued(self, time: float) -> float:
        """Return the integral of the rate from its beginning to a time, s."""
        return accrued(self.edges, self.rates, self.below, time)

    def between(self, start: float, end: float) -> float:
        """Return the integral of the rate over an interval, s."""
        return self.accrued(end) - self.accrued(start)

    def advance(self, time: float, amount: float) -> float:
        """Return the earliest time at which ``amount`` more has accrued, s."""
        return advance(self.edges, self.rates, self.below, time, amount)

    def next_start(self, time: float) -> float:
        """Return the first instant after ``time`` at which the rate rises, s; inf if none."""
        return next_step(self.edges, self.rates, time, True)

    def next_change(self, time: float) -> float:
        """Return the first instant after ``time`` at which the rate changes, s; inf if none."""
        return next_step(self.edges, self.rates, time, False)


def shift_calendars(scenario: Scenario) -> list[Calendar]:
    """Return when each shift is on duty, in the scenario's order.

    Those that go by working days go by the dates of warm-up, run and the deadlines that begin in
    them, if any of these dates is unlike its weekday; all others repeat a week.
    """
    return [_shift_calendar(scenario, shift) for shift in scenario.shifts.values()]


def _shift_calendar(scenario: Scenario, shift: Shift) -> Calendar:
    time, days = scenario.time, range(7)
    by_dates = shift.days in ("weekdays", "weekend")
    if by_dates and (time.days_off or time.working_weekends):
        last = time.days + longest_deadline(scenario) + 14
        days = range(-7 * (time.warm_up_days // 7 + 1), 7 * (last // 7 + 1))
    dates = run_days(time, days)
    if by_dates:
        on = is_worked(time, dates) == (shift.days == "weekdays")
    else:
        on = np.isin(weekday(dates), shift.weekdays)
    start, length = day_seconds(shift.start), tick(shift.hours * HOUR)
    windows = [
        (day * DAY + start, day * DAY + start + length)
        for day, begins in zip(days, on.tolist(), strict=True)
        if begins
    ]
    return Calendar.from_windows(windows, len(days) * DAY, days.start * DAY)


def round_calendars(scenario: Scenario) -> dict[int, Calendar]:
    """Return when the gridworkers of each shift walk their rounds, by number of shift."""
    names = list(scenario.shifts)
    on_duty = shift_calendars(scenario)
    calendars = {}
    for name, rounds in scenario.patrol.rounds.items():
        number = names.index(name)
        windows, days = [], on_duty[number].days
        for day in days:
            for start, end in rounds:
                a, b = day_seconds(start), day_seconds(end)
                if b <= a:
                    b += DAY
                if on_duty[number].rate(day * DAY + a) > 0:
                    windows.append((day * DAY + a, day * DAY + b))
        calendars[number] = Calendar.from_windows(windows, len(days) * DAY, days.start * DAY)
    return calendars


def desk_calendars(scenario: Scenario) -> list[Calendar]:
    """Return when each department signs: ``always``, or during the shift it names."""
    names, on_duty = list(scenario.shifts), shift_calendars(scenario)
    always = Calendar.from_steps({0.0: 1.0})
    return [
        always if d.desk == "always" else on_duty[names.index(d.desk)]
        for d in scenario.departments.values()
    ]


def day_seconds(clock: str) -> float:
    """Turn ``"HH:MM"`` into s since midnight."""
    hours, minutes = clock.split(":")
    return int(hours) * HOUR + int(minutes) * 60.0
