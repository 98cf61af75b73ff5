"""Kernels that put the events and queues of a state into arrays that have none yet."""

from __future__ import annotations

from math import isnan

from numpy.typing import NDArray

from sim.engine.compiled_engine import agenda, departments, nature, patrols, queues
from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import (
    CALL,
    DEADLINE,
    DECIDE,
    DELIVER,
    FIRST,
    GO,
    HOTLINE,
    NONE,
    SERVICE,
    SETTLE,
    SIGN,
    UNSIGNED,
    WAITING,
    WALK,
    WORK,
    Arrays,
    Parameters,
)
from sim.engine.compiled_engine.layout import CREW as CREW_EVENT
from sim.model.flow import may_be_found
from sim.model.rules import next_epoch, supervision_due


@kernel
def revive(
    A: Arrays,
    slots: NDArray,  # type: ignore[type-arg]
    until: NDArray,  # type: ignore[type-arg]
    line_until: NDArray,  # type: ignore[type-arg]
    by_hotline: NDArray,  # type: ignore[type-arg]
    requests: NDArray,  # type: ignore[type-arg]
    times: NDArray,  # type: ignore[type-arg]
    ahead: NDArray,  # type: ignore[type-arg]
    at: NDArray,  # type: ignore[type-arg]
    shard: NDArray,  # type: ignore[type-arg]
) -> None:
    """Put all that is pending on the agendas and into the queues.

    Parameters
    ----------
    slots, until, line_until : int64, float64, float64 [n]
        Of matters that have arisen, in order of their numbers; NaN: nothing ends.
    by_hotline : bool [n]
        Whether what ends on the line ends at the hotline, not at the district's.
    requests, times : int64 [m, 4], float64 [m, 2]
        Desk, slot, urgency and attempt; since when it waits, and until when it is served, NaN: it
        waits.
    ahead, at : int64 [k, 4], float64 [k]
        Worker, kind, number and slot; at which odometer. The slot of what is gone is any.
    shard : int64 [workers]
        In whose district each gridworker is.
    """
    P = A.parameters[0]
    for i in range(len(slots)):
        _matter(A, P, slots[i], until[i], line_until[i], by_hotline[i])
    for i in range(len(requests)):
        _request(A, P, requests[i], times[i, 0], times[i, 1])
    for i in range(len(ahead)):
        worker, kind, number, slot = ahead[i, 0], ahead[i, 1], ahead[i, 2], ahead[i, 3]
        node = queues.new(A, shard[worker], at[i], float(kind), number, slot, FIRST)
        A.workers[worker].root = queues.merge(A.nodes, A.workers[worker].root, node)
    for w in range(len(A.workers)):
        _gridworker(A, shard[w], w)
    for crew in range(len(A.crews)):
        _crew(A, crew)
    for u in range(len(A.units)):
        if A.units[u].awaiting:
            when = next_epoch(A.shards[A.units[u].district].now, P.epoch_s)
            agenda.push(A, A.units[u].district, when, DECIDE, u, FIRST, FIRST)


@kernel
def _matter(
    A: Arrays, P: Parameters, slot: int, until: float, line_until: float, by_hotline: bool
) -> None:
    """Put what may happen to a matter on the agenda, and itself into the queue it waits in."""
    t = A.tickets[slot]
    s, now = t.district, A.shards[t.district].now
    if may_be_found(t.state):
        nature.expect_next(A, s, slot, now, NONE)
    if not isnan(until):
        agenda.push(A, s, until, SIGN if t.state == UNSIGNED else SETTLE, t.id, slot, FIRST)
    if not isnan(line_until):
        if by_hotline:
            agenda.push(A, P.districts, line_until, CALL, t.id, slot, t.call)
        else:
            known = not isnan(t.requested) or t.abandoned
            agenda.push(A, s, line_until, DELIVER if known else CALL, t.id, slot, FIRST)
    if t.watched:
        due = supervision_due(t.accepted, t.due_close, P.reminder, P.city, t.level)
        agenda.push(A, s, max(due, now), DEADLINE, t.id, slot, t.level)
    if t.state == WAITING:
        if t.unit >= 0:
            departments.queue_up(A, P, s, slot)
        else:
            A.grids[t.grid].jobs += 1
            patrols.queue_job(A, s, slot)


@kernel
def _request(A: Arrays, P: Parameters, request, arrive: float, end: float) -> None:  # type: ignore[no-untyped-def]
    """Let a request wait at its desk, or be served there."""
    desk, slot, urgency, attempt = request[0], request[1], request[2], request[3]
    d, t = A.desks[desk], A.tickets[slot]
    if not isnan(end):
        d.busy += 1
        if desk != HOTLINE:  # the end of a talk is on the agenda already
            agenda.push(A, d.shard, end, SERVICE, t.id, slot, desk)
        return
    node = queues.new(A, d.shard, float(urgency), arrive, t.id, slot, attempt)
    d.root = queues.merge(A.nodes, d.root, node)


@kernel
def _crew(A: Arrays, crew: int) -> None:
    """Let a crew arrive, or be done; while it waits for others there is no event."""
    c = A.crews[crew]
    if c.slot < 0:
        return
    s, t = A.units[c.unit].district, A.tickets[c.slot]
    if not c.works:
        agenda.push(A, s, c.arrives, CREW_EVENT, crew, c.slot, c.version)
    elif not isnan(c.work):
        agenda.push(A, s, c.work + t.work_s, CREW_EVENT, crew, c.slot, c.version)


@kernel
def _gridworker(A: Arrays, s: int, w: int) -> None:
    """Let a gridworker's alarm ring, or what it does be over."""
    worker = A.workers[w]
    if worker.does == WALK:
        patrols.ring(A, s, w, worker.alarm)
    elif worker.does == GO:
        patrols.ring(A, s, w, worker.begun + worker.way)
    elif worker.does == WORK:
        patrols.ring(A, s, w, worker.until)
    else:
        patrols.ring(A, s, w, worker.ends)
