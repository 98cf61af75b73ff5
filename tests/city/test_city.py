"""The city: its hierarchy and geography."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import shapely
from scipy.stats import spearmanr
from tiny import tiny, write

from sim.city import City, Travel
from sim.city.geometry import Projection
from sim.errors import InputError
from sim.scenario import load


@pytest.fixture(scope="module")
def gusu() -> City:
    return City.build(load("gusu-week"))


def test_grids_lie_inside_the_real_border(gusu: City) -> None:
    border = gusu.district_border[0]
    assert shapely.contains_xy(border, gusu.grid_xy[:, 0], gusu.grid_xy[:, 1]).all()
    assert shapely.contains_xy(border, gusu.town_xy[:, 0], gusu.town_xy[:, 1]).all()
    assert len(np.unique(gusu.grid_xy, axis=0)) == len(gusu.grid_xy)


def test_the_border_is_as_large_as_the_district(gusu: City) -> None:
    """Gusu has 83.4 km², as published."""
    assert gusu.district_border[0].area / 1e6 == pytest.approx(83.4, rel=0.02)
    assert gusu.grid_area.sum() == pytest.approx(gusu.district_border[0].area, rel=0.01)


def test_more_grids_where_people_live(gusu: City) -> None:
    density = gusu.grid_population / gusu.grid_area
    centre = np.hypot(*(gusu.grid_xy - gusu.district_xy[0]).T)
    assert spearmanr(density, centre).statistic < -0.3


def test_every_grid_has_its_town_and_community(gusu: City) -> None:
    assert (np.diff(gusu.grid_town) >= 0).all()
    assert (np.diff(gusu.grid_community) >= 0).all()
    assert (gusu.community_town[gusu.grid_community] == gusu.grid_town).all()
    assert set(gusu.grid_town) == set(range(len(gusu.town_name)))
    towns = np.bincount(gusu.grid_town, weights=gusu.grid_population)
    assert (towns == gusu.town_population).all()


def test_loops_are_kept_to_what_a_round_can_walk(gusu: City) -> None:
    assert (gusu.grid_loop_m >= 1500).all()
    assert (gusu.grid_loop_m <= 9000).all()


def test_graph_is_a_tree_of_four_levels_and_grids(gusu: City) -> None:
    tree = gusu.graph
    assert nx.is_arborescence(tree)
    levels = nx.get_node_attributes(tree, "level")
    for node in tree:
        below = list(tree.successors(node))
        if below:
            total = sum(tree.nodes[child]["population"] for child in below)
            assert total == tree.nodes[node]["population"]
    assert set(levels.values()) == {"city", "district", "town", "community", "grid"}


def test_a_district_is_the_same_alone_and_among_others(tmp_path: Path) -> None:
    both, west = tiny(tmp_path), tiny(tmp_path, ["area.include=['West']"])
    whole, alone = City.build(both), City.build(west)
    here = whole.grid_district == whole.district_name.index("West")
    assert (whole.grid_xy[here] == alone.grid_xy).all()
    assert (whole.grid_population[here] == alone.grid_population).all()
    assert (whole.grid_part_time[here] == alone.grid_part_time).all()
    assert whole.hotline_requests[1] == alone.hotline_requests[0]


def test_same_scenario_same_city(tmp_path: Path) -> None:
    one, two = (City.build(tiny(tmp_path / name)) for name in "ab")
    for field in fields(City):
        a, b = getattr(one, field.name), getattr(two, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            assert (a == b).all()


def test_arrays_cannot_be_changed(gusu: City) -> None:
    with pytest.raises(ValueError, match="read-only"):
        gusu.grid_xy[0, 0] = 0.0


def test_fewer_workers_than_grids(tmp_path: Path) -> None:
    city = City.build(tiny(tmp_path, ["totals.full_time=5", "totals.part_time=3"]))
    assert city.grid_full_time.sum() == 5
    assert city.grid_part_time.sum() == 3


def test_one_town_one_grid(tmp_path: Path) -> None:
    changes = ["totals.grids=2", "districts.East.towns=1", "districts.West.towns=1"]
    city = City.build(tiny(tmp_path, changes))
    assert len(city.grid_xy) == 2
    assert city.grid_population.sum() == 20_000


def test_grids_too_few(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"districts\.East\.towns: 3 is not allowed; at most") as e:
        City.build(tiny(tmp_path, ["totals.grids=3"]))
    assert Path(e.value.file).parent == tmp_path
    with pytest.raises(InputError, match=r"^command line: districts\.East\.towns: 99"):
        City.build(tiny(tmp_path / "again", ["districts.East.towns=99"]))


def test_too_few_grids_are_told_of_the_file_that_says_so(tmp_path: Path) -> None:
    """Also where a scenario is called like the one that it extends."""
    base, above = write(tmp_path / "base"), tmp_path / "above" / "tiny.toml"
    above.parent.mkdir()
    text = 'schema_version = 2\nextends = "{}"\n[districts.East]\ntowns = 99\n[sources]\n{}'
    source = '"districts.East.towns" = {basis = "assumed", note = "many"}\n'
    above.write_text(text.format(base, source))
    with pytest.raises(InputError, match=r"districts\.East\.towns: 99 is not allowed") as e:
        City.build(load(above))
    assert e.value.file == str(above)


def test_nearest_grid(gusu: City) -> None:
    assert (gusu.nearest_grid(gusu.grid_xy) == np.arange(len(gusu.grid_xy))).all()


def test_cells_tile_the_district(tmp_path: Path) -> None:
    city = City.build(tiny(tmp_path))
    cells = city.grid_cells(0)
    assert sum(cell.area for cell in cells) == pytest.approx(city.district_border[0].area)
    for cell, xy in zip(cells, city.grid_xy, strict=False):
        assert cell.buffer(1e-6).contains(shapely.Point(xy))


def test_projection_against_the_great_circle() -> None:
    """Distances within the city agree with the haversine formula within 1 %."""
    projection = Projection(120.7, 31.4)
    places = np.array([[120.62, 31.34], [120.98, 31.39], [120.56, 31.88], [120.65, 31.14]])
    xy = projection.to_xy(places)
    assert np.allclose(projection.to_lonlat(xy), places)
    lon, lat = np.radians(places).T
    for i in range(4):
        for j in range(i):
            h = (
                np.sin((lat[i] - lat[j]) / 2) ** 2
                + np.cos(lat[i]) * np.cos(lat[j]) * np.sin((lon[i] - lon[j]) / 2) ** 2
            )
            circle = 2 * 6_371_008.8 * np.arcsin(np.sqrt(h))
            assert np.hypot(*(xy[i] - xy[j])) == pytest.approx(circle, rel=0.01)


def test_speed_by_district_and_hour(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    travel = Travel.of(scenario, City.build(scenario))
    assert travel.speed_m_s[0, 8] == pytest.approx(22 / 3.6)
    assert travel.speed_m_s[1] == pytest.approx(travel.speed_m_s[0] * 1.5)
