"""Road nets: read, generated, and the shortest ways on them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from road_files import ROADS, line_file, net, seconds
from tiny import TOML, tiny, write

import sim
from sim.city import City, Travel, travel
from sim.city.roadnet import LINK, generated
from sim.city.roads import STEP_S, RoadNet, ways
from sim.city.travel import road_nets
from sim.cli import main
from sim.errors import InputError, InputWarning
from sim.scenario import load
from sim.scenario.schema import Scenario


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
    scenario = load("suzhou-2018", {"travel.model": "roads", "area.include": ["Gusu"]})
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
        load(write(tmp_path / "c", bare), {"travel.model": "roads"})
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
