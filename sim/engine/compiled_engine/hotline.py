"""12345: callers who wait, give up and call again, and what becomes of their calls."""

from __future__ import annotations

from sim.engine.compiled_engine import agenda, desks, tickets
from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import (
    BY_CALL,
    CALL,
    CALLING,
    DELIVER,
    FIRST,
    HOTLINE,
    REGISTERED,
    REPORT,
    TALKS,
    TRIES_AGAIN,
    WAITS,
    Arrays,
    Rules,
)
from sim.engine.compiled_engine.ledger import move


@kernel
def take_calls(A: Arrays, R: Rules) -> None:
    """Take over the calls that the districts' citizens have made."""
    for s in range(R.districts):
        log = A.logs[4 * s + 3]
        for i in range(log.start, log.start + log.size):
            c = A.calls[i]
            agenda.push(A, R.districts, c.time, REPORT, A.tickets[c.slot].id, c.slot, FIRST)
        log.size = 0


@kernel
def attempt(A: Arrays, R: Rules, slot: int) -> None:
    """Let a citizen call."""
    t, s = A.tickets[slot], R.districts
    t.attempts += 1
    t.calling = WAITS
    desks.ask(A, R, HOTLINE, FIRST, slot)
    if t.calling == WAITS:
        t.call += 1
        agenda.push(A, s, A.shards[s].now + t.call_patience, CALL, t.id, slot, t.call)


@kernel
def on_line(A: Arrays, R: Rules, slot: int) -> None:
    """Go on when a talk is over, patience has run out, or it is time to try again."""
    t, s = A.tickets[slot], R.districts
    now = A.shards[s].now
    if t.calling == TRIES_AGAIN:
        attempt(A, R, slot)
    elif t.calling == TALKS:
        desks.release(A, R, HOTLINE)
        t.answered = now - t.talk_s
        t.requested = now
        if t.at_once:
            t.on_line = 0
            tickets.answer(A, R, slot, BY_CALL, now)
            return
        if t.state == CALLING:
            move(A, R, slot, REGISTERED)
        t.taken_at = now
        deliver(A, R, slot)
    else:
        t.calling = TRIES_AGAIN
        if t.attempts <= t.redials:
            t.call += 1
            agenda.push(A, s, now + t.redial_s, CALL, t.id, slot, t.call)
        else:
            t.abandoned = True
            deliver(A, R, slot)


@kernel
def deliver(A: Arrays, R: Rules, slot: int) -> None:
    """Let the district know after the write-up, and no sooner."""
    t = A.tickets[slot]
    when = A.shards[R.districts].now + R.write_up
    agenda.push(A, t.district, when, DELIVER, t.id, slot, FIRST)
