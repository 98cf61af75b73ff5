"""Ticks: the grid of instants on which everything happens.

Every time and duration that reaches an engine is a multiple of 1/1024 s. Such
numbers add up in float64 without rounding for 270,000 years, so that two engines,
two machines and any order of addition give the same instant to the last bit.
"""

from __future__ import annotations

from datetime import date
from math import floor

import numpy as np
from numpy.typing import ArrayLike, NDArray

TICKS_PER_SECOND = 1024.0
MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0
WEEK = 7 * DAY

_EPOCH = date(1970, 1, 1).toordinal()


def tick(seconds: float) -> float:
    """Round to the nearest tick, halves to even, s; infinities stay."""
    if abs(seconds) == float("inf"):
        return seconds
    return round(seconds * TICKS_PER_SECOND) / TICKS_PER_SECOND


def modulo(time: float, period: float) -> float:
    """Return what is left of a time beyond whole periods, s, as ``%`` does.

    On finite ticks, below 10,000 years, it is the same to the last bit. In machine code ``%`` is a
    division bit by bit that takes as long as all else that a calendar computes.
    """
    return time - floor(time / period) * period


def day_of(time: float) -> int:
    """Return the day that an instant lies in: 0 is the first measured one, -1 the day before."""
    return floor(time / DAY)


def days_since_1970(day: date) -> int:
    """Return the number of a date, by which what is drawn for it is named; negative before 1970."""
    return day.toordinal() - _EPOCH


def to_ticks(seconds: ArrayLike) -> NDArray[np.float64]:
    """Round to the nearest tick, halves to even.

    Parameters
    ----------
    seconds : array
        Times or durations, s; infinities stay.

    Returns
    -------
    array of float64
        The same shape, s.
    """
    return np.rint(np.asarray(seconds) * TICKS_PER_SECOND) / TICKS_PER_SECOND
