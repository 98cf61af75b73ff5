"""Use of staff: how busy crews, gridworkers and operators were while on duty."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.clock import DAY, HOUR
from sim.engine.outcome import Outcome
from sim.measure.tables import Floats
from sim.model.calendar import day_seconds, shift_calendars
from sim.model.plan import Plan
from sim.processors import threads

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario

Ints = NDArray[np.int64]

PLACES = ("city", "district", "town")
"""By which place the use of staff can be told apart."""


@dataclass(frozen=True, eq=False)
class Role:
    """Staff of one kind: its posts by plan, place and shift, and when one of them was busy."""

    role: str
    name: str
    name_zh: str
    posts: Ints
    """int64 [plans, places, shifts]"""
    place: Ints
    """Of each span, below the number of places; so are the next three."""
    start: Floats
    end: Floats
    shift: Ints | None = None
    """Where a shift can be told."""


def roles(outcome: Outcome, by: str = "city") -> list[Role]:
    """List the kinds of staff with what they did, by the place they belong to.

    The hotline belongs to the city; a force of a district, and its centre, to no single town.
    """
    plan, scenario, city = outcome.plan, outcome.scenario, outcome.city
    visits, stops, services = outcome.visits, outcome.stops, outcome.services
    names = _names(outcome, by)
    towns, districts = len(plan.town_posts), len(plan.district_posts)
    of_town, of_district = {
        "city": (np.zeros(towns, dtype=np.int64), np.zeros(districts, dtype=np.int64)),
        "district": (city.town_district.astype(np.int64), np.arange(districts)),
        "town": (np.arange(towns), np.full(districts, -1)),
    }[by]
    of_desk = np.concatenate(([0 if by == "city" else -1], of_town, of_district))

    def role(
        kind: str, name: str, name_zh: str, posts_of: Callable[[Plan], tuple[Ints, Ints]],
        place: Ints, *spans: Floats, shift: Ints | None = None,
    ) -> Role:  # fmt: skip
        """Sum up each plan's posts [n, shifts] by place, and drop what belongs to no place."""
        posts = np.zeros((len(outcome.plans), len(names), len(scenario.shifts)), dtype=np.int64)
        for number, (_, changed) in enumerate(outcome.plans):
            post, count = posts_of(changed)
            np.add.at(posts[number], post[post >= 0], count[post >= 0])
        rows = place >= 0
        start, end = (times[rows] for times in spans)
        return Role(
            kind,
            name,
            name_zh,
            posts,
            place[rows],
            start,
            end,
            None if shift is None else shift[rows],
        )

    out = []
    desk = services["desk"]
    first = 0
    for name, name_zh, field, size in (
        ("12345 hotline", "12345 话务员", "hotline_posts", 1),
        ("town centres", "镇街联动中心", "town_posts", towns),
        ("district centres", "区县联动中心", "district_posts", districts),
    ):
        rows = (desk >= first) & (desk < first + size)
        post = of_desk[first : first + size]

        def at_desks(plan: Plan, post: Ints = post, field: str = field) -> tuple[Ints, Ints]:
            return post, np.atleast_2d(getattr(plan, field))

        spans = services["start"][rows], services["end"][rows]
        out.append(role("operators", name, name_zh, at_desks, of_desk[desk[rows]], *spans))
        first += size

    one = np.eye(len(scenario.shifts), dtype=np.int64)  # a post of each shift

    def in_grids(plan: Plan) -> tuple[Ints, Ints]:
        return of_town[city.grid_town[plan.worker_grid]], one[plan.worker_shift]

    home, _ = in_grids(plan)
    who = stops["worker"]
    out.append(
        role(
            "gridworkers",
            "gridworkers",
            "专职网格员",
            in_grids,
            home[who],
            stops["start"],
            stops["end"],
            shift=plan.worker_shift[who].astype(np.int64),
        )
    )
    of_unit = np.where(
        plan.unit_town >= 0, of_town[plan.unit_town], of_district[plan.unit_district]
    )
    of_visit = plan.unit_department[visits["unit"]]
    for number, body in enumerate(scenario.departments.values()):
        rows = of_visit == number

        def in_units(plan: Plan, number: int = number) -> tuple[Ints, Ints]:
            crews = plan.unit_department[plan.crew_unit] == number
            return of_unit[plan.crew_unit[crews]], one[plan.crew_shift[crews]]

        out.append(
            role(
                "crews",
                body.name_en,
                body.name_zh,
                in_units,
                of_unit[visits["unit"][rows]],
                visits["start"][rows],
                visits["end"][rows],
                shift=plan.crew_shift[visits["crew"][rows]].astype(np.int64),
            )
        )
    return out


def _names(outcome: Outcome, by: str) -> list[tuple[str, str]]:
    city = outcome.city
    if by == "city":
        return [("city", "全市")]
    if by == "district":
        return list(zip(city.district_name, city.district_name_zh, strict=True))
    if by == "town":
        return list(zip(city.town_name, city.town_name_zh, strict=True))
    raise ValueError(f"by {by!r} is not allowed; one of {', '.join(PLACES)}")


def use(outcome: Outcome, by: str = "city") -> pd.DataFrame:
    """Sum up how busy each kind of staff was.

    Gridworkers are busy at stops and jobs, not while they walk their rounds; crews from when
    they are sent until they leave. Work after the end of a shift is overtime, counted apart.
    Where the plan was changed, each counts for its time, and posts are means over the run.

    Parameters
    ----------
    by : str
        One of `PLACES`. Staff that belong to none of them, such as the hotline to no district,
        are left out.

    Returns
    -------
    pandas.DataFrame
        ``place, place_zh, role, name, name_zh, posts, duty_h, busy_h, overtime_h, utilisation``.
    """
    import pandas as pd

    spans = _spans(outcome)
    calendars = shift_calendars(outcome.scenario)
    duty = [[calendar.between(*span) for calendar in calendars] for span in spans]
    names = _names(outcome, by)

    def summed(found: list[Role]) -> Floats:
        """Return busy time and overtime, s [roles, 2, places]."""
        return np.array([_busy(outcome, role, len(names)) for role in found])

    pieces = outcome.log_pieces()
    kinds = roles(next(pieces), by)
    total = summed(kinds)
    with ThreadPoolExecutor(threads()) as pool:
        for more in pool.map(lambda piece: summed(roles(piece, by)), pieces):
            total += more
    frames = []
    for role, (busy, late) in zip(kinds, total, strict=True):
        on_duty = sum(posts @ hours for posts, hours in zip(role.posts, duty, strict=True))
        frame = pd.DataFrame(
            {
                "place": [name for name, _ in names],
                "place_zh": [name_zh for _, name_zh in names],
                "role": role.role,
                "name": role.name,
                "name_zh": role.name_zh,
                "posts": _mean_posts(role, spans),
                "duty_h": on_duty / HOUR,
                "busy_h": busy / HOUR,
                "overtime_h": late / HOUR,
                "utilisation": np.divide(
                    busy, on_duty, out=np.full(len(names), np.nan), where=on_duty > 0
                ),
            }
        )
        frames.append(frame if by == "city" else frame[frame["posts"] > 0])
    return pd.concat(frames, ignore_index=True)


def _busy(outcome: Outcome, role: Role, places: int) -> Floats:
    """Sum busy time on duty, and overtime, up by place, s [2, places]."""
    end = np.fmin(role.end, outcome.until)
    over = _overtime(outcome.scenario, role, end)
    late = np.bincount(role.place, over, places)
    return np.array([np.bincount(role.place, end - role.start, places) - late, late])


def use_by_hour(outcome: Outcome) -> pd.DataFrame:
    """Return how many of each kind of staff are busy and on duty on average, by hour of day.

    Returns
    -------
    pandas.DataFrame
        ``role, name, name_zh, hour, busy, on_duty``; means over the run.
    """
    import pandas as pd

    edges = np.append(np.arange(0.0, outcome.until, HOUR), outcome.until)
    hour = (edges[:-1] % DAY // HOUR).astype(int)
    seconds = np.bincount(hour, weights=np.diff(edges), minlength=24)
    calendars = shift_calendars(outcome.scenario)
    duty = [  # of each plan, by shift and hour
        np.array(
            [
                np.bincount(hour, np.diff([c.accrued(e) for e in np.clip(edges, *span)]), 24)
                for c in calendars
            ]
        )
        for span in _spans(outcome)
    ]
    share = np.maximum(seconds, 1e-9)
    frames = []
    for role in roles(outcome):
        on_duty = sum(posts[0] @ hours for posts, hours in zip(role.posts, duty, strict=True))
        busy = np.diff(_busy_before(role.start, np.fmin(role.end, outcome.until), edges))
        frames.append(
            pd.DataFrame(
                {
                    "role": role.role,
                    "name": role.name,
                    "name_zh": role.name_zh,
                    "hour": np.arange(24),
                    "busy": np.bincount(hour, weights=busy, minlength=24) / share,
                    "on_duty": on_duty / share,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _spans(outcome: Outcome) -> list[tuple[float, float]]:
    """Return from when until when each plan was in force, s."""
    edges = [min(time, outcome.until) for time, _ in outcome.plans] + [outcome.until]
    return list(pairwise(edges))


def _mean_posts(role: Role, spans: list[tuple[float, float]]) -> Ints | Floats:
    """Return the posts of each place: of the one plan, or on average."""
    posts = role.posts.sum(axis=2)
    if len(posts) == 1:
        return np.asarray(posts[0])
    length = np.array([end - start for start, end in spans])
    return np.asarray(length @ posts / max(length.sum(), 1e-9))


def _busy_before(start: Floats, end: Floats, at: Floats) -> Floats:
    """Return the busy time of all spans before each instant, s."""

    def since(times: Floats) -> Floats:
        ordered = np.sort(times)
        below = np.concatenate(([0.0], np.cumsum(ordered)))
        n = np.searchsorted(ordered, at)
        return np.asarray(n * at - below[n])

    return since(start) - since(end)


def _overtime(scenario: Scenario, role: Role, end: Floats) -> Floats:
    """Return how long each span lasts beyond the shift in which it began, s."""
    if role.shift is None or not len(role.start):
        return np.zeros(len(role.start))
    shifts = list(scenario.shifts.values())
    begin = np.array([day_seconds(shift.start) for shift in shifts])[role.shift]
    length = np.array([shift.hours * HOUR for shift in shifts])[role.shift]
    left = length - (role.start - begin) % DAY
    return np.asarray(np.maximum(end - role.start - left, 0.0))
