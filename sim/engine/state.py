"""The state of a run at an instant, as no engine has it and each can begin from it.

All that happens later follows from it and from what is drawn: whoever begins from the state of a
run and goes on ends as that run does, to the bit. Matters, crews and gridworkers have the numbers
that they have in the run. Nothing stands in it that follows from the rest: who waits for a unit is
who is `State.WAITING`, and how many operators are busy is how many requests are served.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.columns import MATTER, NAN, STORED, TICKET, Column, kinds
from sim.engine.outcome import Columns
from sim.model.replan import Plans
from sim.model.state import Channel, State

NUMBER = Column(
    "number", "i8", "", "number in order of arising, over the whole run",
    least=0, below=1 << 40,
)  # fmt: skip

LIFE = (
    Column("watched", "b1", "", "its deadlines are watched"),
    Column("checking", "b1", "", "waits for a gridworker's look"),
    Column("centre", "i4", "", "whose operators it is with", to="desks"),
    Column("service", "i1", "", "what for: `Service`", below=3),
    Column("wrong_left", "i2", "1", "wrong triages still before it"),
    Column("until", "f8", "s", "when the department signs, or it is settled", default=NAN),
    Column("on_line", "b1", "", "its call, or the write-up of it, is not over yet"),
    Column("calling", "i1", "", "what the citizen does on the line: `Calling`", below=3),
    Column("line_until", "f8", "s", "until when, or when it is written up", default=NAN),
)  # fmt: skip
"""What a matter waits for.

Of a citizen on the line ``line_until`` is when the talk, the patience or the time until the next
call is over; once the hotline has taken the request, or the citizen has given up, it is when the
centre hears of it.
"""

TABLES: dict[str, tuple[Column, ...]] = {
    "matters": (NUMBER, *MATTER, *STORED, *LIFE),
    "over": (NUMBER, *(c for c in (*MATTER, *TICKET) if c.result)),
    "requests": (
        Column("desk", "i4", "", "that of the hotline is 0", to="desks"),
        NUMBER,
        Column("urgency", "i4", "", "the lower goes first", least=-100, below=100),
        Column("attempt", "i2", "1", "which of the citizen's calls it is; 0: none"),
        Column("arrive", "f8", "s", "since when it waits, or did"),
        Column("start", "f8", "s", "an operator took it; NaN: it waits", default=NAN),
        Column("end", "f8", "s", "and is done with it", default=NAN),
    ),
    "crews": (
        Column("ticket", "i8", "", "number of its ticket, -1: it is free", default=-1),
        Column("works", "b1", "", "it is there"),
        Column("from_x", "f8", "m", "where its way began"),
        Column("from_y", "f8", "m", "where its way began"),
        Column("from_node", "i4", "", "and at which node of the roads", below=1 << 15),
        Column("from_rest", "f8", "s", "how long it was until there"),
        Column("left", "f8", "s", "when its way began: to its ticket, or to its base"),
        Column("arrives", "f8", "s", "when it ends"),
        Column("work", "f8", "s", "work began: all were there", default=NAN),
    ),
    "workers": (
        Column("odometer", "f8", "s", "what was walked until `since`, or until the stop"),
        Column("since", "f8", "s", "since when it walks, or did"),
        Column("alarm", "f8", "s", "when it reaches the next stop or job", never=True),
        Column("does", "i1", "", "what it does: `Does`", below=6),
        Column("ticket", "i8", "", "number of what it stops for, -1: it walks", default=-1),
        Column("until", "f8", "s", "of a job: when the work is done", default=NAN),
        Column("way", "f8", "s", "of a job: how far it is", default=NAN),
        Column("begun", "f8", "s", "when the stop began", default=NAN),
        Column("ends", "f8", "s", "when it ends, the way back among it", default=NAN),
    ),
    "ahead": (
        Column("worker", "i4", "", "whose way it is on", to="workers"),
        Column("at", "f8", "s", "at which odometer", never=True),
        Column("kind", "i1", "", "RECORD or CHECK", to="StopKind"),
        NUMBER,
    ),
    "shifts": (
        Column("on_duty", "b1", "", "it is on"),
        Column("began", "f8", "s", "when it last came on"),
    ),
    "units": (Column("awaiting", "b1", "", "it decides at the policy's next epoch"),),
}  # fmt: skip
"""The tables of a state, each with its columns in order.

``matters`` are those that arose, or were put in, and to which something may still happen; the
columns of the race (`sim.model.race.TIMED`) hold the instants at which each comes, once it has
arisen. ``over`` are tickets to which nothing happens any more and that fall due later, or for whom
somebody is still under way, as a record has them. ``requests`` are those that wait at a desk and
those that are served. ``crews``, ``workers``, ``shifts`` and ``units`` have a row for each, by
number; those who were withdrawn are among them. ``ahead`` is what lies on gridworkers' ways, with
what is not worth a stop any more. Entries of logs that are not over follow from these: visits from
crews, stops from gridworkers, services from requests.
"""

KINDS = {table: kinds(columns) for table, columns in TABLES.items()}
"""NumPy's type of each column of each table."""


@dataclass(frozen=True, eq=False)
class RunState:
    """The state of a run at an instant: what has happened before it, and nothing at it.

    Attributes
    ----------
    now : float
        The instant, s.
    seed, replication : int
        The key of all randomness.
    events : int
        Timed events so far.
    next_number : int
        The number of the next matter that arises.
    next_shift : float
        When shifts change next, now or later, s.
    matters, over, requests, crews, workers, ahead, shifts, units : columns
        See `TABLES`.
    plans, coming : tuple of (float, Plan)
        Those that are or were in force and from when, and those to come.
    policy : str
        The policy's name.
    keys : dict of int to tuple of float
        The place in line of each ticket that waits for a crew, as the policy gave it.
    memory : object
        What the policy remembers (`Policy.memory`), as JSON has it.
    """

    now: float
    seed: int
    replication: int
    events: int
    next_number: int
    next_shift: float
    matters: Columns
    over: Columns
    requests: Columns
    crews: Columns
    workers: Columns
    ahead: Columns
    shifts: Columns
    units: Columns
    plans: Plans
    coming: Plans
    policy: str
    keys: dict[int, tuple[float, ...]]
    memory: Any


def without_traces(state: RunState) -> RunState:
    """Return a state in which nothing stands that means nothing any more, in one order of rows.

    Engines leave behind what was once waited for; two that agree on all that counts then give the
    same state.
    """
    m, asked, crews = dict(state.matters), dict(state.requests), dict(state.crews)
    heard = ~np.isnan(m["requested"]) | m["abandoned"] | (m["citizen"] == Channel.POLICE)
    at_centre = np.isin(m["number"], asked["number"][asked["desk"] > 0])
    misled = (m["state"] == State.UNSIGNED) & (m["wrong_left"] > 0)
    awaited = np.isin(m["state"], (State.UNSIGNED, State.SETTLING))
    for name, kept in (
        ("until", awaited),
        ("line_until", m["on_line"]),
        ("calling", m["on_line"] & ~heard),
        ("service", at_centre),
        ("centre", (m["state"] == State.AT_CENTRE) | misled),
    ):
        m[name] = _where(m[name], kept, "matters", name)
    asked["urgency"] = _where(asked["urgency"], np.isnan(asked["end"]), "requests", "urgency")
    # whoever is free and has arrived is at the base, since whenever
    back = (crews["ticket"] < 0) & (crews["arrives"] <= state.now)
    for name in ("left", "arrives"):
        crews[name] = np.where(back, state.now, crews[name])
    tables = {table: getattr(state, table) for table in TABLES} | {
        "matters": m,
        "requests": _ordered(asked, "desk", "number", "attempt"),
        "crews": crews,
        "ahead": _ordered(state.ahead, "worker", "at", "kind", "number"),
    }
    said: dict[str, Any] = {
        table: {name: columns[name] for name in KINDS[table]} for table, columns in tables.items()
    }
    return replace(state, **said, keys=dict(sorted(state.keys.items())))


def _where(values: NDArray[Any], kept: NDArray[np.bool_], table: str, name: str) -> NDArray[Any]:
    default = next(column.default for column in TABLES[table] if column.name == name)
    return np.where(kept, values, default).astype(values.dtype)


def _ordered(columns: Columns, *names: str) -> Columns:
    order = np.lexsort([columns[name] for name in reversed(names)])
    return {name: column[order] for name, column in columns.items()}
