"""When shifts were on duty, and when their gridworkers walked, in the time that is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcome import Outcome
from sim.measure.tables import Bools, Floats
from sim.model.calendar import Calendar, round_calendars, shift_calendars

Windows = list[tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Spans:
    """Spans of time of each shift, in order and apart.

    Attributes
    ----------
    first : int64 [shifts + 1]
        Where those of each shift begin.
    starts, ends, below : float64 [spans]
        When each begins and ends, s, and how long those of its shift before it were, s.
    """

    first: NDArray[np.int64]
    starts: Floats
    ends: Floats
    below: Floats

    @classmethod
    def of(cls, shifts: Sequence[Windows]) -> Spans:
        """Put windows together."""
        first = np.cumsum([0, *map(len, shifts)])
        flat = np.array([span for shift in shifts for span in shift], dtype=float).reshape(-1, 2)
        length = flat[:, 1] - flat[:, 0]
        below = [np.cumsum(length[a:b]) - length[a:b] for a, b in pairwise(first)]
        return cls(first, flat[:, 0].copy(), flat[:, 1].copy(), np.concatenate([[], *below]))

    def __len__(self) -> int:
        return len(self.first) - 1

    def accrued(self, shift: int, times: Floats) -> Floats:
        """Return how long a shift was on up to some times, s."""
        a, b = self.first[shift : shift + 2]
        if a == b:
            return np.zeros(len(times))
        at = np.searchsorted(self.starts[a:b], times, side="right") - 1
        place = a + np.maximum(at, 0)
        on = self.below[place] + np.minimum(times, self.ends[place]) - self.starts[place]
        return np.where(at < 0, 0.0, on)

    def on(self, shift: int, times: Floats) -> Bools:
        """Return whether a shift is on at some times; at its end it is off."""
        a, b = self.first[shift : shift + 2]
        at = np.searchsorted(self.starts[a:b], times, side="right") - 1
        ends = self.ends[a:b]
        return np.asarray(at >= 0) & (times < (ends[np.maximum(at, 0)] if len(ends) else -np.inf))


def windows(calendar: Calendar, begins: float, until: float) -> Windows:
    """Return when a shift is on, from one instant until another."""
    start = begins if calendar.rate(begins) > 0 else calendar.next_start(begins)
    found = []
    while start < until:
        end = min(calendar.next_change(start), until)
        found.append((start, end))
        start = calendar.next_start(start)
    return found


def on_duty(outcome: Outcome) -> Spans:
    """Return when each shift is on duty."""
    return Spans.of([windows(one, *outcome.window) for one in shift_calendars(outcome.scenario)])


def walking(outcome: Outcome) -> Spans:
    """Return when the gridworkers of each shift are on duty and on their rounds."""
    rounds = round_calendars(outcome.scenario)
    never = Calendar.from_steps({})
    return Spans.of(
        [
            _both(windows(duty, *outcome.window), windows(rounds.get(k, never), *outcome.window))
            for k, duty in enumerate(shift_calendars(outcome.scenario))
        ]
    )


def _both(one: Windows, other: Windows) -> Windows:
    """Return when both are on."""
    found, i, k = [], 0, 0
    while i < len(one) and k < len(other):
        start, end = max(one[i][0], other[k][0]), min(one[i][1], other[k][1])
        if start < end:
            found.append((start, end))
        if one[i][1] < other[k][1]:
            i += 1
        else:
            k += 1
    return found
