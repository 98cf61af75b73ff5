"""The compiled engine's simulation: loads matters by days, runs the kernels, keeps the record."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.clock import DAY, tick
from sim.engine.compiled_engine import layout
from sim.engine.compiled_engine.build import build, rules_of, with_room
from sim.engine.compiled_engine.callback import Callback
from sim.engine.compiled_engine.compilation import kernel
from sim.engine.compiled_engine.handle import Handle
from sim.engine.compiled_engine.invariants import check_arrays
from sim.engine.compiled_engine.matters import drain, load_matters, take_done, under_way
from sim.engine.compiled_engine.record import Record
from sim.engine.outcome import Outcome
from sim.errors import InvariantError
from sim.model.plan import Plan
from sim.model.staffing import base_plan
from sim.model.state import State
from sim.policy import Policy, find_policy
from sim.scenario import Scenario
from sim.workload.arrivals import Demand
from sim.workload.workload import Workload

_BLOCK = 130_000  # matters drawn at a time, about
_IN_MEMORY = 3_000_000  # tickets of a run that is kept in memory
_LOOKAHEAD = 60.0  # s; with less than this, windows do not pay


class CompiledSimulation:
    """One run that can be stopped at any instant and gone on with.

    Parameters
    ----------
    scenario : Scenario
        What is assumed.
    city, workload, plan : optional
        Made from the scenario where they are not given; the workload day by day.
    policy : str or Policy
        Who is sent where, next.
    seed, replication : int
        The key of all randomness; the scenario's own seed by default.
    check : bool
        Whether the invariants are checked all along; slower.
    """

    engine = "compiled"

    def __init__(
        self,
        scenario: Scenario,
        *,
        city: City | None = None,
        workload: Workload | None = None,
        plan: Plan | None = None,
        policy: str | Policy = "priority",
        seed: int | None = None,
        replication: int = 0,
        check: bool = False,
    ) -> None:
        self.scenario = scenario
        self.city = City.build(scenario) if city is None else city
        self.seed = scenario.seed if seed is None else seed
        self.replication = replication
        self.plan = base_plan(scenario, self.city) if plan is None else plan
        self.policy = find_policy(policy)
        self.check = check
        self._callback = Callback(self, self.policy)
        rules = rules_of(scenario, self.city, self.policy, check, self._callback.address)
        self.arrays = build(scenario, self.city, self.plan, rules)
        self._loaded = 0  # matters so far
        self._drawer: ThreadPoolExecutor | None = None
        self._drawn: Future[Workload] | None = None  # the next days' matters, being drawn
        priority = np.array([c.priority for c in scenario.categories], dtype=np.int8)
        daily = float(Demand.build(scenario, self.city).matters.sum())
        expected = daily * scenario.time.days if workload is None else len(workload)
        self._record = Record(priority, on_disk=expected > _IN_MEMORY)
        if workload is not None:
            self._load(workload)
            self._until_day = scenario.time.days
            self._days = 1
        else:
            self._until_day = 0
            self._days = max(int(_BLOCK / max(daily, 1.0)), 1)
            self._load_days()

    @property
    def now(self) -> float:
        """The instant up to which it has been run, s since the scenario's start."""
        return float(self.arrays.shards["now"][-1])

    @property
    def horizon(self) -> float:
        """The scenario's end, s."""
        return self.scenario.time.days * DAY

    @property
    def events(self) -> int:
        """Timed events so far."""
        return int(self.arrays.shards["events"].sum())

    @property
    def ledger(self) -> NDArray[np.int64]:
        """Matters by district and state now, int64 [D, states]."""
        return self.arrays.counts[:-1].copy()

    @property
    def overdue(self) -> NDArray[np.int64]:
        """Tickets past their deadline for closing now, int64 [D]."""
        return self.arrays.shards["overdue"][:-1].copy()

    def run(
        self, until: float | None = None, progress: Callable[[float], None] | None = None
    ) -> None:
        """Go on to an instant; what happens at that very instant is left for the next call.

        Parameters
        ----------
        until : float, optional
            s since the scenario's start; its end by default. Rounded to a tick.
        progress : callable, optional
            Told the share of the horizon reached, about a hundred times.
        """
        until = self.horizon if until is None else tick(float(until))
        step = max(tick(self.horizon / 100), 1.0) if progress is not None else until
        if self.check:
            step = min(step, 900.0)
        while self.now < until:
            self._run_to(min(self.now + step, until))
            if self.check:
                check_arrays(self.arrays, self._record.counts)
            if progress is not None:
                progress(self.now / self.horizon)

    def _run_to(self, until: float) -> None:
        while self.now < until:
            if self._until_day < self.scenario.time.days and self.now >= self._until_day * DAY:
                self._put_away()
                self._load_days()
            end = until
            if self._until_day < self.scenario.time.days:
                end = min(until, self._until_day * DAY)
            self._run_kernel(end)

    def _run_kernel(self, until: float) -> None:
        rules = self.arrays.rules[0]
        windows = rules["policy"] != layout.PYTHON and rules["write_up"] >= _LOOKAHEAD
        loop = kernel("run_windows" if windows else "run_lockstep")
        while not loop(Handle(self.arrays), until):
            self._attend()

    def _attend(self) -> None:
        """See to what made the kernel stop."""
        shards = self.arrays.shards
        if self._callback.error is not None:
            raise self._callback.error
        if (shards["status"] == layout.BROKEN).any():
            broken = shards[shards["status"] == layout.BROKEN][0]
            old, new = int(broken["moved_from"]), int(broken["moved_to"])
            raise InvariantError(f"no matter goes from {State(old).name} to {State(new).name}")
        shards["status"] = layout.FINE
        self._record.add_logs(drain(self.arrays))
        self.arrays = with_room(self.arrays)

    def _load_days(self) -> None:
        """Load the matters of the next days, and have those after them drawn meanwhile."""
        days = self._next_days()
        self._until_day = days.stop
        drawn = self._draw(days) if self._drawn is None else self._drawn.result()
        self._drawn = None
        self._load(drawn)
        following = self._next_days()
        if following:
            if self._drawer is None:
                self._drawer = ThreadPoolExecutor(1, thread_name_prefix="draw")
            self._drawn = self._drawer.submit(self._draw, following)

    def _next_days(self) -> range:
        last = min(self._until_day + self._days, self.scenario.time.days)
        return range(self._until_day, last)

    def _draw(self, days: range) -> Workload:
        return Workload.draw(self.scenario, self.city, self.seed, self.replication, days)

    def _load(self, workload: Workload) -> None:
        self.arrays = load_matters(self.arrays, workload, self._loaded)
        self._loaded += len(workload)

    def _put_away(self) -> None:
        """Move what is over from the arrays to the record."""
        self._record.add_logs(drain(self.arrays))
        self._record.add_tickets(take_done(self.arrays))

    def keep_parts_in(self, folder: Path) -> None:
        """Keep the record on disk in a folder from the beginning, and leave it there."""
        folder.mkdir(parents=True, exist_ok=True)
        self._record.keep_in(folder)

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return all that a run needs to go on elsewhere, beside its parts on disk.

        Returns
        -------
        dict of arrays, dict
            And plain facts, as JSON has them.
        """
        self._put_away()
        arrays = {
            name: array for name, array in self.arrays._asdict().items() if name not in layout.FIXED
        }
        facts = {
            "loaded": self._loaded,
            "until_day": self._until_day,
            "parts": self._record.flush(),
            "counts": self._record.counts.tolist(),
            "queues": self._callback.state(),
        }
        return arrays, facts

    def restore(self, arrays: dict[str, NDArray[Any]], facts: dict[str, Any]) -> None:
        """Take over a state; scenario, plan, policy and seed must be those of its run."""
        fitting = {name: arrays[name] for name in self.arrays._fields if name not in layout.FIXED}
        self.arrays = self.arrays._replace(**fitting)
        self._loaded, self._until_day, self._drawn = facts["loaded"], facts["until_day"], None
        self._record.go_on(facts["parts"], facts["counts"])
        self._callback.restore(facts["queues"])

    def add(self, matters: Workload) -> range:
        """Put further matters into a running simulation.

        Parameters
        ----------
        matters : Workload
            In order of arising, none before now.

        Returns
        -------
        range
            Their ticket numbers.
        """
        if len(matters) and matters.arise[0] < self.now:
            raise ValueError(f"a matter arises at {matters.arise[0]} s, but it is {self.now} s")
        first = self._loaded
        self._load(matters)
        return range(first, self._loaded)

    def outcome(self) -> Outcome:
        """Return the record so far; the simulation may go on afterwards."""
        self._record.add_logs(drain(self.arrays))
        tickets = self.arrays.tickets
        present = tickets[tickets["used"] & (tickets["arise"] < self.now)]
        columns: dict[str, Any] = self._record.columns(present, under_way(self.arrays))
        return Outcome(
            scenario=self.scenario,
            city=self.city,
            plan=self.plan,
            policy=self.policy.name,
            engine=self.engine,
            seed=self.seed,
            replication=self.replication,
            until=self.now,
            events=self.events,
            keep=self._record,
            **columns,
        )
