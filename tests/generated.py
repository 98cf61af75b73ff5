"""Scenarios made by hypothesis: the tiny city with everything about it varied."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from tiny import CATEGORIES, TOML, square, write

from sim.city import City
from sim.model.routes import Leg, Route, write_routes
from sim.scenario import Scenario, load

share = st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0])
minutes = st.sampled_from([0.0, 1.0, 7.5, 60.0])
hours = st.sampled_from([0.0, 0.05, 1.0, 5.0, 30.0])
posts = st.integers(0, 4)
SHIFTS = ("day", "office", "late", "night")


def staffing() -> st.SearchStrategy[dict[str, int]]:
    return st.dictionaries(st.sampled_from(SHIFTS), posts, max_size=4)


CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "seed": st.integers(0, 2**32 - 1),
    "time.days": st.integers(1, 2),
    "time.start": st.sampled_from(["2018-01-01", "2018-01-05", "2018-01-06"]),
    "area.include": st.sampled_from([[], ["East"], ["West"]]),
    "totals.grids": st.integers(5, 20),
    "totals.full_time": st.integers(0, 40),
    "totals.part_time": st.integers(0, 60),
    "totals.hotline_requests": st.integers(0, 3000),
    "totals.police_calls": st.integers(0, 1500),
    "districts.East.camera_coverage": share,
    "districts.East.one_platform": st.booleans(),
    "shifts.day.hours": st.sampled_from([9.0, 10.0, 16.0]),
    "shifts.late.days": st.sampled_from(["all", "weekdays", "weekend"]),
    "patrol.speed_kmh": st.sampled_from([1.0, 4.0, 20.0]),
    "patrol.record_min": minutes,
    "patrol.check_min": minutes,
    "grid.hot_share": share,
    "cameras.delay_mean_min": minutes,
    "hotline.talk_mean_s": st.sampled_from([1.0, 200.0, 2000.0]),
    "hotline.patience_mean_s": st.sampled_from([1.0, 60.0, 1e5]),
    "hotline.redial_share": share,
    "hotline.redial_max": st.integers(0, 4),
    "hotline.redial_mean_min": minutes,
    "hotline.write_up_min": minutes,
    "hotline.online_share": share,
    "hotline.operators": staffing(),
    "centres.accept_mean_min": minutes,
    "centres.triage_mean_min": minutes,
    "centres.callback_mean_min": minutes,
    "centres.triage_tries_max": st.integers(0, 3),
    "centres.town_operators": staffing(),
    "centres.district_operators": staffing(),
    "supervision.reminder": st.sampled_from([0.1, 0.8]),
    "departments.police.crews": staffing(),
    "departments.streets.crews": staffing(),
    "departments.water.crews": staffing(),
    "departments.labour.crews": staffing(),
    "departments.police.sign_mean_min": minutes,
    "departments.streets.level": st.sampled_from(["town", "district"]),
    "departments.water.desk": st.sampled_from(["always", "office", "night"]),
    "variation.city_day_cv": st.sampled_from([0.0, 0.5]),
    "travel.roads.access_kmh": st.sampled_from([1, 30]),
}

COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "joint_share": share,
    "priority": st.integers(1, 4),
    "silent_per_day": st.sampled_from([0, 20, 100]),
    "answered_at_once": share,
    "patience_h": hours,
    "lifetime_h": st.sampled_from(["", 0.2, 5]),
    "patrol_visibility": share,
    "eye_days": st.sampled_from(["", 0.5, 20]),
    "camera_visibility": share,
    "on_spot": share,
    "on_spot_min": minutes,
    "mistriage": st.sampled_from([0, 0.3, 0.9]),
    "sign_h": st.sampled_from([0.1, 4]),
    "close_h": st.sampled_from([0.2, 3, 24]),
    "work_min": minutes,
    "settle_h": hours,
    "reopen": st.sampled_from([0, 0.3, 0.9]),
    "check_by_grid": share,
}


@st.composite
def surges(draw: st.DrawFn) -> str:
    """A surge or none, as TOML."""
    if draw(st.booleans()):
        return ""
    start = draw(st.sampled_from([0.0, 0.25, 0.5]))
    places = draw(st.sampled_from([[], ["East"]]))
    return (
        f'[[surges]]\nname = "surge"\nstart_day = {start}\ndays = 0.5\n'
        f"factor = {draw(st.sampled_from([0.0, 0.5, 4.0]))}\n"
        f"travel_speed_factor = {draw(st.sampled_from([0.5, 1.0, 2.0]))}\n"
        f"districts = {json.dumps(places)}\n"
    )


@st.composite
def routes(draw: st.DrawFn, cells: int = 12) -> Route:
    """Any closed walk that passes every cell: parts and rounds, either way, with crossings."""
    legs = []
    for _ in range(draw(st.integers(0, 4))):
        start, count = draw(st.integers(0, cells - 1)), draw(st.integers(-2 * cells, 2 * cells))
        legs.append(Leg(start, count or cells, draw(st.sampled_from([0.0, 50.0, 333.3]))))
    if not Route(cells, tuple(legs)).passes().all():
        legs.append(Leg(draw(st.integers(0, cells - 1)), draw(st.sampled_from([-cells, cells]))))
    for n, leg in enumerate(legs):
        meets = (legs[n - 1].start + legs[n - 1].cells) % cells == leg.start
        if not meets and leg.cross_m == 0:
            legs[n] = replace(leg, cross_m=120.0)
    return Route(cells, tuple(legs))


class Recipe(NamedTuple):
    """A scenario that hypothesis can shrink.

    Attributes
    ----------
    overrides, rows, surge : list, list, str
        Of fields, of categories' columns; TOML.
    net : str or int
        ``straight``: no roads; ``generated``; else the number of a net in pieces.
    routes : list of Route
        They take turns over the grids, and every so often a grid has none.
    """

    overrides: list[str]
    rows: list[dict[str, Any]]
    surge: str
    net: str | int
    routes: list[Route]


NETS = st.sampled_from(["straight", "generated"]) | st.integers(0, 9)


@st.composite
def recipes(draw: st.DrawFn, ground: bool = False) -> Recipe:
    """Draw a recipe, with roads and patrol routes if asked."""
    names = draw(st.lists(st.sampled_from(sorted(CHANGES)), max_size=12, unique=True))
    overrides = [f"{name}={_toml(draw(CHANGES[name]))}" for name in names]
    rows = []
    for row in CATEGORIES:
        columns = draw(st.lists(st.sampled_from(sorted(COLUMNS)), max_size=3, unique=True))
        changed = {column: draw(COLUMNS[column]) for column in columns}
        if not row.get("joint_with"):
            changed.pop("joint_share", None)
        rows.append({**row, **changed})
    net = draw(NETS) if ground else "straight"
    walks = draw(st.lists(routes(), max_size=3)) if ground else []
    return Recipe(overrides, rows, draw(surges()), net, walks)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {v}" for k, v in value.items()) + "}"
    return json.dumps(value) if not isinstance(value, str) else value


def scenario_of(recipe: Recipe, folder: Path) -> Scenario:
    """Write and load a generated scenario."""
    text = TOML.replace(
        "[sources]", recipe.surge + '[sources]\n"surges" = { basis = "assumed", note = "a test" }'
    )
    path, overrides = write(folder, text, recipe.rows), list(recipe.overrides)
    if recipe.net != "straight":
        overrides.append("travel.model=roads")
    if isinstance(recipe.net, int):
        overrides.append(f'travel.roads.file="{net_in_pieces(folder, recipe.net)}"')
    scenario = load(path, overrides)
    if recipe.routes:
        table = folder / "routes.csv"
        write_turns(scenario, recipe.routes, table)
        scenario = load(path, [*overrides, f'patrol.routes="{table}"'])
    return scenario


def net_in_pieces(folder: Path, number: int) -> Path:
    """Write a road net of the tiny city that does not reach everywhere; some of it is one-way."""
    draw = np.random.default_rng(number)
    lines: list[dict[str, Any]] = []
    for lon, share in ((120.7, 0.6), (120.6, draw.choice([0.0, 0.3, 0.9]))):
        (west, south), (east, north) = square(lon, 31.3)[0], square(lon, 31.3)[2]
        x = np.linspace(west, east, 6)[:, None] + draw.uniform(-0.005, 0.005, (6, 6))
        y = np.linspace(south, north, 6)[None, :] + draw.uniform(-0.005, 0.005, (6, 6))
        xy = np.stack((x, y), axis=-1)
        for a, b in ((xy[:-1], xy[1:]), (xy[:, :-1], xy[:, 1:])):
            ends = np.stack((a, b), axis=-2).reshape(-1, 2, 2)
            for line in ends[draw.random(len(ends)) < share].tolist():
                kind, way = draw.choice(["tertiary", "primary", "lane"]), draw.random() < 0.2
                said = {"highway": str(kind), "oneway": "yes" if way else "no"}
                geometry = {"type": "LineString", "coordinates": line}
                lines.append({"type": "Feature", "properties": said, "geometry": geometry})
    path = folder / "roads.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": lines}))
    return path


def write_turns(scenario: Scenario, turns: list[Route], path: Path) -> None:
    """Write a table in which routes take turns over the grids, and every so often one has none."""
    city, table = City.build(scenario), {}
    for district, code in enumerate(city.district_code):
        for grid in range(int((city.grid_district == district).sum())):
            if grid % (len(turns) + 1) < len(turns):
                table[code, grid] = turns[grid % (len(turns) + 1)]
    write_routes(table, path)
