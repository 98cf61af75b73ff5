"""Full-time gridworkers: they walk their grid's route, find, deal, check, and are sent to jobs."""

from __future__ import annotations

from collections.abc import Generator
from heapq import heapify, heappop, heappush

from simpy.events import Event

from sim.clock import MINUTE, WEEK, modulo, tick
from sim.engine.simpy_engine import ticket as life
from sim.engine.simpy_engine.environment import Alarm
from sim.engine.simpy_engine.world import World
from sim.model.order import Kind
from sim.model.state import Channel, State, StopKind
from sim.model.walking import route_pass, route_place, walk_to

Process = Generator[Event, object, None]
_NEVER = float("inf")


class Grid:
    """The gridworkers of one grid, and the simple tickets that wait for one of them."""

    def __init__(self, world: World, number: int, workers: list[int]) -> None:
        self.world = world
        self.loop = world.walks.loop[number]
        self.cycle = world.walks.cycle[number]
        first, last = world.walks.first[number : number + 2]
        self.legs = (
            0,
            last - first,
            world.walks.at[first:last],
            world.walks.start[first:last],
            world.walks.length[first:last],
            world.walks.ahead[first:last],
        )
        self.jobs: list[tuple[int, float, int]] = []
        self.done: dict[int, Event] = {}  # by ticket: a job's end, for which its life waits
        self.checked: dict[int, Event] = {}  # by ticket: a check's end
        self.workers = [Gridworker(world, self, worker) for worker in workers]

    def add(self, number: int) -> Gridworker:
        """Take on a gridworker, who sees nothing yet of what lies there."""
        worker = Gridworker(self.world, self, number)
        self.workers.append(worker)
        return worker

    def withdraw(self, number: int) -> None:
        """Do without a gridworker: the stop is finished, and nothing noticed from then on."""
        worker = next(w for w in self.workers if w.number == number)
        self.workers.remove(worker)
        worker.withdrawn = True
        worker.ahead.clear()
        worker.alarm.cancel()

    def give_up(self) -> dict[int, Event]:
        """Return by ticket the jobs and looks that nobody is left for."""
        orphans = {ticket: self.done.pop(ticket) for _, _, ticket in self.jobs} | self.checked
        self.jobs, self.checked = [], {}
        return orphans

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

    def notice(self, matter: int) -> None:
        """Let it lie there until a pass notices it."""
        passes = self.world.load.passes[matter]
        if passes > 0:
            for worker in self.workers:
                worker.expect(StopKind.RECORD, matter, passes)

    def check(self, ticket: int) -> Event:
        """Ask for a check of a finished ticket on the next pass.

        The event's value is False if there will be none: the gridworkers were withdrawn.
        """
        self.checked[ticket] = Event(self.world.env)
        for worker in self.workers:
            worker.expect(StopKind.CHECK, ticket, 1)
        return self.checked[ticket]

    def handle(self, ticket: int) -> Event:
        """Ask for somebody to go to a simple ticket; the value is as that of `check`."""
        self.done[ticket] = Event(self.world.env)
        heappush(self.jobs, (self.world.urgency(ticket), self.world.tickets.ready[ticket], ticket))
        for worker in self.workers:
            worker.aim()
        return self.done[ticket]

    def rerank(self, ticket: int) -> None:
        """Take note that a waiting ticket became more urgent."""
        place = next((i for i, job in enumerate(self.jobs) if job[2] == ticket), None)
        if place is not None:
            self.jobs[place] = (
                self.world.urgency(ticket),
                self.world.tickets.ready[ticket],
                ticket,
            )
            heapify(self.jobs)


class Gridworker:
    """One gridworker. Between stops there is no event: the next pass is arithmetic."""

    def __init__(self, world: World, grid: Grid, number: int) -> None:
        plan = world.plan
        shift = int(plan.worker_shift[number])
        self.world, self.grid, self.number = world, grid, number
        self.duty, self.rounds = world.shifts[shift], world.rounds[shift]
        self.odometer = tick(float(plan.worker_offset[number]) * grid.cycle)
        self.since = world.now  # when the odometer showed that
        self.busy = False
        self.withdrawn = False
        self.ahead: list[tuple[float, int, int]] = []  # odometer, kind, ticket
        self.alarm = Alarm(world.env, Kind.PATROL, number)
        world.env.process(self.walk())

    def walked(self) -> float:
        """Return what the odometer shows now, s of walking."""
        if self.busy:
            return self.odometer
        return self.odometer + self.rounds.between(self.since, self.world.now)

    def expect(self, kind: StopKind, ticket: int, passes: int) -> None:
        """Put a stop on the way ahead."""
        at = self.grid.next_pass(self.walked(), ticket, passes)
        heappush(self.ahead, (at, kind, ticket))
        if self.ahead[0][2] == ticket:
            self.aim()

    def aim(self) -> None:
        """Set the alarm for the next stop or job."""
        if self.busy or self.withdrawn:
            return
        while self.ahead and not self._live(*self.ahead[0][1:]):
            heappop(self.ahead)
        when, now = _NEVER, self.world.now
        if self.ahead:
            left = self.ahead[0][0] - self.walked()
            when = self.rounds.advance(now, left)
            if left == 0.0 and self.rounds.rate(now) == 0.0:  # stands there, but does not walk
                when = self.rounds.next_start(now)
        if self.grid.jobs:
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
        return _NEVER

    def _live(self, kind: int, ticket: int) -> bool:
        if kind == StopKind.CHECK:
            return ticket in self.grid.checked
        return self.world.hidden(ticket)

    def walk(self) -> Process:
        """Walk, and stop where there is something to do."""
        while True:
            yield self.alarm.event
            self.alarm.renew()
            now = self.world.now
            self.odometer, self.since = self.walked(), now
            if self.grid.jobs and self.free_from(now) == now:
                self.busy = True
                yield from self.job(heappop(self.grid.jobs)[2])
            elif self.ahead and self.ahead[0][0] <= self.odometer:
                _, kind, ticket = heappop(self.ahead)
                if self._live(kind, ticket):
                    self.busy = True
                    yield from self.check(ticket) if kind == StopKind.CHECK else self.find(ticket)
            self.busy = False
            self.since = self.world.now
            self.aim()

    def find(self, matter: int) -> Process:
        """Record a matter, and deal with it if it is simple."""
        world, tickets = self.world, self.world.tickets
        simple = bool(world.load.simple[matter])
        tickets.discovered[matter] = world.now
        tickets.worker[matter] = self.number
        world.move(matter, State.RECORDING)
        recorded = world.now + tick(world.scenario.patrol.record_min * MINUTE)
        end = recorded + world.load.spot_s[matter] if simple else recorded
        self._stop(StopKind.SPOT if simple else StopKind.RECORD, matter, end)
        yield world.env.at(end, Kind.PATROL, self.number)
        if not simple:
            world.env.process(life.from_find(world, matter, Channel.PATROL))
            return
        life.accept(world, matter, Channel.PATROL, recorded)
        tickets.on_spot[matter] = 1
        tickets.triaged[matter] = tickets.tracked[matter] = tickets.signed[matter] = recorded
        tickets.dispatched[matter] = tickets.arrived[matter] = tickets.discovered[matter]
        tickets.finished[matter] = tickets.handled[matter] = tickets.checked[matter] = end
        life.evaluate(world, matter)

    def check(self, ticket: int) -> Process:
        """Look at the result of a finished ticket."""
        done = self.grid.checked.pop(ticket)
        end = self.world.now + tick(self.world.scenario.patrol.check_min * MINUTE)
        self._stop(StopKind.CHECK, ticket, end)
        yield self.world.env.at(end, Kind.PATROL, self.number)
        done.succeed(True)

    def job(self, ticket: int) -> Process:
        """Leave the loop, deal with a simple ticket, and come back to where the loop was left."""
        world, tickets = self.world, self.world.tickets
        way = self.grid.walk_to(self.odometer, ticket)
        tickets.worker[ticket] = self.number
        tickets.dispatched[ticket] = world.now
        world.move(ticket, State.TRAVELLING)
        arrive = world.now + way
        finish = arrive + world.load.spot_s[ticket]
        self._stop(StopKind.JOB, ticket, finish + way)
        yield world.env.at(arrive, Kind.PATROL, self.number)
        tickets.arrived[ticket] = arrive
        world.move(ticket, State.ON_SITE)
        yield world.env.at(finish, Kind.PATROL, self.number)
        self.grid.done.pop(ticket).succeed(True)
        yield world.env.at(finish + way, Kind.PATROL, self.number)

    def _stop(self, kind: StopKind, ticket: int, end: float) -> None:
        self.world.stops.add(
            worker=self.number, ticket=ticket, kind=kind, start=self.world.now, end=end
        )
