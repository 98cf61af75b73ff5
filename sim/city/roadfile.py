"""Road nets from files: GraphML as OSMnx writes it, or GeoJSON of lines; degrees in both."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from collections.abc import Collection, Mapping
from itertools import pairwise
from math import isfinite, nan
from pathlib import Path
from typing import Any

import numpy as np

from sim.city.crs import check_crs, in_degrees, lonlat, no_degrees
from sim.city.geometry import Points, Projection
from sim.city.highway import UNKNOWN, Highway, is_driven, is_known
from sim.city.roads import RoadNet
from sim.errors import InputError, InputWarning
from sim.reading import open_regular, read_json, read_xml

Edge = tuple[int, int, float, str]
_LINE = ("LineString", "MultiLineString")
_SHOWN = 6  # names in a note
_LONGEST = 4e7  # m: around the earth


def read_roads(path: Path, projection: Projection, named: Collection[str] = ()) -> RoadNet:
    """Read a road net; warnings count what of it is left out.

    Parameters
    ----------
    path : Path
        GraphML: nodes with ``x`` and ``y`` in degrees, edges with ``length`` in metres and
        ``highway``, as `osmnx.save_graphml` writes them; or GeoJSON: lines that meet where they
        share a point, with the attributes that `Highway` reads. The content tells which.
    projection : Projection
        From degrees to metres.
    named : collection of str
        Classes to which the scenario gives a speed: they are driven, whatever they are.

    Raises
    ------
    InputError
        If it is neither, is not in degrees, or holds no road for vehicles.
    """
    notes = _Notes(path, named)
    kind = _kind(path)
    if kind == "graphml":
        net = _graphml(path, projection, notes)
    elif kind == "geojson":
        net = _geojson(path, projection, notes)
    else:
        raise InputError(path, "road net", kind, "GraphML or GeoJSON, as text that is not packed")
    if not len(net.tail):
        most = "at least one road for vehicles between two places"
        raise InputError(path, "road net", notes.not_driven() or "no road", most)
    notes.tell()
    return net


def _kind(path: Path) -> str:
    """Tell what a file is by its first bytes, whatever its name."""
    with open_regular(path, field="travel.roads.file") as file:
        head = (file.read(4096) or b"").removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"<"):
        return "graphml"
    if head.startswith((b"{", b"[")):
        return "geojson"
    packed = {b"\x1f\x8b": "gzip", b"PK": "zip", b"BZh": "bzip2", b"\xfd7z": "xz"}
    kinds = {**packed, b"graph": "GML", b"Creator": "GML", b"SQLite": "SQLite or GeoPackage"}
    said = next((kind for start, kind in kinds.items() if head.startswith(start)), None)
    return said or ("another format" if head else "an empty file")


class _Notes:
    """What of a file is left out or not understood, counted until it is told."""

    def __init__(self, path: Path, named: Collection[str]) -> None:
        self.path, self._named = path, named
        self.lost: Counter[str] = Counter()
        self._left: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._odd: Counter[str] = Counter()

    def roads(self, attributes: list[Mapping[str, Any]], *, only: bool) -> list[Highway | None]:
        """Read the attributes of all roads of a file; None for those that are left out.

        Parameters
        ----------
        only : bool
            Whether there is nothing but roads. Else, where some say their class and others do
            not, those are rivers, railways and the like.
        """
        said = [Highway.of(one, self._named) for one in attributes]
        silent = only or all(one.kind is None for one in said)
        out: list[Highway | None] = []
        for one in said:
            kept = None
            if one.kind is None and not silent:
                self.lost["lines without a class of road (highway, fclass)"] += 1
            elif one.kind is not None and not is_driven(one.kind, self._named):
                self._left[one.kind] += 1
            else:
                kept = one
                if one.kind is not None and not is_known(one.kind, self._named):
                    self._unknown[one.kind] += 1
                if one.odd is not None:
                    self._odd[one.odd] += 1
            out.append(kept)
        return out

    def not_driven(self) -> str:
        """Name the classes that no vehicle drives, the most frequent first."""
        return _names(self._left)

    def tell(self) -> None:
        """Warn of all that was counted."""
        for what, count in self.lost.items():
            self._tell(f"{count} {what} were left out")
        if self._left:
            self._tell(
                f"{self._left.total()} roads that vehicles do not drive were left out "
                f"({_names(self._left)})"
            )
        if self._unknown:
            self._tell(
                f"{self._unknown.total()} roads are of unknown classes and go at "
                f"travel.roads.other_kmh ({_names(self._unknown)})"
            )
        if self._odd:
            self._tell(
                f"{self._odd.total()} roads have a oneway that is not understood and are open "
                f"both ways ({_names(self._odd)})"
            )

    def _tell(self, text: str) -> None:
        warnings.warn(f"{self.path.name}: {text}", InputWarning, stacklevel=4)


def _names(counts: Counter[str]) -> str:
    shown = [
        "".join(c if c.isprintable() else "?" for c in name[:40])
        for name, _ in counts.most_common(_SHOWN)
    ]
    more = len(counts) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _graphml(path: Path, projection: Projection, notes: _Notes) -> RoadNet:
    import networkx as nx

    content = read_xml(path, field="travel.roads.file", kind="GraphML")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of ports and the like, not used here
            graph = nx.read_graphml(io.BytesIO(content))
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise InputError(path, "GraphML", reason, "GraphML as OSMnx writes it") from None
    crs = graph.graph.get("crs")
    number: dict[Any, int] = {}
    places: list[tuple[float, float]] = []
    for node, data in graph.nodes(data=True):
        lon, lat = _number(data.get("x")), _number(data.get("y"))
        if isfinite(lon) and isfinite(lat):
            if not in_degrees(lon, lat):
                raise no_degrees([lon, lat], path, f"node {node}, x and y", crs)
            number[node] = len(places)
            places.append((lon, lat))
    check_crs(crs, path)
    parts = list(graph.edges(data=True))
    dropped = len(graph) - len(places)
    edges: list[Edge] = []
    roads = notes.roads([data for _, _, data in parts], only=True)
    for (a, b, data), road in zip(parts, roads, strict=True):
        length = _number(data.get("length"))
        if a not in number or b not in number or not 0 <= length <= _LONGEST:
            dropped += 1
        elif road is not None:
            kind = road.kind or UNKNOWN
            if graph.is_directed():  # an edge is a direction: what is open has its own
                edges.append((number[a], number[b], length, kind))
            else:
                turned = str(data.get("from")) == str(b)  # OSMnx: how the road was drawn
                first, last = (b, a) if turned else (a, b)
                edges += _both(number[first], number[last], length, kind, road)
    if dropped:
        notes.lost["nodes or edges without a place or a length"] = dropped
    xy = projection.to_xy(np.array(places, dtype=float).reshape(-1, 2))
    return _net(path, xy, edges)


def _geojson(path: Path, projection: Projection, notes: _Notes) -> RoadNet:
    tree = read_json(path, field="travel.roads.file", kind="GeoJSON", nan=True)
    features = tree.get("features") if isinstance(tree, dict) else None
    if not isinstance(features, list):
        found = sorted(tree)[:_SHOWN] if isinstance(tree, dict) else type(tree).__name__
        raise InputError(path, "GeoJSON", found, "features with lines: a FeatureCollection")
    crs = tree.get("crs")
    lines = [
        (n, feature)
        for n, feature in enumerate(features)
        if isinstance(feature, dict)
        and isinstance(feature.get("geometry"), dict)
        and feature["geometry"].get("type") in _LINE
    ]
    if len(lines) < len(features):
        notes.lost["features that are no lines"] = len(features) - len(lines)
    roads = notes.roads([_properties(n, feature, path) for n, feature in lines], only=False)
    number: dict[tuple[float, float], int] = {}
    ends: list[tuple[int, int, Highway]] = []
    for (n, feature), road in zip(lines, roads, strict=True):
        for part in _parts(feature["geometry"]):
            nodes: list[int | None] = []
            for position in part:
                place = lonlat(position)
                if place is None:  # the line is cut there
                    notes.lost["points without a place"] += 1
                    nodes.append(None)
                    continue
                if not in_degrees(*place):
                    field = f"features[{n}], point {len(nodes)}"
                    raise no_degrees([*place], path, field, crs)
                key = (round(place[0], 7), round(place[1], 7))
                nodes.append(number.setdefault(key, len(number)) if road else None)
            if road:
                ends += [
                    (a, b, road)
                    for a, b in pairwise(nodes)
                    if a is not None and b is not None and a != b
                ]
    check_crs(crs, path)
    xy = projection.to_xy(np.array(list(number), dtype=float).reshape(-1, 2))
    edges: list[Edge] = []
    for a, b, road in ends:
        length = float(np.hypot(*(xy[a] - xy[b])))
        edges += _both(a, b, length, road.kind or UNKNOWN, road)
    # edges of a directed graph, written as lines, have each two-way road twice
    return _net(path, xy, list(dict.fromkeys(edges)))


def _properties(n: int, feature: dict[str, Any], path: Path) -> dict[str, Any]:
    said = feature.get("properties") or {}
    if not isinstance(said, dict):
        allowed = "a table of properties, or none"
        raise InputError(path, f"features[{n}], properties", said, allowed)
    return said


def _parts(geometry: dict[str, Any]) -> list[list[Any]]:
    """Return the lines of a geometry; what is no list has no points."""
    coordinates = geometry.get("coordinates")
    parts = [coordinates] if geometry["type"] == "LineString" else coordinates
    return [part for part in parts if isinstance(part, list)] if isinstance(parts, list) else []


def _both(a: int, b: int, length: float, kind: str, road: Highway) -> list[Edge]:
    """Return the edges of the directions that are open."""
    edges = [(a, b, length, kind)] if road.forward else []
    return [*edges, (b, a, length, kind)] if road.backward else edges


def _net(path: Path, xy: Points, edges: list[Edge]) -> RoadNet:
    tail, head, length, kind = zip(*edges, strict=True) if edges else ((), (), (), ())
    ends = np.array([tail, head], dtype=np.int64)
    used = np.zeros(len(xy), dtype=bool)  # what only footways met at is no place on the net
    used[ends] = True
    number = np.cumsum(used) - 1
    return RoadNet(
        xy=xy[used],
        tail=number[ends[0]],
        head=number[ends[1]],
        length=np.array(length, dtype=float),
        kind=np.array(kind, dtype=str),
        origin=path.name,
    )


def _number(value: object) -> float:
    said = str(value)
    try:  # of what Python takes for numbers, what others take for them too
        return float(said) if said.isascii() and "_" not in said else nan
    except ValueError:
        return nan
