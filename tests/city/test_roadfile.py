"""Road nets from files: what is read, what is said, what is refused."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from road_files import HERE, graphml, line_file, roads_of, seconds

from sim.city.roadfile import read_roads
from sim.city.roads import STEP_S, Ways, ways
from sim.errors import InputError, InputWarning


def test_graphml_as_osmnx_writes_it(tmp_path: Path) -> None:
    roads = read_roads(graphml(tmp_path / "a.graphml"), HERE)
    assert roads.kind.tolist() == ["primary", "primary", "residential"]
    assert roads.length.tolist() == [950.5, 950.5, 1112.0]
    assert np.allclose(HERE.to_lonlat(roads.xy)[2], (120.71, 31.31))
    assert set(roads.graph.edges[0, 1, 0]) == {"length", "highway"}


def test_lines_meet_where_they_share_a_point(tmp_path: Path) -> None:
    path = line_file(
        tmp_path, [[[120.6, 31.3], [120.65, 31.3], [120.7, 31.3]], [[120.65, 31.3], [120.65, 31.4]]]
    )
    roads = read_roads(path, HERE)
    assert len(roads.xy) == 4
    assert len(roads.tail) == 6
    one = read_roads(
        line_file(tmp_path / "b", [[[120.6, 31.3], [120.7, 31.3]]], oneway="yes"), HERE
    )
    assert (one.tail.tolist(), one.head.tolist()) == ([0], [1])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.graphml", "<graphml", r"a\.graphml: GraphML: 'unclosed token"),
        ("a.geojson", "{", r"a\.geojson: GeoJSON: 'Expecting"),
        ("a.geojson", '{"features": []}', "road net: 'no road' is not allowed"),
        ("a.geojson", "", "road net: 'an empty file' is not allowed; GraphML or GeoJSON"),
    ],
)
def test_malformed_files(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        read_roads(tmp_path / name, HERE)


def test_a_projected_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="crs: 'epsg:32651' is not allowed; epsg:4326"):
        read_roads(graphml(tmp_path / "a.graphml", crs="epsg:32651"), HERE)


@pytest.mark.parametrize("length", ["nan", "-3", "far", "1e400", "1e308", "5e7", "1_0", "١٠"])
def test_a_bad_edge_is_left_out_with_a_note(length: str, tmp_path: Path) -> None:
    path = graphml(tmp_path / "a.graphml", length=length)
    with pytest.warns(InputWarning, match=r"a\.graphml: 1 nodes or edges without"):
        roads = read_roads(path, HERE)
    assert len(roads.tail) == 2


@pytest.mark.parametrize("name", ["a.gml", "a.xml", "a.json", "a.graphml.txt", "a"])
def test_contents_tell_what_a_file_is(name: str, tmp_path: Path) -> None:
    assert len(read_roads(graphml(tmp_path / name), HERE).tail) == 3
    line_file(tmp_path, [[[120.6, 31.3], [120.7, 31.3]]]).rename(tmp_path / name)
    assert len(read_roads(tmp_path / name, HERE).tail) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04", "zip"),
        (b"graph [\n]", "GML"),
        (b"SQLite format 3\x00", "GeoPackage"),
        (b"", "an empty file"),
        (b"lon,lat\n", "another format"),
        (b"[1, 2]", "list"),
        (b'{"elements": []}', "elements"),
        (b'{"type": "LineString", "coordinates": [[1, 2]]}', "coordinates"),
        (b"<osm/>", "NetworkXError"),
    ],
)
def test_other_formats_are_named(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "roads"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_roads(path, HERE)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_metres_are_no_degrees(tmp_path: Path) -> None:
    metres = [[[13426243.8, 3666544.0], [13427357.0, 3666544.0]]]
    with pytest.raises(InputError, match=r"features\[0\], point 0: .* look like metres"):
        read_roads(line_file(tmp_path, metres), HERE)
    graph = nx.MultiDiGraph(crs="epsg:32651")
    graph.add_node("n1", x=270000.0, y=3460000.0)
    nx.write_graphml(graph, tmp_path / "m.graphml")
    with pytest.raises(InputError, match=r"node n1, x and y: .* look like metres; .*epsg:32651"):
        read_roads(tmp_path / "m.graphml", HERE)


@pytest.mark.parametrize("crs", ["EPSG:4326", "urn:ogc:def:crs:OGC:1.3:CRS84", "+init=epsg:4326"])
def test_wgs84_in_other_words(crs: str, tmp_path: Path) -> None:
    assert len(read_roads(graphml(tmp_path / "a", crs=crs), HERE).tail) == 3
    path = line_file(tmp_path, [[[120.6, 31.3], [120.7, 31.3]]])
    tree = {**json.loads(path.read_text()), "crs": {"type": "name", "properties": {"name": crs}}}
    path.write_text(json.dumps(tree))
    assert len(read_roads(path, HERE).tail) == 2
    path.write_text(json.dumps({**tree, "crs": "EPSG:3857"}))
    with pytest.raises(InputError, match="crs: 'EPSG:3857' is not allowed; epsg:4326"):
        read_roads(path, HERE)


def test_points_without_a_place_are_counted_and_cut_their_line(tmp_path: Path) -> None:
    line: list[list[Any]] = [[120.6 + 0.01 * k, 31.3] for k in range(8)]
    line[2][0], line[5][1] = float("nan"), None
    path = line_file(tmp_path, [line, "no line"])  # type: ignore[list-item]
    with pytest.warns(InputWarning, match="2 points without a place were left out"):
        roads = read_roads(path, HERE)
    lon = HERE.to_lonlat(roads.xy)[:, 0]
    assert np.allclose(lon, [120.6, 120.61, 120.63, 120.64, 120.66, 120.67])
    assert len(roads.tail) == 2 * 3
    assert np.allclose(roads.length, roads.length[0])


@pytest.mark.parametrize("length", ["0", "0.0", "0.01"])
def test_an_edge_of_no_length_is_an_edge(length: str, tmp_path: Path) -> None:
    roads = read_roads(graphml(tmp_path / "a.graphml", length=length), HERE)
    assert roads.length.tolist() == [float(length), 950.5, 1112.0]
    found = roads.seconds({"primary": 36.0}, 18.0)
    assert found[0] == STEP_S


def test_edges_of_no_length_hold_the_net_together(tmp_path: Path) -> None:
    """Two rows of places, joined by edges between nodes that lie on each other."""

    def found(length: float) -> Ways:
        graph = nx.MultiDiGraph()
        for n in range(6):
            graph.add_node(f"a{n}", x=120.6 + n / 100, y=31.3)
            graph.add_node(f"b{n}", x=120.6 + n / 100, y=31.3 + (n % 3) / 100)
            pairs = [(f"a{n}", f"b{n}", length if n == 0 else 1112.0 * (n % 3))]
            if n:
                pairs.append((f"a{n - 1}", f"a{n}", 950.0))
            for a, b, m in pairs:
                graph.add_edge(a, b, length=m, highway="primary")
                graph.add_edge(b, a, length=m, highway="primary")
        nx.write_graphml(graph, tmp_path / f"{length}.graphml")
        roads = read_roads(tmp_path / f"{length}.graphml", HERE)
        assert len(roads.tail) == 22
        return ways("X", roads, seconds(roads), roads.xy, roads.xy[:1], 0.1)

    none, little = found(0.0), found(0.01)
    assert none.notes == little.notes == ()
    assert (none.seconds == little.seconds).all()


def test_what_vehicles_do_not_drive_is_left_out_with_a_note(tmp_path: Path) -> None:
    path = roads_of(
        tmp_path,
        {"highway": "primary"},
        {"highway": "footway"},
        {"fclass": "steps"},
        {"highway": "footway"},
        {"highway": "track"},
        {"waterway": "river"},
    )
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        roads = read_roads(path, HERE, {"track", "primary"})
    assert sorted(roads.kind.tolist()) == ["primary", "primary", "track", "track"]
    assert len(roads.xy) == 3  # no place where only footways are
    notes = [str(w.message) for w in said]
    assert "1 lines without a class of road (highway, fclass) were left out" in notes[0]
    assert "3 roads that vehicles do not drive were left out (footway, steps)" in notes[1]
    assert len(notes) == 2


def test_nothing_but_footways_is_no_road_net(tmp_path: Path) -> None:
    path = roads_of(tmp_path, {"highway": "footway"}, {"highway": "steps"})
    with pytest.raises(InputError, match=r"road net: 'footway, steps' is not allowed; .* vehicles"):
        read_roads(path, HERE)
    graph = nx.MultiDiGraph()
    graph.add_nodes_from((n, {"x": 120.6 + n / 100, "y": 31.3}) for n in range(2))
    graph.add_edge(0, 1, length=900.0, highway="cycleway")
    nx.write_graphml(graph, tmp_path / "c.graphml")
    with pytest.raises(InputError, match="road net: 'cycleway'"):
        read_roads(tmp_path / "c.graphml", HERE)


def test_lines_of_which_none_says_a_class_are_roads(tmp_path: Path) -> None:
    roads = read_roads(roads_of(tmp_path, {}, {"name": "x"}), HERE)
    assert set(roads.kind.tolist()) == {"unclassified"}


def test_edges_of_a_graph_are_roads_whether_they_say_a_class_or_not(tmp_path: Path) -> None:
    graph = nx.MultiDiGraph()
    graph.add_nodes_from((n, {"x": 120.6 + n / 100, "y": 31.3}) for n in range(3))
    graph.add_edge(0, 1, length=900.0, highway="primary")
    graph.add_edge(1, 2, length=900.0)
    nx.write_graphml(graph, tmp_path / "g.graphml")
    roads = read_roads(tmp_path / "g.graphml", HERE)
    assert roads.kind.tolist() == ["primary", "unclassified"]


def test_what_is_not_understood_is_said_once(tmp_path: Path) -> None:
    path = roads_of(
        tmp_path,
        *({"highway": f"sort_{n}"} for n in range(9)),
        {"highway": "primary", "oneway": "sometimes"},
        {"highway": "link"},
    )
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        read_roads(path, HERE)
    assert [str(w.message).partition(": ")[2] for w in said] == [
        "9 roads are of unknown classes and go at travel.roads.other_kmh "
        "(sort_0, sort_1, sort_2, sort_3, sort_4, sort_5 and 3 more)",
        "1 roads have a oneway that is not understood and are open both ways (sometimes)",
    ]


def test_what_a_graph_has_beside_its_edges_is_passed_over(tmp_path: Path) -> None:
    path = graphml(tmp_path / "a.graphml")
    text = path.read_text("utf-8")
    path.write_text(text.replace("</node>", '<port name="north"/></node>', 1), "utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_roads(path, HERE).tail)


def test_roundabouts_and_motorways_go_one_way(tmp_path: Path) -> None:
    one = {"highway": "primary", "junction": "roundabout"}
    assert len(read_roads(roads_of(tmp_path, one, {"fclass": "motorway"}), HERE).tail) == 2
    back = read_roads(roads_of(tmp_path, {"fclass": "primary", "oneway": "T"}), HERE)
    assert (back.tail.tolist(), back.head.tolist()) == ([1], [0])


def test_edges_of_a_graph_as_lines_are_not_twice_as_long(tmp_path: Path) -> None:
    """GeoPandas' edges of OSMnx: a two-way road is a line in each direction."""
    there = [[120.6, 31.3], [120.65, 31.3], [120.7, 31.3]]
    path = line_file(tmp_path, [there, there[::-1]], oneway=False, reversed=False)  # type: ignore[arg-type]
    roads = read_roads(path, HERE)
    assert len(roads.tail) == 4


def test_an_undirected_graph_keeps_its_one_way_roads(tmp_path: Path) -> None:
    graph = nx.MultiGraph(crs="epsg:4326")
    graph.add_nodes_from((n, {"x": 120.6 + n / 100, "y": 31.3}) for n in range(3))
    graph.add_edge(0, 1, length=9.0, highway="primary", oneway="False")
    graph.add_edge(1, 2, length=9.0, highway="primary", oneway="True", **{"from": 2, "to": 1})
    nx.write_graphml(graph, tmp_path / "u.graphml")
    roads = read_roads(tmp_path / "u.graphml", HERE)
    edges = set(zip(roads.tail.tolist(), roads.head.tolist(), strict=True))
    assert edges == {(0, 1), (1, 0), (2, 1)}


@pytest.mark.parametrize("said", [5, "x", ["highway"]])
def test_properties_are_a_table(said: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"features\[0\], properties"):
        read_roads(roads_of(tmp_path, said), HERE)


@pytest.mark.parametrize("said", [None, [], {"highway": {"a": 1}}, {"highway": 5}, {"tags": []}])
def test_whatever_properties_are(said: Any, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        assert len(read_roads(roads_of(tmp_path, said), HERE).tail) == 2


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        5,
        {"type": "LineString"},
        {"type": "LineString", "coordinates": 5},
        {"type": "LineString", "coordinates": [5, None, [], [1], {}, "x", [True, False]]},
        {"type": "MultiLineString", "coordinates": [5, [5], []]},
        {"type": "MultiLineString", "coordinates": None},
        {"type": ["LineString"], "coordinates": []},
    ],
)
def test_whatever_a_geometry_is(geometry: Any, tmp_path: Path) -> None:
    path = roads_of(tmp_path, {"highway": "primary"}, {"highway": "primary"})
    tree = json.loads(path.read_text())
    tree["features"][1]["geometry"] = geometry
    tree["features"].append(5)
    path.write_text(json.dumps(tree))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        assert len(read_roads(path, HERE).tail) == 2
