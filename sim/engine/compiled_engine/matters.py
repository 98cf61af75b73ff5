"""Matters on their way into the arrays, and tickets on their way out of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.compiled_engine import layout
from sim.engine.compiled_engine.layout import Arrays
from sim.engine.outcome import Columns
from sim.model.order import Kind, rank
from sim.workload.workload import Workload

_NAMES = {"spot": "on_spot", "content": "satisfied"}


def load_matters(arrays: Arrays, workload: Workload, first: int) -> Arrays:
    """Put matters into free slots, and on the list of what arises in their districts.

    Parameters
    ----------
    workload : Workload
        In order of arising, none before now.
    first : int
        The number of its first matter in the whole run.
    """
    n = len(workload)
    tickets = arrays.tickets
    free = np.flatnonzero(~tickets["used"])
    if len(free) < n:
        more = max(n - len(free), len(tickets) // 4)
        free = np.concatenate((free, np.arange(len(tickets), len(tickets) + more)))
        tickets = np.concatenate((tickets, np.zeros(more, layout.TICKET)))
    slots = free[:n]
    fresh = np.zeros(n, layout.TICKET)
    for name in layout.LOAD:
        fresh[name] = getattr(workload, name)
    for name, kind in layout.DONE.items():
        if kind == "f8":
            fresh[name] = np.nan
    fresh["state"] = fresh["unit"] = fresh["worker"] = fresh["content"] = -1
    fresh["id"] = np.arange(first, first + n)
    fresh["used"] = True
    tickets[slots] = fresh

    shards = arrays.shards
    lists = []
    start = 0
    for s in range(len(shards) - 1):
        waiting = arrays.arrivals[shards["arrival"][s] : shards["arrivals_end"][s]]
        new = slots[workload.district == s]
        # a stable sort: of equal times the earlier number arises first
        both = np.concatenate((waiting, new))
        both = both[np.argsort(tickets["arise"][both], kind="stable")]
        shards["arrival"][s], shards["arrivals_end"][s] = start, start + len(both)
        start += len(both)
        lists.append(both)
        if len(both):
            shards["next_arise"][s] = tickets["arise"][both[0]]
            shards["arise_rank"][s] = rank(int(Kind.ARISE), int(tickets["id"][both[0]]))
    arrivals = np.concatenate(lists) if lists else np.zeros(0, dtype=np.int64)
    return arrays._replace(tickets=tickets, arrivals=arrivals)


def take_done(arrays: Arrays) -> NDArray[Any]:
    """Take out the tickets to which nothing more will happen, and free their slots."""
    slots = np.flatnonzero(arrays.tickets["done"])
    done = arrays.tickets[slots]
    arrays.tickets["used"][slots] = False
    arrays.tickets["done"][slots] = False
    arrays.tickets["id"][slots] = -1
    arrays.shards["retired"] = 0
    return done


def ticket_columns(tickets: NDArray[Any], priority: NDArray[np.int8]) -> Columns:
    """Return the columns of `Outcome.tickets` for some tickets."""
    out: Columns = {}
    for name in ("key", "category", "district", "town", "grid", "citizen"):
        out[name] = tickets[name].astype(layout.SMALL[name])
    out["priority"] = priority[tickets["category"]]
    out["arisen"] = tickets["arise"].copy()
    out["at_once"] = tickets["at_once"].copy()
    out["joint"] = tickets["joint"].copy()
    for name, kind in layout.DONE.items():
        out[_NAMES.get(name, name)] = tickets[name].astype(kind)
    return out


def drain(arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Take the entries out of the logs of what resources did."""
    out = {}
    for k, name in enumerate(("visits", "stops", "services")):
        entries, segments = getattr(arrays, name), arrays.logs[k::4]
        out[name] = np.concatenate(
            [entries[log["start"] : log["start"] + log["size"]] for log in segments]
        )
        segments["size"] = 0
    return out


def under_way(arrays: Arrays) -> NDArray[Any]:
    """Return the visits that are not over yet."""
    crews = np.flatnonzero(arrays.crews["slot"] >= 0)
    busy = arrays.crews[crews]
    out = np.zeros(len(crews), layout.VISIT)
    for name in ("start", "arrive", "work", "unit"):
        out[name] = busy[name]
    out["crew"] = crews
    out["ticket"] = arrays.tickets["id"][busy["slot"]]
    out["end"] = np.nan
    return out
