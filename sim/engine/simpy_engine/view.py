"""The world as a policy may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan

from sim.engine.simpy_engine.department import Crew
from sim.engine.simpy_engine.world import World


class Facts:
    """What is known at a decision epoch; see `sim.policy.base.View` for each of them."""

    __slots__ = ("_crews", "_parameters", "_world")

    def __init__(self, world: World, crews: Mapping[int, Crew]) -> None:
        self._world, self._crews, self._parameters = world, crews, world.parameters

    @property
    def now(self) -> float:
        """The present, s."""
        return self._world.env.now

    def accepted(self, ticket: int) -> float:
        """When the ticket was accepted, s."""
        return self._world.tickets.accepted[ticket]

    def ready(self, ticket: int) -> float:
        """Since when it waits for a crew, s."""
        return self._world.tickets.ready[ticket]

    def urgency(self, ticket: int) -> int:
        """Order of service by priority and supervision."""
        return self._world.urgency(ticket)

    def due_arrive(self, ticket: int) -> float:
        """Until when a crew should be there, s."""
        return self._world.tickets.due_arrive[ticket]

    def due_close(self, ticket: int) -> float:
        """Until when it should be closed, s."""
        return self._world.tickets.due_close[ticket]

    def arrived(self, ticket: int) -> bool:
        """Whether a crew has been there before."""
        return not isnan(self._world.tickets.arrived[ticket])

    def category(self, ticket: int) -> str:
        """Its category, by id."""
        return self._world.scenario.categories[self._world.load.category[ticket]].id

    def expected_work(self, ticket: int) -> float:
        """Mean work on site for its category, s."""
        return self._parameters.categories[self._world.load.category[ticket]].work_s

    def place(self, ticket: int) -> tuple[float, float]:
        """Where it is, m."""
        return self._world.place(ticket)[:2]

    def position(self, crew: int) -> tuple[float, float]:
        """Where a crew is, or on roads where it can turn next, m."""
        return self._crews[crew].position()[:2]

    def travel(self, crew: int, ticket: int) -> float:
        """How long a crew would be under way to a ticket, s."""
        world, member = self._world, self._crews[crew]
        place = world.place(ticket)
        return world.ground.time(member.unit.district, member.position(), place, world.now)

    def strength(self, crew: int) -> int:
        """How many crews of its unit are on duty, free or not."""
        return sum(other.on_duty for other in self._crews[crew].unit.crews.values())

    def between(self, start: int, end: int) -> float:
        """How long a crew that leaves now is under way from one ticket to another, s."""
        world = self._world
        district = world.load.district[start]
        return world.ground.time(district, world.place(start), world.place(end), world.now)

    def joint(self, ticket: int) -> bool:
        """Whether it needs crews of several departments at once."""
        return bool(self._world.load.joint[ticket])

    def colleagues(self, crew: int) -> Sequence[int]:
        """All crews of its unit that are on duty, ascending."""
        return [c.number for c in self._crews[crew].unit.crews.values() if c.on_duty]

    def serving(self, crew: int) -> int:
        """Return the ticket it travels to or works at, -1: none."""
        visit = self._crews[crew].visit
        return -1 if visit is None else visit.ticket

    def free_at(self, crew: int) -> float:
        """When it will be free, by what is known now, s."""
        now, visit = self.now, self._crews[crew].visit
        if visit is None:
            return now
        begun = self._world.visits.work[visit.rows[crew]]
        if isnan(begun):  # the last of them is still under way
            begun = max(member.leg.arrives for member in visit.crews)
        return max(now, begun + self.expected_work(visit.ticket))

    def shift_end(self, crew: int) -> float:
        """When the shift of a crew on duty ends, s; inf: never."""
        return self._parameters.duty[self._crews[crew].shift].next_change(self.now)


class HindsightFacts(Facts):
    """The world as a bound may see it; see `sim.policy.base.HindsightView`."""

    __slots__ = ()

    def true_work(self, ticket: int) -> float:
        """How long the work on site will really take, s."""
        return self._world.load.work_s[ticket]
