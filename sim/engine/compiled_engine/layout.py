"""The state of a run as flat arrays: what each column means, and the numbers that name things.

A *shard* is a district, or (the last one) the city's hotline. All of a shard's events and queues
lie in its own segments of the arrays, so that shards can run side by side.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.columns import MATTER, NAN, RESULTS, STORED, Column, Line, kinds
from sim.model.figures import CategoryFigures, DepartmentFigures, SingleFigures
from sim.model.flow import Turn
from sim.model.order import Kind
from sim.model.state import Calling, Channel, Does, Level, Service, State, StopKind
from sim.model.way import Purpose

_int = np.int64  # of a plain number Numba would make a type, and compile each function for each


UNDISCOVERED, CALLING, REGISTERED = map(_int, list(State)[:3])
RECORDING, AT_CENTRE, UNSIGNED, WAITING = map(_int, list(State)[3:7])
TRAVELLING, ON_SITE, SETTLING, CHECKING = map(_int, list(State)[7:11])
CLOSED, VANISHED = map(_int, list(State)[11:])
SHIFT, ARISE, VANISH = map(_int, (Kind.SHIFT, Kind.ARISE, Kind.VANISH))
REPORT, PATROL, CALL = map(_int, (Kind.REPORT, Kind.PATROL, Kind.CALL))
DELIVER, SERVICE, SIGN = map(_int, (Kind.DELIVER, Kind.SERVICE, Kind.SIGN))
CREW, SETTLE = map(_int, (Kind.CREW, Kind.SETTLE))
DEADLINE, DECIDE = map(_int, (Kind.DEADLINE, Kind.DECIDE))
BY_NOBODY, BY_PATROL, BY_CALL = map(_int, (Channel.NONE, Channel.PATROL, Channel.HOTLINE))
BY_WRITING, BY_POLICE = map(_int, (Channel.ONLINE, Channel.POLICE))
REMINDER, DISTRICT, CITY = map(_int, (Level.REMINDER, Level.DISTRICT, Level.CITY))
RECORD, SPOT, CHECK, JOB = map(_int, StopKind)
BACK_HOME = _int(Purpose.BACK)
JOINT_BEFORE, OWN_TURN = _int(Turn.JOINT_BEFORE), _int(Turn.OWN)
TURNS = len(Turn)
STATES = len(State)

FIFO, PRIORITY, EDD, NEAREST, COST_BENEFIT, HINDSIGHT = range(6)
PYTHON = 6  # any other policy is called back

# what a service at a centre is for
ACCEPT, TRIAGE_AGAIN, CALL_BACK = map(_int, Service)
# what a gridworker does
WALK, FIND, LOOK, GO, WORK, BACK = map(_int, Does)
# what a caller does
WAITS, TALKS, TRIES_AGAIN = map(_int, Calling)
# why a shard stopped before the instant it was to reach
FINE, NO_ROOM, POLICY_FAILED, BROKEN = map(_int, range(4))
# what the lanes keep in common
ARRIVED, TURN, TAKEN, STOPPED, HALT = map(_int, range(5))
# what a policy is called for
ENTER, LEAVE, SERVE = map(_int, range(3))
NONE, FIRST, ONE = map(_int, (-1, 0, 1))
HOTLINE = _int(0)  # its desk
LINE = 64  # bytes in which memory comes
QUANTUM = 512.0  # s; a power of two: dividing by it rounds nothing
BUCKETS = _int(1024)  # quanta that an agenda looks ahead
CHUNK = _int(32)  # events in a piece of a bucket
CELLS = 1024  # at most, in which a bucket's events are put in order
NEAR = 32  # places by which an event is moved among its neighbours
GONE = -1  # in place of the rank of an event that left its bucket
MARGIN = 64  # room that one event may need beyond one entry for each resource of its shard

OWN = (
    Column("id", "i8", "", "number in order of arising, over the whole run",
           default=-1, line=Line.STATE, least=-1, below=1 << 40),
    Column("watched", "b1", "", "its deadlines are watched", line=Line.STATE),
    Column("checking", "b1", "", "waits for a gridworker's look", line=Line.STATE),
    Column("used", "b1", "", "the slot holds a matter", line=Line.STATE),
    Column("done", "b1", "", "nothing more will happen to it", line=Line.STATE),
    Column("k0", "f8", "", "its place in the queue that it waits in", default=NAN, line=Line.QUEUE),
    Column("k1", "f8", "", "and between those alike; at a centre since when it waits",
           default=NAN, line=Line.QUEUE),
    Column("call", "i8", "1", "which of its alarms on the line counts", line=Line.QUEUE),
    Column("on_line", "i8", "", "its call is not over yet: it cannot be forgotten", line=Line.RACE),
    Column("centre", "i8", "", "whose operators it is with", line=Line.FOUND, to="desks"),
    Column("service", "i8", "", "ACCEPT, TRIAGE_AGAIN, CALL_BACK", line=Line.FOUND, below=3),
    Column("service_s", "f8", "s", "how long the service takes", line=Line.CENTRE, never=True),
    Column("wrong_left", "i8", "1", "wrong triages still before it", line=Line.CENTRE),
    Column("team", "i8", "", "first crew on its way to it or there",
           default=-1, line=Line.SIGNED, to="crews"),
    Column("missing", "i8", "1", "crews on their way", line=Line.SIGNED),
    Column("present", "i8", "1", "crews on their way or there", line=Line.VISIT),
    Column("calling", "i8", "", "WAITS, TALKS, TRIES_AGAIN", line=Line.CLOSING, below=3),
    Column("rang", "f8", "s", "when the citizen called 12345, last", default=NAN, line=Line.CALL),
)  # fmt: skip
"""What the engine itself needs to know of a ticket."""

TICKET_COLUMNS = (*OWN, *MATTER, *STORED)


def record(**columns: str) -> np.dtype[Any]:
    """Return an aligned record type."""
    return np.dtype(list(columns.items()), align=True)


def figures_of(of: type[Any], **more: str) -> np.dtype[Any]:
    """Return a record type with the plain numbers among a data class's fields, by their names."""
    plain = {"int": "i8", "float": "f8", "bool": "b1"}
    found = {f.name: plain[str(f.type)] for f in fields(of) if f.type in plain}
    return record(**found, **more)


def _sized(columns: dict[str, str], size: int) -> np.dtype[Any]:
    return _record({"names": list(columns), "formats": list(columns.values())}, size)


def _record(said: dict[str, list[Any]], size: int) -> np.dtype[Any]:
    kind: Any = said | {"itemsize": size}
    return np.dtype(kind, align=True)


def lined(**columns: str) -> np.dtype[Any]:
    """Return a record type that fills whole lines of memory."""
    return _sized(columns, -(-record(**columns).itemsize // LINE) * LINE)


def apart(**columns: str) -> np.dtype[Any]:
    """Return a record type with room behind: two threads that write neighbours share no line."""
    return _sized(columns, record(**columns).itemsize + 2 * LINE)


def zeros(n: int, kind: np.dtype[Any]) -> NDArray[Any]:
    """Return n zero records, the first at the beginning of a line of memory."""
    raw = np.zeros(n * kind.itemsize + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    return raw[start : start + n * kind.itemsize].view(kind)


def longer(records: NDArray[Any], more: int) -> NDArray[Any]:
    """Return records with zeros behind; NumPy's own way leaves out what fills their lines."""
    out = zeros(len(records) + more, records.dtype)
    out[: len(records)] = records
    return out


def _in_lines(columns: tuple[Column, ...]) -> np.dtype[Any]:
    """Return a record type with each column in its line of memory."""
    names, formats, offsets = [], [], []
    for line in Line:
        at = line * LINE
        here = [column for column in columns if column.line == line]
        for column in sorted(here, key=lambda column: column.kind == "b1"):
            # one width for all whole numbers: each kernel is compiled once
            kind = np.dtype("i8" if column.kind.startswith("i") else column.kind)
            names.append(column.name)
            formats.append(kind)
            offsets.append(at)
            at += kind.itemsize
        if at > (line + 1) * LINE:
            raise ValueError(f"line {line.name} of a ticket has {at - line * LINE} of {LINE} bytes")
    return _record({"names": names, "formats": formats, "offsets": offsets}, len(Line) * LINE)


TICKET = _in_lines(TICKET_COLUMNS)
EVENT = record(time="f8", rank="i8", slot="i4", aux="i4")
HEAP = apart(start="i8", room="i8", size="i8")
RUN = apart(start="i8", room="i8", size="i8", first="i8", need="i8")
BUCKET = record(chunk="i8", size="i8")
CHUNK_TYPE = record(next="i8")
NODE = lined(k0="f8", k1="f8", id="i8", slot="i8", left="i8", right="i8", aux="i8")
SHARD = apart(
    now="f8", next_shift="f8", next_arise="f8", arise_rank="i8", arrival="i8", arrivals_end="i8",
    free="i8", free_nodes="i8", need="i8", events="i8", overdue="i8", status="i8",
    turn="f8", quantum="i8", free_chunk="i8", free_chunks="i8",
    moved_from="i8", moved_to="i8",
    first_desk="i8", last_desk="i8", first_unit="i8", last_unit="i8", first_node="i8",
    last_node="i8", end="f8",
)  # fmt: skip
DESK = apart(root="i8", busy="i8", on_duty="i8", shard="i8")
UNIT = lined(
    root="i8", head="i8", waiting="i8", ready="i8", first_crew="i8", last_crew="i8",
    district="i8", awaiting="i8",
    department="i8", tail="i8", joint="i8", idle="i8", first_lead="i8", last_lead="i8",
)  # fmt: skip
LEAD = record(unit="i8", count="i8")
CREW_TYPE = lined(
    free="b1", works="b1", shift="i8", unit="i8", base_x="f8", base_y="f8", left="f8",
    from_x="f8", from_y="f8",
    arrives="f8", slot="i8", mate="i8", version="i8", work="f8", from_rest="f8",
    base_node="i4", from_node="i4",
)  # fmt: skip
WORKER = lined(
    busy="b1", withdrawn="b1", odometer="f8", since="f8", alarm="f8", grid="i8", shift="i8",
    root="i8", version="i8",
    does="i8", slot="i8", until="f8", way="f8", ticket="i8", begun="f8", ends="f8",
)  # fmt: skip
GRID = lined(
    loop="f8", cycle="f8", root="i8", jobs="i8", first_worker="i8", last_worker="i8",
    first_leg="i4", last_leg="i4", node="i8",
)  # fmt: skip
CATEGORY, DEPARTMENT = figures_of(CategoryFigures), figures_of(DepartmentFigures)
VISIT, STOP, SERVED = (record(**kinds(RESULTS[log])) for log in ("visits", "stops", "services"))
ENTRIES = {"visits": VISIT, "stops": STOP, "services": SERVED}
"""Types of the entries of logs."""
CALL_MADE = record(time="f8", slot="i8")


PARAMETERS = figures_of(
    SingleFigures, policy="i8", callback="i8", check="b1", jobs_first="b1", epoch_s="f8"
)
"""The scenario's single figures, and what a run adds to them: its policy, and whether it checks."""

Parameters = Any
"""A `PARAMETERS` record."""


POOLS = (
    "tickets", "arrivals", "events", "in_order", "later", "chunks", "nodes", "calls",
)  # fmt: skip
"""Arrays that grow with what happens."""

SAVED = (
    *POOLS, "shards", "heaps", "runs", "buckets", "desks", "units", "leads", "crews", "workers",
    "grids", "on_duty", "began", "counts", "logs",
)  # fmt: skip
"""Arrays that a state has; the others are made from scenario and plans, or hold nothing between
two runs of a kernel."""


class Arrays(NamedTuple):
    """Everything that changes, and the tables that it is looked up in.

    ``heaps`` are the segments of ``events``, one a shard, and ``runs`` those of ``in_order``,
    which are used up to their ``first``, and whose ``need`` is the room that one still waits for;
    ``cells`` serve to put them in order. ``buckets`` tell the first of the ``chunks`` of each
    shard's later quanta, and how much is in it (the others are full), and ``later`` is what the
    chunks hold. ``nodes`` are the entries of all queues; ``logs`` are the segments of ``visits``,
    ``stops``, ``services`` and ``calls``, four a shard. ``team`` is where a policy in Python
    writes whom it sends: how many, the slot, the crews. ``lanes`` is what threads agree by.

    ``upto`` and ``nth`` are the working days: `sim.scenario.dates.WorkingDays`.

    A shard's nodes on the roads have rows ``first_node`` to ``last_node`` of ``seconds``, ``hop``
    and ``node_xy``; in those rows, and wherever else, they are numbered from 0. ``legs`` has four
    rows, those of the patrol routes' `Walks`: at, start, length, ahead.
    """

    parameters: NDArray[Any]
    tickets: NDArray[Any]
    shards: NDArray[Any]
    arrivals: NDArray[Any]
    events: NDArray[Any]
    heaps: NDArray[Any]
    in_order: NDArray[Any]
    runs: NDArray[Any]
    cells: NDArray[Any]
    later: NDArray[Any]
    chunks: NDArray[Any]
    buckets: NDArray[Any]
    nodes: NDArray[Any]
    desks: NDArray[Any]
    posts: NDArray[Any]
    shard_desks: NDArray[Any]
    units: NDArray[Any]
    shard_units: NDArray[Any]
    unit_crews: NDArray[Any]
    leads: NDArray[Any]
    crews: NDArray[Any]
    workers: NDArray[Any]
    grids: NDArray[Any]
    grid_workers: NDArray[Any]
    part_time: NDArray[Any]
    calendars: NDArray[Any]
    edges: NDArray[Any]
    rates: NDArray[Any]
    below: NDArray[Any]
    upto: NDArray[Any]
    nth: NDArray[Any]
    categories: NDArray[Any]
    partners: NDArray[Any]
    departments: NDArray[Any]
    unit_of: NDArray[Any]
    speed: NDArray[Any]
    slow: NDArray[Any]
    pace: NDArray[Any]
    seconds: NDArray[Any]
    hop: NDArray[Any]
    node_xy: NDArray[Any]
    legs: NDArray[Any]
    on_duty: NDArray[Any]
    began: NDArray[Any]
    counts: NDArray[Any]
    moves: NDArray[Any]
    visits: NDArray[Any]
    stops: NDArray[Any]
    services: NDArray[Any]
    calls: NDArray[Any]
    logs: NDArray[Any]
    scratch: NDArray[Any]
    team: NDArray[Any]
    lanes: NDArray[Any]
    largest_first: NDArray[Any]


def on_lines(arrays: Arrays) -> Arrays:
    """Move the arrays whose records fill lines of memory, and that do not begin at one."""
    moved = {}
    for name, array in arrays._asdict().items():
        if array.dtype.names and array.dtype.itemsize % LINE == 0 and array.ctypes.data % LINE:
            moved[name] = zeros(len(array), array.dtype)
            moved[name][:] = array
    return arrays._replace(**moved)
