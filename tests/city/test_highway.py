"""Attributes of roads as real exports have them."""

from __future__ import annotations

from typing import Any

import pytest

from sim.city.highway import Highway

BOTH, FORWARD, BACKWARD = (True, True), (True, False), (False, True)


def ways(**attributes: Any) -> tuple[bool, bool]:
    road = Highway.of(attributes)
    assert road.odd is None
    return road.forward, road.backward


@pytest.mark.parametrize(
    ("oneway", "open_to"),
    [
        *((value, FORWARD) for value in (True, "True", "true", "yes", "Yes", 1, 1.0, "1", "1.0")),
        *((value, FORWARD) for value in ("F", "FT", "t", ["yes"], "['True']")),
        *((value, BACKWARD) for value in (-1, -1.0, "-1", "reverse", "T", "TF")),
        *((value, BOTH) for value in (False, "False", "no", 0, "0", 0.0, "B", "f", "N")),
        *((value, BOTH) for value in ("reversible", "alternating", None, "", " ", float("nan"))),
        *((value, BOTH) for value in ("None", "nan", [], "[]")),
    ],
)
def test_oneway(oneway: object, open_to: tuple[bool, bool]) -> None:
    assert ways(highway="primary", oneway=oneway) == open_to
    assert ways(fclass="primary", oneway=oneway) == open_to
    assert ways(HIGHWAY="primary", OneWay=oneway) == open_to


@pytest.mark.parametrize(
    "said",
    [
        {"highway": "primary", "junction": "roundabout"},
        {"highway": "residential", "junction": "circular"},
        {"highway": "residential", "junction": "Roundabout", "oneway": None},
        {"highway": "motorway"},
        {"fclass": "motorway_link"},
        {"tags": {"highway": "primary", "junction": "roundabout"}, "id": "way/1"},
        {"highway": "primary", "other_tags": '"maxspeed"=>"50","junction"=>"roundabout"'},
        {"highway": "primary", "oneway": None, "other_tags": '"oneway"=>"yes"'},
    ],
)
def test_one_way_without_a_word_or_in_another_place(said: dict[str, Any]) -> None:
    assert ways(**said) == FORWARD


@pytest.mark.parametrize(
    "said",
    [
        {"highway": "primary"},
        {"highway": "trunk"},
        {"highway": "primary", "junction": "yes"},
        {"highway": "motorway", "oneway": "no"},
        {"highway": "primary", "junction": "roundabout", "oneway": "no"},
        {"highway": "primary", "reversed": True},
        {"highway": "primary", "tags": "oneway"},
        {"highway": "primary", "other_tags": 5},
    ],
)
def test_both_ways(said: dict[str, Any]) -> None:
    assert ways(**said) == BOTH


@pytest.mark.parametrize(
    "oneway", ["maybe", "2", [True, False], "[True, False]", "yes;no", {"a": 1}]
)
def test_a_oneway_that_is_not_understood(oneway: object) -> None:
    road = Highway.of({"highway": "primary", "oneway": oneway})
    assert (road.forward, road.backward) == BOTH
    assert road.odd


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("primary", "primary"),
        ("Primary ", "primary"),
        ("primary;residential", "primary"),
        ("primary, residential", "primary"),
        ("['primary', 'residential']", "primary"),
        ('["residential"]', "residential"),
        (["residential", "primary"], "residential"),
        ("['footway', 'residential']", "residential"),
        (["steps", "path"], "steps"),
        ("track_grade3", "track"),
        ("primary_link", "primary_link"),
        ("escape_lane", "escape_lane"),
        ("x" * 1000, "unknown"),
        ("\x1b[31m", "unknown"),
        *((blank, None) for blank in (None, "", "nan", float("nan"), [], "[]", [None], "<NA>")),
    ],
)
def test_class(value: object, kind: str | None) -> None:
    assert Highway.of({"highway": value}).kind == kind
    assert Highway.of({"fclass": value}).kind == kind
    assert Highway.of({"highway": None, "fclass": value}).kind == kind
