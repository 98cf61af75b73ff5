"""How matters arise, and the race of those who may notice them."""

from __future__ import annotations

from collections.abc import Generator

from simpy.events import Event

from sim.engine.simpy_engine import ticket as life
from sim.engine.simpy_engine.environment import then
from sim.engine.simpy_engine.hotline import police_call
from sim.engine.simpy_engine.world import NEVER, World
from sim.model.flow import may_vanish
from sim.model.order import Kind
from sim.model.race import TIMED, Timed
from sim.model.state import Channel, State


def nature(world: World, first: int, last: int) -> Generator[Event, object, None]:
    """Let matters arise, in order."""
    for matter in range(first, last):
        yield world.env.at(world.load.arisen[matter], Kind.ARISE, matter)
        arise(world, matter)


def arise(world: World, matter: int) -> None:
    """Put a matter into the world."""
    load = world.load
    world.tickets.state[matter] = State.UNDISCOVERED
    world.ledger.enter(load.district[matter])
    if load.grid[matter] in world.grids:
        world.grids[load.grid[matter]].notice(matter)
    world.race[matter] = tuple(world.comes_at(matter, entrant) for entrant in TIMED)
    lie(world, matter, still_to_come(world, matter))


def still_to_come(world: World, matter: int) -> list[tuple[float, Timed]]:
    """Return who comes to a matter now or later, and when, s; the next last."""
    times = zip(world.race[matter], TIMED, strict=True)
    return sorted((item for item in times if world.now <= item[0] < NEVER), reverse=True)


def lie(world: World, matter: int, ahead: list[tuple[float, Timed]]) -> None:
    """Lie there until the next of the race comes; patrols come by on their own.

    Parameters
    ----------
    ahead : list
        Who is still to come, and when, s; the next last.
    """
    if ahead:
        time, entrant = ahead.pop()
        then(world.env.at(time, entrant.kind, matter), come, world, matter, entrant, ahead)


def come(world: World, matter: int, entrant: Timed, ahead: list[tuple[float, Timed]]) -> None:
    """Let an entrant of the race come to a matter."""
    tickets, citizen = world.tickets, Channel(world.load.citizen[matter])
    if not world.hidden(matter):
        world.env.happened -= 1  # nothing did: it was found before
        return
    if entrant.kind == Kind.VANISH:
        if may_vanish(tickets.state[matter]):
            world.vanish(matter)
            return
    elif entrant.kind == Kind.REPORT and citizen != Channel.ONLINE:
        call(world, matter)  # others may find it meanwhile
    else:
        tickets.discovered[matter] = world.now
        if entrant.kind == Kind.REPORT:
            tickets.requested[matter] = world.now
            life.found(world, matter, citizen)
        else:
            life.found(world, matter, entrant.channel)
        return
    lie(world, matter, ahead)


def call(world: World, matter: int) -> None:
    """Let its citizen call, by the line that is theirs."""
    world.move(matter, State.CALLING)
    if world.load.citizen[matter] == Channel.POLICE:
        police_call(world, matter)
    else:
        world.hotline.call(matter)
