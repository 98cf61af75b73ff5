"""Another plan comes into force: people come and go, and the rest goes on."""

from __future__ import annotations

import numpy as np
from simpy.events import Event

from sim.engine.simpy_engine.gridworker import Grid, Gridworker
from sim.engine.simpy_engine.shifts import turn
from sim.engine.simpy_engine.world import World
from sim.model.replan import Staff
from sim.model.state import HIDDEN, StopKind


def replan(world: World, before: Staff) -> None:
    """Bring everybody in line with the plan that is in force from now on.

    As when a shift begins, whoever is on duty then takes up what waits.

    Parameters
    ----------
    before : Staff
        Who was there until now.
    """
    staff = world.succession.staff
    world.plan = plan = staff.plan
    turn(world)
    desks = (world.hotline, *world.town_centres, *world.district_centres)
    posts = (plan.hotline_posts, *plan.town_posts, *plan.district_posts)
    for desk, row in zip(desks, posts, strict=True):
        desk.replan(row.tolist())

    new_crews, new_workers = (numbers.tolist() for numbers in staff.added(before))
    old_crews, old_workers = (numbers.tolist() for numbers in staff.withdrawn(before))
    for number in old_crews:
        world.crews[number].unit.withdraw(number)
    for number in new_crews:
        world.crews[number] = world.units[plan.crew_unit[number]].add(number)

    for number in old_workers:
        world.grids[int(plan.worker_grid[number])].withdraw(number)
    newcomers: dict[int, list[Gridworker]] = {}
    for number in new_workers:
        place = int(plan.worker_grid[number])
        if place not in world.grids:
            world.grids[place] = Grid(world, place, [])
        newcomers.setdefault(place, []).append(world.grids[place].add(number))
    _show(world, newcomers)
    _pass_on(world)
    world.shift_alarm.set(world.now)


def _show(world: World, newcomers: dict[int, list[Gridworker]]) -> None:
    """Let new gridworkers notice what lies in their grids, and take part in what waits there."""
    load, place = world.load, np.array(world.load.grid)
    there = np.isin(np.array(world.tickets.state), HIDDEN) & np.isin(place, list(newcomers))
    for matter in np.flatnonzero(there).tolist():
        if load.passes[matter] > 0:
            for worker in newcomers[load.grid[matter]]:
                worker.expect(StopKind.RECORD, matter, load.passes[matter])
    for grid, workers in newcomers.items():
        for worker in workers:
            for ticket in world.grids[grid].checked:
                worker.expect(StopKind.CHECK, ticket, 1)
            worker.aim()


def _pass_on(world: World) -> None:
    """Let what waits in grids that have nobody left go the way of a grid without gridworkers."""
    orphans: dict[int, Event] = {}
    for number, grid in list(world.grids.items()):
        if not grid.workers:
            orphans |= grid.give_up()
            del world.grids[number]
    for ticket in sorted(orphans):
        orphans[ticket].succeed(False)
