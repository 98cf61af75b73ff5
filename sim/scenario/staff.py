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


class Shift(Model):
    """A daily span of duty; it may cross midnight."""

    start: Clock
    hours: Annotated[float, Field(gt=0, le=24)]
    days: Literal["all", "weekdays", "weekend"] = "all"


class Patrol(Model):
    """Full-time gridworkers at their work."""

    shift: Name
    extra_shift: Name
    speed_kmh: Annotated[float, Field(gt=0, le=60)]
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
    callback_mean_min: NonNegative
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

    part_time_eyes: Hours
    citizens: Hours
