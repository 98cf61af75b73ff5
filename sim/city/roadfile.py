"""Road nets from files: GraphML as OSMnx writes it, or GeoJSON of lines; degrees in both."""

from __future__ import annotations

import ast
import io
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from sim.city.geometry import Points, Projection
from sim.city.roads import RoadNet
from sim.errors import InputError, InputWarning
from sim.reading import read_json, read_xml

_YES, _BACK = {"yes", "true", "1"}, {"-1", "reverse"}
_LINE = {"LineString", "MultiLineString"}


def read_roads(path: Path, projection: Projection) -> RoadNet:
    """Read a road net.

    A node without a place and an edge whose length is no number above 0 are left out, and a
    warning counts them.

    Parameters
    ----------
    path : Path
        ``.graphml``: nodes with ``x`` and ``y`` in degrees, edges with ``length`` in metres and
        ``highway``, as `osmnx.save_graphml` writes them. ``.geojson`` or ``.json``: lines with
        the properties ``highway`` and, if need be, ``oneway``; they meet where they share a
        point.
    projection : Projection
        From degrees to metres.

    Raises
    ------
    InputError
        If it is neither, or holds no road.
    """
    suffix = path.suffix.lower()
    if suffix == ".graphml":
        net = _graphml(path, projection)
    elif suffix in (".geojson", ".json"):
        net = _geojson(path, projection)
    else:
        raise InputError(path, "road net", suffix, "a file .graphml, .geojson or .json")
    if not len(net.tail):
        raise InputError(path, "road net", "no road", "at least one edge between two nodes")
    return net


def _graphml(path: Path, projection: Projection) -> RoadNet:
    import networkx as nx

    content = read_xml(path, field="travel.roads.file", kind="GraphML")
    try:
        graph = nx.read_graphml(io.BytesIO(content))
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise InputError(path, "GraphML", reason, "GraphML as OSMnx writes it") from None
    crs = str(graph.graph.get("crs", "epsg:4326")).lower()
    if crs != "epsg:4326":
        raise InputError(path, "crs", crs, "epsg:4326, degrees: save the graph before projecting")
    number: dict[Any, int] = {}
    places: list[tuple[float, float]] = []
    for node, data in graph.nodes(data=True):
        place = (_number(data.get("x")), _number(data.get("y")))
        if -180 <= place[0] <= 180 and -90 <= place[1] <= 90:
            number[node] = len(places)
            places.append(place)
    edges = []
    dropped = len(graph) - len(places)
    for a, b, data in graph.edges(data=True):
        length = _number(data.get("length"))
        if a not in number or b not in number or not 0 < length < np.inf:
            dropped += 1
            continue
        edge = (number[a], number[b], length, _class(data.get("highway")))
        edges.append(edge)
        if not graph.is_directed():
            edges.append((edge[1], edge[0], *edge[2:]))
    _tell(path, dropped, "nodes or edges without a place or a length")
    xy = projection.to_xy(np.array(places, dtype=float).reshape(-1, 2))
    return _net(path, xy, edges)


def _geojson(path: Path, projection: Projection) -> RoadNet:
    tree = read_json(path, field="travel.roads.file", kind="GeoJSON", nan=True)
    try:
        features = tree["features"]
        lines = [f for f in features if (f.get("geometry") or {}).get("type") in _LINE]
    except (KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise InputError(path, "GeoJSON", reason, "features with lines") from None
    number: dict[tuple[float, float], int] = {}
    ends: list[tuple[int, int, str, str]] = []
    dropped = len(features) - len(lines)
    for feature in lines:
        geometry, said = feature["geometry"], feature.get("properties") or {}
        if not isinstance(said, dict):
            raise InputError(path, "properties", said, "a table of properties, or none")
        parts = geometry.get("coordinates")
        parts = [parts] if geometry["type"] == "LineString" else parts
        try:
            points = [[(round(float(p[0]), 7), round(float(p[1]), 7)) for p in q] for q in parts]
        except (TypeError, ValueError, IndexError):
            dropped += 1
            continue
        for part in points:
            nodes = [number.setdefault(point, len(number)) for point in part]
            kind, way = _class(said.get("highway")), str(said.get("oneway", "no")).lower()
            ends += [(a, b, kind, way) for a, b in pairwise(nodes) if a != b]
    _tell(path, dropped, "features that are no lines")
    xy = projection.to_xy(np.array(list(number), dtype=float).reshape(-1, 2))
    edges = []
    for a, b, kind, way in ends:
        length = float(np.hypot(*(xy[a] - xy[b])))
        if way not in _BACK:
            edges.append((a, b, length, kind))
        if way not in _YES:
            edges.append((b, a, length, kind))
    return _net(path, xy, edges)


def _net(path: Path, xy: Points, edges: list[tuple[int, int, float, str]]) -> RoadNet:
    tail, head, length, kind = zip(*edges, strict=True) if edges else ((), (), (), ())
    return RoadNet(
        xy=xy,
        tail=np.array(tail, dtype=np.int64),
        head=np.array(head, dtype=np.int64),
        length=np.array(length, dtype=float),
        kind=np.array(kind, dtype=str),
        origin=path.name,
    )


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")


def _class(value: object) -> str:
    """Return the class of a road; of several, which OSMnx writes as a list, the first."""
    text = str(value or "unclassified")
    if text.startswith("["):
        try:
            text = str(next(iter(ast.literal_eval(text)), "unclassified"))
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return "unclassified"
    return text


def _tell(path: Path, dropped: int, what: str) -> None:
    if dropped:
        warnings.warn(f"{path.name}: {dropped} {what} were left out", InputWarning, stacklevel=3)
