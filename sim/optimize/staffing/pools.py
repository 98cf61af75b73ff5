"""Pools: staff that stand in for each other, such as a desk's operators or a unit's crews."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.city.apportion import apportion
from sim.model.cost import costs_of, crew_rates
from sim.model.staffing import base_plan

if TYPE_CHECKING:
    from sim.city.city import City
    from sim.model.plan import Plan
    from sim.scenario import Scenario

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pools:
    """All pools of a city: 12345, the towns' centres, the districts', then the units.

    The first ``1 + T + D`` are numbered as ``Outcome.services["desk"]`` numbers the desks, unit
    ``u`` is pool ``1 + T + D + u``.

    Attributes
    ----------
    role, place, place_zh, department : tuples of str [P]
        ``hotline``, ``town_centre``, ``district_centre`` or ``crew``; English and Chinese
        names; the department's id, empty for desks.
    district : int64 [P]
        -1 for the hotline.
    rate : float64 [P]
        Yuan for an hour of duty of one post.
    today : int64 [P, S]
        Posts of the base year.
    """

    role: tuple[str, ...]
    place: tuple[str, ...]
    place_zh: tuple[str, ...]
    department: tuple[str, ...]
    district: Ints
    rate: NDArray[np.float64]
    today: Ints

    def __len__(self) -> int:
        return len(self.role)

    @property
    def desks(self) -> int:
        """How many of the pools are desks."""
        return len(self) - self.role.count("crew")

    def of_roles(self, roles: Collection[str]) -> NDArray[np.bool_]:
        """Tell which pools have one of these roles."""
        return np.array([role in roles for role in self.role])

    def name(self, pool: int) -> str:
        """Name a pool, such as ``crew police, Gusu 01``."""
        body = f" {self.department[pool]}" if self.department[pool] else ""
        return f"{self.role[pool]}{body}, {self.place[pool]} {self.place_zh[pool]}"

    @classmethod
    def build(cls, scenario: Scenario, city: City) -> Pools:
        """List the pools of a scenario with the staff of its base year."""
        plan = base_plan(scenario, city)
        costs = costs_of(scenario)
        towns, districts = len(city.town_name), len(city.district_name)
        departments = list(scenario.departments)
        places = ["city", *city.town_name, *city.district_name]
        zh = ["全市", *city.town_name_zh, *city.district_name_zh]
        of_district = [-1, *city.town_district.tolist(), *range(districts)]
        for town, district in zip(
            plan.unit_town.tolist(), plan.unit_district.tolist(), strict=True
        ):
            places.append(city.town_name[town] if town >= 0 else city.district_name[district])
            zh.append(city.town_name_zh[town] if town >= 0 else city.district_name_zh[district])
            of_district.append(district)
        desks = 1 + towns + districts
        rate = np.full(desks, costs.centre_operator)
        rate[0] = costs.hotline_operator
        return cls(
            role=("hotline", *["town_centre"] * towns, *["district_centre"] * districts)
            + ("crew",) * len(plan.unit_department),
            place=tuple(places),
            place_zh=tuple(zh),
            department=("",) * desks + tuple(departments[d] for d in plan.unit_department),
            district=np.array(of_district),
            rate=np.concatenate((rate, crew_rates(scenario)[plan.unit_department])),
            today=posts_of(plan, len(scenario.shifts)),
        )


def posts_of(plan: Plan, shifts: int) -> Ints:
    """Return the posts of a plan, int64 [P, S]."""
    units = len(plan.unit_department)
    crews = np.zeros((units, shifts), dtype=np.int64)
    np.add.at(crews, (plan.crew_unit, plan.crew_shift), 1)
    return np.concatenate(
        (plan.hotline_posts[None, :], plan.town_posts, plan.district_posts, crews)
    )


def with_posts(plan: Plan, city: City, posts: Ints) -> Plan:
    """Return the plan with other posts; a district's crews are stationed in its towns.

    Parameters
    ----------
    posts : int64 [P, S]
    """
    towns, districts = len(city.town_name), len(city.district_name)
    unit, shift, town = [], [], []
    for u, row in enumerate(posts[1 + towns + districts :].tolist()):
        at = np.array([plan.unit_town[u]])
        if at[0] < 0:
            at = np.flatnonzero(city.town_district == plan.unit_district[u])
        for s, n in enumerate(row):
            if n:
                unit += [u] * n
                shift += [s] * n
                town += np.repeat(at, apportion(n, city.town_population[at])).tolist()
    return replace(
        plan,
        hotline_posts=posts[0].copy(),
        town_posts=posts[1 : 1 + towns].copy(),
        district_posts=posts[1 + towns : 1 + towns + districts].copy(),
        crew_unit=np.array(unit, dtype=np.int32),
        crew_shift=np.array(shift, dtype=np.int16),
        crew_xy=city.town_xy[np.array(town, dtype=np.intp)].reshape(-1, 2),
    )
