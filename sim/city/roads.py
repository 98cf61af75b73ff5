"""Road nets: nodes and edges of one district, and the shortest ways between its places."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.city import cache
from sim.city.geometry import Points
from sim.errors import InputWarning

if TYPE_CHECKING:
    import networkx as nx

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEP_S = 1 / 16
"""Edges last whole sixteenths of a second: their sums are exact, in float32 too up to 12 days."""
_FORMAT = 1
_LARGE = 5000  # nodes; below, it is as fast to search again
_CELLS = 4_000_000  # of the table of distances at a time


@dataclass(frozen=True, eq=False)
class RoadNet:
    """A directed road net.

    Attributes
    ----------
    xy : float64 [N, 2]
        Nodes, m.
    tail, head : int64 [E]
        Edges from node to node; a road both ways is two edges.
    length : float64 [E]
        m.
    kind : str [E]
        Class, in OpenStreetMap's words.
    origin : str
        Where it is from, for pictures and messages.
    """

    xy: Points
    tail: Ints
    head: Ints
    length: Floats
    kind: NDArray[np.str_]
    origin: str

    @cached_property
    def graph(self) -> nx.MultiDiGraph:
        """The net as a networkx graph, its nodes with ``x`` and ``y`` in metres."""
        import networkx as nx

        graph = nx.MultiDiGraph(origin=self.origin)
        graph.add_nodes_from((i, {"x": x, "y": y}) for i, (x, y) in enumerate(self.xy.tolist()))
        graph.add_edges_from(
            (a, b, {"length": length, "highway": kind})
            for a, b, length, kind in zip(
                self.tail.tolist(),
                self.head.tolist(),
                self.length.tolist(),
                self.kind.tolist(),
                strict=True,
            )
        )
        return graph

    def within(self, area: object) -> RoadNet:
        """Return the part whose nodes lie in an area (a shapely geometry, m)."""
        import shapely

        shapely.prepare(area)
        kept = shapely.contains_xy(area, self.xy[:, 0], self.xy[:, 1])
        number = np.cumsum(kept) - 1
        edges = kept[self.tail] & kept[self.head]
        return RoadNet(
            self.xy[kept],
            number[self.tail[edges]],
            number[self.head[edges]],
            self.length[edges],
            self.kind[edges],
            self.origin,
        )

    def seconds(self, speed_kmh: Mapping[str, float], other_kmh: float) -> Floats:
        """Return how long each edge takes in the fastest hour, on whole steps, s [E]."""
        kinds, of = np.unique(self.kind, return_inverse=True)
        speed = np.array([speed_kmh.get(k.removesuffix("_link"), other_kmh) for k in kinds]) / 3.6
        if not len(kinds):
            return np.zeros(0)
        return np.maximum(np.ceil(self.length / speed[of] / STEP_S), 1) * STEP_S


@dataclass(frozen=True, eq=False)
class Ways:
    """The shortest ways between the places of one district that matter.

    Attributes
    ----------
    node_xy : float64 [P, 2]
        The nodes nearest to its grids and towns, m.
    seconds : float32 [P, P]
        From node to node in the fastest hour, whole sixteenths of a second.
    hop : int16 [P, P]
        The next of these nodes on the way from one to another.
    grid_node : int32 [grids of the district]
        The node of each grid.
    notes : tuple of str
        What could not be reached, in words.
    """

    node_xy: Points
    seconds: NDArray[np.float32]
    hop: NDArray[np.int16]
    grid_node: NDArray[np.int32]
    notes: tuple[str, ...]

    def nearest(self, xy: Points) -> NDArray[np.int32]:
        """Return the node nearest to each point [n, 2]; ties to the lower number."""
        return _nearest(self.node_xy, xy).astype(np.int32)


def ways(
    name: str,
    net: RoadNet,
    seconds: Floats,
    grid_xy: Points,
    town_xy: Points,
    straight_s_m: float,
) -> Ways:
    """Find the shortest ways by Dijkstra's algorithm (SciPy), once for the same arguments.

    They are kept in memory, and those of large nets on disk too (`sim.city.cache`). Where there
    is no way on the net, the straight one takes its place, and a note says so.

    Parameters
    ----------
    name : str
        The district, for the notes.
    seconds : float64 [E]
        How long each edge of the net takes.
    grid_xy, town_xy : float64 [n, 2]
        Places, m.
    straight_s_m : float
        Of the straight way that takes the place of one that is missing: s per metre, the
        detour within.
    """
    parts = (net.xy, net.tail, net.head, seconds, grid_xy, town_xy, np.array(straight_s_m))
    digest = hashlib.sha256(f"{_FORMAT} {name}".encode())
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
    key = digest.hexdigest()
    if key not in _known:
        if len(_known) >= 32:
            _known.pop(next(iter(_known)))
        found = _load(key, len(grid_xy))
        if found is None:
            found = _ways(name, net, seconds, grid_xy, town_xy, straight_s_m)
            if len(net.xy) > _LARGE:
                cache.store(key, {**vars(found), "notes": np.array(found.notes, dtype=str)})
        _known[key] = found
    for note in _known[key].notes:
        warnings.warn(note, InputWarning, stacklevel=2)
    return _known[key]


_known: dict[str, Ways] = {}


def _load(key: str, grids: int) -> Ways | None:
    """Fetch ways that an earlier process kept on disk, if they can be those of so many grids."""
    arrays = cache.fetch(key)
    if arrays is None or set(arrays) != {field.name for field in fields(Ways)}:
        return None
    size = len(arrays["node_xy"]) if arrays["node_xy"].ndim else 0
    forms = {
        "node_xy": ("f8", (size, 2)),
        "seconds": ("f4", (size, size)),
        "hop": ("i2", (size, size)),
        "grid_node": ("i4", (grids,)),
    }
    for name, (kind, shape) in forms.items():
        array = arrays[name]
        if array.dtype != np.dtype(kind) or array.shape != shape or not np.isfinite(array).all():
            return None
        if array.dtype.kind == "i" and ((array < 0) | (array >= size)).any():
            return None
    if arrays["notes"].dtype.kind != "U" or arrays["notes"].ndim != 1:
        return None
    return Ways(**{**arrays, "notes": tuple(arrays["notes"].tolist())})  # type: ignore[arg-type]


def _ways(
    name: str,
    net: RoadNet,
    seconds: Floats,
    grid_xy: Points,
    town_xy: Points,
    straight_s_m: float,
) -> Ways:
    notes = []
    places = np.concatenate((grid_xy, town_xy))
    if len(net.xy):
        of_net = _nearest(net.xy, places)
        chosen, of = np.unique(of_net, return_inverse=True)
        node_xy = net.xy[chosen]
    else:
        notes.append(
            f"{name}: no road of {net.origin} lies in the district; straight lines instead"
        )
        node_xy, of = np.unique(places, axis=0, return_inverse=True)
    size, grids = len(node_xy), len(grid_xy)
    if size > np.iinfo(np.int16).max:
        raise ValueError(f"{size} places are too many for one district")
    found = np.full((size, size), np.inf)
    hop = np.tile(np.arange(size, dtype=np.int16), (size, 1))
    if len(net.xy):
        for rows, distance, first in _trees(net, seconds, chosen):
            found[rows], hop[rows] = distance, first
    missing = ~np.isfinite(found)
    if len(net.xy) and missing.any():
        notes += _unreached(name, missing, of.ravel()[:grids], of.ravel()[grids:])
    if missing.any():
        a, b = np.nonzero(missing)
        straight = np.hypot(*(node_xy[a] - node_xy[b]).T) * straight_s_m
        found[a, b] = np.where(a == b, 0, np.ceil(straight / STEP_S) * STEP_S)
        hop[a, b] = b
    out = Ways(
        node_xy, found.astype(np.float32), hop, of.ravel()[:grids].astype(np.int32), tuple(notes)
    )
    for array in (out.node_xy, out.seconds, out.hop, out.grid_node):
        array.flags.writeable = False
    return out


def _unreached(name: str, missing: NDArray[np.bool_], grids: Ints, towns: Ints) -> Iterator[str]:
    """Say which places have no way to most of the others, and which bases reach nothing."""
    most = missing.sum(axis=1) > missing.shape[0] / 2
    cut_off = int((most | (missing.sum(axis=0) > missing.shape[0] / 2))[grids].sum())
    yield (
        f"{name}: {int(missing.sum()):,} of {missing.size:,} ways are not on the road net "
        f"({cut_off} of {len(grids)} grids are cut off from most others); "
        "straight lines take their place"
    )
    for town, node in enumerate(towns.tolist(), start=1):
        if missing[node].sum() >= missing.shape[0] - 1 > 0:
            yield (
                f"{name} {town:02d}: crews stationed there reach nothing by road; "
                "they go straight lines"
            )


def _nearest(nodes: Points, xy: Points) -> Ints:
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(nodes).query(np.asarray(xy, dtype=float).reshape(-1, 2))[1])


def _trees(
    net: RoadNet, seconds: Floats, chosen: Ints
) -> Iterator[tuple[slice, Floats, NDArray[np.int16]]]:
    """Yield rows of distances and of first chosen nodes on the way, some sources at a time."""
    from scipy.sparse.csgraph import dijkstra

    size = len(net.xy)
    graph = sparse(net, seconds)
    number = np.full(size, -1)
    number[chosen] = np.arange(len(chosen))
    chunk = max(1, _CELLS // size)
    for start in range(0, len(chosen), chunk):
        sources = chosen[start : start + chunk]
        distance, parent = dijkstra(graph, indices=sources, return_predecessors=True)
        # nearer nodes first: a node's parent has its answer before the node asks for it
        order = np.argsort(distance, axis=1, kind="stable")
        first = np.full(distance.shape, -1)
        rows = np.arange(len(sources))
        for k in range(1, size):
            node = order[:, k]
            above = parent[rows, node]
            before = np.where(above >= 0, first[rows, np.maximum(above, 0)], -1)
            first[rows, node] = np.where(before >= 0, before, number[node])
        near = first[:, chosen]
        near[rows, start + rows] = start + rows
        near = np.where(near < 0, np.arange(len(chosen)), near)  # no way: straight there
        yield slice(start, start + len(sources)), distance[:, chosen], near.astype(np.int16)


def sparse(net: RoadNet, seconds: Floats) -> object:
    """Return the net as a SciPy sparse matrix of seconds; of parallel edges the quickest."""
    from scipy.sparse import csr_array

    order = np.lexsort((seconds, net.head, net.tail))
    tail, head = net.tail[order], net.head[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
    first &= tail != head
    size = len(net.xy)
    return csr_array((seconds[order][first], (tail[first], head[first])), shape=(size, size))
