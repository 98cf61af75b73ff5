"""Small tools for columns of tickets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcome import Outcome
from sim.workload.channel import Channel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

GROUPS = ("city", "district", "town", "department", "category", "family", "hour")
"""By what KPIs can be told apart; ``hour`` is the hour of day at which a matter arose."""


def known(times: NDArray[Any]) -> Bools:
    """Tell which times are not NaN."""
    return ~np.isnan(times)


def hotline(outcome: Outcome) -> Bools:
    """Tell which rows are requests that 12345 accepted, by telephone or online."""
    t = outcome.tickets
    return np.isin(t["citizen"], (Channel.HOTLINE, Channel.ONLINE)) & known(t["requested"])


def police(outcome: Outcome) -> Bools:
    """Tell which rows are calls that 110 took."""
    t = outcome.tickets
    return (t["citizen"] == Channel.POLICE) & known(t["requested"])


def group_of(outcome: Outcome, by: str) -> tuple[NDArray[np.int64], list[str], list[str]]:
    """Return the group of each ticket.

    Returns
    -------
    int64 [N]
        Each ticket's group.
    list of str, list of str
        The groups' English names (ids for departments and categories), and the Chinese.
    """
    scenario, city, t = outcome.scenario, outcome.city, outcome.tickets
    category = t["category"].astype(np.int64)
    if by == "city":
        return np.zeros(len(outcome), dtype=np.int64), ["city"], ["全市"]
    if by == "district":
        names, zh = list(city.district_name), list(city.district_name_zh)
        return t["district"].astype(np.int64), names, zh
    if by == "town":
        return t["town"].astype(np.int64), list(city.town_name), list(city.town_name_zh)
    if by == "department":
        ids = list(scenario.departments)
        of = np.array([ids.index(c.department) for c in scenario.categories])
        return of[category], ids, [d.name_zh for d in scenario.departments.values()]
    if by == "category":
        kinds = scenario.categories
        return category, [c.id for c in kinds], [c.name_zh for c in kinds]
    if by == "family":
        families = list(dict.fromkeys(c.family for c in scenario.categories))
        of = np.array([families.index(c.family) for c in scenario.categories])
        return of[category], families, families
    if by == "hour":
        hour = (t["arisen"] % 86400 // 3600).astype(np.int64)
        names = [f"{h:02d}" for h in range(24)]
        return hour, names, names
    raise ValueError(f"by {by!r} is not allowed; one of {', '.join(GROUPS)}")
