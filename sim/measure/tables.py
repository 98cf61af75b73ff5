"""Small tools for columns of tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.clock import DAY, HOUR
from sim.errors import InputError, suggestion

if TYPE_CHECKING:
    from sim.city.city import City
    from sim.engine.outcome import Outcome
    from sim.scenario import Scenario

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

GROUPS = {
    "city": ("city", "cities", "全市"),
    "district": ("district", "districts", "区县"),
    "town": ("town", "towns", "镇街"),
    "department": ("department", "departments", "部门"),
    "category": ("category", "categories", "类别"),
    "family": ("family of categories", "families of categories", "大类"),
    "priority": ("priority", "priorities", "优先级"),
    "hour": ("hour", "hours", "时段"),
}
"""By what measures can be told apart, and what one group is called, several are, and in Chinese.

The ``priority`` is that of a matter's category, 1 the most urgent; the ``hour`` is the hour of
day at which it arose.
"""

PLACES = ("city", "district", "town")
"""By which place the use of staff, and what lies where, can be told apart."""

URGENT = "urgent"
"""One group: the matters of priority 1."""

PRIORITIES = ("1", "2", "3", "4")


def known(times: NDArray[Any]) -> Bools:
    """Return which times are not NaN."""
    return ~np.isnan(times)


def check_grouping(by: str, field: str = "by") -> None:
    """Check that there is such a grouping.

    Raises
    ------
    InputError
        If not, with those that there are.
    """
    if by not in GROUPS:
        allowed = f"one of {', '.join(GROUPS)}{suggestion(by, GROUPS)}"
        raise InputError("command line", field, by, allowed)


def groups(outcome: Outcome, by: str) -> tuple[list[str], list[str]]:
    """Return the English names of groups (ids for departments and categories), and the Chinese."""
    return names(outcome.scenario, outcome.city, by)


def names(scenario: Scenario, city: City, by: str) -> tuple[list[str], list[str]]:
    """Return the names of a scenario's groups, as `groups` does."""
    if by in ("city", URGENT):
        return [by], ["全市"]
    if by == "district":
        return list(city.district_name), list(city.district_name_zh)
    if by == "town":
        return list(city.town_name), list(city.town_name_zh)
    if by == "department":
        return list(scenario.departments), [d.name_zh for d in scenario.departments.values()]
    if by == "category":
        return [c.id for c in scenario.categories], [c.name_zh for c in scenario.categories]
    if by == "family":
        alike = list(dict.fromkeys(c.family for c in scenario.categories))
    elif by == "priority":
        alike = list(PRIORITIES)
    else:
        check_grouping(by)
        alike = [f"{h:02d}" for h in range(24)]
    return alike, alike


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
    if by == "city":
        return np.zeros(len(groups(outcome, base)[0]), dtype=np.int64)
    if (base, by) == ("town", "district"):
        return city.town_district.astype(np.int64)
    if by == URGENT and (of := coarser(outcome, base, "priority")) is not None:
        return np.where(of == 0, 0, -1)
    if base == "category" and by in ("department", "family", "priority"):
        alike, _ = groups(outcome, by)
        return np.array([alike.index(str(getattr(c, by))) for c in categories], dtype=np.int64)
    return None
