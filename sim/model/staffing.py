"""The staffing of the base year: the scenario's totals, apportioned by population."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sim.city.apportion import apportion
from sim.city.city import City
from sim.model.plan import Plan
from sim.scenario import Scenario

Ints = NDArray[np.int64]


def base_plan(scenario: Scenario, city: City) -> Plan:
    """Build the scenario's own staffing.

    Posts of the whole city are apportioned to all its districts first, so that a district has
    the same staff whether it is simulated alone or with the others. The hotline belongs to the
    whole city: some districts alone have the share of it that is theirs by population.

    Parameters
    ----------
    scenario : Scenario
        Totals, shifts and ``staff_scale``.
    city : City
        All or some of its districts.
    """
    scale = scenario.staff_scale
    staff = _Staffing(scenario, city)
    grid, shift, offset = staff.gridworkers()
    unit_department, unit_district, unit_town, unit_of = units(scenario, city)
    crew_unit, crew_shift, crew_xy = staff.crews(unit_department, unit_district, unit_town)
    hotline = staff.by_shift(scenario.hotline.operators, scale.hotline, staff.to_hotline)
    return Plan(
        worker_grid=grid,
        worker_shift=shift,
        worker_offset=offset,
        part_time=staff.scaled_by_district(city.grid_part_time, scale.part_time),
        hotline_posts=hotline[0],
        town_posts=staff.by_shift(scenario.centres.town_operators, scale.centres, staff.to_towns),
        district_posts=staff.by_shift(
            scenario.centres.district_operators, scale.centres, staff.to_districts
        ),
        unit_department=unit_department,
        unit_district=unit_district,
        unit_town=unit_town,
        unit_of=unit_of,
        crew_unit=crew_unit,
        crew_shift=crew_shift,
        crew_xy=crew_xy,
    )


def units(
    scenario: Scenario, city: City
) -> tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int32], NDArray[np.int32]]:
    """List the units: a department's force in each town, or in each district.

    Returns
    -------
    unit_department, unit_district, unit_town, unit_of
        As in `Plan`.
    """
    towns = np.arange(len(city.town_district))
    districts = np.arange(len(city.district_code))
    department: list[int] = []
    district: list[int] = []
    town: list[int] = []
    unit_of: list[NDArray[np.int_]] = []
    for number, body in enumerate(scenario.departments.values()):
        start = len(department)
        if body.level == "town":
            department += [number] * len(towns)
            district += city.town_district.tolist()
            town += towns.tolist()
            unit_of.append(start + towns)
        else:
            department += [number] * len(districts)
            district += districts.tolist()
            town += [-1] * len(districts)
            unit_of.append(start + city.town_district.astype(int))
    return (
        np.array(department, dtype=np.int16),
        np.array(district, dtype=np.int16),
        np.array(town, dtype=np.int32),
        np.array(unit_of, dtype=np.int32),
    )


class _Staffing:
    """Apportions the posts of the whole city to the places of the (perhaps smaller) city."""

    def __init__(self, scenario: Scenario, city: City) -> None:
        self.scenario, self.city = scenario, city
        self.shift_number = {name: i for i, name in enumerate(scenario.shifts)}
        table = scenario.district_table
        codes = [str(row.code) for row in table]
        self.population = [row.population_2020_census for row in table]
        self.towns = np.array([scenario.districts[row.name_en].towns for row in table])
        self.included = [codes.index(code) for code in city.district_code]

    def to_districts(self, total: int) -> Ints:
        """Share posts out, at least one to each district when there are enough."""
        few = total < len(self.population)
        return apportion(total, self.population, minimum=0 if few else 1)[self.included]

    def to_towns(self, total: int) -> Ints:
        """Share posts out, at least one to each town when there are enough."""
        floor = self.towns if total >= self.towns.sum() else 0 * self.towns
        district = floor + apportion(total - int(floor.sum()), self.population)
        posts = np.zeros(len(self.city.town_district), dtype=np.int64)
        for number, at in enumerate(self.included):
            here = self.city.town_district == number
            enough = district[at] >= here.sum()
            posts[here] = apportion(
                int(district[at]), self.city.town_population[here], minimum=1 if enough else 0
            )
        return posts

    def to_hotline(self, total: int) -> Ints:
        """Give the city its share of the one hotline, at least one post of any."""
        share = float(self.city.district_share.sum())
        return np.array([max(round(total * share), min(total, 1))])

    def by_shift(self, posts: Mapping[str, int], scale: float, to: Callable[[int], Ints]) -> Ints:
        """Turn posts by name of shift into an array [places, shifts]."""
        columns = [to(round(posts.get(name, 0) * scale)) for name in self.shift_number]
        return np.array(columns, dtype=np.int64).T

    def scaled_by_district(self, counts: Ints, scale: float) -> Ints:
        """Scale the counts of grids so that each district's sum is scaled and the loss spread."""
        out = np.zeros_like(counts)
        for district in range(len(self.city.district_code)):
            here = self.city.grid_district == district
            below = np.rint(np.cumsum(counts[here]) * scale)
            out[here] = np.diff(below, prepend=0).astype(np.int64)
        return out

    def gridworkers(self) -> tuple[NDArray[np.int32], NDArray[np.int16], NDArray[np.float64]]:
        """Place full-time gridworkers: the first of a grid by day, further ones on their shift."""
        count = self.scaled_by_district(
            self.city.grid_full_time, self.scenario.staff_scale.full_time
        )
        grid = np.repeat(np.arange(len(count)), count)
        nth = np.arange(len(grid)) - np.repeat(np.cumsum(count) - count, count)
        patrol = self.scenario.patrol
        first, further = self.shift_number[patrol.shift], self.shift_number[patrol.extra_shift]
        shift = np.where(nth == 0, first, further)
        offset = nth / np.maximum(count[grid], 1)
        return grid.astype(np.int32), shift.astype(np.int16), offset

    def crews(
        self,
        unit_department: NDArray[np.int16],
        unit_district: NDArray[np.int16],
        unit_town: NDArray[np.int32],
    ) -> tuple[NDArray[np.int32], NDArray[np.int16], NDArray[np.float64]]:
        """Fill the units' posts; a district's crews are stationed in its towns by population."""
        unit, shift, town = [], [], []
        for number, body in enumerate(self.scenario.departments.values()):
            here = np.flatnonzero(unit_department == number)
            to = self.to_towns if body.level == "town" else self.to_districts
            posts = self.by_shift(body.crews, self.scenario.staff_scale.crews, to)
            for place, row in zip(here, posts, strict=True):
                stations = np.array([unit_town[place]])
                if body.level == "district":
                    stations = np.flatnonzero(self.city.town_district == unit_district[place])
                people = self.city.town_population[stations]
                for k, n in enumerate(row):
                    unit += [place] * int(n)
                    shift += [k] * int(n)
                    town += np.repeat(stations, apportion(int(n), people)).tolist()
        crew_unit = np.array(unit, dtype=np.int32)
        base = self.city.town_xy[np.array(town, dtype=np.intp)].reshape(-1, 2)
        return crew_unit, np.array(shift, dtype=np.int16), base
