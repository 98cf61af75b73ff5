"""Patrol routes: which parts of its loop a grid's gridworkers walk, in which order, how often."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.cells import csv_text
from sim.city.city import City
from sim.clock import tick
from sim.errors import InputError
from sim.reading import read_csv
from sim.scenario import Scenario
from sim.writing import write_text

COLUMNS = ("district", "grid", "leg", "of", "start", "cells", "cross_m")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_MOST_CELLS, _MOST_LEGS = 1000, 1000


@dataclass(frozen=True)
class Leg:
    """A part of a route.

    Attributes
    ----------
    start : int
        The cell's edge at which it begins, of the loop's equal cells.
    cells : int
        How many cells it walks; below 0: backward.
    cross_m : float
        The way across the grid from the end of the leg before (of the last, for the first).
    """

    start: int
    cells: int
    cross_m: float = 0.0


@dataclass(frozen=True)
class Route:
    """A closed walk over a loop of ``of`` equal cells."""

    of: int
    legs: tuple[Leg, ...]

    def passes(self) -> NDArray[np.int64]:
        """Return how often each cell is passed in a cycle [of]."""
        count = np.zeros(self.of, dtype=np.int64)
        for leg in self.legs:
            step = 1 if leg.cells > 0 else -1
            first = leg.start if leg.cells > 0 else leg.start - 1
            np.add.at(count, (first + step * np.arange(abs(leg.cells))) % self.of, 1)
        return count


LOOP = Route(1, (Leg(0, 1),))
"""Today's route: the loop, round and round."""

Routes = dict[tuple[str, int], Route]
"""Routes by district code and number of the grid in its district."""


@dataclass(frozen=True, eq=False)
class Walks:
    """Routes in seconds of walking, as `sim.model.walking` wants them; all on ticks.

    Attributes
    ----------
    loop, cycle : float64 [G]
    first : int64 [G + 1]
        The legs of grid g are ``first[g]`` until before ``first[g + 1]``.
    at, start, length : float64 [K]
    ahead : int64 [K]
    """

    loop: NDArray[np.float64]
    cycle: NDArray[np.float64]
    first: NDArray[np.int64]
    at: NDArray[np.float64]
    start: NDArray[np.float64]
    length: NDArray[np.float64]
    ahead: NDArray[np.int64]

    @classmethod
    def of(cls, scenario: Scenario, city: City) -> Walks:
        """Turn the scenario's routes, or today's loops, into walks.

        Raises
        ------
        InputError
            If the table of routes does not fit the city.
        """
        path = scenario.attached.get("patrol.routes")
        routes = read_routes(path, scenario, city) if path is not None else {}
        return walks(routes, city, scenario.patrol.speed_kmh / 3.6)


def walks(routes: Routes, city: City, speed_m_s: float) -> Walks:
    """Turn routes into walks at a speed; grids without a route walk their loop."""
    loops, cycles, first = [], [], [0]
    at: list[float] = []
    start: list[float] = []
    length: list[float] = []
    ahead: list[int] = []
    begin = np.searchsorted(city.grid_district, np.arange(len(city.district_code)))
    for grid, (district, metres) in enumerate(
        zip(city.grid_district.tolist(), city.grid_loop_m.tolist(), strict=True)
    ):
        route = routes.get((city.district_code[district], grid - int(begin[district])), LOOP)
        loop = max(tick(metres / speed_m_s), 1.0)
        edge = [tick(loop * k / route.of) for k in range(route.of)]
        walked = 0.0
        for n, leg in enumerate(route.legs):
            walked += tick(leg.cross_m / speed_m_s) if n > 0 else 0.0
            low, high = sorted((leg.start, leg.start + leg.cells))
            span = _edge(edge, loop, high) - _edge(edge, loop, low)
            at.append(walked)
            start.append(edge[leg.start])
            length.append(span)
            ahead.append(1 if leg.cells > 0 else -1)
            walked += span
        loops.append(loop)
        cycles.append(walked + tick(route.legs[0].cross_m / speed_m_s))
        first.append(len(at))
    return Walks(
        np.array(loops),
        np.array(cycles),
        np.array(first, dtype=np.int64),
        np.array(at),
        np.array(start),
        np.array(length),
        np.array(ahead, dtype=np.int64),
    )


def _edge(edge: list[float], loop: float, number: int) -> float:
    """Return the place of a cell's edge, counted on over several rounds."""
    rounds, rest = divmod(number, len(edge))
    return rounds * loop + edge[rest]


def write_routes(routes: Routes, path: Path) -> None:
    """Write routes as a table, which `read_routes` reads."""
    rows = [
        (district, grid, n, route.of, leg.start, leg.cells, f"{leg.cross_m:g}")
        for (district, grid), route in sorted(routes.items())
        for n, leg in enumerate(route.legs)
    ]
    write_text(path, csv_text([COLUMNS, *rows]))


def read_routes(path: Path, scenario: Scenario, city: City) -> Routes:
    """Read routes; those of districts that are not simulated are left aside.

    Raises
    ------
    InputError
        Naming row and column: no such district or grid, a leg that is missing, a part of the
        loop that is never passed (a check there would wait for ever).
    """
    rows = read_csv(path, field="patrol.routes")
    if not rows or tuple(rows[0]) != COLUMNS:
        raise InputError(path, "header", "other columns", f"the columns {','.join(COLUMNS)}")
    codes = {row.code for row in scenario.district_table}
    grids = {
        code: int((city.grid_district == d).sum()) for d, code in enumerate(city.district_code)
    }
    legs: dict[tuple[str, int], list[Leg]] = {}
    cells: dict[tuple[str, int], int] = {}
    lines: dict[tuple[str, int], int] = {}
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(COLUMNS):
            raise InputError(path, f"row {line}", len(row), f"{len(COLUMNS)} cells")
        if row[0] not in codes:
            raise InputError(path, f"row {line}, column district", row[0], "a district's code")
        if row[0] not in grids:
            continue
        grid = _whole(path, line, row, 1, 0, grids[row[0]] - 1)
        key = (row[0], grid)
        known = legs.setdefault(key, [])
        _whole(path, line, row, 2, len(known), min(len(known), _MOST_LEGS))
        of = _whole(path, line, row, 3, cells.get(key, 1), cells.get(key, _MOST_CELLS))
        start = _whole(path, line, row, 4, 0, of - 1)
        number = _whole(path, line, row, 5, -10 * of, 10 * of)
        if number == 0:
            raise InputError(path, f"row {line}, column cells", row[5], "not 0")
        known.append(Leg(start, number, _metres(path, line, row[6])))
        cells[key], lines[key] = of, line
    routes = {key: Route(cells[key], tuple(parts)) for key, parts in legs.items()}
    for key, route in routes.items():
        _check(path, lines[key], route)
    return routes


def _whole(path: Path, line: int, row: list[str], column: int, low: int, high: int) -> int:
    text = row[column]
    if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
        allowed = f"{low} to {high}" if low < high else f"{low}"
        raise InputError(path, f"row {line}, column {COLUMNS[column]}", text, allowed)
    return int(text)


def _metres(path: Path, line: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:
        raise InputError(path, f"row {line}, column cross_m", text, "metres, 0 or more")
    return value


def _check(path: Path, line: int, route: Route) -> None:
    """Check that a route is closed and passes every cell."""
    never = np.flatnonzero(route.passes() == 0)
    if len(never):
        raise InputError(
            path,
            f"row {line}, the route that ends there",
            f"cell {never[0]} of {route.of} never passed",
            "a route that passes every cell",
        )
    for before, leg in zip((route.legs[-1], *route.legs[:-1]), route.legs, strict=True):
        end = (before.start + before.cells) % route.of
        if end != leg.start and leg.cross_m == 0:
            raise InputError(
                path,
                f"row {line}, the route that ends there",
                f"from cell {end} to cell {leg.start} in no time",
                "cross_m above 0 between legs that do not meet",
            )
