"""How matters arise, and the race of those who may notice them.

When a matter arises the columns of the race, which say how long each takes, become the instants
at which each comes. `sim.model.race` says which columns there are: a kernel is made for the first
of them, which calls that for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sim.engine.compiled_engine import agenda, calendars, patrols, tickets
from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import (
    ARISE,
    BY_CALL,
    BY_NOBODY,
    BY_POLICE,
    BY_WRITING,
    CALL,
    CALLING,
    FIRST,
    NONE,
    REPORT,
    UNDISCOVERED,
    VANISH,
    VANISHED,
    Arrays,
    Parameters,
)
from sim.engine.compiled_engine.ledger import add_call, forget, move
from sim.model import flow
from sim.model.order import rank
from sim.model.race import TIMED, Clock, Timed

_NEVER = float("inf")
_WALL, _OBSERVERS = np.int64(Clock.WALL), np.int64(Clock.OBSERVERS)
_CHANNELS = np.zeros(TIMED[-1].kind + 1, dtype=np.int64)
for _entrant in TIMED:
    _CHANNELS[_entrant.kind] = _entrant.channel


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
def arise(A: Arrays, P: Parameters, s: int) -> None:
    """Put the next matter into the world."""
    shard = A.shards[s]
    slot = A.arrivals[shard.arrival]
    shard.arrival += 1
    aim_at_next(A, s)
    t = A.tickets[slot]
    t.state = UNDISCOVERED
    A.counts[s, UNDISCOVERED] += 1
    patrols.notice(A, P, s, slot)
    start_race(A, P, t, shard.now)
    expect_next(A, s, slot, shard.now, FIRST)


@kernel
def comes_at(A: Arrays, P: Parameters, t, clock: int, amount: float, now: float) -> float:  # type: ignore[no-untyped-def]
    """Return when so much of a clock has gone by, s."""
    if clock == _WALL:
        return now + amount
    if clock == _OBSERVERS:
        observers = A.part_time[t.grid]
        if observers == 0:
            return _NEVER
        amount = amount / observers
    return calendars.advance(A, calendars.of_clock(A, P, clock), now, amount)


def _starts(entrants: Sequence[Timed]) -> Callable[..., Any]:
    """Make what turns the columns of entrants into instants."""
    if not entrants:

        @kernel
        def nobody(A: Arrays, P: Parameters, t, now: float) -> None:  # type: ignore[no-untyped-def]
            return

        return nobody
    column, clocks = entrants[0].column, np.array(entrants[0].clocks, dtype=np.int64)
    others = _starts(entrants[1:])

    @kernel
    def start(A: Arrays, P: Parameters, t, now: float) -> None:  # type: ignore[no-untyped-def]
        """Turn the columns of the race into instants."""
        t[column] = comes_at(A, P, t, clocks[t.citizen], t[column], now)
        others(A, P, t, now)

    return start


def _nexts(entrants: Sequence[Timed]) -> Callable[..., Any]:
    """Make what returns the next of entrants after an instant and a kind: when, and its kind."""
    if not entrants:

        @kernel
        def nobody(t, after: float, since: int):  # type: ignore[no-untyped-def]
            return _NEVER, NONE

        return nobody
    column, kind = entrants[0].column, np.int64(entrants[0].kind)
    others = _nexts(entrants[1:])

    @kernel
    def soonest(t, after: float, since: int):  # type: ignore[no-untyped-def]
        """Return when the next of the race comes after an instant and a kind, and its kind."""
        best, which = others(t, after, since)
        at = t[column]
        if (at > after or (at == after and kind > since)) and at <= best:
            return at, kind
        return best, which

    return soonest


def _ever(entrants: Sequence[Timed]) -> Callable[..., Any]:
    """Make what returns whether any of entrants would ever come."""
    if not entrants:

        @kernel
        def nobody(t) -> bool:  # type: ignore[no-untyped-def]
            return False

        return nobody
    column, others = entrants[0].column, _ever(entrants[1:])

    @kernel
    def ever(t) -> bool:  # type: ignore[no-untyped-def]
        """Return whether anybody but the matter's citizen would ever come."""
        return t[column] < _NEVER or others(t)

    return ever


start_race, next_of_race = _starts(TIMED), _nexts(TIMED)
others_come = _ever([entrant for entrant in TIMED if entrant.channel != BY_NOBODY])


@kernel
def expect_next(A: Arrays, s: int, slot: int, after: float, kind: int) -> None:
    """Put the next on the agenda of what may happen to a matter that lies there."""
    t = A.tickets[slot]
    at, which = next_of_race(t, after, kind)
    agenda.push(A, s, at, which, t.id, slot, FIRST)


@kernel
def noticed(A: Arrays, P: Parameters, s: int, slot: int, ident: int, kind: int) -> bool:
    """Let somebody notice a matter, or let it vanish; False if it was found before."""
    t, now = A.tickets[slot], A.shards[s].now
    if t.id != ident or not flow.may_be_found(t.state):
        return False
    if kind == VANISH:
        if flow.may_vanish(t.state):
            vanish(A, P, slot, now)
            forget(A, slot)
            return True
    elif kind == REPORT and t.citizen != BY_WRITING:
        call(A, P, s, slot)  # others may find it meanwhile
    else:
        t.discovered = now
        channel = _CHANNELS[kind]
        if kind == REPORT:
            t.requested = now
            channel = t.citizen
        tickets.from_find(A, P, s, slot, channel)
        return True
    expect_next(A, s, slot, now, kind)
    return True


@kernel
def vanish(A: Arrays, P: Parameters, slot: int, now: float) -> None:
    """Let a matter go away before anybody knew of it."""
    A.tickets[slot].vanished = now
    move(A, P, slot, VANISHED)


@kernel
def call(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Let its citizen call, by the line that is theirs."""
    t, now = A.tickets[slot], A.shards[s].now
    move(A, P, slot, CALLING)
    t.on_line = 1
    t.called = now
    if t.citizen == BY_POLICE:
        t.answered = now
        t.attempts = 1
        agenda.push(A, s, now + t.talk_s, CALL, t.id, slot, FIRST)
    else:
        add_call(A, s, slot)


@kernel
def police_call_ends(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Go on when 110 has heard what it is about."""
    t, now = A.tickets[slot], A.shards[s].now
    t.on_line = 0
    t.requested = now
    if t.at_once:
        tickets.answer(A, P, slot, BY_POLICE, now)
    elif flow.is_new_from_110(t.state):
        tickets.from_call(A, P, s, slot, BY_POLICE, now)
    else:
        t.duplicate = True
        forget(A, slot)


@kernel
def others_may_find(A: Arrays, slot: int) -> bool:
    """Whether anybody but its citizen could ever find the matter."""
    t = A.tickets[slot]
    return (t.passes > 0 and tickets.has_workers(A, t.grid)) or others_come(t)


@kernel
def delivered(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Go on when the centre has what the hotline wrote up, or a citizen has given up."""
    t, now = A.tickets[slot], A.shards[s].now
    t.on_line = 0
    if not t.abandoned:
        if flow.is_new_from_12345(t.state):
            tickets.from_call(A, P, s, slot, BY_CALL, t.taken_at)
        else:
            t.duplicate = True
            forget(A, slot)
        return
    if t.state == CALLING:
        move(A, P, slot, UNDISCOVERED)
        if flow.vanishes_unheard(now, t.lifetime, others_may_find(A, slot)):
            vanish(A, P, slot, now)
    forget(A, slot)
