"""The state of a run of the SimPy engine, as a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.columns import NAN
from sim.engine.outcome import Columns
from sim.engine.simpy_engine.people import People
from sim.engine.simpy_engine.ticket import Step
from sim.engine.simpy_engine.world import World
from sim.engine.state import KINDS, TABLES, RunState, without_traces
from sim.model.race import TIMED
from sim.model.state import Calling, Channel, Service

_SERVICES = {Step.TRIAGE_AGAIN: Service.TRIAGE_AGAIN, Step.CALL_BACK: Service.CALL_BACK}


def state_of(
    world: World, people: People, *, seed: int, replication: int, live: Any, over: Any, coming: int
) -> RunState:
    """Return the state of a run now.

    Parameters
    ----------
    live, over : int64 arrays
        Numbers of the matters to which something may still happen, and of those that are over
        and belong into the record.
    coming : int
        The number of the next matter that arises by itself.
    """
    known = world.load.arrays() | world.tickets.arrays()
    priority = np.array([c.priority for c in world.parameters.categories], dtype=np.int8)
    known["priority"] = priority[known["category"]]
    whole = RunState(
        now=world.now,
        seed=seed,
        replication=replication,
        events=world.env.happened,
        next_number=coming,
        next_shift=world.shift_alarm.time,
        matters=_matters(world, people, known, live),
        over=_chosen("over", known, over),
        requests=_requests(world, people),
        crews=_crews(world, people),
        workers=_workers(people),
        ahead=_ahead(people),
        shifts=_columns("shifts", on_duty=world.on_duty, began=world.began),
        units=_columns("units", awaiting=[unit.awaiting for unit in people.units]),
        plans=tuple(world.succession.plans),
        coming=tuple(world.succession.coming),
        policy=world.policy.name,
        keys={t: key for unit in people.units for t, key in unit.keys.items()},
        memory=world.policy.memory(),
    )
    return without_traces(whole)


def _columns(table: str, **columns: Sequence[float]) -> Columns:
    kinds = KINDS[table]
    return {name: np.array(columns[name], dtype=kinds[name]) for name in kinds}


def _rows(table: str, rows: Iterable[Mapping[str, float]]) -> Columns:
    """Return a table of rows; what one does not name is the column's default."""
    default = {column.name: column.default for column in TABLES[table]}
    full = [default | dict(row) for row in rows]
    return _columns(table, **{name: [row[name] for row in full] for name in default})


def _chosen(table: str, known: Columns, numbers: NDArray[np.int64]) -> Columns:
    """Return a table's rows of some matters, of the columns that the engine has."""
    out = {}
    for column in TABLES[table]:
        if column.name == "number":
            values = numbers
        elif column.name in known:
            values = known[column.name][numbers]
        else:
            values = np.full(len(numbers), column.default)
        out[column.name] = values.astype(column.kind)
    return out


def _matters(world: World, people: People, known: Columns, numbers: NDArray[np.int64]) -> Columns:
    out = _chosen("matters", known, numbers)
    out["centre"] = np.maximum(out["centre"], 0)
    place = {ticket: row for row, ticket in enumerate(numbers.tolist())}
    for ticket, row in place.items():
        times = world.race.get(ticket, ())  # as drawn until it arises
        for entrant, time in zip(TIMED, times, strict=False):
            out[entrant.column][row] = time
        step = known["step"][ticket]
        out["service"][row] = _SERVICES.get(Step(step), Service.ACCEPT) if step >= 0 else 0
    for grid in people.grids.values():
        out["checking"][[place[ticket] for ticket in grid.checked]] = True
    out["watched"][[place[ticket] for ticket in world.deadlines]] = True
    asks, hotline = known["requested"][numbers], people.desks[0]
    tries_again = np.isnan(asks) & ~out["abandoned"] & (out["citizen"] != Channel.POLICE)
    out["calling"] = np.where(out["on_line"] & tries_again, Calling.TRIES_AGAIN, Calling.TALKS)
    out["calling"] = out["calling"].astype(KINDS["matters"]["calling"])
    for waiting, calling in ((True, Calling.WAITS), (False, Calling.TALKS)):
        for request in hotline.requests(waiting=waiting):
            row = place[request.ticket]
            out["calling"][row], out["line_until"][row] = calling, request.alarm.time
    return out


def _requests(world: World, people: People) -> Columns:
    attempts = world.tickets.attempts
    return _rows(
        "requests",
        (
            {
                "desk": desk.number,
                "number": request.ticket,
                "urgency": request.urgency,
                "attempt": attempts[request.ticket] if desk.number == 0 else 0,
                "arrive": request.arrive,
                "start": NAN if waiting else request.alarm.time - request.seconds,
                "end": NAN if waiting else request.alarm.time,
            }
            for desk in people.desks
            for waiting in (True, False)
            for request in desk.requests(waiting=waiting)
        ),
    )


def _crews(world: World, people: People) -> Columns:
    def row(number: int) -> dict[str, float]:
        crew = people.crews[number]
        leg, visit = crew.leg, crew.visit
        said = {
            "from_x": leg.start.x,
            "from_y": leg.start.y,
            "from_node": leg.start.node,
            "from_rest": leg.start.rest,
            "left": leg.left,
            "arrives": leg.arrives,
        }
        if visit is None:
            return said
        log = visit.rows[number]
        return said | {
            "ticket": visit.ticket,
            "works": not np.isnan(world.visits.arrive[log]),
            "work": world.visits.work[log],
        }

    return _rows("crews", map(row, sorted(people.crews)))


def _workers(people: People) -> Columns:
    return _rows(
        "workers",
        (
            {
                "odometer": worker.odometer,
                "since": worker.since,
                "alarm": worker.alarm.time,
                "does": worker.does,
            }
            | (
                {
                    "ticket": worker.ticket,
                    "begun": worker.begun,
                    "ends": worker.ends,
                }
                if worker.busy
                else {}
            )
            | ({"until": worker.until, "way": worker.way} if worker.on_job else {})
            for _, worker in sorted(people.workers.items())
        ),
    )


def _ahead(people: People) -> Columns:
    return _rows(
        "ahead",
        (
            {"worker": number, "at": at, "kind": kind, "number": ticket}
            for number, worker in sorted(people.workers.items())
            for at, kind, ticket in sorted(worker.ahead)
        ),
    )
