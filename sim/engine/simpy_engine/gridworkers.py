"""Full-time gridworkers: they walk their grid's route, find, deal, check, and are sent to jobs."""

from __future__ import annotations

from collections.abc import Generator
from heapq import heapify, heappop, heappush

from simpy.events import Event

from sim.engine.simpy_engine import ticket as life
from sim.engine.simpy_engine.patrols import Beat, Patrol
from sim.engine.simpy_engine.world import World
from sim.model.order import Kind
from sim.model.state import Channel, State, StopKind

Process = Generator[Event, object, None]


class Grid(Beat):
    """The gridworkers of one grid, and what waits for one of them."""

    def __init__(self, world: World, number: int, workers: list[int]) -> None:
        super().__init__(world, number)
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

    def notice(self, matter: int) -> None:
        """Let it lie there until a pass notices it."""
        passes = self.world.load.passes[matter]
        if passes > 0:
            for worker in self.workers:
                worker.expect(StopKind.RECORD, matter, passes)

    def check(self, ticket: int) -> Event:
        """Ask for a look at a finished ticket on the next pass."""
        self.checked[ticket] = Event(self.world.env)
        for worker in self.workers:
            worker.expect(StopKind.CHECK, ticket, 1)
        return self.checked[ticket]

    def handle(self, ticket: int) -> Event:
        """Ask for somebody to go to a simple ticket."""
        self.done[ticket] = Event(self.world.env)
        heappush(self.jobs, self._job(ticket))
        for worker in self.workers:
            worker.aim()
        return self.done[ticket]

    def rerank(self, ticket: int) -> None:
        """Take note that a waiting ticket became more urgent."""
        place = next((i for i, job in enumerate(self.jobs) if job[2] == ticket), None)
        if place is not None:
            self.jobs[place] = self._job(ticket)
            heapify(self.jobs)

    def _job(self, ticket: int) -> tuple[int, float, int]:
        return self.world.urgency(ticket), self.world.tickets.ready[ticket], ticket


class Gridworker(Patrol):
    """One gridworker."""

    def __init__(self, world: World, grid: Grid, number: int) -> None:
        super().__init__(world, grid, number)
        world.env.process(self.walk())

    def walk(self) -> Process:
        """Walk, and stop where there is something to do."""
        beat = self.beat
        while True:
            yield self.alarm.event
            self.alarm.renew()
            now = self.world.now
            self.odometer, self.since = self.walked(), now
            if beat.jobs and self.free_from(now) == now:
                self.busy = True
                yield from self.job(heappop(beat.jobs)[2])
            elif self.ahead and self.ahead[0][0] <= self.odometer:
                _, kind, ticket = heappop(self.ahead)
                if self.is_live(kind, ticket):
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
        recorded = world.now + world.parameters.record_s
        end = recorded + world.load.spot_s[matter] if simple else recorded
        self._stop(StopKind.SPOT if simple else StopKind.RECORD, matter, end)
        yield world.env.at(end, Kind.PATROL, self.number)
        if not simple:
            life.found(world, matter, Channel.PATROL)
            return
        life.accept(world, matter, Channel.PATROL, recorded)
        tickets.on_spot[matter] = 1
        tickets.triaged[matter] = tickets.tracked[matter] = tickets.signed[matter] = recorded
        tickets.dispatched[matter] = tickets.arrived[matter] = tickets.discovered[matter]
        tickets.finished[matter] = tickets.handled[matter] = tickets.checked[matter] = end
        life.evaluate(world, matter)

    def check(self, ticket: int) -> Process:
        """Look at the result of a finished ticket."""
        done = self.beat.checked.pop(ticket)
        end = self.world.now + self.world.parameters.check_s
        self._stop(StopKind.CHECK, ticket, end)
        yield self.world.env.at(end, Kind.PATROL, self.number)
        done.succeed()

    def job(self, ticket: int) -> Process:
        """Leave the loop, deal with a simple ticket, and come back to where the loop was left."""
        world, tickets = self.world, self.world.tickets
        way = self.beat.walk_to(self.odometer, ticket)
        tickets.worker[ticket] = self.number
        tickets.dispatched[ticket] = world.now
        world.move(ticket, State.TRAVELLING)
        arrive = world.now + way
        finish = arrive + world.load.spot_s[ticket]
        self._stop(StopKind.JOB, ticket, finish + way, way)
        yield world.env.at(arrive, Kind.PATROL, self.number)
        world.attend(ticket)
        world.move(ticket, State.ON_SITE)
        yield world.env.at(finish, Kind.PATROL, self.number)
        self.beat.done.pop(ticket).succeed()
        yield world.env.at(finish + way, Kind.PATROL, self.number)

    def _stop(self, kind: StopKind, ticket: int, end: float, way: float = 0.0) -> None:
        self.world.stops.add(
            worker=self.number, ticket=ticket, kind=kind, start=self.world.now, end=end, way=way
        )
