"""The life of a ticket, from discovery to evaluation."""

from __future__ import annotations

from collections.abc import Generator
from math import isnan

from simpy.events import Event

from sim.clock import MINUTE, tick
from sim.engine.simpy_engine.desk import Centre
from sim.engine.simpy_engine.environment import Alarm
from sim.engine.simpy_engine.world import World
from sim.model.order import Kind
from sim.model.rules import satisfaction, supervision_due
from sim.model.state import Channel, Level, State

Process = Generator[Event, object, None]


def accept(world: World, ticket: int, channel: Channel, at: float) -> None:
    """Make a matter a ticket: from then on its deadlines run."""
    tickets = world.tickets
    sign, arrive, close = world.allowed[world.load.category[ticket]]
    tickets.channel[ticket] = channel
    tickets.accepted[ticket] = at
    tickets.due_sign[ticket] = at + sign
    tickets.due_arrive[ticket] = at + arrive
    tickets.due_close[ticket] = at + close


def answer(world: World, ticket: int, channel: Channel) -> None:
    """Close a request during the call."""
    world.tickets.discovered[ticket] = world.tickets.answered[ticket]
    accept(world, ticket, channel, world.now)
    evaluate(world, ticket)


def from_call(world: World, ticket: int, channel: Channel, taken_at: float) -> Process:
    """Go on with a request that was taken down on the telephone."""
    world.tickets.discovered[ticket] = world.tickets.answered[ticket]
    accept(world, ticket, channel, taken_at)
    department = world.department_of[world.load.category[ticket]]
    centre = world.district_centres[world.load.district[ticket]]
    if channel == Channel.POLICE and department in world.forces:
        world.tickets.triaged[ticket] = world.tickets.tracked[ticket] = world.now
        watch = Watch(world, ticket)
        yield from sign(world, ticket, department)
        yield from close_the_loop(world, ticket, watch, centre)
    else:
        world.move(ticket, State.AT_CENTRE)
        yield from triage(world, ticket, centre, 0.0)


def from_find(world: World, ticket: int, channel: Channel) -> Process:
    """Go on with what a gridworker, an observer or a camera found, or a citizen wrote."""
    world.move(ticket, State.AT_CENTRE)
    load = world.load
    centre = world.district_centres[load.district[ticket]]
    if channel in (Channel.PATROL, Channel.OBSERVER):
        town = world.town_centres[load.town[ticket]]
        if town.on_duty > 0:  # a town's centre that is shut leaves it to the district's
            centre = town
    world.tickets.channel[ticket] = channel
    yield from triage(world, ticket, centre, world.scenario.centres.accept_mean_min)


def triage(world: World, ticket: int, centre: Centre, accept_min: float) -> Process:
    """Have it accepted where that is still due, and sent to those who must deal with it."""
    load, tickets, rules = world.load, world.tickets, world.scenario.centres
    minutes = rules.triage_mean_min
    yield from centre.serve(ticket, accept_min + minutes, world.urgency(ticket))
    if isnan(tickets.accepted[ticket]):  # what was taken on the telephone is accepted already
        registered = world.now - tick(minutes * MINUTE * load.desk[ticket])
        accept(world, ticket, Channel(tickets.channel[ticket]), registered)
    tickets.triaged[ticket] = tickets.tracked[ticket] = world.now
    watch = Watch(world, ticket)

    if load.simple[ticket] and load.grid[ticket] in world.grids:  # simple: its gridworker goes
        tickets.signed[ticket] = world.now
    else:
        yield from refer(world, ticket, centre)
    yield from close_the_loop(world, ticket, watch, centre)


def refer(world: World, ticket: int, centre: Centre) -> Process:
    """Send it to its department, by way of those that send it back."""
    load, tickets, minutes = world.load, world.tickets, world.scenario.centres.triage_mean_min
    right, bodies = world.department_of[load.category[ticket]], len(world.departments)
    for _ in range(load.wrong[ticket]):
        yield from sign_for(world, ticket, (right + load.wrong_department[ticket]) % bodies)
        tickets.sent_back[ticket] += 1
        world.move(ticket, State.AT_CENTRE)
        yield from centre.serve(ticket, minutes, world.urgency(ticket))
    yield from sign(world, ticket, right)


def sign_for(world: World, ticket: int, department: int) -> Process:
    """Wait until a department's desk has read the ticket."""
    world.move(ticket, State.UNSIGNED)
    seconds = tick(world.load.sign[ticket] * world.sign_mean[department])
    yield world.env.at(world.desks[department].advance(world.now, seconds), Kind.SIGN, ticket)


def sign(world: World, ticket: int, department: int) -> Process:
    """Wait until the right department has signed for it."""
    yield from sign_for(world, ticket, department)
    world.tickets.signed[ticket] = world.now
    world.tickets.unit[ticket] = world.plan.unit_of[department, world.load.town[ticket]]


def close_the_loop(world: World, ticket: int, watch: Watch, centre: Centre) -> Process:
    """Handle it, check it, and again if the check fails; then close and evaluate."""
    load, tickets = world.load, world.tickets
    while True:
        if tickets.unit[ticket] < 0 and load.grid[ticket] not in world.grids:
            yield from refer(world, ticket, centre)  # its gridworkers were withdrawn
        unit = tickets.unit[ticket]
        tickets.ready[ticket] = world.now
        world.move(ticket, State.WAITING)
        if unit >= 0:
            yield world.units[unit].handle(ticket)
            tickets.finished[ticket] = world.now
            world.move(ticket, State.SETTLING)
            yield world.env.at(world.now + load.settle_s[ticket], Kind.SETTLE, ticket)
        elif (yield world.grids[load.grid[ticket]].handle(ticket)):
            tickets.finished[ticket] = world.now
        else:
            continue
        tickets.handled[ticket] = world.now
        world.move(ticket, State.CHECKING)
        grid = world.grids.get(load.grid[ticket]) if load.by_grid[ticket] else None
        if grid is None or not (yield grid.check(ticket)):
            district = world.district_centres[load.district[ticket]]
            # call-backs are made when nothing more urgent waits
            yield from district.serve(ticket, world.scenario.centres.call_back_mean_min, 9)
        tickets.checked[ticket] = world.now
        if tickets.reopened[ticket] >= load.fails[ticket]:
            break
        tickets.reopened[ticket] += 1
    watch.end()
    evaluate(world, ticket)


def evaluate(world: World, ticket: int) -> None:
    """Close a ticket, and ask its citizen if there is one."""
    tickets, rules = world.tickets, world.scenario.satisfaction
    world.move(ticket, State.CLOSED)
    tickets.closed[ticket] = world.now
    if tickets.channel[ticket] in (Channel.HOTLINE, Channel.ONLINE, Channel.POLICE):
        late = world.now > tickets.due_close[ticket]
        chance = satisfaction(
            rules.on_time,
            rules.late_penalty,
            rules.reopened_penalty,
            late,
            tickets.reopened[ticket],
        )
        tickets.satisfied[ticket] = int(world.load.satisfaction_u[ticket] < chance)


class Watch:
    """A ticket's clock: a reminder, at the deadline the district, then the city takes it up."""

    def __init__(self, world: World, ticket: int) -> None:
        self.world, self.ticket = world, ticket
        self.alarm = Alarm(world.env, Kind.DEADLINE, ticket)
        self._aim()

    def end(self) -> None:
        """Stop watching: the ticket is about to close."""
        self.alarm.cancel()
        if self.world.tickets.level[self.ticket] >= Level.DISTRICT:
            self.world.ledger.overdue[self.world.load.district[self.ticket]] -= 1

    def _aim(self) -> None:
        world, ticket, rules = self.world, self.ticket, self.world.scenario.supervision
        due = supervision_due(
            world.tickets.accepted[ticket],
            world.tickets.due_close[ticket],
            rules.reminder,
            rules.city,
            world.tickets.level[ticket],
        )
        self.alarm.set(max(due, world.now))
        callbacks = self.alarm.event.callbacks
        assert callbacks is not None
        callbacks.append(self._step_in)

    def _step_in(self, _: Event) -> None:
        world, ticket = self.world, self.ticket
        tickets = world.tickets
        tickets.level[ticket] += 1
        level = tickets.level[ticket]
        if level == Level.REMINDER:
            tickets.supervised[ticket] = world.now
        elif level == Level.DISTRICT:
            world.ledger.overdue[world.load.district[ticket]] += 1
        if tickets.state[ticket] == State.WAITING:
            if tickets.unit[ticket] >= 0:
                world.units[tickets.unit[ticket]].rerank(ticket)
            else:
                world.grids[world.load.grid[ticket]].rerank(ticket)
        if level < Level.CITY:
            self.alarm.renew()
            self._aim()
