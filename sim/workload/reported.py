"""A matter that somebody puts in while the simulation runs."""

from __future__ import annotations

import numpy as np

from sim.city.city import City
from sim.clock import day_of, days_since_1970, tick
from sim.errors import InputError, one_of
from sim.scenario import Scenario
from sim.word import word
from sim.workload.arrivals import Arrivals, Demand
from sim.workload.channel import Channel
from sim.workload.marks import marks, place
from sim.workload.philox import Draws
from sim.workload.workload import Workload


def reported(
    scenario: Scenario,
    city: City,
    seed: int,
    replication: int,
    *,
    category: str,
    grid: int,
    channel: Channel,
    time: float,
    number: int,
) -> Workload:
    """Make one matter that a citizen reports at once.

    Parameters
    ----------
    category : str
        Its id.
    grid : int
        Where, in [0, G).
    channel : Channel
        ``HOTLINE``, ``ONLINE`` or ``POLICE``.
    time : float
        When, s since the scenario's start.
    number : int
        How many were put in before: with the seed it names the matter's random numbers.

    Returns
    -------
    Workload
        One row; its key is negative.

    Raises
    ------
    InputError
        If there is no such category, grid or channel.
    """
    ids = [c.id for c in scenario.categories]
    if category not in ids:
        raise InputError("report", "category", category, one_of(category, ids))
    if not 0 <= grid < len(city.grid_xy):
        raise InputError("report", "grid", grid, f"0 to {len(city.grid_xy) - 1}")
    if channel not in (Channel.HOTLINE, Channel.ONLINE, Channel.POLICE):
        raise InputError("report", "channel", channel, "HOTLINE, ONLINE or POLICE")
    found = Arrivals(
        category=np.array([ids.index(category)]),
        date=np.array([days_since_1970(scenario.time.start) + day_of(time)]),
        index=np.array([number]),
        named=np.array([number], dtype=np.uint64),
        cell=(
            np.array([word(category)], dtype=np.uint64),
            np.array([word("reported")], dtype=np.uint64),
        ),
        time=np.array([tick(float(time))]),
    )
    district = int(city.grid_district[grid])
    demand = Demand.build(scenario, city)
    columns = marks(scenario, city, demand, Draws(seed, replication), district, found)
    columns |= place(city, np.array([grid]), columns["loop"])
    columns |= {
        "key": np.array([-1 - number]),
        "citizen": np.array([channel], dtype=np.int8),
        "patience": np.zeros(1),
        "at_once": np.zeros(1, dtype=bool),
    }
    return Workload(**columns)
