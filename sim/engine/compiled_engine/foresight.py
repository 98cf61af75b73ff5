"""Foresight: what the next events will read is fetched while this one happens.

The state of a city is many times larger than a processor's caches: an event that finds nothing
near waits for memory longer than it computes. The order of what comes is known a little ahead.
Nothing here changes a result.
"""

from __future__ import annotations

import numpy as np

from sim.engine.compiled_engine.jit import kernel, prefetch
from sim.engine.compiled_engine.layout import (
    CREW,
    DEADLINE,
    LINE,
    ONE,
    PATROL,
    REPORT,
    WALK,
    Arrays,
)

_TICKET_LINES = 6  # of a ticket's ten, what most events read
_ARISING_LINES = 4  # what its arising reads
_AHEAD = 5  # arrivals, calls
_FAR, _MIDDLE, _NEAR = 6, 4, 2  # events of a run


@kernel
def of_run(A: Arrays, s: int) -> None:
    """Fetch what the next events of a run will read, each step when the one before it is there."""
    run = A.runs[s]
    at, end = run.start + run.first, run.start + run.size
    if at + _FAR < end:
        _first_step(A, at + _FAR)
    if at + _MIDDLE < end:
        _second_step(A, at + _MIDDLE)
    if at + _NEAR < end:
        _third_step(A, at + _NEAR)


@kernel
def _first_step(A: Arrays, at: int) -> None:
    """Fetch whom or what an event is about."""
    e = A.in_order[at]
    kind, ident = e.rank >> 40, e.rank & ((ONE << 40) - 1)
    if kind == PATROL:
        _fetch_worker(A, ident)
        return
    _fetch_ticket(A, np.int64(e.slot), _TICKET_LINES)
    if kind == CREW:
        prefetch(A.crews, ident, 0)
        prefetch(A.crews, ident, LINE)


@kernel
def _second_step(A: Arrays, at: int) -> None:
    """Fetch what is found by whom or what an event is about."""
    e = A.in_order[at]
    kind, ident = e.rank >> 40, e.rank & ((ONE << 40) - 1)
    if kind == PATROL:
        w = A.workers[ident]
        prefetch(A.grids, w.grid, 0)
        if w.does != WALK:
            _fetch_ticket(A, w.slot, _TICKET_LINES)
        elif w.root >= 0:
            prefetch(A.nodes, w.root, 0)
    elif kind == CREW:
        unit = A.crews[ident].unit
        prefetch(A.units, unit, 0)
        prefetch(A.units, unit, LINE)


@kernel
def _third_step(A: Arrays, at: int) -> None:
    """Fetch what is first in a queue."""
    e = A.in_order[at]
    kind, ident = e.rank >> 40, e.rank & ((ONE << 40) - 1)
    if kind == PATROL:
        w = A.workers[ident]
        if w.does == WALK and w.root >= 0:
            n = A.nodes[w.root]
            _fetch_ticket(A, n.slot, ONE)
            if n.left >= 0:
                prefetch(A.nodes, n.left, 0)
    elif kind == CREW:
        root = A.units[A.crews[ident].unit].root
        if root >= 0:
            prefetch(A.nodes, root, 0)


@kernel
def of_chunk(A: Arrays, first: int, last: int) -> None:
    """Fetch what tells whether a chunk's events count."""
    for i in range(first, last):
        e = A.later[i]
        kind = e.rank >> 40
        if kind == PATROL:
            prefetch(A.workers, e.rank & ((ONE << 40) - 1), 0)
        elif kind == DEADLINE or kind <= REPORT:
            prefetch(A.tickets, np.int64(e.slot), 0)


@kernel
def of_arrivals(A: Arrays, s: int) -> None:
    """Fetch what the next arrivals will read, each step when the one before it is there."""
    shard = A.shards[s]
    at = shard.arrival
    if at + _AHEAD >= shard.arrivals_end:
        return
    _fetch_ticket(A, A.arrivals[at + _AHEAD], _ARISING_LINES)
    grid = A.tickets[A.arrivals[at + _AHEAD - 1]].grid
    prefetch(A.grids, grid, 0)
    prefetch(A.part_time, grid, 0)
    g = A.grids[A.tickets[A.arrivals[at + _AHEAD - 2]].grid]
    if g.last_worker > g.first_worker:
        _fetch_worker(A, A.grid_workers[g.first_worker])
    g = A.grids[A.tickets[A.arrivals[at + _AHEAD - 3]].grid]
    if g.last_worker > g.first_worker:
        root = A.workers[A.grid_workers[g.first_worker]].root
        if root >= 0:
            prefetch(A.nodes, root, 0)


@kernel
def of_calls(A: Arrays, start: int, size: int) -> None:
    """Fetch a ticket whose call's end is passed on a little later."""
    if size > _AHEAD:
        _fetch_ticket(A, A.calls[start + size - 1 - _AHEAD].slot, _TICKET_LINES)


@kernel
def _fetch_ticket(A: Arrays, slot: int, lines: int) -> None:
    for line in range(lines):
        prefetch(A.tickets, slot, line * LINE)


@kernel
def _fetch_worker(A: Arrays, ident: int) -> None:
    prefetch(A.workers, ident, 0)
    prefetch(A.workers, ident, LINE)
