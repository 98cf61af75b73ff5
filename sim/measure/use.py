"""Use of staff: what crews, gridworkers and operators did while on duty, and beyond it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.clock import DAY, HOUR
from sim.engine.outcome import Outcome
from sim.measure.doing import ACTIVITIES, Doing, desk_kinds, duty_hours, in_force, rounds_hours
from sim.measure.fold import gather
from sim.measure.tables import PLACES, Floats
from sim.model.plan import Plan

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]

_DESKS = (
    ("12345 hotline", "12345 话务员", "hotline_posts"),
    ("town centres", "镇街联动中心", "town_posts"),
    ("district centres", "区县联动中心", "district_posts"),
)
"""The kinds of operators: name in English and Chinese, field of the plan."""

HOURS = ("duty_h", *(f"{name}_h" for name in ACTIVITIES), "free_h", "overtime_h")
"""The columns of hours: those on duty, what they went into, which adds up to them, and overtime."""


@dataclass(frozen=True, eq=False)
class StaffRole:
    """Staff of one kind, with its posts: int64 [plans, places, shifts]."""

    role: str
    name: str
    name_zh: str
    posts: Ints


def roles(outcome: Outcome, by: str = "city") -> list[StaffRole]:
    """List the kinds of staff and their posts, by the place they belong to.

    The hotline belongs to the city; a force of a district, and its centre, to no single town.
    """
    scenario, city = outcome.scenario, outcome.city
    of_desk, of_town, of_unit = _places(outcome, by)
    shape = (len(outcome.plans), len(_names(outcome, by)), len(scenario.shifts))

    def role(
        kind: str, name: str, name_zh: str, posts_of: Callable[[Plan], tuple[Ints, Ints]]
    ) -> StaffRole:
        """Sum up each plan's posts [n, shifts] by place, and drop what belongs to no place."""
        posts = np.zeros(shape, dtype=np.int64)
        for number, (_, plan) in enumerate(outcome.plans):
            post, count = posts_of(plan)
            np.add.at(posts[number], post[post >= 0], count[post >= 0])
        return StaffRole(kind, name, name_zh, posts)

    one = np.eye(len(scenario.shifts), dtype=np.int64)  # a post of each shift

    def in_grids(plan: Plan) -> tuple[Ints, Ints]:
        return of_town[city.grid_town[plan.worker_grid]], one[plan.worker_shift]

    out = []
    last = 0
    for (name, name_zh, field), size in zip(_DESKS, desk_kinds(outcome), strict=True):
        post = of_desk[last : last + size]

        def at_desks(plan: Plan, post: Ints = post, field: str = field) -> tuple[Ints, Ints]:
            return post, np.atleast_2d(getattr(plan, field))

        out.append(role("operators", name, name_zh, at_desks))
        last += size
    out.append(role("gridworkers", "gridworkers", "专职网格员", in_grids))
    for number, body in enumerate(scenario.departments.values()):

        def in_units(plan: Plan, number: int = number) -> tuple[Ints, Ints]:
            crews = plan.unit_department[plan.crew_unit] == number
            return of_unit[plan.crew_unit[crews]], one[plan.crew_shift[crews]]

        out.append(role("crews", body.name_en, body.name_zh, in_units))
    return out


def cells(outcome: Outcome, by: str) -> dict[str, Ints]:
    """Return the cell of each crew, gridworker and desk: its role's number, and its place.

    Returns
    -------
    dict
        By log, int64 [resources]; -1 where one belongs to no place.
    """
    plan, city = outcome.plan, outcome.city
    places = len(_names(outcome, by))
    of_desk, of_town, of_unit = _places(outcome, by)

    def cell(role: Ints | int, place: Ints) -> Ints:
        return np.where(place >= 0, role * places + place, -1)

    force = len(_DESKS) + 1 + plan.unit_department[plan.crew_unit].astype(np.int64)
    return {
        "visits": cell(force, of_unit[plan.crew_unit]),
        "stops": cell(len(_DESKS), of_town[city.grid_town[plan.worker_grid]]),
        "services": cell(np.repeat(np.arange(len(_DESKS)), desk_kinds(outcome)), of_desk),
    }


def _places(outcome: Outcome, by: str) -> tuple[Ints, Ints, Ints]:
    """Return the place of each desk, town and unit; -1: none."""
    plan = outcome.plan
    _, towns, districts = desk_kinds(outcome)
    of_town, of_district = {
        "city": (np.zeros(towns, dtype=np.int64), np.zeros(districts, dtype=np.int64)),
        "district": (outcome.city.town_district.astype(np.int64), np.arange(districts)),
        "town": (np.arange(towns), np.full(districts, -1)),
    }[by]
    of_desk = np.concatenate(([0 if by == "city" else -1], of_town, of_district))
    of_unit = np.where(
        plan.unit_town >= 0, of_town[plan.unit_town], of_district[plan.unit_district]
    )
    return of_desk, of_town, of_unit


def _names(outcome: Outcome, by: str) -> list[tuple[str, str]]:
    city = outcome.city
    if by == "city":
        return [("city", "全市")]
    if by == "district":
        return list(zip(city.district_name, city.district_name_zh, strict=True))
    if by == "town":
        return list(zip(city.town_name, city.town_name_zh, strict=True))
    raise ValueError(f"by {by!r} is not allowed; one of {', '.join(PLACES)}")


class Used(Doing):
    """What staff did, by the cells of `cells`; ``hourly``: of the city, by hour of day."""

    def __init__(self, outcome: Outcome, by: str, hourly: bool = False) -> None:
        size = len(roles(outcome, by)) * len(_names(outcome, by))
        super().__init__(outcome, cells(outcome, by), size, hourly)


def use(outcome: Outcome, by: str = "city") -> pd.DataFrame:
    """Sum up what each kind of staff did.

    Gridworkers are at work at stops and jobs, and travel on their rounds and on their way to jobs;
    crews travel to tickets, wait there for other departments, and work. Who is free may be on the
    way back. What is done beyond the shift is overtime, counted apart, and so is what operators
    finish when those at their desks have become fewer. Where the plan was changed, each counts for
    its time, and posts are means over the run.

    Parameters
    ----------
    by : str
        One of `PLACES`. Staff that belong to none of them, such as the hotline to no district,
        are left out.

    Returns
    -------
    pandas.DataFrame
        ``place, place_zh, role, name, name_zh, posts``, and `HOURS`: ``work_h``, ``travel_h``,
        ``wait_h`` and ``free_h`` add up to ``duty_h``.
    """
    import pandas as pd

    spans, names, kinds = in_force(outcome), _names(outcome, by), roles(outcome, by)
    duty, rounds = duty_hours(outcome), rounds_hours(outcome)
    used: Used
    (used,) = gather(outcome, [(Used, by)])
    spent = used.seconds()[..., 0].reshape(-1, len(kinds), len(names)) / HOUR
    frames = []
    for number, role in enumerate(kinds):
        work, travel, wait, overtime, within = spent[:, number]
        on_duty = _of_posts(role, duty) / HOUR
        if role.role == "gridworkers":  # where they do not stop on their rounds, they walk
            travel = travel + _of_posts(role, rounds) / HOUR - within
        figures = on_duty, work, travel, wait, on_duty - work - travel - wait, overtime
        frame = pd.DataFrame(
            {
                "place": [name for name, _ in names],
                "place_zh": [name_zh for _, name_zh in names],
                "role": role.role,
                "name": role.name,
                "name_zh": role.name_zh,
                "posts": _mean_posts(role, spans),
                **dict(zip(HOURS, figures, strict=True)),
            }
        )
        frames.append(frame if by == "city" else frame[frame["posts"] > 0])
    return pd.concat(frames, ignore_index=True)


def totals(used: pd.DataFrame) -> pd.DataFrame:
    """Return the hours of each role, and the shares of those on duty they went into.

    Returns
    -------
    pandas.DataFrame
        A row a role: `HOURS`, and ``work``, ``travel``, ``wait``, ``free``, ``overtime`` over the
        hours on duty; NaN where there are none.
    """
    total = used.groupby("role", sort=False)[list(HOURS)].sum()
    for name in (*ACTIVITIES, "free", "overtime"):
        total[name] = (total[f"{name}_h"] / total["duty_h"]).where(total["duty_h"] > 0)
    return total


def use_by_hour(outcome: Outcome) -> pd.DataFrame:
    """Return how many of each kind of staff do what on average, by hour of day.

    Returns
    -------
    pandas.DataFrame
        ``role, name, name_zh, hour``, those on duty who are at ``work``, ``travel`` or ``wait``,
        ``on_duty``, and those in ``overtime``; means over the run.
    """
    import pandas as pd

    edges = np.append(np.arange(0.0, outcome.until, HOUR), outcome.until)
    hour = (edges[:-1] % DAY // HOUR).astype(int)
    share = np.maximum(np.bincount(hour, weights=np.diff(edges), minlength=24), 1e-9)
    kinds = roles(outcome)
    duty, rounds = duty_hours(outcome, edges), rounds_hours(outcome, edges)
    used: Used
    (used,) = gather(outcome, [(Used, "city", True)])
    spent = used.seconds()
    frames = []
    for number, role in enumerate(kinds):
        work, travel, wait, overtime, within = spent[:, number]
        on_duty, walking = (
            np.bincount(hour, _of_posts(role, each)[0], minlength=24) for each in (duty, rounds)
        )
        if role.role == "gridworkers":
            travel = travel + walking - within
        frames.append(
            pd.DataFrame(
                {
                    "role": role.role,
                    "name": role.name,
                    "name_zh": role.name_zh,
                    "hour": np.arange(24),
                    "work": work / share,
                    "travel": travel / share,
                    "wait": wait / share,
                    "on_duty": on_duty / share,
                    "overtime": overtime / share,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _of_posts(role: StaffRole, seconds: Floats) -> Floats:
    """Return the sum over all posts of a place of what each plan and shift has.

    Parameters
    ----------
    seconds : float64 [plans, shifts] or [plans, shifts, intervals]

    Returns
    -------
    float64 [places] or [places, intervals]
    """
    return np.asarray(np.einsum("pls,ps...->l...", role.posts, seconds))


def _mean_posts(role: StaffRole, spans: list[tuple[float, float]]) -> Ints | Floats:
    """Return the posts of each place: of the one plan, or on average."""
    posts = role.posts.sum(axis=2)
    if len(posts) == 1:
        return np.asarray(posts[0])
    length = np.array([end - start for start, end in spans])
    return np.asarray(length @ posts / max(length.sum(), 1e-9))
