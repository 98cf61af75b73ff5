"""Another plan comes into force: people come and go, and the rest goes on."""

from __future__ import annotations

import numpy as np

from sim.engine.simpy_engine import ticket as life
from sim.engine.simpy_engine.gridworkers import Grid, Gridworker
from sim.engine.simpy_engine.people import People
from sim.engine.simpy_engine.shifts import turn
from sim.engine.simpy_engine.world import World
from sim.model.replan import Staff
from sim.model.state import HIDDEN, State, StopKind


def replan(world: World, people: People, before: Staff) -> None:
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
    posts = (plan.hotline_posts, *plan.town_posts, *plan.district_posts)
    for desk, row in zip(people.desks, posts, strict=True):
        desk.replan(row.tolist())

    new_crews, new_workers = (numbers.tolist() for numbers in staff.added(before))
    old_crews, old_workers = (numbers.tolist() for numbers in staff.withdrawn(before))
    for number in old_crews:
        people.crews[number].unit.withdraw(number)
    for number in new_crews:
        people.crews[number] = people.units[plan.crew_unit[number]].add(number)

    for number in old_workers:
        people.grids[int(plan.worker_grid[number])].withdraw(number)
    newcomers: dict[int, list[Gridworker]] = {}
    for number in new_workers:
        place = int(plan.worker_grid[number])
        if place not in people.grids:
            people.grids[place] = Grid(world, place, [])
        worker = people.workers[number] = people.grids[place].add(number)
        newcomers.setdefault(place, []).append(worker)
    _show(world, people, newcomers)
    _pass_on(world, people)
    world.shift_alarm.set(world.now)


def _show(world: World, people: People, newcomers: dict[int, list[Gridworker]]) -> None:
    """Let new gridworkers notice what lies in their grids, and take part in what waits there."""
    load, place = world.load, np.array(world.load.grid)
    there = np.isin(np.array(world.tickets.state), HIDDEN) & np.isin(place, list(newcomers))
    for matter in np.flatnonzero(there).tolist():
        if load.passes[matter] > 0:
            for worker in newcomers[load.grid[matter]]:
                worker.expect(StopKind.RECORD, matter, load.passes[matter])
    for grid, workers in newcomers.items():
        for worker in workers:
            for ticket in people.grids[grid].checked:
                worker.expect(StopKind.CHECK, ticket, 1)
            worker.aim()


def _pass_on(world: World, people: People) -> None:
    """Let what waits in grids that have nobody left go the way of a grid without gridworkers."""
    orphans: list[int] = []
    for number, grid in list(people.grids.items()):
        if not grid.workers:
            orphans += [*(ticket for _, _, ticket in grid.jobs), *grid.checked]
            del people.grids[number]
    for ticket in sorted(orphans):
        waits = world.tickets.state[ticket] == State.WAITING
        life.enter(world, ticket, life.Step.SIGNATURE if waits else life.Step.CALL_BACK)
