"""Road nets: read, generated, and the shortest ways on them."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from tiny import TOML, tiny, write

import sim
from sim.city import City, Travel, travel
from sim.city.geometry import Projection
from sim.city.roadfile import read_roads
from sim.city.roadnet import LINK, generated
from sim.city.roads import STEP_S, RoadNet, Ways, ways
from sim.city.travel import road_nets
from sim.cli import main
from sim.errors import InputError, InputWarning
from sim.scenario import load
from sim.scenario.schema import Scenario

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


def test_ways_are_the_shortest_paths_of_networkx() -> None:
    draw = np.random.default_rng(3)
    xy = draw.random((60, 2)) * 5000
    roads = generated(shapely.box(0, 0, 5000, 5000), xy[:50], xy[50:])
    found = ways("X", roads, seconds(roads), xy[:50], xy[50:], 0.1)
    graph = nx.DiGraph()
    for a, b, s in zip(roads.tail.tolist(), roads.head.tolist(), seconds(roads), strict=True):
        graph.add_edge(a, b, weight=float(s))
    for a, row in nx.all_pairs_dijkstra_path_length(graph):
        for b, length in row.items():
            assert found.seconds[a, b] == length
    assert found.notes == ()
    assert (found.seconds % STEP_S == 0).all()


def test_hops_lead_along_the_shortest_way() -> None:
    draw = np.random.default_rng(4)
    xy = draw.random((80, 2)) * 5000
    roads = generated(shapely.box(0, 0, 5000, 5000), xy[:70], xy[70:])
    # only some of the net's nodes matter: the way between them goes over the others
    found = ways("X", roads, seconds(roads), xy[:20], xy[70:72], 0.1)
    size = len(found.node_xy)
    assert size == 22
    for a in range(size):
        for b in range(size):
            node, spent, steps = a, 0.0, 0
            while node != b:
                ahead = int(found.hop[node, b])
                spent += float(found.seconds[node, ahead])
                node, steps = ahead, steps + 1
                assert steps < size
            assert spent == found.seconds[a, b]


def test_one_way_and_the_quicker_of_two_roads() -> None:
    points = np.array([[0.0, 0.0], [1000.0, 0.0]])
    roads = RoadNet(
        points, np.array([0, 0, 1]), np.array([1, 1, 0]), np.array([1000.0, 2000.0, 3000.0]),
        np.array(["tertiary", "primary", "primary_link"]), "a test",
    )  # fmt: skip
    times = roads.seconds({"tertiary": 36.0, "primary": 144.0}, 1.0)
    found = ways("X", roads, times, points, points[:1], 0.1)
    assert found.seconds.tolist() == [[0, 50], [75, 0]]


def test_what_is_cut_off_goes_straight_and_says_so() -> None:
    roads = net([(0, 0), (100, 0), (0, 3000), (100, 3000), (200, 3000)], [(0, 1), (2, 3), (3, 4)])
    with pytest.warns(InputWarning, match=r"X: 12 of 25 ways .*\(2 of 5 grids are cut off"):
        found = ways("X", roads, seconds(roads), roads.xy, roads.xy[:1], 0.5)
    assert found.seconds[0, 2] == 1500.0
    assert found.hop[0, 2] == 2
    assert found.seconds[2, 4] == 20.0


def test_a_crew_that_reaches_nothing_says_so() -> None:
    roads = net([(0, 0), (100, 0), (0, 3000)], [(0, 1)])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = ways("X", roads, seconds(roads), roads.xy, roads.xy[2:], 0.5)
    assert tuple(str(w.message) for w in said) == found.notes
    assert "X 01: crews stationed there reach nothing by road" in found.notes[1]


def test_no_road_in_a_district(tmp_path: Path) -> None:
    """Then its ways are straight lines times the detour, exactly as without roads."""
    away = line_file(tmp_path, [[[100.0, 10.0], [100.1, 10.0]]])
    scenario = tiny(tmp_path, [*ROADS, f'travel.roads.file="{away}"', "travel.detour=1.0"])
    city = City.build(scenario)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        travel = Travel.of(scenario, city)
    assert "East: no road of lines.geojson lies in the district" in str(said[0].message)
    assert travel.ways is not None
    found = travel.ways[0]
    straight = np.hypot(*(found.node_xy[0] - found.node_xy[1])) / travel.fastest
    assert found.seconds[0, 1] == pytest.approx(straight, abs=STEP_S)


def test_generated_roads_stay_within_the_border_and_reach_everything() -> None:
    scenario = load("suzhou-2018", ["travel.model=roads", "area.include=['Gusu']"])
    city = City.build(scenario)
    roads = road_nets(scenario, city)[0]
    lines = shapely.linestrings(np.stack((roads.xy[roads.tail], roads.xy[roads.head]), axis=1))
    inside = shapely.covers(city.district_border[0], lines)
    assert (inside | (roads.kind == LINK)).all()
    assert nx.is_strongly_connected(nx.DiGraph(roads.graph))
    assert {"primary", "tertiary"} <= set(roads.kind.tolist())
    # planar: no two roads cross except at their ends
    crossings = shapely.STRtree(lines).query(lines, predicate="crosses")
    assert crossings.size == 0
    straight = np.hypot(*(roads.xy[:, None] - roads.xy[None]).transpose(2, 0, 1))
    found = Travel.of(scenario, city)
    assert found.ways is not None
    assert (found.ways[0].seconds * 40 / 3.6 >= straight[: len(found.ways[0].node_xy)] - 1).all()


def test_water_is_gone_round_and_an_island_has_a_link() -> None:
    bay = shapely.box(0, 0, 4000, 4000).difference(shapely.box(1900, 500, 2100, 4001))
    island = shapely.box(5000, 0, 6000, 1000)
    xy = np.array(
        [[x, y] for x in (400, 1200, 2800, 3600) for y in (250, 1500, 2500, 3500)]
        + [[5300, 500], [5700, 500]],
        dtype=float,
    )
    roads = generated(shapely.union_all([bay, island]), xy, xy[[0, 12]])
    found = ways("X", roads, seconds(roads), xy, xy[:1], 0.1)
    across = found.seconds[7, 11]  # the two sides of the water, 1600 m apart
    assert across > 3 * 1600 / 10
    assert (roads.kind == LINK).sum() == 2
    assert found.notes == ()


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


def test_graphml_as_osmnx_writes_it(tmp_path: Path) -> None:
    roads = read_roads(graphml(tmp_path / "a.graphml"), HERE)
    assert roads.kind.tolist() == ["primary", "primary", "residential"]
    assert roads.length.tolist() == [950.5, 950.5, 1112.0]
    assert np.allclose(HERE.to_lonlat(roads.xy)[2], (120.71, 31.31))
    assert set(roads.graph.edges[0, 1, 0]) == {"length", "highway"}


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


def roads_of(folder: Path, *said: dict[str, Any]) -> Path:
    """Parallel lines, each with its own properties."""
    path = line_file(folder, [[[120.6, 31.3 + n / 100], [120.7, 31.3]] for n in range(len(said))])
    tree = json.loads(path.read_text())
    for feature, properties in zip(tree["features"], said, strict=True):
        feature["properties"] = properties
    path.write_text(json.dumps(tree))
    return path


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


def test_validate_reads_the_roads(tmp_path: Path) -> None:
    metres = line_file(tmp_path / "roads", [[[13426243.8, 3666544.0], [13427357.0, 3666544.0]]])
    command = ["validate", str(write(tmp_path)), "--set", f'travel.roads.file="{metres}"']
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2
    assert "lines.geojson: features[0], point 0" in done.stderr


def test_a_scenario_names_its_roads(tmp_path: Path) -> None:
    away = line_file(tmp_path / "roads", [[[120.6, 31.3], [120.7, 31.3]]])
    scenario = tiny(tmp_path, [*ROADS, f'travel.roads.file="{away}"'])
    other = tiny(tmp_path / "b", ROADS)
    assert scenario.attached == {"travel.roads.file": away}
    assert scenario.content_hash != other.content_hash
    assert {f.path for f in scenario.figures} >= {"travel.model", "travel.roads.file"}
    start = TOML.index("[travel.roads]")
    bare = TOML[:start] + TOML[TOML.index("[supervision]") :]
    with pytest.raises(InputError, match=r"travel\.roads: None is not allowed; a table"):
        load(write(tmp_path / "c", bare), ["travel.model=roads"])
    with pytest.raises(InputError, match=r"travel\.roads\.file: .* a file that can be read"):
        tiny(tmp_path / "d", [*ROADS, "travel.roads.file=nowhere.graphml"])


def test_a_net_is_laid_once_for_the_same_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid = []

    def counted(*places: Any) -> RoadNet:
        laid.append(places)
        return generated(*places)

    monkeypatch.setattr(travel, "generated", counted)
    travel._laid.cache_clear()
    scenario = tiny(tmp_path, ROADS)
    first, again = (travel.road_nets(scenario, City.build(scenario)) for _ in range(2))
    assert len(laid) == len(first) == 2
    assert all(a is b for a, b in zip(first, again, strict=True))
    more = tiny(tmp_path / "more", [*ROADS, "districts.East.towns=2"])
    other = travel.road_nets(more, City.build(more))
    assert [a is b for a, b in zip(first, other, strict=True)] == [False, True]
    city = City.build(scenario)
    places = city.grid_xy[city.grid_district == 0], city.town_xy[city.town_district == 0]
    alone = generated(city.district_border[0], *places)
    for part in ("xy", "tail", "head", "length", "kind"):
        assert np.array_equal(getattr(first[0], part), getattr(alone, part)), part


@pytest.fixture(scope="module")
def on_roads(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return tiny(tmp_path_factory.mktemp("roads"), ROADS)


def test_a_run_on_roads_is_sound_and_repeatable(on_roads: Scenario) -> None:
    from engine.outcomes import check_steps, same

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = sim.simulate(on_roads, policy="nearest", check=True)
        cut = sim.prepare(on_roads, policy="nearest")
        cut.run(100_000)
        cut.run()
    check_steps(one)
    assert same(one, cut.outcome())


def test_visits_take_what_the_roads_say(on_roads: Scenario) -> None:
    """The first visit of a crew starts from its base: access, way and access, at that hour."""
    outcome = sim.simulate(on_roads)
    city, visits, plan = outcome.city, outcome.visits, outcome.plan
    travel = Travel.of(on_roads, city)
    assert travel.ways is not None
    order = np.lexsort((visits["start"], visits["crew"]))
    first = order[np.diff(visits["crew"][order], prepend=-1) != 0]
    checked = 0
    for row in first[~np.isnan(visits["arrive"][first])].tolist():
        crew, ticket = visits["crew"][row], visits["ticket"][row]
        grid, district = outcome.tickets["grid"][ticket], outcome.tickets["district"][ticket]
        found = travel.ways[district]
        a = int(found.nearest(plan.crew_xy[crew][None])[0])
        b = int(found.grid_node[grid - np.flatnonzero(city.grid_district == district)[0]])
        if a == b:
            continue
        loop = city.grid_loop_m[grid] / (2 * np.pi)  # the matter lies so far from the middle
        from_base = np.hypot(*(plan.crew_xy[crew] - found.node_xy[a]))
        to_matter = np.hypot(*(city.grid_xy[grid] - found.node_xy[b]))
        assert to_matter == pytest.approx(0, abs=0.1)
        free = found.seconds[a, b] + (from_base + loop) * travel.access_s_m
        hour = int(visits["start"][row] % 86400 // 3600)
        expected = free * travel.fastest / travel.speed_m_s[district, hour]
        assert visits["arrive"][row] - visits["start"][row] == pytest.approx(expected, abs=0.2)
        checked += 1
    assert checked > 5


def test_a_faster_district_is_faster_on_its_roads(tmp_path: Path) -> None:
    def mean(factor: float) -> float:
        changes = [*ROADS, f"districts.West.speed_factor={factor}"]
        visits = sim.simulate(tiny(tmp_path / str(factor), changes), policy="fifo").visits
        return float(np.nanmean(visits["arrive"] - visits["start"]))

    assert mean(3.0) < mean(1.0)
