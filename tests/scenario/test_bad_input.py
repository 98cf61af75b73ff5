"""Bad scenarios: each gets one message that names the file, the field, the value and what goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import CATEGORIES, TOML, write

from sim.city import City
from sim.errors import InputError
from sim.scenario import load, restrict
from sim.scenario.layers import parse_overrides


def message(path: Path, overrides: tuple[str, ...] = ()) -> InputError:
    with pytest.raises(InputError) as caught:
        City.build(load(path, parse_overrides(overrides)))
    text = str(caught.value)
    assert text.count("\n") == 0
    assert "is not allowed; " in text
    return caught.value


# text to replace, by what, the field that the message names, and a part of what is allowed
TEXTS = {
    "not toml": ("[time]", "[time", "TOML", "valid TOML"),
    "no version": ("schema_version = 2", "", "schema_version", "2"),
    "later version": ("schema_version = 2", "schema_version = 3", "schema_version", "2"),
    "bad name": ('name = "tiny"', 'name = "a tiny city"', "name", "match"),
    "negative seed": ("seed = 7", "seed = -7", "seed", "greater than or equal to 0"),
    "unknown section": ("[travel]", "[travell]", "travell", "did you mean travel?"),
    "unknown field": ("days = 3", "days = 3\nday = 3", "time.day", "did you mean days?"),
    "unknown nested": (
        'level = "district"\ndesk = "office"\nsign_mean_min = 45.0',
        'level = "district"\ndesk = "office"\nsign_mean_min = 45.0\nsign_men_min = 2.0',
        "departments.water.sign_men_min",
        "sign_mean_min",
    ),
    "missing field": ("talk_mean_s = 200.0\n", "", "hotline.talk_mean_s", "required"),
    "no days": ("days = 3", "days = 0", "time.days", "greater than or equal to 1"),
    "days as words": ("days = 3", 'days = "three"', "time.days", "integer"),
    "half a day": ("days = 3", "days = 3.5", "time.days", "integer"),
    "days in quotes": ("days = 3", 'days = "3"', "time.days", "integer"),
    "days that are true": ("days = 3", "days = true", "time.days", "integer"),
    "a mean in quotes": ("talk_mean_s = 200.0", 'talk_mean_s = "200"', "talk_mean_s", "number"),
    "a share that is true": ("online_share = 0.2", "online_share = true", "share", "number"),
    "a figure in a list": (
        "observers = [0, 0, 0,",
        'observers = ["0", true, 0,',
        "activity.part_time_observers.0",
        "number",
    ),
    "an instant as day": ("start = 2018-01-01", "start = 2018-01-01T00:00:00", "start", "date"),
    "seconds as day": ("start = 2018-01-01", "start = 1514764800", "time.start", "date"),
    "digits of others": ('start = "14:00"', 'start = "1٤:00"', "shifts.late.start", "match"),
    "far too slow": ("speed_kmh = 4.0", "speed_kmh = 1e-300", "patrol.speed_kmh", "greater than"),
    "far too little": (
        "patience_mean_s = 120.0",
        "patience_mean_s = 5e-324",
        "patience",
        "greater",
    ),
    "far too much": ("talk_cv = 0.8", "talk_cv = 1e300", "hotline.talk_cv", "less than or equal"),
    "far too long": ("accept_mean_min = 3.0", "accept_mean_min = 1e10", "accept_mean_min", "less"),
    "no such date": ("start = 2018-01-01", 'start = "2018-02-30"', "time.start", "date"),
    "infinite": ("talk_mean_s = 200.0", "talk_mean_s = inf", "hotline.talk_mean_s", "finite"),
    "not a number": ("patience_mean_s = 120.0", "patience_mean_s = nan", "patience_mean_s", ""),
    "share above one": (
        "camera_coverage = 0.5",
        "camera_coverage = 1.5",
        "districts.East.camera_coverage",
        "less than or equal to 1",
    ),
    "negative speed": (
        "speed_kmh = 4.0",
        "speed_kmh = -4.0",
        "patrol.speed_kmh",
        "greater than or",
    ),
    "bad clock": ('start = "14:00"', 'start = "25:00"', "shifts.late.start", "match"),
    "shift too long": ("hours = 8.0", "hours = 25.0", "shifts.late.hours", "less than or equal"),
    "bad days": ('days = "weekdays"', 'days = "mondays"', "shifts.office.days", "weekend"),
    "23 hours": (
        "hours = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
        "hours = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
        "profiles.flat.hours",
        "24",
    ),
    "no hour at all": (
        "weekdays = [1, 1, 1, 1, 1, 1, 1]",
        "weekdays = [0, 0, 0, 0, 0, 0, 0]",
        "profiles.flat",
        "some weight",
    ),
    "six weekdays": (
        "weekdays = [1, 1, 1, 1, 1, 1, 1]",
        "weekdays = [1, 1, 1, 1, 1, 1]",
        "profiles.flat.weekdays",
        "7",
    ),
    "no towns": ("towns = 3", "towns = 0", "districts.East.towns", "greater than or equal to 1"),
    "more towns than grids": ("towns = 3", "towns = 30", "districts.East.towns", "grids"),
    "no such district": ("[districts.West]", "[districts.Wst]", "districts", "did you mean West?"),
    "unknown shift": ("day = 2\nlate = 1", "dya = 2\nlate = 1", "hotline.operators", "day"),
    "unknown desk": ('desk = "day"', 'desk = "dawn"', "departments.streets.desk", "always"),
    "unknown level": ('level = "town"', 'level = "village"', "departments.police.level", "town"),
    "patrol on no shift": ('shift = "day"', 'shift = "dusk"', "patrol.shift", "shifts: one of"),
    "patrol without rounds": (
        'extra_shift = "night"',
        'extra_shift = "late"',
        "patrol.rounds",
        "night",
    ),
    "rounds off shift": ('["13:30", "16:30"]', '["13:30", "18:30"]', "patrol.rounds.day[1]", "9"),
    "rounds backwards": ('["08:30", "11:30"]', '["11:30", "08:30"]', "patrol.rounds.day[0]", ""),
    "forces unknown": ('forces = ["police"]', 'forces = ["army"]', "police_line.forces", "police"),
    "loop upside down": ("loop_min_m = 500.0", "loop_min_m = 9e3", "grid.loop_min_m", "loop_max_m"),
    "reminder too late": ("reminder = 0.8", "reminder = 1.0", "supervision.reminder", "less than"),
    "city too early": ("city = 1.5", "city = 0.9", "supervision.city", "greater than 1"),
    "nobody awake": (
        "citizens = [1, 1, 1, 1, 1, 2, 4, 7, 10, 11, 11, 10, 8, 8, 9, 10, 10, 9, 8, 8, 7, 6, 4, 2]",
        "citizens = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
        "activity.citizens",
        "some activity",
    ),
    "no source": ('"totals" = { basis = "published", note = "a test" }\n', "", "totals.", "source"),
    "bad basis": (
        'basis = "measured"',
        'basis = "invented"',
        'sources."patrol.speed_kmh".basis',
        "published, measured, assumed",
    ),
    "source without words": ('note = "a walk"', 'note = " "', 'sources."patrol.', "words"),
    "source in short": (
        '{ basis = "measured", note = "a walk" }',
        '"measured"',
        'sources."patrol.speed_kmh"',
        "basis",
    ),
    "filled field": ("seed = 7", "seed = 7\nfigures = []", "figures", "no such field"),
    "missing table": ('"categories.csv"', '"matters.csv"', "tables.categories", "can be read"),
    "missing border": ('"districts.geojson"', '"borders.json"', "area.boundaries", "can be read"),
    "extends nothing": ("seed = 7", 'seed = 7\nextends = "tinny"', "extends", "TOML file"),
    "extends itself": ("seed = 7", 'seed = 7\nextends = "tiny"', "extends", "no circle"),
    "surge too late": (
        "[sources]",
        '[[surges]]\nname = "x"\nfactor = 2.0\nstart_day = 2\ndays = 2\n'
        '[sources]\n"surges" = { basis = "assumed", note = "a test" }',
        "surges[0]",
        "3 days",
    ),
    "surge of nothing": (
        "[sources]",
        '[[surges]]\nname = "x"\nfactor = 2.0\nstart_day = 0\ndays = 1\n'
        'categories = ["litre"]\n[sources]\n"surges" = { basis = "assumed", note = "a test" }',
        "surges[0].categories",
        "did you mean litter?",
    ),
    "demand of no family": (
        "[sources]",
        '[[demand]]\nname = "x"\nfactor = 2.0\nfamilies = ["sport"]\n'
        '[sources]\n"demand" = { basis = "assumed", note = "a test" }',
        "demand[0].families",
        "families",
    ),
}


@pytest.mark.parametrize("case", TEXTS, ids=str)
def test_text(case: str, tmp_path: Path) -> None:
    old, new, field, allowed = TEXTS[case]
    assert old in TOML
    error = message(write(tmp_path, TOML.replace(old, new, 1)))
    assert error.file.endswith("tiny.toml")
    assert field in error.field
    assert allowed in error.allowed


# a category, column and value; a part of the field and of what is allowed
ROWS = {
    "not a share": ("litter", "on_spot", "1.2", "column on_spot", "less than or equal to 1"),
    "not a number": ("litter", "work_min", "long", "column work_min", "number"),
    "no department": ("stall", "department", "strets", "column department", "did you mean streets"),
    "no partner": ("stall", "joint_with", "police;army", "column joint_with", "police"),
    "own partner": ("stall", "joint_with", "streets", "column joint_with", "once"),
    "joint with nobody": ("litter", "joint_share", "0.5", "column joint_share", "0 where"),
    "no profile": ("flood", "profile", "tidal", "column profile", "flat"),
    "no place": ("flood", "place", "river", "column place", "area"),
    "priority 5": ("theft", "priority", "5", "column priority", "less than or equal to 4"),
    "twice": ("theft", "id", "litter", "column id", "not used in row"),
    "shares below one": ("theft", "hotline_share", "0", "column hotline_share", "sum to 1"),
    "basis": ("theft", "basis", "rumour", "column basis", "published"),
    "no source": ("theft", "source", "", "column source", "at least 1"),
    "no deadline": ("wages", "close_h", "", "column close_workdays", "either"),
    "infinite": ("wages", "settle_h", "inf", "column settle_h", "finite"),
}


@pytest.mark.parametrize("case", ROWS, ids=str)
def test_row(case: str, tmp_path: Path) -> None:
    ident, column, value, field, allowed = ROWS[case]
    changed = [{**row, column: value} if row["id"] == ident else row for row in CATEGORIES]
    error = message(write(tmp_path, categories=changed))
    assert error.file.endswith("categories.csv")
    assert field in error.field
    assert allowed in error.allowed


# the file, text to replace, by what; a part of the field and of what is allowed
FILES = {
    "column missing": ("districts.csv", "area_km2", "area", "header", "area_km2"),
    "column unknown": (
        "districts.csv",
        "lon,lat",
        "lon,lat,height",
        "header",
        "one of code, name_en",
    ),
    "cells missing": ("districts.csv", ",40,", ",", "row 2", "10 cells"),
    "district without source": ("districts.csv", "a test", "", "row 2, column source", "at least"),
    "bad code": ("districts.csv", "900001", "9001", "row 2, column code", "match"),
    "border missing": ("districts.geojson", "900001", "900009", "feature 900001", "one border"),
    "no geojson": ("districts.geojson", "{", "[", "GeoJSON", "valid GeoJSON"),
    "a line": ("districts.geojson", "Polygon", "LineString", "feature 900001", "MultiPolygon"),
    "open quote": ("districts.csv", "East", '"East', "line 3", "comma-separated"),
}


@pytest.mark.parametrize("case", FILES, ids=str)
def test_file(case: str, tmp_path: Path) -> None:
    name, old, new, field, allowed = FILES[case]
    path = write(tmp_path)
    table = tmp_path / name
    text = table.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new, 1), encoding="utf-8")
    error = message(path)
    assert error.file.endswith(name)
    assert field in error.field
    assert allowed in error.allowed


def test_self_crossing_border(tmp_path: Path) -> None:
    path = write(tmp_path)
    borders = tmp_path / "districts.geojson"
    text = borders.read_text(encoding="utf-8")
    # the first square's second and third corner change places: a bow tie
    a, b = "[120.74000000000001, 31.26]", "[120.74000000000001, 31.34]"
    assert a in text
    assert b in text
    borders.write_text(text.replace(a, "@", 1).replace(b, a, 1).replace("@", b, 1))
    error = message(path)
    assert error.field == "feature 900001, geometry"
    assert "cross itself" in error.allowed


def test_empty_table(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "categories.csv").write_text("", encoding="utf-8")
    assert "first line" in message(path).allowed


def test_not_utf8(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(path.read_bytes() + b"\xff")
    assert message(path).allowed == "UTF-8"


# an override, and parts of the field and of what is allowed
OVERRIDES = {
    "unknown shift": ("hotline.operators.dya=2", "hotline.operators", "did you mean day?"),
    "unknown force": ("police_line.forces=['army']", "police_line.forces", "departments"),
    "no value": ("hotline.talk_mean_s", "--set", "key=value"),
    "no key": ("=3", "--set", "key=value"),
    "unknown key": ("hotline.talk_s=3", "hotline.talk_s", "no field of this name"),
    "below a figure": ("seed.x=3", "seed", "integer"),
    "bad value": ("hotline.talk_mean_s=-3", "hotline.talk_mean_s", "greater than or"),
    "words": ("totals.grids=many", "totals.grids", "integer"),
    "its base": ("extends=other", "extends", "a field of the scenario's content"),
    "a source": ("sources.time=x", "sources", "a field of the scenario's content"),
}


@pytest.mark.parametrize("case", OVERRIDES, ids=str)
def test_override(case: str, tmp_path: Path) -> None:
    override, field, allowed = OVERRIDES[case]
    error = message(write(tmp_path), (override,))
    assert error.file == "command line"
    assert field in error.field
    assert allowed in error.allowed


def test_the_file_at_fault_is_that_which_says_it(tmp_path: Path) -> None:
    """Not the one that was asked for, where that only extends it."""
    base = write(tmp_path, TOML.replace('forces = ["police"]', 'forces = ["army"]', 1))
    more = tmp_path / "more.toml"
    more.write_text('schema_version = 2\nextends = "tiny"\nname = "more"\n', encoding="utf-8")
    assert message(more).file == str(base)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("gusu-weak", "did you mean gusu-week?"), ("no/such.toml", "path"), (".", "not a folder")],
)
def test_no_scenario(name: str, allowed: str) -> None:
    assert allowed in message(Path(name)).allowed


@pytest.mark.parametrize(
    ("days", "districts", "field"), [(0, [], "days"), (4, [], "days"), (1, ["Est"], "district")]
)
def test_restrict(days: int, districts: list[str], field: str, tmp_path: Path) -> None:
    scenario = load(write(tmp_path))
    with pytest.raises(InputError) as caught:
        restrict(scenario, days=days, districts=districts)
    assert caught.value.field == field


def test_of_a_long_path_the_name_is_seen() -> None:
    path = "/a/folder" * 30 + "/staff.toml"
    text = str(InputError("command line", "plan", path, "a file"))
    assert len(text) < 200
    assert "'/a/folder" in text
    assert "/staff.toml' is not allowed" in text
