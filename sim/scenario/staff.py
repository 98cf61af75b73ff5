"""Who works: shifts, patrol, the hotline, the centres, the departments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.base import (
    Clock,
    Count,
    FileName,
    Hours,
    Model,
    Name,
    NonNegative,
    Positive,
    Share,
)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Shift(Model):
    """A daily span of duty; it may cross midnight."""

    start: Clock
    hours: Annotated[float, Field(ge=0.001, le=24)]
    days: (
        Literal["all", "weekdays", "weekend"]
        | Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)]
    ) = "all"
    """The days on which it begins."""

    @property
    def weekdays(self) -> tuple[int, ...]:
        """The days on which it begins, 0 for Monday."""
        if isinstance(self.days, tuple):
            return tuple(sorted({WEEKDAYS.index(day) for day in self.days}))
        return {"all": tuple(range(7)), "weekdays": tuple(range(5)), "weekend": (5, 6)}[self.days]


class Costs(Model):
    """What an hour of duty costs, yuan, pay and all that goes with it."""

    gridworker: NonNegative
    part_time: NonNegative
    part_time_hours_a_day: Annotated[float, Field(ge=0, le=24)]
    hotline_operator: NonNegative
    centre_operator: NonNegative
    crew: NonNegative
    crew_of: dict[Name, NonNegative] = Field(default_factory=dict)
    """Crews of departments that cost something else."""
    night_supplement: NonNegative
    """Share on top for hours between 22:00 and 06:00."""


class Contracts(Model):
    """How long people may be made to work."""

    full_time_week_h: Annotated[float, Field(gt=0, le=168)]
    full_time_day_h: Annotated[float, Field(gt=0, le=24)]
    part_time_week_h: Annotated[float, Field(gt=0, le=168)]
    part_time_day_h: Annotated[float, Field(gt=0, le=24)]


class Patrol(Model):
    """Full-time gridworkers at their work."""

    shift: Name
    extra_shift: Name
    speed_kmh: Annotated[float, Field(ge=0.001, le=60)]
    record_min: NonNegative
    check_min: NonNegative
    rounds: dict[Name, tuple[tuple[Clock, Clock], ...]]
    routes: FileName | None = None
    """A table of routes; none: every grid's loop, round and round."""


class StaffScale(Model):
    """Factors on the staff of the base year, by role."""

    full_time: NonNegative = 1.0
    part_time: NonNegative = 1.0
    hotline: NonNegative = 1.0
    centres: NonNegative = 1.0
    crews: NonNegative = 1.0


class Cameras(Model):
    """The video network."""

    delay_mean_min: NonNegative


class Hotline(Model):
    """12345: calls, callers and operators."""

    talk_mean_s: Positive
    talk_cv: NonNegative
    patience_mean_s: Positive
    redial_share: Share
    redial_max: Annotated[int, Field(ge=0, le=20)]
    redial_mean_min: NonNegative
    write_up_min: NonNegative
    online_share: Share
    operators: dict[Name, Count]


class PoliceLine(Model):
    """110: it always answers, and sends its own forces at once."""

    talk_mean_s: Positive
    talk_cv: NonNegative
    forces: tuple[Name, ...]


class Centres(Model):
    """Linkage centres of towns and districts."""

    accept_mean_min: NonNegative
    triage_mean_min: NonNegative
    call_back_mean_min: NonNegative
    service_cv: NonNegative
    triage_tries_max: Annotated[int, Field(ge=0, le=10)]
    town_operators: dict[Name, Count]
    district_operators: dict[Name, Count]


class Department(Model):
    """A department or force that clears tickets."""

    name_en: Name
    name_zh: Name
    level: Literal["town", "district"]
    desk: Name
    """``always``, or the shift during which it signs for tickets."""
    sign_mean_min: NonNegative
    crews: dict[Name, Count]


class Activity(Model):
    """How active people are by hour of day; only the shape counts."""

    part_time_observers: Hours
    citizens: Hours
