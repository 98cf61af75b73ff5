"""Redraw a town's grids: connected, and balanced in population, risk and walking.

The objective is the sum over grids and measures of |load − 1|, a mean grid being 1, plus a little
for pieces far from their grid's centre. CP-SAT solves small towns, with a bound; a compiled
simulated annealing does the others, and finds CP-SAT's start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

from sim.cells import csv_text
from sim.city.city import City
from sim.city.geometry import curve
from sim.errors import InputError, one_of
from sim.model.staffing import base_plan
from sim.optimize.atoms import MEASURES, Atoms
from sim.optimize.risk import Risk
from sim.scenario import Scenario
from sim.writing import write_text

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SMALL = 12
"""Grids of a town up to which CP-SAT is asked."""
COMPACT = 0.05
"""Price of a piece one grid's width from the centre of its grid."""
_SCALE = 10_000
_NEAR = 5


@dataclass(frozen=True, eq=False)
class Redrawn:
    """A town's grids, drawn anew.

    Attributes
    ----------
    atoms : Atoms
        The pieces, and the present grids.
    grid : int64 [A]
        The grid of each piece from now on.
    before, after : float
        The objective.
    bound : float
        No assignment about these centres has less, so far as CP-SAT could prove it; minus
        infinity where it was not asked.
    method : str
        What found it.
    """

    city: City
    town: int
    atoms: Atoms
    grid: Ints
    before: float
    after: float
    bound: float
    method: str


def redraw_town(
    scenario: Scenario,
    town: str,
    *,
    seed: int = 0,
    time_limit: float = 20.0,
    progress: Callable[[float], None] | None = None,
) -> Redrawn:
    """Redraw the grids of a town.

    Parameters
    ----------
    scenario : Scenario
        Restrict it to the town's district: the others are not looked at.
    town : str
        Its English or Chinese name, such as ``Gusu 01``.
    seed : int
        Of the annealing and of CP-SAT.
    time_limit : float
        Seconds that CP-SAT may take.
    progress : callable, optional
        Told the share done.

    Raises
    ------
    InputError
        If there is no such town.
    """
    if not 0 < time_limit < inf:
        raise InputError("command line", "time-limit", time_limit, "a number above 0")
    city = City.build(scenario)
    names = [*city.town_name, *city.town_name_zh]
    if town not in names:
        raise InputError("command line", "town", town, one_of(town, names))
    number = names.index(town) % len(city.town_name)
    risk = Risk.of(scenario, city, base_plan(scenario, city), 1).weight.sum(axis=1)
    atoms = Atoms.of(city, number, risk)
    tell = progress or (lambda _share: None)
    tell(0.2)
    far = COMPACT * atoms.distances()
    near, begin = atoms.neighbours()
    moves = 3000 * len(atoms.xy)
    draw = np.random.Generator(np.random.Philox(key=[seed, number]))
    grid = _anneal(atoms.grid.copy(), atoms.load, far, near, begin, moves, draw)
    tell(0.6)
    after, bound, method = worth(atoms, grid), -inf, "annealing"
    if len(atoms.grids) <= SMALL:
        exact, bound = _exact(atoms, far, grid, seed, time_limit)
        if exact is not None and worth(atoms, exact) < after:
            grid, after, method = exact, worth(atoms, exact), "CP-SAT"
    tell(1.0)
    before = worth(atoms, atoms.grid)
    return Redrawn(city, number, atoms, grid, before, after, bound, method)


def worth(atoms: Atoms, grid: Ints) -> float:
    """Return the objective of an assignment of pieces to grids."""
    far = atoms.distances()[np.arange(len(grid)), grid].sum()
    return float(np.abs(atoms.loads(grid) - 1).sum() + COMPACT * far)


@numba.njit(cache=True)
def _anneal(
    grid: Ints,
    load: Floats,
    far: Floats,
    near: Ints,
    begin: Ints,
    moves: int,
    draw: np.random.Generator,
) -> Ints:
    """Move pieces on the edges of grids from one to the next; grids stay connected."""
    size, grids, measures = len(grid), far.shape[1], load.shape[1]
    total = np.zeros((grids, measures))
    count = np.zeros(grids, dtype=np.int64)
    for a in range(size):
        count[grid[a]] += 1
        total[grid[a]] += load[a]
    value, least = 0.0, 0.0
    best = grid.copy()
    hot, cold = 0.5, 0.002
    seen, stack = np.zeros(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    for move in range(moves):
        heat = hot * (cold / hot) ** (move / moves)
        a = int(draw.random() * size)
        b = near[begin[a] + int(draw.random() * (begin[a + 1] - begin[a]))]
        old, new = grid[a], grid[b]
        if old == new or count[old] == 1:
            continue
        change = far[a, new] - far[a, old]
        for m in range(measures):
            change += abs(total[old, m] - load[a, m] - 1) - abs(total[old, m] - 1)
            change += abs(total[new, m] + load[a, m] - 1) - abs(total[new, m] - 1)
        if change > 0 and draw.random() >= exp(-change / heat):
            continue
        if not _stays_whole(grid, a, count[old], near, begin, seen, move + 1, stack):
            continue
        grid[a] = new
        total[old] -= load[a]
        total[new] += load[a]
        count[old] -= 1
        count[new] += 1
        value += change
        if value < least - 1e-12:
            least = value
            best[:] = grid
    return best


@numba.njit(cache=True)
def _stays_whole(
    grid: Ints, a: int, count: int, near: Ints, begin: Ints, seen: Ints, mark: int, stack: Ints
) -> bool:
    """Whether a piece's grid is connected without it."""
    seen[a] = mark
    depth, found = 0, 0
    for i in range(begin[a], begin[a + 1]):
        if grid[near[i]] == grid[a]:
            stack[0], depth, found = near[i], 1, 1
            seen[near[i]] = mark
            break
    while depth > 0:
        depth -= 1
        b = stack[depth]
        for i in range(begin[b], begin[b + 1]):
            c = near[i]
            if seen[c] != mark and grid[c] == grid[a]:
                seen[c] = mark
                stack[depth] = c
                depth += 1
                found += 1
    return found == count - 1


def _exact(
    atoms: Atoms, far: Floats, start: Ints, seed: int, time_limit: float
) -> tuple[Ints | None, float]:
    """Solve the assignment about fixed centres; the best found, and the bound.

    A piece may only belong to a grid if one that touches it, nearer to the centre in steps, does
    too: that keeps grids connected (Zoltners and Sinha, 1983), and leaves some connected ones out.
    """
    from ortools.sat.python import cp_model
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    size, grids = len(atoms.xy), len(atoms.grids)
    near, begin = atoms.neighbours()
    links = csr_array((np.ones(len(near)), near, begin), shape=(size, size))
    centres = atoms.centres()
    steps = dijkstra(links, indices=centres, unweighted=True)
    model = cp_model.CpModel()
    allowed = np.argsort(far, axis=1, kind="stable")[:, : min(_NEAR, grids)]
    own = {(a, int(g)): model.new_bool_var("") for a in range(size) for g in allowed[a]}
    for a in range(size):
        model.add_exactly_one(own[a, int(g)] for g in allowed[a])
    for g, centre in enumerate(centres.tolist()):
        model.add(own[centre, g] == 1)
    for (a, g), variable in own.items():
        if a != centres[g]:
            nearer = [
                own[b, g]
                for b in near[begin[a] : begin[a + 1]].tolist()
                if (b, g) in own and steps[g, b] < steps[g, a]
            ]
            model.add_bool_or([variable.negated(), *nearer])
    load = np.rint(atoms.load * _SCALE).astype(np.int64)
    terms = []
    for g in range(grids):
        members = [a for a in range(size) if (a, g) in own]
        for m in range(len(MEASURES)):
            off = model.new_int_var(0, int(load[:, m].sum()), "")
            total = sum(int(load[a, m]) * own[a, g] for a in members)
            model.add(off >= total - _SCALE)
            model.add(off >= _SCALE - total)
            terms.append(off)
    price = np.rint(far * _SCALE).astype(np.int64)
    model.minimize(sum(terms) + sum(int(price[a, g]) * x for (a, g), x in own.items()))
    for (a, g), variable in own.items():
        model.add_hint(variable, int(start[a] == g))
    solver = cp_model.CpSolver()
    solver.parameters.catch_sigint_signal = False  # Ctrl-C is ours
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % 2**31
    solver.parameters.max_time_in_seconds = time_limit
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, solver.best_objective_bound / _SCALE
    found = np.array([g for a in range(size) for g in allowed[a] if solver.value(own[a, int(g)])])
    return found.astype(np.int64), solver.best_objective_bound / _SCALE


def write_grids(redrawn: Redrawn, path: Path) -> None:
    """Write the town's grids as a table that a scenario's ``area.grids`` may name.

    A grid's middle is that of the piece nearest to its centre of area; grids follow each other
    as near as those of the city do.
    """
    atoms, city = redrawn.atoms, redrawn.city
    district = int(city.town_district[redrawn.town])
    own_town = redrawn.town - int(np.searchsorted(city.town_district, district)) + 1
    middles, area, people = [], [], []
    for g in range(len(atoms.grids)):
        own = np.flatnonzero(redrawn.grid == g)
        centre = np.average(atoms.xy[own], axis=0, weights=atoms.area[own])
        middles.append(atoms.xy[own[int(((atoms.xy[own] - centre) ** 2).sum(axis=1).argmin())]])
        area.append(atoms.area[own].sum())
        people.append(int(atoms.population[own].sum()))
    xy = np.array(middles)
    lonlat = city.projection.to_lonlat(xy)
    rows: list[tuple[object, ...]] = [("name", "lon", "lat", "area_m2", "population")]
    for n, g in enumerate(np.lexsort((np.arange(len(xy)), curve(xy))).tolist(), start=1):
        name = f"{city.district_code[district]}-{own_town}-{n}"
        lon, lat = lonlat[g]
        rows.append((name, f"{lon:.7f}", f"{lat:.7f}", f"{area[g]:.0f}", people[g]))
    write_text(path, csv_text(rows))
