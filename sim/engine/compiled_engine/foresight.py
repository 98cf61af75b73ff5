"""Foresight: what the next events will read is fetched while this one happens.

The state of a city is many times larger than a processor's caches: an event that finds nothing
near waits for memory longer than it computes. The order of what comes is known a little ahead.
Nothing here changes a result.
"""

from __future__ import annotations

import numpy as np

from sim.columns import Line
from sim.engine.compiled_engine.jit import kernel, prefetch
from sim.engine.compiled_engine.layout import (
    CALL,
    CREW,
    DEADLINE,
    DELIVER,
    LINE,
    NONE,
    PATROL,
    REPORT,
    SERVICE,
    SETTLE,
    SIGN,
    WALK,
    Arrays,
)
from sim.model.order import ident_of, kind_of

STATE, QUEUE, RACE, FOUND, CENTRE, SIGNED, VISITED, CLOSING, CALLED, SELDOM = map(np.int64, Line)
_AHEAD = 5  # arrivals, calls
_STEP = 2  # events of a run from one step to the next


@kernel
def of_run(A: Arrays, s: int) -> None:
    """Fetch what the next events of a run will read, each step when the one before it is there."""
    run = A.runs[s]
    at, end = run.start + run.first, run.start + run.size
    if at + 4 * _STEP < end:
        _first_step(A, at + 4 * _STEP)
    if at + 3 * _STEP < end:
        _second_step(A, at + 3 * _STEP)
    if at + 2 * _STEP < end:
        _third_step(A, at + 2 * _STEP)
    if at + _STEP < end:
        _fourth_step(A, at + _STEP)


@kernel
def _first_step(A: Arrays, at: int) -> None:
    """Fetch whom or what an event is about."""
    e = A.in_order[at]
    kind, ident, slot = kind_of(e.rank), ident_of(e.rank), np.int64(e.slot)
    if kind == PATROL:
        _fetch_worker(A, ident)
        return
    if kind == CREW:
        prefetch(A.crews, ident, 0)
        prefetch(A.crews, ident, LINE)
        _fetch(A, slot, STATE, QUEUE)
        _fetch(A, slot, SIGNED, CLOSING)
    elif kind == SERVICE:
        _fetch(A, slot, STATE, RACE)
        _fetch(A, slot, FOUND, CLOSING)
    elif kind == SIGN:
        _fetch(A, slot, STATE, RACE)
        _fetch(A, slot, CENTRE, CLOSING)
    elif kind == SETTLE:
        _fetch(A, slot, STATE, QUEUE)
        _fetch(A, slot, FOUND, SIGNED)
        _fetch(A, slot, VISITED, CLOSING)
    elif kind == DELIVER:
        _fetch(A, slot, STATE, VISITED)
        _fetch(A, slot, CALLED, SELDOM)
    elif kind == REPORT or kind == CALL:
        _fetch(A, slot, STATE, CENTRE)
        _fetch(A, slot, CLOSING, SELDOM)
    else:
        _fetch(A, slot, STATE, CENTRE)


@kernel
def _second_step(A: Arrays, at: int) -> None:
    """Fetch what is found by whom or what an event is about."""
    e = A.in_order[at]
    if kind_of(e.rank) == PATROL:
        w = A.workers[ident_of(e.rank)]
        prefetch(A.grids, w.grid, 0)
        if w.does != WALK:
            _fetch(A, w.slot, STATE, VISITED)
        elif w.root >= 0:
            prefetch(A.nodes, w.root, 0)
        return
    unit = _unit_of(A, e)
    if unit >= 0:
        prefetch(A.units, unit, 0)
        prefetch(A.units, unit, LINE)


@kernel
def _third_step(A: Arrays, at: int) -> None:
    """Fetch what is first in a queue."""
    e = A.in_order[at]
    if kind_of(e.rank) == PATROL:
        w = A.workers[ident_of(e.rank)]
        if w.does == WALK and w.root >= 0:
            prefetch(A.tickets, A.nodes[w.root].slot, 0)
            _fetch_children(A, w.root)
        return
    unit = _unit_of(A, e)
    if unit >= 0 and A.units[unit].root >= 0:
        prefetch(A.nodes, A.units[unit].root, 0)


@kernel
def _fourth_step(A: Arrays, at: int) -> None:
    """Fetch what is first in a queue, and what comes after it."""
    e = A.in_order[at]
    if kind_of(e.rank) == CREW:
        root = A.units[_unit_of(A, e)].root
        if root >= 0:
            slot = A.nodes[root].slot
            _fetch(A, slot, STATE, RACE)
            _fetch(A, slot, SIGNED, CLOSING)
            _fetch_children(A, root)


@kernel
def _unit_of(A: Arrays, e) -> int:  # type: ignore[no-untyped-def]
    """Return the unit whose queue an event is about; below 0: none."""
    if kind_of(e.rank) == CREW:
        return A.crews[ident_of(e.rank)].unit
    if kind_of(e.rank) == SIGN:
        t = A.tickets[np.int64(e.slot)]
        return A.unit_of[A.categories[t.category].department, t.town]
    return NONE


@kernel
def _fetch_children(A: Arrays, node: int) -> None:
    n = A.nodes[node]
    if n.left >= 0:
        prefetch(A.nodes, n.left, 0)
    if n.right >= 0:
        prefetch(A.nodes, n.right, 0)


@kernel
def of_chunk(A: Arrays, first: int, last: int) -> None:
    """Fetch what shows whether a chunk's events count."""
    for i in range(first, last):
        e = A.later[i]
        kind = kind_of(e.rank)
        if kind == PATROL:
            prefetch(A.workers, ident_of(e.rank), 0)
        elif kind == DEADLINE or kind <= REPORT:
            prefetch(A.tickets, np.int64(e.slot), 0)


@kernel
def of_arrivals(A: Arrays, s: int) -> None:
    """Fetch what the next arrivals will read, each step when the one before it is there."""
    shard = A.shards[s]
    at = shard.arrival
    if at + _AHEAD >= shard.arrivals_end:
        return
    _fetch(A, A.arrivals[at + _AHEAD], STATE, CENTRE)
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
        slot = A.calls[start + size - 1 - _AHEAD].slot
        _fetch(A, slot, STATE, FOUND)
        _fetch(A, slot, CLOSING, SELDOM)


@kernel
def _fetch(A: Arrays, slot: int, first: int, last: int) -> None:
    """Fetch some lines of a ticket, from one until before another: `sim.columns.Line`."""
    for line in range(first, last):
        prefetch(A.tickets, slot, line * LINE)


@kernel
def _fetch_worker(A: Arrays, ident: int) -> None:
    prefetch(A.workers, ident, 0)
    prefetch(A.workers, ident, LINE)
