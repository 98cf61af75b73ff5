"""Who finds how much, when: the race of patrols, observers, cameras and citizens as a fluid.

The matters of a category that lie undiscovered in a district are a stock. Each hour it gains
what arises and loses at the sum of the hazards of all who may find it; the flows of a week that
repeats itself follow in closed form. The simulation draws what the fluid has as means; patrols
come by in loops, which the fluid takes as a constant hazard. Surges and random days are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.model.calendar import round_calendars
from sim.workload.arrivals import Demand

if TYPE_CHECKING:
    from sim.city.city import City
    from sim.model.plan import Plan
    from sim.scenario import Scenario

Floats = NDArray[np.float64]
HOURS = 168
_AT_ONCE = 60.0  # hazard an hour of what happens within a minute


@dataclass(frozen=True, eq=False)
class Flows:
    """Matters an hour, each float64 [D, C, 168] from the scenario's first midnight on.

    Attributes
    ----------
    call, online, police : what citizens report, questions left out
    asked, asked_online, asked_police : questions, answered during the call where there is one
    patrol, observers, camera : what others find
    """

    call: Floats
    online: Floats
    police: Floats
    asked: Floats
    asked_online: Floats
    asked_police: Floats
    patrol: Floats
    observers: Floats
    camera: Floats


def week(scenario: Scenario, city: City) -> Floats:
    """Return the mean matters by district, category and hour of the week, float64 [D, C, 168]."""
    demand = Demand.build(scenario, city)
    weekday = (scenario.time.start.weekday() + np.arange(7)) % 7
    shape = []
    for category in scenario.categories:
        profile = scenario.profiles[category.profile]
        hours, days = np.asarray(profile.hours, float), np.asarray(profile.weekdays, float)
        shape.append(np.outer(days[weekday] / days.mean(), hours / hours.sum()).ravel())
    return demand.matters[:, :, None] * np.array(shape)[None]


def patrol_rate(scenario: Scenario, city: City, plan: Plan, grids: NDArray[np.int64]) -> Floats:
    """Return how often an hour a place of these grids is passed, by hour of the week [168]."""
    loop_h = city.grid_loop_m / 1000.0 / scenario.patrol.speed_kmh
    people = city.grid_population[grids] / max(city.grid_population[grids].sum(), 1)
    weight = np.zeros(len(loop_h))
    weight[grids] = people
    rate = np.zeros(HOURS)
    for shift, calendar in round_calendars(scenario).items():
        walks = np.diff([calendar.accrued(h * 3600.0) for h in range(HOURS + 1)]) / 3600.0
        there = plan.worker_grid[plan.worker_shift == shift]
        rate += float((weight[there] / loop_h[there]).sum()) * walks
    return rate


def flows(scenario: Scenario, city: City, plan: Plan) -> Flows:
    """Compute who finds how much under a plan's patrols and part-timers."""
    kinds = scenario.categories
    arise = week(scenario, city)
    demand = Demand.build(scenario, city)
    hour = np.arange(HOURS) % 24

    def figure(name: str, default: float) -> Floats:
        values = [getattr(c, name) for c in kinds]
        return np.array([default if v is None else v for v in values], dtype=float)

    def active(shape: tuple[float, ...]) -> Floats:
        profile = np.asarray(shape, dtype=float)
        return (profile / profile.mean())[hour]

    citizens, observers = (
        active(scenario.activity.citizens),
        active(scenario.activity.part_time_observers),
    )
    with np.errstate(divide="ignore"):
        patience = np.minimum(1.0 / figure("patience_h", np.inf), _AT_ONCE)
        vanish = np.minimum(1.0 / figure("lifetime_h", np.inf), _AT_ONCE)
        observer = 1.0 / (24.0 * figure("observer_days", np.inf))
    sight = figure("patrol_visibility", 0.0)
    calls = demand.hotline + demand.police
    police = demand.reporters * np.divide(
        demand.police, calls, out=np.zeros_like(calls), where=calls > 0
    )
    by_12345 = demand.reporters - police
    question = figure("answered_at_once", 0.0)
    online = scenario.hotline.online_share
    out = {name: np.zeros_like(arise) for name in Flows.__dataclass_fields__}
    for d in range(len(city.district_name)):
        grids = np.flatnonzero(city.grid_district == d)
        passes = patrol_rate(scenario, city, plan, grids)
        part_timers = float(np.average(plan.part_time[grids], weights=city.grid_population[grids]))
        coverage = float(np.average(city.grid_camera[grids], weights=city.grid_population[grids]))
        seen = np.minimum(figure("camera_visibility", 0.0) * coverage, 1.0)
        others = np.stack(
            (
                sight[:, None] * passes,
                observer[:, None] * part_timers * observers,
                np.repeat(vanish[:, None], HOURS, axis=1),
            )
        )
        for share, hazard, name, asked in (
            (by_12345[d], patience[:, None] * citizens, "call", "asked"),
            (police[d], np.repeat(patience[:, None], HOURS, axis=1), "police", "asked_police"),
            (1 - demand.reporters[d], np.zeros((len(kinds), HOURS)), "", ""),
        ):
            arisen = arise[d] * share[:, None]
            if asked:
                out[asked][d] += _race(arisen * question[:, None], hazard[None])[0]
                arisen = arisen * (1 - question[:, None])
            out["camera"][d] += arisen * seen[:, None]
            found = _race(arisen * (1 - seen[:, None]), np.concatenate((hazard[None], others)))
            if name:
                out[name][d] += found[0]
            out["patrol"][d] += found[1]
            out["observers"][d] += found[2]
    for name in ("call", "asked"):
        to = "online" if name == "call" else "asked_online"
        out[to] = out[name] * online
        out[name] = out[name] * (1 - online)
    return Flows(**out)


def _race(arise: Floats, hazards: Floats) -> Floats:
    """Return what each hazard takes an hour, in a week that repeats itself.

    Parameters
    ----------
    arise : float64 [C, 168]
        An hour.
    hazards : float64 [K, C, 168]
        An hour, constant within each.

    Returns
    -------
    float64 [K, C, 168]
    """
    total = hazards.sum(axis=0)
    keep = np.exp(-total)
    safe = np.where(total > 0, total, 1.0)
    fresh = np.where(total > 0, (1 - keep) / safe, 1.0)  # of what arises, what is left at the end
    stock = np.zeros(arise.shape[0])
    for h in range(HOURS):
        stock = stock * keep[:, h] + arise[:, h] * fresh[:, h]
    whole = np.exp(-total.sum(axis=1))
    # what is never found piles up: it is in nobody's flow
    stock = np.divide(stock, 1 - whole, out=np.zeros_like(stock), where=whole < 1)
    taken = np.empty_like(arise)
    for h in range(HOURS):
        after = stock * keep[:, h] + arise[:, h] * fresh[:, h]
        taken[:, h] = stock + arise[:, h] - after
        stock = after
    taken = np.where(total > 0, taken, 0.0)
    return hazards * (taken / safe)[None]
