"""Matters on their way into the arrays, and tickets on their way out of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.compiled_engine import layout
from sim.engine.compiled_engine.layout import Arrays
from sim.engine.outcome import TICKETS, Columns
from sim.engine.stored import ROW
from sim.model.order import Kind, rank
from sim.workload.workload import Places, Workload

_PIECE = 1024  # tickets dealt with at a time: few enough to stay near the processor


def load_matters(arrays: Arrays, parts: list[Workload], places: Places, first: int) -> Arrays:
    """Put matters into free slots, and on the list of what arises in their districts.

    Parameters
    ----------
    parts : list of Workload
        None arises before now.
    places : list of int arrays
        Where their rows stand in the order of arising of all.
    first : int
        The number of the first matter in the whole run.
    """
    n = sum(map(len, parts))
    tickets = arrays.tickets
    free = np.flatnonzero(~tickets["used"])
    if len(free) < n:
        more = max(n - len(free), len(tickets) // 4)
        free = np.concatenate((free, np.arange(len(tickets), len(tickets) + more)))
        tickets = layout.longer(tickets, more)
    slots = free[:n]
    blank = np.zeros(min(n, _PIECE), layout.TICKET)
    for column in layout.TICKET_COLUMNS:
        blank[column.name] = column.default
    blank["used"] = True
    district = np.empty(n, dtype=np.int64)
    for part, place in zip(parts, places, strict=True):
        district[place] = part.district
        for start in range(0, len(part), _PIECE):
            piece = slice(start, min(start + _PIECE, len(part)))
            fresh = blank[: piece.stop - start]
            for name, values in part.columns().items():
                np.copyto(fresh[name], values[piece], casting="same_kind")
            fresh["id"] = first + place[piece]
            _words(tickets)[slots[place[piece]]] = _words(fresh)

    shards = arrays.shards
    lists = []
    start = 0
    for s in range(len(shards) - 1):
        waiting = arrays.arrivals[shards["arrival"][s] : shards["arrivals_end"][s]]
        new = slots[district == s]
        # a stable sort: of equal times the earlier number arises first
        both = np.concatenate((waiting, new))
        both = both[np.argsort(tickets["arisen"][both], kind="stable")]
        shards["arrival"][s], shards["arrivals_end"][s] = start, start + len(both)
        start += len(both)
        lists.append(both)
        if len(both):
            shards["next_arise"][s] = tickets["arisen"][both[0]]
            shards["arise_rank"][s] = rank(int(Kind.ARISE), int(tickets["id"][both[0]]))
    arrivals = np.concatenate(lists) if lists else np.zeros(0, dtype=np.int64)
    return arrays._replace(tickets=tickets, arrivals=arrivals)


def take_done(arrays: Arrays) -> Columns:
    """Take out the tickets to which nothing more will happen, and free their slots."""
    slots = np.flatnonzero(arrays.tickets["done"])
    done = ticket_columns(arrays, slots)
    arrays.tickets["used"][slots] = False
    arrays.tickets["done"][slots] = False
    arrays.tickets["id"][slots] = -1
    return done


def present(arrays: Arrays, now: float) -> Columns:
    """Return the columns of the tickets that have arisen and are not taken out yet."""
    tickets = arrays.tickets
    return ticket_columns(arrays, np.flatnonzero(tickets["used"] & (tickets["arisen"] < now)))


def ticket_columns(arrays: Arrays, slots: NDArray[np.int64]) -> Columns:
    """Return the columns of `Outcome.tickets` for some tickets, with their numbers."""
    out: Columns = {
        name: np.empty(len(slots), kind) for name, kind in {ROW: "i8", **TICKETS}.items()
    }
    of = {name: "id" if name == ROW else name for name in out if name != "priority"}
    for start in range(0, len(slots), _PIECE):
        piece = slice(start, start + _PIECE)
        tickets = _words(arrays.tickets)[slots[piece]].view(layout.TICKET)[:, 0]
        for column, name in of.items():
            np.copyto(out[column][piece], tickets[name], casting="same_kind")
    out["priority"][:] = arrays.categories["priority"][out["category"]]
    return out


def _words(tickets: NDArray[Any]) -> NDArray[np.int64]:
    """View tickets as rows of words: copied ten times as fast as field by field."""
    return tickets.view(np.int64).reshape(len(tickets), -1)


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
    for name, of in (("start", "left"), ("work", "work"), ("unit", "unit")):
        out[name] = busy[of]
    out["arrive"] = np.where(busy["works"], busy["arrives"], np.nan)
    out["crew"] = crews
    out["ticket"] = arrays.tickets["id"][busy["slot"]]
    out["end"] = np.nan
    return out
