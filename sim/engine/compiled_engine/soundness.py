"""A state that was read is checked before a kernel sees it.

Kernels trust their arrays: an index that leads nowhere would end the process, a circle of links
would never end. So each whole number says what it points to, and is held to it here; `structure`
then follows the links.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.columns import Column
from sim.engine.compiled_engine import layout
from sim.engine.compiled_engine.layout import Arrays
from sim.engine.compiled_engine.structure import FILE, MOST_S, check_structure, wrong
from sim.errors import InputError
from sim.model.state import Channel, Level, State
from sim.scenario.base import Model

Bounds = tuple[int, int | str]
"""The lowest value, and the first that is too high: a number, or the array that it points into."""

_COUNT: Bounds = (0, 1 << 31)
_CODES = {kind.__name__: len(kind) for kind in (State, Channel, Level)}


def _bounds(column: Column) -> Bounds:
    """Return what a ticket's column may hold."""
    if column.to:
        return min(int(column.default), 0), _CODES.get(column.to, column.to)
    return column.least, column.below


POINTS: dict[str, dict[str, Bounds]] = {
    "tickets": {column.name: _bounds(column) for column in layout.TICKET_COLUMNS},
    "shards": {
        "arise_rank": (0, 1 << 62),
        "arrival": (0, "arrivals+"),
        "arrivals_end": (0, "arrivals+"),
        "free": (-1, "nodes"),
        "free_nodes": (0, "nodes+"),
        "free_chunk": (-1, "chunks"),
        "free_chunks": (0, "chunks+"),
        "events": (0, 1 << 62),
        "quantum": (-(1 << 40), 1 << 40),
        "status": (0, 1),
        "moved_from": (0, len(State)),
        "moved_to": (0, len(State)),
    },
    "heaps": {"start": (0, 1 << 40), "room": (0, 1 << 40), "size": (0, 1 << 40)},
    "runs": dict.fromkeys(("start", "room", "size", "first", "need"), (0, 1 << 40)),
    "logs": {"start": (0, 1 << 40), "room": (0, 1 << 40), "size": (0, 1 << 40)},
    "chunks": {"next": (-1, "chunks")},
    "buckets": {"chunk": (-1, "chunks"), "size": (0, int(layout.CHUNK) + 1)},
    "nodes": {
        "id": (-1, 1 << 40),
        "slot": (0, "tickets+"),
        "left": (-1, "nodes"),
        "right": (-1, "nodes"),
    },
    "desks": {"root": (-1, "nodes")},
    "units": {
        "root": (-1, "nodes"),
        "head": (-1, "nodes"),
        "tail": (-1, "nodes"),
        "awaiting": (0, 2),
    },
    "leads": {},
    "crews": {"slot": (-1, "tickets"), "mate": (-1, "crews"), "from_node": (0, 1 << 15)},
    "workers": {"root": (-1, "nodes"), "does": (0, 6), "slot": (-1, "tickets")},
    "grids": {"root": (-1, "nodes")},
    "calls": {"slot": (0, "tickets+")},
}
"""What whole numbers point to, by array and field; those not named are counts. A ``+`` behind an
array's name: one more is allowed, as the end of a stretch or where there is nothing."""

_GIVEN = {
    "shards": "first_desk last_desk first_unit last_unit first_node last_node",
    "desks": "shard",
    "units": "first_crew last_crew district department first_lead last_lead",
    "leads": "unit",
    "crews": "shift unit base_x base_y base_node",
    "workers": "grid shift",
    "grids": "loop cycle first_worker last_worker first_leg last_leg node",
}
"""Fields that follow from scenario and plans, and are in no need of being read."""

_NEVER = frozenset(
    [column.name for column in layout.TICKET_COLUMNS if column.never]
    + ["alarm", "next_shift", "next_arise", "until", "way", "end"]
)
_NOT_YET = frozenset(
    [column.name for column in layout.TICKET_COLUMNS if column.default != column.default]
    + ["work", "until", "way"]
)


class Queues(Model):
    """What a policy in Python has in its queues, and what it remembers."""

    memory: Any
    order: list[tuple[int, list[tuple[tuple[float, ...], int]]]]
    slots: list[tuple[int, int]]


class StateFacts(Model):
    """What a state says beside its arrays."""

    loaded: Annotated[int, Field(ge=0)]
    first: Annotated[int, Field(ge=0)]
    until_day: int
    parts: dict[Literal["tickets", "visits", "stops", "services"], Annotated[int, Field(ge=0)]]
    counts: Annotated[
        list[Annotated[int, Field(ge=0)]], Field(min_length=len(State), max_length=len(State))
    ]
    plans: list[float]
    past_plans: Annotated[int, Field(ge=0)]
    queues: Queues


def plain(array: NDArray[Any]) -> NDArray[Any]:
    """Return records as rows of words, as a file keeps them; other arrays as they are."""
    if array.dtype.names is None:
        return array
    words = array.dtype.itemsize // 8
    return np.ascontiguousarray(array).view(np.int64).reshape(*array.shape, words)


def sound(
    found: Mapping[str, NDArray[Any]], fresh: Arrays, begins: float, horizon: float
) -> Arrays:
    """Return the arrays of a state that can be gone on with.

    Parameters
    ----------
    found : mapping of arrays
        What `plain` made of those that a state has.
    fresh : Arrays
        Of the same scenario and staff, before anything happened.
    begins, horizon : float
        The first and the last instant of the run, s.

    Raises
    ------
    InputError
        Naming the array, the field and the first entry that cannot be.
    """
    taken = {name: _typed(name, found, getattr(fresh, name)) for name in layout.SAVED}
    sizes = {name: len(array) for name, array in (fresh._asdict() | taken).items()}
    sizes |= {"districts": sizes["shards"] - 1, "towns": fresh.unit_of.shape[1]}
    for name, array in taken.items():
        _check_fields(name, array, sizes)
    for name, fields in _GIVEN.items():
        for field in fields.split():
            same = taken[name][field] == getattr(fresh, name)[field]
            if not same.all():
                raise wrong(name, field, taken[name], np.argmin(same), "that of scenario and plan")
    drained = fresh.logs.copy()  # of all logs but that of calls, which others go by
    drained[3::4] = taken["logs"][3::4]
    arrays = fresh._replace(**taken | {"logs": drained})
    check_structure(arrays, begins, horizon)
    return layout.on_lines(arrays)


def _typed(name: str, found: Mapping[str, NDArray[Any]], fresh: NDArray[Any]) -> NDArray[Any]:
    """Return an array of a state with the very type that kernels were made for."""
    if name not in found:
        raise InputError(FILE, name, None, "an array of each name that a state has")
    array, model = found[name], plain(fresh)
    free = name in layout.POOLS
    fits = array.dtype == model.dtype and array.ndim == model.ndim
    if not fits or array.shape[free:] != model.shape[free:]:
        shape = ("any number", *model.shape[1:]) if free else model.shape
        allowed = f"{model.dtype} of shape ({', '.join(map(str, shape))})"
        raise InputError(FILE, name, f"{array.dtype} {array.shape}", allowed)
    array = np.ascontiguousarray(array)
    if fresh.dtype.names is None:
        return array
    return array.view(fresh.dtype).reshape(array.shape[:-1])


def _check_fields(name: str, array: NDArray[Any], sizes: Mapping[str, int]) -> None:
    """Check numbers for what they may be."""
    if array.dtype.names is None:
        _check_numbers(name, "", array, (0, "tickets") if name == "arrivals" else _COUNT, sizes)
        return
    if name in ("events", "in_order", "later"):
        return  # only what is on the agenda counts: `_check_agenda`
    known = POINTS[name]
    given = _GIVEN.get(name, "").split()
    for field in array.dtype.names:
        if field not in given:
            _check_numbers(name, field, array[field], known.get(field, _COUNT), sizes)


def _check_numbers(
    name: str, field: str, values: NDArray[Any], bounds: Bounds, sizes: Mapping[str, int]
) -> None:
    kind = values.dtype.kind
    if kind == "b":
        good = np.ascontiguousarray(values).view(np.uint8) <= 1
        allowed = "0 or 1"
    elif kind == "f":
        good = np.abs(values) <= MOST_S
        good |= np.isnan(values) & (field in _NOT_YET)
        good |= (values == np.inf) & (field in _NEVER)
        allowed = f"a number up to {MOST_S:g}"
    else:
        low, high = bounds
        if isinstance(high, str):
            more = high.endswith("+")
            high = sizes[high.rstrip("+")] + more
        good = (values >= low) & (values < high)
        allowed = f"{low} to {high - 1}"
    if not good.all():
        place = np.unravel_index(int(np.argmin(good)), good.shape)
        where = ", ".join(map(str, place))
        dotted = f"{name}.{field}" if field else name
        raise InputError(FILE, f"{dotted}[{where}]", values[place].item(), allowed)
