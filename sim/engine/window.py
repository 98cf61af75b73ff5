"""What of a warm-up stays in the record at time 0, and the rows that matters have there."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.clock import DAY, WEEK
from sim.engine.outcome import Columns
from sim.model.parameters import Parameters
from sim.scenario.dates import WorkingDays

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Which row of the record each matter has; without a warm-up its number.

    Attributes
    ----------
    first : int
        From this number on, every matter has a row.
    kept : int64 [K]
        The numbers below it that have one, ascending.
    """

    first: int = 0
    kept: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def of(self, numbers: Ints) -> Ints:
        """Return the rows of matters that have one, by their numbers."""
        if self.first == len(self.kept):
            return numbers
        behind = numbers - self.first + len(self.kept)
        return np.where(numbers < self.first, np.searchsorted(self.kept, numbers), behind)

    def numbers(self, rows: Ints) -> Ints:
        """Return the numbers of the matters in some rows."""
        out = np.asarray(rows - len(self.kept) + self.first)
        here = rows < len(self.kept)
        out[here] = self.kept[rows[here]]
        return out


def may_matter(tickets: Columns, parameters: Parameters, now: float = 0.0) -> Bools:
    """Return which tickets that are over still fall due at an instant or later, bool [N].

    Whoever left out a ticket that was closed before time 0 and falls due after it would count
    those alone that take long. Of what never became a ticket, the deadline counts from when its
    citizen first called, or it arose: it was missed. What was never closed counts as unresolved
    for a week from when it arose (`resolved.mean`).

    Parameters
    ----------
    tickets : columns
        With ``arisen``, ``called``, ``closed``, ``category``, ``due_close``.
    now : float
        The instant, s.
    """
    arisen = tickets["arisen"]
    categories, category = parameters.categories, tickets["category"]
    due = close_due(
        np.fmax(arisen, tickets["called"]),
        np.array([c.close_s for c in categories])[category],
        np.array([c.close_workdays for c in categories])[category],
        parameters.working_days,
    )
    unresolved = np.where(np.isnan(tickets["closed"]), arisen + WEEK, -np.inf)
    return np.asarray(np.maximum(np.fmax(tickets["due_close"], due), unresolved) >= now)


def close_due(since: Floats, close_s: Floats, close_workdays: Ints, days: WorkingDays) -> Floats:
    """Return deadlines for closing, s: `sim.model.rules.close_due` of many.

    Parameters
    ----------
    since : float64 [N]
        From when each counts, s; NaN: it has none.
    close_s, close_workdays : arrays [N]
        How long, s, or in how many working days; 0 of the one that does not count.
    """
    due = since + close_s
    rows = (close_workdays > 0) & ~np.isnan(since)
    before = days.upto[np.floor(since[rows] / DAY).astype(np.int64) - days.first]
    due[rows] = (days.nth[before + close_workdays[rows] - 1] + 1) * DAY
    return np.asarray(due)


def reaches_in(ends: Floats, now: float = 0.0) -> Bools:
    """Return which entries of a log are not over at an instant, bool [N]; NaN: no end yet."""
    return ~(ends <= now)
