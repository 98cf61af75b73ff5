"""Redrawn grids: connected, balanced, and a city to simulate."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from engine.outcomes import check_outcome
from tiny import tiny, write

import sim
from sim.city import City
from sim.cli import main
from sim.errors import InputError
from sim.optimize.redraw import Redrawn, redraw_town, worth, write_grids

MORE = ["totals.grids=60"]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Redrawn:
    scenario = tiny(tmp_path_factory.mktemp("grids"), MORE)
    return redraw_town(scenario, "East 02", seed=3, time_limit=5)


def connected(found: Redrawn, grid: np.ndarray) -> bool:
    graph = nx.Graph(found.atoms.edges.tolist())
    return all(
        nx.is_connected(graph.subgraph(np.flatnonzero(grid == g).tolist()))
        for g in range(len(found.atoms.grids))
    )


def test_pieces_make_up_the_town(town: Redrawn) -> None:
    atoms, city = town.atoms, town.city
    assert atoms.population.sum() == city.grid_population[atoms.grids].sum()
    assert atoms.area.sum() == pytest.approx(city.grid_area[atoms.grids].sum())
    assert np.allclose(atoms.load.sum(axis=0), len(atoms.grids))
    assert nx.is_connected(nx.Graph(atoms.edges.tolist()))
    shapes = city.grid_cells(0)
    for cell, xy, grid in zip(atoms.cells, atoms.xy, atoms.grid, strict=True):
        assert shapes[int(atoms.grids[grid])].buffer(0.1).contains(shapely.Point(xy))
        assert cell.buffer(0.1).contains(shapely.Point(xy))


def test_grids_are_connected_and_better_balanced(town: Redrawn) -> None:
    assert set(town.grid.tolist()) == set(range(len(town.atoms.grids)))
    assert connected(town, town.grid)
    assert town.after == pytest.approx(worth(town.atoms, town.grid))
    assert town.after < 0.8 * town.before
    spread = [town.atoms.loads(grid).std(axis=0) for grid in (town.atoms.grid, town.grid)]
    assert spread[1][0] < spread[0][0]


def test_the_same_seed_draws_the_same(tmp_path: Path, town: Redrawn) -> None:
    again = redraw_town(tiny(tmp_path, MORE), "东区 02", seed=3, time_limit=5)
    assert again.method == town.method == "annealing"
    assert (again.grid == town.grid).all()


@pytest.mark.slow
def test_cp_sat_proves_how_good_a_small_town_is(tmp_path: Path) -> None:
    found = redraw_town(tiny(tmp_path, ["totals.grids=20"]), "East 01", seed=1, time_limit=20)
    assert len(found.atoms.grids) <= 12
    assert 0 < found.bound <= found.after + 1e-3
    assert connected(found, found.grid)
    assert found.after < found.before


def test_a_city_of_redrawn_grids(tmp_path: Path, town: Redrawn) -> None:
    write_grids(town, tmp_path / "grids.csv")
    plain = City.build(tiny(tmp_path, MORE))
    scenario = tiny(tmp_path, [*MORE, f'area.grids="{tmp_path / "grids.csv"}"'])
    city = City.build(scenario)
    own = town.atoms.grids
    others = np.setdiff1d(np.arange(len(city.grid_xy)), own)
    assert (city.grid_xy[others] == plain.grid_xy[others]).all()
    assert (city.town_population == plain.town_population).all()
    assert city.grid_full_time.sum() == plain.grid_full_time.sum()
    assert city.grid_population[own].std() < plain.grid_population[own].std()
    assert shapely.contains_xy(city.district_border[0], *city.grid_xy[own].T).all()
    check_outcome(sim.simulate(scenario, days=1, check=True))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("900001-1-1,120.7,31.3,1000,5", "town 900001-1: '1 grids' is not allowed; "),
        ("900009-1-1,120.7,31.3,1000,5", "town: '900009-1' is not allowed; a town of"),
        ("900001-99-1,120.7,31.3,1000,5", "town: '900001-99' is not allowed; a town of"),
        ("900001-1,120.7,31.3,1000,5", "row 2, column name: '900001-1' is not allowed"),
        ("900001-1-1,120.7,31.3,-1,5", "row 2, column area_m2: '-1' is not allowed"),
    ],
)
def test_bad_tables(row: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "grids.csv"
    path.write_text("name,lon,lat,area_m2,population\n" + row + "\n")
    with pytest.raises(InputError, match=message):
        City.build(tiny(tmp_path, [f'area.grids="{path}"']))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [(1, "121.5", "a place in the district"), (4, "1", "residents, as the town has")],
)
def test_a_table_that_does_not_fit(
    column: int, value: str, message: str, tmp_path: Path, town: Redrawn
) -> None:
    path = tmp_path / "grids.csv"
    write_grids(town, path)
    lines = path.read_text().splitlines()
    cells = lines[1].split(",")
    cells[column] = value
    path.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n")
    with pytest.raises(InputError, match=message):
        City.build(tiny(tmp_path, [*MORE, f'area.grids="{path}"']))


def test_command(tmp_path: Path) -> None:
    path, out, picture = write(tmp_path), tmp_path / "grids.csv", tmp_path / "grids.png"
    command = ["optimize", "grids", str(path), "--set", "totals.grids=60", "--town", "West 01"]
    result = CliRunner().invoke(
        main, [*command, "--json", "--out", str(out), "--map", str(picture)]
    )
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert facts["objective"]["after"] < facts["objective"]["before"]
    assert facts["seed"] == 7
    assert picture.stat().st_size > 10_000
    wrong = CliRunner().invoke(main, [*command[:-1], "West 1"])
    assert wrong.exit_code == 2
    assert "town: 'West 1' is not allowed; one of" in wrong.stderr
