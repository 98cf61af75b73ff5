"""Full-time gridworkers: they walk their grid's route, find, deal, check, and are sent to jobs."""

from __future__ import annotations

from collections.abc import Generator
from heapq import heapify, heappop, heappush

from simpy.events import Event

from sim.columns import NAN
from sim.engine.simpy_engine import ticket as life
from sim.engine.simpy_engine.patrols import Beat, Patrol
from sim.engine.simpy_engine.world import World
from sim.model.order import Kind
from sim.model.state import Channel, Does, State, StopKind

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
        done = self.put(ticket)
        for worker in self.workers:
            worker.aim()
        return done

    def put(self, ticket: int) -> Event:
        """Let a ticket wait; the event happens when it is dealt with."""
        self.done[ticket] = Event(self.world.env)
        heappush(self.jobs, self._job(ticket))
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
    """One gridworker.

    Attributes
    ----------
    does : Does
        What it does.
    ticket : int
        Of a stop: what for; ``begun`` and ``ends`` are when it began and will end, s.
    way, until : float
        Of a job: how far it is, and when the work is done, s.
    looked : Event
        What happens at the end of a look.
    """

    def __init__(self, world: World, grid: Grid, number: int) -> None:
        super().__init__(world, grid, number)
        self.beat: Grid = grid
        self.does, self.ticket = Does.WALK, -1
        self.begun = self.ends = self.until = self.way = NAN
        self.looked: Event | None = None
        world.env.process(self.live())

    def live(self) -> Process:
        """Walk, and stop where there is something to do."""
        while True:
            if self.does == Does.WALK:
                yield self.alarm.event
                self.alarm.renew()
                self.odometer, self.since = self.walked(), self.world.now
                self._look_about()
            if self.does != Does.WALK:
                yield from self._stop()
            self.does, self.ticket = Does.WALK, -1
            self.since = self.world.now
            self.aim()

    @property
    def busy(self) -> bool:
        """Whether it stops."""
        return self.does != Does.WALK

    @property
    def on_job(self) -> bool:
        """Whether it is on its way to a job, at it, or on its way back."""
        return self.does in (Does.GO, Does.WORK, Does.BACK)

    def _look_about(self) -> None:
        """Begin what is at hand: a job that waits, or what lies here."""
        if self.beat.jobs and self.free_from(self.world.now) == self.world.now:
            self._set_off(heappop(self.beat.jobs)[2])
        elif self.ahead and self.ahead[0][0] <= self.odometer:
            _, kind, ticket = heappop(self.ahead)
            if not self.is_live(kind, ticket):
                return
            if kind == StopKind.CHECK:
                self.looked = self.beat.checked.pop(ticket)
                self._begin(Does.LOOK, StopKind.CHECK, ticket, self.world.parameters.check_s)
            else:
                self._find(ticket)

    def _find(self, matter: int) -> None:
        """Record a matter, and deal with it if it is simple."""
        world, tickets = self.world, self.world.tickets
        tickets.discovered[matter] = world.now
        tickets.worker[matter] = self.number
        world.move(matter, State.RECORDING)
        record_s = world.parameters.record_s
        if world.load.simple[matter]:
            self._begin(Does.FIND, StopKind.SPOT, matter, record_s + world.load.spot_s[matter])
        else:
            self._begin(Does.FIND, StopKind.RECORD, matter, record_s)

    def _set_off(self, ticket: int) -> None:
        """Leave the loop for a simple ticket."""
        world, tickets = self.world, self.world.tickets
        self.way = self.beat.walk_to(self.odometer, ticket)
        tickets.worker[ticket] = self.number
        tickets.dispatched[ticket] = world.now
        world.move(ticket, State.TRAVELLING)
        there = self.way + world.load.spot_s[ticket]
        self.until = world.now + there
        self._begin(Does.GO, StopKind.JOB, ticket, there + self.way)

    def _begin(self, does: Does, kind: StopKind, ticket: int, seconds: float) -> None:
        self.does, self.ticket = does, ticket
        self.begun, self.ends = self.world.now, self.world.now + seconds
        self.log(kind)

    def log(self, kind: StopKind) -> None:
        """Write down the stop."""
        self.world.stops.add(
            worker=self.number,
            ticket=self.ticket,
            kind=kind,
            start=self.begun,
            end=self.ends,
            way=self.way if kind == StopKind.JOB else 0.0,
        )

    def _stop(self) -> Process:
        """Go on with a stop to its end."""
        if self.does == Does.FIND:
            yield self._at(self.ends)
            self._found()
        elif self.does == Does.LOOK:
            yield self._at(self.ends)
            assert self.looked is not None
            self.looked.succeed()
        else:
            yield from self._job()

    def _at(self, time: float) -> Event:
        return self.world.env.at(time, Kind.PATROL, self.number)

    def _found(self) -> None:
        world, tickets, matter = self.world, self.world.tickets, self.ticket
        if not world.load.simple[matter]:
            life.found(world, matter, Channel.PATROL)
            return
        recorded = self.begun + world.parameters.record_s
        life.accept(world, matter, Channel.PATROL, recorded)
        tickets.on_spot[matter] = 1
        tickets.triaged[matter] = tickets.tracked[matter] = tickets.signed[matter] = recorded
        tickets.dispatched[matter] = tickets.arrived[matter] = self.begun
        tickets.finished[matter] = tickets.handled[matter] = self.ends
        tickets.checked[matter] = self.ends
        life.evaluate(world, matter)

    def _job(self) -> Process:
        """Deal with a simple ticket, and come back to where the loop was left."""
        world, ticket = self.world, self.ticket
        if self.does == Does.GO:
            yield self._at(self.until - world.load.spot_s[ticket])
            world.attend(ticket)
            world.move(ticket, State.ON_SITE)
            self.does = Does.WORK
        if self.does == Does.WORK:
            yield self._at(self.until)
            self.beat.done.pop(ticket).succeed()
            self.does = Does.BACK
        yield self._at(self.ends)
