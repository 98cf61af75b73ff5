"""Plans as arrays on disk: what comes back is checked against the scenario and its city."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.errors import InputError
from sim.model.plan import Plan
from sim.model.staffing import units
from sim.reading import read_arrays
from sim.scenario import Scenario
from sim.scenario.room import check_posts

_MOST = 10**9  # of anything on one post, as in a scenario


def read_plan_arrays(path: Path, scenario: Scenario, city: City) -> Plan:
    """Read a plan that was written array by array.

    Raises
    ------
    InputError
        If it is no such file, or an array is not as this scenario and city have it: naming it.
    """
    arrays = read_arrays(path, path.parent, "plan")
    names = [field.name for field in fields(Plan)]
    for name in names:
        if name not in arrays:
            raise InputError(path, name, None, "an array of the plan")
    for name in arrays:
        if name not in names:
            raise InputError(path, name, "unknown", f"the arrays {', '.join(names)} and no other")
    check_plan_arrays(path, arrays, scenario, city)
    return Plan(**arrays)


def check_plan_arrays(
    path: Path, arrays: dict[str, NDArray[Any]], scenario: Scenario, city: City
) -> None:
    """Check that arrays by the names of a plan's fields are a plan of a scenario and its city.

    Raises
    ------
    InputError
        Naming the file and the first array that is not.
    """
    shifts, districts = len(scenario.shifts), len(city.district_name)
    towns, grids = len(city.town_name), len(city.grid_xy)
    names = ("unit_department", "unit_district", "unit_town", "unit_of")
    of_units: dict[str, NDArray[Any]] = dict(zip(names, units(scenario, city), strict=True))
    for name, own in of_units.items():
        found = arrays[name]
        if found.dtype != own.dtype or not np.array_equal(found, own):
            raise InputError(path, name, _form(found), "the units of the scenario")
    workers, crews = arrays["worker_grid"].shape[:1], arrays["crew_unit"].shape[:1]
    forms: dict[str, tuple[str, tuple[int, ...], int]] = {  # type, shape, and below what
        "worker_grid": ("i4", workers, grids),
        "worker_shift": ("i2", workers, shifts),
        "part_time": ("i8", (grids,), _MOST + 1),
        "hotline_posts": ("i8", (shifts,), _MOST + 1),
        "town_posts": ("i8", (towns, shifts), _MOST + 1),
        "district_posts": ("i8", (districts, shifts), _MOST + 1),
        "crew_unit": ("i4", crews, len(of_units["unit_town"])),
        "crew_shift": ("i2", crews, shifts),
    }
    for name, (kind, shape, below) in forms.items():
        found = arrays[name]
        _require(path, name, found, kind, shape)
        if found.size and not (found.min() >= 0 and found.max() < below):
            value = found[(found < 0) | (found >= below)].flat[0]
            raise InputError(path, name, int(value), f"numbers from 0 to {below - 1}")
    posts = ("hotline_posts", "town_posts", "district_posts")
    check_posts(path, [(name, name, int(arrays[name].sum())) for name in posts])
    for name, shape in (("worker_offset", workers), ("crew_xy", (*crews, 2))):
        _require(path, name, arrays[name], "f8", shape)
        if not np.isfinite(arrays[name]).all():
            raise InputError(path, name, "nan or inf", "finite numbers")
    walked = [
        number for number, name in enumerate(scenario.shifts) if name in scenario.patrol.rounds
    ]
    others = np.setdiff1d(arrays["worker_shift"], walked)
    if len(others):
        raise InputError(path, "worker_shift", int(others[0]), "shifts with rounds of patrol")


def _require(path: Path, name: str, found: NDArray[Any], kind: str, shape: tuple[int, ...]) -> None:
    if found.dtype != np.dtype(kind) or found.shape != shape:
        wanted = f"{np.dtype(kind).name} {list(shape)}"
        raise InputError(path, name, _form(found), f"an array of {wanted}")


def _form(array: NDArray[Any]) -> str:
    return f"{array.dtype.name} {list(array.shape)}"
