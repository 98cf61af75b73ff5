"""What all processes share: the clock, the columns, the scenario's parameters, the ledger.

It knows nobody who works in it: what they must be able to do for each other is said here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Protocol

from simpy.events import Event

from sim.city.city import City
from sim.columns import SERVICE, STOP, VISIT
from sim.engine.ledger import Ledger
from sim.engine.simpy_engine.environment import Alarm, Environment
from sim.engine.simpy_engine.records import Records, blank_tickets
from sim.model.flow import may_be_found
from sim.model.ground import Ground
from sim.model.order import Kind
from sim.model.parameters import Parameters
from sim.model.race import TIMED, Clock, Timed
from sim.model.replan import Succession
from sim.model.rules import urgency
from sim.model.state import State
from sim.model.way import Spot
from sim.policy.base import Policy, View
from sim.scenario import Scenario
from sim.workload.philox import Draws

NEVER = float("inf")
_PLACE = {entrant.kind: place for place, entrant in enumerate(TIMED)}


class Line(Protocol):
    """The hotline."""

    def call(self, matter: int) -> None:
        """Let a matter's citizen call."""


class Serves(Protocol):
    """A linkage centre."""

    @property
    def on_duty(self) -> int:
        """Operators on duty now."""

    def serve(self, ticket: int, seconds: float, urgency: int) -> Event:
        """Return what happens at the end of a service of this length."""


class Handles(Protocol):
    """Whoever has people to send: a unit, or a grid."""

    def handle(self, ticket: int) -> Event:
        """Return what happens when somebody has been there."""

    def rerank(self, ticket: int) -> None:
        """Take note that a waiting ticket became more urgent."""


class Walks(Handles, Protocol):
    """A grid with gridworkers."""

    def notice(self, matter: int) -> None:
        """Let a matter lie there until a pass notices it."""

    def check(self, ticket: int) -> Event:
        """Return what happens when somebody has looked at a result."""


class World:
    """The state of one run.

    Attributes
    ----------
    load, tickets : Records
        What happens to each matter by itself, and what becomes of it.
    parameters : Parameters
        The scenario's figures.
    succession : Succession
        The plans of the run; ``plan`` has everybody's number.
    on_duty : list of bool
        Whether each shift is on; ``began`` is when it last came on, s.
    shift_alarm : Alarm
        Rings when shifts begin or end, and when another plan has come into force.
    race : dict of tuple of float
        By matter that arose: when each of `sim.model.race.TIMED` would come, s; inf: never.
    over : set of int
        Matters that were over at time 0, or before the run's state was taken: the ledger does not
        have them.
    deadlines : dict of Alarm
        By ticket: when supervision next takes it up.
    centres : mapping of Serves
        Linkage centres by their desks' numbers.
    units : sequence of Handles
        By number.
    grids : mapping of Walks
        Those that have gridworkers, by number.
    """

    hotline: Line
    centres: Mapping[int, Serves]
    units: Sequence[Handles]
    grids: Mapping[int, Walks]
    view: View

    def __init__(
        self,
        scenario: Scenario,
        city: City,
        draws: Draws,
        load: Records,
        succession: Succession,
        policy: Policy,
        check: bool,
        now: float,
    ) -> None:
        self.env = Environment(now)
        self.scenario, self.policy = scenario, policy
        self.succession, self.plan = succession, succession.staff.plan
        self.load, self.tickets = load, blank_tickets(len(load))
        self.visits, self.stops, self.services = map(Records, (VISIT, STOP, SERVICE))
        self.ledger = Ledger(len(city.district_name), check)
        self.parameters = Parameters.of(scenario, city, draws)
        self.ground = Ground(self.parameters)
        self.on_duty = [calendar.rate(now) > 0 for calendar in self.parameters.duty]
        self.began = [now] * self.parameters.shifts
        self.shift_alarm = Alarm(self.env, Kind.SHIFT, 0)
        self.deadlines: dict[int, Alarm] = {}
        self.race: dict[int, tuple[float, ...]] = {}
        self.over: set[int] = set()

    @property
    def now(self) -> float:
        """The present, s."""
        return self.env.now

    def move(self, ticket: int, state: State) -> None:
        """Bring a matter into another state, in its own row and in the ledger."""
        states = self.tickets.state
        self.ledger.move(self.load.district[ticket], states[ticket], state)
        states[ticket] = state

    def vanish(self, matter: int) -> None:
        """Let a matter go away before anybody knew of it."""
        self.tickets.vanished[matter] = self.now
        self.move(matter, State.VANISHED)

    def attend(self, ticket: int) -> None:
        """Note that somebody is there, for the first time or again."""
        self.tickets.arrived[ticket] = self.now
        if isnan(self.tickets.attended[ticket]):
            self.tickets.attended[ticket] = self.now

    def hidden(self, ticket: int) -> bool:
        """Whether somebody may still find the matter."""
        return may_be_found(self.tickets.state[ticket])

    def place(self, ticket: int) -> Spot:
        """Return where a ticket lies."""
        load = self.load
        return self.ground.lies(load.x[ticket], load.y[ticket], load.grid[ticket])

    def comes(self, matter: int, kind: Kind) -> float:
        """Return when an entrant of the race would notice a matter that arose, s; inf: never."""
        return self.race[matter][_PLACE[kind]]

    def comes_at(self, matter: int, entrant: Timed) -> float:
        """Compute the same from what was drawn. Observers are those of the plan in force."""
        load = self.load
        arisen, amount = load.arisen[matter], getattr(load, entrant.column)[matter]
        clock = entrant.clocks[load.citizen[matter]]
        if clock == Clock.WALL:
            return arisen + amount
        if clock == Clock.OBSERVERS:
            observers = self.succession.observers(load.grid[matter], arisen)
            amount = amount / observers if observers else NEVER
        return self.parameters.clocks[clock].advance(arisen, amount)

    def urgency(self, ticket: int) -> int:
        """Return its order of service, by priority and supervision."""
        t = self.tickets
        priority = self.parameters.categories[self.load.category[ticket]].priority
        return urgency(priority, t.level[ticket], t.reopened[ticket])
