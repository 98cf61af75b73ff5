"""Road nets in files, as real exports have them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from sim.city.geometry import Projection
from sim.city.roads import RoadNet

ROADS = ["travel.model=roads"]
HERE = Projection(120.65, 31.3)


def net(
    xy: list[tuple[float, float]], edges: list[tuple[int, int]], kind: str = "tertiary"
) -> RoadNet:
    """Roads both ways, of their straight length."""
    points = np.array(xy, dtype=float)
    tail, head = np.array(edges + [(b, a) for a, b in edges]).T
    length = np.hypot(*(points[tail] - points[head]).T)
    return RoadNet(points, tail, head, length, np.full(len(tail), kind), "a test")


def seconds(of: RoadNet) -> np.ndarray:
    return of.seconds({"tertiary": 36.0}, 18.0)


def graphml(path: Path, **changes: object) -> Path:
    graph = nx.MultiDiGraph(crs=changes.get("crs", "epsg:4326"))
    for node, (lon, lat) in enumerate([(120.7, 31.3), (120.71, 31.3), (120.71, 31.31)]):
        graph.add_node(node, x=str(lon), y=str(lat))
    length = changes.get("length", "950.5")
    graph.add_edge(0, 1, osmid="1", highway="primary", oneway="False", length=length)
    graph.add_edge(1, 0, osmid="1", highway="primary", oneway="False", length="950.5")
    graph.add_edge(1, 2, osmid="2", highway="['residential', 'tertiary']", length="1112.0")
    nx.write_graphml(graph, path)
    return path


def line_file(folder: Path, lines: list[list[list[float]]], **said: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lines.geojson"
    features = [
        {
            "type": "Feature",
            "properties": {"highway": "tertiary", **said},
            "geometry": {"type": "LineString", "coordinates": line},
        }
        for line in lines
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def roads_of(folder: Path, *said: dict[str, Any]) -> Path:
    """Parallel lines, each with its own properties."""
    path = line_file(folder, [[[120.6, 31.3 + n / 100], [120.7, 31.3]] for n in range(len(said))])
    tree = json.loads(path.read_text())
    for feature, properties in zip(tree["features"], said, strict=True):
        feature["properties"] = properties
    path.write_text(json.dumps(tree))
    return path
