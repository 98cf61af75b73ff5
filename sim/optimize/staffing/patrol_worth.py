"""Patrol: what one more gridworker finds, and whom they spare the telephone and the crews.

A grid's gridworkers walk its loop; a matter there is passed at a rate that grows with their
number, and the race with its citizen's patience (`discovery`) gives what they find. The n-th
gridworker finds less than the one before: benefits are concave, so that giving out gridworkers
one by one, each to the grid where they are worth most, is optimal (marginal analysis; Fox,
*Discrete optimization via marginal analysis*, Management Science 13, 1966).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.clock import HOUR, WEEK
from sim.model.calendar import round_calendars
from sim.model.cost import costs_of, crew_rates, post_costs
from sim.optimize.staffing.discovery import week
from sim.scenario.dates import typical_week
from sim.workload.arrivals import Demand

if TYPE_CHECKING:
    from sim.city.city import City
    from sim.model.plan import Plan
    from sim.scenario import Scenario

Floats = NDArray[np.float64]
MOST = 4
"""Gridworkers of one grid at most."""


@dataclass(frozen=True, eq=False)
class Benefit:
    """What a grid's gridworkers do in a week, by their number.

    Attributes
    ----------
    found, calls : float64 [G, MOST + 1]
        Matters they find, and calls to 12345 and 110 that are thereby spared.
    crew_h : float64 [G, MOST + 1]
        Hours of crews that are spared because they deal with simple matters on the spot.
    worth : float64 [G, MOST + 1]
        Yuan: operators' and crews' time that is spared, less the work that only they bring in.
    """

    found: Floats
    calls: Floats
    crew_h: Floats
    worth: Floats

    def marginal(self) -> Floats:
        """Return the worth of the n-th gridworker of each grid, float64 [G, MOST]."""
        return np.diff(self.worth, axis=1)


def benefits(scenario: Scenario, city: City) -> Benefit:
    """Compute what gridworkers on the day shift's rounds do in each grid.

    Hazards are means over the week, so that a grid is one race for each category.
    """
    kinds = scenario.categories
    demand = Demand.build(scenario, city)
    weekly = week(scenario, city).sum(axis=2)  # [D, C]
    number = list(scenario.shifts).index(scenario.patrol.shift)
    rounds = round_calendars(typical_week(scenario))[number]
    walked = rounds.accrued(WEEK) / WEEK
    loop_h = city.grid_loop_m / 1000.0 / scenario.patrol.speed_kmh

    def figure(name: str, default: float) -> Floats:
        values = [getattr(c, name) for c in kinds]
        return np.array([default if v is None else v for v in values], dtype=float)

    with np.errstate(divide="ignore"):
        citizen = np.minimum(1.0 / figure("patience_h", np.inf), 60.0)
        vanish = 1.0 / figure("lifetime_h", np.inf)
        observer = 1.0 / (24.0 * figure("observer_days", np.inf))
    sight, on_spot = figure("patrol_visibility", 0.0), figure("on_spot", 0.0)
    question = figure("answered_at_once", 0.0)
    names = list(scenario.departments)
    rates = crew_rates(scenario)[[names.index(c.department) for c in kinds]]
    visit_h = figure("work_min", 0.0) / 60.0 + 0.3  # and a way of some twenty minutes
    costs, hotline = costs_of(scenario), scenario.hotline
    call_cost = hotline.talk_mean_s / HOUR * costs.hotline_operator
    desk_h = (scenario.centres.accept_mean_min + scenario.centres.triage_mean_min) / 60.0
    share = (
        city.grid_population
        / np.bincount(city.grid_district, weights=city.grid_population)[city.grid_district]
    )
    arise = weekly[city.grid_district] * share[:, None]  # [G, C]
    reporters = demand.reporters[city.grid_district]
    observers = observer * np.maximum(city.grid_part_time[:, None], 0)
    shape = (len(loop_h), MOST + 1)
    found, calls, crew_h, worth = (np.zeros(shape) for _ in range(4))
    none = None
    for n in range(MOST + 1):
        rate = sight * (n * walked / loop_h)[:, None]
        rest = observers + vanish + 1e-12
        told = arise * reporters * (1 - question)
        silent = arise * (1 - reporters)
        by_patrol = told * rate / (rate + citizen + rest) + silent * rate / (rate + rest)
        called = told * citizen / (rate + citizen + rest)
        by_observer = told * observers / (rate + citizen + rest) + silent * observers / (
            rate + rest
        )
        tickets = by_patrol + called + by_observer
        simple = np.where(n > 0, tickets * on_spot, by_patrol * 0)
        cost = (
            called.sum(axis=1) * call_cost
            + ((tickets - by_patrol * on_spot).sum(axis=1)) * desk_h * costs.centre_operator
            + ((tickets - simple) * visit_h * rates).sum(axis=1)
        )
        if none is None:
            none = (called, cost)
        found[:, n] = by_patrol.sum(axis=1)
        calls[:, n] = (none[0] - called).sum(axis=1)
        crew_h[:, n] = (simple * visit_h).sum(axis=1)
        worth[:, n] = none[1] - cost
    return Benefit(found, calls, crew_h, worth)


def allocate(gain: Floats, total: int) -> NDArray[np.int64]:
    """Give out gridworkers one by one, each where the next is worth most.

    Parameters
    ----------
    gain : float64 [G, MOST]
        Of the n-th in each grid; taken as what never rises with n.
    total : int
        At most ``G * MOST``.

    Returns
    -------
    int64 [G]
    """
    falling = np.minimum.accumulate(gain, axis=1)
    if not 0 <= total <= falling.size:
        raise ValueError(f"{total} gridworkers do not fit {len(gain)} grids")
    # in order of worth; of equals, the first of a grid before the second
    nth = np.broadcast_to(np.arange(gain.shape[1]), gain.shape)
    order = np.lexsort((nth.ravel(), -falling.ravel()))[:total]
    return np.bincount(order // gain.shape[1], minlength=len(gain)).astype(np.int64)


def curve(scenario: Scenario, city: City, totals: list[int]) -> list[dict[str, float]]:
    """Return what numbers of gridworkers find, spare and cost a week, given out by worth."""
    gain = benefits(scenario, city)
    by_find = np.diff(gain.found, axis=1)
    grids = np.arange(len(by_find))
    shift = list(scenario.shifts).index(scenario.patrol.shift)
    each = float(post_costs(scenario)[shift]) * costs_of(scenario).gridworker
    out = []
    for total in totals:
        count = allocate(by_find, total)
        out.append(
            {
                "gridworkers": float(total),
                "found": float(gain.found[grids, count].sum()),
                "calls_spared": float(gain.calls[grids, count].sum()),
                "crew_h_spared": float(gain.crew_h[grids, count].sum()),
                "worth": float(gain.worth[grids, count].sum()),
                "cost": total * each,
            }
        )
    return out


def worth_their_cost(scenario: Scenario, city: City) -> NDArray[np.int64]:
    """Return the gridworkers of each grid that spare more than they cost, int64 [G]."""
    shift = list(scenario.shifts).index(scenario.patrol.shift)
    each = float(post_costs(scenario)[shift]) * costs_of(scenario).gridworker
    falling = np.minimum.accumulate(benefits(scenario, city).marginal(), axis=1)
    return np.asarray((falling >= each).sum(axis=1), dtype=np.int64)


def with_gridworkers(scenario: Scenario, plan: Plan, count: NDArray[np.int64]) -> Plan:
    """Return the plan with other gridworkers: the first of a grid by day, further ones late."""
    grid = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(grid)) - np.repeat(np.cumsum(count) - count, count)
    names = list(scenario.shifts)
    first, further = names.index(scenario.patrol.shift), names.index(scenario.patrol.extra_shift)
    return replace(
        plan,
        worker_grid=grid.astype(np.int32),
        worker_shift=np.where(nth == 0, first, further).astype(np.int16),
        worker_offset=nth / np.maximum(count[grid], 1),
    )
