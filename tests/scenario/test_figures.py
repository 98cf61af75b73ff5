"""The published figures, met by construction."""

from __future__ import annotations

import numpy as np
import pytest

from sim.city import City
from sim.model.staffing import base_plan
from sim.scenario import Scenario, load
from sim.workload.arrivals import Demand


@pytest.fixture(scope="module")
def suzhou() -> Scenario:
    return load("suzhou-2018")


@pytest.fixture(scope="module")
def city(suzhou: Scenario) -> City:
    return City.build(suzhou)


def test_totals(city: City) -> None:
    """Totals of Suzhou for January to September 2018, as published."""
    assert len(city.district_name) == 10
    assert len(city.grid_xy) == 10_158
    assert city.grid_leaders.sum() == 10_158
    assert city.grid_full_time.sum() == 10_431
    assert city.grid_part_time.sum() == 31_207
    assert city.grid_population.sum() == 10_680_000
    assert city.hotline_requests.sum() == 7_540_000
    assert city.police_calls.sum() == 3_460_000
    assert (city.grid_full_time >= 1).all()


def test_volumes(suzhou: Scenario, city: City) -> None:
    demand = Demand.build(suzhou, city)
    assert round(demand.hotline.sum() * 273) == 7_540_000
    assert round(demand.police.sum() * 273) == 3_460_000
    assert (demand.matters + 1e-12 >= demand.hotline + demand.police).all()


def test_staff(suzhou: Scenario, city: City) -> None:
    plan = base_plan(suzhou, city)
    assert len(plan.worker_grid) == 10_431
    assert plan.part_time.sum() == 31_207
    posts = list(suzhou.hotline.operators.values())
    assert sorted(plan.hotline_posts[plan.hotline_posts > 0]) == sorted(posts)
    crews = sum(sum(d.crews.values()) for d in suzhou.departments.values())
    assert len(plan.crew_unit) == crews
    assert (np.bincount(plan.crew_unit, minlength=len(plan.unit_department)) > 0).all()


def test_named_departments(suzhou: Scenario) -> None:
    named = {
        "police", "justice", "human_resources", "land", "environment", "housing",
        "urban_management", "health", "food_drug", "work_safety", "industry_commerce", "fire",
        "property_management", "social_organisations", "volunteers",
    }  # fmt: skip
    assert named <= set(suzhou.departments)


def test_sip_programme() -> None:
    """Road speed +16.7 %, accidents -5 %, traffic police calls -7.7 %, as published."""
    before, after = load("suzhou-2018", {"area.include": ["SIP"]}), load("sip-traffic")
    assert after.districts["SIP"].speed_factor / before.districts["SIP"].speed_factor == 1.167
    calls = [Demand.build(s, City.build(s)).police[0] for s in (before, after)]
    ids = [c.id for c in before.categories]
    accident = ids.index("traffic_accident")
    assert calls[1][accident] / calls[0][accident] == pytest.approx(0.95, abs=1e-9)
    traffic = [i for i, c in enumerate(before.categories) if c.department == "traffic_police"]
    assert calls[1][traffic].sum() / calls[0][traffic].sum() == pytest.approx(0.923, abs=5e-4)


def test_lean_staff(city: City) -> None:
    lean = base_plan(load("lean-staff"), city)
    full = base_plan(load("suzhou-2018"), city)
    for name in ("worker_grid", "crew_unit"):
        ratio = len(getattr(lean, name)) / len(getattr(full, name))
        assert ratio == pytest.approx(0.9, abs=0.001)
    assert lean.part_time.sum() / full.part_time.sum() == pytest.approx(0.9, abs=0.001)
