"""Durations of any number of cases, counted in bins of less than 1 % width.

All that is counted is whole numbers: runs, and parts of runs, add up to the same in any order.
The bins are those of floating-point numbers whose mantissa has seven bits, so they are the same
on every machine: 128 of one width between a power of two and the next. Only the octaves in which
a group has cases take room.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import frexp

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.errors import InvariantError
from sim.measure import survival

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_BITS = 7
_EACH = 1 << _BITS  # bins of an octave
_OCTAVES = 31  # below 1 s, then from 2^0 s to 2^30 s: more than any run can take
BINS = _EACH * _OCTAVES

_LONGEST = 2.0 ** (_OCTAVES - 1)

_OF_ONE = np.arange(_EACH) / _EACH
EDGES: Floats = np.concatenate(
    [_OF_ONE, *(np.ldexp(1 + _OF_ONE, k) for k in range(_OCTAVES - 1)), [_LONGEST]]
)
"""Where bins begin, s, and the last one's end; float64 [BINS + 1].

Below 1 s they are 1/128 s wide, and what is in the first of all counts as no time at all.
"""


class Durations:
    """How long something takes, by cell: events, the censored, and who came in late.

    Who is in a state leaves it by an event, of one of several causes, or is still in it when the
    run ends: *censored*, after a time that is known too. Who was in it already when it began is
    *late*: seen from that time on only. All balance: those who entered it meanwhile, and the late,
    are the events and the censored, in every cell.

    Parameters
    ----------
    cells : int
        What cases are told apart by: groups, such as towns and categories.
    causes : int
        Kinds of events that end a duration.
    """

    def __init__(self, cells: int, causes: int = 1) -> None:
        self.cells, self.causes = cells, causes
        # by cause, the censored, the late, and cell: the block of each octave, -1: there is none
        self._block = np.full(((causes + 2) * cells, _OCTAVES), -1, dtype=np.int32)
        self._counts = np.zeros((0, _EACH), dtype=np.int64)
        self._used = 0

    def follow(
        self,
        cell: NDArray[np.int32],
        begins: Floats,
        ends: Sequence[Floats],
        rows: NDArray[np.bool_],
        until: float,
    ) -> None:
        """Count how long cases took from 0 until an instant, by what ended them.

        Who left before 0 was not seen at all.

        Parameters
        ----------
        cell : int32 [N, G]
            The cells of each case, in G groupings; one beyond the last: none.
        begins : float64 [N]
            When each entered the state, s, maybe before 0; NaN: never.
        ends : sequence of float64 [N]
            For each cause when it happened, not before; NaN: it did not. The first counts.
        rows : bool [N]
            Which cases.
        until : float
            The end of what is seen, s.

        Raises
        ------
        InvariantError
            If a case ends before it begins.
        """
        if len(ends) != self.causes:
            raise ValueError(f"{len(ends)} causes of {self.causes}")
        begins, *times = (np.ascontiguousarray(one, dtype=np.float64) for one in (begins, *ends))
        done, lines = 0, self._block.reshape(self.causes + 2, self.cells, _OCTAVES)
        while True:
            done, self._used = _follow(
                cell, begins, tuple(times), rows, until, done, lines, self._counts, self._used
            )
            if done < 0:
                raise InvariantError(f"case {~done} ends before it begins, at {begins[~done]} s")
            if done == len(rows):
                return
            self._grow()

    def merge(self, other: Durations) -> None:
        """Add the cases of others of the same cells and causes."""
        for line, octave in np.argwhere(other._block >= 0):
            if self._block[line, octave] < 0:
                if self._used == len(self._counts):
                    self._grow()
                self._block[line, octave] = self._used
                self._used += 1
            self._counts[self._block[line, octave]] += other._counts[other._block[line, octave]]

    def events(self, group: Ints, size: int, cause: int) -> Ints:
        """Count events of one cause by group and bin.

        Parameters
        ----------
        group : int64 [cells]
            The group of each cell; -1: none.
        size : int
            Groups there are.

        Returns
        -------
        int64 [size, BINS]
        """
        return self._in_bins(cause, group, size)

    def censored(self, group: Ints, size: int) -> Ints:
        """Count those who are still in it, by group and bin of the time so far; as `events`."""
        return self._in_bins(self.causes, group, size)

    def late(self, group: Ints, size: int) -> Ints:
        """Count those who were in it already, by group and bin of the time by then; as `events`."""
        return self._in_bins(self.causes + 1, group, size)

    def quantiles(self, shares: Sequence[float], group: Ints, size: int) -> tuple[Floats, Ints]:
        """Return by when shares of all have left by the first cause, and how many were seen.

        Within a bin, cases count as evenly spread: what is returned is less than 1 % off.

        Returns
        -------
        float64 [shares, size], int64 [size]
            s; inf where that many have not been seen to leave; NaN for groups without cases.
        """
        events = np.stack([self.events(group, size, cause) for cause in range(self.causes)])
        censored, late = self.censored(group, size), self.late(group, size)
        n = (events.sum(axis=0) + censored).sum(axis=1)
        out = np.full((len(shares), size), np.nan)
        for i in np.flatnonzero(n):
            of = survival.incidence(events[:, i], censored[i], late[i])
            out[:, i] = survival.quantiles(shares, of[0], EDGES)
        return out, n

    def _in_bins(self, kind: int, group: Ints, size: int) -> Ints:
        out = np.zeros((size, _OCTAVES, _EACH), dtype=np.int64)
        lines = self._block[kind * self.cells : (kind + 1) * self.cells]
        for cell in np.flatnonzero(group >= 0):
            octaves = np.flatnonzero(lines[cell] >= 0)
            out[group[cell], octaves] += self._counts[lines[cell, octaves]]
        return out.reshape(size, BINS)

    def _grow(self) -> None:
        more = max(len(self._counts), 64)
        self._counts = np.concatenate((self._counts, np.zeros((more, _EACH), dtype=np.int64)))


@njit(cache=True, nogil=True)
def _follow(cell, begins, ends, rows, until, done, block, counts, used):  # type: ignore[no-untyped-def]
    """Count rows from one on; return up to which there was room, and the blocks in use."""
    causes = len(ends)
    for i in range(done, len(rows)):
        begin = begins[i]
        if not rows[i] or not begin < until:  # or it never began
            continue
        if used + 2 * cell.shape[1] > len(counts):
            return i, used
        kind, end = causes, until
        for cause in range(causes):
            if ends[cause][i] < end:
                kind, end = cause, ends[cause][i]
        if end < begin:
            return ~i, used
        if begin < 0.0:
            if end <= 0.0:
                continue
            used = _put(cell[i], -begin, block[causes + 1], counts, used)
        used = _put(cell[i], end - begin, block[kind], counts, used)
    return len(rows), used


@njit(cache=True, nogil=True)
def _put(cells, seconds, block, counts, used):  # type: ignore[no-untyped-def]
    """Count a duration in some cells; return the blocks in use."""
    octave, at = _bin_of(seconds)
    for line in cells:
        if line < len(block):
            if block[line, octave] < 0:
                block[line, octave] = used
                used += 1
            counts[block[line, octave], at] += 1
    return used


@njit(cache=True, nogil=True)
def _bin_of(seconds):  # type: ignore[no-untyped-def]
    """Return the octave of a duration, and its place there."""
    if seconds < 1.0:
        return 0, int(seconds * _EACH)
    if seconds >= _LONGEST:
        return _OCTAVES - 1, _EACH - 1
    mantissa, octave = frexp(seconds)  # from 0.5 to below 1, times a power of two
    return octave, int((2.0 * mantissa - 1.0) * _EACH)
