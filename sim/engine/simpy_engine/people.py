"""Everybody who works in a run."""

from __future__ import annotations

from sim.engine.simpy_engine.department import Crew, Unit
from sim.engine.simpy_engine.desk import Centre, Desk
from sim.engine.simpy_engine.gridworkers import Grid
from sim.engine.simpy_engine.hotline import Hotline
from sim.engine.simpy_engine.world import World
from sim.model.state import Does


class People:
    """Everybody in their place, and known to the world.

    Attributes
    ----------
    hotline : Hotline
    desks : list of Desk
        The hotline, the towns' centres and the districts', by number.
    units : list of Unit
        By number.
    crews : dict of Crew
        Those who are or were there, by number.
    grids : dict of Grid
        Those that have gridworkers, by number.
    workers : dict of Gridworker
        Those who are or were there, by number.
    """

    def __init__(self, world: World) -> None:
        plan = world.plan
        hotline = Hotline(world, plan.hotline_posts.tolist())
        posts = [*plan.town_posts.tolist(), *plan.district_posts.tolist()]
        centres = {n: Centre(world, n, row) for n, row in enumerate(posts, start=1)}
        self.desks: list[Desk] = [hotline, *centres.values()]
        crews: list[list[int]] = [[] for _ in plan.unit_department]
        for crew, unit in enumerate(plan.crew_unit.tolist()):
            crews[unit].append(crew)
        self.units: list[Unit] = []
        for number, members in enumerate(crews):
            self.units.append(Unit(world, number, members, self.units))
        self.crews: dict[int, Crew] = {n: c for u in self.units for n, c in u.crews.items()}
        workers: dict[int, list[int]] = {}
        for worker, grid in enumerate(plan.worker_grid.tolist()):
            workers.setdefault(grid, []).append(worker)
        self.grids = {grid: Grid(world, grid, members) for grid, members in workers.items()}
        self.workers = {w.number: w for grid in self.grids.values() for w in grid.workers}
        self.hotline = hotline
        world.hotline, world.centres = hotline, centres
        world.units, world.grids = self.units, self.grids

    def is_looked_at(self, ticket: int, grid: int) -> bool:
        """Return whether a gridworker of a grid looks at a ticket's result now."""
        return any(
            worker.does == Does.LOOK and worker.ticket == ticket
            for worker in self.grids[grid].workers
        )
