"""Gridworkers' ways: what lies ahead of them, and when they reach it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from heapq import heappop, heappush

from simpy.events import Event

from sim.clock import WEEK, modulo, tick
from sim.engine.simpy_engine.environment import Alarm
from sim.engine.simpy_engine.world import NEVER, World
from sim.model.order import Kind
from sim.model.state import StopKind
from sim.model.walking import route_pass, route_place, walk_to


class Beat:
    """What the gridworkers of a grid have in common.

    Attributes
    ----------
    jobs : list
        Simple tickets that wait for one of them, a heap: urgency, since when, ticket.
    done, checked : dict of Event
        By ticket: the end of a job for which its life waits, and of a look at its result.
    """

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        walks = world.parameters.walks
        first, last = walks.first[number : number + 2].tolist()
        legs = (walks.at, walks.start, walks.length, walks.ahead)
        self.loop, self.cycle = float(walks.loop[number]), float(walks.cycle[number])
        self.legs = (0, last - first, *(of[first:last].tolist() for of in legs))
        self.jobs: list[tuple[int, float, int]] = []
        self.done: dict[int, Event] = {}
        self.checked: dict[int, Event] = {}

    def place(self, ticket: int) -> float:
        """Return where on the loop a ticket lies, s of walking."""
        return modulo(tick(self.world.load.loop[ticket] * self.loop), self.loop)

    def next_pass(self, odometer: float, ticket: int, passes: int) -> float:
        """Return the odometer at which a gridworker passes a ticket for the n-th time."""
        return route_pass(odometer, self.place(ticket), passes, self.loop, self.cycle, *self.legs)

    def walk_to(self, odometer: float, ticket: int) -> float:
        """Return the walk from where a gridworker is to a ticket, s."""
        place, rest = route_place(odometer, self.loop, self.cycle, *self.legs)
        return rest + walk_to(place, self.place(ticket), self.loop)


class Patrol(ABC):
    """One gridworker's way. Between stops there is no event: the next pass is arithmetic."""

    def __init__(self, world: World, beat: Beat, number: int) -> None:
        plan, parameters = world.plan, world.parameters
        shift = int(plan.worker_shift[number])
        self.world, self.beat, self.number = world, beat, number
        self.duty, self.rounds = parameters.duty[shift], parameters.rounds[shift]
        self.odometer = tick(float(plan.worker_offset[number]) * beat.cycle)
        self.since = world.now  # when the odometer showed that
        self.withdrawn = False
        self.ahead: list[tuple[float, int, int]] = []  # odometer, kind, ticket
        self.alarm = Alarm(world.env, Kind.PATROL, number)

    @property
    @abstractmethod
    def busy(self) -> bool:
        """Whether it stops, and does not walk."""

    def walked(self) -> float:
        """Return what the odometer shows now, s of walking."""
        if self.busy:
            return self.odometer
        return self.odometer + self.rounds.between(self.since, self.world.now)

    def expect(self, kind: StopKind, ticket: int, passes: int) -> None:
        """Put a stop on the way ahead."""
        at = self.beat.next_pass(self.walked(), ticket, passes)
        heappush(self.ahead, (at, kind, ticket))
        if self.ahead[0][2] == ticket:
            self.aim()

    def aim(self) -> None:
        """Set the alarm for the next stop or job."""
        if self.busy or self.withdrawn:
            return
        while self.ahead and not self.is_live(*self.ahead[0][1:]):
            heappop(self.ahead)
        when, now = NEVER, self.world.now
        if self.ahead:
            left = self.ahead[0][0] - self.walked()
            when = self.rounds.advance(now, left)
            if left == 0.0 and self.rounds.rate(now) == 0.0:  # stands there, but does not walk
                when = self.rounds.next_start(now)
        if self.beat.jobs:
            when = min(when, self.free_from(now))
        self.alarm.set(when)

    def free_from(self, time: float) -> float:
        """Return when the gridworker may next go to a job, s; inf if at no time of two weeks.

        That is on duty, and between rounds where the policy has those come first.
        """
        last = time + 2 * WEEK
        while time < last:
            if self.duty.rate(time) == 0:
                time = self.duty.next_start(time)
            elif self.world.policy.jobs_first or self.rounds.rate(time) == 0:
                return time
            else:
                time = self.rounds.next_change(time)
        return NEVER

    def is_live(self, kind: int, ticket: int) -> bool:
        """Return whether a stop ahead is still worth it."""
        if kind == StopKind.CHECK:
            return ticket in self.beat.checked
        return self.world.hidden(ticket)
