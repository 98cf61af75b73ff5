"""Calendars: what happens at a weekly rhythm, and the arithmetic of waiting for it.

A calendar is a step function of the time of week, periodic from time 0. With rates 0 and 1 it
says when a shift is on or a patrol walks; with other rates it says how active people are. Its
integral tells how much has been walked, or how much of someone's patience is used up.

The functions below work on plain sequences of floats, so that both engines can call them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING

from sim.clock import DAY, HOUR, WEEK, modulo, tick

if TYPE_CHECKING:
    from sim.scenario import Scenario

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
    return rates[segment(edges, modulo(time, edges[-1]))]


def accrued(edges: Floats, rates: Floats, below: Floats, time: float) -> float:
    """Return the integral of the rate from 0 to a time, s.

    Parameters
    ----------
    edges : sequence of n + 1 floats
        Steps within the period, from 0 to the period, s.
    rates, below : sequences of n and n + 1 floats
        Rate of each segment, and the integral up to each edge.
    """
    period = edges[-1]
    offset = modulo(time, period)
    i = segment(edges, offset)
    return (time - offset) / period * below[-1] + below[i] + rates[i] * (offset - edges[i])


def advance(edges: Floats, rates: Floats, below: Floats, time: float, amount: float) -> float:
    """Return the earliest time at which ``amount`` more has accrued, s.

    The answer is rounded to a tick and never lies before ``time``; it is infinite where the
    amount is, or where nothing ever accrues. It is computed within a round and then moved by whole
    ones, so that it does not depend on when time 0 is.
    """
    if amount == 0.0:
        return time
    period = edges[-1]
    whole = below[-1]
    if amount == float("inf") or whole == 0.0:
        return float("inf")
    offset = modulo(time, period)
    i = segment(edges, offset)
    target = below[i] + rates[i] * (offset - edges[i]) + amount
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
    return max(time - offset + rounds * period + end, time)


def next_step(edges: Floats, rates: Floats, time: float, upward: bool) -> float:
    """Return the first instant after ``time`` at which the rate changes, s; inf if none.

    Parameters
    ----------
    upward : bool
        Whether it has to rise.
    """
    period = edges[-1]
    base = time - modulo(time, period)
    n = len(rates)
    for i in range(2 * n + 1):
        edge = base + (i // n) * period + edges[i % n]
        before, after = rates[(i - 1) % n], rates[i % n]
        if edge > time and before != after and (after > before or not upward):
            return edge
    return float("inf")


@dataclass(frozen=True)
class Calendar:
    """A weekly step function.

    Attributes
    ----------
    edges, rates, below : tuples of float
        See `accrued`.
    """

    edges: tuple[float, ...]
    rates: tuple[float, ...]
    below: tuple[float, ...]

    @classmethod
    def from_steps(cls, steps: dict[float, float], period: float = WEEK) -> Calendar:
        """Build from ``{start: rate}``; the rate before the first start is 0."""
        starts = sorted({0.0: 0.0} | steps)
        rates = tuple(float(steps.get(start, 0.0)) for start in starts)
        edges = (*starts, period)
        below = [0.0]
        for i, rate in enumerate(rates):
            below.append(below[-1] + rate * (edges[i + 1] - edges[i]))
        return cls(edges, rates, tuple(below))

    @classmethod
    def from_windows(cls, windows: Sequence[tuple[float, float]], period: float = WEEK) -> Calendar:
        """Build one with rate 1 inside windows ``(start, end)``, which may cross the period."""
        change: dict[float, int] = {0.0: 0}
        for start, end in windows:
            if end - start >= period:
                return cls.from_steps({0.0: 1.0}, period)
            a, b = start % period, end % period
            change[a] = change.get(a, 0) + 1
            change[b] = change.get(b, 0) - 1
            if b < a:
                change[0.0] += 1
        steps: dict[float, float] = {}
        depth, last = 0, -1.0
        for edge in sorted(change):
            depth += change[edge]
            rate = 1.0 if depth > 0 else 0.0
            if rate != last:  # windows that touch are one
                steps[edge] = last = rate
        return cls.from_steps(steps, period)

    @classmethod
    def from_hours(cls, hours: Sequence[float]) -> Calendar:
        """Build from 24 activities by hour of day, scaled to a mean of 1."""
        mean = sum(hours) / len(hours)
        return cls.from_steps({i * HOUR: hour / mean for i, hour in enumerate(hours)}, DAY)

    @property
    def always(self) -> bool:
        """Whether the rate is 1 throughout."""
        return self.rates == (1.0,)

    def rate(self, time: float) -> float:
        """Return the rate in force at a time, s."""
        return rate_at(self.edges, self.rates, time)

    def accrued(self, time: float) -> float:
        """Return the integral of the rate from 0 to a time, s."""
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
    """Return when each shift is on duty, in the scenario's order."""
    first = scenario.time.start.weekday()
    calendars = []
    for shift in scenario.shifts.values():
        start = day_seconds(shift.start)
        windows = [
            (
                ((day - first) % 7) * DAY + start,
                ((day - first) % 7) * DAY + start + tick(shift.hours * HOUR),
            )
            for day in shift.weekdays
        ]
        calendars.append(Calendar.from_windows(windows))
    return calendars


def round_calendars(scenario: Scenario) -> dict[int, Calendar]:
    """Return when the gridworkers of each shift walk their rounds, by number of shift."""
    names = list(scenario.shifts)
    on_duty = shift_calendars(scenario)
    calendars = {}
    for name, rounds in scenario.patrol.rounds.items():
        number = names.index(name)
        windows = []
        for day in range(7):
            for start, end in rounds:
                a, b = day_seconds(start), day_seconds(end)
                if b <= a:
                    b += DAY
                if on_duty[number].rate(day * DAY + a) > 0:
                    windows.append((day * DAY + a, day * DAY + b))
        calendars[number] = Calendar.from_windows(windows)
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
