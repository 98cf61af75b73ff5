"""Another plan comes into force: the arrays of those who come, go and stay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.engine.compiled_engine import layout
from sim.engine.compiled_engine.build import grouped, people_of, ready_crews, with_room
from sim.engine.compiled_engine.compilation import kernel
from sim.engine.compiled_engine.handle import Handle
from sim.engine.compiled_engine.layout import Arrays
from sim.model.parameters import Parameters
from sim.model.replan import Staff
from sim.model.state import HIDDEN

Ints = NDArray[np.int64]


def replan(
    arrays: Arrays, parameters: Parameters, city: City, before: Staff, staff: Staff
) -> Arrays:
    """Bring everybody in line with the plan that is in force from now on.

    As when a shift begins, whoever is on duty then takes up what waits: the next thing that
    happens in each shard is a change of shifts.

    Parameters
    ----------
    before, staff : Staff
        Who was there until now, and who is there from now on.
    """
    now = float(arrays.shards["now"][-1])
    arrays.shards["next_shift"] = now
    on = np.array([calendar.rate(now) > 0 for calendar in parameters.duty])
    arrays.began[on & ~arrays.on_duty] = now
    arrays.on_duty[:] = on
    had = arrays.grids["last_worker"] > arrays.grids["first_worker"]
    arrays = staffed(arrays, parameters, city, staff, now)
    arrays.desks["on_duty"] = arrays.posts @ on
    _, leavers = staff.withdrawn(before)
    _, comers = staff.added(before)

    has = arrays.grids["last_worker"] > arrays.grids["first_worker"]
    first, lying = _found(arrays, staff.plan.worker_grid[comers])
    orphans = _orphans(arrays, had & ~has)
    shard = city.grid_district[staff.plan.worker_grid].astype(np.int64)
    room = np.bincount(shard[comers], np.diff(first) + 1, len(arrays.shards)).astype(np.int64)
    room += 2 * np.bincount(arrays.tickets["district"][orphans], minlength=len(room))
    arrays = with_room(arrays, room)
    kernel("hand_over", "handover")(
        Handle(arrays),
        np.stack((leavers, shard[leavers]), axis=1),
        np.stack((comers, shard[comers]), axis=1),
        first,
        lying,
        orphans,
    )
    return arrays


def most_busy(arrays: Arrays) -> Ints:
    """Return how many operators of each desk may be busy from now on: who is busy finishes."""
    return np.maximum(arrays.posts.sum(axis=1), arrays.desks["busy"])


def staffed(arrays: Arrays, parameters: Parameters, city: City, staff: Staff, now: float) -> Arrays:
    """Lay out who is added now, and list who is there by unit and by grid."""
    plan, fresh = staff.plan, people_of(parameters, city, staff.plan, now)
    crews, workers = fresh["crews"], fresh["workers"]
    crews[: len(arrays.crews)], workers[: len(arrays.workers)] = arrays.crews, arrays.workers
    present = np.flatnonzero(staff.crews)
    order, bounds = grouped(plan.crew_unit[present], len(arrays.units))
    units = arrays.units
    units["first_crew"], units["last_crew"] = bounds[:-1], bounds[1:]
    # those who were withdrawn count as idle once they are done, but are never ready
    crews["shift"][~staff.crews] = -1
    units["idle"] = np.bincount(crews["unit"][crews["free"]], minlength=len(units))
    walking = np.flatnonzero(staff.workers)
    by_grid, grid_bounds = grouped(plan.worker_grid[walking], len(arrays.grids))
    arrays.grids["first_worker"], arrays.grids["last_worker"] = grid_bounds[:-1], grid_bounds[1:]
    posts = np.concatenate((plan.hotline_posts[None], plan.town_posts, plan.district_posts))
    arrays = arrays._replace(
        crews=crews,
        workers=workers,
        unit_crews=present[order],
        grid_workers=walking[by_grid],
        posts=np.ascontiguousarray(posts),
        part_time=plan.part_time.astype(np.int64),
    )
    units["ready"] = ready_crews(arrays)
    return arrays


def _found(arrays: Arrays, grids: NDArray[np.int32]) -> tuple[Ints, Ints]:
    """Return what lies in the newcomers' grids, or waits there for a look: bounds and slots."""
    t = arrays.tickets
    hidden = np.isin(t["state"], HIDDEN) & (t["passes"] > 0)
    slots = np.flatnonzero(t["used"] & (hidden | t["checking"]) & np.isin(t["grid"], grids))
    order, bounds = grouped(t["grid"][slots], len(arrays.grids))
    lists = [slots[order[bounds[g] : bounds[g + 1]]] for g in grids.tolist()]
    first = np.cumsum([0, *map(len, lists)], dtype=np.int64)
    return first, np.concatenate([*lists, np.zeros(0, dtype=np.int64)])


def _orphans(arrays: Arrays, empty: NDArray[np.bool_]) -> Ints:
    """Return the slots of the jobs and looks that wait in some grids, in order of number."""
    t = arrays.tickets
    waits = (t["state"] == layout.WAITING) & (t["unit"] < 0) | t["checking"]
    slots = np.flatnonzero(t["used"] & waits)
    slots = slots[empty[t["grid"][slots]]]
    return slots[np.argsort(t["id"][slots])]
