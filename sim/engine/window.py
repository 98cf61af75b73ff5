"""What of a warm-up stays in the record at time 0, and the rows that matters have there."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcome import Columns
from sim.model.figures import CategoryFigures

Bools = NDArray[np.bool_]
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


def may_matter(tickets: Columns, categories: tuple[CategoryFigures, ...]) -> Bools:
    """Return which tickets that are over still fall due at time 0 or later, bool [N].

    Whoever left out a ticket that was closed before time 0 and falls due after it would count
    those alone that take long. Of what never became a ticket, the deadline counts from when it
    arose: it was missed.

    Parameters
    ----------
    tickets : columns
        With ``arisen``, ``category``, ``due_close``.
    """
    close_s = np.array([category.close_s for category in categories])
    due = tickets["arisen"] + close_s[tickets["category"]]
    return np.asarray(np.fmax(tickets["due_close"], due) >= 0)


def reaches_in(ends: NDArray[np.float64]) -> Bools:
    """Return which entries of a log are not over at time 0, bool [N]; NaN: no end yet."""
    return ~(ends <= 0)
