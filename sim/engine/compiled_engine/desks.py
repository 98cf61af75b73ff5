"""Operators behind a desk: the more urgent request first, then who came first."""

from __future__ import annotations

from sim.engine.compiled_engine import agenda, queues
from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import (
    CALL,
    SERVICE,
    TALKS,
    WAITS,
    Arrays,
    Parameters,
)
from sim.engine.compiled_engine.ledger import add_service


@kernel
def ask(A: Arrays, P: Parameters, desk: int, urgency: int, slot: int, attempt: int) -> None:
    """Queue a request; how long it takes is in the ticket, and which call of a citizen's it is."""
    d, t = A.desks[desk], A.tickets[slot]
    now = A.shards[d.shard].now
    if d.shard < P.districts:  # while a citizen waits on the line, the matter may wait for a crew
        t.k1 = now
    node = queues.new(A, d.shard, float(urgency), now, t.id, slot, attempt)
    d.root = queues.merge(A.nodes, d.root, node)
    begin(A, P, desk)


@kernel
def begin(A: Arrays, P: Parameters, desk: int) -> None:
    """Let free operators take what waits."""
    d = A.desks[desk]
    s = d.shard
    now = A.shards[s].now
    while d.root >= 0 and d.busy < d.on_duty:
        node = A.nodes[d.root]
        slot, arrive, attempt = node.slot, node.k1, node.aux
        ident = node.id
        d.root = queues.pop_root(A, s, d.root)
        t = A.tickets[slot]
        if s == P.districts:  # the hotline: some have hung up
            if t.id != ident or t.calling != WAITS or t.attempts != attempt:
                continue
            t.calling = TALKS
            t.answered = now
            t.call += 1
            end = now + t.talk_s
            agenda.push(A, s, end, CALL, t.id, slot, t.call)
        else:
            end = now + t.service_s
            agenda.push(A, s, end, SERVICE, t.id, slot, desk)
        d.busy += 1
        add_service(A, s, desk, ident, arrive, end)


@kernel
def release(A: Arrays, P: Parameters, desk: int) -> None:
    """Let an operator who is done take the next."""
    A.desks[desk].busy -= 1
    begin(A, P, desk)
