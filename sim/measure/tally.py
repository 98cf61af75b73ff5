"""Tallies: what KPIs are made of, counted over some of the tickets, so that parts add up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.clock import TICKS_PER_SECOND
from sim.engine.outcome import Outcome
from sim.measure.durations import Durations
from sim.measure.metric import (
    Count,
    Due,
    Formula,
    Mean,
    Quantile,
    Rows,
    Share,
    Span,
    Total,
    Unfinished,
    Within,
)
from sim.measure.tables import Bools, Floats, known

Ints = NDArray[np.int64]
Cells = NDArray[np.int32]


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
        n, total = np.zeros((2, size), dtype=np.int64)
        each = 1 / TICKS_PER_SECOND if isinstance(formula, Mean) else 1.0
        return cls(n, total, each, isinstance(formula, (Share, Due, Within, Mean)))

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
        self._coded: dict[tuple[Rows, str], dict[int, Entry]] = {}
        for formula, entry in self.entries.items():
            if isinstance(formula, Count) and formula.column:
                codes = self._coded.setdefault((formula.of, formula.column), {})
                codes[formula.code] = entry

    def add(self, piece: Outcome, cell: Cells) -> None:
        """Count the tickets of a piece.

        Parameters
        ----------
        cell : int32 [N, groupings]
            Their cells; the size: none.
        """
        counted = _Piece(piece, np.ascontiguousarray(cell, dtype=np.int32), self._size)
        for (of, column), codes in self._coded.items():
            n = counted.by_code(of, column, max(codes))
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
        self._rows: dict[Rows, Bools] = {}
        self._n: dict[Rows, Ints] = {}
        self._spans: dict[Span, tuple[Floats, Bools, Bools]] = {}

    def count(self, formula: Formula) -> tuple[Ints, Ints]:
        """Return the cases of a formula, and what is added up over them, by cell."""
        t = self.outcome.tickets
        match formula:
            case Count(of):
                return self.n(of), self.n(of)
            case Share(part, of):
                return self.n(of), self._of(self.rows(part) & self.rows(of))
            case Due():
                met, missed = on_time(self.outcome, formula)
                return self._of(met | missed), self._of(met)
            case Within(span, seconds, of):
                took, over, _ = self.span(span)
                return self.n(of), self._of(self.rows(of) & over & (took <= seconds))
            case Total(column, of):
                return self.n(of), self._sum(t[column], self.rows(of), 1.0)
            case Mean(span):
                took, over, _ = self.span(span)
                return self._of(over), self._sum(took, over, TICKS_PER_SECOND)
            case Unfinished(span):
                _, over, begun = self.span(span)
                n = self._of(begun & ~over)
                return n, n
        raise TypeError(f"{formula} is not counted of tickets")

    def by_code(self, of: Rows, column: str, most: int) -> Ints:
        """Return how many have each code in a column, int64 [most + 1, cells]."""
        n = np.zeros((most + 1, self.size + 1), dtype=np.int64)
        _count_codes(self.cell, self.outcome.tickets[column], self.rows(of), n)
        return n[:, :-1]

    def last(self, span: Span, durations: Durations) -> None:
        """Count how long a span took, by what ended it, and so far where nothing did."""
        t = self.outcome.tickets
        _, _, begun = self.span(span)
        for cause, column in enumerate(span.ends):
            ended = begun & known(t[column])
            durations.add(self.cell, t[column] - t[span.begins], ended, cause)
            begun = begun & ~ended
        durations.censor(self.cell, self.outcome.until - t[span.begins], begun)

    def rows(self, of: Rows) -> Bools:
        """Return which tickets are in a set."""
        if of not in self._rows:
            self._rows[of] = of(self.outcome)
        return self._rows[of]

    def n(self, of: Rows) -> Ints:
        """Return how many tickets of a set there are, by cell."""
        if of not in self._n:
            self._n[of] = self._of(self.rows(of))
        return self._n[of]

    def span(self, span: Span) -> tuple[Floats, Bools, Bools]:
        """Return how long a span took, s, for whom it is over, and for whom it has begun."""
        if span not in self._spans:
            t = self.outcome.tickets
            begun = known(t[span.begins]) & self.rows(span.at_risk)
            over = begun & known(t[span.ends[0]])
            self._spans[span] = t[span.ends[0]] - t[span.begins], over, begun
        return self._spans[span]

    def _of(self, rows: Bools) -> Ints:
        out = np.zeros(self.size + 1, dtype=np.int64)  # the last: of no cell
        _count(self.cell, rows, out)
        return out[:-1]

    def _sum(self, values: NDArray[np.generic], rows: Bools, times: float) -> Ints:
        total = np.zeros(self.size + 1, dtype=np.int64)
        _add_up(self.cell, values, rows, times, total)
        return total[:-1]


def on_time(outcome: Outcome, formula: Due) -> tuple[Bools, Bools]:
    """Return which tickets met a deadline, and which missed it.

    One that is not done and not due yet is in neither; nor is one that never needed the step,
    such as a visit for what was answered on the telephone.
    """
    t = outcome.tickets
    done, due = t[formula.ends], t[formula.due]
    finished = known(done)
    met = finished & (done <= due)
    missed = (finished & (done > due)) | (
        formula.at_risk(outcome) & ~finished & (due <= outcome.until)
    )
    return met, missed


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
