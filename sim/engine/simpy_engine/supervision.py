"""Supervision: who takes a ticket up that is late, or about to be."""

from __future__ import annotations

from sim.engine.simpy_engine.environment import Alarm, then
from sim.engine.simpy_engine.world import World
from sim.model.order import Kind
from sim.model.rules import supervision_due
from sim.model.state import Level, State


def watch(world: World, ticket: int) -> None:
    """Start a ticket's clock: a reminder, at the deadline the district, then the city."""
    world.deadlines[ticket] = Alarm(world.env, Kind.DEADLINE, ticket)
    _aim(world, ticket)


def go_on(world: World, ticket: int) -> None:
    """Watch on, at the level that has taken it up."""
    level = world.tickets.level[ticket]
    world.deadlines[ticket] = Alarm(world.env, Kind.DEADLINE, ticket)
    if level >= Level.DISTRICT:
        world.ledger.overdue[world.load.district[ticket]] += 1
    if level < Level.CITY:
        _aim(world, ticket)


def release(world: World, ticket: int) -> None:
    """Stop watching: the ticket is about to close."""
    world.deadlines.pop(ticket).cancel()
    if world.tickets.level[ticket] >= Level.DISTRICT:
        world.ledger.overdue[world.load.district[ticket]] -= 1


def _aim(world: World, ticket: int) -> None:
    tickets, parameters, alarm = world.tickets, world.parameters, world.deadlines[ticket]
    due = supervision_due(
        tickets.accepted[ticket],
        tickets.due_close[ticket],
        parameters.reminder,
        parameters.city,
        tickets.level[ticket],
    )
    alarm.set(max(due, world.now))
    then(alarm.event, _step_in, world, ticket)


def _step_in(world: World, ticket: int) -> None:
    """Let the next level take a ticket up."""
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
        world.deadlines[ticket].renew()
        _aim(world, ticket)
