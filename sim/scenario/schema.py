"""A scenario: everything that is assumed, validated and frozen."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.errors import InputError, one_of
from sim.scenario.base import Model, Name
from sim.scenario.sources import Figure
from sim.scenario.staff import (
    Activity,
    Cameras,
    Centres,
    Contracts,
    Costs,
    Department,
    Hotline,
    Patrol,
    PoliceLine,
    Shift,
    StaffScale,
)
from sim.scenario.tables import Category, DistrictRow
from sim.scenario.weather import Weather
from sim.scenario.world import (
    Area,
    DemandChange,
    District,
    GridSettings,
    Profile,
    Published,
    Satisfaction,
    Season,
    Supervision,
    Surge,
    Tables,
    Time,
    Totals,
    TravelSettings,
    Variation,
)
from sim.word import NAMED_BITS, same_word

SCHEMA_VERSION = 2
TABLES = ("area.districts", "area.boundaries", "tables.categories")
"""Fields that name the files of every scenario."""
ATTACHED = ("area.grids", "patrol.routes", "travel.roads.file", "weather.file")
"""Fields that may name a further file."""


class Scenario(Model):
    """A validated, frozen description of what is assumed.

    The fields up to ``published`` are those of the TOML file; the others are filled by
    `sim.scenario.load`.
    """

    schema_version: Literal[2]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
    title_en: Name
    title_zh: Name
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    time: Time
    area: Area
    tables: Tables
    totals: Totals
    grid: GridSettings
    districts: dict[Name, District]
    shifts: Annotated[dict[Name, Shift], Field(min_length=1)]
    patrol: Patrol
    staff_scale: StaffScale = StaffScale()
    cameras: Cameras
    hotline: Hotline
    police_line: PoliceLine
    centres: Centres
    travel: TravelSettings
    supervision: Supervision
    satisfaction: Satisfaction
    activity: Activity
    variation: Variation
    departments: Annotated[dict[Name, Department], Field(min_length=1)]
    costs: Costs | None = None
    contracts: Contracts | None = None
    profiles: Annotated[dict[Name, Profile], Field(min_length=1)]
    seasons: dict[Name, Season] = Field(default_factory=dict)
    weather: Weather | None = None
    demand: tuple[DemandChange, ...] = ()
    surges: tuple[Surge, ...] = ()
    published: dict[Name, Published] = Field(default={})

    categories: tuple[Category, ...] = Field(default=(), exclude=True)
    district_table: tuple[DistrictRow, ...] = Field(default=(), exclude=True)
    boundaries_path: Path = Field(default=Path(), exclude=True)
    figures: tuple[Figure, ...] = Field(default=(), exclude=True, repr=False)
    source_files: tuple[Path, ...] = Field(default=(), exclude=True)
    set_by: dict[str, Path | str] = Field(default={}, exclude=True, repr=False)
    table_hashes: tuple[str, ...] = Field(default=(), exclude=True, repr=False)
    attached: dict[str, Path] = Field(default={}, exclude=True)
    attached_hashes: dict[str, str] = Field(default={}, exclude=True, repr=False)

    @property
    def content_hash(self) -> str:
        """SHA-256 of what the scenario says, wherever its files lie."""
        content = self.model_dump(mode="json")
        content["area"] |= {"districts": None, "boundaries": None}
        content["tables"] = list(self.table_hashes)
        for field, digest in self.attached_hashes.items():
            set_at(content, field, digest)
        canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def places(self) -> tuple[str, ...]:
        """English names of the districts that are simulated."""
        return self.area.include or tuple(row.name_en for row in self.district_table)

    def file_of(self, field: str) -> Path | str:
        """Return the file that set a field, by its dotted path, or ``command line``."""
        return self.set_by.get(field, self.name)

    def __repr__(self) -> str:
        return f"<Scenario {self.name}: {self.title_en} {self.title_zh}, {self.content_hash[:12]}>"

    def _repr_html_(self) -> str:
        places = ", ".join(self.area.include) or f"all {len(self.district_table)} districts"
        return (
            f"<b>{escape(self.name)}</b>: {escape(self.title_en)} {escape(self.title_zh)}<br>"
            f"{escape(places)}; {self.time.days} days from {self.time.start}; "
            f"{len(self.categories)} categories; hash <code>{self.content_hash[:12]}</code>"
        )


def set_at(content: dict[str, Any], field: str, value: object) -> None:
    """Set a field by its dotted path in nested tables."""
    *parents, last = field.split(".")
    for part in parents:
        content = content[part]
    content[last] = value


def check_references(scenario: Scenario, file: Path) -> None:
    """Check what one part of a scenario says of another.

    Raises
    ------
    InputError
        For the first thing that does not fit.
    """
    shifts = scenario.shifts.keys()
    departments = scenario.departments.keys()
    known = [row.name_en for row in scenario.district_table]

    def refer(field: str, values: Iterable[str], allowed: Iterable[str], what: str) -> None:
        allowed = list(allowed)
        for value in values:
            if value not in allowed:
                raise InputError(file, field, value, f"{what}: {one_of(value, allowed)}")

    refer("area.include", scenario.area.include, known, "districts of the table")
    if len(set(scenario.area.include)) < len(scenario.area.include):
        raise InputError(file, "area.include", scenario.area.include, "each district once")
    refer("districts", scenario.districts, known, "districts of the table")
    for name in known:
        if name not in scenario.districts:
            raise InputError(
                file, f"districts.{name}", None, "an entry for every district of the table"
            )
    patrol = scenario.patrol
    refer("patrol.shift", [patrol.shift], shifts, "shifts")
    refer("patrol.extra_shift", [patrol.extra_shift], shifts, "shifts")
    refer("patrol.rounds", patrol.rounds, shifts, "shifts")
    refer("patrol.rounds", [patrol.shift, patrol.extra_shift], patrol.rounds, "shifts with rounds")
    for name, rounds in patrol.rounds.items():
        _check_rounds(scenario, file, name, rounds)
    for field, posts in (
        ("hotline.operators", scenario.hotline.operators),
        ("centres.town_operators", scenario.centres.town_operators),
        ("centres.district_operators", scenario.centres.district_operators),
    ):
        refer(field, posts, shifts, "shifts")
    for name, body in scenario.departments.items():
        refer(f"departments.{name}.crews", body.crews, shifts, "shifts")
        refer(
            f"departments.{name}.desk",
            [body.desk],
            ["always", *shifts],
            "always, or a shift",
        )
    if scenario.costs is not None:
        refer("costs.crew_of", scenario.costs.crew_of, departments, "departments")
    refer("police_line.forces", scenario.police_line.forces, departments, "departments")
    _check_figures(scenario, file)
    ids = [c.id for c in scenario.categories]
    families = sorted({c.family for c in scenario.categories})
    for group, changes in (("demand", scenario.demand), ("surges", scenario.surges)):
        for i, change in enumerate(changes):
            refer(f"{group}[{i}].districts", change.districts, known, "districts of the table")
            refer(f"{group}[{i}].categories", change.categories, ids, "categories")
            refer(f"{group}[{i}].families", change.families, families, "families of categories")
    for i, effect in enumerate(scenario.weather.effects if scenario.weather else ()):
        refer(f"weather.effects[{i}].categories", effect.categories, ids, "categories")
        refer(f"weather.effects[{i}].families", effect.families, families, "families of categories")
    for i, surge in enumerate(scenario.surges):
        if surge.start_day + surge.days > scenario.time.days:
            raise InputError(
                file,
                f"surges[{i}]",
                f"{surge.start_day} + {surge.days} days",
                f"a window within the scenario's {scenario.time.days} days",
            )


def _check_figures(scenario: Scenario, file: Path) -> None:
    """Check figures that must fit each other."""
    for hours in ("part_time_observers", "citizens"):
        if sum(getattr(scenario.activity, hours)) == 0:
            raise InputError(file, f"activity.{hours}", 0, "some activity in some hour")
    for name, profile in scenario.profiles.items():
        if sum(profile.hours) == 0 or sum(profile.weekdays) == 0:
            raise InputError(file, f"profiles.{name}", 0, "some weight in some hour and weekday")
    by_date = ["weather"] * (scenario.weather is not None)
    by_date += [f"seasons.{name}" for name in scenario.seasons] + [
        f"profiles.{name}"
        for name, p in scenario.profiles.items()
        if (p.day_off, p.working_weekend, p.school_holidays) != (None, None, 1.0)
    ]
    if by_date and scenario.totals.period_start is None:
        allowed = (
            f"the first day of the published period; {by_date[0]} leaves its volumes as they are"
        )
        raise InputError(file, "totals.period_start", None, allowed)
    for name, season in scenario.seasons.items():
        if sum(season.months) == 0:
            raise InputError(file, f"seasons.{name}.months", 0, "some weight in some month")
    if scenario.travel.model == "roads" and scenario.travel.roads is None:
        raise InputError(file, "travel.roads", None, "a table, since travel.model is roads")
    if scenario.grid.loop_min_m > scenario.grid.loop_max_m:
        raise InputError(
            file, "grid.loop_min_m", scenario.grid.loop_min_m, "at most grid.loop_max_m"
        )


def check_names(scenario: Scenario, districts: Path, categories: Path) -> None:
    """Check that random numbers, which names are turned into, tell all names apart.

    Parameters
    ----------
    districts, categories : Path
        The files of the tables.

    Raises
    ------
    InputError
        Naming the two names that they do not, or the table with too many.
    """
    for file, column, names in (
        (districts, "code", [row.code for row in scenario.district_table]),
        (categories, "id", [row.id for row in scenario.categories]),
        (categories, "family", list(dict.fromkeys(row.family for row in scenario.categories))),
    ):
        if len(names) > 1 << NAMED_BITS:
            raise InputError(file, "table", f"{len(names)} rows", f"at most {1 << NAMED_BITS}")
        twice = next((name for name, many in Counter(names).items() if many > 1), None)
        if twice is not None:
            raise InputError(file, f"column {column}", twice, "each in one row")
        same = same_word(names)
        if same is not None:
            raise InputError(
                file, f"column {column}", same[1],
                f"another name: to the random numbers it is the same as {same[0]}",
            )  # fmt: skip


def check_categories(scenario: Scenario, file: Path) -> None:
    """Check the table of categories against the rest of the scenario.

    Raises
    ------
    InputError
        For the first thing that does not fit, with its row.
    """
    for number, row in enumerate(scenario.categories, start=2):
        for column, values, allowed in (
            ("department", (row.department,), scenario.departments),
            ("joint_with", row.joint_with, scenario.departments),
            ("profile", (row.profile,), scenario.profiles),
            ("season", (row.season,) if row.season else (), scenario.seasons),
        ):
            for value in values:
                if value not in allowed:
                    raise InputError(
                        file,
                        f"row {number}, column {column}",
                        value,
                        one_of(value, allowed),
                    )
        if row.department in row.joint_with or len(set(row.joint_with)) < len(row.joint_with):
            raise InputError(
                file,
                f"row {number}, column joint_with",
                ";".join(row.joint_with),
                "each department once",
            )
        if (row.close_h is None) == (row.close_workdays is None):
            raise InputError(
                file,
                f"row {number}, column close_workdays",
                row.close_workdays,
                "either close_h or close_workdays, the other one empty",
            )
        if row.joint_share > 0 and not row.joint_with:
            raise InputError(
                file,
                f"row {number}, column joint_share",
                row.joint_share,
                "0 where joint_with is empty",
            )
    for column in ("hotline_share", "police_share"):
        total = sum(getattr(row, column) for row in scenario.categories)
        if abs(total - 1) > 1e-6:
            raise InputError(file, f"column {column}", round(total, 9), "shares that sum to 1")


def _check_rounds(
    scenario: Scenario, file: Path, name: str, rounds: tuple[tuple[str, str], ...]
) -> None:
    def minutes(clock: str) -> int:
        return int(clock[:2]) * 60 + int(clock[3:])

    shift = scenario.shifts[name]
    start, length = minutes(shift.start), shift.hours * 60
    for i, (begin, end) in enumerate(rounds):
        a = (minutes(begin) - start) % 1440
        b = (minutes(end) - start) % 1440 or (1440 if length == 1440 else 0)
        if not 0 <= a < b <= length:
            raise InputError(
                file,
                f"patrol.rounds.{name}[{i}]",
                f"{begin} to {end}",
                f"a span within the shift, {shift.start} and {shift.hours:g} hours on",
            )
