"""States on disk: one file, checked when it is read before an engine sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.city.city import City
from sim.columns import Column
from sim.engine.outcome import Columns
from sim.engine.state import KINDS, TABLES, RunState
from sim.errors import InputError
from sim.model.plan import Plan
from sim.model.planarrays import check_plan_arrays
from sim.model.replan import Plans, Succession
from sim.model.state import Calling, Channel, Does, Level, State, StopKind
from sim.reading import checked, parse_json, read_arrays
from sim.scenario import Scenario
from sim.scenario.base import Model
from sim.writing import new_file

FORMAT = 1
_LATEST = 2.0**43  # s; up to there all ticks are exact
_CODES = {kind.__name__: len(kind) for kind in (State, Channel, Level, StopKind)}

Instant = Annotated[float, Field(ge=-_LATEST, le=_LATEST)]
Count = Annotated[int, Field(ge=0, lt=1 << 40)]


class _Facts(Model):
    """What a state says beside its tables."""

    format: int
    now: Instant
    seed: Annotated[int, Field(ge=0, lt=1 << 32)]
    replication: Annotated[int, Field(ge=0, lt=1 << 32)]
    events: Annotated[int, Field(ge=0, lt=1 << 62)]
    next_number: Count
    next_shift: float
    plans: Annotated[list[Instant], Field(min_length=1)]
    coming: list[Instant]
    policy: Annotated[str, Field(max_length=4096)]
    keys: list[tuple[Count, tuple[float, ...]]]
    memory: Any


def write_state(state: RunState, path: Path, *, durable: bool = True) -> None:
    """Write a state, whole or not at all.

    Parameters
    ----------
    durable : bool
        Whether it must outlive a power cut.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    facts = {
        name: getattr(state, name)
        for name in ("now", "seed", "replication", "events", "next_number", "next_shift", "policy")
    }
    facts |= {
        "format": FORMAT,
        "memory": state.memory,
        "keys": [[number, list(key)] for number, key in state.keys.items()],
        "plans": [time for time, _ in state.plans],
        "coming": [time for time, _ in state.coming],
    }
    arrays: Columns = {
        f"{table}.{name}": getattr(state, table)[name] for table in TABLES for name in KINDS[table]
    }
    for i, (_, plan) in enumerate((*state.plans, *state.coming)):
        arrays |= {f"plan.{i}.{field.name}": getattr(plan, field.name) for field in fields(Plan)}
    text = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
    with new_file(path, durable=durable) as part:
        np.savez(part, allow_pickle=False, facts=text, **arrays)


def read_state(path: Path, scenario: Scenario, city: City) -> RunState:
    """Read a state of a scenario.

    Raises
    ------
    InputError
        If it is no such file, or says what no state of the scenario can: naming the column.
    """
    arrays = read_arrays(path)
    text = arrays.pop("facts", np.zeros(0, np.uint8))
    said = checked(_Facts, parse_json(text.tobytes().decode(), path, nan=True), path)
    if said.format != FORMAT:
        raise InputError(path, "format", said.format, f"{FORMAT}, that of this version")
    plans = [
        (time, _plan(path, arrays, i, scenario, city))
        for i, time in enumerate((*said.plans, *said.coming))
    ]
    past, coming = tuple(plans[: len(said.plans)]), tuple(plans[len(said.plans) :])
    sizes = _sizes(scenario, city, past, coming)
    tables = {table: _table(path, table, arrays, sizes) for table in TABLES}
    state = RunState(
        now=said.now,
        seed=said.seed,
        replication=said.replication,
        events=said.events,
        next_number=said.next_number,
        next_shift=said.next_shift,
        plans=past,
        coming=coming,
        policy=said.policy,
        keys=dict(said.keys),
        memory=said.memory,
        **tables,
    )
    _check(path, state, city)
    return state


def _plan(
    path: Path, arrays: Mapping[str, NDArray[Any]], i: int, scenario: Scenario, city: City
) -> Plan:
    found: dict[str, NDArray[Any]] = {}
    for field in fields(Plan):
        name = f"plan.{i}.{field.name}"
        if name not in arrays:
            raise InputError(path, name, None, "an array of each plan")
        found[field.name] = arrays[name]
    check_plan_arrays(path, found, scenario, city)
    return Plan(**found)


def _sizes(scenario: Scenario, city: City, past: Plans, coming: Plans) -> dict[str, int]:
    """Return how many there are of what columns point to, and how many rows tables have."""
    succession = Succession(past[0][1], past[0][0])
    succession.take_over(past, coming)
    plan = succession.staff.plan
    towns, districts = len(city.town_name), len(city.district_name)
    return _CODES | {
        "categories": len(scenario.categories),
        "districts": districts,
        "towns": towns,
        "grids": len(city.grid_xy),
        "desks": 1 + towns + districts,
        "units": len(plan.unit_department),
        "crews": len(plan.crew_unit),
        "workers": len(plan.worker_grid),
        "shifts": len(scenario.shifts),
    }


def _table(
    path: Path, table: str, arrays: Mapping[str, NDArray[Any]], sizes: Mapping[str, int]
) -> Columns:
    found: Columns = {}
    rows = sizes.get(table)  # of those that have one for each
    for column in TABLES[table]:
        name = f"{table}.{column.name}"
        values = arrays.get(name)
        kind = np.dtype(column.kind)
        if values is None or values.dtype != kind or values.ndim != 1:
            said = None if values is None else f"{values.dtype} {values.shape}"
            raise InputError(path, name, said, f"a row of {kind}")
        rows = len(values) if rows is None else rows
        if len(values) != rows:
            raise InputError(path, name, len(values), f"{rows} rows")
        _check_range(path, name, column, values, sizes)
        found[column.name] = values
    return found


def _check_range(
    path: Path, name: str, column: Column, values: NDArray[Any], sizes: Mapping[str, int]
) -> None:
    if column.kind == "b1":
        good, allowed = values.view(np.uint8) <= 1, "0 or 1"
    elif column.kind == "f8":
        good = np.abs(values) <= _LATEST
        good |= (values == np.inf) & column.never
        good |= np.isnan(values) & (column.default != column.default)
        allowed = f"a number up to {_LATEST:g}"
    else:
        low, high = column.least, column.below
        if column.to:
            low, high = min(int(column.default), 0), sizes.get(column.to, 1 << 40)
        elif column.default < 0:
            low, high = -1, 1 << 40
        good, allowed = (values >= low) & (values < high), f"{low} to {high - 1}"
    if not good.all():
        raise _wrong(path, name, values, good, allowed)


def _wrong(
    path: Path, name: str, values: NDArray[Any], good: NDArray[np.bool_], allowed: str
) -> InputError:
    row = int(np.argmin(good))
    return InputError(path, f"{name}[{row}]", values[row].item(), allowed)


def _check(path: Path, state: RunState, city: City) -> None:
    """Check what tables say of each other, and that what is pending lies ahead."""
    m, plan = state.matters, state.plans[-1][1]

    def hold(name: str, good: NDArray[np.bool_], allowed: str) -> None:
        table, column = name.split(".")
        if not good.all():
            raise _wrong(path, name, getattr(state, table)[column], good, allowed)

    number, district = m["number"], m["district"]
    for table in ("matters", "over"):
        of = getattr(state, table)["number"]
        hold(f"{table}.number", np.diff(of, prepend=-1) > 0, "ascending numbers")
        hold(f"{table}.number", of < max(state.next_number, number.max(initial=0) + 1), "below")
    hold("over.number", ~np.isin(state.over["number"], number), "none of the matters")
    hold("over.state", np.isin(state.over["state"], (State.CLOSED, State.VANISHED)), "over")
    hold("matters.town", city.town_district[m["town"]] == district, "a town of its district")
    hold("matters.grid", city.grid_district[m["grid"]] == district, "a grid of its district")
    mine = plan.unit_district[np.maximum(m["unit"], 0)] == district
    hold("matters.unit", (m["unit"] < 0) | mine, "a unit of its district")
    arisen = m["state"] >= 0
    hold("matters.arisen", np.where(arisen, m["arisen"] < state.now, m["arisen"] >= state.now),
         "before now, if it has arisen")  # fmt: skip
    for name in ("until", "line_until"):
        hold(f"matters.{name}", ~(m[name] < state.now), "not before now")
    signs = np.isin(m["state"], (State.UNSIGNED, State.SETTLING))
    hold("matters.until", np.isnan(m["until"]) | signs, "none but of what is signed or settled")

    asked = state.requests
    hold("requests.number", np.isin(asked["number"], number), "one of the matters")
    hold("requests.end", ~(asked["end"] < state.now), "not before now")
    hold("requests.end", np.isnan(asked["end"]) == np.isnan(asked["start"]), "with its start")
    at = district[np.searchsorted(number, asked["number"])]
    towns = len(city.town_name)
    centre = np.concatenate(([-1], city.town_district, np.arange(len(city.district_name))))
    hold("requests.desk", (asked["desk"] == 0) | (centre[asked["desk"]] == at),
         f"0, or a desk of its district, from 1 to {towns + len(city.district_name)}")  # fmt: skip
    talks = m["on_line"] & (m["calling"] == Calling.TALKS) & np.isnan(m["requested"])
    talks &= ~np.isnan(m["line_until"]) & ~m["abandoned"] & (m["citizen"] != Channel.POLICE)
    served = asked["number"][(asked["desk"] == 0) & ~np.isnan(asked["end"])]
    if not np.array_equal(np.sort(served), number[talks]):
        raise InputError(path, "requests.desk", len(served), f"the {talks.sum()} who talk")
    _check_people(state, hold, city)

    waits = number[(m["state"] == State.WAITING) & (m["unit"] >= 0)]
    if sorted(state.keys) != waits.tolist():
        raise InputError(path, "keys", len(state.keys), f"those of the {len(waits)} that wait")
    if not state.next_shift >= state.now:
        raise InputError(path, "next_shift", state.next_shift, f"{state.now:g} or later")


def _check_people(state: RunState, hold: Any, city: City) -> None:
    m, now = state.matters, state.now
    succession = Succession(state.plans[0][1], state.plans[0][0])
    succession.take_over(state.plans, state.coming)
    plan, number = succession.staff.plan, m["number"]
    c, w = state.crews, state.workers

    def of(numbers: NDArray[np.int64], column: str) -> NDArray[Any]:
        return m[column][np.minimum(np.searchsorted(number, numbers), max(len(number) - 1, 0))]

    sent = c["ticket"] >= 0
    hold("crews.ticket", ~sent | np.isin(c["ticket"], number), "one of the matters, or -1")
    if len(number):
        there = np.isin(of(c["ticket"], "state"), (State.TRAVELLING, State.ON_SITE))
        there &= of(c["ticket"], "district") == plan.unit_district[plan.crew_unit]
        hold("crews.ticket", ~sent | there, "one of its district to which somebody was sent")
        ends = c["work"] + of(c["ticket"], "work_s")
        hold("crews.work", ~sent | ~(ends < now), "work that ends later")
    hold("crews.arrives", ~sent | c["works"] | (c["arrives"] >= now), "not before now")
    hold("crews.arrives", c["arrives"] >= c["left"], "not before it left")

    walks, busy = w["does"] == Does.WALK, (w["does"] != Does.WALK) & (w["does"] != Does.BACK)
    hold("workers.ticket", ~busy | np.isin(w["ticket"], number), "one of the matters")
    hold("workers.alarm", ~walks | (w["alarm"] >= now), "not before now")
    hold("workers.since", w["since"] <= now, "not after now")
    rings = np.select(
        [w["does"] == Does.GO, w["does"] == Does.WORK],
        [w["begun"] + w["way"], w["until"]],
        w["ends"],
    )
    hold("workers.ends", walks | (rings >= now), "not before now")
    if len(number):
        mine = of(w["ticket"], "district") == city.grid_district[plan.worker_grid]
        hold("workers.ticket", ~busy | mine, "one of its district")
