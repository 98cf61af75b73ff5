"""Tallies: what KPIs are made of, counted over some of the tickets, so that parts add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.measure.tables import Bools, Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Durations:
    """Durations of some of the tickets: ``values``, cell by cell, each from its ``first`` on."""

    values: Floats
    first: Ints


@dataclass(eq=False)
class Entry:
    """What one metric is made of.

    Attributes
    ----------
    unit : str
    n : int64 [cells]
        Cases.
    total : float64 [cells]
        What is added up over them: hits, seconds, calls, or the cases themselves.
    mean : bool
        Whether the figure is the total of a case, and not that of all.
    durations : list of Durations, optional
        Where quantiles are asked for too; one for each part.
    """

    unit: str
    n: Ints
    total: Floats
    mean: bool = False
    durations: list[Durations] = field(default_factory=list)

    def figure(self, group: Ints, size: int) -> tuple[Floats, Ints]:
        """Return the value and n of groups of cells.

        Parameters
        ----------
        group : int64 [cells]
            The group of each cell.
        size : int
            Groups there are.
        """
        n = np.bincount(group, self.n, size).astype(np.int64)
        total = np.bincount(group, self.total, size).astype(float)
        if not self.mean:
            return total, n
        return np.divide(total, n, out=np.full(size, np.nan), where=n > 0), n

    def quantiles(self, shares: Iterable[float], group: Ints, size: int) -> list[Floats]:
        """Return the smallest duration that at least this share does not exceed, by group."""
        shares = tuple(shares)
        out = np.full((len(shares), size), np.nan)
        for i in range(size):
            cells = np.flatnonzero(group == i)
            found = [
                part.values[part.first[cell] : part.first[cell + 1]]
                for part in self.durations
                for cell in cells
            ]
            values = np.concatenate(found) if found else np.empty(0)
            if n := len(values):
                low = 0
                for k in np.argsort(shares):  # at one place at a time NumPy is five times quicker
                    place = max(int(np.ceil(shares[k] * n)) - 1, 0)
                    values[low:].partition(place - low)
                    out[k, i] = values[place]
                    low = place
        return list(out)


class Tally:
    """Counts, sums and durations of tickets, told apart by cell.

    Parameters
    ----------
    cell : int64 [N]
        That of each ticket.
    size : int
        Cells there are.

    Attributes
    ----------
    entries : dict
        An `Entry` for each metric.
    """

    def __init__(self, cell: Ints, size: int) -> None:
        self._cell, self._size = cell.astype(np.int32), size
        self.entries: dict[str, Entry] = {}

    def _of(self, rows: Bools) -> Ints:
        if self._size == 1:
            return np.array([np.count_nonzero(rows)])
        out = np.zeros(self._size, dtype=np.int64)
        _count(self._cell, rows, out)
        return out

    def count(self, metric: str, rows: Bools) -> None:
        """Count tickets."""
        n = self._of(rows)
        self.entries[metric] = Entry("1", n, n.astype(float))

    def count_codes(
        self, metrics: Mapping[int, str], codes: NDArray[np.int8], rows: Bools | None = None
    ) -> None:
        """Count tickets by a code that each has, under the name that it has for each code.

        Codes without a name are left out.
        """
        n = np.zeros((max(metrics) + 1, self._size), dtype=np.int64)
        _count_codes(self._cell, codes, np.ones(len(codes), bool) if rows is None else rows, n)
        for code, metric in metrics.items():
            self.entries[metric] = Entry("1", n[code], n[code].astype(float))

    def share(self, metric: str, part: Bools, whole: Bools) -> None:
        """Count tickets, and those of them of which something holds."""
        hits = self._of(part & whole).astype(float)
        self.entries[metric] = Entry("share", self._of(whole), hits, mean=True)

    def add_up(self, metric: str, unit: str, values: NDArray[np.generic], rows: Bools) -> Entry:
        """Add values of tickets up."""
        total = np.zeros(self._size)
        _add_up(self._cell, values, rows, total)
        self.entries[metric] = Entry(unit, self._of(rows), total)
        return self.entries[metric]

    def mean(self, metric: str, unit: str, values: Floats, rows: Bools) -> Entry:
        """Add values of tickets up for their mean."""
        entry = self.add_up(metric, unit, values, rows)
        entry.mean = True
        return entry

    def keep(self, entry: Entry, values: Floats, rows: Bools) -> None:
        """Keep the values of an entry's tickets, for quantiles."""
        first = np.append(0, np.cumsum(entry.n))
        found = np.empty(first[-1])
        _sort(self._cell, values, rows, first[:-1].copy(), found)
        entry.durations.append(Durations(found, first))

    def add(self, other: Tally) -> None:
        """Add the tickets of another tally of the same metrics and cells."""
        for metric, more in other.entries.items():
            entry = self.entries[metric]
            entry.n = entry.n + more.n
            entry.total = entry.total + more.total
            entry.durations += more.durations


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _count(cell, rows, out) -> None:  # type: ignore[no-untyped-def]
    """Count the rows of each cell, with no copy of any column."""
    for i in range(len(rows)):
        out[cell[i]] += rows[i]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _count_codes(cell, codes, rows, out) -> None:  # type: ignore[no-untyped-def]
    """Count the rows of each code and cell."""
    for i in range(len(rows)):
        if 0 <= codes[i] < len(out):
            out[codes[i], cell[i]] += rows[i]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _sort(cell, values, rows, place, out) -> None:  # type: ignore[no-untyped-def]
    """Write the values of the rows cell by cell, each cell's from its place on."""
    for i in range(len(rows)):
        if rows[i]:
            out[place[cell[i]]] = values[i]
            place[cell[i]] += 1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _add_up(cell, values, rows, out) -> None:  # type: ignore[no-untyped-def]
    """Sum the rows of each cell up."""
    for i in range(len(rows)):
        if rows[i]:
            out[cell[i]] += values[i]
