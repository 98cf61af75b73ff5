"""What a plan costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.clock import DAY, HOUR, WEEK
from sim.errors import InputError
from sim.model.calendar import Calendar, day_seconds
from sim.model.plan import Plan

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.staff import Costs, Shift

NIGHT = (22 * HOUR, 30 * HOUR)
"""From when to when an hour counts as night, s since midnight."""


@dataclass(frozen=True)
class PlanCost:
    """Yuan a week, by role."""

    hotline: float
    centres: float
    crews: float
    gridworkers: float
    part_time: float

    @property
    def total(self) -> float:
        """Yuan a week in all."""
        return self.hotline + self.centres + self.crews + self.gridworkers + self.part_time


def costs_of(scenario: Scenario) -> Costs:
    """Return the scenario's costs.

    Raises
    ------
    InputError
        If it has none.
    """
    if scenario.costs is None:
        raise InputError(
            f"scenario {scenario.name}", "costs", None, "a table of yuan an hour by role"
        )
    return scenario.costs


def paid_hours(shift: Shift, night_supplement: float) -> float:
    """Return the hours of one post of a shift in a week, night hours weighted."""
    night = Calendar.from_windows([NIGHT], DAY)
    start = day_seconds(shift.start)
    end = start + shift.hours * HOUR
    daily = shift.hours + night_supplement * night.between(start, end) / HOUR
    return daily * len(shift.weekdays)


def post_costs(scenario: Scenario) -> NDArray[np.float64]:
    """Return what one post of each shift costs a week at 1 yuan an hour, float64 [S]."""
    supplement = costs_of(scenario).night_supplement
    return np.array([paid_hours(shift, supplement) for shift in scenario.shifts.values()])


def crew_rates(scenario: Scenario) -> NDArray[np.float64]:
    """Return yuan an hour of a crew of each department, float64 [departments]."""
    costs = costs_of(scenario)
    return np.array([costs.crew_of.get(name, costs.crew) for name in scenario.departments])


def plan_cost(scenario: Scenario, plan: Plan) -> PlanCost:
    """Sum up what a plan costs a week.

    Raises
    ------
    InputError
        If the scenario has no costs.
    """
    costs, hours = costs_of(scenario), post_costs(scenario)
    rate = crew_rates(scenario)[plan.unit_department[plan.crew_unit]]
    observers = float(plan.part_time.sum()) * costs.part_time_hours_a_day * WEEK / DAY
    return PlanCost(
        hotline=float(plan.hotline_posts @ hours) * costs.hotline_operator,
        centres=float((plan.town_posts.sum(axis=0) + plan.district_posts.sum(axis=0)) @ hours)
        * costs.centre_operator,
        crews=float(rate @ hours[plan.crew_shift]),
        gridworkers=float(hours[plan.worker_shift].sum()) * costs.gridworker,
        part_time=observers * costs.part_time,
    )
