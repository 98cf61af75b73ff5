"""Full-time gridworkers: they walk their grid's route, find, deal, check, and are sent to jobs."""

from __future__ import annotations

from sim.engine.compiled_engine import patrols, queues, tickets
from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import (
    BACK,
    BY_PATROL,
    CHECK,
    FIND,
    GO,
    JOB,
    LOOK,
    ON_SITE,
    RECORD,
    RECORDING,
    SPOT,
    TRAVELLING,
    WALK,
    WORK,
    Arrays,
    Parameters,
)
from sim.engine.compiled_engine.ledger import add_stop, move


@kernel
def walk(A: Arrays, P: Parameters, s: int, w: int) -> None:
    """Go on when a gridworker's alarm rings, or a stop is over."""
    worker = A.workers[w]
    if worker.does == WALK:
        arrive(A, P, s, w)
    elif worker.does == FIND:
        found(A, P, s, w)
    elif worker.does == LOOK:
        slot = worker.slot
        resume(A, P, s, w)
        tickets.checked(A, P, s, slot)
    elif worker.does == GO:
        t = A.tickets[worker.slot]
        tickets.attend(t, A.shards[s].now)
        move(A, P, worker.slot, ON_SITE)
        worker.does = WORK
        patrols.ring(A, s, w, worker.until)
    elif worker.does == WORK:
        slot = worker.slot
        worker.does = BACK
        patrols.ring(A, s, w, worker.until + worker.way)
        A.tickets[slot].finished = A.shards[s].now
        tickets.check(A, P, s, slot)
    else:
        resume(A, P, s, w)


@kernel
def resume(A: Arrays, P: Parameters, s: int, w: int) -> None:
    """Walk on from where the loop was left."""
    worker = A.workers[w]
    worker.does = WALK
    worker.busy = False
    worker.since = A.shards[s].now
    patrols.aim(A, P, s, w)


@kernel
def arrive(A: Arrays, P: Parameters, s: int, w: int) -> None:
    """Begin what there is to do here, if anything."""
    worker, now = A.workers[w], A.shards[s].now
    worker.alarm = float("inf")
    worker.odometer = patrols.walked(A, P, w, now)
    worker.since = now
    if A.grids[worker.grid].jobs > 0 and patrols.free_from(A, P, w, now) == now:
        job(A, P, s, w, patrols.next_job(A, s, worker.grid))
        return
    root = worker.root
    if root >= 0 and A.nodes[root].k0 <= worker.odometer:
        slot, kind, live = A.nodes[root].slot, A.nodes[root].k1, patrols.live(A, root)
        worker.root = queues.pop_root(A, s, root)
        if live and kind == CHECK:
            A.tickets[slot].checking = False
            stop(A, s, w, LOOK, CHECK, slot, now + P.check_s)
            return
        if live:
            find(A, P, s, w, slot)
            return
    resume(A, P, s, w)


@kernel
def stop(A: Arrays, s: int, w: int, does: int, kind: int, slot: int, end: float) -> None:
    """Stand still until something is done."""
    worker = A.workers[w]
    worker.busy = True
    worker.does = does
    worker.slot = slot
    worker.ticket = A.tickets[slot].id
    worker.begun = A.shards[s].now
    worker.ends = end
    add_stop(A, s, w, kind, A.tickets[slot].id, end, 0.0)
    patrols.ring(A, s, w, end)


@kernel
def find(A: Arrays, P: Parameters, s: int, w: int, slot: int) -> None:
    """Record a matter, and deal with it if it is simple."""
    t, now = A.tickets[slot], A.shards[s].now
    t.discovered = now
    t.worker = w
    move(A, P, slot, RECORDING)
    recorded = now + P.record_s
    if t.simple:
        stop(A, s, w, FIND, SPOT, slot, recorded + t.spot_s)
    else:
        stop(A, s, w, FIND, RECORD, slot, recorded)


@kernel
def found(A: Arrays, P: Parameters, s: int, w: int) -> None:
    """Hand a recorded matter over, or close one that was dealt with on the spot."""
    slot, now = A.workers[w].slot, A.shards[s].now
    t = A.tickets[slot]
    if not t.simple:
        resume(A, P, s, w)
        tickets.from_find(A, P, s, slot, BY_PATROL)
        return
    recorded = t.discovered + P.record_s
    tickets.accept(A, P, slot, BY_PATROL, recorded)
    t.on_spot = True
    t.triaged = t.tracked = t.signed = recorded
    t.dispatched = t.arrived = t.discovered
    t.finished = t.handled = t.checked = now
    tickets.evaluate(A, P, slot, now)
    resume(A, P, s, w)


@kernel
def job(A: Arrays, P: Parameters, s: int, w: int, slot: int) -> None:
    """Leave the loop, deal with a simple ticket, and come back to where the loop was left."""
    worker, t, now = A.workers[w], A.tickets[slot], A.shards[s].now
    worker.way = patrols.walk_to(A, P, worker.grid, worker.odometer, slot)
    t.worker = w
    t.dispatched = now
    move(A, P, slot, TRAVELLING)
    arrive = now + worker.way
    worker.until = arrive + t.spot_s
    worker.busy = True
    worker.does = GO
    worker.slot = slot
    worker.ticket = t.id
    worker.begun = now
    worker.ends = worker.until + worker.way
    add_stop(A, s, w, JOB, t.id, worker.until + worker.way, worker.way)
    patrols.ring(A, s, w, arrive)
