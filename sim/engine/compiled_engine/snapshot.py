"""The arrays of a run read as a state that no engine has as it is; see `sim.engine.state`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.compiled_engine import layout
from sim.engine.compiled_engine.layout import Arrays
from sim.engine.compiled_engine.links import column, through_trees
from sim.engine.compiled_engine.structure import quanta
from sim.engine.outcome import Columns
from sim.engine.state import KINDS
from sim.model.order import ident_of, kind_of

Ints = NDArray[np.int64]
_TICKET = {
    "until": (layout.SIGN, layout.SETTLE),
    "line_until": (layout.CALL, layout.DELIVER),
}
"""Which events tell which column of a matter."""


def tables(arrays: Arrays, slots: Ints) -> dict[str, Columns]:
    """Return the tables of a state, without what is over.

    Parameters
    ----------
    slots : int array
        Of the matters that are in it.
    """
    if not len(arrays.tickets):  # what is said of slot 0 is said of nobody
        nobody = layout.zeros(1, layout.TICKET)
        nobody["id"] = -1
        arrays = arrays._replace(tickets=nobody)
    events = _events(arrays)
    slots = slots[np.argsort(arrays.tickets["id"][slots])]
    return {
        "matters": _matters(arrays, slots, events),
        "requests": _requests(arrays, events),
        "crews": _crews(arrays),
        "workers": _workers(arrays),
        "ahead": _ahead(arrays),
        "shifts": {"on_duty": arrays.on_duty[0].copy(), "began": arrays.began[0].copy()},
        "units": {"awaiting": arrays.units["awaiting"] > 0},
    }


def _events(arrays: Arrays) -> Columns:
    """Return what is on the agendas, and of which shard."""
    found, shards = [], []
    for s in range(len(arrays.shards)):
        heap, run = arrays.heaps[s], arrays.runs[s]
        mine = [
            arrays.events[heap["start"] :][: heap["size"]],
            arrays.in_order[run["start"] :][run["first"] : run["size"]],
            *(events for _, events in quanta(arrays, s)),
        ]
        found += mine
        shards.append(np.full(sum(map(len, mine)), s))
    events = np.concatenate(found)
    rank: Any = events["rank"]
    out = {name: events[name].astype(np.int64) for name in ("slot", "aux")}
    out |= {"time": events["time"], "shard": np.concatenate(shards)}
    return out | {"kind": np.asarray(kind_of(rank)), "ident": np.asarray(ident_of(rank))}


def _matters(arrays: Arrays, slots: Ints, events: Columns) -> Columns:
    t = arrays.tickets[slots]
    renamed = {"number": "id"}
    out: Columns = {}
    for name, kind in KINDS["matters"].items():
        if name not in _TICKET:
            out[name] = t[renamed.get(name, name)].astype(kind)
    for name, kinds in _TICKET.items():
        times = np.full(len(arrays.tickets), np.nan)
        live = np.isin(events["kind"], kinds)
        live &= arrays.tickets["id"][events["slot"]] == events["ident"]
        city = events["shard"] == len(arrays.shards) - 1
        # of a citizen's alarms on the line only the last counts
        live &= ~city | (arrays.tickets["call"][events["slot"]] == events["aux"])
        times[events["slot"][live]] = events["time"][live]
        out[name] = times[slots]
    return out


def _requests(arrays: Arrays, events: Columns) -> Columns:
    """Return who waits at a desk, and who is served."""
    tickets, nodes = arrays.tickets, arrays.nodes
    desk = _trees(arrays, column(arrays.desks, "root"))
    at = np.flatnonzero(desk >= 0)
    t = tickets[nodes["slot"][at]]
    waits = t["id"] == nodes["id"][at]
    hung_up = (t["calling"] != layout.WAITS) | (t["attempts"] != nodes["aux"][at])
    waits &= (desk[at] > 0) | ~hung_up
    at = at[waits]

    city = events["shard"] == len(arrays.shards) - 1
    of = arrays.tickets[events["slot"]]
    served = events["kind"] == layout.SERVICE
    talks = city & (events["kind"] == layout.CALL) & (of["calling"] == layout.TALKS)
    talks &= (of["id"] == events["ident"]) & (of["call"] == events["aux"])
    rows = np.flatnonzero(served | talks)
    of, end, talking = of[rows], events["time"][rows], talks[rows]
    lasts = np.where(talking, of["talk_s"], of["service_s"])
    none = np.full(len(at), np.nan)
    columns = {
        "desk": (desk[at], np.where(talking, 0, events["aux"][rows])),
        "number": (nodes["id"][at], events["ident"][rows]),
        "urgency": (nodes["k0"][at], np.zeros(len(rows))),
        "attempt": (nodes["aux"][at], np.where(talking, of["attempts"], 0)),
        "arrive": (nodes["k1"][at], np.where(talking, of["rang"], of["k1"])),
        "start": (none, end - lasts),
        "end": (none, end),
    }
    return {
        name: np.concatenate(both).astype(KINDS["requests"][name]) for name, both in columns.items()
    }


def _crews(arrays: Arrays) -> Columns:
    c = arrays.crews
    out: Columns = {
        name: c[name].astype(kind) for name, kind in KINDS["crews"].items() if name != "ticket"
    }
    out["ticket"] = _numbers(arrays, c["slot"])
    free = out["ticket"] < 0
    out["works"][free] = False
    out["work"][free] = np.nan
    return {name: out[name] for name in KINDS["crews"]}


def _workers(arrays: Arrays) -> Columns:
    w = arrays.workers
    out: Columns = {name: w[name].astype(kind) for name, kind in KINDS["workers"].items()}
    walks = w["does"] == layout.WALK
    out["alarm"][~walks | w["withdrawn"]] = np.inf
    out["ticket"][walks] = -1
    for name in ("begun", "ends"):
        out[name][walks] = np.nan
    for name in ("until", "way"):
        out[name][w["does"] < layout.GO] = np.nan
    return out


def _ahead(arrays: Arrays) -> Columns:
    nodes = arrays.nodes
    worker = _trees(arrays, column(arrays.workers, "root"))
    at = np.flatnonzero(worker >= 0)
    columns = {
        "worker": worker[at],
        "at": nodes["k0"][at],
        "kind": nodes["k1"][at],
        "number": nodes["id"][at],
    }
    return {name: values.astype(KINDS["ahead"][name]) for name, values in columns.items()}


def _trees(arrays: Arrays, roots: Ints) -> Ints:
    """Return in which of some heaps each node is, -1: in none."""
    nodes = arrays.nodes
    of, seen = np.full(len(nodes), -1), np.zeros(len(nodes), dtype=np.uint8)
    through_trees(column(nodes, "left"), column(nodes, "right"), roots, seen, of)
    return of


def _numbers(arrays: Arrays, slots: Ints) -> Ints:
    """Return the numbers of matters by their slots, -1: none."""
    return np.where(slots < 0, -1, arrays.tickets["id"][slots])
