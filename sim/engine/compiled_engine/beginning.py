"""A state read as the arrays of a run that goes on from it; see `sim.engine.state`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.clock import to_ticks
from sim.columns import MATTER, STORED
from sim.engine.compiled_engine import layout
from sim.engine.compiled_engine.build import build, ready_crews, with_room
from sim.engine.compiled_engine.compilation import kernel
from sim.engine.compiled_engine.handle import Handle
from sim.engine.compiled_engine.layout import Arrays
from sim.engine.compiled_engine.replan import staffed
from sim.engine.outcome import Columns
from sim.engine.state import LIFE, RunState
from sim.errors import InputError
from sim.model.parameters import Parameters
from sim.model.replan import Staff
from sim.model.state import Level
from sim.workload.channel import Channel

Ints = NDArray[np.int64]


def arrays_of(
    state: RunState, parameters: Parameters, city: City, staff: Staff, figures: NDArray[Any]
) -> Arrays:
    """Return the arrays of a run at a state; what was put in and has not arisen is left out.

    Parameters
    ----------
    staff : Staff
        Who is there, or was.
    figures : record [1]
        Of `sim.engine.compiled_engine.build.single_figures`.
    """
    arrays = build(parameters, city, staff.plan, figures, state.now)
    arrays = staffed(arrays, parameters, city, staff, state.now)
    here = state.matters["state"] >= 0
    matters = {name: column[here] for name, column in state.matters.items()}
    arrays = arrays._replace(tickets=_tickets(matters, parameters))
    _set_people(arrays, state, staff, matters)
    _set_counts(arrays, state, matters)
    requests, ahead = state.requests, state.ahead
    shard = city.grid_district[staff.plan.worker_grid].astype(np.int64)
    slots = np.arange(len(matters["number"]))
    asked = _slots(matters, requests["number"])
    _set_requests(arrays, requests, asked)
    arrays = _with_room(arrays, matters, requests, ahead, shard)
    from_110 = matters["citizen"] == Channel.POLICE
    heard = ~np.isnan(matters["requested"]) | matters["abandoned"]
    kernel("revive", "revival")(
        Handle(arrays),
        slots,
        matters["until"].astype(float),
        matters["line_until"].astype(float),
        ~from_110 & ~heard,
        np.stack(
            [requests["desk"], asked, requests["urgency"], requests["attempt"]], axis=1
        ).astype(np.int64),
        np.stack([requests["arrive"], requests["end"]], axis=1).astype(float),
        np.stack(
            [ahead["worker"], ahead["kind"], ahead["number"], _slots(matters, ahead["number"])],
            axis=1,
        ).astype(np.int64),
        ahead["at"].astype(float),
        shard,
    )
    return arrays


def _slots(matters: Columns, numbers: Ints) -> Ints:
    """Return the slots of matters by their numbers; 0 of what is not there."""
    known = matters["number"]
    if not len(known):
        return np.zeros(len(numbers), dtype=np.int64)
    slot = np.searchsorted(known, numbers)
    slot[slot == len(known)] = 0
    return np.asarray(np.where(known[slot] == numbers, slot, 0))


def _tickets(matters: Columns, parameters: Parameters) -> NDArray[Any]:
    """Lay out the matters that have arisen, one at least: queues may name what is gone."""
    n = len(matters["number"])
    tickets = layout.zeros(max(n, 1), layout.TICKET)
    for column in layout.TICKET_COLUMNS:
        tickets[column.name] = column.default
    t = tickets[:n]
    t["used"] = True
    t["id"] = matters["number"]
    for column in (*MATTER, *STORED, *LIFE):
        if column.name in (layout.TICKET.names or ()):
            t[column.name] = matters[column.name]
    first = np.where(np.isnan(t["accepted"]), parameters.register_s, parameters.triage_s)
    again = np.array([0.0, parameters.triage_s, parameters.call_back_s])[t["service"]]
    mean = np.where(t["service"] == layout.ACCEPT, first, again)
    t["service_s"] = to_ticks(mean * t["desk"])
    return tickets


def _set_people(arrays: Arrays, state: RunState, staff: Staff, matters: Columns) -> None:
    """Bring shifts, units, crews and gridworkers where they are."""
    arrays.on_duty[:] = state.shifts["on_duty"]
    arrays.began[:] = state.shifts["began"]
    arrays.desks["on_duty"] = arrays.posts @ state.shifts["on_duty"].astype(np.int64)
    arrays.units["awaiting"] = state.units["awaiting"]
    crews, found = arrays.crews, state.crews
    shard = arrays.shards[arrays.units["district"][crews["unit"]]]
    nodes = np.maximum(shard["last_node"] - shard["first_node"], 1)
    if not (found["from_node"] < nodes).all():
        row = int(np.argmin(found["from_node"] < nodes))
        value = int(found["from_node"][row])
        raise InputError("state", f"crews.from_node[{row}]", value, "a node of its district")
    for name in ("works", "from_x", "from_y", "from_node", "from_rest", "left", "arrives", "work"):
        crews[name] = found[name]
    sent = np.flatnonzero(found["ticket"] >= 0)
    crews["free"] = found["ticket"] < 0
    crews["slot"][sent] = slots = _slots(matters, found["ticket"][sent])
    tickets = arrays.tickets
    for crew, slot in zip(sent.tolist(), slots.tolist(), strict=True):
        crews["mate"][crew], tickets["team"][slot] = tickets["team"][slot], crew
    size = len(tickets)
    tickets["present"] = np.bincount(slots, minlength=size)
    tickets["missing"] = np.bincount(slots[~found["works"][sent]], minlength=size)
    arrays.units["idle"] = np.bincount(crews["unit"][crews["free"]], minlength=len(arrays.units))
    arrays.units["ready"] = ready_crews(arrays)

    workers, does = arrays.workers, state.workers
    for name, values in does.items():
        workers[name] = values
    workers["withdrawn"] = ~staff.workers
    workers["busy"] = does["does"] != layout.WALK
    stops = does["ticket"] >= 0
    workers["slot"][stops] = _slots(matters, does["ticket"][stops])
    for name in ("until", "way"):
        workers[name] = np.nan_to_num(does[name])


def _set_counts(arrays: Arrays, state: RunState, matters: Columns) -> None:
    """Set the clocks, the ledger, and how many are overdue."""
    shards, district = arrays.shards, matters["district"].astype(np.int64)
    shards["next_shift"] = state.next_shift
    shards["events"][-1] = state.events
    np.add.at(arrays.counts, (district, matters["state"].astype(np.int64)), 1)
    late = matters["watched"] & (matters["level"] >= Level.DISTRICT)
    shards["overdue"] = np.bincount(district[late], minlength=len(shards))


def _set_requests(arrays: Arrays, requests: Columns, asked: Ints) -> None:
    """Note with matters since when they wait at a desk."""
    hotline = requests["desk"] == 0
    arrays.tickets["rang"][asked[hotline]] = requests["arrive"][hotline]
    arrays.tickets["k1"][asked[~hotline]] = requests["arrive"][~hotline]


def _with_room(
    arrays: Arrays, matters: Columns, requests: Columns, ahead: Columns, shard: Ints
) -> Arrays:
    """Make room for all that is pending."""
    size = len(arrays.shards)
    room = 4 * np.bincount(matters["district"].astype(np.int64), minlength=size)
    room += np.bincount(arrays.desks["shard"][requests["desk"]], minlength=size)
    room += np.bincount(shard[ahead["worker"]], minlength=size)
    room += np.bincount(shard, minlength=size)
    room[-1] += int(matters["on_line"].sum())
    return with_room(arrays, room)
