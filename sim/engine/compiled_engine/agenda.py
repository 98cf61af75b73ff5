"""Agendas: the timed events of each shard, by time, then by the written order of ties.

What comes in a later *quantum* of time lies, in no order, in a bucket of its quantum (a calendar
queue; Brown, *Calendar queues*, CACM 31, 1988). When a quantum begins, its bucket is put in order,
in a *run*; only what comes up within the quantum goes on a heap. Most of what is far off has been
called off by then (the deadline of a ticket that closed in time, say) and is dropped.

To put in order is linear in the number of events: each goes to its cell of the quantum, and from
there up to its place. The heap has four children a node: fewer cache misses than two.
"""

from __future__ import annotations

from math import floor

import numpy as np

from sim.engine.compiled_engine import foresight
from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import (
    BUCKETS,
    CELLS,
    CHUNK,
    DEADLINE,
    GONE,
    NEAR,
    ONE,
    PATROL,
    QUANTUM,
    REPORT,
    VANISH,
    Arrays,
    Parameters,
)
from sim.model.flow import may_be_found
from sim.model.order import ident_of, kind_of, rank


@kernel
def push(A: Arrays, s: int, time: float, kind: int, ident: int, slot: int, aux: int) -> None:
    """Put an event on the agenda of shard s; infinity means never."""
    if time == float("inf"):
        return
    put(A, s, time, rank(kind, ident), slot, aux)


@kernel
def put(A: Arrays, s: int, time: float, order: int, slot: int, aux: int) -> None:
    """Put an event of a rank into the bucket of its quantum, or on the heap in the present one."""
    if time >= A.shards[s].turn:
        _defer(A, s, time, order, slot, aux)
        return
    h = A.heaps[s]
    i = h.size
    h.size = i + 1
    _rise(A.events, h.start, i, time, order, slot, aux)


@kernel
def pop(A: Arrays, s: int) -> None:
    """Take the first event off a heap that is not empty.

    The gap goes down to a leaf, and the last event up from there: it was one, and seldom rises.
    """
    h = A.heaps[s]
    events, start = A.events, h.start
    n = h.size - 1
    h.size = n
    gap = 0
    while 4 * gap + 1 < n:
        least = _first_child(A, s, gap)
        _copy(events, start + gap, start + least)
        gap = least
    time, order, slot, aux = unpack(events[start + n])
    _rise(events, start, gap, time, order, slot, aux)


@kernel
def unpack(e):  # type: ignore[no-untyped-def]
    """Return time, rank, slot and what else an event says."""
    return e.time, e.rank, np.int64(e.slot), np.int64(e.aux)


@kernel
def _first_child(A: Arrays, s: int, parent: int) -> int:
    """Return which child of an entry comes first; it has one at least.

    There is no telling which: a choice without a jump is quicker than one that is often guessed
    wrong.
    """
    h = A.heaps[s]
    events, start = A.events, h.start
    least = 4 * parent + 1
    best = events[start + least]
    time, order = best.time, best.rank
    for i in range(least + 1, min(least + 4, h.size)):
        e = events[start + i]
        sooner = (e.time < time) | ((e.time == time) & (e.rank < order))
        least = i if sooner else least
        time = e.time if sooner else time
        order = e.rank if sooner else order
    return least


@kernel
def _rise(  # type: ignore[no-untyped-def]
    events, start: int, gap: int, time: float, order: int, slot: int, aux: int
) -> None:
    """Put an event where there is a gap, or above."""
    while gap > 0:
        parent = (gap - 1) >> 2
        if not _sooner(time, order, events[start + parent]):
            break
        _copy(events, start + gap, start + parent)
        gap = parent
    _write(events, start + gap, time, order, slot, aux)


@kernel
def has_room(A: Arrays, s: int) -> bool:
    """Whether there is room for all that one more event may put on a shard's agenda."""
    need = A.shards[s].need
    return A.heaps[s].room - A.heaps[s].size >= need and A.shards[s].free_chunks >= need


@kernel
def turn_over(A: Arrays, s: int) -> None:
    """Let the next quantum begin."""
    shard = A.shards[s]
    shard.quantum += 1
    shard.turn += QUANTUM


@kernel
def refill(A: Arrays, P: Parameters, s: int) -> bool:
    """Put the present quantum's bucket in order, if it is not yet; False if there is no room."""
    shard, run = A.shards[s], A.runs[s]
    bucket = A.buckets[s, shard.quantum % BUCKETS]
    if bucket.chunk < 0:
        return True
    chunk, many = A.chunks[bucket.chunk].next, bucket.size
    while chunk >= 0:  # all but the first of a bucket's chunks are full
        chunk = A.chunks[chunk].next
        many += CHUNK
    run.first = run.size = 0
    run.need = many
    if many > run.room:
        return False
    cells = ONE
    while cells < min(many, CELLS):
        cells *= 2
    if not _count(A, P, s, bucket, cells):
        return False
    _spread(A, s, bucket, cells)
    _settle(A, s)
    return True


@kernel
def _cell(A: Arrays, s: int, time: float, cells: int) -> int:
    """Return the cell of the present quantum in which an instant lies."""
    return int((time - (A.shards[s].turn - QUANTUM)) * (cells / QUANTUM))


@kernel
def _count(A: Arrays, P: Parameters, s: int, bucket, cells: int) -> bool:  # type: ignore[no-untyped-def]
    """Count the events of each cell; what is called off or not due yet leaves the bucket.

    False if there is no room for what is not due yet.
    """
    shard = A.shards[s]
    for i in range(cells):
        A.cells[s, i] = 0
    chunk, size = bucket.chunk, bucket.size
    while chunk >= 0:
        foresight.of_chunk(A, chunk * CHUNK, chunk * CHUNK + size)
        for i in range(chunk * CHUNK, chunk * CHUNK + size):
            time, order, slot, aux = unpack(A.later[i])
            if order == GONE:
                continue
            if not _counts(A, P, s, order, slot, aux):
                A.later[i].rank = GONE
            elif time < shard.turn:
                A.cells[s, _cell(A, s, time, cells)] += 1
            else:  # it was further off than buckets reach
                if not has_room(A, s):
                    return False
                _defer(A, s, time, order, slot, aux)
                A.later[i].rank = GONE
        chunk, size = A.chunks[chunk].next, CHUNK
    return True


@kernel
def _spread(A: Arrays, s: int, bucket, cells: int) -> None:  # type: ignore[no-untyped-def]
    """Move the events of a bucket, cell by cell, to the run."""
    shard, run = A.shards[s], A.runs[s]
    before = 0
    for i in range(cells):
        before, A.cells[s, i] = before + A.cells[s, i], before
    run.size = before
    while bucket.chunk >= 0:
        chunk = bucket.chunk
        for i in range(chunk * CHUNK, chunk * CHUNK + bucket.size):
            time, order, slot, aux = unpack(A.later[i])
            if order != GONE:
                cell = _cell(A, s, time, cells)
                _write(A.in_order, run.start + A.cells[s, cell], time, order, slot, aux)
                A.cells[s, cell] += 1
        bucket.chunk = A.chunks[chunk].next
        bucket.size = CHUNK
        A.chunks[chunk].next = shard.free_chunk
        shard.free_chunk = chunk
        shard.free_chunks += 1


@kernel
def _settle(A: Arrays, s: int) -> None:
    """Put the events of a run in order, which all are near their places.

    Where many crowd at one instant, those that are far from their places go on the heap.
    """
    run, heap = A.runs[s], A.heaps[s]
    events, start = A.in_order, run.start
    room = heap.room - A.shards[s].need
    size = 0
    for i in range(run.size):
        time, order, slot, aux = unpack(events[start + i])
        gap, least = size, max(size - NEAR, 0) if heap.size < room else 0
        while gap > least and _sooner(time, order, events[start + gap - 1]):
            gap -= 1
        if gap > 0 and _sooner(time, order, events[start + gap - 1]):
            put(A, s, time, order, slot, aux)
            continue
        for k in range(size, gap, -1):
            _copy(events, start + k, start + k - 1)
        _write(events, start + gap, time, order, slot, aux)
        size += 1
    run.size, run.need = size, 0


@kernel
def _sooner(time: float, order: int, e) -> bool:  # type: ignore[no-untyped-def]
    """Whether a time and a rank come before an event."""
    return bool(time < e.time or (time == e.time and order < e.rank))


@kernel
def _counts(A: Arrays, P: Parameters, s: int, order: int, slot: int, aux: int) -> bool:
    """Whether an event has not been called off meanwhile."""
    kind, ident = kind_of(order), ident_of(order)
    if kind == PATROL:
        return A.workers[ident].version == aux
    t = A.tickets[slot]
    if kind == DEADLINE:
        return t.id == ident and t.watched and t.level == aux
    if VANISH <= kind <= REPORT and s < P.districts:
        return t.id == ident and may_be_found(t.state)
    return True


@kernel
def _defer(A: Arrays, s: int, time: float, order: int, slot: int, aux: int) -> None:
    """Put an event into its quantum's bucket, or the last there is; from there it goes on."""
    shard = A.shards[s]
    quantum = min(floor(time / QUANTUM), shard.quantum + BUCKETS - 1)
    bucket = A.buckets[s, quantum % BUCKETS]
    if bucket.chunk < 0 or bucket.size == CHUNK:
        fresh = shard.free_chunk
        shard.free_chunk = A.chunks[fresh].next
        shard.free_chunks -= 1
        A.chunks[fresh].next = bucket.chunk
        bucket.chunk = fresh
        bucket.size = 0
    _write(A.later, bucket.chunk * CHUNK + bucket.size, time, order, slot, aux)
    bucket.size += 1


@kernel
def _write(events, to: int, time: float, order: int, slot: int, aux: int) -> None:  # type: ignore[no-untyped-def]
    e = events[to]
    e.time = time
    e.rank = order
    e.slot = slot
    e.aux = aux


@kernel
def _copy(events, to: int, of: int) -> None:  # type: ignore[no-untyped-def]
    time, order, slot, aux = unpack(events[of])
    _write(events, to, time, order, slot, aux)
