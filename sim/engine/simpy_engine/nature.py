"""How matters arise, and the race of those who may notice them."""

from __future__ import annotations

from collections.abc import Generator

from simpy.events import Event

from sim.engine.simpy_engine import ticket as life
from sim.engine.simpy_engine.hotline import police_call
from sim.engine.simpy_engine.world import World
from sim.model.order import Kind
from sim.model.state import Channel, State

Process = Generator[Event, object, None]


def nature(world: World, first: int, last: int) -> Process:
    """Let matters arise, in order."""
    for matter in range(first, last):
        yield world.env.at(world.load.arisen[matter], Kind.ARISE, matter)
        arise(world, matter)


def arise(world: World, matter: int) -> None:
    """Put a matter into the world."""
    load = world.load
    world.tickets.state[matter] = State.UNDISCOVERED
    world.ledger.enter(load.district[matter])
    grid = world.grids.get(load.grid[matter])
    if grid is not None:
        grid.notice(matter)
    world.env.process(lie(world, matter))


def outside(world: World, matter: int) -> list[tuple[float, Kind]]:
    """Return when an observer, a camera or its citizen would notice it, and when it goes away."""
    load, now = world.load, world.now
    patience = load.patience[matter]
    hours = world.citizens if load.citizen[matter] != Channel.POLICE else None
    times = [
        (now + load.lifetime[matter], Kind.VANISH),
        (world.observed_at(matter), Kind.OBSERVER),
        (now + load.camera[matter], Kind.CAMERA),
        (hours.advance(now, patience) if hours else now + patience, Kind.REPORT),
    ]
    return sorted(item for item in times if item[0] < float("inf"))


def lie(world: World, matter: int) -> Process:
    """Lie there until somebody notices; patrols come by on their own."""
    for time, kind in outside(world, matter):
        yield world.env.at(time, kind, matter)
        if not world.hidden(matter):
            world.env.happened -= 1  # nothing did: it was found before
            return
        if kind == Kind.REPORT:
            if world.load.citizen[matter] == Channel.ONLINE:
                tickets = world.tickets
                tickets.discovered[matter] = tickets.requested[matter] = world.now
                world.env.process(life.from_find(world, matter, Channel.ONLINE))
                return
            call(world, matter)
        elif kind == Kind.VANISH:
            if world.tickets.state[matter] == State.UNDISCOVERED:
                world.move(matter, State.VANISHED)
                return
        else:
            channel = Channel.OBSERVER if kind == Kind.OBSERVER else Channel.CAMERA
            world.tickets.discovered[matter] = world.now
            world.env.process(life.from_find(world, matter, channel))
            return


def call(world: World, matter: int) -> None:
    """Let its citizen call, by the line that is theirs; others may find the matter meanwhile."""
    world.move(matter, State.CALLING)
    police = world.load.citizen[matter] == Channel.POLICE
    world.env.process(police_call(world, matter) if police else world.hotline.call(matter))
