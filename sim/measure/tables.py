"""Small tools for columns of tickets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.clock import DAY, HOUR
from sim.engine.outcome import Outcome
from sim.workload.channel import Channel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

GROUPS = ("city", "district", "town", "department", "category", "family", "hour")
"""By what KPIs can be told apart; ``hour`` is the hour of day at which a matter arose."""

PLACES = ("city", "district", "town")
"""By which place the use of staff, and what lies where, can be told apart."""

SENT_OUT = "sent_out"
"""By department, without what was answered during the call: a grouping of its own."""


def known(times: NDArray[Any]) -> Bools:
    """Tell which times are not NaN."""
    return ~np.isnan(times)


def hotline(outcome: Outcome) -> Bools:
    """Tell which rows are requests that 12345 accepted, by telephone or online."""
    t = outcome.tickets
    by = (t["citizen"] == Channel.HOTLINE) | (t["citizen"] == Channel.ONLINE)
    return by & known(t["requested"])


def police(outcome: Outcome) -> Bools:
    """Tell which rows are calls that 110 took."""
    t = outcome.tickets
    return (t["citizen"] == Channel.POLICE) & known(t["requested"])


def sent_out(outcome: Outcome) -> Bools:
    """Tell which rows are not requests that were answered during the call.

    The same question put in writing is sent out: it goes to a department like any other.
    """
    t = outcome.tickets
    return np.asarray(~(t["at_once"] & known(t["answered"])))


def groups(outcome: Outcome, by: str) -> tuple[list[str], list[str]]:
    """Return the English names of groups (ids for departments and categories), and the Chinese."""
    scenario, city = outcome.scenario, outcome.city
    if by == "city":
        return ["city"], ["全市"]
    if by == "district":
        return list(city.district_name), list(city.district_name_zh)
    if by == "town":
        return list(city.town_name), list(city.town_name_zh)
    if by in ("department", SENT_OUT):
        return list(scenario.departments), [d.name_zh for d in scenario.departments.values()]
    if by == "category":
        return [c.id for c in scenario.categories], [c.name_zh for c in scenario.categories]
    if by == "family":
        families = list(dict.fromkeys(c.family for c in scenario.categories))
        return families, families
    if by == "hour":
        names = [f"{h:02d}" for h in range(24)]
        return names, names
    raise ValueError(f"by {by!r} is not allowed; one of {', '.join(GROUPS)}")


def group_of(outcome: Outcome, by: str) -> NDArray[np.int64]:
    """Return the group of each ticket by its place in `groups`, int64 [N]; -1: none."""
    t = outcome.tickets
    groups(outcome, by)  # or there are no such
    if by == "city":
        return np.zeros(len(outcome), dtype=np.int64)
    if by in ("district", "town"):
        return t[by].astype(np.int64)
    if by == "hour":
        return np.asarray(t["arisen"] % DAY // HOUR).astype(np.int64)
    category = t["category"].astype(np.int64)
    if by == "category":
        return category
    if by == SENT_OUT:
        return np.where(sent_out(outcome), group_of(outcome, "department"), -1)
    of = coarser(outcome, "category", by)
    assert of is not None, by
    return np.asarray(of[category])


def coarser(outcome: Outcome, base: str, by: str) -> NDArray[np.int64] | None:
    """Return which group of a coarser grouping each group of a finer lies in; None: in several.

    Returns
    -------
    int64 [groups of base]
    """
    city, categories = outcome.city, outcome.scenario.categories
    if by == base:
        return np.arange(len(groups(outcome, base)[0]))
    if by == "city" and base != SENT_OUT:
        return np.zeros(len(groups(outcome, base)[0]), dtype=np.int64)
    if (base, by) == ("town", "district"):
        return city.town_district.astype(np.int64)
    if base == "category" and by in ("department", "family"):
        names, _ = groups(outcome, by)
        return np.array([names.index(getattr(c, by)) for c in categories], dtype=np.int64)
    return None
