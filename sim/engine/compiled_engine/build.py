"""Lay a city, its parameters and its staff out as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.city.travel import Travel
from sim.clock import to_ticks
from sim.engine.compiled_engine import layout
from sim.engine.compiled_engine.layout import Arrays
from sim.engine.ledger import MOVES
from sim.model.parameters import Parameters, Window
from sim.model.plan import Plan
from sim.model.race import Clock
from sim.policy import (
    CostBenefit,
    DispatchFirst,
    Edd,
    Fifo,
    Hindsight,
    Nearest,
    PatrolFirst,
    Policy,
    Priority,
)

_POLICIES = {
    Fifo: layout.FIFO,
    Priority: layout.PRIORITY,
    PatrolFirst: layout.PRIORITY,
    DispatchFirst: layout.PRIORITY,
    Edd: layout.EDD,
    Nearest: layout.NEAREST,
    CostBenefit: layout.COST_BENEFIT,
    Hindsight: layout.HINDSIGHT,
}

_EVENTS, _CHUNKS, _NODES, _LOG = 4096, 1024, 16384, 16384  # to begin with, a shard


def single_figures(
    parameters: Parameters, policy: Policy, check: bool, callback: int
) -> NDArray[Any]:
    """Collect the scenario's single figures and the run's own, a record.

    Parameters
    ----------
    callback : int
        Address of the function that calls a policy in Python.
    """
    own = {
        "policy": _POLICIES.get(type(policy), layout.PYTHON),
        "callback": callback,
        "check": check,
        "jobs_first": policy.jobs_first,
        "epoch_s": policy.epoch_s,
    }
    return _records(layout.PARAMETERS, [parameters], own)


def _records(kind: np.dtype[Any], items: Sequence[Any], more: Mapping[str, Any]) -> NDArray[Any]:
    """Fill records from what has attributes of their fields' names."""
    out = np.zeros(len(items), kind)
    for name in kind.names or ():
        out[name] = more[name] if name in more else [getattr(item, name) for item in items]
    return out


def build(
    parameters: Parameters, city: City, plan: Plan, figures: NDArray[Any], begins: float
) -> Arrays:
    """Put everybody in their place, with no matters yet.

    Parameters
    ----------
    begins : float
        The first instant of the run, s.
    figures : record [1]
        Of `single_figures`.
    """
    districts, shifts = parameters.districts, parameters.shifts
    shards = districts + 1
    calendars = _calendars(parameters)
    desk_shard = np.concatenate(([districts], city.town_district, np.arange(districts)))
    shard_desks, desk_bounds = grouped(desk_shard, shards)
    shard_units, unit_bounds = grouped(plan.unit_district, shards)
    on_duty = np.array([c.rate(begins) > 0 for c in parameters.duty])
    travel, walks = parameters.travel, parameters.walks
    people = people_of(parameters, city, plan, begins)

    shard = np.zeros(shards, layout.SHARD)
    shard["next_shift"] = min(c.next_change(begins) for c in parameters.duty)
    shard["next_arise"] = np.inf
    shard["free"] = shard["free_chunk"] = -1
    shard["now"] = begins
    shard["quantum"] = floor(begins / layout.QUANTUM)
    shard["turn"] = (shard["quantum"] + 1) * layout.QUANTUM
    shard["first_desk"], shard["last_desk"] = desk_bounds[:-1], desk_bounds[1:]
    shard["first_unit"], shard["last_unit"] = unit_bounds[:-1], unit_bounds[1:]
    shard["first_node"], shard["last_node"], roads = _roads(travel, shards)

    posts = np.concatenate((plan.hotline_posts[None], plan.town_posts, plan.district_posts))
    desks = np.zeros(len(desk_shard), layout.DESK)
    desks["root"] = -1
    desks["shard"] = desk_shard
    desks["on_duty"] = posts @ on_duty

    grids = np.zeros(len(city.grid_xy), layout.GRID)
    grids["loop"], grids["cycle"] = walks.loop, walks.cycle
    grids["first_leg"], grids["last_leg"] = walks.first[:-1], walks.first[1:]
    grids["node"] = parameters.grid_node
    grids["root"] = -1

    partners = _padded([c.partners for c in parameters.categories])
    moves = np.zeros((layout.STATES, layout.STATES), dtype=np.bool_)
    for old, following in MOVES.items():
        moves[old, list(following)] = True
    heaps = np.zeros(shards, layout.HEAP)
    logs = np.zeros(4 * shards, layout.HEAP)
    arrays = Arrays(
        parameters=figures,
        tickets=np.zeros(0, layout.TICKET),
        shards=shard,
        arrivals=np.zeros(0, dtype=np.int64),
        events=np.zeros(0, layout.EVENT),
        heaps=heaps,
        in_order=np.zeros(0, layout.EVENT),
        runs=np.zeros(shards, layout.RUN),
        cells=np.zeros((shards, layout.CELLS), dtype=np.int64),
        later=np.zeros(0, layout.EVENT),
        chunks=np.zeros(0, layout.CHUNK_TYPE),
        buckets=np.full((shards, layout.BUCKETS), np.array((-1, 0), layout.BUCKET)),
        nodes=np.zeros(0, layout.NODE),
        desks=desks,
        posts=np.ascontiguousarray(posts),
        shard_desks=shard_desks,
        units=np.zeros(0, layout.UNIT),
        shard_units=shard_units,
        unit_crews=np.zeros(0, dtype=np.int64),
        leads=np.zeros(0, layout.LEAD),
        crews=np.zeros(0, layout.CREW_TYPE),
        workers=np.zeros(0, layout.WORKER),
        grids=grids,
        grid_workers=np.zeros(0, dtype=np.int64),
        part_time=plan.part_time.astype(np.int64),
        calendars=calendars[0],
        edges=calendars[1],
        rates=calendars[2],
        below=calendars[3],
        upto=parameters.working_days.upto,
        nth=parameters.working_days.nth,
        categories=_records(layout.CATEGORY, parameters.categories, {}),
        partners=partners,
        departments=_records(layout.DEPARTMENT, parameters.departments, {}),
        unit_of=plan.unit_of.astype(np.int64),
        speed=np.array(parameters.speed_m_s),
        slow=_windows(parameters.slow),
        pace=np.array(parameters.pace),
        seconds=roads["seconds"],
        hop=roads["hop"],
        node_xy=roads["node_xy"],
        legs=np.stack((walks.at, walks.start, walks.length, walks.ahead.astype(np.float64))),
        on_duty=np.tile(on_duty, (shards, 1)),
        began=np.full((shards, shifts), begins),
        counts=np.zeros((shards, 2 * layout.STATES), dtype=np.int64),
        moves=moves,
        visits=np.zeros(0, layout.VISIT),
        stops=np.zeros(0, layout.STOP),
        services=np.zeros(0, layout.SERVED),
        calls=np.zeros(0, layout.CALL_MADE),
        logs=logs,
        scratch=np.zeros((shards, 0), dtype=np.int64),  # `_with_leads`
        team=np.zeros(3 + partners.shape[1], dtype=np.int64),
        lanes=np.zeros(16, dtype=np.int64),
        largest_first=_largest_first(city),
    )
    bounds = people.pop("worker_bounds")
    grids["first_worker"], grids["last_worker"] = bounds[:-1], bounds[1:]
    arrays = arrays._replace(**people)
    arrays.units["ready"] = ready_crews(arrays)
    return layout.on_lines(with_room(_with_leads(arrays)))


def _largest_first(city: City) -> NDArray[np.int64]:
    """Return the shards in the order in which lanes take them, so that none is left with much."""
    districts = np.argsort(-np.bincount(city.grid_district, city.grid_population))
    return np.concatenate(([len(districts)], districts))


def ready_crews(arrays: Arrays) -> NDArray[np.int64]:
    """Count the free crews on duty of each unit, int64 [units]."""
    units, crews = arrays.units, arrays.crews
    on_duty = arrays.on_duty[units["district"][crews["unit"]], crews["shift"]]
    ready = crews["free"] & on_duty & (crews["shift"] >= 0)
    return np.bincount(crews["unit"][ready], minlength=len(units))


def with_room(arrays: Arrays, more: NDArray[np.int64] | int = 0) -> Arrays:
    """Enlarge what is full, or nearly so.

    Parameters
    ----------
    more : int64 [shards]
        Entries that are about to be written, beyond those of one event.

    Returns
    -------
    Arrays
        With every segment in a new place where anything grew.
    """
    changed: dict[str, Any] = {"shards": arrays.shards}
    need = _needs(arrays)
    arrays.shards["need"] = need
    need = need + more
    per_log = len(arrays.logs) // len(arrays.shards)
    for segments, entries, wanted in (
        ("heaps", "events", need),
        ("runs", "in_order", arrays.runs["need"]),
    ):
        grown = _grow(getattr(arrays, segments), getattr(arrays, entries), wanted, _EVENTS)
        if grown is not None:
            changed[segments], changed[entries] = grown
    names = ("visits", "stops", "services", "calls")
    logs = arrays.logs.copy()
    for k, name in enumerate(names):
        grown = _grow(logs[k::per_log], getattr(arrays, name), need, _LOG)
        if grown is not None:
            logs[k::per_log], changed[name] = grown
    changed["logs"] = logs
    arrays = arrays._replace(**changed)
    return _with_chunks(_with_nodes(arrays, need), need)


def _needs(arrays: Arrays) -> NDArray[np.int64]:
    """Return how many entries one event of each shard may write."""
    need = np.full(len(arrays.shards), layout.MARGIN, dtype=np.int64)
    np.add.at(need, arrays.units["district"][arrays.crews["unit"]], 1)
    np.add.at(need, arrays.desks["shard"], arrays.posts.sum(axis=1))
    return need


def _grow(
    segments: NDArray[Any], entries: NDArray[Any], need: NDArray[np.int64], least: int
) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Double the segments that have no room for what they need; None if all have."""
    tight = segments["room"] - segments["size"] < need
    if not tight.any():
        return None
    new = segments.copy()
    new["room"][tight] = np.maximum(2 * segments["size"] + 2 * need, least)[tight]
    new["start"] = np.cumsum(new["room"]) - new["room"]
    out = np.zeros(int(new["room"].sum()), entries.dtype)
    for old, now in zip(segments, new, strict=True):
        size = old["size"]
        out[now["start"] :][:size] = entries[old["start"] :][:size]
    return new, out


def _with_nodes(arrays: Arrays, need: NDArray[np.int64]) -> Arrays:
    """Give the shards more nodes where they have too few; nodes keep their numbers."""
    columns = (arrays.shards["free"], arrays.shards["free_nodes"])
    nodes = _lengthen(arrays.nodes, "left", columns, need, _NODES)
    return arrays._replace(nodes=nodes)


def _with_chunks(arrays: Arrays, need: NDArray[np.int64]) -> Arrays:
    """Give the shards more chunks where they have too few; chunks keep their numbers."""
    columns = (arrays.shards["free_chunk"], arrays.shards["free_chunks"])
    chunks = _lengthen(arrays.chunks, "next", columns, need, _CHUNKS)
    if chunks is arrays.chunks:
        return arrays
    later = layout.longer(arrays.later, len(chunks) * layout.CHUNK - len(arrays.later))
    return arrays._replace(chunks=chunks, later=later)


def _lengthen(
    pool: NDArray[Any],
    link: str,
    free: tuple[NDArray[np.int64], NDArray[np.int64]],
    need: NDArray[np.int64],
    least: int,
) -> NDArray[Any]:
    """Return a pool with more entries for the shards that have too few free ones.

    Parameters
    ----------
    link : str
        The field by which free entries are linked.
    free : int64 [shards], int64 [shards]
        The first free entry of each, and how many there are; brought up to date.
    """
    first, many = free
    short = np.flatnonzero(many < need)
    if not len(short):
        return pool
    more = np.maximum(least, 2 * need[short])
    if len(pool):
        more = np.maximum(more, len(pool) // len(need))
    out = layout.longer(pool, int(more.sum()))
    start = len(pool)
    for s, n in zip(short.tolist(), more.tolist(), strict=True):
        chain = np.arange(start + 1, start + n + 1)
        chain[-1] = first[s]
        out[link][start : start + n] = chain
        first[s] = start
        many[s] += n
        start += n
    return out


def people_of(parameters: Parameters, city: City, plan: Plan, begins: float) -> dict[str, Any]:
    """Lay units, crews and gridworkers out, each in their place since the run begins."""
    units = np.zeros(len(plan.unit_department), layout.UNIT)
    units["department"], units["district"] = plan.unit_department, plan.unit_district
    units["root"] = units["head"] = units["tail"] = -1
    unit_crews, bounds = grouped(plan.crew_unit, len(units))
    units["first_crew"], units["last_crew"] = bounds[:-1], bounds[1:]
    units["idle"] = np.diff(bounds)

    crews = layout.zeros(len(plan.crew_unit), layout.CREW_TYPE)
    crews["base_x"], crews["base_y"] = plan.crew_xy.T
    crews["from_x"], crews["from_y"] = plan.crew_xy.T
    crews["unit"], crews["shift"] = plan.crew_unit, plan.crew_shift
    for district, net in enumerate(parameters.travel.ways or ()):
        here = units["district"][plan.crew_unit] == district
        crews["base_node"][here] = net.nearest(plan.crew_xy[here])
    crews["from_node"] = crews["base_node"]
    crews["slot"] = crews["mate"] = -1
    crews["left"] = crews["arrives"] = begins
    crews["free"] = True

    workers = layout.zeros(len(plan.worker_grid), layout.WORKER)
    workers["odometer"] = to_ticks(plan.worker_offset * parameters.walks.cycle[plan.worker_grid])
    workers["alarm"] = np.inf
    workers["since"] = begins
    workers["grid"], workers["shift"] = plan.worker_grid, plan.worker_shift
    workers["root"] = workers["slot"] = -1
    grid_workers, worker_bounds = grouped(plan.worker_grid, len(city.grid_xy))
    return {
        "units": units,
        "unit_crews": unit_crews,
        "crews": crews,
        "workers": workers,
        "grid_workers": grid_workers,
        "worker_bounds": worker_bounds,
    }


def _roads(
    travel: Travel, shards: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[str, NDArray[Any]]]:
    """Lay the districts' ways out below each other; return the bounds of their rows, and them.

    Rows are as long as the longest needs; the rest of the others is never looked at.
    """
    found = travel.ways or ()
    sizes = [len(net.node_xy) for net in found] + [0] * (shards - len(found))
    most, end = max(sizes), np.cumsum(sizes)
    seconds = np.zeros((sum(sizes), most), dtype=np.float32)
    hop = np.zeros((sum(sizes), most), dtype=np.int16)
    for first, size, net in zip((end - sizes).tolist(), sizes, found, strict=False):
        seconds[first : first + size, :size] = net.seconds
        hop[first : first + size, :size] = net.hop
    places = [net.node_xy for net in found] or [np.zeros((0, 2))]
    return end - sizes, end, {"seconds": seconds, "hop": hop, "node_xy": np.concatenate(places)}


def grouped(of: NDArray[Any], groups: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List things by group, each group's in order, with the bounds of the groups."""
    order = np.argsort(of, kind="stable").astype(np.int64)
    bounds = np.concatenate(([0], np.cumsum(np.bincount(of, minlength=groups))))
    return order, bounds.astype(np.int64)


def _calendars(parameters: Parameters) -> tuple[NDArray[Any], ...]:
    """Lay all calendars out one after another, as `calendars` numbers them."""
    clocks = [parameters.clocks[clock] for clock in Clock if clock in parameters.clocks]
    found = [*parameters.duty, *parameters.rounds, *parameters.desks, *clocks]
    index: list[tuple[int, int]] = []
    edges: list[float] = []
    rates: list[float] = []
    below: list[float] = []
    for calendar in found:
        index.append((len(edges), len(calendar.rates)))
        edges += calendar.edges
        rates += (*calendar.rates, 0.0)  # as long as the others
        below += calendar.below
    return np.array(index), np.array(edges), np.array(rates), np.array(below)


def _padded(lists: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Return lists as rows, with -1 behind."""
    out = np.full((len(lists), max(map(len, lists))), -1, dtype=np.int64)
    for row, items in zip(out, lists, strict=True):
        row[: len(items)] = items
    return out


def _windows(slow: Sequence[Sequence[Window]]) -> NDArray[np.float64]:
    """Return the districts' windows of slower travel, float64 [D, n, 3]; unused ones are empty."""
    out = np.zeros((len(slow), max(map(len, slow)), 3))
    for row, windows in zip(out, slow, strict=True):
        row[: len(windows)] = np.array(windows).reshape(-1, 3)
    return out


def _with_leads(arrays: Arrays) -> Arrays:
    """List for each unit which others may have joint tickets that need it."""
    pairs = set()
    for category, own in zip(arrays.partners, arrays.categories["department"], strict=True):
        for department in category[category >= 0]:
            for town in range(arrays.unit_of.shape[1]):
                pairs.add((arrays.unit_of[department, town], arrays.unit_of[own, town]))
    ordered = sorted((int(a), int(b)) for a, b in pairs)
    leads = np.zeros(len(ordered), layout.LEAD)
    leads["unit"] = [lead for _, lead in ordered]
    of = np.array([unit for unit, _ in ordered], dtype=np.int64)
    bounds = np.concatenate(([0], np.cumsum(np.bincount(of, minlength=len(arrays.units)))))
    arrays.units["first_lead"], arrays.units["last_lead"] = bounds[:-1], bounds[1:]
    most = int(np.diff(bounds).max(initial=0))
    team = 1 + arrays.partners.shape[1]
    scratch = np.zeros((len(arrays.shards), team + most), dtype=np.int64)
    return arrays._replace(leads=leads, scratch=scratch)
