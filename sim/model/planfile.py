"""Plan files: a plan as a table that a person can read, edit and hand on.

A plan file is a CSV table. The lines before it begin with ``#`` and are TOML: for which scenario
it was made, and the shifts it uses. A shift that the scenario does not have, such as one that an
optimizer made, is added to the scenario; one that it has must be the same.

Rows are in the order of the plan's arrays and equal neighbours are one row with their number, so
that what is read is what was written, to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tomli_w
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, ValidationError

from sim.cells import csv_text
from sim.city.city import City
from sim.errors import InputError, one_of
from sim.model.plan import Plan
from sim.model.staffing import units
from sim.reading import parse_csv, parse_toml, read_text
from sim.scenario import Scenario
from sim.scenario.base import Model, Name, plain
from sim.scenario.room import check_posts
from sim.scenario.staff import Shift
from sim.writing import write_text

VERSION = 1
COLUMNS = ("role", "department", "place", "place_zh", "shift", "number", "base", "offset")
ROLES = ("hotline", "town_centre", "district_centre", "crew", "gridworker", "part_time")

Row = tuple[str, ...]
Text = Annotated[str, Field(max_length=10_000), AfterValidator(plain)]


@dataclass(frozen=True)
class PlanHead:
    """What stands before the table of a plan file.

    Attributes
    ----------
    scenario, content_hash : str
        The scenario for which it was made.
    districts : tuple of str
        Which of its districts.
    note : str
        How it came about.
    shifts : dict of Shift
        All shifts, in the order by which the plan numbers them.
    """

    scenario: str
    content_hash: str
    districts: tuple[str, ...]
    note: str
    shifts: dict[str, Shift]


def grid_names(city: City) -> list[str]:
    """Name each grid by its town and its number there, such as ``Gusu 01 #12``."""
    counts = np.zeros(len(city.town_name), dtype=int)
    names = []
    for town in city.grid_town.tolist():
        counts[town] += 1
        names.append(f"{city.town_name[town]} #{counts[town]}")
    return names


def write_plan(
    path: Path, scenario: Scenario, city: City, plan: Plan, *, note: str = "", base_hash: str = ""
) -> None:
    """Write a plan to a file, which is replaced only when the text is complete; see `plan_text`."""
    write_text(path, plan_text(scenario, city, plan, note=note, base_hash=base_hash))


def plan_text(
    scenario: Scenario, city: City, plan: Plan, *, note: str = "", base_hash: str = ""
) -> str:
    """Return a plan as the text of a plan file.

    Parameters
    ----------
    scenario : Scenario
        With the shifts that the plan's numbers mean.
    note : str
        How the plan came about, one line.
    base_hash : str
        Hash of the scenario for which the plan was made, where ``scenario`` has further shifts.
    """
    head = {
        "sim_plan": VERSION,
        "scenario": scenario.name,
        "scenario_hash": base_hash or scenario.content_hash,
        "districts": list(city.district_name),
        "note": note,
        "shifts": {name: shift.model_dump() for name, shift in scenario.shifts.items()},
    }
    lines = [f"# {line}".rstrip() + "\n" for line in tomli_w.dumps(head).splitlines()]
    rows = [
        (*row[:5], sum(int(r[5]) for r in equal), *row[6:])
        for row, equal in groupby(_rows(scenario, city, plan))
    ]
    return "".join(lines) + csv_text([COLUMNS, *rows])


def _rows(scenario: Scenario, city: City, plan: Plan) -> Iterator[Row]:
    shifts = list(scenario.shifts)
    for role, places, zh, posts in (
        ("hotline", ["city"], ["全市"], plan.hotline_posts[None, :]),
        ("town_centre", city.town_name, city.town_name_zh, plan.town_posts),
        ("district_centre", city.district_name, city.district_name_zh, plan.district_posts),
    ):
        for place, name_zh, row in zip(places, zh, posts.tolist(), strict=True):
            for shift, n in zip(shifts, row, strict=True):
                if n:
                    yield role, "", place, name_zh, shift, str(n), "", ""
    departments = list(scenario.departments)
    bases = {
        tuple(xy): name for name, xy in zip(city.town_name, city.town_xy.tolist(), strict=True)
    }
    names = _unit_places(city, plan)
    for unit, number, at in zip(
        plan.crew_unit.tolist(), plan.crew_shift.tolist(), plan.crew_xy.tolist(), strict=True
    ):
        department = departments[plan.unit_department[unit]]
        base = bases.get(tuple(at)) or f"{at[0]!r} {at[1]!r}"
        yield "crew", department, *names[unit], shifts[number], "1", base, ""
    grids = grid_names(city)
    zh = [
        f"{city.town_name_zh[t]} #{g.rpartition('#')[2]}"
        for t, g in zip(city.grid_town, grids, strict=True)
    ]
    for grid, number, offset in zip(
        plan.worker_grid.tolist(),
        plan.worker_shift.tolist(),
        plan.worker_offset.tolist(),
        strict=True,
    ):
        yield "gridworker", "", grids[grid], zh[grid], shifts[number], "1", "", repr(offset)
    for grid, n in enumerate(plan.part_time.tolist()):
        if n:
            yield "part_time", "", grids[grid], zh[grid], "", str(n), "", ""


def _unit_places(city: City, plan: Plan) -> list[tuple[str, str]]:
    return [
        (city.town_name[town], city.town_name_zh[town])
        if town >= 0
        else (city.district_name[district], city.district_name_zh[district])
        for town, district in zip(plan.unit_town.tolist(), plan.unit_district.tolist(), strict=True)
    ]


def with_shifts(scenario: Scenario, shifts: dict[str, Shift], file: object) -> Scenario:
    """Return the scenario with further shifts after its own.

    Raises
    ------
    InputError
        If it has another shift of the same name.
    """
    for name, shift in shifts.items():
        own = scenario.shifts.get(name)
        if own is not None and own != shift:
            raise InputError(
                file,
                f"shifts.{name}",
                _say(shift),
                f"the scenario's own shift of this name, {_say(own)}, or another name",
            )
    merged = {**scenario.shifts, **shifts}
    if len(merged) == len(scenario.shifts):
        return scenario
    return scenario.model_copy(update={"shifts": merged})


def _say(shift: Shift) -> str:
    days = shift.days if isinstance(shift.days, str) else ",".join(shift.days)
    return f"{shift.start} for {shift.hours:g} h, {days}"


@dataclass(frozen=True)
class PlanFile:
    """A plan file as it was read: its rows mean something once there is a city.

    Attributes
    ----------
    path : Path
    head : PlanHead
    rows : tuple
        Line number and cells by column.
    """

    path: Path
    head: PlanHead
    rows: tuple[tuple[int, dict[str, str]], ...]

    @classmethod
    def read(cls, path: Path) -> PlanFile:
        """Read a plan file.

        Raises
        ------
        InputError
            If it is none.
        """
        lines = read_text(path, field="plan").split("\n")
        size = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
        head = _head(path, "\n".join(line[1:].strip() for line in lines[:size]))
        table = parse_csv("\n".join(lines[size:]), path)
        if not table or tuple(table[0]) != COLUMNS:
            raise InputError(
                path, f"line {size + 1}", "other columns", f"the columns {','.join(COLUMNS)}"
            )
        rows = []
        for line, cells in enumerate(table[1:], start=size + 2):
            if cells and len(cells) != len(COLUMNS):
                allowed = f"{len(COLUMNS)} columns"
                raise InputError(path, f"line {line}", f"{len(cells)} cells", allowed)
            if cells:
                rows.append((line, dict(zip(COLUMNS, cells, strict=True))))
        return cls(path, head, tuple(rows))

    def plan(self, scenario: Scenario, city: City) -> Plan:
        """Return the plan for a scenario, which has its shifts, and the city built from it.

        Raises
        ------
        InputError
            If its places or departments do not fit: with the row.
        """
        return _Reader(self.path, scenario, city).plan(self.rows)


class _Head(Model):
    """What the head of a plan file may say."""

    sim_plan: int
    scenario: Text = ""
    scenario_hash: Text = ""
    districts: tuple[Text, ...] = ()
    note: Text = ""
    shifts: dict[Name, Shift] = Field(default_factory=dict)


def _head(path: Path, text: str) -> PlanHead:
    head = parse_toml(text, path)
    if head.get("sim_plan") != VERSION:
        raise InputError(
            path, "sim_plan", head.get("sim_plan"), f"{VERSION}: the first line of a plan file"
        )
    try:
        said = _Head.model_validate(head)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(path, field, first["input"], str(first["msg"]).lower()) from None
    return PlanHead(said.scenario, said.scenario_hash, said.districts, said.note, said.shifts)


class _Reader:
    """Turns rows into arrays, or says which row does not fit."""

    def __init__(self, path: Path, scenario: Scenario, city: City) -> None:
        self.path, self.scenario, self.city = path, scenario, city
        self.shifts = {name: i for i, name in enumerate(scenario.shifts)}
        self.departments = {name: i for i, name in enumerate(scenario.departments)}
        self.towns = {name: i for i, name in enumerate(city.town_name)}
        self.districts = {name: i for i, name in enumerate(city.district_name)}
        self.grids = {name: i for i, name in enumerate(grid_names(city))}

    def plan(self, rows: Sequence[tuple[int, dict[str, str]]]) -> Plan:
        unit_department, unit_district, unit_town, unit_of = units(self.scenario, self.city)
        unit_at = {
            (int(d), int(town) if town >= 0 else -1 - int(district)): unit
            for unit, (d, district, town) in enumerate(
                zip(unit_department, unit_district, unit_town, strict=True)
            )
        }
        size = len(self.shifts)
        posts = {
            "hotline": np.zeros((1, size), dtype=np.int64),
            "town_centre": np.zeros((len(self.towns), size), dtype=np.int64),
            "district_centre": np.zeros((len(self.districts), size), dtype=np.int64),
        }
        part_time = np.zeros(len(self.grids), dtype=np.int64)
        crews: list[tuple[int, int, float, float]] = []
        workers: list[tuple[int, int, float]] = []
        walks = [s for s in self.shifts if s in self.scenario.patrol.rounds]
        places = {
            "hotline": {"city": 0},
            "town_centre": self.towns,
            "district_centre": self.districts,
        }
        check_posts(
            self.path,
            (
                (f"line {line}, column number", row["role"], self.number(line, row))
                for line, row in rows
            ),
        )
        for line, row in rows:
            role = self.one(line, row, "role", ROLES)
            number = self.number(line, row)
            if role in places:
                place = self.one(line, row, "place", places[role])
                shift = self.one(line, row, "shift", self.shifts)
                posts[role][places[role][place], self.shifts[shift]] += number
            elif role == "crew":
                department = self.one(line, row, "department", self.departments)
                body = self.scenario.departments[department]
                known = self.towns if body.level == "town" else self.districts
                at = known[self.one(line, row, "place", known)]
                key = (self.departments[department], at if body.level == "town" else -1 - at)
                shift = self.one(line, row, "shift", self.shifts)
                crews += [(unit_at[key], self.shifts[shift], *self.base(line, row))] * number
            elif role == "gridworker":
                grid = self.one(line, row, "place", self.grids)
                shift = self.one(line, row, "shift", walks)
                offset = self.real(line, row, "offset", row["offset"])
                workers += [(self.grids[grid], self.shifts[shift], offset)] * number
            else:
                part_time[self.grids[self.one(line, row, "place", self.grids)]] += number
        return Plan(
            worker_grid=np.array([w[0] for w in workers], dtype=np.int32),
            worker_shift=np.array([w[1] for w in workers], dtype=np.int16),
            worker_offset=np.array([w[2] for w in workers], dtype=np.float64),
            part_time=part_time,
            hotline_posts=posts["hotline"][0],
            town_posts=posts["town_centre"],
            district_posts=posts["district_centre"],
            unit_department=unit_department,
            unit_district=unit_district,
            unit_town=unit_town,
            unit_of=unit_of,
            crew_unit=np.array([c[0] for c in crews], dtype=np.int32),
            crew_shift=np.array([c[1] for c in crews], dtype=np.int16),
            crew_xy=np.array([c[2:] for c in crews], dtype=np.float64).reshape(-1, 2),
        )

    def one(self, line: int, row: dict[str, str], column: str, allowed: Any) -> str:
        value = row[column]
        if value not in allowed:
            raise InputError(
                self.path, f"line {line}, column {column}", value, one_of(value, allowed)
            )
        return value

    def number(self, line: int, row: dict[str, str]) -> int:
        try:
            number = int(row["number"])
        except ValueError:
            number = -1
        if not 0 <= number <= 1_000_000:
            raise InputError(
                self.path, f"line {line}, column number", row["number"], "0 to 1000000"
            )
        return number

    def real(self, line: int, row: dict[str, str], column: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise InputError(
                self.path, f"line {line}, column {column}", row[column], "a finite number"
            )
        return value

    def base(self, line: int, row: dict[str, str]) -> NDArray[np.float64]:
        """Return where a crew is stationed: in a town, or at x y in m."""
        if row["base"] in self.towns:
            return self.city.town_xy[self.towns[row["base"]]]
        parts = row["base"].split()
        if len(parts) != 2:
            raise InputError(
                self.path, f"line {line}, column base", row["base"], "a town, or x and y in m"
            )
        return np.array([self.real(line, row, "base", part) for part in parts])
