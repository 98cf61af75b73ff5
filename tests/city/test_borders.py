"""Borders: degrees, about their centres, as large as stated; each fault is one message."""

from __future__ import annotations

import copy
import json
from math import cos, radians
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import square, write

from sim.city import City
from sim.city.geometry import geography, inside
from sim.errors import InputError
from sim.scenario import load

SQUARE = square(120.7, 31.3)
Tree = dict[str, Any]


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return write(tmp_path)


def borders(toml: Path) -> Tree:
    return json.loads((toml.parent / "districts.geojson").read_text())


def built(toml: Path, tree: object) -> City:
    text = tree if isinstance(tree, str) else json.dumps(tree)
    (toml.parent / "districts.geojson").write_text(text)
    return City.build(load(toml))


def message(toml: Path, tree: object) -> InputError:
    with pytest.raises(InputError) as caught:
        built(toml, tree)
    assert "\n" not in str(caught.value)
    assert caught.value.file == str(toml.parent / "districts.geojson")
    return caught.value


def with_ring(tree: Tree, ring: object) -> Tree:
    tree["features"][0]["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    return tree


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        "120.7",
        None,
        True,
        [1],
        10**17,
        1e300,
        180.001,
        -181,
        13430696.6,
    ],
)
def test_a_coordinate_that_is_no_degree(toml: Path, axis: int, value: object) -> None:
    ring: list[list[Any]] = [list(point) for point in SQUARE]
    ring[2][axis] = value
    error = message(toml, with_ring(borders(toml), ring))
    assert error.field == "feature 900001, geometry.coordinates[0][2]"
    assert "degrees" in error.allowed


def test_numbers_of_400_digits(toml: Path) -> None:
    text = json.dumps(borders(toml))
    assert message(toml, text.replace("120.66", "1" * 400)).field == "GeoJSON"
    error = message(toml, text.replace("120.66", "1" * 400 + ".0"))
    assert error.field == "feature 900001, geometry.coordinates[0][0]"


@pytest.mark.parametrize("said", [None, "EPSG:3857", "urn:ogc:def:crs:EPSG::32651"])
def test_metres_are_told_as_such(toml: Path, said: str | None) -> None:
    tree = with_ring(borders(toml), [[lon * 1e5, lat * 1e5] for lon, lat in SQUARE])
    if said:
        tree["crs"] = {"type": "name", "properties": {"name": said}}
    error = message(toml, tree)
    assert error.field == "feature 900001, geometry.coordinates[0][0]"
    assert "these look like metres" in error.allowed
    assert (said or "metres") in error.allowed


def test_a_projected_file_is_refused_also_where_its_numbers_could_be_degrees(toml: Path) -> None:
    tree = borders(toml)
    tree["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    error = message(toml, tree)
    assert (error.field, error.value) == ("crs", "urn:ogc:def:crs:EPSG::3857")
    tree["crs"]["properties"]["name"] = "urn:ogc:def:crs:OGC:1.3:CRS84"
    assert len(built(toml, tree).grid_xy) == 14
    tree["features"][0]["crs"] = {"type": "name", "properties": {"name": "EPSG:2154"}}
    assert message(toml, tree).field == "feature 900001, crs"


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        5,
        "Polygon",
        [],
        {},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": None},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": [SQUARE[:2]]},
        {"type": "Polygon", "coordinates": [[SQUARE[0]] * 4]},
        {"type": "Polygon", "coordinates": [SQUARE, SQUARE]},
        {"type": "Polygon", "coordinates": [[SQUARE[i] for i in (0, 2, 1, 3, 0)]]},
        {"type": "MultiPolygon", "coordinates": [SQUARE]},
        {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]},
        {"type": "Point", "coordinates": [120.7, 31.3]},
        {"type": "GeometryCollection", "geometries": []},
        {"type": ["Polygon"], "coordinates": [SQUARE]},
    ],
)
def test_no_area(toml: Path, geometry: object) -> None:
    tree = borders(toml)
    tree["features"][0]["geometry"] = geometry
    assert message(toml, tree).field.startswith("feature 900001, geometry")
    del tree["features"][0]["geometry"]
    assert message(toml, tree).field == "feature 900001, geometry"


@pytest.mark.parametrize(
    "ring",
    [
        SQUARE[::-1],
        SQUARE[:-1],
        [point for point in SQUARE for _ in range(2)],
        [[*point, 5.0] for point in SQUARE],
        [[*point, None, 2] for point in SQUARE],
    ],
    ids=["clockwise", "open", "points twice", "heights", "measures"],
)
def test_the_same_area_in_other_words(toml: Path, ring: object) -> None:
    tree = borders(toml)
    plain = built(toml, copy.deepcopy(tree))
    other = built(toml, with_ring(tree, ring))
    assert other.district_border[0].equals(plain.district_border[0])
    assert not other.district_border[0].has_z


@pytest.mark.parametrize(
    ("ring", "words"),
    [
        ([[lat, lon] for lon, lat in SQUARE], "degrees"),
        (square(120.9, 31.3), "a border about the centre of East: lon 120.7, lat 31.3"),
        (square(120.7, 31.6), "a border about the centre of East"),
        (square(120.7, 31.3, 0.01), "within a factor of 5 of the area_km2 of East, 40"),
        (square(120.7, 31.3, 0.4), "within a factor of 5 of the area_km2 of East, 40"),
        (square(-59.3, 31.3), "30° of longitude"),
    ],
)
def test_beside_its_centre_or_of_another_size(toml: Path, ring: object, words: str) -> None:
    error = message(toml, with_ring(borders(toml), ring))
    assert error.field.startswith("feature 900001, geometry")
    assert words in error.allowed


@pytest.mark.parametrize(
    "extra",
    [
        5,
        None,
        [],
        {},
        {"properties": 5},
        {"properties": None, "geometry": None},
        {"properties": {"code": "999999"}, "geometry": None},
        {"properties": {"code": ["900001"]}, "geometry": {"type": "Polygon"}},
        {
            "properties": {"code": "460300"},
            "geometry": {"type": "Polygon", "coordinates": [square(112, 10, 5)]},
        },
        {
            "properties": {"code": "460300"},
            "geometry": {"type": "Polygon", "coordinates": [[[1e9, float("nan")]]]},
        },
    ],
)
def test_a_feature_that_no_row_names_is_of_no_matter(toml: Path, extra: object) -> None:
    tree = borders(toml)
    plain = built(toml, copy.deepcopy(tree))
    for place in (0, 2):
        more = {**tree, "features": [*tree["features"]]}
        more["features"].insert(place, extra)
        other = built(toml, more)
        assert other.projection == plain.projection
        assert (other.grid_xy == plain.grid_xy).all()


def test_features_by_code(toml: Path) -> None:
    tree = borders(toml)
    tree["features"][0]["properties"]["code"] = 900001  # a number is as good
    assert len(built(toml, tree).grid_xy) == 14
    tree["features"].append(tree["features"][0])
    error = message(toml, tree)
    assert (error.field, error.value) == ("feature 900001", 2)
    for properties in (5, None, [], {}, {"code": None}, {"name": "900001"}):
        del tree["features"][1:]
        tree["features"][0]["properties"] = properties
        error = message(toml, tree)
        assert (error.field, error.value) == ("feature 900001", 0)


@pytest.mark.parametrize("tree", [5, None, [], {}, {"features": 5}, {"features": None}])
def test_no_features(toml: Path, tree: object) -> None:
    assert message(toml, tree).field == "features"


def elsewhere(toml: Path, lon: float, lat: float) -> Tree:
    """Move the tiny city; its districts are as wide in degrees, and as large as they are there."""
    area = (0.08 * 111.2) ** 2 * cos(radians(lat))
    head = (toml.parent / "districts.csv").read_text().splitlines()[0]
    rows = [
        f"900001,East,东区,district,120000,{area},{lon},{lat},assumed,a test",
        f"900002,West,西区,district,80000,{area},{lon - 0.1},{lat},assumed,a test",
    ]
    (toml.parent / "districts.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    tree = borders(toml)
    for feature, east in zip(tree["features"], (lon, lon - 0.1), strict=True):
        feature["geometry"]["coordinates"] = [square(east, lat)]
    return tree


@pytest.mark.parametrize(
    ("lon", "lat"), [(0, 0), (179.95, 0), (-179.8, 52), (-70.6, -33.4), (15.6, 78.2)]
)
def test_cities_anywhere(toml: Path, lon: float, lat: float) -> None:
    city = built(toml, elsewhere(toml, lon, lat))
    for d, border in enumerate(city.district_border):
        here = city.grid_xy[city.grid_district == d]
        assert shapely.contains_xy(border, here[:, 0], here[:, 1]).all()
        area = (0.08 * 111.2) ** 2 * cos(radians(lat))
        assert border.area / 1e6 == pytest.approx(area, rel=0.02)


def test_the_antimeridian_and_the_poles_are_refused_by_name(toml: Path) -> None:
    assert message(toml, elsewhere(toml, 20, 89.95)).field.startswith("feature 90000")
    assert message(toml, elsewhere(toml, 20, -89.95)).field.startswith("feature 90000")
    tree = elsewhere(toml, 179.98, -17)
    assert message(toml, tree).field == "feature 900001, geometry.coordinates[0][1]"  # 180.02
    parts = [[[179.94, 180], [-17.04, -16.96]], [[-180, -179.98], [-17.04, -16.96]]]
    tree["features"][0]["geometry"] = {
        "type": "MultiPolygon",
        "coordinates": [[[[w, s], [e, s], [e, n], [w, n], [w, s]]] for (w, e), (s, n) in parts],
    }
    error = message(toml, tree)
    assert error.field == "feature 900001, geometry"
    assert "±180°" in error.allowed


@pytest.mark.parametrize("width", [1e-3, 1e-5, 1e-7])
def test_needles_end(toml: Path, width: float) -> None:
    a, b = [120.66, 31.26], [120.74, 31.34]
    ring = [a, b, [b[0], b[1] + width], [a[0], a[1] + width], a]
    area = width * 0.08 * 111.2 * 95
    table = toml.parent / "districts.csv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("120000,40,", f"120000,{area:.9f},"), encoding="utf-8")
    city = built(toml, with_ring(borders(toml), ring))
    points = shapely.points(city.grid_xy[city.grid_district == 0])
    assert (shapely.distance(city.district_border[0], points) < 0.2).all()


def test_a_needle_without_room_is_told(toml: Path) -> None:
    a, b = [120.66, 31.26], [120.74, 31.34]
    ring = [a, b, [b[0], b[1] + 1e-9], [a[0], a[1] + 1e-9], a]
    table = toml.parent / "districts.csv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("120000,40,", "120000,0.0000008,"), encoding="utf-8")
    assert "1 m² each" in message(toml, with_ring(borders(toml), ring)).allowed


def test_points_in_slivers_are_spread_evenly() -> None:
    parts = [shapely.Polygon([(x, 0), (x + w, 0), (x, 9000)]) for x, w in ((0, 0.1), (5000, 0.3))]
    border = shapely.MultiPolygon(parts)
    points = inside(border, 20_000, geography("900001", "a test"))
    assert (shapely.distance(border, shapely.points(points)) < 1e-6).all()
    assert (points[:, 0] < 2500).mean() == pytest.approx(0.25, abs=0.02)
    low = points[points[:, 1] < 9000 * (1 - np.sqrt(0.5))]
    assert len(low) / len(points) == pytest.approx(0.5, abs=0.02)
    again = inside(border, 20_000, geography("900001", "a test"))
    assert (points == again).all()


def test_suzhou_is_as_its_table_says() -> None:
    scenario = load("suzhou-2018")
    city = City.build(scenario)
    for row, border, xy in zip(
        scenario.district_table, city.district_border, city.district_xy, strict=True
    ):
        assert border.contains(shapely.Point(xy))
        assert border.area / 1e6 == pytest.approx(row.area_km2, rel=0.18)


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(10**6), 10**6) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "properties", "code", "coordinates"]), inner)
    ),
    max_leaves=8,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_anything_anywhere_is_one_message_or_runs(toml: Path, data: st.DataObject) -> None:
    tree: Any = json.loads(json.dumps(GOOD))
    node = tree
    while True:  # walk down to some place, and put something else there
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], (dict, list)) or not node[key] or data.draw(st.booleans()):
            node[key] = data.draw(anything)
            break
        node = node[key]
    try:
        built(toml, tree)
    except InputError as error:
        assert error.file.endswith("districts.geojson")
        assert "\n" not in str(error)


GOOD = {
    "type": "FeatureCollection",
    "crs": {"type": "name", "properties": {"name": "EPSG:4326"}},
    "features": [
        {
            "type": "Feature",
            "properties": {"code": code},
            "geometry": {"type": kind, "coordinates": coordinates},
        }
        for code, kind, coordinates in (
            ("900001", "Polygon", [SQUARE]),
            ("900002", "MultiPolygon", [[square(120.6, 31.3)]]),
        )
    ],
}
