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
from sim.clock import HOUR
from sim.model.plan import Plan
from sim.model.routes import Leg, Route, write_routes
from sim.model.staffing import base_plan
from sim.scenario import Scenario, load
from sim.scenario.attach import attach
from sim.scenario.layers import parse_overrides

share = st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0])
minutes = st.sampled_from([0.0, 1.0, 7.5, 60.0])
hours = st.sampled_from([0.0, 0.05, 1.0, 5.0, 30.0])
posts = st.integers(0, 4)
SHIFTS = ("day", "office", "late", "night")


def staffing() -> st.SearchStrategy[dict[str, int]]:
    return st.dictionaries(st.sampled_from(SHIFTS), posts, min_size=1, max_size=4)


def weather(speed: float, on: str) -> dict[str, object]:
    """Weather in which it rains on half of the days, some of them heavily."""
    return {
        "on": on, "temp_mean_c": [5] * 12, "temp_sd_c": 4, "temp_rho": 0.7,
        "rain_share": [0.5] * 12, "rain_mean_mm": [30] * 12, "rain_rho": 0.3,
        "wind_mean_ms": 8, "wind_rho": 0.3, "speed_rain": speed, "speed_heavy_rain": 0.25,
        "effects": '[{name = "wet", families = ["streets"], rain = 0.5, heavy_rain = 3, wind = 2}]',
    }  # fmt: skip


CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "seed": st.integers(0, 2**32 - 1),
    "time.days": st.integers(1, 2),
    "time.start": st.sampled_from(["2018-01-01", "2018-01-05", "2018-01-06", "2018-02-23"]),
    "time.calendar": st.sampled_from(["weekdays", "CN", "US"]),
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
    "centres.call_back_mean_min": minutes,
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
    "variation.city_day_rho": st.sampled_from([0.0, 0.6]),
    "weather": st.builds(weather, st.sampled_from([0.5, 2.0]), st.sampled_from(["true", "false"])),
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
    "observer_days": st.sampled_from(["", 0.5, 20]),
    "camera_visibility": share,
    "on_spot": share,
    "on_spot_min": minutes,
    "mistriage": st.sampled_from([0, 0.3, 0.9]),
    "sign_h": st.sampled_from([0.1, 4]),
    "close_h": st.sampled_from([0.2, 3, 24]),
    "close_workdays": st.sampled_from([1, 7]),
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
    if "weather" in names:
        overrides.append("totals.period_start=2018-01-01")
    rows = []
    for row in CATEGORIES:
        columns = draw(st.lists(st.sampled_from(sorted(COLUMNS)), max_size=3, unique=True))
        changed = {column: draw(COLUMNS[column]) for column in columns}
        if not row.get("joint_with"):
            changed.pop("joint_share", None)
        if "close_workdays" in changed:
            changed["close_h"] = ""
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
    scenario = load(path, parse_overrides(overrides))
    if recipe.routes:
        table = folder / "routes.csv"
        write_turns(scenario, recipe.routes, table)
        scenario = attach(scenario, "patrol.routes", table)
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


_CHANGES_OF_SHIFTS = [0.0, 8.0, 8.5, 11.5, 14.0, 17.0, 17.5, 22.0, 23.0, 26.0, 32.0, 46.0]

Step = tuple[str, int, int]
Replans = list[tuple[float, list[Step]]]
"""Hours and what is changed in the plan then, one step after the other."""


def replans() -> st.SearchStrategy[Replans]:
    """Changes of plan, at instants of chance and at those at which shifts change."""
    number = st.integers(0, 1000)
    steps = st.tuples(st.sampled_from(sorted(_STEPS)), number, number)
    hour = st.sampled_from(_CHANGES_OF_SHIFTS) | st.floats(0, 48, width=32)
    change = st.tuples(hour, st.lists(steps, max_size=6))
    return st.lists(change, max_size=4, unique_by=lambda change: change[0]).map(sorted)


def changed(plan: Plan, base: Plan, steps: list[Step]) -> Plan:
    """Change a plan step by step."""
    for name, i, j in steps:
        plan = _STEPS[name](plan, base, i, j)
    return plan


def plans_of(scenario: Scenario, changes: Replans, begins: float = 0.0) -> list[tuple[float, Plan]]:
    """Return the plans that changes make of the base year's, each with its instant, s."""
    plan = base = base_plan(scenario, City.build(scenario))
    plans = []
    for hour, steps in changes:
        plan = changed(plan, base, steps)
        plans.append((begins + hour * HOUR, plan))
    return plans


def _keep(plan: Plan, crews: Any = None, workers: Any = None) -> Plan:
    """Return the plan with some rows of its crews and gridworkers, in that order."""
    rows = {
        "crew": np.arange(len(plan.crew_unit)) if crews is None else crews,
        "worker": np.arange(len(plan.worker_grid)) if workers is None else workers,
    }
    names = ("crew_unit", "crew_shift", "crew_xy", "worker_grid", "worker_shift", "worker_offset")
    return replace(plan, **{n: getattr(plan, n)[rows[n.split("_")[0]]] for n in names})


def _no_crews(plan: Plan, base: Plan, i: int, j: int) -> Plan:
    unit = i % len(plan.unit_department)
    return _keep(plan, crews=np.flatnonzero(plan.crew_unit != unit))


def _fewer_crews(plan: Plan, base: Plan, i: int, j: int) -> Plan:
    return _keep(plan, crews=np.flatnonzero(np.arange(len(plan.crew_unit)) % 3 != i % 3))


def _more_crews(plan: Plan, base: Plan, i: int, j: int) -> Plan:
    unit = i % len(plan.unit_department)
    return replace(
        plan,
        crew_unit=np.append(plan.crew_unit, np.int32(unit)),
        crew_shift=np.append(plan.crew_shift, np.int16(j % 4)),
        crew_xy=np.vstack((plan.crew_xy, [100.0 * (j % 7), 50.0])),
    )


def _another_base(plan: Plan, base: Plan, i: int, j: int) -> Plan:
    moved = np.arange(len(plan.crew_unit)) % 4 == i % 4
    return replace(plan, crew_xy=plan.crew_xy + 300.0 * moved[:, None])


def _no_gridworkers(plan: Plan, base: Plan, i: int, j: int) -> Plan:
    emptied = plan.worker_grid % 3 == i % 3
    return _keep(plan, workers=np.flatnonzero(~emptied))


def _more_gridworkers(plan: Plan, base: Plan, i: int, j: int) -> Plan:
    shifts = (0, 3)  # those with rounds
    return replace(
        plan,
        worker_grid=np.append(plan.worker_grid, np.int32(i % len(plan.part_time))),
        worker_shift=np.append(plan.worker_shift, np.int16(shifts[j % 2])),
        worker_offset=np.append(plan.worker_offset, (j % 11) / 11),
    )


def _operators(plan: Plan, base: Plan, i: int, j: int) -> Plan:
    return replace(
        plan,
        hotline_posts=np.roll(plan.hotline_posts, i),
        town_posts=np.roll(plan.town_posts, j, axis=i % 2),
        district_posts=np.maximum(plan.district_posts + i % 3 - 1, 0),
    )


def _observers(plan: Plan, base: Plan, i: int, j: int) -> Plan:
    return replace(plan, part_time=np.roll(plan.part_time, i) * (j % 3))


def _back(plan: Plan, base: Plan, i: int, j: int) -> Plan:
    return base


def _shuffled(plan: Plan, base: Plan, i: int, j: int) -> Plan:
    random = np.random.default_rng(i)
    return _keep(
        plan,
        random.permutation(len(plan.crew_unit)),
        random.permutation(len(plan.worker_grid)),
    )


_STEPS = {
    "another base": _another_base,
    "back": _back,
    "observers": _observers,
    "fewer crews": _fewer_crews,
    "more crews": _more_crews,
    "more gridworkers": _more_gridworkers,
    "no crews": _no_crews,
    "no gridworkers": _no_gridworkers,
    "operators": _operators,
    "shuffled": _shuffled,
}
