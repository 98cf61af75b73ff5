"""The plan of the base year."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny import tiny, write

from sim.city import City
from sim.model.plan import Plan
from sim.model.staffing import base_plan
from sim.scenario import Scenario, load
from sim.scenario.layers import parse_overrides


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


@pytest.mark.parametrize(
    ("posts", "towns", "districts"),
    [  # East has 19 of 20 people and 3 towns, West 2
        (4, [4, 0], [3, 1]),  # too few for 5 towns: 3.8 and 0.2 by people; one for each district
        (5, [3, 2], [4, 1]),  # one for each town
        (7, [5, 2], [6, 1]),  # of the two more 1.9 are East's; of the five 4.75
        (1, [1, 0], [1, 0]),
        (2, [2, 0], [1, 1]),
    ],
)
def test_one_post_at_least_where_there_are_enough(
    posts: int, towns: list[int], districts: list[int], tmp_path: Path
) -> None:
    path = write(tmp_path)
    table = tmp_path / "districts.csv"
    table.write_text(table.read_text().replace("120000", "1900000").replace("80000", "100000"))
    grids = ["totals.grids=60", "totals.full_time=60"]
    changes = [f"centres.{level}_operators.day={posts}" for level in ("town", "district")]
    scenario = load(path, parse_overrides([*grids, *changes]))
    city, plan = plan_of(scenario)
    of_town = plan.town_posts[:, 0]
    assert np.bincount(city.town_district, of_town).tolist() == towns
    assert plan.district_posts[:, 0].tolist() == districts
    for district, n in enumerate(towns):
        here = of_town[city.town_district == district]
        assert here.min() >= (1 if n >= len(here) else 0)
        assert here.max() - here.min() <= n
    # West alone has 1/20 of the hotline, but one post of any
    for operators, west in ((0, 0), (1, 1), (2, 1), (19, 1), (40, 2)):
        changes = [f"hotline.operators.day={operators}", "area.include=['West']"]
        some = load(path, parse_overrides([*grids, *changes]))
        assert plan_of(some)[1].hotline_posts[0] == west


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


def test_what_is_scaled_is_scaled_by_district(tmp_path: Path) -> None:
    scale = ["staff_scale.part_time=0.27", "staff_scale.full_time=0.27"]
    city, plan = plan_of(tiny(tmp_path, scale))
    for counts, found in (
        (city.grid_part_time, plan.part_time),
        (city.grid_full_time, np.bincount(plan.worker_grid, minlength=len(city.grid_district))),
    ):
        for district in range(2):
            here = city.grid_district == district
            assert found[here].sum() == round(0.27 * counts[here].sum())


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
