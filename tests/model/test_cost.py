"""What a plan costs: by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from staffing_case import CHANGES
from tiny import tiny

from sim.city import City
from sim.errors import InputError
from sim.model.cost import crew_rates, paid_hours, plan_cost
from sim.model.staffing import base_plan

# hours a week of day 08-17, office 08:30-17:30 on weekdays, late 14-22, night 22-08; eight hours
# of the night (22-06) cost a quarter more
HOURS = {"day": 63.0, "office": 45.0, "late": 56.0, "night": (10 + 8 / 4) * 7}


def test_paid_hours(tmp_path: Path) -> None:
    shifts = tiny(tmp_path).shifts
    assert {name: paid_hours(shift, 0.25) for name, shift in shifts.items()} == HOURS
    assert paid_hours(shifts["night"], 0.0) == 70.0
    assert paid_hours(shifts["night"], 1.0) == 126.0


@pytest.mark.parametrize(
    ("start", "hours", "night"),
    [("00:00", 24.0, 8.0), ("05:00", 2.0, 1.0), ("21:30", 1.0, 0.5), ("06:00", 16.0, 0.0)],
)
def test_the_supplement_is_for_the_hours_from_22_to_6(
    start: str, hours: float, night: float, tmp_path: Path
) -> None:
    shift = tiny(tmp_path).shifts["day"].model_copy(update={"start": start, "hours": hours})
    assert paid_hours(shift, 0.5) == pytest.approx(7 * (hours + night / 2))


def test_a_plan_costs_the_sum_of_its_posts(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, [c for c in CHANGES if c.startswith(("costs", "contracts"))])
    plan = base_plan(scenario, City.build(scenario))
    day, late, night = HOURS["day"], HOURS["late"], HOURS["night"]
    cost = plan_cost(scenario, plan)
    assert cost.hotline == 35 * (2 * day + late + night)
    assert cost.centres == 40 * (5 * day + 2 * day + 2 * late + 2 * night)
    crews = [d.crews for d in scenario.departments.values()]
    assert cost.crews == 100 * sum(HOURS[s] * n for crew in crews for s, n in crew.items())
    posts = np.bincount(plan.worker_shift, minlength=4) @ list(HOURS.values())
    assert cost.gridworkers == 30 * posts
    assert cost.part_time == 10 * 40 * 7
    assert cost.total == sum(
        (cost.hotline, cost.centres, cost.crews, cost.gridworkers, cost.part_time)
    )


def test_a_department_may_have_a_rate_of_its_own(tmp_path: Path) -> None:
    changes = [c for c in CHANGES if c.startswith(("costs", "contracts"))]
    scenario = tiny(tmp_path, [*changes, "costs.crew_of.police=130"])
    rates = dict(zip(scenario.departments, crew_rates(scenario).tolist(), strict=True))
    assert rates == dict.fromkeys(scenario.departments, 100.0) | {"police": 130.0}


def test_without_costs_there_is_a_message(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    with pytest.raises(InputError, match="a table of yuan an hour"):
        plan_cost(scenario, base_plan(scenario, City.build(scenario)))
