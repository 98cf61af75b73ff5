"""What was done: the record of one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.columns import RESULTS, kinds
from sim.engine.stored import Chosen, OnDemand, StoredColumns
from sim.model.plan import Plan
from sim.model.replan import Plans
from sim.policy import PolicyFigure
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

Columns = dict[str, NDArray[Any]]
Table = Mapping[str, NDArray[Any]]
"""Columns in memory, or on disk: `StoredColumns`."""

_PIECE = 100_000  # rows of a table in memory that are dealt with at a time

TICKETS = kinds(RESULTS["tickets"])
"""Types of the columns of `Outcome.tickets`, by name, in order."""

TIMES = tuple(column.name for column in RESULTS["tickets"] if column.unit == "s")
"""Those that hold times, s since the scenario's start; NaN: never."""

LOGS = {log: kinds(RESULTS[log]) for log in ("visits", "stops", "services")}
"""Types of the columns of the logs of what resources did; the first names the resource."""


def in_order(log: str, columns: Columns) -> Columns:
    """Sort a log by start, resource and ticket: the same whatever order it was written in."""
    start, ticket = columns["start"], columns["ticket"]
    resource = columns[next(iter(LOGS[log]))]
    order = np.argsort(start, kind="stable")
    # ties are few: sorting all by all three would take three times as long
    same = np.diff(start[order]) == 0
    rows = np.flatnonzero(np.append(same, False) | np.append(False, same))
    tied = order[rows]
    order[rows] = tied[np.lexsort((ticket[tied], resource[tied], start[tied]))]
    return {name: columns[name][order] for name in LOGS[log]}


@dataclass(frozen=True, eq=False)
class Outcome:
    """The record of one run up to an instant.

    Attributes
    ----------
    scenario, city : Scenario, City
        What it was run on.
    plan : Plan
        Everybody who worked in it: ``worker`` and ``crew`` below number its rows. Where the plan
        was changed, those who were withdrawn are among them; posts and part-time gridworkers
        are those of the last plan.
    policy, engine : str
        Their names.
    seed, replication : int
        The key of all randomness.
    until : float
        The instant up to which it was run, s.
    begins : float
        The instant at which the record begins, s: 0, or before it where the warm-up was kept.
    events : int
        Timed events that happened.
    keep : object
        What must live as long as the columns do, such as the folder they lie in.
    plans : tuple of (float, Plan)
        The plans that were in force and from when, s; the only one by default.
    figures : dict
        What the policy tells of its own work (`Policy.figures`), such as how long it took: not a
        part of what was simulated, and not the same on every machine.
    folds : dict
        What was counted of it already; see `sim.measure.fold`.
    tickets : dict of arrays
        One row for each matter that arose, in order of arising: the columns of
        `sim.columns.RESULTS`, and so for the other tables. Of codes the enumerations are
        `sim.model.state.State`, `Channel`, `Level` and `StopKind`. Times of visits are those of
        the last.
    visits, stops, services : dict of arrays
        One row for each visit of a crew that was begun, each stop of a gridworker, each service
        of an operator.
    """

    scenario: Scenario
    city: City
    plan: Plan
    policy: str
    engine: str
    seed: int
    replication: int
    until: float
    events: int
    tickets: Table
    visits: Table
    stops: Table
    services: Table
    begins: float = 0.0
    keep: object = None
    plans: Plans = ()
    figures: Mapping[str, PolicyFigure] = field(default_factory=dict)
    folds: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.plans:
            object.__setattr__(self, "plans", ((0.0, self.plan),))

    @property
    def window(self) -> tuple[float, float]:
        """What is measured: from when to before when, s."""
        return 0.0, self.until

    def __len__(self) -> int:
        return rows_of(self.tickets)

    def pieces(self) -> Iterator[Outcome]:
        """Yield outcomes with some of the tickets each, in no order: all of them together.

        For sums over a run: what a piece needs stays near the processor, and of a run on disk
        no more than that need be in memory.
        """
        for piece in _pieces(self.tickets):
            yield replace(self, tickets=piece)

    def where(self, table: str, keep: Callable[[Table], NDArray[np.bool_]]) -> Outcome:
        """Return the outcome with some rows of a table only; nothing is copied before its turn.

        Parameters
        ----------
        table : str
            ``tickets``, or a log.
        keep : callable
            Tells of some of its rows which are meant, bool [N].
        """
        rows = Chosen(lambda: _pieces(getattr(self, table)), keep)
        return replace(self, **{table: rows})  # type: ignore[arg-type]

    def of_tickets(self, name: str, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return a column's values of some tickets, by their rows."""
        if isinstance(self.tickets, StoredColumns):
            return self.tickets.take(name, rows)
        return np.asarray(self.tickets[name][rows])

    def log_pieces(self) -> Iterator[Outcome]:
        """Yield outcomes with some rows of one log each, for sums as with `pieces`."""
        empty: dict[str, Any] = {
            log: {name: np.zeros(0, kind) for name, kind in columns.items()}
            for log, columns in LOGS.items()
        }
        for log in LOGS:
            for piece in _pieces(getattr(self, log)):
                yield replace(self, **(empty | {log: piece}))

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The tickets as a pandas table, with names in place of numbers.

        Returns
        -------
        pandas.DataFrame
            The columns of ``tickets``; ``category``, ``family``, ``department``, ``district``,
            ``town``, ``channel``, ``citizen`` and ``state`` as categoricals. ``attrs["units"]``
            has the unit of each column that has one.
        """
        import pandas as pd

        from sim.model.state import CHANNEL_NAMES, STATE_NAMES

        table: dict[str, Any] = dict(self.tickets)
        categories = self.scenario.categories
        code = table["category"]

        def named(codes: NDArray[np.generic], names: list[str]) -> Any:
            distinct = list(dict.fromkeys(names))
            place = np.array([distinct.index(name) for name in names] or [0])
            return pd.Categorical.from_codes(place[codes], categories=distinct)

        table["category"] = named(code, [c.id for c in categories])
        table["family"] = named(code, [c.family for c in categories])
        table["department"] = named(code, [c.department for c in categories])
        table["district"] = named(table["district"], list(self.city.district_name))
        table["town"] = named(table["town"], list(self.city.town_name))
        table["channel"] = named(table["channel"], [n for n, _ in CHANNEL_NAMES.values()])
        table["citizen"] = named(table["citizen"], [n for n, _ in CHANNEL_NAMES.values()])
        table["state"] = named(table["state"], [n for n, _ in STATE_NAMES.values()])
        found = pd.DataFrame(table)
        found.attrs["units"] = {c.name: c.unit for c in RESULTS["tickets"] if c.unit}
        return found


def rows_of(table: Table) -> int:
    """Return how many rows a table has, without reading one that is on disk."""
    return table.rows if isinstance(table, OnDemand) else len(next(iter(table.values())))


def _pieces(table: Table) -> Iterator[Table]:
    if isinstance(table, OnDemand):
        yield from table.pieces()
        return
    for start in range(0, max(rows_of(table), 1), _PIECE):
        yield {name: column[start : start + _PIECE] for name, column in table.items()}
