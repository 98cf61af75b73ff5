"""Fluids and surrogates say, on the whole, what simulations show.

They leave out much (random days, loops, the chance that a camera's alert comes late), so each has
a tolerance. An entrant that is added to the race of discovery and forgotten in a fluid is missed
here.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pytest

import sim
from sim.city import City
from sim.clock import DAY, HOUR
from sim.engine.outcome import Outcome
from sim.model.plan import Plan
from sim.model.race import RACE
from sim.model.rules import severity
from sim.model.staffing import base_plan
from sim.model.state import Channel
from sim.optimize.hazards import AT_ONCE, MEAN_H, PER_PASS
from sim.optimize.risk import Risk
from sim.optimize.staffing.discovery import flows, patrol_rate, week
from sim.optimize.staffing.load import from_demand, from_outcomes
from sim.optimize.staffing.pools import Pools
from sim.scenario import Scenario

WARM, DAYS = 4, 21
SHARES = dict.fromkeys((e.channel for e in RACE if e.channel != Channel.NONE), (0.92, 1.08)) | {
    Channel.CAMERA: (1.0, 2.5)  # the fluid's camera sees at once, a real one's alert takes a while
}
"""By channel: the fluid's share over the simulated one, from and to."""
LOADS = {
    "hotline": (0.9, 1.15),
    "town_centre": (0.9, 1.15),
    "district_centre": (0.95, 1.25),  # its backlog at the end is work that has not been done
    "crew": (0.9, 1.1),
}
"""By role: the derived work over the measured."""


class Gusu(NamedTuple):
    scenario: Scenario
    city: City
    plan: Plan
    outcome: Outcome
    whole: Any
    """Matters whose race is over: those that arose some days after the start and before the end."""


@pytest.fixture(scope="module")
def gusu() -> Gusu:
    # spring, when seasons are near their means, and no holiday among the days that count
    scenario = sim.load("gusu-week", {"time.start": date(2018, 4, 9), "time.days": DAYS})
    city = City.build(scenario)
    outcome = sim.simulate(scenario)
    arisen = outcome.tickets["arisen"]
    whole = (arisen >= WARM * DAY) & (arisen < (DAYS - WARM) * DAY)
    return Gusu(scenario, city, base_plan(scenario, city), outcome, whole)


def test_every_entrant_has_its_mean() -> None:
    said = [*MEAN_H, *AT_ONCE, *PER_PASS]
    assert sorted(said) == sorted(entrant.channel for entrant in RACE)


def test_shares_by_channel(gusu: Gusu) -> None:
    fluid = flows(gusu.scenario, gusu.city, gusu.plan)
    arise = week(gusu.scenario, gusu.city).sum()
    channel = gusu.outcome.tickets["channel"][gusu.whole]
    assert set(fluid.found) == set(SHARES)
    assert set(np.unique(channel)) <= {Channel.NONE, *SHARES}
    for one, (low, high) in SHARES.items():
        simulated = (channel == one).mean()
        flow = fluid.found[one].sum() + (fluid.asked[one].sum() if one in fluid.asked else 0)
        assert simulated > 0.003, one.name  # enough to compare
        assert low < flow / arise / simulated < high, one.name


def test_what_patrols_find(gusu: Gusu) -> None:
    """By the risk of places and the patrols' pace, weighted by severity.

    Means over classes of matters let some be found later than they are: it is a little less.
    """
    grids = range(len(gusu.city.grid_xy))
    risk = Risk.of(gusu.scenario, gusu.city, gusu.plan, 24)
    pace = [
        patrol_rate(gusu.scenario, gusu.city, gusu.plan, np.array([grid])).mean() for grid in grids
    ]
    hazard = risk.sight * (np.array(pace) / HOUR)[:, None]
    expected = (risk.weight * hazard / (hazard + risk.hazard)).sum()
    tickets = gusu.outcome.tickets
    found = tickets["priority"][gusu.whole & (tickets["channel"] == Channel.PATROL)]
    simulated = sum(severity(int(priority)) for priority in found) / (DAYS - 2 * WARM)
    assert 0.75 < expected / simulated < 1.0


def test_work_by_role(gusu: Gusu) -> None:
    pools = Pools.build(gusu.scenario, gusu.city)
    derived = from_demand(gusu.scenario, gusu.city, gusu.plan, pools)
    measured = from_outcomes([gusu.outcome], pools, derived)
    roles = np.array(pools.role)
    assert set(roles) == set(LOADS)
    for role, (low, high) in LOADS.items():
        mine = roles == role
        ratio = derived.erlangs[mine].sum() / measured.erlangs[mine].sum()
        assert low < ratio < high, role
