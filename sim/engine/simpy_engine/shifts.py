"""The clock of the shifts: who is on duty, and what they find waiting."""

from __future__ import annotations

from collections.abc import Generator

from simpy.events import Event

from sim.engine.simpy_engine.people import People
from sim.engine.simpy_engine.world import World


def shifts(world: World, people: People) -> Generator[Event, object, None]:
    """Turn the shifts on and off; those who come on duty take up what waits.

    At the same instant a shift's change comes before anything else.
    """
    while True:
        yield world.shift_alarm.event
        world.shift_alarm.renew()
        turn(world)
        for desk in people.desks:
            desk.begin()
        for unit in sorted(people.units, key=lambda unit: unit.district):
            if unit.order or any(unit.leads.values()):
                unit.dispatch()
        await_change(world)


def turn(world: World) -> None:
    """Note which shifts are on now."""
    for number, calendar in enumerate(world.parameters.duty):
        on = calendar.rate(world.now) > 0
        if on and not world.on_duty[number]:
            world.began[number] = world.now
        world.on_duty[number] = on


def await_change(world: World) -> None:
    """Set the alarm to when the next shift begins or ends."""
    world.shift_alarm.set(
        min(calendar.next_change(world.now) for calendar in world.parameters.duty)
    )
