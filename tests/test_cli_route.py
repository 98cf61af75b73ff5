"""`sim route` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from routing.test_formats import BAD, SOLOMON, VRPLIB

from sim.cli import main


def route(*words: object) -> Result:
    result = CliRunner().invoke(main, ["route", *map(str, words)], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.vrp"
    path.write_text(VRPLIB, encoding="utf-8")
    return path


def test_cost_gap_time_feasibility(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.sol"
    result = route(small, "--iterations", 200, "--out", out)
    assert result.exit_code == 0
    assert "feasible 可行" in result.stdout
    again = route(small, "--iterations", 200, "--solution", out)
    assert "+0.00% to" in again.stdout
    worse = tmp_path / "worse.sol"
    worse.write_text("Route #1: 1 2\nRoute #2: 3\n", encoding="utf-8")
    facts = json.loads(route(small, "--iterations", 200, "--solution", worse, "--json").stdout)
    assert facts["feasible"]
    assert facts["gap"] < 0
    assert facts["cost"] < facts["solution_cost"]


def test_json_is_the_same_for_the_same_seed(small: Path) -> None:
    told = [
        json.loads(route(small, "--iterations", 50, "--json", "--seed", 3).stdout) for _ in range(2)
    ]
    for facts in told:
        facts.pop("seconds")
    assert told[0] == told[1]
    assert told[0]["seed"] == 3
    assert sorted(stop for tour in told[0]["routes"] for stop in tour) == [1, 2, 3]


@pytest.mark.parametrize("solver", ["ours", "ortools"])
def test_solvers(solver: str, tmp_path: Path) -> None:
    path = tmp_path / "solomon.txt"
    path.write_text(SOLOMON, encoding="utf-8")
    facts = json.loads(route(path, "--time", 0.2, "--solver", solver, "--json").stdout)
    assert facts["solver"] == solver
    assert facts["cost"] == pytest.approx(8.8)  # stops 1 and 3 together, 2 alone


def test_picture(small: Path, tmp_path: Path) -> None:
    picture = tmp_path / "tours.png"
    assert route(small, "--iterations", 50, "--plot", picture).exit_code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_what_no_vehicle_can_serve_is_told(tmp_path: Path) -> None:
    path = tmp_path / "heavy.vrp"
    path.write_text(VRPLIB.replace("VEHICLES : 2", "VEHICLES : 1"), encoding="utf-8")
    result = route(path, "--iterations", 50)
    assert result.exit_code == 1
    assert "not feasible 不可行: stop" in result.stdout


@pytest.mark.parametrize("what", ["empty", "a word", "dimension"])
def test_malformed(what: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.vrp"
    path.write_text(BAD[what][0], encoding="utf-8")
    result = route(path, "--out", tmp_path / "out.sol")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {path}")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out.sol").exists()


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--solver", "gurobi"], "solver"),
        (["--time", "0"], "time"),
        (["--time", "inf"], "time"),
        (["--time", "nan"], "time"),
        (["--iterations", "-1"], "iterations"),
        (["--solver", "ortools", "--iterations", "5"], "iterations"),
        (["--solver", "ortools", "--fewest"], "fewest"),
        (["--round", "up"], "round"),
        (["--plot", "no/where.png"], "plot"),
        (["--plot", "tours.gif"], "plot"),
        (["--solution", "none.sol"], "none.sol"),
    ],
)
def test_bad_options(words: list[str], field: str, small: Path) -> None:
    result = route(small, *words)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert field in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("capacity", [0, 3, 5])
def test_one_numbering_in_json_and_table(capacity: int, tmp_path: Path) -> None:
    """What is served and what is told not to be are all stops, each once."""
    path = tmp_path / "small.vrp"
    path.write_text(VRPLIB.replace("CAPACITY : 10", f"CAPACITY : {capacity}"), encoding="utf-8")
    result = route(path, "--iterations", 100, "--json")
    assert result.exit_code == 1
    facts = json.loads(result.stdout)
    served = [stop for tour in facts["routes"] for stop in tour]
    missing = [int(fault.split()[1]) for fault in facts["faults"]]
    assert sorted(served + missing) == [1, 2, 3]
    for stop, fault in zip(missing, facts["faults"], strict=True):
        assert fault == f"stop {stop} (node {stop + 1}) is not served"
    assert facts["faults"][0] in route(path, "--iterations", 100).stdout


def test_numbers_of_a_table_are_its_own(tmp_path: Path) -> None:
    path, out = tmp_path / "solomon.txt", tmp_path / "found.sol"
    path.write_text(SOLOMON.replace("    3      2", "   17      2"), encoding="utf-8")
    facts = json.loads(route(path, "--iterations", 100, "--json", "--out", out).stdout)
    assert sorted(stop for tour in facts["routes"] for stop in tour) == [1, 2, 17]
    written = [line for line in out.read_text().splitlines() if line.startswith("Route")]
    assert written == [
        f"Route #{vehicle}: {' '.join(map(str, tour))}"
        for vehicle, tour in zip(facts["route_vehicles"], facts["routes"], strict=True)
    ]
    assert "+0.00% to" in route(path, "--iterations", 100, "--solution", out).stdout


def test_a_fault_of_a_solution_is_told_in_the_numbers_of_its_file(tmp_path: Path) -> None:
    path, wrong = tmp_path / "small.vrp", tmp_path / "wrong.sol"
    path.write_text(VRPLIB, encoding="utf-8")
    wrong.write_text("Route #1: 3\nRoute #2: 1 2 2\n", encoding="utf-8")
    result = route(path, "--solution", wrong)
    assert result.exit_code == 2
    assert "vehicle 2: carries 14, too much: it takes 10" in result.stderr


def test_a_solution_that_costs_nothing_has_no_gap(tmp_path: Path) -> None:
    text = (
        "NAME : same\nTYPE : CVRP\nDIMENSION : 3\nCAPACITY : 5\nEDGE_WEIGHT_TYPE : EUC_2D\n"
        "NODE_COORD_SECTION\n1 4 4\n2 4 4\n3 4 4\nDEMAND_SECTION\n1 0\n2 1\n3 1\n"
        "DEPOT_SECTION\n1\n-1\neof\n"
    )
    (tmp_path / "same.vrp").write_text(text)
    (tmp_path / "same.sol").write_text("Route #1: 1 2\nCost 0\n")
    words = ("--iterations", "5", "--solution", str(tmp_path / "same.sol"))
    result = route(tmp_path / "same.vrp", *words, "--json")
    assert result.exit_code == 0, result.stderr
    facts = json.loads(result.stdout)
    assert (facts["solution_cost"], facts["gap"]) == (0, None)
    assert route(tmp_path / "same.vrp", *words).exit_code == 0
