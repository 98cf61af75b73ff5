"""What formulas say of staffing before anything is simulated: a start, and never a proof."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.city.city import City
from sim.model.staffing import base_plan
from sim.optimize.staffing.cover import Coverer
from sim.optimize.staffing.load import from_demand
from sim.optimize.staffing.patrol_worth import curve
from sim.optimize.staffing.pools import Pools
from sim.optimize.staffing.requirement import METHODS, requirement, windows

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario


def staffing_requirements(
    scenario: Scenario, service: float = 0.95, methods: Sequence[str] = METHODS
) -> pd.DataFrame:
    """Return how many posts each hour of the week needs, by a queueing formula.

    Parameters
    ----------
    scenario : Scenario
        With costs.
    service : float
        The share of services to be in time.
    methods : sequence of str
        ``sipp`` (each hour on its own), ``lag`` (an hour later by a service time) and ``mol``
        (by the load that a system without waiting would have).

    Returns
    -------
    pandas.DataFrame
        A row a pool and hour: ``role, department, place, place_zh, hour`` (0 to 167, from Monday
        on), ``load`` (erlangs), and the posts by each method.

    Raises
    ------
    InputError
        If the scenario has no costs.
    ValueError
        If there is no such method.
    """
    import pandas as pd

    city = City.build(scenario)
    pools = Pools.build(scenario, city)
    load = from_demand(scenario, city, base_plan(scenario, city), pools)
    window = windows(scenario, pools)
    count, hours = load.erlangs.shape
    found = pd.DataFrame(
        {
            name: np.repeat(getattr(pools, name), hours)
            for name in ("role", "department", "place", "place_zh")
        }
    )
    found["hour"] = np.tile(np.arange(hours), count)
    found["load"] = load.erlangs.ravel()
    for method in methods:
        found[method] = requirement(load, window, service, method).staff.ravel()
    found.attrs["units"] = {"hour": "h", "load": "erlangs", **dict.fromkeys(methods, "posts")}
    return found


def staffing_prices(
    scenario: Scenario, services: Sequence[float] = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
) -> pd.DataFrame:
    """Return what shares of services in time cost: requirements covered by the shifts there are.

    Returns
    -------
    pandas.DataFrame
        ``service, cost, gap, point``: yuan a week; the gap to the cover's bound as a share; yuan
        a week for a percentage point more since the row before.
    """
    import pandas as pd

    city = City.build(scenario)
    pools = Pools.build(scenario, city)
    load = from_demand(scenario, city, base_plan(scenario, city), pools)
    window = windows(scenario, pools)
    coverer = Coverer(scenario, pools, window)
    covers = [coverer.solve(requirement(load, window, share).staff) for share in services]
    found = pd.DataFrame(
        {
            "service": services,
            "cost": [float(cover.cost.sum()) for cover in covers],
            "gap": [cover.gap for cover in covers],
        }
    )
    found["point"] = found["cost"].diff() / (found["service"].diff() * 100)
    found.attrs["units"] = {
        "service": "share", "cost": "yuan a week", "gap": "share", "point": "yuan a week",
    }  # fmt: skip
    return found


def patrol_worth(scenario: Scenario, gridworkers: Sequence[int]) -> pd.DataFrame:
    """Return what numbers of gridworkers find, spare and cost, each where the next finds most.

    Returns
    -------
    pandas.DataFrame
        ``gridworkers, found, calls_spared, crew_h_spared, worth, cost``, all a week.
    """
    import pandas as pd

    found = pd.DataFrame(curve(scenario, City.build(scenario), list(gridworkers)))
    found.attrs["units"] = {
        "gridworkers": "posts", "found": "matters a week", "calls_spared": "calls a week",
        "crew_h_spared": "h a week", "worth": "yuan a week", "cost": "yuan a week",
    }  # fmt: skip
    return found
