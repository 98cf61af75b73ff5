"""Durations of any number of cases, counted in bins of less than 1 % width.

All that is counted is whole numbers: runs, and parts of runs, add up to the same in any order.
The bins are those of floating-point numbers whose mantissa has seven bits, so they are the same
on every machine: 128 of one width between a power of two and the next. Only the octaves in which
a group has cases take room.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_BITS = 7
_EACH = 1 << _BITS  # bins of an octave
_OCTAVES = 31  # below 1 s, then from 2^0 s to 2^30 s: more than any run can take
BINS = _EACH * _OCTAVES

_OF_ONE = np.arange(_EACH) / _EACH
EDGES: Floats = np.concatenate(
    [_OF_ONE, *(np.ldexp(1 + _OF_ONE, k) for k in range(_OCTAVES - 1)), [2.0 ** (_OCTAVES - 1)]]
)
"""Where bins begin, s, and the last one's end; float64 [BINS + 1].

Below 1 s they are 1/128 s wide, and what is in the first of all counts as no time at all.
"""


class Durations:
    """How long something took, or has taken so far, by cell: entries, events and the censored.

    Who enters a state leaves it by an event, of one of several causes, or is still in it when
    the run ends: *censored*, after a time that is known too. The three balance:
    entries = events + censored, in every cell.

    Parameters
    ----------
    cells : int
        What cases are told apart by: groups, such as towns and categories.
    causes : int
        Kinds of events that end a duration.
    """

    def __init__(self, cells: int, causes: int = 1) -> None:
        self.cells, self.causes = cells, causes
        # by cause, the censored last, and cell: the block of each octave, -1 where there is none
        self._block = np.full(((causes + 1) * cells, _OCTAVES), -1, dtype=np.int32)
        self._counts = np.zeros((0, _EACH), dtype=np.int64)
        self._used = 0

    def add(
        self, cell: NDArray[np.int32], seconds: Floats, rows: NDArray[np.bool_], cause: int = 0
    ) -> None:
        """Count durations that an event ended.

        Parameters
        ----------
        cell : int32 [N, G]
            The cells of each case, in G groupings; one beyond the last: none.
        seconds : float64 [N]
            Not negative.
        rows : bool [N]
            Which cases.
        cause : int
            The kind of the event.
        """
        if not 0 <= cause < self.causes:
            raise ValueError(f"cause {cause} of {self.causes}")
        self._put(cell, seconds, rows, cause)

    def censor(self, cell: NDArray[np.int32], seconds: Floats, rows: NDArray[np.bool_]) -> None:
        """Count durations that are not over after so many seconds; as in `add`."""
        self._put(cell, seconds, rows, self.causes)

    def merge(self, other: Durations) -> None:
        """Add the cases of others of the same cells and causes."""
        for line, octave in np.argwhere(other._block >= 0):
            if self._block[line, octave] < 0:
                if self._used == len(self._counts):
                    self._grow()
                self._block[line, octave] = self._used
                self._used += 1
            self._counts[self._block[line, octave]] += other._counts[other._block[line, octave]]

    def events(self, group: Ints, size: int, cause: int | None = None) -> Ints:
        """Count events of one cause, or all, by group and bin.

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
        causes = range(self.causes) if cause is None else (cause,)
        return np.asarray(sum(self._in_bins(c, group, size) for c in causes))

    def censored(self, group: Ints, size: int) -> Ints:
        """Count those who are still in it, by group and bin of the time so far; as `events`."""
        return self._in_bins(self.causes, group, size)

    def quantiles(self, shares: Sequence[float], group: Ints, size: int) -> Floats:
        """Return the smallest duration that at least a share of the events does not exceed.

        Within a bin, cases count as evenly spread: what is returned is less than 1 % off.

        Returns
        -------
        float64 [shares, size]
            s; NaN for groups without events.
        """
        out = np.full((len(shares), size), np.nan)
        for i, counts in enumerate(self.events(group, size)):
            below = np.append(0, np.cumsum(counts))
            if n := int(below[-1]):
                for k, share in enumerate(shares):
                    place = max(int(np.ceil(share * n)) - 1, 0)
                    at = int(np.searchsorted(below, place, side="right")) - 1
                    within = (place - below[at] + 0.5) / counts[at]
                    if at > 0:
                        out[k, i] = EDGES[at] + within * (EDGES[at + 1] - EDGES[at])
                    else:
                        out[k, i] = 0.0
        return out

    def _in_bins(self, kind: int, group: Ints, size: int) -> Ints:
        out = np.zeros((size, _OCTAVES, _EACH), dtype=np.int64)
        lines = self._block[kind * self.cells : (kind + 1) * self.cells]
        for cell in np.flatnonzero(group >= 0):
            octaves = np.flatnonzero(lines[cell] >= 0)
            out[group[cell], octaves] += self._counts[lines[cell, octaves]]
        return out.reshape(size, BINS)

    def _put(
        self, cell: NDArray[np.int32], seconds: Floats, rows: NDArray[np.bool_], kind: int
    ) -> None:
        seconds = np.ascontiguousarray(seconds, dtype=np.float64)
        done, lines = 0, self._block[kind * self.cells : (kind + 1) * self.cells]
        while True:
            done, self._used = _put(cell, seconds, rows, done, lines, self._counts, self._used)
            if done == len(rows):
                return
            self._grow()

    def _grow(self) -> None:
        more = max(len(self._counts), 64)
        self._counts = np.concatenate((self._counts, np.zeros((more, _EACH), dtype=np.int64)))


@njit(cache=True, nogil=True)
def _put(cell, seconds, rows, done, block, counts, used):  # type: ignore[no-untyped-def]
    """Count rows from one on; return up to which there was room, and the blocks in use.

    A number from 1 on is cut to the seven leading bits of its mantissa by dropping the others.
    """
    bits = seconds.view(np.int64)
    many = cell.shape[1]
    for i in range(done, len(rows)):
        if not rows[i]:
            continue
        if used + many > len(counts):
            return i, used
        if seconds[i] < 1.0:
            octave, at = 0, max(int(seconds[i] * _EACH), 0)
        else:
            octave = (bits[i] >> 52) - 1022
            at = (bits[i] >> (52 - _BITS)) & (_EACH - 1)
            if octave >= _OCTAVES:
                octave, at = _OCTAVES - 1, _EACH - 1
        for g in range(many):
            line = cell[i, g]
            if line < len(block):
                if block[line, octave] < 0:
                    block[line, octave] = used
                    used += 1
                counts[block[line, octave], at] += 1
    return len(rows), used
