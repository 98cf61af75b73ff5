"""Towns whose grids somebody drew anew: a table that takes the place of the grids laid here."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from sim.city.geometry import Projection
from sim.city.grids import GridNet
from sim.errors import InputError
from sim.reading import read_text
from sim.scenario.base import Model, Positive
from sim.scenario.tables import read_table


class RedrawnGrid(Model):
    """A row of the table."""

    name: Annotated[str, Field(pattern=r"^[0-9]{6}-[0-9]+-[0-9]+$")]
    """District's code, number of the town from 1, number of the grid in the town from 1."""
    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    area_m2: Positive
    population: Annotated[int, Field(ge=0, le=10**9)]


@lru_cache(maxsize=4)
def read_redrawn(path: Path, _digest: str) -> dict[tuple[str, int], list[RedrawnGrid]]:
    """Read the table; the grids of each town, by district's code and town from 0, in order.

    Raises
    ------
    InputError
        Naming row and column.
    """
    rows = read_table(path, read_text(path, "command line", "area.grids"), RedrawnGrid, "name")
    towns: dict[tuple[str, int], list[RedrawnGrid]] = {}
    for row in sorted(rows, key=lambda row: [int(part) for part in row.name.split("-")]):
        code, town, _ = row.name.split("-")
        towns.setdefault((code, int(town) - 1), []).append(row)
    return towns


def redraw(
    net: GridNet,
    code: str,
    border: Any,
    projection: Projection,
    towns: dict[tuple[str, int], list[RedrawnGrid]],
    path: Path,
) -> GridNet:
    """Put redrawn grids in the place of those of their towns.

    Raises
    ------
    InputError
        If a town has not as many grids or residents as before, or a grid lies outside.
    """
    import shapely

    xy, area, people = net.grid_xy.copy(), net.grid_area.copy(), net.grid_population.copy()
    for (district, town), rows in towns.items():
        if district != code:
            continue
        here = np.flatnonzero(net.grid_town == town)
        name = f"{code}-{town + 1}"
        if len(rows) != len(here):
            raise InputError(path, f"town {name}", f"{len(rows)} grids", f"{len(here)} grids")
        total = sum(row.population for row in rows)
        if total != people[here].sum():
            allowed = f"{people[here].sum()} residents, as the town has"
            raise InputError(path, f"town {name}", f"{total} residents", allowed)
        places = projection.to_xy(np.array([[row.lon, row.lat] for row in rows]))
        outside = ~shapely.contains_xy(border, places[:, 0], places[:, 1])
        if outside.any():
            row = rows[int(np.argmax(outside))]
            raise InputError(path, row.name, f"{row.lon}, {row.lat}", "a place in the district")
        twice = [place for place, n in Counter(map(tuple, np.round(places, 1))).items() if n > 1]
        if twice:
            raise InputError(path, f"town {name}", "two grids at one place", "places of their own")
        xy[here] = np.round(places, 1)
        area[here] = [row.area_m2 for row in rows]
        people[here] = [row.population for row in rows]
    return replace(net, grid_xy=xy, grid_area=area, grid_population=people)
