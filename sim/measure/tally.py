"""Tallies: what KPIs are made of, counted over some of the tickets, so that parts add up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.clock import HOUR, TICKS_PER_SECOND
from sim.engine.outcome import Outcome
from sim.errors import InvariantError
from sim.measure.durations import Durations
from sim.measure.instants import WORTHS, instant
from sim.measure.metric import (
    HOURLY,
    Count,
    Due,
    Formula,
    Mean,
    Quantile,
    Ratio,
    Rows,
    Share,
    Span,
    Total,
    Unfinished,
    WorstHour,
)
from sim.measure.tables import Bools, Floats, known

Ints = NDArray[np.int64]
Cells = NDArray[np.int32]

_HOURS = 24
_WORTH = 1_000_000  # what is worth 1 counts so much


@dataclass(eq=False)
class Entry:
    """What one figure is made of: whole numbers, which add up to the same in any order.

    Attributes
    ----------
    n : int64 [cells]
        Cases.
    total : int64 [cells]
        What is added up over them: hits, ticks, calls, or the cases themselves.
    each : float
        What one of the total is in the metric's unit.
    mean : bool
        Whether the figure is the total of a case, and not that of all.
    """

    n: Ints
    total: Ints
    each: float = 1.0
    mean: bool = False

    @classmethod
    def of(cls, formula: Formula, size: int) -> Entry:
        """Return an entry without cases."""
        if isinstance(formula, WorstHour):
            n, total = np.zeros((2, size * _HOURS), dtype=np.int64)
            return ByHour(n, total, mean=True)
        each = 1.0
        if isinstance(formula, Mean):
            each = 1 / TICKS_PER_SECOND
        elif isinstance(formula, Due) and formula.worth:
            each = 1 / _WORTH
        mean = isinstance(formula, (Share, Ratio, Due, Mean))
        n, total = np.zeros((2, size), dtype=np.int64)
        return cls(n, total, each, mean)

    def add(self, n: Ints, total: Ints) -> None:
        """Add cases."""
        self.n += n
        self.total += total

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


class ByHour(Entry):
    """What a figure is made of hour by hour of the day: 24 numbers of each cell."""

    def figure(self, group: Ints, size: int) -> tuple[Floats, Ints]:
        """Return the least figure of an hour with enough cases, and the cases of that hour."""
        hours = np.arange(_HOURS)
        apart = np.where(group[:, None] >= 0, group[:, None] * _HOURS + hours, -1).ravel()
        value, n = (one.reshape(size, _HOURS) for one in super().figure(apart, size * _HOURS))
        enough = n >= HOURLY
        worst = np.argmin(np.where(enough, value, np.inf), axis=1)
        row = np.arange(size)
        seen = enough.any(axis=1)
        return np.where(seen, value[row, worst], np.nan), np.where(seen, n[row, worst], 0)


class Tally:
    """Counts, sums and durations of tickets, told apart by cell, as formulas ask for them.

    A ticket may lie in several cells, one of each grouping.

    Parameters
    ----------
    size : int
        Cells there are, of all groupings together.
    formulas : collection of Formula
        What is counted: those of tickets, and of them none that is made of others.

    Attributes
    ----------
    entries : dict
        By formula, an `Entry`.
    durations : dict
        By span, how long it took, where percentiles are asked for.
    """

    def __init__(self, size: int, formulas: Collection[Formula]) -> None:
        self._size = size
        self.entries = {f: Entry.of(f, size) for f in formulas if not isinstance(f, Quantile)}
        self.durations = {
            f.span: Durations(size, len(f.span.ends)) for f in formulas if isinstance(f, Quantile)
        }
        self._coded: dict[tuple[Rows, str, str], dict[int, Entry]] = {}
        for formula, entry in self.entries.items():
            if isinstance(formula, Count) and formula.column:
                of = formula.of, formula.when, formula.column
                self._coded.setdefault(of, {})[formula.code] = entry

    def add(self, piece: Outcome, cell: Cells) -> None:
        """Count the tickets of a piece.

        Parameters
        ----------
        cell : int32 [N, groupings]
            Their cells; the size: none.
        """
        counted = _Piece(piece, np.ascontiguousarray(cell, dtype=np.int32), self._size)
        for (of, when, column), codes in self._coded.items():
            n = counted.by_code(of, when, column, max(codes))
            for code, entry in codes.items():
                entry.add(n[code], n[code])
        for formula, entry in self.entries.items():
            if not (isinstance(formula, Count) and formula.column):
                entry.add(*counted.count(formula))
        for span, durations in self.durations.items():
            counted.last(span, durations)

    def merge(self, other: Tally) -> None:
        """Add the tickets of another tally of the same cells and formulas."""
        for formula, more in other.entries.items():
            self.entries[formula].add(more.n, more.total)
        for span, durations in other.durations.items():
            self.durations[span].merge(durations)


class _Piece:
    """Some tickets and their cells; what several formulas ask of them is made out once."""

    def __init__(self, outcome: Outcome, cell: Cells, size: int) -> None:
        self.outcome, self.cell, self.size = outcome, cell, size
        self._rows: dict[tuple[Rows, str], Bools] = {}
        self._n: dict[tuple[Rows, str], Ints] = {}
        self._times: dict[str, Floats] = {}
        self._dues: dict[Due, tuple[Bools, Bools]] = {}

    def count(self, formula: Formula) -> tuple[Ints, Ints]:
        """Return the cases of a formula, and what is added up over them, by cell."""
        match formula:
            case Count(of, when):
                return self.n(of, when), self.n(of, when)
            case Share(part, of, when):
                met = self.rows(part) & self.rows(of, when)
                return self.n(of, when), self._of(met)
            case Ratio(top, bottom):
                return self.n(bottom.of, bottom.when), self.n(top.of, top.when)
            case Due():
                return self.due(formula)
            case WorstHour(due):
                return self.by_hour(due)
            case Total(column, of, when):
                total = np.zeros(self.size + 1, dtype=np.int64)
                _add_up(self.cell, self.outcome.tickets[column], self.rows(of, when), total)
                return self.n(of, when), total[:-1]
            case Mean(span, most):
                return self.spent(span, most)
            case Unfinished(span):
                left = self.rows(span.at_risk) & known(self.times(span.begins))
                for end in span.ends:
                    left &= ~known(self.times(end))
                n = self._of(left)
                return n, n
        raise TypeError(f"{formula} is not counted of tickets")

    def by_code(self, of: Rows, when: str, column: str, most: int) -> Ints:
        """Return how many have each code in a column, int64 [most + 1, cells]."""
        n = np.zeros((most + 1, self.size + 1), dtype=np.int64)
        _count_codes(self.cell, self.outcome.tickets[column], self.rows(of, when), n)
        return n[:, :-1]

    def last(self, span: Span, durations: Durations) -> None:
        """Count how long a span takes, by what ended it, and so far where nothing did."""
        begins, *ends = (self.times(name) for name in (span.begins, *span.ends))
        durations.follow(self.cell, begins, ends, self.rows(span.at_risk), self.outcome.until)

    def spent(self, span: Span, most: float) -> tuple[Ints, Ints]:
        """Return how many began a span, and the ticks that all have spent in it, by cell."""
        begins, *ends = (self.times(name) for name in (span.begins, *span.ends))
        n, total = np.zeros((2, self.size + 1), dtype=np.int64)
        rows, until = self.rows(span.at_risk), self.outcome.until
        wrong = _spend(self.cell, begins, tuple(ends), rows, until, most, n, total)
        if wrong >= 0:
            raise InvariantError(
                f"{span.ends} of {span.begins}: the matter {self.outcome.tickets['key'][wrong]} "
                f"ends before it begins, at {begins[wrong]} s"
            )
        return n[:-1], total[:-1]

    def due(self, formula: Due) -> tuple[Ints, Ints]:
        """Return how many fell due, and how many of them were done, or what they were worth."""
        fell, met = self.verdict(formula)
        n, total = np.zeros((2, self.size + 1), dtype=np.int64)
        if not formula.worth:
            _count_met(self.cell, fell, met, n, total)
            return n[:-1], total[:-1]
        worth = np.rint(WORTHS[formula.worth](self.outcome) * _WORTH)
        _add_up(self.cell, worth, met, total)
        return self._of(fell), total[:-1]

    def by_hour(self, formula: Due) -> tuple[Ints, Ints]:
        """Return the same by cell and the hour of day at which its time began."""
        fell, met = self.verdict(formula)
        n, total = np.zeros((2, (self.size + 1) * _HOURS), dtype=np.int64)
        _count_by_hour(self.cell, self.times(formula.begins), fell, met, n, total)
        return n[:-_HOURS], total[:-_HOURS]

    def verdict(self, formula: Due) -> tuple[Bools, Bools]:
        """Return which tickets fell due in what is measured, and which of them had met it."""
        if formula not in self._dues:
            fell = self.rows(formula.needs, formula.when or formula.due)
            met = fell & (self.times(formula.ends) <= self.times(formula.due))
            self._dues[formula] = fell, met
        return self._dues[formula]

    def times(self, name: str) -> Floats:
        """Return when something was of each ticket."""
        if name not in self._times:
            self._times[name] = np.ascontiguousarray(instant(self.outcome, name))
        return self._times[name]

    def rows(self, of: Rows, when: str = "") -> Bools:
        """Return which tickets are in a set, with an instant, if named, in what is measured."""
        if (of, when) not in self._rows:
            rows = of(self.outcome) if not when else self.rows(of) & self._within(when)
            self._rows[of, when] = rows
        return self._rows[of, when]

    def _within(self, when: str) -> Bools:
        """Return which tickets had an instant in what is measured."""
        start, end = self.outcome.window
        times = self.times(when)
        return (times >= start) & (times < end)

    def n(self, of: Rows, when: str) -> Ints:
        """Return how many tickets of a set there are, by cell."""
        if (of, when) not in self._n:
            self._n[of, when] = self._of(self.rows(of, when))
        return self._n[of, when]

    def _of(self, rows: Bools) -> Ints:
        out = np.zeros(self.size + 1, dtype=np.int64)  # the last: of no cell
        _count(self.cell, rows, out)
        return out[:-1]


def verdict(outcome: Outcome, formula: Due) -> tuple[Bools, Bools]:
    """Return which tickets fell due in what is measured, and which of them had met it."""
    return _Piece(outcome, np.zeros((0, 1), dtype=np.int32), 0).verdict(formula)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _count(cell, rows, out) -> None:  # type: ignore[no-untyped-def]
    """Count the rows of each cell, with no copy of any column."""
    for i in range(len(rows)):
        if rows[i]:
            for g in range(cell.shape[1]):
                out[cell[i, g]] += 1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _count_met(cell, rows, met, n, total) -> None:  # type: ignore[no-untyped-def]
    """Count the rows of each cell, and those that met something."""
    for i in range(len(rows)):
        if rows[i]:
            for g in range(cell.shape[1]):
                n[cell[i, g]] += 1
                total[cell[i, g]] += met[i]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _count_by_hour(cell, times, rows, met, n, total) -> None:  # type: ignore[no-untyped-def]
    """Count the same by cell and the hour of day of a time."""
    for i in range(len(rows)):
        if rows[i]:
            hour = int(np.floor(times[i] / HOUR)) % _HOURS
            for g in range(cell.shape[1]):
                n[cell[i, g] * _HOURS + hour] += 1
                total[cell[i, g] * _HOURS + hour] += met[i]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _count_codes(cell, codes, rows, out) -> None:  # type: ignore[no-untyped-def]
    """Count the rows of each code and cell."""
    for i in range(len(rows)):
        if rows[i] and 0 <= codes[i] < len(out):
            for g in range(cell.shape[1]):
                out[codes[i], cell[i, g]] += 1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _add_up(cell, values, rows, out) -> None:  # type: ignore[no-untyped-def]
    """Sum whole numbers of the rows of each cell up."""
    for i in range(len(rows)):
        if rows[i]:
            value = np.int64(values[i])
            for g in range(cell.shape[1]):
                out[cell[i, g]] += value


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _spend(cell, begins, ends, rows, until, most, n, total) -> int:  # type: ignore[no-untyped-def]
    """Count who began from 0 on, and the ticks that all were in it meanwhile, by cell.

    Returns
    -------
    int
        A row that ends before it begins; -1: there is none.
    """
    for i in range(len(rows)):
        begin = begins[i]
        if not rows[i] or not begin < until:  # or it never began
            continue
        end = until
        for one in ends:
            end = one[i] if one[i] < end else end  # not a number: it did not end so
        if end < begin:
            return i
        spent = min(end, begin + most) - max(begin, 0.0)
        ticks = np.int64(np.rint(spent * TICKS_PER_SECOND)) if spent > 0.0 else 0
        for g in range(cell.shape[1]):
            n[cell[i, g]] += begin >= 0.0
            total[cell[i, g]] += ticks
    return -1
