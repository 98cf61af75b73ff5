"""Offered load: what the fluid derives from the demand is what simulations measure."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

import sim
from sim.city import City
from sim.model.staffing import base_plan
from sim.model.state import Channel
from sim.optimize.staffing.discovery import flows, week
from sim.optimize.staffing.load import from_demand, from_outcomes
from sim.optimize.staffing.pools import Pools, posts_of, with_posts
from sim.workload.arrivals import Demand


@pytest.fixture(scope="module")
def gusu() -> tuple:
    # a Monday and a Tuesday without holidays
    scenario = sim.load("gusu-week", {"time.start": date(2018, 5, 14), "time.days": 2})
    city = City.build(scenario)
    plan = base_plan(scenario, city)
    return scenario, city, plan, Pools.build(scenario, city)


def test_the_week_has_the_demand_of_seven_days(gusu: tuple) -> None:
    scenario, city, _, _ = gusu
    total = week(scenario, city).sum(axis=2)
    np.testing.assert_allclose(total, 7 * Demand.build(scenario, city).matters, rtol=1e-12)


def test_flows_end_where_matters_end(gusu: tuple) -> None:
    """What is found, and what vanishes, is at most what arises; what citizens report is close to
    the published requests, to which the column ``reported`` was calibrated."""
    scenario, city, plan, _ = gusu
    found = flows(scenario, city, plan)
    demand = Demand.build(scenario, city)
    whole = sum(flow.sum(axis=2) for by in (found.found, found.asked) for flow in by.values()) / 7
    assert (whole <= demand.matters * (1 + 1e-9)).all()
    by_12345 = (Channel.HOTLINE, Channel.ONLINE)
    requests = sum(by[c].sum() for by in (found.found, found.asked) for c in by_12345) / 7
    assert requests == pytest.approx(demand.hotline.sum(), rel=0.05)
    police = (found.found[Channel.POLICE] + found.asked[Channel.POLICE]).sum() / 7
    assert police == pytest.approx(demand.police.sum(), rel=0.05)


def test_more_patrol_finds_more_and_spares_calls(gusu: tuple) -> None:
    scenario, city, plan, _ = gusu
    from sim.optimize.staffing.patrol_worth import with_gridworkers

    twice = with_gridworkers(scenario, plan, np.full(len(city.grid_xy), 2))
    few, many = flows(scenario, city, plan), flows(scenario, city, twice)
    assert many.found[Channel.PATROL].sum() > few.found[Channel.PATROL].sum()
    assert many.found[Channel.HOTLINE].sum() < few.found[Channel.HOTLINE].sum()


def test_derived_load_is_what_runs_measure(gusu: tuple) -> None:
    """Two days from an empty start lack slow matters, so quick roles are compared."""
    scenario, city, plan, pools = gusu
    load = from_demand(scenario, city, plan, pools)
    seen = from_outcomes([sim.simulate(scenario, seed=3)], pools, load)
    for role, department in (("hotline", ""), ("crew", "police"), ("crew", "traffic_police")):
        mine = [
            i
            for i in range(len(pools))
            if (pools.role[i], pools.department[i]) == (role, department)
        ]
        hours = slice(0, 48)
        derived = load.erlangs[mine][:, hours].sum()
        measured = seen.erlangs[mine][:, hours].sum()
        assert measured == pytest.approx(derived, rel=0.2), (role, department)


def test_posts_survive_the_plan(gusu: tuple) -> None:
    scenario, city, plan, pools = gusu
    again = with_posts(plan, city, pools.today)
    assert (posts_of(again, len(scenario.shifts)) == pools.today).all()
    assert sorted(map(tuple, again.crew_xy)) == sorted(map(tuple, plan.crew_xy))
