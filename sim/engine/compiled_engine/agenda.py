"""Agendas: the timed events of each shard, by time, then by the written order of ties.

What happens in the present *quantum* of time lies on a heap; what comes later lies, in no order,
in a bucket of its quantum, and is put on the heap when its time has come (a calendar queue;
Brown, *Calendar queues*, CACM 31, 1988). Most of what is far off has been called off by then (the
deadline of a ticket that closed in time, say) and is dropped: so the heap stays small, and near
the processor. It has four children a node: fewer cache misses than two.
"""

from __future__ import annotations

from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import (
    BUCKETS,
    CHUNK,
    DEADLINE,
    ONE,
    PATROL,
    QUANTUM,
    REGISTERED,
    REPORT,
    VANISH,
    Arrays,
    Rules,
)
from sim.model.order import rank


@kernel
def push(A: Arrays, s: int, time: float, kind: int, ident: int, slot: int, aux: int) -> None:
    """Put an event on the agenda of shard s; infinity means never."""
    if time == float("inf"):
        return
    put(A, s, time, rank(kind, ident), slot, aux)


@kernel
def put(A: Arrays, s: int, time: float, order: int, slot: int, aux: int) -> None:
    """Put an event of a rank on the heap of shard s, or into its bucket."""
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
        least = first_child(A, s, gap)
        _copy(events, start + gap, start + least)
        gap = least
    last = events[start + n]
    _rise(events, start, gap, last.time, last.rank, last.slot, last.aux)


@kernel
def first_child(A: Arrays, s: int, parent: int) -> int:
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
        p = events[start + parent]
        if p.time < time or (p.time == time and p.rank <= order):
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
def refill(A: Arrays, R: Rules, s: int) -> bool:
    """Empty the present quantum's bucket; False if there is no room for what was in it."""
    shard = A.shards[s]
    bucket = A.buckets[s, shard.quantum % BUCKETS]
    while bucket.chunk >= 0:
        chunk = bucket.chunk
        while bucket.size > 0:
            if not has_room(A, s):
                return False
            bucket.size -= 1
            e = A.later[chunk * CHUNK + bucket.size]
            if _counts(A, R, s, e.rank, e.slot, e.aux):
                put(A, s, e.time, e.rank, e.slot, e.aux)
        bucket.chunk = A.chunks[chunk].next
        bucket.size = CHUNK  # all but the first of a bucket's chunks are full
        A.chunks[chunk].next = shard.free_chunk
        shard.free_chunk = chunk
        shard.free_chunks += 1
    return True


@kernel
def _counts(A: Arrays, R: Rules, s: int, order: int, slot: int, aux: int) -> bool:
    """Whether an event has not been called off meanwhile."""
    kind, ident = order >> 40, order & ((ONE << 40) - 1)
    if kind == PATROL:
        return A.workers[ident].version == aux
    t = A.tickets[slot]
    if kind == DEADLINE:
        return t.id == ident and t.watched and t.level == aux
    if VANISH <= kind <= REPORT and s < R.districts:
        return t.id == ident and 0 <= t.state <= REGISTERED
    return True


@kernel
def _defer(A: Arrays, s: int, time: float, order: int, slot: int, aux: int) -> None:
    """Put an event into its quantum's bucket, or the last there is; from there it goes on."""
    shard = A.shards[s]
    quantum = min(int(time / QUANTUM), shard.quantum + BUCKETS - 1)
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
    e = events[of]
    _write(events, to, e.time, e.rank, e.slot, e.aux)
