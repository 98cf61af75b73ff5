"""A road net where none is given: it follows the grids and the borders, and is assumed.

Local roads join neighbouring grids (the relative neighbourhood graph of their middles) wherever
the straight line between them stays within the border; water that the border leaves out is thus
not crossed. Lakes within the borders are not in the data: roads go where grids are.
Arterials follow these roads between neighbouring towns. What would still lie apart is joined by
the shortest link there is, a bridge or a ferry, which is slow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.city.geometry import Points
from sim.city.roads import RoadNet, sparse

Ints = NDArray[np.int64]
LOCAL, ARTERIAL, LINK = "tertiary", "primary", "link"


def generated(border: Any, grid_xy: Points, town_xy: Points) -> RoadNet:
    """Lay a road net over a district.

    Parameters
    ----------
    border : shapely geometry
        In metres.
    grid_xy, town_xy : float64 [n, 2]
        The nodes: middles of grids, centres of towns.
    """
    import shapely
    from scipy.spatial import cKDTree

    apart = cKDTree(grid_xy).query(town_xy)[0] > 1.0  # a town's centre may be a grid's middle
    xy = np.concatenate((grid_xy, np.unique(town_xy[apart], axis=0)))
    pairs = triangles(xy)
    length = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    shapely.prepare(border)
    inside = shapely.covers(border, shapely.linestrings(xy[pairs]))
    road = inside & _neighbours(xy, pairs, length)
    link = joining(len(xy), pairs, length, road, inside)
    kind = np.where(link & ~inside, LINK, LOCAL).astype("<U8")
    pairs, kind, length = pairs[road | link], kind[road | link], length[road | link]
    kind[_between_towns(xy, pairs, length, town_xy) & (kind == LOCAL)] = ARTERIAL
    return RoadNet(
        xy=xy,
        tail=np.concatenate((pairs[:, 0], pairs[:, 1])),
        head=np.concatenate((pairs[:, 1], pairs[:, 0])),
        length=np.concatenate((length, length)),
        kind=np.concatenate((kind, kind)),
        origin="generated",
    )


def triangles(xy: Points) -> Ints:
    """Return the edges of the Delaunay triangulation, [E, 2]; of a few points, all pairs."""
    from scipy.spatial import Delaunay, QhullError

    everything = np.array(np.triu_indices(len(xy), 1)).T.reshape(-1, 2)
    if len(xy) < 5:
        return everything
    try:
        corners = Delaunay(xy).simplices
    except QhullError:  # all on a line
        return everything
    edges = np.concatenate((corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]))
    return np.unique(np.sort(edges, axis=1), axis=0).astype(np.int64)


def _neighbours(xy: Points, pairs: Ints, length: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether no third point is nearer to both of a pair than they are to each other.

    That is the relative neighbourhood graph (Toussaint, 1980).
    """
    from scipy.spatial import cKDTree

    middle = (xy[pairs[:, 0]] + xy[pairs[:, 1]]) / 2
    lens = cKDTree(xy).query_ball_point(middle, np.sqrt(3) / 2 * length)
    of = np.repeat(np.arange(len(pairs)), [len(points) for points in lens])
    third = np.concatenate([np.array(points, dtype=np.int64) for points in lens])
    ends = pairs[of]
    far = np.maximum(*(np.hypot(*(xy[ends[:, k]] - xy[third]).T) for k in (0, 1)))
    out = np.ones(len(pairs), dtype=bool)
    out[of[far < length[of] - 1e-6]] = False
    return out


def joining(
    size: int,
    pairs: Ints,
    length: NDArray[np.float64],
    road: NDArray[np.bool_],
    inside: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Choose the pairs that join what the roads leave apart: inside first, then the shortest."""
    from scipy.cluster.hierarchy import DisjointSet

    group = DisjointSet(range(size))
    for a, b in pairs[road].tolist():
        group.merge(a, b)
    link = np.zeros(len(pairs), dtype=bool)
    for k in np.lexsort((length, ~inside)).tolist():
        link[k] = group.merge(*pairs[k].tolist())
    return link


def _between_towns(
    xy: Points, pairs: Ints, length: NDArray[np.float64], town_xy: Points
) -> NDArray[np.bool_]:
    """Whether an edge lies on the shortest way between two neighbouring towns."""
    from scipy.sparse.csgraph import dijkstra
    from scipy.spatial import cKDTree

    used = np.zeros(len(pairs), dtype=bool)
    town = np.unique(cKDTree(xy).query(town_xy)[1])
    if len(town) < 2:
        return used
    both = np.concatenate((pairs, pairs[:, ::-1]))
    net = RoadNet(xy, both[:, 0], both[:, 1], np.tile(length, 2), np.zeros(0, dtype=str), "")
    parent = dijkstra(sparse(net, net.length), indices=town, return_predecessors=True)[1]
    near = triangles(xy[town])
    apart = np.hypot(*(xy[town[near[:, 0]]] - xy[town[near[:, 1]]]).T)
    number = {(a, b): k for k, (a, b) in enumerate(np.sort(pairs, axis=1).tolist())}
    for a, b in near[_neighbours(xy[town], near, apart)].tolist():
        node = int(town[b])
        while node != town[a]:
            above = int(parent[a, node])
            used[number[min(node, above), max(node, above)]] = True
            node = above
    return used
