"""What staff did, from the logs: at work, under way, waiting for others, on duty or beyond it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.clock import HOUR, TICKS_PER_SECOND
from sim.engine.outcome import Outcome, Table, rows_of
from sim.measure.duty import Spans, on_duty, walking
from sim.measure.tables import Bools, Floats
from sim.model.replan import Staff

Ints = NDArray[np.int64]

ACTIVITIES = ("work", "travel", "wait")
"""What staff on duty do, unless they are free."""

_WORK, _TRAVEL, _WAIT, _OVERTIME, _WITHIN = range(5)
_ALWAYS = (-np.inf, np.inf)


class Doing:
    """How long staff did what, in ticks, in what is measured.

    Parameters
    ----------
    outcome : Outcome
    cells : mapping of str to int64 [resources]
        By log, the cell of whom it tells; -1: none.
    size : int
        Cells there are.
    hourly : bool
        Whether it is told by hour of day.

    Attributes
    ----------
    ticks : int64 [5, cells, 24 or 1]
        On duty at work, under way, waiting; overtime; and of stops, the part within rounds.
    """

    logs = True

    def __init__(
        self, outcome: Outcome, cells: Mapping[str, Ints], size: int, hourly: bool
    ) -> None:
        self._cells, self._until, plan = cells, outcome.until, outcome.plan
        self._duty, self._rounds = on_duty(outcome), walking(outcome)
        self._crews, self._workers = employed(outcome)
        self._shifts = {
            "visits": plan.crew_shift.astype(np.int64),
            "stops": plan.worker_shift.astype(np.int64),
        }
        self._edges, self._posts = _posts(outcome)
        self._late: list[tuple[Ints, Ints, Floats]] = []  # edge, desk, end of services over an edge
        self.ticks = np.zeros((5, size, 24 if hourly else 1), dtype=np.int64)

    def add(self, piece: Outcome) -> None:
        """Take in rows of the logs."""
        if rows_of(piece.visits):
            v, crews = piece.visits, self._crews
            self._put("visits", v["crew"], _TRAVEL, v["start"], v["arrive"], crews)
            self._put("visits", v["crew"], _WAIT, v["arrive"], v["work"], crews)
            self._put("visits", v["crew"], _WORK, v["work"], v["end"], crews)
        if rows_of(piece.stops):
            self._add_stops(piece.stops)
        if rows_of(piece.services):
            self._add_services(piece.services)

    def _add_stops(self, s: Table) -> None:
        who, start, end = s["worker"], s["start"], s["end"]
        there, back = start + s["way"], end - s["way"]
        for kind, a, b in ((_TRAVEL, start, there), (_WORK, there, back), (_TRAVEL, back, end)):
            self._put("stops", who, kind, a, b, self._workers)
        cell, shift = self._cells["stops"][who], self._shifts["stops"][who]
        since, left = (bound[who] for bound in self._workers)
        self._count(_WITHIN, -1, cell, shift, self._rounds, start, end, since, left)

    def _add_services(self, s: Table) -> None:
        desk, start, end = s["desk"].astype(np.int64), s["start"], s["end"]
        cell, none = self._cells["services"][desk], np.full(len(desk), -1)
        always = (np.full(len(desk), bound) for bound in _ALWAYS)
        self._count(_WORK, -1, cell, none, self._duty, start, end, *always)
        at = np.searchsorted(self._edges, start, side="right")
        rows = np.arange(len(at))
        while len(rows := rows[at[rows] < len(self._edges)]) and len(
            rows := rows[self._edges[at[rows]] < end[rows]]
        ):
            self._late.append((at[rows].copy(), desk[rows], end[rows]))
            at[rows] += 1

    def _put(
        self, log: str, who: Ints, kind: int, a: Floats, b: Floats, employed: tuple[Floats, Floats]
    ) -> None:
        since, left = employed
        cell, shift = self._cells[log][who], self._shifts[log][who]
        self._count(kind, _OVERTIME, cell, shift, self._duty, a, b, since[who], left[who])

    def _count(
        self,
        kind: int,
        beyond: int,
        cell: Ints,
        shift: Ints,
        spans: Spans,
        start: Floats,
        end: Floats,
        since: Floats,
        left: Floats,
    ) -> None:
        _count(
            kind, beyond, cell, shift, spans.first, spans.starts, spans.ends, spans.below,
            start, end, since, left, self._until, self.ticks,
        )  # fmt: skip

    def merge(self, other: Self) -> None:
        """Take in what another took in."""
        self.ticks += other.ticks
        self._late += other._late

    def seconds(self) -> Floats:
        """Return the sums, s, float64 [5, cells, 24 or 1].

        Operators have no shift of their own: where more are busy than are on duty, overtime is
        that of those whose service is over first.
        """
        total = self.ticks.copy()
        if self._late:
            edge, desk, end = (np.concatenate(column) for column in zip(*self._late, strict=True))
            over = _overtime(edge, desk, end, self._posts)
            start, end = self._edges[edge[over]], end[over]
            following = np.append(self._edges[1:], self._until)[edge[over]]
            ticks, self.ticks = self.ticks, np.zeros_like(total)
            none = np.full(len(start), -1)
            always = (np.full(len(start), bound) for bound in _ALWAYS)
            cell = self._cells["services"][desk[over]]
            self._count(
                _OVERTIME, -1, cell, none, self._duty, start, np.minimum(end, following), *always
            )
            late, self.ticks = self.ticks, ticks
            total[_WORK] -= late[_OVERTIME]
            total[_OVERTIME] += late[_OVERTIME]
        return np.asarray(total / TICKS_PER_SECOND)


def _overtime(edge: Ints, desk: Ints, end: Floats, posts: Ints) -> Bools:
    """Return which services over an edge are beyond the posts from then on, the first to end."""
    order = np.lexsort((end, desk, edge))
    key = edge[order] * posts.shape[1] + desk[order]
    first = np.concatenate(([True], np.diff(key) != 0))
    group = np.cumsum(first) - 1
    place = np.arange(len(key)) - np.flatnonzero(first)[group]
    busy = np.bincount(group)[group]
    over = np.zeros(len(key), dtype=bool)
    over[order] = place < busy - posts[edge[order], desk[order]]
    return over


def in_force(outcome: Outcome) -> list[tuple[float, float]]:
    """Return from when until when each plan was in force, in what is measured, s."""
    edges = [float(np.clip(time, *outcome.window)) for time, _ in outcome.plans]
    return list(pairwise([*edges, outcome.until]))


def duty_hours(outcome: Outcome, edges: Floats | None = None) -> Floats:
    """Return how long each shift was on duty under each plan, s, float64 [plans, shifts].

    Parameters
    ----------
    edges : float64 [n + 1], optional
        Of intervals, which are told apart: float64 [plans, shifts, n].
    """
    return _hours(outcome, on_duty(outcome), edges)


def rounds_hours(outcome: Outcome, edges: Floats | None = None) -> Floats:
    """Return how long gridworkers of each shift were on rounds, or stopped; as `duty_hours`."""
    return _hours(outcome, walking(outcome), edges)


def _hours(outcome: Outcome, spans: Spans, edges: Floats | None) -> Floats:
    cut = np.array(outcome.window) if edges is None else edges
    each = [
        [np.diff(spans.accrued(shift, np.clip(cut, *force))) for shift in range(len(spans))]
        for force in in_force(outcome)
    ]
    found = np.array(each, dtype=float).reshape(len(outcome.plans), len(spans), len(cut) - 1)
    return found[:, :, 0] if edges is None else found


def employed(outcome: Outcome) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return from when until when each crew, and each gridworker, was in the plan, s."""
    (_, first), *later = outcome.plans
    staff = Staff.of(first)
    spans = [
        (np.full(len(those), -np.inf), np.full(len(those), np.inf))
        for those in (staff.crews, staff.workers)
    ]
    for time, plan in later:
        before, staff = staff, staff.after(plan)
        for number, (came, went) in enumerate(
            zip(staff.added(before), staff.withdrawn(before), strict=True)
        ):
            since, left = spans[number]
            left[went] = time
            more = np.full(len(came), np.inf)
            spans[number] = (
                np.concatenate((since, np.full(len(came), time))), np.concatenate((left, more))
            )  # fmt: skip
    return spans[0], spans[1]


def desk_kinds(outcome: Outcome) -> tuple[int, ...]:
    """Return how many desks of each kind there are: of the hotline, towns and districts."""
    return 1, len(outcome.plan.town_posts), len(outcome.plan.district_posts)


def _posts(outcome: Outcome) -> tuple[Floats, Ints]:
    """Return when posts may change, s, and those of each desk from then on, int64 [n, desks]."""
    duty, (begin, end) = on_duty(outcome), outcome.window
    changes = [begin, *duty.starts, *duty.ends, *(time for time, _ in outcome.plans)]
    edges = np.unique([time for time in changes if begin <= time < end])
    on = np.array([duty.on(shift, edges) for shift in range(len(duty))], dtype=np.int64)
    number = np.searchsorted([time for time, _ in outcome.plans], edges, side="right") - 1
    each = [
        np.concatenate([plan.hotline_posts[None], plan.town_posts, plan.district_posts])
        for _, plan in outcome.plans
    ]
    at = [each[max(k, 0)] @ on[:, i] for i, k in enumerate(number)]
    return edges, np.array(at, dtype=np.int64).reshape(len(edges), sum(desk_kinds(outcome)))


@njit(cache=True, nogil=True)
def _accrued(first, starts, ends, below, shift, time):  # type: ignore[no-untyped-def]
    """Return how long a shift was on up to a time, s; a shift of -1 always is."""
    if shift < 0:
        return time
    low, high = first[shift], first[shift + 1]
    at = low + np.searchsorted(starts[low:high], time, side="right") - 1
    if at < low:
        return 0.0
    return below[at] + min(time, ends[at]) - starts[at]


@njit(cache=True, nogil=True)
def _count(  # type: ignore[no-untyped-def]
    kind, beyond, cell, shift, first, starts, ends, below, begin, end, since, left, until, out
):
    """Add up spans of time by cell, ticks [kinds, cells, hours]: on duty, and beyond it if >= 0.

    A span with no end yet lasts until the end of what is measured; one with no beginning is none.
    """
    hourly = out.shape[2] > 1
    for i in range(len(cell)):
        now = max(begin[i], 0.0)
        if cell[i] < 0 or not now < until or begin[i] != begin[i]:
            continue
        last = end[i] if end[i] < until else until
        while now < last:
            number, then = 0, last
            if hourly:
                number = int(now // HOUR)
                then = min((number + 1) * HOUR, last)
            hour = number % 24
            a, b = min(max(now, since[i]), left[i]), max(min(then, left[i]), since[i])
            on = 0.0
            if a < b:
                on = _accrued(first, starts, ends, below, shift[i], b) - _accrued(
                    first, starts, ends, below, shift[i], a
                )
            out[kind, cell[i], hour] += np.int64(np.rint(on * TICKS_PER_SECOND))
            if beyond >= 0:
                over = np.int64(np.rint((then - now - on) * TICKS_PER_SECOND))
                out[beyond, cell[i], hour] += over
            now = then
