"""The SimPy engine: the model as processes, written to be read. It is the specification."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.clock import DAY, tick
from sim.engine.outcome import TICKETS, Columns, Outcome, in_order
from sim.engine.simpy_engine.begin import go_on, people_of, records
from sim.engine.simpy_engine.invariants import check_world
from sim.engine.simpy_engine.nature import nature
from sim.engine.simpy_engine.people import People
from sim.engine.simpy_engine.records import Records, matters_of
from sim.engine.simpy_engine.replan import replan
from sim.engine.simpy_engine.shifts import await_change, shifts
from sim.engine.simpy_engine.state import state_of
from sim.engine.simpy_engine.view import Facts, HindsightFacts
from sim.engine.simpy_engine.world import World
from sim.engine.simulation import resolved
from sim.engine.state import RunState
from sim.engine.window import Rows, may_matter, reaches_in
from sim.model.plan import Plan
from sim.model.replan import Succession
from sim.model.state import State
from sim.policy import Policy
from sim.scenario import Scenario
from sim.workload.philox import Draws
from sim.workload.workload import Workload


class SimpySimulation:
    """One run that can be stopped at any instant and gone on with.

    Parameters
    ----------
    scenario : Scenario
        What is assumed.
    city, workload, plan : optional
        Made from the scenario where they are not given.
    policy : str or Policy
        Who is sent where, next.
    seed, replication : int
        The key of all randomness; the scenario's own seed by default.
    check : bool
        Whether the invariants are checked after every event; several times slower.
    keep_warm_up : bool
        Whether the record holds all of the warm-up, and not what still matters at time 0 alone.
    """

    engine = "simpy"
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
    ) -> None:
        self.scenario = scenario
        self.city, plan, self.policy, self.seed = resolved(scenario, city, plan, policy, seed)
        self.replication = replication
        if workload is None:
            workload = Workload.draw(scenario, self.city, self.seed, replication)
        self.check = check
        self.keep_warm_up = keep_warm_up
        self._dropped: NDArray[np.bool_] | None = None  # at time 0, by number
        self._absent = np.zeros(0, dtype=np.bool_)  # of whom the state it began from knows nothing
        self._since = 0.0  # from when on the record is kept
        self._workload = workload
        self._open(matters_of(workload), 0, Succession(plan, self.begins), self.begins)
        await_change(self._world)

    def _open(self, load: Records, first: int, plans: Succession, now: float) -> None:
        """Make a world in which the matters from a number on arise by themselves."""
        self._plans, self._by_itself = plans, range(first, len(load))
        self._world = world = World(
            self.scenario,
            self.city,
            Draws(self.seed, self.replication),
            load,
            plans,
            self.policy,
            self.check,
            now,
        )
        self._people = people = People(world)
        facts = HindsightFacts if self.policy.hindsight else Facts
        world.view = facts(world, people.crews)
        world.env.process(shifts(world, people))
        world.env.process(nature(world, first, len(load)))

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        return self._plans.plan

    @property
    def now(self) -> float:
        """The instant up to which it has been run, s since the scenario's start."""
        return self._world.now

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
        return self._world.env.happened

    @property
    def ledger(self) -> NDArray[np.int64]:
        """Matters by district and state now, int64 [D, states]; without what was over at time 0."""
        return self._world.ledger.array()

    @property
    def overdue(self) -> NDArray[np.int64]:
        """Tickets past their deadline for closing now, int64 [D]."""
        return np.array(self._world.ledger.overdue, dtype=np.int64)

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
        while self.now < until:
            before = self._plans.staff
            if self._plans.go_on(self.now):
                replan(self._world, self._people, before)
            pause = 0.0 if self.now < 0 else until  # time 0, when the record begins
            target = min(self.now + step, until, self._plans.next, pause)
            if self.check:
                self._run_checked(target)
            else:
                self._world.env.run(target)
            if self.now == 0 and self._dropped is None and self.begins < 0:
                self._begin()
            if progress is not None:
                progress((self.now - self.begins) / length)

    def _run_checked(self, until: float) -> None:
        world, env = self._world, self._world.env
        stop = env.event()
        env.schedule(stop, 0, until - env.now)  # type: ignore[arg-type]
        stop._ok, stop._value = True, None
        seen = env.happened
        while not stop.processed:
            env.step()
            if env.happened != seen and env.settled:
                seen = env.happened
                world.ledger.balance()
                if seen % 256 == 0:
                    check_world(world, self._people)
        check_world(world, self._people)

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
        world = self._world
        first = len(world.tickets)
        world.load.append(matters)
        world.tickets.extend(len(matters))
        added = range(first, len(world.tickets))
        world.env.process(nature(world, added.start, added.stop))
        return added

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

    def state(self) -> RunState:
        """Return what has happened so far as a value, from which a run can begin."""
        world, over = self._world, self._over()
        arisen, first = np.array(world.load.arisen), self._by_itself.start
        coming = np.searchsorted(arisen[first : self._by_itself.stop], self.now)
        live = (np.array(world.tickets.state) >= 0) & ~over
        live[self._by_itself.stop :] |= arisen[self._by_itself.stop :] >= self.now  # were put in
        kept = over & ~self._without_matter(over, max(self.now, 0.0))
        return state_of(
            world,
            self._people,
            seed=self.seed,
            replication=self.replication,
            live=np.flatnonzero(live),
            over=np.flatnonzero(kept),
            coming=first + int(coming),
        )

    def begin(self, state: RunState, *, anew: bool = False) -> None:
        """Begin from the state of a run, of this engine or another, in place of an empty city.

        Parameters
        ----------
        state : RunState
            Of a run of the same scenario, seed and replication.
        anew : bool
            Whether the policy is another than the state's: it remembers nothing, and says anew
            where tickets stand in line.

        Raises
        ------
        ValueError
            If this has been run already.
        """
        if self.now != self.begins or self.events:
            raise ValueError("a run begins from a state before anything else")
        (begins, plan), *later = state.plans
        plans = Succession(plan, begins)
        for time, following in later:
            plans.ask(following, time, begins)
            plans.go_on(time)
        plans.coming = list(state.coming)
        known = np.concatenate((state.matters["number"], state.over["number"]))
        size = max(state.next_number, int(known.max(initial=-1)) + 1)
        coming = self._workload.take(np.flatnonzero(self._workload.arisen >= state.now))
        self._open(matters_of(coming, before=size), size, plans, state.now)
        self._absent = np.ones(size, dtype=np.bool_)
        self._absent[known] = False
        self._since = max(state.now, 0.0)
        if state.now >= 0:
            self._dropped = self._absent
        records(self._world, state)
        people_of(self._people, plans.staff)
        go_on(self._world, self._people, state, anew=anew)

    def outcome(self) -> Outcome:
        """Return the record so far; the simulation may go on afterwards."""
        world = self._world
        dropped = self._dropped
        if dropped is None and (self.begins < 0 or len(self._absent)):
            dropped = self._without_matter(self._over(), 0.0)
        keeps = dropped is None or (self.keep_warm_up and not len(self._absent))
        tickets, rows = _tickets(world, self.now, None if keeps else dropped)
        logs = {
            "visits": world.visits.arrays(),
            "stops": world.stops.arrays(),
            "services": world.services.arrays(),
        }
        if not keeps:
            logs = {name: _reaching_in(log, rows, self._since) for name, log in logs.items()}
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
            tickets=tickets,
            **{name: in_order(name, log) for name, log in logs.items()},  # type: ignore[arg-type]
        )

    def _begin(self) -> None:
        """Let time 0 come: what is over leaves the ledger, and what does not matter the record."""
        world, over = self._world, self._over()
        for matter in set(np.flatnonzero(over).tolist()) - world.over:
            world.ledger.forget(world.load.district[matter], world.tickets.state[matter])
            world.over.add(matter)
        self._dropped = self._without_matter(over, 0.0)

    def _over(self) -> NDArray[np.bool_]:
        """Return to which matters nothing more will happen, bool [matters]."""
        known = self._world.tickets.arrays()
        return np.isin(known["state"], (State.CLOSED, State.VANISHED)) & ~known["on_line"]

    def _without_matter(self, over: NDArray[np.bool_], at: float) -> NDArray[np.bool_]:
        """Return which of those that are over do not matter at an instant, bool [matters]."""
        world = self._world
        known = world.load.arrays() | world.tickets.arrays()
        over = over & ~may_matter(known, world.parameters, at)
        for log in (world.visits, world.stops, world.services):
            entries = log.arrays()
            over[entries["ticket"][reaches_in(entries["end"], at)]] = False
        over[: len(self._absent)] |= self._absent
        return over


def _tickets(world: World, now: float, dropped: NDArray[np.bool_] | None) -> tuple[Columns, Rows]:
    """Copy out the matters that have arisen, with the facts of the workload, and their rows."""
    known = world.load.arrays() | world.tickets.arrays()
    priority = np.array([c.priority for c in world.parameters.categories])
    known["priority"] = priority[known["category"]]
    here, rows = known["arisen"] < now, Rows()
    if dropped is not None:
        here[: len(dropped)] &= ~dropped
        rows = Rows(len(dropped), np.flatnonzero(~dropped))
    chosen = np.flatnonzero(here)
    columns = {n: known[n][chosen].astype(kind, copy=False) for n, kind in TICKETS.items()}
    return columns, rows


def _reaching_in(log: Columns, rows: Rows, since: float) -> Columns:
    """Return what is not over at an instant of a log, with the rows that tickets have."""
    inside = reaches_in(log["end"], since)
    kept = {name: column[inside] for name, column in log.items()}
    return kept | {"ticket": rows.of(kept["ticket"])}
