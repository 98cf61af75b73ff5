"""Plane geometry: the projection, points inside areas, and what is near what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.word import word

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth (IUGG)."""

Points = NDArray[np.float64]

_FILLED = 0.01  # of its box: what fills less is a sliver


@dataclass(frozen=True)
class Projection:
    """Local equirectangular projection: metres east and north of an origin.

    Over a city of 150 km it stretches lengths by less than 1 % at its edges.
    """

    lon: float
    lat: float

    def to_xy(self, lonlat: Points) -> Points:
        """Turn degrees [n, 2] into metres [n, 2]."""
        turn = np.radians(np.asarray(lonlat, dtype=float) - (self.lon, self.lat))
        return np.asarray(turn * [EARTH_RADIUS_M * np.cos(np.radians(self.lat)), EARTH_RADIUS_M])

    def to_lonlat(self, xy: Points) -> Points:
        """Turn metres [n, 2] into degrees [n, 2]."""
        scale = np.array([EARTH_RADIUS_M * np.cos(np.radians(self.lat)), EARTH_RADIUS_M])
        return np.asarray(np.degrees(xy / scale) + np.array([self.lon, self.lat]))


def geography(code: str, purpose: str) -> np.random.Generator:
    """Return the generator of a place: geography is the same in every replication."""
    return np.random.Generator(np.random.Philox(key=[word(code), word(purpose)]))


def inside(border: Any, count: int, draw: np.random.Generator) -> Points:
    """Draw points evenly inside a border, [count, 2] in metres.

    In the box about it until enough lie inside; of slivers, which fill next to nothing of their
    boxes, in the triangles that they consist of.
    """
    import shapely

    west, south, east, north = border.bounds
    if border.area < _FILLED * (east - west) * (north - south):
        return _in_triangles(border, count, draw)
    shapely.prepare(border)
    found: list[Points] = []
    while sum(map(len, found)) < count:
        tries = draw.random((2 * count, 2)) * (east - west, north - south) + (west, south)
        found.append(tries[shapely.contains_xy(border, tries[:, 0], tries[:, 1])])
    return np.concatenate(found)[:count]


def _in_triangles(border: Any, count: int, draw: np.random.Generator) -> Points:
    import shapely

    triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(border))
    weight = np.cumsum(shapely.area(triangles))
    corners = shapely.get_coordinates(triangles).reshape(-1, 4, 2)
    of = np.searchsorted(weight, draw.random(count) * weight[-1], side="right")
    a, b, c = np.moveaxis(corners[np.minimum(of, len(corners) - 1), :3], 1, 0)
    u, v = draw.random((2, count, 1))
    folded = u + v > 1  # the other half of the parallelogram
    u, v = np.where(folded, 1 - u, u), np.where(folded, 1 - v, v)
    return np.asarray(a + u * (b - a) + v * (c - a))


def lloyd(points: Points, centres: Points, rounds: int, fixed: int = 0) -> Points:
    """Move centres to the middle of their points, some rounds of Lloyd's algorithm.

    Parameters
    ----------
    points, centres : float64 [n, 2], [k, 2]
    fixed : int
        How many of the first centres stay where they are.
    """
    from scipy.spatial import cKDTree

    centres = centres.copy()
    for _ in range(rounds):
        _, of = cKDTree(centres).query(points)
        count = np.bincount(of, minlength=len(centres))
        for axis in range(2):
            total = np.bincount(of, weights=points[:, axis], minlength=len(centres))
            moved = np.divide(total, count, out=centres[:, axis].copy(), where=count > 0)
            centres[fixed:, axis] = moved[fixed:]
    return centres


def spread(points: Points, first: Points, count: int) -> Points:
    """Choose points that lie far from each other, starting with given ones; [count, 2]."""
    chosen = [np.asarray(p, dtype=float) for p in first]
    distance = np.min([((points - p) ** 2).sum(axis=1) for p in chosen], axis=0)
    while len(chosen) < count:
        farthest = points[int(np.argmax(distance))]
        chosen.append(farthest)
        distance = np.minimum(distance, ((points - farthest) ** 2).sum(axis=1))
    return np.array(chosen[:count])


def curve(xy: Points) -> NDArray[np.int64]:
    """Return each point's place on a Z-order curve: near on the curve is near on the map."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    cell = ((xy - low) / np.maximum(high - low, 1e-9) * 1023).astype(np.int64)
    code = np.zeros(len(xy), dtype=np.int64)
    for bit in range(10):
        code |= ((cell[:, 0] >> bit) & 1) << (2 * bit) | ((cell[:, 1] >> bit) & 1) << (2 * bit + 1)
    return code
