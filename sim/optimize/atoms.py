"""The small pieces of a town of which its grids can be made anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.city.apportion import apportion
from sim.city.city import City
from sim.city.geometry import Points, geography, inside, lloyd
from sim.city.roadnet import joining, triangles

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_A_GRID = 6
_POINTS = 40

MEASURES = ("population", "risk", "walking")


@dataclass(frozen=True, eq=False)
class Atoms:
    """A town in pieces.

    Attributes
    ----------
    xy, area, population : float64 [A, 2] m, float64 [A] m², int64 [A]
        Each grid is cut into pieces of about the same area; its residents go with the area.
    load : float64 [A, 3]
        Population, risk and area (which stands for walking), a mean grid being 1.
    grid : int64 [A]
        The present grid, from 0 within the town.
    edges : int64 [E, 2]
        Pieces that touch.
    cells : list of shapely geometries [A]
        Their areas, for maps.
    grids : int64 [G]
        The town's grids in the city.
    """

    xy: Points
    area: Floats
    population: Ints
    load: Floats
    grid: Ints
    edges: Ints
    cells: list[Any]
    grids: Ints

    @classmethod
    def of(cls, city: City, town: int, risk: Floats) -> Atoms:
        """Cut the grids of a town into pieces.

        Parameters
        ----------
        risk : float64 [G]
            Of each grid of the city, in any unit.
        """
        import shapely

        grids = np.flatnonzero(city.grid_town == town)
        district = int(city.town_district[town])
        border = city.district_border[district]
        first = int(np.searchsorted(city.grid_district, district))
        shapes = city.grid_cells(district)
        draw = geography(city.district_code[district], f"atoms {town}")
        xy, area, people, danger, of = [], [], [], [], []
        for n, grid in enumerate(grids.tolist()):
            points = inside(shapes[grid - first], _POINTS * _A_GRID, draw)
            middles = lloyd(points, points[:_A_GRID], 8)
            part = ((points[:, None] - middles) ** 2).sum(axis=2).argmin(axis=1)
            share = np.bincount(part, minlength=_A_GRID) / len(points)
            kept = share > 0
            share = share[kept] / share[kept].sum()
            # a piece's middle may lie outside a bent grid: its nearest point does not
            near = ((points[:, None] - middles[kept]) ** 2).sum(axis=2).argmin(axis=0)
            xy.append(points[near])
            area.append(share * city.grid_area[grid])
            people.append(apportion(int(city.grid_population[grid]), share))
            danger.append(share * risk[grid])
            of.append(np.full(len(share), n))
        places = np.round(np.concatenate(xy), 1)
        load = np.stack(
            [np.concatenate(part).astype(float) for part in (people, danger, area)], axis=1
        )
        pairs = triangles(places)
        length = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T)
        shapely.prepare(border)
        touch = shapely.covers(border, shapely.linestrings(places[pairs]))
        touch &= length < 4 * np.sqrt(np.concatenate(area)[pairs].max(axis=1))
        touch |= joining(len(places), pairs, length, touch, touch)
        whole = shapely.union_all([shapes[grid - first] for grid in grids.tolist()])
        cells = shapely.voronoi_polygons(
            shapely.multipoints(places), extend_to=shapely.envelope(whole), ordered=True
        )
        return cls(
            xy=places,
            area=np.concatenate(area),
            population=np.concatenate(people),
            load=load * len(grids) / np.maximum(load.sum(axis=0), 1e-300),
            grid=np.concatenate(of),
            edges=pairs[touch],
            cells=[cell.intersection(whole) for cell in cells.geoms],
            grids=grids,
        )

    def loads(self, grid: Ints) -> Floats:
        """Return what each grid bears under an assignment of the pieces [G, 3]."""
        out = np.zeros((len(self.grids), len(MEASURES)))
        np.add.at(out, grid, self.load)
        return out

    def centres(self) -> Ints:
        """Return the piece in the middle of each present grid [G]."""
        out = []
        for n in range(len(self.grids)):
            own = np.flatnonzero(self.grid == n)
            middle = np.average(self.xy[own], axis=0, weights=self.area[own])
            out.append(own[int(((self.xy[own] - middle) ** 2).sum(axis=1).argmin())])
        return np.array(out, dtype=np.int64)

    def distances(self) -> Floats:
        """Return how far each piece is from each grid's centre, a mean grid's width being 1."""
        to = self.xy[self.centres()]
        width = np.sqrt(self.area.sum() / len(self.grids))
        return np.asarray(np.hypot(*(self.xy[:, None] - to).transpose(2, 0, 1)) / width)

    def neighbours(self) -> tuple[Ints, Ints]:
        """Return the touching pieces of each as one list and where each piece's begin [A + 1]."""
        both = np.concatenate((self.edges, self.edges[:, ::-1]))
        both = both[np.lexsort((both[:, 1], both[:, 0]))]
        begin = np.searchsorted(both[:, 0], np.arange(len(self.xy) + 1))
        return both[:, 1].copy(), begin
