"""The compiled engine's simulation: loads matters by days, runs the kernels, keeps the record."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.clock import DAY, day_of, tick
from sim.columns import MATTER, kinds
from sim.engine.compiled_engine import layout
from sim.engine.compiled_engine.beginning import arrays_of
from sim.engine.compiled_engine.build import build, single_figures, with_room
from sim.engine.compiled_engine.callback import Callback
from sim.engine.compiled_engine.compilation import kernel
from sim.engine.compiled_engine.handle import Handle
from sim.engine.compiled_engine.invariants import check_arrays
from sim.engine.compiled_engine.matters import drain, load_matters, present, take_done, under_way
from sim.engine.compiled_engine.record import Record
from sim.engine.compiled_engine.replan import most_busy, replan, staffed
from sim.engine.compiled_engine.snapshot import tables
from sim.engine.compiled_engine.soundness import StateFacts, plain, sound
from sim.engine.outcome import Outcome
from sim.engine.simulation import resolved
from sim.engine.state import RunState, without_traces
from sim.errors import InputError, InvariantError
from sim.model.parameters import Parameters
from sim.model.plan import Plan
from sim.model.replan import Succession
from sim.model.state import State
from sim.policy import Policy
from sim.processors import threads as all_threads
from sim.reading import checked
from sim.scenario import Scenario
from sim.scenario.room import IN_MEMORY
from sim.workload.arrivals import Demand
from sim.workload.philox import Draws
from sim.workload.workload import Places, Workload
from sim.writing import writable

_BLOCK = 130_000  # matters drawn at a time, about
_LOOKAHEAD = 60.0  # s; with less than this, windows do not pay

Drawn = tuple[list[Workload], Places]


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
    keep_warm_up : bool
        Whether the record holds all of the warm-up, and not what still matters at time 0 alone.
    threads : int, optional
        For the districts, which run side by side; as many as there are processors by default.
        What comes out does not depend on it.
    """

    engine = "compiled"
    record: type[Outcome] = Outcome

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
        keep_warm_up: bool = False,
        threads: int | None = None,
    ) -> None:
        self.scenario = scenario
        self.city, plan, self.policy, self.seed = resolved(scenario, city, plan, policy, seed)
        self.replication = replication
        self.check = check
        self.threads = min(threads or all_threads(), len(self.city.district_name))
        self._lanes: ThreadPoolExecutor | None = None
        begins = scenario.time.begins
        self._plans = Succession(plan, begins)
        self.parameters = Parameters.of(scenario, self.city, Draws(self.seed, replication))
        self._callback = Callback(self, self.policy)
        figures = single_figures(self.parameters, self.policy, check, self._callback.address)
        self.arrays = build(self.parameters, self.city, plan, figures, begins)
        self._most_busy = most_busy(self.arrays)
        self._loaded = 0  # matters so far
        self._put_in: set[int] = set()  # those of them that were not drawn
        self._drawer: ThreadPoolExecutor | None = None
        self._drawn: Future[Drawn] | None = None  # the next days' matters, being drawn
        daily = float(Demand.build(scenario, self.city).matters.sum())
        expected = daily * scenario.time.days if workload is None else len(workload)
        self.keep_warm_up = keep_warm_up
        warming = None if keep_warm_up or begins == 0 else self.parameters
        self._record = Record(expected > IN_MEMORY, warming)
        self._given = workload
        self._since = begins  # what arises before it is not loaded
        self._until_day = -scenario.time.warm_up_days
        self._days = max(int(_BLOCK / max(daily, 1.0)), 1)
        if workload is not None:
            self._days = scenario.time.days - self._until_day

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        return self._plans.plan

    @property
    def now(self) -> float:
        """The instant up to which it has been run, s since the scenario's start."""
        return float(self.arrays.shards["now"][-1])

    @property
    def begins(self) -> float:
        """The first instant of the run, s: 0, or before it where there is a warm-up."""
        return self.scenario.time.begins

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
        """Matters by district and state now, int64 [D, states]; without what was over at time 0."""
        return self.arrays.counts[:-1, : layout.STATES].copy()

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
            Told the share of the run that is done, about a hundred times.
        """
        until = self.horizon if until is None else tick(float(until))
        length = self.horizon - self.begins
        step = max(tick(length / 100), 1.0) if progress is not None else length
        if self.check:
            step = min(step, 900.0)
        while self.now < until:
            self._replan_if_due()
            self._run_to(min(self.now + step, until, self._plans.next, self._pause))
            self._begin_if_due()
            if self.check:
                check_arrays(self.arrays, self._record.counts, self._most_busy, self._plans.staff)
            if progress is not None:
                progress((self.now - self.begins) / length)

    @property
    def _pause(self) -> float:
        """The instant that must not be run over: time 0, when the record begins."""
        return 0.0 if self.now < 0 else float("inf")

    def _begin_if_due(self) -> None:
        """Let time 0 come: what is over leaves the ledger, and what does not matter the record."""
        if self.now != 0:
            return
        self._put_away()
        self._record.begin(self._numbers, self._loaded)
        here = self.arrays.tickets[self.arrays.tickets["used"]]
        for state in (layout.CLOSED, layout.VANISHED):
            left = here["district"][here["state"] == state]
            counts = np.bincount(left, minlength=self.parameters.districts)
            self.arrays.counts[:-1, state] = counts

    @property
    def _numbers(self) -> NDArray[np.int64]:
        """The matters that are in the arrays, in no order."""
        tickets = self.arrays.tickets
        return np.asarray(tickets["id"][tickets["used"]])

    def _run_to(self, until: float) -> None:
        while self.now < until:
            if self._until_day < self.scenario.time.days and self.now >= self._until_day * DAY:
                self._put_away()
                self._load_days()
            end = until
            if self._until_day < self.scenario.time.days:
                end = min(until, self._until_day * DAY)
            self._run_kernel(end)

    def _replan_if_due(self) -> None:
        before = self._plans.staff
        if self._plans.go_on(self.now):
            self._record.add_logs(drain(self.arrays))
            self.arrays = replan(self.arrays, self.parameters, self.city, before, self._plans.staff)
            self._most_busy = most_busy(self.arrays)

    def _run_kernel(self, until: float) -> None:
        in_python = self.arrays.parameters["policy"][0] == layout.PYTHON
        windows = not in_python and self.parameters.write_up_s >= _LOOKAHEAD
        with self._callback.heard() if in_python else nullcontext():
            while not (self._run_lanes(until) if windows else self._run_in_step(until)):
                self._attend()

    def _run_in_step(self, until: float) -> bool:
        return bool(kernel("run_lockstep")(Handle(self.arrays), until))

    def _run_lanes(self, until: float) -> bool:
        """Run the shards on several threads; this one is the first lane."""
        loop, handle, lanes = kernel("run_lane"), Handle(self.arrays), self.threads
        self.arrays.lanes[:] = 0
        if lanes > 1 and self._lanes is None:
            self._lanes = ThreadPoolExecutor(lanes - 1, thread_name_prefix="lane")
        others = [
            self._lanes.submit(loop, handle, until, lanes)
            for _ in range(1, lanes)
            if self._lanes is not None
        ]
        whole = loop(handle, until, lanes)
        for other in others:
            other.result()
        return bool(whole)

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
        self._load(*drawn)
        following = self._next_days()
        if following:
            if self._drawer is None:
                self._drawer = ThreadPoolExecutor(1, thread_name_prefix="draw")
            self._drawn = self._drawer.submit(self._draw, following)

    def _next_days(self) -> range:
        last = min(self._until_day + self._days, self.scenario.time.days)
        return range(self._until_day, last)

    def _draw(self, days: range) -> Drawn:
        parts = (
            Workload.draw_parts(self.scenario, self.city, self.seed, self.replication, days)
            if self._given is None
            else [self._given]
        )
        if days.start * DAY < self._since:
            parts = [part.take(np.flatnonzero(part.arisen >= self._since)) for part in parts]
        return parts, Workload.places(parts)

    def _load(self, parts: list[Workload], places: Places) -> None:
        self.arrays = load_matters(self.arrays, parts, places, self._loaded)
        self._loaded += sum(map(len, parts))

    def _put_away(self) -> None:
        """Move what is over from the arrays to the record."""
        self._record.add_logs(drain(self.arrays))
        self._record.add_tickets(take_done(self.arrays))

    def keep_parts_in(self, folder: Path) -> None:
        """Keep the record on disk in a folder from the beginning, and leave it there."""
        with writable(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._record.keep_in(folder)

    def keep_parts_beside(self, folder: Path) -> None:
        """Let the record of a long run lie within a folder, such as that of its result.

        Where it is on the same disk, its parts become those of the result.
        """
        self._record.keep_beside(folder)

    def saved(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return all that the run itself needs to go on elsewhere, beside its parts on disk.

        Returns
        -------
        dict of arrays, dict
            And plain facts, as JSON has them. The arrays are the run's own: they are to be
            written, or copied, before it goes on. `restore` takes over what it is given.
        """
        self._put_away()
        arrays = {name: plain(getattr(self.arrays, name)) for name in layout.SAVED}
        held, first = self._record.state()
        facts = {
            "loaded": self._loaded,
            "first": first,
            "until_day": self._until_day,
            "parts": self._record.flush(),
            "counts": self._record.counts.tolist(),
            "queues": self._callback.state(),
        }
        plans, facts["plans"], facts["past_plans"] = self._plans.state()
        return arrays | held | plans, facts

    def state(self) -> RunState:
        """Return the state of the run now; see `sim.engine.state`."""
        self._put_away()
        tickets = self.arrays.tickets
        put_in = np.isin(tickets["id"], list(self._put_in))
        arisen = tickets["state"] >= 0
        found = tables(self.arrays, np.flatnonzero(tickets["used"] & (arisen | put_in)))
        named = [found["crews"]["ticket"], found["workers"]["ticket"]]
        over = self._record.over(self.parameters, self.now, np.concatenate(named))
        drawn = tickets["id"][tickets["used"] & ~arisen & ~put_in]
        number = int(drawn.min()) if len(drawn) else self._loaded
        if self._put_in:  # one that nobody has
            here = (found["matters"]["number"], over["number"], [number - 1])
            number = int(max(max(numbers) for numbers in here if len(numbers))) + 1
        whole = RunState(
            now=self.now,
            seed=self.seed,
            replication=self.replication,
            events=self.events,
            next_number=number,
            next_shift=float(self.arrays.shards["next_shift"][-1]),
            over=over,
            plans=tuple(self._plans.plans),
            coming=tuple(self._plans.coming),
            policy=self.policy.name,
            keys=self._callback.places(),
            memory=self.policy.memory(),
            **found,
        )
        return without_traces(whole)

    def begin(self, state: RunState, *, anew: bool = False) -> None:
        """Go on from the state of another run instead of from an empty city.

        Parameters
        ----------
        state : RunState
            Of the same scenario and seed, whatever the engine.
        anew : bool
            Whether the policy is another one than that of the state's run: it remembers nothing,
            and all that waits gets its place in line from it.

        Raises
        ------
        ValueError
            If this run has begun already, or the state is of another seed or replication.
        """
        if self._loaded or self.now > self.begins:
            raise ValueError("a run begins from a state before anything else")
        if (state.seed, state.replication) != (self.seed, self.replication):
            raise ValueError("a state is gone on with under its own seed and replication")
        self._plans.take_over(state.plans, state.coming)
        figures = self.arrays.parameters
        self.arrays = arrays_of(state, self.parameters, self.city, self._plans.staff, figures)
        self._most_busy = most_busy(self.arrays)
        self._since, self._until_day = state.now, day_of(state.now)
        self._record.begin_from(state, self._numbers, self.parameters)
        self._loaded = state.next_number
        for row in np.flatnonzero(state.matters["state"] < 0).tolist():
            self._load_put_in(state, row)
        self._callback.begin(state, anew)

    def _load_put_in(self, state: RunState, row: int) -> None:
        """Load a matter that was put into the state's run and is still to arise."""
        columns = {name: state.matters[name][[row]] for name in kinds(MATTER)}
        number = int(state.matters["number"][row])
        here = self.arrays
        self.arrays = load_matters(here, [Workload(**columns)], [np.arange(1)], number)
        self._put_in.add(number)
        self._loaded = max(self._loaded, number + 1)

    def restore(self, arrays: dict[str, NDArray[Any]], facts: dict[str, Any]) -> None:
        """Take over a state; scenario, plan, policy and seed must be those of its run.

        Raises
        ------
        InputError
            If there is anything in it that no run can have come to: see `soundness`.
        """
        said = checked(StateFacts, facts, "state")
        self._plans.restore(arrays, said.plans, said.past_plans)
        fresh = staffed(self.arrays, self.parameters, self.city, self._plans.staff, self.begins)
        self.arrays = sound(arrays, fresh, self.begins, self.horizon)
        first, last = day_of(self.now), self.scenario.time.days
        if not min(first, last) <= said.until_day <= last:
            raise InputError("state", "until_day", said.until_day, f"a day from {first} to {last}")
        self._loaded, self._until_day, self._drawn = said.loaded, said.until_day, None
        self._record.go_on(said.parts, said.counts, arrays, said.first, self.now)
        self._callback.restore(said.queues)
        self._most_busy = most_busy(self.arrays)
        try:
            check_arrays(self.arrays, self._record.counts, self._most_busy, self._plans.staff)
        except InvariantError as error:
            raise InputError(
                "state", "counts", str(error), "a state that a run can be in"
            ) from None

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
        if len(matters) and matters.arisen[0] < self.now:
            raise ValueError(f"a matter arises at {matters.arisen[0]} s, but it is {self.now} s")
        if self.now >= self._until_day * DAY:
            self._load_days()
        first = self._loaded
        self._put_in |= set(range(first, first + len(matters)))
        self._load([matters], [np.arange(len(matters))])
        return range(first, self._loaded)

    def replan(self, plan: Plan, at: float | None = None) -> None:
        """Let another plan be in force; see `sim.model.replan`.

        Parameters
        ----------
        plan : Plan
            Of the same city and shifts.
        at : float, optional
            From when on, s, before anything else of that instant; now by default.

        Raises
        ------
        InputError
            If it does not fit, or is not in order of time.
        """
        self._plans.ask(plan, self.now if at is None else at, self.now)

    def outcome(self) -> Outcome:
        """Return the record so far; the simulation may go on afterwards."""
        if self.now < 0:  # what will not matter at time 0 is left out
            self._put_away()
        self._record.add_logs(drain(self.arrays))
        here = present(self.arrays, self.now)
        columns: dict[str, Any] = self._record.columns(
            here, under_way(self.arrays), self._numbers, self._loaded
        )
        return self.record(
            scenario=self.scenario,
            city=self.city,
            plan=self._plans.staff.plan,
            plans=tuple(self._plans.plans),
            policy=self.policy.name,
            engine=self.engine,
            seed=self.seed,
            replication=self.replication,
            until=self.now,
            begins=self.begins if self.keep_warm_up else 0.0,
            events=self.events,
            keep=self._record,
            **columns,
        )
