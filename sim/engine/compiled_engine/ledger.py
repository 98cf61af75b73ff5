"""Moves from state to state, and the columns that say what was done."""

from __future__ import annotations

from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import (
    BROKEN,
    CLOSED,
    VANISHED,
    Arrays,
    Parameters,
)
from sim.model import rules


@kernel
def move(A: Arrays, P: Parameters, slot: int, state: int) -> None:
    """Bring a matter into another state, in its own row and in the ledger."""
    t = A.tickets[slot]
    old = t.state
    A.counts[t.district, old] -= 1
    A.counts[t.district, state] += 1
    t.state = state
    if P.check and not A.moves[old, state]:
        shard = A.shards[t.district]
        shard.status = BROKEN
        shard.moved_from = old
        shard.moved_to = state


@kernel
def forget(A: Arrays, slot: int) -> None:
    """Mark a matter as done if nothing more can happen to it."""
    t = A.tickets[slot]
    if (t.state == CLOSED or t.state == VANISHED) and t.on_line == 0 and not t.done:
        t.done = True


@kernel
def urgency(A: Arrays, slot: int) -> int:
    """Return its order of service."""
    t = A.tickets[slot]
    priority = A.categories[t.category].priority
    return rules.urgency(priority, t.level, t.reopened)


@kernel
def add_visit(A: Arrays, s: int, crew: int, ticket: int) -> None:
    """Write down a crew's visit that is over."""
    log, c = A.logs[4 * s], A.crews[crew]
    v = A.visits[log.start + log.size]
    log.size += 1
    v.ticket = ticket
    v.start = c.left
    v.arrive = c.arrives
    v.work = c.work
    v.end = A.shards[s].now
    v.crew = crew
    v.unit = c.unit


@kernel
def add_stop(
    A: Arrays, s: int, worker: int, kind: int, ticket: int, end: float, way: float
) -> None:
    """Write down a gridworker's stop that begins."""
    log = A.logs[4 * s + 1]
    v = A.stops[log.start + log.size]
    log.size += 1
    v.ticket = ticket
    v.start = A.shards[s].now
    v.end = end
    v.worker = worker
    v.kind = kind
    v.way = way


@kernel
def add_service(A: Arrays, s: int, desk: int, ticket: int, arrive: float, end: float) -> None:
    """Write down an operator's service that begins."""
    log = A.logs[4 * s + 2]
    v = A.services[log.start + log.size]
    log.size += 1
    v.ticket = ticket
    v.arrive = arrive
    v.start = A.shards[s].now
    v.end = end
    v.desk = desk


@kernel
def add_call(A: Arrays, s: int, slot: int) -> None:
    """Let the other side know of a call that is made, or over, when it comes to this instant."""
    log = A.logs[4 * s + 3]
    v = A.calls[log.start + log.size]
    log.size += 1
    v.time = A.shards[s].now
    v.slot = slot
