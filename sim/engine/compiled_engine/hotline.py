"""12345: callers who wait, give up and call again, and what becomes of their calls."""

from __future__ import annotations

from sim.engine.compiled_engine import agenda, desks, foresight, tickets
from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import (
    BY_CALL,
    CALL,
    CALLING,
    DELIVER,
    FINE,
    FIRST,
    HOTLINE,
    NO_ROOM,
    REGISTERED,
    REPORT,
    TALKS,
    TRIES_AGAIN,
    WAITS,
    Arrays,
    Parameters,
)
from sim.engine.compiled_engine.ledger import add_call, move
from sim.model import flow


@kernel
def exchange(A: Arrays, P: Parameters) -> bool:
    """Pass on the calls that citizens have made, and what became of those that are over.

    Nobody else may be at work meanwhile. False if there is no room for it, or a rule is broken.
    """
    return take_calls(A, P) and give_back(A, P)


@kernel
def take_calls(A: Arrays, P: Parameters) -> bool:
    """Take over the calls that the districts' citizens have made."""
    for s in range(P.districts):
        log = A.logs[4 * s + 3]
        while log.size > 0:
            if not agenda.has_room(A, P.districts):
                A.shards[P.districts].status = NO_ROOM
                return False
            log.size -= 1
            c = A.calls[log.start + log.size]
            agenda.push(A, P.districts, c.time, REPORT, A.tickets[c.slot].id, c.slot, FIRST)
    return True


@kernel
def give_back(A: Arrays, P: Parameters) -> bool:
    """Let the districts know what became of calls, after the write-up and no sooner."""
    log = A.logs[4 * P.districts + 3]
    while log.size > 0:
        c = A.calls[log.start + log.size - 1]
        foresight.of_calls(A, log.start, log.size)
        t = A.tickets[c.slot]
        shard = A.shards[t.district]
        if not agenda.has_room(A, t.district):
            shard.status = NO_ROOM
            return False
        log.size -= 1
        if not t.abandoned:
            if t.at_once:
                t.on_line = 0
                tickets.answer(A, P, c.slot, BY_CALL, c.time)
                continue
            if t.state == CALLING:
                move(A, P, c.slot, REGISTERED)
        agenda.push(A, t.district, c.time + P.write_up_s, DELIVER, t.id, c.slot, FIRST)
        if shard.status != FINE:
            return False
    return True


@kernel
def attempt(A: Arrays, P: Parameters, slot: int) -> None:
    """Let a citizen call."""
    t, s = A.tickets[slot], P.districts
    t.attempts += 1
    t.calling = WAITS
    t.rang = A.shards[s].now
    desks.ask(A, P, HOTLINE, FIRST, slot, t.attempts)
    if t.calling == WAITS:
        t.call += 1
        agenda.push(A, s, A.shards[s].now + t.call_patience, CALL, t.id, slot, t.call)


@kernel
def on_line(A: Arrays, P: Parameters, slot: int) -> None:
    """Go on when a talk is over, patience has run out, or it is time to try again.

    The ticket's district is at work on it meanwhile: what is not the call's own is left to it.
    """
    t, s = A.tickets[slot], P.districts
    now = A.shards[s].now
    if t.calling == TRIES_AGAIN:
        attempt(A, P, slot)
    elif t.calling == TALKS:
        desks.release(A, P, HOTLINE)
        t.requested = now
        add_call(A, s, slot)
    else:
        t.calling = TRIES_AGAIN
        if flow.calls_again(t.attempts, t.redials):
            t.call += 1
            agenda.push(A, s, now + t.redial_s, CALL, t.id, slot, t.call)
        else:
            t.abandoned = True
            add_call(A, s, slot)
