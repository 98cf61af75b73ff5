"""A tiny city in a scenario of its own: two square districts, four towns, eight kinds of matters.

Small enough that a day of it runs in a fraction of a second, rich enough that every rule of the
model is at work.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.scenario import Category, DistrictRow, Scenario, load
from sim.scenario.layers import parse_overrides

TOML = """
schema_version = 2
name = "tiny"
title_en = "Tiny"
title_zh = "小城"
seed = 7

[time]
start = 2018-01-01
days = 3

[area]
districts = "districts.csv"
boundaries = "districts.geojson"

[tables]
categories = "categories.csv"

[totals]
period_days = 10
population = 20_000
grids = 14
grid_leaders = 14
full_time = 17
part_time = 40
hotline_requests = 2_500
police_calls = 900

[grid]
grids_per_community = 3.0
loop_per_sqrt_area = 3.0
loop_min_m = 500.0
loop_max_m = 6_000.0

[districts.East]
towns = 3
camera_coverage = 0.5
[districts.West]
towns = 2
camera_coverage = 0.1
speed_factor = 1.5

[shifts]
day = { start = "08:00", hours = 9.0, days = "all" }
office = { start = "08:30", hours = 9.0, days = "weekdays" }
late = { start = "14:00", hours = 8.0, days = "all" }
night = { start = "22:00", hours = 10.0, days = "all" }

[patrol]
shift = "day"
extra_shift = "night"
speed_kmh = 4.0
record_min = 4.0
check_min = 3.0
[patrol.rounds]
day = [["08:30", "11:30"], ["13:30", "16:30"]]
night = [["23:00", "02:00"]]

[cameras]
delay_mean_min = 20.0

[hotline]
talk_mean_s = 200.0
talk_cv = 0.8
patience_mean_s = 120.0
redial_share = 0.6
redial_max = 2
redial_mean_min = 10.0
write_up_min = 10.0
online_share = 0.2
[hotline.operators]
day = 2
late = 1
night = 1

[police_line]
talk_mean_s = 75.0
talk_cv = 0.6
forces = ["police"]

[centres]
accept_mean_min = 3.0
triage_mean_min = 2.0
call_back_mean_min = 2.5
service_cv = 0.7
triage_tries_max = 2
[centres.town_operators]
day = 5
[centres.district_operators]
day = 2
late = 2
night = 2

[travel]
detour = 1.3
speed_kmh = [34, 36, 36, 36, 34, 32, 29, 24, 22, 24, 26, 26,
             27, 27, 26, 26, 24, 21, 22, 25, 28, 30, 32, 33]
[travel.roads]
speed_kmh = { tertiary = 36, primary = 72 }
other_kmh = 18
access_kmh = 18

[supervision]
reminder = 0.8
city = 1.5

[satisfaction]
on_time = 0.9
late_penalty = 0.3
reopened_penalty = 0.2

[activity]
part_time_observers = [0, 0, 0, 0, 0, 1, 3, 5, 6, 6, 6, 6, 4, 4, 5, 5, 5, 6, 6, 5, 3, 2, 1, 0]
citizens = [1, 1, 1, 1, 1, 2, 4, 7, 10, 11, 11, 10, 8, 8, 9, 10, 10, 9, 8, 8, 7, 6, 4, 2]

[variation]
city_day_cv = 0.1
family_day_cv = 0.2

[departments.police]
name_en = "Police"
name_zh = "公安"
level = "town"
desk = "always"
sign_mean_min = 2.0
[departments.police.crews]
day = 10
late = 8
night = 8

[departments.streets]
name_en = "Streets"
name_zh = "城管"
level = "town"
desk = "day"
sign_mean_min = 30.0
[departments.streets.crews]
day = 10
late = 6

[departments.water]
name_en = "Water"
name_zh = "水务"
level = "district"
desk = "office"
sign_mean_min = 45.0
[departments.water.crews]
day = 6
night = 2

[departments.labour]
name_en = "Labour"
name_zh = "人社"
level = "district"
desk = "office"
sign_mean_min = 60.0
[departments.labour.crews]
office = 6

[profiles.flat]
hours = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
weekdays = [1, 1, 1, 1, 1, 1, 1]

[profiles.office]
hours = [0, 0, 0, 0, 0, 0, 1, 3, 10, 14, 14, 11, 5, 7, 12, 12, 11, 8, 3, 2, 2, 1, 1, 0]
weekdays = [1.25, 1.20, 1.17, 1.15, 1.13, 0.60, 0.50]

[sources]
"time" = { basis = "assumed", note = "a test" }
"totals" = { basis = "published", note = "a test" }
"grid" = { basis = "assumed", note = "a test" }
"districts" = { basis = "assumed", note = "a test" }
"shifts" = { basis = "assumed", note = "a test" }
"patrol" = { basis = "assumed", note = "a test" }
"patrol.speed_kmh" = { basis = "measured", note = "a walk" }
"cameras" = { basis = "assumed", note = "a test" }
"hotline" = { basis = "assumed", note = "a test" }
"police_line" = { basis = "assumed", note = "a test" }
"centres" = { basis = "assumed", note = "a test" }
"travel" = { basis = "assumed", note = "a test" }
"supervision" = { basis = "assumed", note = "a test" }
"satisfaction" = { basis = "assumed", note = "a test" }
"activity" = { basis = "assumed", note = "a test" }
"variation" = { basis = "assumed", note = "a test" }
"departments" = { basis = "assumed", note = "a test" }
"profiles" = { basis = "assumed", note = "a test" }
"""

_PLAIN: dict[str, Any] = {
    "name_en": "A matter",
    "name_zh": "事项",
    "family": "streets",
    "department": "streets",
    "joint_with": "",
    "joint_share": 0,
    "priority": 3,
    "hotline_share": 0,
    "police_share": 0,
    "reported": 1,
    "silent_per_day": 0,
    "answered_at_once": 0,
    "patience_h": 1,
    "lifetime_h": "",
    "patrol_visibility": 0,
    "observer_days": "",
    "camera_visibility": 0,
    "on_spot": 0,
    "on_spot_min": 10,
    "mistriage": 0,
    "sign_h": 4,
    "arrive_h": 8,
    "close_h": 48,
    "work_min": 20,
    "work_cv": 0.5,
    "settle_h": 1,
    "settle_cv": 0.5,
    "reopen": 0,
    "check_by_grid": 0,
    "profile": "flat",
    "place": "population",
    "basis": "assumed",
    "source": "a test",
}

CATEGORIES: list[dict[str, Any]] = [
    {"id": "theft", "family": "security", "department": "police", "priority": 1,
     "hotline_share": 0.05, "police_share": 0.6, "patience_h": 0.1, "lifetime_h": 3,
     "camera_visibility": 0.4, "sign_h": 0.2, "arrive_h": 0.5, "close_h": 12, "work_min": 40,
     "mistriage": 0.02, "reopen": 0.02},
    {"id": "brawl", "family": "security", "department": "police", "priority": 1,
     "police_share": 0.25, "patience_h": 0, "lifetime_h": 0.5, "camera_visibility": 0.5,
     "joint_with": "streets", "joint_share": 0.3, "sign_h": 0.2, "arrive_h": 0.3, "close_h": 4,
     "settle_h": 0},
    {"id": "litter", "priority": 4, "hotline_share": 0.15, "reported": 0.4,
     "silent_per_day": 60, "patience_h": 10, "lifetime_h": 40, "patrol_visibility": 0.4,
     "observer_days": 5, "camera_visibility": 0.1, "on_spot": 0.6, "mistriage": 0.1, "reopen": 0.1,
     "check_by_grid": 0.8},
    {"id": "stall", "hotline_share": 0.1, "police_share": 0.05, "reported": 0.5,
     "silent_per_day": 30, "patience_h": 3, "patrol_visibility": 0.5, "observer_days": 8,
     "joint_with": "police;water", "joint_share": 0.2, "on_spot": 0.3, "mistriage": 0.2,
     "reopen": 0.2, "check_by_grid": 0.5, "close_h": 10},
    {"id": "flood", "family": "water", "department": "water", "priority": 2,
     "hotline_share": 0.1, "reported": 0.8, "silent_per_day": 4, "patrol_visibility": 0.2,
     "joint_with": "police", "joint_share": 0.4, "mistriage": 0.1, "reopen": 0.1,
     "check_by_grid": 0.5, "place": "area"},
    {"id": "wages", "family": "labour", "department": "labour", "hotline_share": 0.2,
     "patience_h": 5, "answered_at_once": 0.3, "mistriage": 0.15, "settle_h": 20,
     "profile": "office", "close_h": 72, "reopen": 0.05},
    {"id": "question", "family": "questions", "department": "labour", "priority": 4,
     "hotline_share": 0.4, "answered_at_once": 0.95, "patience_h": 0, "profile": "office",
     "place": "even"},
    {"id": "nuisance", "family": "questions", "department": "police", "priority": 4,
     "police_share": 0.1, "answered_at_once": 1, "patience_h": 0, "work_min": 0, "settle_h": 0},
]  # fmt: skip

DISTRICTS = [
    ("900001", "East", "东区", "district", 120_000, 40, 120.7, 31.3, "assumed", "a test"),
    ("900002", "West", "西区", "district", 80_000, 60, 120.6, 31.3, "assumed", "a test"),
]


def square(lon: float, lat: float, half: float = 0.04) -> list[list[float]]:
    """Return the ring of a square in degrees."""
    return [
        [lon - half, lat - half],
        [lon + half, lat - half],
        [lon + half, lat + half],
        [lon - half, lat + half],
        [lon - half, lat - half],
    ]


def write(
    folder: Path,
    text: str = TOML,
    categories: Sequence[Mapping[str, Any]] = CATEGORIES,
) -> Path:
    """Write the tiny scenario with its tables into a folder; return its TOML file."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = list(Category.model_fields)
    with (folder / "categories.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows({**_PLAIN, **row} for row in categories)
    with (folder / "districts.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(DistrictRow.model_fields)
        rows.writerows(DISTRICTS)
    features = [
        {
            "type": "Feature",
            "properties": {"code": code},
            "geometry": {"type": "Polygon", "coordinates": [square(lon, lat)]},
        }
        for code, *_, lon, lat, _basis, _source in DISTRICTS
    ]
    (folder / "districts.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8"
    )
    path = folder / "tiny.toml"
    path.write_text(text, encoding="utf-8")
    return path


def tiny(
    folder: Path,
    overrides: Sequence[str] = (),
    categories: Sequence[Mapping[str, Any]] = CATEGORIES,
) -> Scenario:
    """Write and load the tiny scenario."""
    return load(write(folder, categories=categories), parse_overrides(overrides))
