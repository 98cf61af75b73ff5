"""The plan of the base year."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tiny import tiny

from sim.city import City
from sim.model.plan import Plan
from sim.model.staffing import base_plan
from sim.scenario import Scenario


def plan_of(scenario: Scenario) -> tuple[City, Plan]:
    city = City.build(scenario)
    return city, base_plan(scenario, city)


def test_posts_are_all_given_out(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    _, plan = plan_of(scenario)
    assert plan.hotline_posts.tolist() == [2, 0, 1, 1]
    assert plan.town_posts.sum(axis=0).tolist() == [5, 0, 0, 0]
    assert plan.town_posts[:, 0].tolist() == [1] * 5
    assert plan.district_posts.sum(axis=0).tolist() == [2, 0, 2, 2]
    names = list(scenario.departments)
    of_crew = plan.unit_department[plan.crew_unit]
    for number, name in enumerate(names):
        posts = np.bincount(plan.crew_shift[of_crew == number], minlength=4)
        wanted = [scenario.departments[name].crews.get(shift, 0) for shift in scenario.shifts]
        assert posts.tolist() == wanted
    assert len(plan.worker_grid) == 17
    assert plan.part_time.sum() == 40


def test_units_serve_their_towns(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    city, plan = plan_of(scenario)
    for number, body in enumerate(scenario.departments.values()):
        for town, district in enumerate(city.town_district):
            unit = plan.unit_of[number, town]
            assert plan.unit_department[unit] == number
            assert plan.unit_district[unit] == district
            assert plan.unit_town[unit] == (town if body.level == "town" else -1)


def test_bases(tmp_path: Path) -> None:
    city, plan = plan_of(tiny(tmp_path))
    for crew, unit in enumerate(plan.crew_unit):
        town = plan.unit_town[unit]
        district = plan.unit_district[unit]
        towns = [town] if town >= 0 else np.flatnonzero(city.town_district == district)
        assert (plan.crew_xy[crew] == city.town_xy[towns]).all(axis=1).any()


def test_a_district_has_the_same_staff_alone(tmp_path: Path) -> None:
    city, whole = plan_of(tiny(tmp_path))
    _, west = plan_of(tiny(tmp_path, ["area.include=['West']"]))
    here = city.town_district == 1
    assert (whole.town_posts[here] == west.town_posts).all()
    assert (whole.district_posts[1] == west.district_posts[0]).all()
    there = whole.unit_district[whole.crew_unit] == 1
    assert (whole.crew_shift[there] == west.crew_shift).all()
    assert (whole.part_time[city.grid_district == 1] == west.part_time).all()
    assert west.hotline_posts.tolist() == [1, 0, 1, 1]  # its share of two, but one at least


def test_further_gridworkers_take_the_extra_shift(tmp_path: Path) -> None:
    _, plan = plan_of(tiny(tmp_path))
    for grid in range(14):
        here = plan.worker_grid == grid
        shifts = plan.worker_shift[here].tolist()
        assert shifts == [0] + [3] * (here.sum() - 1)
        assert len(set(plan.worker_offset[here])) == here.sum()


def test_staff_scale(tmp_path: Path) -> None:
    changes = [f"staff_scale.{role}=0.5" for role in
               ("full_time", "part_time", "hotline", "centres", "crews")]  # fmt: skip
    _, plan = plan_of(tiny(tmp_path, changes))
    assert abs(len(plan.worker_grid) - 8.5) <= 1
    assert plan.part_time.sum() == 20
    assert plan.hotline_posts.tolist() == [1, 0, 0, 0]  # halves go to even
    none = [f"staff_scale.{role}=0" for role in
            ("full_time", "part_time", "hotline", "centres", "crews")]  # fmt: skip
    _, nobody = plan_of(tiny(tmp_path, none))
    assert len(nobody.worker_grid) == len(nobody.crew_unit) == 0
    assert nobody.hotline_posts.sum() == nobody.town_posts.sum() == nobody.part_time.sum() == 0
