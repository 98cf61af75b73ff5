"""The main loops: one event, one shard's window, all shards together.

Nothing that happens at the hotline reaches a district before the write-up is over. So districts
can run ahead of it, each by itself, in windows of half a write-up, while the hotline follows one
window behind, with the calls that were made in it (conservative synchronisation with lookahead;
Fujimoto, *Parallel discrete event simulation*, CACM 33, 1990). Where there is no lookahead, or a
policy in Python must be asked in the order of time, the shards go in lockstep.
"""

from __future__ import annotations

from sim.engine.compiled_engine import (
    agenda,
    calendars,
    departments,
    desks,
    foresight,
    gridworkers,
    hotline,
    nature,
    tickets,
)
from sim.engine.compiled_engine.jit import (
    atomic_add,
    atomic_load,
    inlined,
    kernel,
    sleep,
    yield_processor,
)
from sim.engine.compiled_engine.layout import (
    ARRIVED,
    CALL,
    CREW,
    DEADLINE,
    DECIDE,
    DELIVER,
    FINE,
    HALT,
    NO_ROOM,
    ON_SITE,
    ONE,
    PATROL,
    SERVICE,
    SETTLE,
    SHIFT,
    SIGN,
    STOPPED,
    TAKEN,
    TURN,
    Arrays,
    Parameters,
)
from sim.engine.compiled_engine.ledger import add_visit, move
from sim.model.order import ident_of, kind_of, rank

_NEVER = float("inf")
_SPINS = 1000  # tries before a lane that waits lets other threads have its processor
_YIELDS = 200  # tries more before it sleeps: whom it waits for has no processor
_SHIFT, _ARISE, _HEAP, _RUN, _OUT_OF_SIGHT = range(5)


@kernel
def has_room(A: Arrays, s: int) -> bool:
    """Whether one more event of a shard finds room for all that it may write."""
    need = A.shards[s].need
    for i in range(4 * s, 4 * s + 4):
        if A.logs[i].room - A.logs[i].size < need:
            return False
    return A.shards[s].free_nodes >= need and agenda.has_room(A, s)


@inlined
def peek(A: Arrays, s: int):  # type: ignore[no-untyped-def]
    """Return time, rank and source of a shard's next event."""
    shard = A.shards[s]
    time, order, source = shard.next_shift, rank(SHIFT, 0), _SHIFT
    if shard.next_arise < time:
        time, order, source = shard.next_arise, shard.arise_rank, _ARISE
    heap = A.heaps[s]
    if heap.size > 0:
        e = A.events[heap.start]
        if e.time < time or (e.time == time and e.rank < order):
            time, order, source = e.time, e.rank, _HEAP
    run = A.runs[s]
    if run.first < run.size:
        e = A.in_order[run.start + run.first]
        if e.time < time or (e.time == time and e.rank < order):
            time, order, source = e.time, e.rank, _RUN
    return time, order, source


@kernel
def look_ahead(A: Arrays, P: Parameters, s: int, until: float):  # type: ignore[no-untyped-def]
    """Return what `peek` does, but of no quantum after the instant's; out of sight: no room."""
    shard = A.shards[s]
    while agenda.refill(A, P, s):
        time, order, source = peek(A, s)
        if time < shard.turn or until <= shard.turn:
            return time, order, source
        agenda.turn_over(A, s)
    shard.status = NO_ROOM
    return shard.now, rank(SHIFT, 0), _OUT_OF_SIGHT


@kernel
def shift(A: Arrays, P: Parameters, s: int) -> None:
    """Turn the shifts on and off; those who come on duty take up what waits."""
    shard = A.shards[s]
    now = shard.now
    shard.next_shift = _NEVER
    for k in range(P.shifts):
        on = calendars.rate(A, k, now) > 0
        if on and not A.on_duty[s, k]:
            A.began[s, k] = now
        A.on_duty[s, k] = on
        shard.next_shift = min(shard.next_shift, calendars.next_change(A, k, now))
    for i in range(shard.first_desk, shard.last_desk):
        count_operators(A, P, s, A.shard_desks[i])
        desks.begin(A, P, A.shard_desks[i])
    for i in range(shard.first_unit, shard.last_unit):
        departments.count_ready(A, A.shard_units[i])
    for i in range(shard.first_unit, shard.last_unit):
        departments.take_up(A, P, s, A.shard_units[i])


@kernel
def count_operators(A: Arrays, P: Parameters, s: int, desk: int) -> None:
    """Count the operators of a desk who are on duty."""
    on_duty = 0
    for k in range(P.shifts):
        if A.on_duty[s, k]:
            on_duty += A.posts[desk, k]
    A.desks[desk].on_duty = on_duty


@kernel
def crew_event(A: Arrays, P: Parameters, s: int, crew: int) -> None:
    """Go on when a crew is there, or done."""
    c, now = A.crews[crew], A.shards[s].now
    slot = c.slot
    t = A.tickets[slot]
    if not c.works:
        c.works = True
        if t.missing == t.present:
            tickets.attend(t, now)
            move(A, P, slot, ON_SITE)
        t.missing -= 1
        if t.missing == 0:  # work begins when the last is there
            member = t.team
            while member >= 0:
                m = A.crews[member]
                m.work = now
                agenda.push(A, s, now + t.work_s, CREW, member, slot, m.version)
                member = m.mate
        return
    add_visit(A, s, crew, t.id)
    c.slot = -1
    departments.turn_back(A, P, crew, slot)
    unit = A.units[c.unit]
    unit.idle += 1
    unit.ready += departments.is_ready(A, crew, unit.district)
    t.present -= 1
    last = t.present == 0
    departments.dispatch(A, P, s, c.unit)
    if last:
        tickets.visited(A, P, s, slot)


@kernel
def on_the_line(A: Arrays, P: Parameters, kind: int, ident: int, slot: int, aux: int) -> bool:
    """Let an event of the hotline happen; False if it does not count."""
    if kind != CALL:
        hotline.attempt(A, P, slot)
        return False  # its district has counted that the citizen calls
    t = A.tickets[slot]
    if t.id != ident or t.call != aux:
        return False
    hotline.on_line(A, P, slot)
    return True


@kernel
def take(A: Arrays, s: int, source: int):  # type: ignore[no-untyped-def]
    """Take the next event off a shard's agenda: rank, slot and what else it says."""
    if source == _HEAP:
        _, order, slot, aux = agenda.unpack(A.events[A.heaps[s].start])
        agenda.pop(A, s)
    else:
        run = A.runs[s]
        _, order, slot, aux = agenda.unpack(A.in_order[run.start + run.first])
        run.first += 1
        foresight.of_run(A, s)
    return order, slot, aux


@kernel
def happen(A: Arrays, P: Parameters, s: int, time: float, source: int) -> None:
    """Let a shard's next event happen."""
    shard = A.shards[s]
    shard.now = time
    if source == _SHIFT:
        shift(A, P, s)
        shard.events += s == P.districts  # it is one for the whole city
        return
    if source == _ARISE:
        nature.arise(A, P, s)
        foresight.of_arrivals(A, s)
        shard.events += 1
        return
    order, slot, aux = take(A, s, source)
    kind, ident = kind_of(order), ident_of(order)
    counts = True
    if kind == PATROL:
        counts = A.workers[ident].version == aux
        if counts:
            gridworkers.walk(A, P, s, ident)
    elif kind == SERVICE:
        tickets.served(A, P, s, slot, aux)
    elif kind == SIGN:
        tickets.signed(A, P, s, slot)
    elif kind == CREW:
        counts = A.crews[ident].version == aux
        if counts:
            crew_event(A, P, s, ident)
    elif kind == DECIDE:
        A.units[ident].awaiting = 0
        departments.decide(A, P, s, ident)
    elif kind == SETTLE:
        tickets.check(A, P, s, slot)
    elif kind == DEADLINE:
        t = A.tickets[slot]
        counts = t.id == ident and t.watched and t.level == aux
        if counts:
            tickets.step_in(A, P, s, slot)
    elif kind == DELIVER:
        nature.delivered(A, P, s, slot)
    elif s == P.districts:
        counts = on_the_line(A, P, kind, ident, slot, aux)
    elif kind == CALL:
        nature.police_call_ends(A, P, s, slot)
    else:
        counts = nature.noticed(A, P, s, slot, ident, kind)
    shard.events += counts


@kernel
def run_shard(A: Arrays, P: Parameters, s: int, until: float) -> bool:
    """Run one shard up to an instant; False if it had to stop before."""
    shard = A.shards[s]
    while True:
        time, _, source = look_ahead(A, P, s, until)
        if source == _OUT_OF_SIGHT:
            return False
        if time >= until:
            shard.now = until
            return True
        if not has_room(A, s):
            shard.status = NO_ROOM
            return False
        happen(A, P, s, time, source)
        if shard.status != FINE:
            return False


@kernel
def next_windows(A: Arrays, P: Parameters, until: float) -> bool:
    """Say up to which instant each shard may run by itself; False if all are there."""
    city, known = A.shards[P.districts], until
    for s in range(P.districts):
        known = min(known, A.shards[s].now)
    # what the hotline does from now on reaches the districts a write-up later at the soonest
    end = min(city.now + P.write_up_s, known + P.write_up_s / 2, until)
    for s in range(P.districts):
        A.shards[s].end = end
    city.end = known  # all calls up to then have been made
    return bool(city.now < until)


@kernel
def meet(A: Arrays, P: Parameters, until: float, lanes: int) -> None:
    """Go on when all lanes have come here; the last to come prepares the next windows."""
    turn = atomic_load(A.lanes, TURN)
    if atomic_add(A.lanes, ARRIVED, ONE) == lanes - 1:
        if A.lanes[STOPPED] == 0 and not hotline.exchange(A, P):
            A.lanes[STOPPED] = 1
        A.lanes[HALT] = A.lanes[STOPPED] > 0 or not next_windows(A, P, until)
        A.lanes[TAKEN] = 0
        A.lanes[ARRIVED] = 0
        atomic_add(A.lanes, TURN, ONE)
        return
    tries = 0
    while atomic_load(A.lanes, TURN) == turn:
        tries += 1
        if tries > _SPINS + _YIELDS:
            sleep()
        elif tries > _SPINS:
            yield_processor()


@kernel
def run_lane(A: Arrays, until: float, lanes: int) -> bool:
    """Run the shards up to an instant, window by window, side by side with the other lanes.

    The lanes are threads. In each window they take the shards as they come to them. False if a
    shard had to stop before.
    """
    P = A.parameters[0]
    while True:
        meet(A, P, until, lanes)
        if A.lanes[HALT]:
            return A.lanes[STOPPED] == 0
        while True:
            i = atomic_add(A.lanes, TAKEN, ONE)
            if i > P.districts:
                break
            s = A.largest_first[i]
            end = A.shards[s].end
            if A.shards[s].now < end and not run_shard(A, P, s, end):
                atomic_add(A.lanes, STOPPED, ONE)


@kernel
def run_lockstep(A: Arrays, until: float) -> bool:
    """Run all shards up to an instant, always the one whose event is next."""
    P = A.parameters[0]
    city = P.districts
    while True:
        if not hotline.exchange(A, P):  # before anything else: what is late is not in order
            return False
        time, order, source, which = until, 0, 0, -1
        for s in range(city + 1):
            t, r, origin = look_ahead(A, P, s, until)
            if origin == _OUT_OF_SIGHT:
                return False
            if t < until and (t < time or (t == time and r < order)):
                time, order, source, which = t, r, origin, s
        if which < 0:
            for s in range(city + 1):
                A.shards[s].now = until
            return True
        if not has_room(A, which):
            A.shards[which].status = NO_ROOM
            return False
        happen(A, P, which, time, source)
        if A.shards[which].status != FINE:
            return False
