"""The plan: who works where, and when."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sim.declared import check_types


@dataclass(frozen=True, eq=False)
class Plan:
    """Staffing by role, place and shift.

    Shifts are numbered in the order of ``scenario.shifts``, departments in that of
    ``scenario.departments``. A *unit* is a department's force in one town or one district.

    Attributes
    ----------
    worker_grid, worker_shift : int32 [W], int16 [W]
        Full-time gridworkers.
    worker_offset : float64 [W]
        Where on the grid's loop the gridworker starts, as a share of the loop.
    part_time : int64 [G]
        Part-time gridworkers of each grid.
    hotline_posts : int64 [S]
        Operators of 12345 on duty in each shift.
    town_posts, district_posts : int64 [T, S], int64 [D, S]
        Operators of the linkage centres.
    unit_department, unit_district, unit_town : int16 [U], int16 [U], int32 [U]
        The units; ``unit_town`` is -1 for a district's unit.
    unit_of : int32 [departments, T]
        The unit that serves a town.
    crew_unit, crew_shift : int32 [K], int16 [K]
        Crews; each is one post, filled on every day of its shift.
    crew_xy : float64 [K, 2]
        Their bases, m.
    """

    worker_grid: NDArray[np.int32]
    worker_shift: NDArray[np.int16]
    worker_offset: NDArray[np.float64]
    part_time: NDArray[np.int64]
    hotline_posts: NDArray[np.int64]
    town_posts: NDArray[np.int64]
    district_posts: NDArray[np.int64]
    unit_department: NDArray[np.int16]
    unit_district: NDArray[np.int16]
    unit_town: NDArray[np.int32]
    unit_of: NDArray[np.int32]
    crew_unit: NDArray[np.int32]
    crew_shift: NDArray[np.int16]
    crew_xy: NDArray[np.float64]

    def __post_init__(self) -> None:
        check_types(self)


def plan_digest(plan: Plan | None) -> str:
    """Name a plan by what it says; ``base`` where it is the scenario's own."""
    if plan is None:
        return "base"
    digest = hashlib.sha256()
    for field in fields(Plan):
        column = getattr(plan, field.name)
        digest.update(f"{field.name} {column.dtype.str} {column.shape}".encode())
        digest.update(column.tobytes())
    return digest.hexdigest()
