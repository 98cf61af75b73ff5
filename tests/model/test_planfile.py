"""Plan files: what is read is what was written, and what does not fit is said."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny

import sim
from sim.city import City
from sim.errors import InputError
from sim.model.plan import Plan
from sim.model.planfile import PlanFile, with_shifts, write_plan
from sim.model.setup import Setup
from sim.model.staffing import base_plan
from sim.scenario import Scenario
from sim.scenario.staff import Shift


@pytest.fixture
def made(tmp_path: Path) -> tuple[Scenario, City, Plan, Path]:
    scenario = tiny(tmp_path)
    city = City.build(scenario)
    plan = base_plan(scenario, city)
    path = tmp_path / "plan.csv"
    write_plan(path, scenario, city, plan, note="the staff of the base year")
    return scenario, city, plan, path


def equal(a: Plan, b: Plan) -> bool:
    pairs = [(getattr(a, f.name), getattr(b, f.name)) for f in fields(Plan)]
    return all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in pairs)


def test_round_trip_is_exact(made: tuple[Scenario, City, Plan, Path]) -> None:
    scenario, _city, plan, path = made
    setup = Setup.of(scenario, plan=path)
    assert setup.scenario is scenario
    assert setup.plan is not None
    assert equal(plan, setup.plan)
    head = PlanFile.read(path).head
    assert (head.scenario, head.content_hash) == ("tiny", scenario.content_hash)
    assert head.districts == ("East", "West")


def test_any_base_offset_and_order_survive(made: tuple[Scenario, City, Plan, Path]) -> None:
    scenario, city, plan, path = made
    random = np.random.default_rng(1)
    order = random.permutation(len(plan.crew_unit))
    odd = replace(
        plan,
        crew_unit=plan.crew_unit[order],
        crew_shift=plan.crew_shift[order],
        crew_xy=plan.crew_xy[order] + random.normal(size=(len(order), 2)) * 1e3,
        worker_offset=random.random(len(plan.worker_grid)),
    )
    write_plan(path, scenario, city, odd)
    assert equal(odd, PlanFile.read(path).plan(scenario, city))


def test_the_run_is_that_of_the_base_year(made: tuple[Scenario, City, Plan, Path]) -> None:
    scenario, _, _, path = made
    own = sim.simulate(scenario, days=1)
    from_file = sim.simulate(scenario, days=1, plan=path)
    for name, column in own.tickets.items():
        assert np.array_equal(column, from_file.tickets[name], equal_nan=column.dtype.kind == "f")


def test_further_shifts_come_with_the_plan(made: tuple[Scenario, City, Plan, Path]) -> None:
    scenario, city, _, path = made
    block = Shift(start="10:00", hours=4, days=("mon", "wed"))
    wider = with_shifts(scenario, {"block": block}, path)
    plan = base_plan(wider, city)
    posts = plan.hotline_posts.copy()
    posts[-1] = 3
    write_plan(path, wider, city, replace(plan, hotline_posts=posts))
    setup = Setup.of(scenario, plan=path)
    again, read = setup.scenario, setup.plan
    assert read is not None
    assert list(again.shifts) == [*scenario.shifts, "block"]
    assert again.shifts["block"] == block
    assert read.hotline_posts[-1] == 3
    simulation = sim.prepare(scenario, days=1, plan=path)
    simulation.run(3600.0)
    assert len(simulation.scenario.shifts) == 5


@pytest.mark.parametrize(
    ("old", "new", "field", "says"),
    [
        ("crew,police,East 01", "crew,polise,East 01", "column department", "did you mean police"),
        ("crew,police,East 01", "crew,police,East 91", "column place", "East 01"),
        (",East 01,东区 01,day,", ",East 01,东区 01,dya,", "column shift", "day"),
        ("hotline,,city,全市,day,2", "hotline,,city,全市,day,-2", "column number", "0 to"),
        ("hotline,,city,全市,day,2", "hotline,,city,全市,day", "line", "8 columns"),
        ("role,department", "role,dept", "line", "role,department"),
        ("# sim_plan = 1", "# sim_plan = 9", "sim_plan", "1"),
        ('# start = "08:00"', '# start = "07:00"', "shifts.day", "08:00"),
        ("# hours = 9.0", "# hours = 90.0", "shifts.day.hours", "24"),
    ],
)
def test_what_does_not_fit_is_said(
    made: tuple[Scenario, City, Plan, Path], old: str, new: str, field: str, says: str
) -> None:
    scenario, _city, _, path = made
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as error:
        Setup.of(scenario, plan=path)
    assert field in error.value.field
    assert says in error.value.allowed


def test_another_city_is_said(made: tuple[Scenario, City, Plan, Path], tmp_path: Path) -> None:
    *_, path = made
    west = tiny(tmp_path / "west", ["area.include=['West']"])
    with pytest.raises(InputError, match="East 01"):
        Setup.of(west, plan=path)
    with pytest.raises(InputError, match="No such file"):
        Setup.of(west, plan=tmp_path / "none.csv")
