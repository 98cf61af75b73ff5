"""The grid net of one district: towns, communities and grids inside the real border."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cache as once
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.city import cache
from sim.city.apportion import apportion
from sim.city.geometry import Points, curve, geography, inside, lloyd, spread

_POINTS_A_GRID = 40
_ROUNDS = 6
_AT_A_TIME = 50_000  # points
_LARGE = 300  # grids from which on a net is kept on disk: it takes longer to make than to read


@dataclass(frozen=True, eq=False)
class GridNet:
    """Towns [T], communities [C] and grids [G] of one district, numbered from 0.

    Grids are sorted by town and community.
    """

    town_xy: Points
    community_town: NDArray[np.int64]
    grid_community: NDArray[np.int64]
    grid_town: NDArray[np.int64]
    grid_xy: Points
    grid_area: NDArray[np.float64]
    grid_population: NDArray[np.int64]


def grid_net(
    code: str,
    border: Any,
    centre: Points,
    towns: int,
    grids: int,
    population: int,
    per_community: float,
) -> GridNet:
    """Lay a district's grids: smaller where people live, each inside the border.

    Large nets are kept on disk (`sim.city.cache`).

    People live about the towns' centres, thinning out with distance; the district's centre
    weighs most. Grids are the cells of a weighted k-means of where people live.

    Parameters
    ----------
    code : str
        The district's code: its geography depends on nothing else.
    border : shapely geometry
        In metres.
    centre : float64 [2]
        The district's centre, m.
    towns, grids, population : int
        How many; every town has at least one grid.
    per_community : float
        Grids a community, about.
    """
    sizes = towns, grids, population, per_community
    if grids < _LARGE:
        return _laid(code, border, centre, *sizes)
    asked = (_made_by(), code, border.wkb_hex, centre.tolist(), sizes)
    key = hashlib.sha256(repr(asked).encode()).hexdigest()
    kept = cache.fetch(key)
    if kept is not None and _fits(kept, towns, grids, population):
        return GridNet(**kept)
    net = _laid(code, border, centre, *sizes)
    cache.store(key, vars(net))
    return net


def _fits(kept: dict[str, NDArray[Any]], towns: int, grids: int, population: int) -> bool:
    """Return whether arrays can be the net that was asked for."""
    if kept.keys() != {field.name for field in fields(GridNet)}:
        return False
    communities = len(kept["community_town"]) if kept["community_town"].ndim else 0
    whole: dict[str, tuple[int, int]] = {  # how many, and what they number
        "community_town": (communities, towns),
        "grid_community": (grids, communities),
        "grid_town": (grids, towns),
        "grid_population": (grids, population + 1),
    }
    real = {"town_xy": (towns, 2), "grid_xy": (grids, 2), "grid_area": (grids,)}
    numbered = all(
        kept[name].dtype == np.int64
        and kept[name].shape == (size,)
        and bool(((kept[name] >= 0) & (kept[name] < below)).all())
        for name, (size, below) in whole.items()
    )
    measured = all(
        kept[name].dtype == np.float64
        and kept[name].shape == shape
        and bool(np.isfinite(kept[name]).all())
        for name, shape in real.items()
    )
    return (
        numbered
        and measured
        and bool((np.diff(kept["grid_community"]) >= 0).all())
        and bool((np.diff(kept["grid_town"]) >= 0).all())
        and int(kept["grid_population"].sum()) == population
    )


@once
def _made_by() -> str:
    """Name the code that lays nets: what an older one laid is not taken for its own."""
    here = Path(__file__).parent
    sources = [(here / f"{part}.py").read_bytes() for part in ("grids", "geometry", "apportion")]
    return hashlib.sha256(b"".join(sources)).hexdigest()


def _laid(
    code: str,
    border: Any,
    centre: Points,
    towns: int,
    grids: int,
    population: int,
    per_community: float,
) -> GridNet:
    import shapely
    from scipy.spatial import cKDTree

    even = inside(border, max(_POINTS_A_GRID * grids, 4000), geography(code, "even"))
    if not shapely.contains_xy(border, centre[0], centre[1]):
        centre = even[int(np.argmin(((even - centre) ** 2).sum(axis=1)))]
    town_xy = lloyd(even, spread(even, centre[None, :], towns), _ROUNDS, fixed=1)
    town_xy = even[cKDTree(even).query(town_xy)[1]] if towns > 1 else town_xy
    town_xy[0] = centre

    draw = geography(code, "people")
    weight = np.concatenate(([3.0], 0.6 + 0.8 * draw.random(max(towns - 1, 0))))
    reach = 0.3 * np.sqrt(border.area / towns)

    def density(points: Points) -> NDArray[np.float64]:
        out = np.empty(len(points))
        for start in range(0, len(points), _AT_A_TIME):  # by every town: too many at once
            some = slice(start, start + _AT_A_TIME)
            distance = np.sqrt(((points[some, None, :] - town_xy[None, :, :]) ** 2).sum(axis=2))
            out[some] = 0.04 + (weight * np.exp(-distance / reach)).sum(axis=1)
        return out

    chance = density(even)
    people = inside(border, 4 * len(even), draw)
    people = people[draw.random(len(people)) * chance.max() < density(people)]
    if len(people) < grids:
        people = np.concatenate((people, even))
    start = people[np.linspace(0, len(people) - 1, grids).astype(int)]
    snap = cKDTree(np.concatenate((even, people)))
    grid_xy = lloyd(people, start, _ROUNDS)
    grid_xy = np.round(np.concatenate((even, people))[snap.query(grid_xy)[1]], 1)

    town = cKDTree(town_xy).query(grid_xy)[1]
    for t in range(towns):  # no town without a grid
        if not (town == t).any():
            spare = np.bincount(town, minlength=towns)[town] > 1
            distance = ((grid_xy - town_xy[t]) ** 2).sum(axis=1)
            town[int(np.argmin(np.where(spare, distance, np.inf)))] = t
    order = np.lexsort((curve(grid_xy), town))
    grid_xy, town = grid_xy[order], town[order]

    community = np.zeros(grids, dtype=np.int64)
    community_town: list[int] = []
    for t in range(towns):
        here = np.flatnonzero(town == t)
        for part in np.array_split(here, max(1, round(len(here) / per_community))):
            community[part] = len(community_town)
            community_town.append(t)

    nearest = cKDTree(grid_xy)
    of_even = np.bincount(nearest.query(even)[1], minlength=grids)
    of_people = np.bincount(nearest.query(people)[1], minlength=grids)
    area = (of_even + 0.5) / (of_even + 0.5).sum() * border.area
    return GridNet(
        town_xy=np.round(town_xy, 1),
        community_town=np.array(community_town, dtype=np.int64),
        grid_community=community,
        grid_town=town.astype(np.int64),
        grid_xy=grid_xy,
        grid_area=np.round(area, 0),
        grid_population=apportion(population, of_people + 1),
    )
