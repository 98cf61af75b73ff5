"""The structure of a state that was read: segments, the agenda, queues, teams.

Links, heaps and free lists are walked once, and counters are counted again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.compiled_engine import layout
from sim.engine.compiled_engine.layout import Arrays
from sim.engine.compiled_engine.links import FINE, along_chains, column, through_trees
from sim.errors import InputError
from sim.model.order import Kind, ident_of, kind_of

Ints = NDArray[np.int64]

FILE = "state"
MOST_S = 2.0**43
"""Up to there all ticks are exact, s."""

_KINDS = [int(kind) for kind in Kind if kind not in (Kind.SHIFT, Kind.ARISE, Kind.SAMPLE)]
"""Kinds of events that lie on an agenda."""


def check_structure(arrays: Arrays, begins: float, horizon: float) -> None:
    """Check what hangs together in arrays whose numbers are each in range.

    Parameters
    ----------
    begins, horizon : float
        The first and the last instant of the run, s.

    Raises
    ------
    InputError
        Naming the first entry that cannot be.
    """
    _check_segments(arrays)
    _check_time(arrays, begins, horizon)
    _check_agenda(arrays)
    _check_queues(arrays)
    _check_joint(arrays)
    _check_teams(arrays)


def wrong(name: str, field: str, array: NDArray[Any], row: Any, allowed: str) -> InputError:
    """Return what is said of a field's value in a row."""
    return InputError(FILE, f"{name}.{field}[{int(row)}]", array[field][row].item(), allowed)


def _check_segments(arrays: Arrays) -> None:
    """Check that the segments of an array lie one behind the other, and are not overfull."""
    for name, segments, entries in (
        ("heaps", arrays.heaps, arrays.events),
        ("runs", arrays.runs, arrays.in_order),
        ("logs", arrays.logs[3::4], arrays.calls),
    ):
        room = segments["room"]
        good = segments["start"] == np.cumsum(room) - room
        good &= segments["size"] <= room
        if name == "runs":
            good &= segments["first"] <= segments["size"]
        if not good.all():
            row = np.argmin(good)
            raise wrong(name, "start", segments, row, "segments one behind the other, not overfull")
        if room.sum() != len(entries):
            raise InputError(FILE, name, int(room.sum()), f"room for {len(entries)} entries")
    if len(arrays.later) != len(arrays.chunks) * int(layout.CHUNK):
        raise InputError(FILE, "later", len(arrays.later), "as many entries as the chunks hold")


def _check_time(arrays: Arrays, begins: float, horizon: float) -> None:
    """Check that all shards have come to the same instant, and what arises next."""
    shards, tickets = arrays.shards, arrays.tickets
    now = shards["now"][0]
    good = (shards["now"] == now) & (now >= begins) & (now <= horizon)
    good &= shards["turn"] == (shards["quantum"] + 1.0) * layout.QUANTUM
    good &= (shards["turn"] - layout.QUANTUM <= now) & (now <= shards["turn"])
    if not good.all():
        raise wrong("shards", "now", shards, np.argmin(good), "one instant of the run")
    if not (shards["next_shift"] >= now).all():
        row = np.argmin(shards["next_shift"] >= now)
        raise wrong("shards", "next_shift", shards, row, f"not before {now:g}")
    for s, shard in enumerate(shards):
        ahead = arrays.arrivals[shard["arrival"] : shard["arrivals_end"]]
        times = np.append(tickets["arisen"][ahead], np.inf)
        wanted = (tickets["state"][ahead] == -1) & tickets["used"][ahead]
        if not wanted.all() or (np.diff(times[:-1]) < 0).any() or times[0] < now:
            raise InputError(FILE, f"arrivals of shard {s}", len(ahead), "those to come, in order")
        if shard["next_arise"] != times[0]:
            raise wrong("shards", "next_arise", shards, s, f"{times[0]:g}")


def _check_agenda(arrays: Arrays) -> None:
    """Check the events to come: their order, and whom they are about."""
    chunks, buckets, shards = arrays.chunks, arrays.buckets, arrays.shards
    seen = np.zeros(len(chunks), dtype=np.uint8)
    free = np.zeros(len(shards), dtype=np.int64)
    following = column(chunks, "next")
    first = np.ascontiguousarray(buckets["chunk"].ravel())
    met = along_chains(following, column(shards, "free_chunk"), seen, free)
    if met == FINE:
        used = np.zeros(buckets.size, dtype=np.int64)
        met = along_chains(following, first, seen, used)
    if met != FINE:
        raise wrong("chunks", "next", chunks, met, "each chunk in one place")
    if (free != shards["free_chunks"]).any():
        row = np.argmax(free != shards["free_chunks"])
        raise wrong("shards", "free_chunks", shards, row, f"{free[row]}")
    if ((buckets["chunk"] >= 0) & (buckets["size"] < 1)).any():
        raise InputError(FILE, "buckets.size", 0, "at least 1 where there is a chunk")
    for s, shard in enumerate(shards):
        now = shard["now"]
        heap, run = arrays.heaps[s], arrays.runs[s]
        events = arrays.events[heap["start"] :][: heap["size"]]
        _check_events(arrays, s, events, now, "heap")
        above = (np.arange(1, len(events)) - 1) >> 2
        if _later(events[above], events[1:]).any():
            raise InputError(FILE, f"events of shard {s}", len(events), "a heap")
        events = arrays.in_order[run["start"] :][run["first"] : run["size"]]
        _check_events(arrays, s, events, now, "run")
        if _later(events[:-1], events[1:]).any():
            raise InputError(FILE, f"in_order of shard {s}", len(events), "events in order")
        for begin, events in _buckets(arrays, s):
            _check_events(arrays, s, events, max(now, begin), "bucket")


def _later(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.bool_]:
    return (a["time"] > b["time"]) | ((a["time"] == b["time"]) & (a["rank"] > b["rank"]))


def _buckets(arrays: Arrays, s: int) -> Iterator[tuple[float, NDArray[Any]]]:
    """Yield when each bucket's quantum begins, s, and what is in it that still counts."""
    size = int(layout.CHUNK)
    quantum, buckets = int(arrays.shards["quantum"][s]), int(layout.BUCKETS)
    for place in np.flatnonzero(arrays.buckets["chunk"][s] >= 0).tolist():
        chunk, many = (int(n) for n in arrays.buckets[s, place])
        begin = (quantum + (place - quantum) % buckets) * layout.QUANTUM
        while chunk >= 0:
            events = arrays.later[chunk * size : chunk * size + many]
            yield begin, events[events["rank"] != layout.GONE]
            chunk, many = int(arrays.chunks["next"][chunk]), size


def _check_events(arrays: Arrays, s: int, events: NDArray[Any], begin: float, where: str) -> None:
    """Check that events lie ahead, and are about somebody."""
    rank: Any = events["rank"]
    kind, ident = np.asarray(kind_of(rank)), np.asarray(ident_of(rank))
    slot, aux = events["slot"], events["aux"]
    most = np.full(len(events), 1 << 40)
    for of, people in (
        (layout.PATROL, arrays.workers),
        (layout.CREW, arrays.crews),
        (layout.DECIDE, arrays.units),
    ):
        most[kind == of] = len(people)
    good = np.isin(kind, _KINDS) & (ident < most) & (events["rank"] >= 0)
    good &= (events["time"] >= begin) & (events["time"] <= MOST_S)
    good &= (slot >= 0) & (slot < max(len(arrays.tickets), 1)) & (aux >= 0)
    good &= (kind != layout.SERVICE) | (aux < len(arrays.desks))
    sent = good & (kind == layout.CREW)
    good[sent] &= arrays.crews["slot"][ident[sent]] == slot[sent]
    good[sent] &= arrays.crews["version"][ident[sent]] == aux[sent]
    if not good.all():
        event = events[int(np.argmin(good))]
        raise InputError(FILE, f"{where} of shard {s}", event.tolist(), "an event that can come")


def _check_queues(arrays: Arrays) -> None:
    """Check that queues share no node, lose none, and hold what the counters say."""
    nodes, shards, units, grids = arrays.nodes, arrays.shards, arrays.units, arrays.grids
    left, right = column(nodes, "left"), column(nodes, "right")
    seen = np.zeros(len(nodes), dtype=np.uint8)
    free = np.zeros(len(shards), dtype=np.int64)
    listed = np.zeros(len(units), dtype=np.int64)
    tree = np.full(len(nodes), -1)
    owners = (arrays.desks, arrays.workers, grids, units)
    roots = np.concatenate([column(owner, "root") for owner in owners])
    met = along_chains(left, column(shards, "free"), seen, free)
    vacant = seen.astype(bool)
    if met == FINE:
        met = along_chains(right, column(units, "head"), seen, listed)
    in_list = seen.astype(bool) & ~vacant
    if met == FINE:
        met = through_trees(left, right, roots, seen, tree)
    if met != FINE:
        raise wrong("nodes", "left", nodes, met, "each node in one queue")
    if (free != shards["free_nodes"]).any():
        row = np.argmax(free != shards["free_nodes"])
        raise wrong("shards", "free_nodes", shards, row, f"{free[row]}")
    queued = in_list | (tree >= 0)
    if (nodes["slot"][queued] >= len(arrays.tickets)).any():
        raise InputError(FILE, "nodes.slot", int(nodes["slot"][queued].max()), "a ticket's place")
    _check_lists(arrays, np.flatnonzero(in_list))
    _check_counters(arrays, tree, np.cumsum([0, *map(len, owners)]).tolist())


def _check_lists(arrays: Arrays, listed: Ints) -> None:
    """Check that lists can be walked both ways."""
    nodes, units = arrays.nodes, arrays.units
    before = np.full(len(nodes), -1)
    forward = listed[nodes["right"][listed] >= 0]
    before[nodes["right"][forward]] = forward
    if (nodes["left"][listed] != before[listed]).any():
        row = listed[np.argmax(nodes["left"][listed] != before[listed])]
        raise wrong("nodes", "left", nodes, row, f"{before[row]}, from where it is reached")
    ends = listed[nodes["right"][listed] < 0]
    if not np.array_equal(np.sort(ends), np.sort(units["tail"][units["head"] >= 0])):
        raise InputError(FILE, "units.tail", units["tail"].tolist()[:9], "the ends of the lists")
    if (units["tail"][units["head"] < 0] >= 0).any():
        raise InputError(FILE, "units.tail", "a node", "-1 where the list is empty")


def _check_counters(arrays: Arrays, tree: Ints, begins: list[int]) -> None:
    """Check how many wait for each grid and unit, and how many operators are on duty."""
    nodes, tickets = arrays.nodes, arrays.tickets
    waits = tickets["used"] & (tickets["state"] == layout.WAITING)
    jobs = np.zeros(len(arrays.grids), dtype=np.int64)
    if len(tickets):
        t = tickets[nodes["slot"] * (tree >= 0)]
        live = (tree >= begins[2]) & (tree < begins[3])
        live &= (t["id"] == nodes["id"]) & (t["state"] == layout.WAITING) & (t["unit"] < 0)
        live &= (t["k0"] == nodes["k0"]) & (t["k1"] == nodes["k1"])
        job = np.unique(np.stack((tree[live] - begins[2], nodes["slot"][live]), axis=1), axis=0)
        jobs = np.bincount(job[:, 0], minlength=len(arrays.grids))
    mine = waits & (tickets["unit"] < 0)
    for name, field, counted in (
        ("grids", "jobs", jobs),
        ("grids", "jobs", np.bincount(tickets["grid"][mine], minlength=len(arrays.grids))),
        (
            "units",
            "waiting",
            np.bincount(
                tickets["unit"][waits & (tickets["unit"] >= 0)], minlength=len(arrays.units)
            ),
        ),
        (
            "desks",
            "on_duty",
            (arrays.posts * arrays.on_duty[arrays.desks["shard"]]).sum(axis=1),
        ),
    ):
        found = getattr(arrays, name)
        if (found[field] != counted).any():
            row = np.argmax(found[field] != counted)
            raise wrong(name, field, found, row, f"{counted[row]}")


def _check_joint(arrays: Arrays) -> None:
    """Check how many joint tickets wait for each unit, and of whom."""
    tickets, units, leads = arrays.tickets, arrays.units, arrays.leads
    joint, count = np.zeros(len(units), dtype=np.int64), np.zeros(len(leads), dtype=np.int64)
    waits = tickets["used"] & (tickets["state"] == layout.WAITING) & (tickets["unit"] >= 0)
    for t in tickets[waits & tickets["joint"]]:
        departments = arrays.partners[t["category"]]
        for other in units[arrays.unit_of[departments[departments >= 0], t["town"]]]:
            joint[t["unit"]] += 1
            here = slice(other["first_lead"], other["last_lead"])
            count[here] += leads["unit"][here] == t["unit"]
    for name, field, counted in (("units", "joint", joint), ("leads", "count", count)):
        found = getattr(arrays, name)
        if (found[field] != counted).any():
            row = np.argmax(found[field] != counted)
            raise wrong(name, field, found, row, f"{counted[row]}")


def _check_teams(arrays: Arrays) -> None:
    """Check that crews on their way together are linked one to the next."""
    crews, tickets = arrays.crews, arrays.tickets
    shard = arrays.shards[arrays.units["district"][crews["unit"]]]
    here = crews["from_node"] < np.maximum(shard["last_node"] - shard["first_node"], 1)
    if not here.all():
        raise wrong("crews", "from_node", crews, np.argmin(here), "a node of its district")
    busy = np.flatnonzero(crews["slot"] >= 0)
    slots = crews["slot"][busy]
    present = np.bincount(slots, minlength=len(tickets))
    missing = np.bincount(slots[~crews["works"][busy]], minlength=len(tickets))
    for slot in np.unique(slots).tolist():
        t = tickets[slot]
        if t["present"] != present[slot] or t["missing"] != missing[slot]:
            raise wrong("tickets", "present", tickets, slot, f"{present[slot]} crews")
        member, members = int(t["team"]), 0
        while t["missing"] > 0 and member >= 0 and members <= present[slot]:
            if crews["slot"][member] != slot:
                raise wrong("crews", "mate", crews, member, "crews of one ticket")
            member, members = int(crews["mate"][member]), members + 1
        if t["missing"] > 0 and members != present[slot]:
            raise wrong("tickets", "team", tickets, slot, f"the first of {present[slot]} crews")
