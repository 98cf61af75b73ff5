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
from sim.model.race import RACE, Clock, Entrant
from sim.model.state import Channel
from sim.optimize.hazards import AT_ONCE, OTHERS, at_once, mean_h, per_pass
from sim.scenario.dates import typical_week
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
    found : dict of arrays
        By channel: what becomes known by each.
    asked : dict of arrays
        By channel: questions, which their citizens bring, and which are answered during the call
        where there is one.
    """

    found: dict[Channel, Floats]
    asked: dict[Channel, Floats]


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
    for shift, calendar in round_calendars(typical_week(scenario)).items():
        walks = np.diff([calendar.accrued(h * 3600.0) for h in range(HOURS + 1)]) / 3600.0
        there = plan.worker_grid[plan.worker_shift == shift]
        rate += float((weight[there] / loop_h[there]).sum()) * walks
    return rate


def flows(scenario: Scenario, city: City, plan: Plan) -> Flows:
    """Compute who finds how much under a plan's patrols and part-timers."""
    arise = week(scenario, city)
    demand = Demand.build(scenario, city)
    hour = np.arange(HOURS) % 24

    def active(shape: tuple[float, ...]) -> Floats:
        profile = np.asarray(shape, dtype=float)
        return (profile / profile.mean())[hour]

    activity = {
        Clock.WALL: np.ones(HOURS),
        Clock.OBSERVERS: active(scenario.activity.part_time_observers),
        Clock.CITIZENS: active(scenario.activity.citizens),
    }
    question = np.array([c.answered_at_once for c in scenario.categories])[:, None]
    citizens = {entrant.channel: entrant for entrant in RACE if entrant.reports}
    rated = [entrant for entrant in OTHERS if entrant.channel not in AT_ONCE]
    found = {entrant.channel: np.zeros_like(arise) for entrant in RACE}
    asked = {channel: np.zeros_like(arise) for channel in citizens}
    calls = demand.hotline + demand.police
    police = demand.reporters * np.divide(
        demand.police, calls, out=np.zeros_like(calls), where=calls > 0
    )
    for d in range(len(city.district_name)):
        grids = np.flatnonzero(city.grid_district == d)
        people = city.grid_population[grids]
        observers = float(np.average(plan.part_time[grids], weights=people))
        coverage = float(np.average(city.grid_camera[grids], weights=people))
        passes = patrol_rate(scenario, city, plan, grids)

        def hazard(entrant: Entrant, passes: Floats = passes, many: float = observers) -> Floats:
            if entrant.clock == Clock.PASSES:
                return per_pass(scenario, entrant)[:, None] * passes
            with np.errstate(divide="ignore"):
                rate = 1.0 / mean_h(scenario, entrant)
            if entrant.clock == Clock.OBSERVERS:
                return rate[:, None] * many * activity[entrant.clock]
            return np.minimum(rate, _AT_ONCE)[:, None] * activity[entrant.clock]

        others = np.stack([hazard(entrant) for entrant in rated])
        # whoever writes is as patient as whoever calls 12345: they are split below
        for share, channel in (
            (demand.reporters[d] - police[d], Channel.HOTLINE),
            (police[d], Channel.POLICE),
            (1 - demand.reporters[d], None),
        ):
            own = np.zeros((1, *arise.shape[1:]))
            arisen = arise[d] * share[:, None]
            if channel is not None:
                own = hazard(citizens[channel])[None]
                asked[channel][d] += _race(arisen * question, own)[0]
                arisen = arisen * (1 - question)
            for entrant in OTHERS:
                if entrant.channel in AT_ONCE:
                    seen = at_once(scenario, entrant, coverage)[:, None]
                    found[entrant.channel][d] += arisen * seen
                    arisen = arisen * (1 - seen)
            first, *rest = _race(arisen, np.concatenate((own, others)))
            if channel is not None:
                found[channel][d] += first
            for entrant, flow in zip(rated, rest, strict=True):
                found[entrant.channel][d] += flow
    online = scenario.hotline.online_share
    for by in (found, asked):
        by[Channel.ONLINE] = by[Channel.HOTLINE] * online
        by[Channel.HOTLINE] = by[Channel.HOTLINE] * (1 - online)
    del found[Channel.NONE]  # they vanish
    return Flows(found, asked)


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
