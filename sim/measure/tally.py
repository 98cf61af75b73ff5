"""Tallies: what KPIs are made of, counted over some of the tickets, so that parts add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.clock import TICKS_PER_SECOND
from sim.measure.durations import Durations
from sim.measure.tables import Bools, Floats

Ints = NDArray[np.int64]
Cells = NDArray[np.int32]


@dataclass(eq=False)
class Entry:
    """What one metric is made of: whole numbers, which add up to the same in any order.

    Attributes
    ----------
    unit : str
    n : int64 [cells]
        Cases.
    total : int64 [cells]
        What is added up over them: hits, ticks, calls, or the cases themselves.
    each : float
        What one of the total is in the unit.
    mean : bool
        Whether the figure is the total of a case, and not that of all.
    """

    unit: str
    n: Ints
    total: Ints
    each: float = 1.0
    mean: bool = False

    def figure(self, group: Ints, size: int) -> tuple[Floats, Ints]:
        """Return the value and n of groups of cells.

        Parameters
        ----------
        group : int64 [cells]
            The group of each cell; -1: none.
        size : int
            Groups there are.
        """
        n, whole = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        rows = group >= 0
        np.add.at(n, group[rows], self.n[rows])
        np.add.at(whole, group[rows], self.total[rows])
        total = np.asarray(whole * self.each, dtype=np.float64)
        if not self.mean:
            return total, n
        return np.divide(total, n, out=np.full(size, np.nan), where=n > 0), n


class Tally:
    """Counts, sums and durations of tickets, told apart by cell.

    A ticket may lie in several cells, one of each grouping.

    Parameters
    ----------
    size : int
        Cells there are, of all groupings together.

    Attributes
    ----------
    entries : dict
        An `Entry` for each metric.
    durations : dict
        By name, how long something took.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._cell: Cells = np.zeros((0, 1), dtype=np.int32)
        self.entries: dict[str, Entry] = {}
        self.durations: dict[str, Durations] = {}

    def begin(self, cell: Cells) -> None:
        """Go on with other tickets: their cells, int32 [N, groupings]; the size: none."""
        self._cell = np.ascontiguousarray(cell, dtype=np.int32)

    def _entry(self, metric: str, unit: str, each: float = 1.0, *, mean: bool = False) -> Entry:
        if metric not in self.entries:
            n, total = np.zeros((2, self._size), dtype=np.int64)
            self.entries[metric] = Entry(unit, n, total, each, mean)
        return self.entries[metric]

    def _of(self, rows: Bools) -> Ints:
        out = np.zeros(self._size + 1, dtype=np.int64)  # the last: of no cell
        _count(self._cell, rows, out)
        return out[:-1]

    def _sum(self, entry: Entry, values: NDArray[np.generic], rows: Bools) -> None:
        total = np.zeros(self._size + 1, dtype=np.int64)
        _add_up(self._cell, values, rows, 1 / entry.each, total)
        entry.n += self._of(rows)
        entry.total += total[:-1]

    def count(self, metric: str, rows: Bools) -> None:
        """Count tickets."""
        entry, n = self._entry(metric, "1"), self._of(rows)
        entry.n += n
        entry.total += n

    def count_codes(
        self, metrics: Mapping[int, str], codes: NDArray[np.int8], rows: Bools | None = None
    ) -> None:
        """Count tickets by a code that each has, under the name that it has for each code.

        Codes without a name are left out.
        """
        n = np.zeros((max(metrics) + 1, self._size + 1), dtype=np.int64)
        _count_codes(self._cell, codes, np.ones(len(codes), bool) if rows is None else rows, n)
        for code, metric in metrics.items():
            entry = self._entry(metric, "1")
            entry.n += n[code, :-1]
            entry.total += n[code, :-1]

    def share(self, metric: str, part: Bools, whole: Bools) -> None:
        """Count tickets, and those of them of which something holds."""
        entry = self._entry(metric, "share", mean=True)
        entry.n += self._of(whole)
        entry.total += self._of(part & whole)

    def add_up(self, metric: str, values: NDArray[np.integer], rows: Bools) -> None:
        """Add whole numbers of tickets up."""
        self._sum(self._entry(metric, "1"), values, rows)

    def mean(self, metric: str, seconds: Floats, rows: Bools) -> None:
        """Add times of tickets up for their mean, in ticks."""
        self._sum(self._entry(metric, "s", 1 / TICKS_PER_SECOND, mean=True), seconds, rows)

    def last(self, name: str, seconds: Floats, over: Bools, so_far: Floats, begun: Bools) -> None:
        """Count how long something took where it is over, and so far where it only began."""
        if name not in self.durations:
            self.durations[name] = Durations(self._size)
        self.durations[name].add(self._cell, seconds, over)
        self.durations[name].censor(self._cell, so_far, begun & ~over)

    def merge(self, other: Tally) -> None:
        """Add the tickets of another tally of the same cells."""
        for metric, more in other.entries.items():
            entry = self._entry(metric, more.unit, more.each, mean=more.mean)
            entry.n += more.n
            entry.total += more.total
        for name, durations in other.durations.items():
            if name in self.durations:
                self.durations[name].merge(durations)
            else:
                self.durations[name] = durations


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _count(cell, rows, out) -> None:  # type: ignore[no-untyped-def]
    """Count the rows of each cell, with no copy of any column."""
    for i in range(len(rows)):
        if rows[i]:
            for g in range(cell.shape[1]):
                out[cell[i, g]] += 1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _count_codes(cell, codes, rows, out) -> None:  # type: ignore[no-untyped-def]
    """Count the rows of each code and cell."""
    for i in range(len(rows)):
        if rows[i] and 0 <= codes[i] < len(out):
            for g in range(cell.shape[1]):
                out[codes[i], cell[i, g]] += 1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _add_up(cell, values, rows, times, out) -> None:  # type: ignore[no-untyped-def]
    """Sum the rows of each cell up, so many times each, rounded."""
    for i in range(len(rows)):
        if rows[i]:
            value = np.int64(np.rint(values[i] * times))
            for g in range(cell.shape[1]):
                out[cell[i, g]] += value
