"""Files of both formats, rightly read; malformed ones told in one message."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.errors import InputError
from sim.routing import check
from sim.routing.formats import read_instance, read_solution

VRPLIB = """NAME : small
TYPE : CVRPTW
DIMENSION : 4
VEHICLES : 2
CAPACITY : 10
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1 0 0
2 0 1
3 1 1
4 2 2
DEMAND_SECTION
1 0
2 4
3 5
4 6
TIME_WINDOW_SECTION
1 0 100
2 5 20
3 0 90
4 0 90
SERVICE_TIME_SECTION
1 0
2 1
3 2
4 3
DEPOT_SECTION
1
-1
EOF
"""
SOLOMON = """S1

VEHICLE
NUMBER     CAPACITY
  2         10

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE TIME

    0      0         0          0          0       100          0
    1      0         1          4          5        20          1
    2      1         1          5          0        90          2
    3      2         2          6          0        90          3
"""


def put(folder: Path, text: str, name: str = "small.vrp") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", [VRPLIB, SOLOMON], ids=["vrplib", "solomon"])
def test_both_formats(text: str, tmp_path: Path) -> None:
    instance = read_instance(put(tmp_path, text))
    assert (len(instance), instance.vehicles, instance.scale) == (3, 2, 10.0)
    # one decimal, cut off: sqrt(2) = 1.41, 2 sqrt(2) = 2.82
    assert instance.distance[:, 3].tolist() == [10, 14, 28, 0]
    assert instance.demand.tolist() == [4, 5, 6]
    assert instance.open.tolist() == [50, 0, 0]
    assert instance.close.tolist() == [200, 900, 900]
    assert instance.service.tolist() == [10, 20, 30]
    assert instance.capacity.tolist() == [10, 10]
    assert instance.shift_close.tolist() == [1000, 1000]


@pytest.mark.parametrize(
    ("rounding", "way"), [("none", 8**0.5), ("round", 3.0), ("trunc", 2.0), ("dimacs", 28.0)]
)
def test_rounding(rounding: str, way: float, tmp_path: Path) -> None:
    instance = read_instance(put(tmp_path, VRPLIB), rounding)
    assert instance.distance[2, 3] == pytest.approx(way)


def test_distances_of_the_file_and_another_depot(tmp_path: Path) -> None:
    text = """DIMENSION : 3
CAPACITY : 9
EDGE_WEIGHT_TYPE : EXPLICIT
EDGE_WEIGHT_FORMAT : FULL_MATRIX
EDGE_WEIGHT_SECTION
0 1 2
3 0 4
5 6 0
DEMAND_SECTION
1 7
2 0
3 8
DEPOT_SECTION
2
-1
EOF
"""
    instance = read_instance(put(tmp_path, text))
    assert instance.distance.tolist() == [[0, 2, 1], [5, 0, 6], [3, 4, 0]]
    assert instance.demand.tolist() == [7, 8]
    assert instance.vehicles == 2
    assert np.isinf(instance.close).all()


def test_solution(tmp_path: Path) -> None:
    instance = read_instance(put(tmp_path, VRPLIB))
    path = put(tmp_path, "Route #1: 1 2\nRoute #2: 3\nCost 9.0\n", "small.sol")
    tours = read_solution(path, instance)
    assert tours == ((0, 1), (2,))
    assert check(instance, tours).feasible
    assert check(instance, tours).cost / instance.scale == pytest.approx(1 + 1 + 1.4 + 2 * 2.8)


def cut(start: str, end: str) -> str:
    """Leave out what lies between two marks."""
    return VRPLIB[: VRPLIB.index(start)] + VRPLIB[VRPLIB.index(end) :]


BAD = {
    "empty": ("", "file"),
    "prose": ("Dear reader,\nthis is no instance.\n", "file"),
    "no places": (cut("NODE_COORD", "DEMAND"), "NODE_COORD_SECTION"),
    "dimension": (VRPLIB.replace("DIMENSION : 4", "DIMENSION : 5"), "NODE_COORD_SECTION row 5"),
    "a word": (VRPLIB.replace("3 1 1", "3 1 x"), "NODE_COORD_SECTION row 3"),
    "a row too short": (VRPLIB.replace("3 1 1", "3 1"), "NODE_COORD_SECTION row 3"),
    "a demand missing": (VRPLIB.replace("4 6\n", ""), "DEMAND_SECTION row 4"),
    "negative": (VRPLIB.replace("4 6\n", "4 -6\n"), "DEMAND_SECTION row 4"),
    "a window missing": (VRPLIB.replace("4 0 90\nS", "S"), "TIME_WINDOW_SECTION row 4"),
    "a window turned round": (VRPLIB.replace("2 5 20", "2 20 5"), "TIME_WINDOW_SECTION row 2"),
    "kind of distance": (VRPLIB.replace("EUC_2D", "XRAY1"), "EDGE_WEIGHT_TYPE"),
    "two depots": (VRPLIB.replace("1\n-1", "1\n2\n-1"), "DEPOT_SECTION"),
    "no such depot": (VRPLIB.replace("1\n-1", "9\n-1"), "DEPOT_SECTION"),
    "half a vehicle": (VRPLIB.replace("VEHICLES : 2", "VEHICLES : 0.5"), "VEHICLES"),
    "vehicles nan": (VRPLIB.replace("VEHICLES : 2", "VEHICLES : nan"), "VEHICLES"),
    "vehicles inf": (VRPLIB.replace("VEHICLES : 2", "VEHICLES : inf"), "VEHICLES"),
    "capacity": (VRPLIB.replace("CAPACITY : 10", "CAPACITY : ten"), "CAPACITY"),
    "service": (VRPLIB.replace("3 2\n4 3", "3 2"), "SERVICE_TIME_SECTION row 4"),
    "solomon's header": (SOLOMON.replace("XCOORD.", "X"), "file"),
    "solomon's rows": (SOLOMON[: SOLOMON.index("    0      0")], "file"),
    "solomon's words": (SOLOMON.replace("    2      1  ", "    2      a  "), "customer 2"),
    "solomon's superscript": (SOLOMON.replace("    2      1  ", "    2      5²  "), "customer 2"),
    "solomon's depot": (SOLOMON.replace("    0      0  ", "    9      0  "), "customer 0"),
    "solomon's twin": (SOLOMON.replace("    3      2  ", "    2      2  "), "customer 2"),
    "solomon's window": (SOLOMON.replace("5        20", "25        20"), "customer 1"),
    "solomon's nan": (SOLOMON.replace("    2      1  ", "    2      nan  "), "customer 2"),
    "solomon's fleet": (SOLOMON.replace("  2         10", "  2.5         10"), "VEHICLE NUMBER"),
}


@pytest.mark.parametrize("what", BAD)
def test_malformed(what: str, tmp_path: Path) -> None:
    text, field = BAD[what]
    path = put(tmp_path, text)
    with pytest.raises(InputError) as error:
        read_instance(path)
    assert str(path) in str(error.value)
    assert error.value.field == field
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing\n",
        "Route #1: 1 9\n",
        "Route #1: a b\n",
        "Route #1: 1 ²\n",
        "Route #1 1 2\n",
        "Route #x: 1\n",
        "Route #1: 1\nRoute #1: 2 3\n",
    ],
)
def test_malformed_solution(text: str, tmp_path: Path) -> None:
    instance = read_instance(put(tmp_path, VRPLIB))
    path = put(tmp_path, text, "bad.sol")
    with pytest.raises(InputError, match="Route"):
        read_solution(path, instance)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a file that can be read"):
        read_instance(tmp_path / "none.vrp")
    (tmp_path / "binary.vrp").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match="UTF-8"):
        read_instance(tmp_path / "binary.vrp")
    with pytest.raises(InputError, match="one of auto"):
        read_instance(put(tmp_path, VRPLIB), "up")
