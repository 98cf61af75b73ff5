"""Use of staff: how busy crews, gridworkers and operators were while on duty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.clock import DAY, HOUR, TICKS_PER_SECOND
from sim.engine.outcome import Outcome, rows_of
from sim.measure.fold import gather
from sim.measure.tables import PLACES, Floats
from sim.model.calendar import day_seconds, shift_calendars
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


@dataclass(frozen=True, eq=False)
class StaffRole:
    """Staff of one kind, with its posts: int64 [plans, places, shifts]."""

    role: str
    name: str
    name_zh: str
    posts: Ints


@dataclass(frozen=True, eq=False)
class Resources:
    """Who a log tells of, each in a *cell*: a role's number, times the places, and the place.

    The cell is -1 where a resource belongs to no place. ``begin`` and ``length`` are those of the
    shift, s; of operators none can be told, and the length is infinite.
    """

    log: str
    column: str
    cell: Ints
    begin: Floats
    length: Floats


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
    for (name, name_zh, field), size in zip(_DESKS, _desks(outcome), strict=True):
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


def resources(outcome: Outcome, by: str = "city") -> list[Resources]:
    """List who the logs tell of, in the cells of `roles` and places."""
    plan, city = outcome.plan, outcome.city
    places = len(_names(outcome, by))
    of_desk, of_town, of_unit = _places(outcome, by)
    shifts = list(outcome.scenario.shifts.values())
    begin = np.array([day_seconds(shift.start) for shift in shifts], dtype=float)
    length = np.array([shift.hours * HOUR for shift in shifts], dtype=float)

    def cell(role: Ints | int, place: Ints) -> Ints:
        return np.where(place >= 0, role * places + place, -1)

    desks = len(of_desk)
    return [
        Resources(
            "visits",
            "crew",
            cell(
                len(_DESKS) + 1 + plan.unit_department[plan.crew_unit].astype(np.int64),
                of_unit[plan.crew_unit],
            ),
            begin[plan.crew_shift],
            length[plan.crew_shift],
        ),
        Resources(
            "stops",
            "worker",
            cell(len(_DESKS), of_town[city.grid_town[plan.worker_grid]]),
            begin[plan.worker_shift],
            length[plan.worker_shift],
        ),
        Resources(
            "services",
            "desk",
            cell(np.repeat(np.arange(len(_DESKS)), _desks(outcome)), of_desk),
            np.zeros(desks),
            np.full(desks, np.inf),
        ),
    ]


def _desks(outcome: Outcome) -> tuple[int, ...]:
    """Return how many desks of each kind there are."""
    return 1, len(outcome.plan.town_posts), len(outcome.plan.district_posts)


def _places(outcome: Outcome, by: str) -> tuple[Ints, Ints, Ints]:
    """Return the place of each desk, town and unit; -1: none."""
    plan = outcome.plan
    _, towns, districts = _desks(outcome)
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

    kinds = roles(outcome, by)
    busy_time: Busy
    (busy_time,) = gather(outcome, [(Busy, by)])
    total = busy_time.spent / TICKS_PER_SECOND
    total[0] -= total[1]
    total = total.reshape(2, len(kinds), len(names))
    frames = []
    for role, busy, late in zip(kinds, *total, strict=True):
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


class Busy:
    """How long staff were busy, in ticks, from the logs of what they did.

    Parameters
    ----------
    outcome : Outcome
    by : str
        One of `PLACES`; or ``hour``: of the city, by hour of day.

    Attributes
    ----------
    spent : int64 [2, cells]
        By the cells of `resources`: all, and overtime.
    in_hour : int64 [cells, 24]
        By hour of day, where that is asked for.
    """

    logs = True

    def __init__(self, outcome: Outcome, by: str) -> None:
        place = "city" if by == "hour" else by
        self._found = resources(outcome, place)
        cells = len(roles(outcome, place)) * len(_names(outcome, place))
        self._until = outcome.until
        self.spent = np.zeros((2, cells), dtype=np.int64)
        self.in_hour = np.zeros((cells if by == "hour" else 0, 24), dtype=np.int64)

    def add(self, piece: Outcome) -> None:
        """Take in rows of the logs."""
        for those in self._found:
            log = getattr(piece, those.log)
            if rows_of(log):
                who, start, end = (log[name] for name in (those.column, "start", "end"))
                if len(self.in_hour):
                    _by_hour(who, those.cell, start, end, self._until, self.in_hour)
                else:
                    shift = those.cell, those.begin, those.length
                    _add_up(who, *shift, start, end, self._until, self.spent)

    def merge(self, other: Busy) -> None:
        """Take in what another took in."""
        self.spent += other.spent
        self.in_hour += other.in_hour


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _add_up(who, cell, begin, length, start, end, until, out) -> None:  # type: ignore[no-untyped-def]
    """Sum the time of spans up by the cell of who was busy, ticks [2, cells]: all, and overtime.

    Overtime is what lies beyond the shift in which a span began.
    """
    for i in range(len(who)):
        at = cell[who[i]]
        if at < 0:
            continue
        span = (end[i] if end[i] < until else until) - start[i]  # not a number: not yet
        left = length[who[i]] - (start[i] - begin[who[i]]) % DAY
        out[0, at] += int(np.rint(span * TICKS_PER_SECOND))
        if span > left:
            out[1, at] += int(np.rint((span - left) * TICKS_PER_SECOND))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _by_hour(who, cell, start, end, until, out) -> None:  # type: ignore[no-untyped-def]
    """Sum the time of spans up by cell and hour of day, ticks [cells, 24]."""
    hour = int(HOUR * TICKS_PER_SECOND)
    for i in range(len(who)):
        at = cell[who[i]]
        if at < 0:
            continue
        now = int(np.rint(start[i] * TICKS_PER_SECOND))
        last = int(np.rint((end[i] if end[i] < until else until) * TICKS_PER_SECOND))
        days = (last - now) // (24 * hour)
        if days > 0:
            out[at] += days * hour
            now += days * 24 * hour
        while now < last:
            next_hour = min((now // hour + 1) * hour, last)
            out[at, now // hour % 24] += next_hour - now
            now = next_hour


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
    kinds = roles(outcome)
    busy_time: Busy
    (busy_time,) = gather(outcome, [(Busy, "hour")])
    busy_in = busy_time.in_hour / TICKS_PER_SECOND
    frames = []
    for role, busy in zip(kinds, busy_in, strict=True):
        on_duty = sum(posts[0] @ hours for posts, hours in zip(role.posts, duty, strict=True))
        frames.append(
            pd.DataFrame(
                {
                    "role": role.role,
                    "name": role.name,
                    "name_zh": role.name_zh,
                    "hour": np.arange(24),
                    "busy": busy / share,
                    "on_duty": on_duty / share,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _spans(outcome: Outcome) -> list[tuple[float, float]]:
    """Return from when until when each plan was in force, s."""
    edges = [min(time, outcome.until) for time, _ in outcome.plans] + [outcome.until]
    return list(pairwise(edges))


def _mean_posts(role: StaffRole, spans: list[tuple[float, float]]) -> Ints | Floats:
    """Return the posts of each place: of the one plan, or on average."""
    posts = role.posts.sum(axis=2)
    if len(posts) == 1:
        return np.asarray(posts[0])
    length = np.array([end - start for start, end in spans])
    return np.asarray(length @ posts / max(length.sum(), 1e-9))
