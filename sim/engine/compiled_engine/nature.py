"""How matters arise, and the race of those who may notice them."""

from __future__ import annotations

from sim.engine.compiled_engine import agenda, calendars, patrols, tickets
from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import (
    ARISE,
    BY_CALL,
    BY_CAMERA,
    BY_OBSERVER,
    BY_POLICE,
    BY_WRITING,
    CALL,
    CALLING,
    CAMERA,
    FIRST,
    OBSERVER,
    REGISTERED,
    REPORT,
    UNDISCOVERED,
    VANISH,
    VANISHED,
    Arrays,
    Rules,
)
from sim.engine.compiled_engine.ledger import add_call, forget, move
from sim.model.order import rank

_NEVER = float("inf")


@kernel
def aim_at_next(A: Arrays, s: int) -> None:
    """Note when the next matter of a shard arises."""
    shard = A.shards[s]
    shard.next_arise = _NEVER
    if shard.arrival < shard.arrivals_end:
        t = A.tickets[A.arrivals[shard.arrival]]
        shard.next_arise = t.arisen
        shard.arise_rank = rank(ARISE, t.id)


@kernel
def arise(A: Arrays, R: Rules, s: int) -> None:
    """Put the next matter into the world."""
    shard = A.shards[s]
    slot = A.arrivals[shard.arrival]
    shard.arrival += 1
    aim_at_next(A, s)
    t, now = A.tickets[slot], shard.now
    t.state = UNDISCOVERED
    A.counts[s, UNDISCOVERED] += 1
    patrols.notice(A, R, s, slot)
    observers = A.part_time[t.grid]
    citizens = 2 * R.shifts + len(A.departments) + 1
    t.observed_at = (
        calendars.advance(A, citizens - 1, now, t.observer / observers) if observers > 0 else _NEVER
    )
    if t.citizen != BY_POLICE:
        t.report_at = calendars.advance(A, citizens, now, t.patience)
    else:
        t.report_at = now + t.patience
    expect_next(A, s, slot, 0.0, FIRST)


@kernel
def expect_next(A: Arrays, s: int, slot: int, after: float, kind: int) -> None:
    """Put the next on the agenda of what may happen to a matter that lies there."""
    t = A.tickets[slot]
    best, which = _NEVER, 0
    for i in range(VANISH, REPORT + 1):
        if i == VANISH:
            at = t.arisen + t.lifetime
        elif i == OBSERVER:
            at = t.observed_at
        elif i == CAMERA:
            at = t.arisen + t.camera
        else:
            at = t.report_at
        if (at > after or (at == after and i > kind)) and at < best:
            best, which = at, i
    agenda.push(A, s, best, which, t.id, slot, FIRST)


@kernel
def noticed(A: Arrays, R: Rules, s: int, slot: int, ident: int, kind: int) -> bool:
    """Let somebody notice a matter, or let it vanish; False if it was found before."""
    t, now = A.tickets[slot], A.shards[s].now
    if t.id != ident or not 0 <= t.state <= REGISTERED:
        return False
    if kind == REPORT:
        if t.citizen == BY_WRITING:
            t.discovered = t.requested = now
            tickets.from_find(A, R, s, slot, BY_WRITING)
            return True
        call(A, R, s, slot)
    elif kind == VANISH:
        if t.state == UNDISCOVERED:
            move(A, R, slot, VANISHED)
            forget(A, slot)
            return True
    else:
        t.discovered = now
        tickets.from_find(A, R, s, slot, BY_OBSERVER if kind == OBSERVER else BY_CAMERA)
        return True
    expect_next(A, s, slot, now, kind)
    return True


@kernel
def call(A: Arrays, R: Rules, s: int, slot: int) -> None:
    """Let its citizen call, by the line that is theirs; others may find the matter meanwhile."""
    t, now = A.tickets[slot], A.shards[s].now
    move(A, R, slot, CALLING)
    t.on_line = 1
    t.called = now
    if t.citizen == BY_POLICE:
        t.answered = now
        t.attempts = 1
        agenda.push(A, s, now + t.talk_s, CALL, t.id, slot, FIRST)
    else:
        add_call(A, s, slot)


@kernel
def police_call_ends(A: Arrays, R: Rules, s: int, slot: int) -> None:
    """Go on when 110 has heard what it is about."""
    t, now = A.tickets[slot], A.shards[s].now
    t.on_line = 0
    t.requested = now
    if t.at_once:
        tickets.answer(A, R, slot, BY_POLICE, now)
    elif t.state == CALLING:
        tickets.from_call(A, R, s, slot, BY_POLICE, now)
    else:
        t.duplicate = True
        forget(A, slot)


@kernel
def others_may_find(A: Arrays, slot: int) -> bool:
    """Whether anybody but its citizen could ever find the matter."""
    t = A.tickets[slot]
    return (
        (t.passes > 0 and tickets.has_workers(A, t.grid))
        or t.observed_at < _NEVER
        or t.camera < _NEVER
    )


@kernel
def delivered(A: Arrays, R: Rules, s: int, slot: int) -> None:
    """Go on when the centre has what the hotline wrote up, or a citizen has given up."""
    t, now = A.tickets[slot], A.shards[s].now
    t.on_line = 0
    if not t.abandoned:
        if t.state == REGISTERED:
            tickets.from_call(A, R, s, slot, BY_CALL, t.taken_at)
        else:
            t.duplicate = True
            forget(A, slot)
        return
    if t.state == CALLING:
        move(A, R, slot, UNDISCOVERED)
        if now >= t.arisen + t.lifetime or not others_may_find(A, slot):
            move(A, R, slot, VANISHED)
    forget(A, slot)
