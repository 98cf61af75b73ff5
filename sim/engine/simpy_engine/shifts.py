"""The clock of the shifts: who is on duty, and what they find waiting."""

from __future__ import annotations

from collections.abc import Generator

from simpy.events import Event

from sim.engine.simpy_engine.world import World
from sim.model.order import Kind


def shifts(world: World) -> Generator[Event, object, None]:
    """Turn the shifts on and off; those who come on duty take up what waits.

    At the same instant a shift's change comes before anything else.
    """
    while True:
        now = world.now
        change = min(calendar.next_change(now) for calendar in world.shifts)
        if change == float("inf"):
            return
        yield world.env.at(change, Kind.SHIFT, 0)
        for number, calendar in enumerate(world.shifts):
            on = calendar.rate(change) > 0
            if on and not world.on_duty[number]:
                world.began[number] = change
            world.on_duty[number] = on
        for desk in (world.hotline, *world.town_centres, *world.district_centres):
            desk.begin()
        for unit in sorted(world.units, key=lambda unit: unit.district):
            if unit.order or any(unit.leads.values()):
                unit.dispatch()
