"""Use of staff: how busy crews, gridworkers and operators were while on duty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.clock import DAY, HOUR
from sim.engine.outcome import Outcome
from sim.measure.tables import Bools, Floats
from sim.model.calendar import day_seconds, shift_calendars

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Role:
    """Staff of one kind: its posts by shift, and the spans in which one of them was busy."""

    role: str
    name: str
    name_zh: str
    posts: NDArray[np.int64]
    start: Floats
    end: Floats
    shift: NDArray[np.int64] | None = None
    """Of each span, where a shift can be told."""


def roles(outcome: Outcome) -> list[Role]:
    """List the kinds of staff with what they did."""
    plan, scenario = outcome.plan, outcome.scenario
    shifts = len(scenario.shifts)
    visits, stops, services = outcome.visits, outcome.stops, outcome.services
    towns = len(plan.town_posts)
    desk = services["desk"]

    def served(rows: Bools) -> tuple[Floats, Floats]:
        return services["start"][rows], services["end"][rows]

    out = [
        Role("operators", "12345 hotline", "12345 话务员", plan.hotline_posts, *served(desk == 0)),
        Role(
            "operators",
            "town centres",
            "镇街联动中心",
            plan.town_posts.sum(axis=0),
            *served((desk > 0) & (desk <= towns)),
        ),
        Role(
            "operators",
            "district centres",
            "区县联动中心",
            plan.district_posts.sum(axis=0),
            *served(desk > towns),
        ),
        Role(
            "gridworkers",
            "gridworkers",
            "专职网格员",
            np.bincount(plan.worker_shift, minlength=shifts),
            stops["start"],
            stops["end"],
            plan.worker_shift[stops["worker"]].astype(np.int64),
        ),
    ]
    department = plan.unit_department[plan.crew_unit]
    of_visit = plan.unit_department[visits["unit"]]
    for number, body in enumerate(scenario.departments.values()):
        rows = of_visit == number
        out.append(
            Role(
                "crews",
                body.name_en,
                body.name_zh,
                np.bincount(plan.crew_shift[department == number], minlength=shifts),
                visits["start"][rows],
                visits["end"][rows],
                plan.crew_shift[visits["crew"][rows]].astype(np.int64),
            )
        )
    return out


def use(outcome: Outcome) -> pd.DataFrame:
    """Sum up how busy each kind of staff was.

    Gridworkers are busy at stops and jobs, not while they walk their rounds; crews from when
    they are sent until they leave. Work after the end of a shift is overtime, counted apart.

    Returns
    -------
    pandas.DataFrame
        ``role, name, name_zh, posts, duty_h, busy_h, overtime_h, utilisation``.
    """
    import pandas as pd

    until = outcome.until
    duty = np.array([calendar.accrued(until) for calendar in shift_calendars(outcome.scenario)])
    rows = []
    for role in roles(outcome):
        end = np.fmin(role.end, until)
        busy = float(np.sum(end - role.start))
        late = float(np.sum(_overtime(outcome.scenario, role, end)))
        on_duty = float(role.posts @ duty)
        rows.append(
            {
                "role": role.role,
                "name": role.name,
                "name_zh": role.name_zh,
                "posts": int(role.posts.sum()),
                "duty_h": on_duty / HOUR,
                "busy_h": (busy - late) / HOUR,
                "overtime_h": late / HOUR,
                "utilisation": (busy - late) / on_duty if on_duty > 0 else np.nan,
            }
        )
    return pd.DataFrame(rows)


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
    duty = np.array(
        [
            np.bincount(hour, weights=np.diff([calendar.accrued(e) for e in edges]), minlength=24)
            for calendar in shift_calendars(outcome.scenario)
        ]
    )
    share = np.maximum(seconds, 1e-9)
    frames = []
    for role in roles(outcome):
        busy = np.diff(_busy_before(role.start, np.fmin(role.end, outcome.until), edges))
        frames.append(
            pd.DataFrame(
                {
                    "role": role.role,
                    "name": role.name,
                    "name_zh": role.name_zh,
                    "hour": np.arange(24),
                    "busy": np.bincount(hour, weights=busy, minlength=24) / share,
                    "on_duty": (role.posts @ duty) / share,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


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
