"""Gridworkers' ways: what lies ahead of them, and when they reach it."""

from __future__ import annotations

from sim.clock import WEEK, modulo, tick
from sim.engine.compiled_engine import agenda, calendars, queues
from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import (
    CHECK,
    FIRST,
    ONE,
    PATROL,
    RECORD,
    WAITING,
    Arrays,
    Parameters,
)
from sim.engine.compiled_engine.ledger import urgency
from sim.model import walking
from sim.model.flow import may_be_found
from sim.model.walking import route_pass, route_place

_NEVER = float("inf")
_next_pass, _walk_to = walking.next_pass, walking.walk_to


@kernel
def place(A: Arrays, grid: int, slot: int) -> float:
    """Return where on the loop a ticket lies, s of walking."""
    loop = A.grids[grid].loop
    return modulo(tick(A.tickets[slot].loop * loop), loop)


@kernel
def next_pass(
    A: Arrays, P: Parameters, grid: int, odometer: float, slot: int, passes: int
) -> float:
    """Return the odometer at which a gridworker passes a ticket for the n-th time."""
    g, at = A.grids[grid], place(A, grid, slot)
    if not P.routes:  # on the loop it is the same, and quicker
        return _next_pass(odometer, at, g.loop, passes)
    return route_pass(
        odometer, at, passes, g.loop, g.cycle, g.first_leg, g.last_leg,
        A.legs[0], A.legs[1], A.legs[2], A.legs[3],
    )  # fmt: skip


@kernel
def walk_to(A: Arrays, P: Parameters, grid: int, odometer: float, slot: int) -> float:
    """Return the walk from where a gridworker is to a ticket, s."""
    g, at = A.grids[grid], place(A, grid, slot)
    if not P.routes:
        return _walk_to(odometer, at, g.loop)
    start, rest = route_place(
        odometer, g.loop, g.cycle, g.first_leg, g.last_leg,
        A.legs[0], A.legs[1], A.legs[2], A.legs[3],
    )  # fmt: skip
    return rest + _walk_to(start, at, g.loop)


@kernel
def walked(A: Arrays, P: Parameters, w: int, now: float) -> float:
    """Return what a gridworker's odometer shows now, s of walking."""
    worker = A.workers[w]
    if worker.busy:
        return worker.odometer
    rounds = calendars.of_rounds(P, worker.shift)
    return worker.odometer + calendars.between(A, rounds, worker.since, now)


@kernel
def live(A: Arrays, node: int) -> bool:
    """Whether a stop ahead is still worth it."""
    n = A.nodes[node]
    t = A.tickets[n.slot]
    if t.id != n.id or not t.used:
        return False
    if n.k1 == CHECK:
        return t.checking
    return may_be_found(t.state)


@kernel
def expect(A: Arrays, P: Parameters, s: int, w: int, kind: int, slot: int, passes: int) -> None:
    """Put a stop on a gridworker's way ahead."""
    worker, t, now = A.workers[w], A.tickets[slot], A.shards[s].now
    at = next_pass(A, P, worker.grid, walked(A, P, w, now), slot, passes)
    node = queues.new(A, s, at, float(kind), t.id, slot, FIRST)
    worker.root = queues.merge(A.nodes, worker.root, node)
    if A.nodes[worker.root].id == t.id:
        aim(A, P, s, w)


@kernel
def free_from(A: Arrays, P: Parameters, w: int, time: float) -> float:
    """Return when a gridworker may next go to a job, s; inf if at no time of two weeks.

    That is on duty, and between rounds where the policy has those come first.
    """
    shift, last = A.workers[w].shift, time + 2 * WEEK
    while time < last:
        if calendars.rate(A, shift, time) == 0:
            time = calendars.next_start(A, shift, time)
        elif P.jobs_first or calendars.rate(A, calendars.of_rounds(P, shift), time) == 0:
            return time
        else:
            time = calendars.next_change(A, calendars.of_rounds(P, shift), time)
    return _NEVER


@kernel
def aim(A: Arrays, P: Parameters, s: int, w: int) -> None:
    """Set the alarm for the next stop or job."""
    worker = A.workers[w]
    if worker.busy or worker.withdrawn:
        return
    while worker.root >= 0 and not live(A, worker.root):
        worker.root = queues.pop_root(A, s, worker.root)
    when, now = _NEVER, A.shards[s].now
    if worker.root >= 0:
        left = A.nodes[worker.root].k0 - walked(A, P, w, now)
        rounds = calendars.of_rounds(P, worker.shift)
        when = calendars.advance(A, rounds, now, left)
        if left == 0.0 and calendars.rate(A, rounds, now) == 0.0:  # stands there, does not walk
            when = calendars.next_start(A, rounds, now)
    if A.grids[worker.grid].jobs > 0:
        when = min(when, free_from(A, P, w, now))
    if when != worker.alarm:
        worker.alarm = when
        ring(A, s, w, when)


@kernel
def ring(A: Arrays, s: int, w: int, time: float) -> None:
    """Let a gridworker's next event be at a time, s, and none before."""
    worker = A.workers[w]
    worker.version += 1
    agenda.push(A, s, time, PATROL, w, FIRST, worker.version)


@kernel
def expect_all(
    A: Arrays, P: Parameters, s: int, grid: int, kind: int, slot: int, passes: int
) -> None:
    """Put a stop on the way of all gridworkers of a grid."""
    g = A.grids[grid]
    for i in range(g.first_worker, g.last_worker):
        expect(A, P, s, A.grid_workers[i], kind, slot, passes)


@kernel
def notice(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Let a matter lie there until a pass notices it."""
    t = A.tickets[slot]
    if t.passes > 0:
        expect_all(A, P, s, t.grid, RECORD, slot, t.passes)


@kernel
def look_at(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Ask for a check of a finished ticket on the next pass."""
    t = A.tickets[slot]
    t.checking = True
    expect_all(A, P, s, t.grid, CHECK, slot, ONE)


@kernel
def send_for(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Ask for somebody of the grid to go to a simple ticket."""
    grid = A.tickets[slot].grid
    g = A.grids[grid]
    g.jobs += 1
    queue_job(A, s, slot)
    for i in range(g.first_worker, g.last_worker):
        aim(A, P, s, A.grid_workers[i])


@kernel
def queue_job(A: Arrays, s: int, slot: int) -> None:
    """Put a job where its urgency says."""
    t = A.tickets[slot]
    g = A.grids[t.grid]
    t.k0 = float(urgency(A, slot))
    t.k1 = t.ready
    node = queues.new(A, s, t.k0, t.k1, t.id, slot, FIRST)
    g.root = queues.merge(A.nodes, g.root, node)


@kernel
def rerank_job(A: Arrays, s: int, slot: int) -> None:
    """Take note that a waiting job became more urgent."""
    if float(urgency(A, slot)) != A.tickets[slot].k0:
        queue_job(A, s, slot)


@kernel
def next_job(A: Arrays, s: int, grid: int) -> int:
    """Take the next job of a grid that has one."""
    g = A.grids[grid]
    g.jobs -= 1
    while True:
        n = A.nodes[g.root]
        slot, ident, k0, k1 = n.slot, n.id, n.k0, n.k1
        g.root = queues.pop_root(A, s, g.root)
        t = A.tickets[slot]
        if t.id == ident and t.state == WAITING and t.unit < 0 and t.k0 == k0 and t.k1 == k1:
            return slot
