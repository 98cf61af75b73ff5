"""What a VRPLIB file says is read, or refused by name: never another problem is solved."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from routing.routing_instances import instances

from sim.errors import InputError
from sim.routing import Instance, check, solve
from sim.routing.formats import read_instance, read_solution, write_instance, write_solution
from sim.routing.generate import generate
from sim.routing.sections import EITHER, KEYS, OTHERS, SECTIONS
from sim.routing.vrplib import TYPES
from sim.routing.ways import FORMATS, count, matrix

CROSS = {
    "NAME": "cross",
    "COMMENT": "none",
    "TYPE": "CVRP",
    "DIMENSION": "5",
    "EDGE_WEIGHT_TYPE": "EUC_2D",
    "CAPACITY": "10",
    "NODE_COORD_SECTION": "1 0 0\n2 10 0\n3 0 10\n4 -10 0\n5 0 -10",
    "DEMAND_SECTION": "1 0\n2 3\n3 3\n4 3\n5 3",
    "DEPOT_SECTION": "1\n-1",
}
"""Four stops around a depot; three of them fill a vehicle."""
MATRIX = {
    "TYPE": "CVRP",
    "DIMENSION": "4",
    "EDGE_WEIGHT_TYPE": "EXPLICIT",
    "EDGE_WEIGHT_FORMAT": "FULL_MATRIX",
    "CAPACITY": "10",
    "EDGE_WEIGHT_SECTION": "0 5 9 7\n5 0 4 3\n9 4 0 6\n7 3 6 0",
    "DEMAND_SECTION": "1 0\n2 3\n3 3\n4 3",
    "DEPOT_SECTION": "1\n-1",
}


TENTHS = "1 0\n2 0.1\n3 0.1\n4 0.1\n5 0.2"
"""Three tenths are a little more than 0.3 in binary."""


def text(base: dict[str, str] = CROSS, **changes: str | None) -> str:
    """Write fields as a file has them; None leaves one out."""
    lines = []
    for name, value in (base | changes).items():
        if value is not None:
            lines.append(f"{name}\n{value}" if name.endswith("SECTION") else f"{name} : {value}")
    return "\n".join((*lines, "EOF", ""))


def read(folder: Path, content: str, rounding: str = "auto") -> Instance:
    path = folder / "one.vrp"
    path.write_text(content, encoding="utf-8")
    return read_instance(path, rounding)


def cost(instance: Instance) -> float:
    """Return the cost of the tours found, in the file's units; the checker finds them feasible."""
    verdict = check(instance, solve(instance, iterations=300).tours)
    assert verdict.feasible, verdict.faults
    return verdict.cost / instance.scale


def refused(folder: Path, content: str) -> InputError:
    with pytest.raises(InputError) as error:
        read(folder, content)
    assert "\n" not in str(error.value)
    return error.value


# each field that is read changes the problem as it should


@pytest.mark.parametrize(
    ("changes", "least"),
    [
        ({}, 68.0),
        ({"COMMENT": "EDGE_WEIGHT_SECTION, DIMENSION : 9 and EOF are not used here"}, 68.0),
        ({"NAME": "DEMAND_SECTION"}, 68.0),
        ({"DEPOT_SECTION": "1\n# remarks of PyVRP's: 9\n-1"}, 68.0),
        ({"DEPOT_SECTION": "1"}, 68.0),
        ({"DEMAND_SECTION": "5 3\n4 3\n3 3\n2 3\n1 0"}, 68.0),
        ({"NODE_COORD_SECTION": "5 0 -10\n1 0 0\n4 -10 0\n2 10 0\n3 0 10"}, 68.0),
        ({"EDGE_WEIGHT_TYPE": "CEIL_2D"}, 70.0),
        ({"EDGE_WEIGHT_TYPE": "FLOOR_2D"}, 68.0),
        ({"EDGE_WEIGHT_TYPE": "MAN_2D"}, 80.0),
        ({"EDGE_WEIGHT_TYPE": "MAX_2D"}, 60.0),
        ({"VEHICLES": "4", "VEHICLES_MAX_DURATION": "22"}, 80.0),
        ({"VEHICLES_MAX_DURATION": "35"}, 68.0),
        ({"VEHICLES_MAX_DURATION": "34", "SERVICE_TIME": "5"}, 80.0),
        ({"VEHICLES_MAX_DISTANCE": "34", "SERVICE_TIME": "5"}, 68.0),
        ({"DISTANCE": "44", "SERVICE_TIME": "5", "TYPE": "DCVRP"}, 68.0),
        ({"DISTANCE": "43", "SERVICE_TIME": "5"}, 80.0),
        ({"PRIZE_SECTION": "1 0\n2 1\n3 1\n4 1\n5 1"}, 4.0),
        ({"PRIZE_SECTION": "1 0\n2 0\n3 0\n4 1\n5 1", "TYPE": "PCVRP"}, 36.0),
        ({"VEHICLES": "2", "CAPACITY_SECTION": "2 3\n1 12", "CAPACITY": None, "TYPE": "VRP"}, 62.0),
        ({"VEHICLES": "2", "VEHICLES_FIXED_COST": "100"}, 268.0),
        ({"VEHICLES": "2", "VEHICLES_FIXED_COST_SECTION": "1 100\n2 7"}, 175.0),
        ({"VEHICLES": "3", "VEHICLES_FIXED_COST_SECTION": "1 100\n2 7\n3 9"}, 84.0),
        (
            {
                "VEHICLES": "2",
                "VEHICLES_ALLOWED_CLIENTS_SECTION": "2 3 5\n1 2 4",
                "TYPE": "SDVRP",
            },
            80.0,
        ),
        (
            {
                "DEPOT_SECTION": "1\n2\n-1",
                "DEMAND_SECTION": "1 0\n2 0\n3 3\n4 3\n5 3",
                "VEHICLES": "1",
                "VEHICLES_DEPOT_SECTION": "1 2",
                "TYPE": "MDVRP",
            },
            56.0,
        ),
        ({"TYPE": "TSP", "DEPOT_SECTION": None, "DEMAND_SECTION": None, "CAPACITY": None}, 62.0),
        ({"VEHICLES_UNIT_DISTANCE_COST": "1"}, 68.0),
        ({"VEHICLES": "2", "CAPACITY": "0.3", "DEMAND_SECTION": TENTHS}, 68.0),
        ({"LINEHAUL_SECTION": "1 0\n2 5\n3 5\n4 5\n5 5", "DEMAND_SECTION": None}, 68.0),
    ],
)
def test_what_is_read(changes: dict[str, str | None], least: float, tmp_path: Path) -> None:
    assert cost(read(tmp_path, text(**changes))) == least


def test_a_length_that_no_tour_keeps_is_told(tmp_path: Path) -> None:
    """In CVRPLIB's files service counts against DISTANCE: 20 and 5 are above 22."""
    instance = read(tmp_path, text(DISTANCE="22", SERVICE_TIME="5", TYPE="DVRP"))
    verdict = check(instance, solve(instance, iterations=300).tours)
    assert verdict.faults[0] == "stop 1 (node 2) is not served"
    assert (
        "vehicle 1: is busy until 25, after its shift, which ends at 22"
        in check(instance, ((0,),)).faults
    )


WINDOWS = {
    "TYPE": "VRPTW",
    "TIME_WINDOW_SECTION": "1 0 100\n2 0 50\n3 0 50\n4 0 50\n5 0 50",
}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"TYPE": "VRPB"}, "TYPE"),
        ({"TYPE": "OVRP"}, "TYPE"),
        ({"TYPE": "CVPR"}, "TYPE"),
        ({"TYPE": "VRPTW"}, "TIME_WINDOW_SECTION"),
        ({"TYPE": "MDVRP"}, "VEHICLES_DEPOT_SECTION"),
        ({"TYPE": "SDVRP"}, "VEHICLES_ALLOWED_CLIENTS_SECTION"),
        ({"TYPE": "PCVRPTW"}, "PRIZE_SECTION"),
        ({"TYPE": "DCVRP"}, "DISTANCE"),
        ({"CAPACITY": None}, "CAPACITY_SECTION"),
        ({"DEMAND_SECTION": None}, "DEMAND_SECTION"),
        ({"DEPOT_SECTION": None}, "DEPOT_SECTION"),
        ({"DIMENSION": None}, "DIMENSION"),
        ({"DIMENSION": "1000000000"}, "DIMENSION"),
        ({"DIMENSION": "²"}, "DIMENSION"),
        ({"DIMENSION": "1_0"}, "DIMENSION"),
        ({"EDGE_WEIGHT_TYPE": None}, "EDGE_WEIGHT_TYPE"),
        ({"EDGE_WEIGHT_TYPE": "SPECIAL"}, "EDGE_WEIGHT_TYPE"),
        ({"EDGE_WEIGHT_FORMAT": "FULL_MATRIX"}, "EDGE_WEIGHT_FORMAT"),
        ({"EDGE_WEIGHT_SECTION": "0 1"}, "EDGE_WEIGHT_SECTION"),
        ({"NODE_COORD_TYPE": "FOUR"}, "NODE_COORD_TYPE"),
        ({"BACKHAUL_SECTION": "4 5\n-1"}, "BACKHAUL_SECTION"),
        ({"RELEASE_TIME_SECTION": "1 0\n2 100\n3 100\n4 100\n5 100"}, "RELEASE_TIME_SECTION"),
        ({"VEHICLES_UNIT_DISTANCE_COST": "2"}, "VEHICLES_UNIT_DISTANCE_COST"),
        (
            {"VEHICLES": "2", "VEHICLES_UNIT_DISTANCE_COST_SECTION": "1 1\n2 3"},
            "VEHICLES_UNIT_DISTANCE_COST_SECTION row 2",
        ),
        ({"CAPACITY": "10 20"}, "CAPACITY"),
        ({"CAPACITY": "1e999"}, "CAPACITY"),
        ({"CAPACITY": "-1"}, "CAPACITY"),
        ({"CAPACITY_SECTION": "1 10", "VEHICLES": "1"}, "CAPACITY_SECTION"),
        ({"CAPACITY": None, "CAPACITY_SECTION": "1 10"}, "VEHICLES"),
        ({"CAPACITY": None, "CAPACITY_SECTION": "1 9", "VEHICLES": "99"}, "CAPACITY_SECTION"),
        (
            {"CAPACITY": None, "CAPACITY_SECTION": "1 9 9", "VEHICLES": "1"},
            "CAPACITY_SECTION row 1",
        ),
        ({"VEHICLES": "1e1"}, "VEHICLES"),
        ({"VEHICLES": "-3"}, "VEHICLES"),
        ({"VEHICLES_DEPOT": "2"}, "VEHICLES_DEPOT"),
        ({"VEHICLES": "1", "VEHICLES_DEPOT_SECTION": "1 4"}, "VEHICLES_DEPOT_SECTION row 1"),
        (
            {"VEHICLES": "1", "VEHICLES_ALLOWED_CLIENTS_SECTION": "1 1 2"},
            "VEHICLES_ALLOWED_CLIENTS_SECTION row 1",
        ),
        ({"DEMAND_SECTION": "1 2\n2 3\n3 3\n4 3\n5 3"}, "DEMAND_SECTION row 1"),
        ({"DEMAND_SECTION": "0 0\n1 3\n2 3\n3 3\n4 3"}, "DEMAND_SECTION line 14"),
        ({"DEMAND_SECTION": "1 0\n2 3\n2 3\n4 3\n5 3"}, "DEMAND_SECTION line 16"),
        ({"DEMAND_SECTION": "1 0\n2 3\n3 3\n4 3\n5 3\n6 3"}, "DEMAND_SECTION line 19"),
        ({"DEMAND_SECTION": "1 0\n2 3\n3 3\n4 nan\n5 3"}, "DEMAND_SECTION row 4"),
        ({"DEMAND_SECTION": "1 0\n2 3\n3 3\n4 ٣\n5 3"}, "DEMAND_SECTION row 4"),
        ({"SERVICE_TIME_SECTION": "1 7\n2 5\n3 5\n4 5\n5 5"}, "SERVICE_TIME_SECTION row 1"),
        ({"PRIZE_SECTION": "1 7\n2 5\n3 5\n4 5\n5 5"}, "PRIZE_SECTION row 1"),
        ({**WINDOWS, "DISTANCE": "40"}, "DISTANCE"),
        ({**WINDOWS, "VEHICLES_MAX_DURATION": "40"}, "VEHICLES_MAX_DURATION"),
        ({**WINDOWS, "VEHICLES_MAX_DISTANCE": "40"}, "VEHICLES_MAX_DISTANCE"),
        (
            {"DISTANCE": "40", "VEHICLES_MAX_DISTANCE": "40", "SERVICE_TIME": "1"},
            "VEHICLES_MAX_DISTANCE",
        ),
        ({"DEPOT_SECTION": "1\n-1\n2"}, "DEPOT_SECTION line 22"),
        ({"DEPOT_SECTION": "30 40\n-1"}, "DEPOT_SECTION"),
        ({"VEHICLE": "3"}, "VEHICLE"),
        ({"SERVICE_TIMES_SECTION": "1 0"}, "SERVICE_TIMES_SECTION"),
        ({"DEMAND": "3"}, "DEMAND"),
    ],
)
def test_what_is_refused(changes: dict[str, str | None], field: str, tmp_path: Path) -> None:
    assert refused(tmp_path, text(**changes)).field == field


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("section", [False, True])
def test_other_problems_are_refused_by_name(name: str, section: bool, tmp_path: Path) -> None:
    name += "_SECTION" * section
    error = refused(tmp_path, text(**{name: "1 1"}))
    assert error.field == name
    assert "not solved here" in error.allowed


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("CAPACTY", "CAPACITY"),
        ("DEMANDS_SECTION", "DEMAND_SECTION"),
        ("VEHICLE_DEPOT_SECTION", "VEHICLES_DEPOT_SECTION"),
        ("EDGE_WEIGHT_TYP", "EDGE_WEIGHT_TYPE"),
    ],
)
def test_a_mistyped_name_has_a_suggestion(wrong: str, right: str, tmp_path: Path) -> None:
    assert f"did you mean {right}?" in str(refused(tmp_path, text(**{wrong: "1 1"})))


@pytest.mark.parametrize("content", ["CAPACITY : 9", "DEMAND_SECTION\n1 0", "CAPACITY 9", "7 7"])
def test_what_stands_twice_or_nowhere(content: str, tmp_path: Path) -> None:
    refused(tmp_path, f"{content}\n{text()}")


def test_faults_name_row_and_value_as_in_the_file(tmp_path: Path) -> None:
    turned = WINDOWS | {"TIME_WINDOW_SECTION": "1 0 100\n2 50 10\n3 0 50\n4 0 50\n5 0 50"}
    error = refused(tmp_path, text(**turned))
    assert (error.field, error.value) == ("TIME_WINDOW_SECTION row 2", "50 10")


# matrices


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("wrap", [1, 3, 100])
def test_every_form_of_a_matrix(form: str, wrap: int, tmp_path: Path) -> None:
    full = np.array([[0, 5, 9, 7], [5, 0, 4, 3], [9, 4, 0, 6], [7, 3, 6, 0]])
    k = "DIAG" not in form
    half = (
        np.tril(np.ones((4, 4), bool), -k) if "LOWER" in form else np.triu(np.ones((4, 4)), k) > 0
    )
    cells = full.T[half.T] if form.endswith("COL") else full[half]
    numbers = (full.ravel() if form == "FULL_MATRIX" else cells).tolist()
    assert len(numbers) == count(form, 4)
    rows = [" ".join(map(str, numbers[i : i + wrap])) for i in range(0, len(numbers), wrap)]
    changes = {"EDGE_WEIGHT_FORMAT": form, "EDGE_WEIGHT_SECTION": "\n".join(rows)}
    instance = read(tmp_path, text(MATRIX, **changes))
    assert instance.distance[np.ix_([3, 0, 1, 2], [3, 0, 1, 2])].tolist() == full.tolist()
    assert cost(instance) == 22


@given(st.integers(2, 9), st.sampled_from(FORMATS[1:]), st.randoms(use_true_random=False))
def test_forms_are_symmetric(places: int, form: str, random: object) -> None:
    numbers = np.arange(1.0, count(form, places) + 1)
    full = matrix(form, numbers, places)
    assert (full == full.T).all()
    assert set(numbers) <= set(full.ravel().tolist())


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"EDGE_WEIGHT_FORMAT": None}, "EDGE_WEIGHT_FORMAT", None),
        ({"EDGE_WEIGHT_FORMAT": "FUNCTION"}, "EDGE_WEIGHT_FORMAT", "FUNCTION"),
        ({"EDGE_WEIGHT_SECTION": None}, "EDGE_WEIGHT_SECTION", None),
        ({"EDGE_WEIGHT_SECTION": "0 5 9\n7 5"}, "EDGE_WEIGHT_SECTION", "5 numbers"),
        ({"EDGE_WEIGHT_SECTION": "0 5 9\n7 5x 0"}, "EDGE_WEIGHT_SECTION line 8", "5x"),
        ({"EDGE_WEIGHT_SECTION": "0 5 inf 9"}, "EDGE_WEIGHT_SECTION line 7", "inf"),
        ({"EDGE_WEIGHT_SECTION": "0 5 1_0 9"}, "EDGE_WEIGHT_SECTION line 7", "1_0"),
        (
            {"EDGE_WEIGHT_SECTION": "0 5 9 7\n5 0 -4 3\n9 4 0 6\n7 3 6 0"},
            "EDGE_WEIGHT_SECTION row 2, column 3",
            -4.0,
        ),
    ],
)
def test_matrices_that_are_refused(
    changes: dict[str, str | None], field: str, value: object, tmp_path: Path
) -> None:
    error = refused(tmp_path, text(MATRIX, **changes))
    assert (error.field, error.value) == (field, value)


# distances between coordinates, by hand


@pytest.mark.parametrize(
    ("kind", "a", "b", "way"),
    [
        ("EUC_2D", "0 0", "3.2 4.1", 5),
        ("EUC_3D", "0 0 0", "2 3 6", 7),
        ("CEIL_2D", "0 0", "1 1", 2),
        ("FLOOR_2D", "0 0", "5 5", 7),
        ("MAN_2D", "1 2", "-3 4.4", 6),
        ("MAN_3D", "0 0 0", "1 2 3", 6),
        ("MAX_2D", "1 2", "-3 4", 4),
        ("MAX_3D", "0 0 0", "1 2 3", 3),
        ("ATT", "0 0", "10 10", 5),  # sqrt(20) = 4.47
        ("ATT", "6734 1453", "2233 10", 1495),  # of att48: the first way of its example
        ("GEO", "0.00 0.00", "0.00 90.00", 10020),  # a quarter of 2 pi 6378.388
        ("GEO", "30.30 10.00", "-29.30 10.00", 6680),  # minutes: 60 degrees
    ],
)
def test_kinds_of_distance(kind: str, a: str, b: str, way: float, tmp_path: Path) -> None:
    changes = {"EDGE_WEIGHT_TYPE": kind, "NODE_COORD_SECTION": f"2 {b}\n1 {a}", "DIMENSION": "2"}
    content = text(CROSS | {"DEMAND_SECTION": "1 0\n2 1"}, **changes)
    assert read(tmp_path, content).distance.tolist() == [[0, way], [way, 0]]


def test_kinds_with_a_rounding_of_their_own_take_no_other(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="CEIL_2D"):
        read(tmp_path, text(EDGE_WEIGHT_TYPE="CEIL_2D"), "none")


def test_windows_do_not_change_how_other_distances_are_rounded(tmp_path: Path) -> None:
    assert read(tmp_path, text(**WINDOWS)).scale == 10
    assert read(tmp_path, text(**WINDOWS, EDGE_WEIGHT_TYPE="CEIL_2D")).scale == 1


# one numbering


def test_one_numbering_in_messages_and_solutions(tmp_path: Path) -> None:
    instance = read(tmp_path, text())
    verdict = check(instance, ((3, 2), (0,)))
    assert verdict.faults == ("stop 2 (node 3) is not served",)
    write_solution(tmp_path / "one.sol", instance, ((3, 2), (0,)), 54.5)
    assert (tmp_path / "one.sol").read_text() == "Route #1: 4 3\nRoute #2: 1\nCost 54.5\n"
    assert read_solution(tmp_path / "one.sol", instance) == ((3, 2), (0,))


def test_numbers_where_the_depot_is_not_the_first(tmp_path: Path) -> None:
    changes = {"DEPOT_SECTION": "3\n-1", "DEMAND_SECTION": "1 3\n2 3\n3 0\n4 3\n5 3"}
    instance = read(tmp_path, text(**changes))
    assert [instance.number(stop) for stop in range(4)] == [1, 2, 4, 5]
    assert instance.told(2) == "stop 4"


def test_tours_of_unlike_vehicles_keep_their_vehicle(tmp_path: Path) -> None:
    changes = {"VEHICLES": "3", "CAPACITY_SECTION": "1 0\n2 0\n3 12", "CAPACITY": None}
    instance = read(tmp_path, text(**changes))
    tours = solve(instance, iterations=100).tours
    write_solution(tmp_path / "one.sol", instance, tours, 62)
    assert (tmp_path / "one.sol").read_text().startswith("Route #3: ")
    again = read_solution(tmp_path / "one.sol", instance)
    assert again == tours
    assert check(instance, again).feasible
    (tmp_path / "one.sol").write_text("Route #4: 1\n")
    with pytest.raises(InputError, match="vehicles from 1 to 3"):
        read_solution(tmp_path / "one.sol", instance)


def test_a_vehicle_that_stays_may_have_an_empty_route(tmp_path: Path) -> None:
    """With depots at the nodes 1 and 2 the stop of node 3 is 2, as PyVRP writes it."""
    changes = {
        "DEPOT_SECTION": "1\n2\n-1",
        "DEMAND_SECTION": "1 0\n2 0\n3 3\n4 3\n5 3",
        "VEHICLES": "3",
        "VEHICLES_DEPOT_SECTION": "1 1\n2 1\n3 2",
    }
    instance = read(tmp_path, text(**changes))
    (tmp_path / "one.sol").write_text("Route #1: 2\nRoute #2:\nRoute #3: 3 4\nCost: 9\n")
    assert read_solution(tmp_path / "one.sol", instance) == ((0,), (), (1, 2))
    assert instance.start.tolist() == [3, 3, 4]


def test_solutions_of_alike_vehicles_may_number_them_otherwise(tmp_path: Path) -> None:
    instance = read(tmp_path, text())
    (tmp_path / "one.sol").write_text("Authors: x\nroute 7 : 1 2 3\nRoute #9: 4\n")
    assert read_solution(tmp_path / "one.sol", instance) == ((0, 1, 2), (3,))


# out and in again


def same(a: Instance, b: Instance) -> bool:
    """Whether two instances are the same but for their names."""
    columns = [f.name for f in fields(Instance) if f.name not in ("name", "names", "xy", "scale")]
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in columns)


@settings(max_examples=60, deadline=None)
@given(instances())
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, made: Instance
) -> None:
    """Depots, vehicles, skills, prizes; without what the format does not know."""
    n, v = len(made), made.vehicles
    home = np.where(np.arange(v) < len(made.distance) - n, n + np.arange(v), made.start)
    plain = replace(
        made,
        duration=made.distance,
        start=home,
        end=home,
        late=np.zeros(n),
        due=np.full(n, np.inf),
        shift_open=np.zeros(v),
        shift_close=np.full(v, 900.0),
    )
    np.fill_diagonal(plain.distance, 0.0)
    path = tmp_path_factory.mktemp("out") / "one.vrp"
    write_instance(plain, path)
    again = read_instance(path)
    if plain.alike and v > n:  # no more of them could ever leave
        assert again.vehicles == n
    else:
        assert same(plain, again)
    tours = solve(again, iterations=50).tours
    write_solution(path, again, tours, 0.0)
    kept = [tour for tour in tours if tour]
    if kept:
        assert [tour for tour in read_solution(path, again) if tour] == kept
    assert check(plain, tours).cost == check(again, tours).cost


def test_a_generated_instance_is_the_same_again(tmp_path: Path) -> None:
    for kind in ("R1", "C2", "parcel"):
        made = generate(kind, 40, 2)
        write_instance(made, tmp_path / "one.vrp")
        assert same(made, read_instance(tmp_path / "one.vrp"))


def test_every_name_is_known_once() -> None:
    assert not set(OTHERS) & {*KEYS, *SECTIONS}
    assert set(EITHER) <= set(KEYS) & set(SECTIONS)
    assert "CVRP" in TYPES


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_is_changed_one_message_comes_or_an_instance(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Words of a file are taken out, doubled or put for another: nothing but an InputError."""
    words = text(**WINDOWS, SERVICE_TIME="3", VEHICLES="2").split(" ")
    spoilt = st.sampled_from(["nan", "-1", "²", "1e400", "0", "", "9" * 400, ":", "\n", "EOF", "é"])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(words) - 1))
        words[at] = data.draw(spoilt | st.sampled_from(words) | st.text(max_size=3))
    path = tmp_path_factory.getbasetemp() / "spoilt.vrp"
    path.write_text(" ".join(words), encoding="utf-8", errors="replace")
    try:
        instance = read_instance(path)
    except InputError as error:
        assert str(path) in str(error)
    else:
        assert len(instance) + 1 <= 5
