"""Agendas: heaps of timed events, ordered by time, then by the written order of ties.

Each shard has two: what is near, and what is far off and mostly called off before it comes (the
deadlines of tickets that close in time, say). Four children a node: fewer cache misses than two.
"""

from __future__ import annotations

from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import Arrays
from sim.model.order import rank


@kernel
def push(A: Arrays, heap: int, time: float, kind: int, ident: int, slot: int, aux: int) -> None:
    """Put an event on a heap; infinity means never."""
    if time == float("inf"):
        return
    h = A.heaps[heap]
    events, start, order = A.events, h.start, rank(kind, ident)
    i = h.size
    h.size = i + 1
    while i > 0:
        parent = (i - 1) >> 2
        p = events[start + parent]
        if p.time < time or (p.time == time and p.rank <= order):
            break
        _copy(events, start + i, start + parent)
        i = parent
    e = events[start + i]
    e.time = time
    e.rank = order
    e.slot = slot
    e.aux = aux


@kernel
def pop(A: Arrays, heap: int) -> None:
    """Take the first event off a heap that is not empty."""
    h = A.heaps[heap]
    events, start = A.events, h.start
    n = h.size - 1
    h.size = n
    last = events[start + n]
    time, order = last.time, last.rank
    i = 0
    while True:
        child = 4 * i + 1
        if child >= n:
            break
        least = child
        c = events[start + child]
        t, r = c.time, c.rank
        for j in range(child + 1, min(child + 4, n)):
            c = events[start + j]
            if c.time < t or (c.time == t and c.rank < r):
                least, t, r = j, c.time, c.rank
        if time < t or (time == t and order <= r):
            break
        _copy(events, start + i, start + least)
        i = least
    if i != n:
        _copy(events, start + i, start + n)


@kernel
def _copy(events, to, of):  # type: ignore[no-untyped-def]
    a, b = events[to], events[of]
    a.time = b.time
    a.rank = b.rank
    a.slot = b.slot
    a.aux = b.aux
