"""Where and when: time, area, totals, districts, travel, demand."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from sim.clock import DAY
from sim.scenario.base import Count, FileName, Hours, Model, Name, NonNegative, Positive, Share
from sim.scenario.zone import zone

WARM_UP_MOST = 366
"""The most days of a warm-up."""


def _zone(name: str) -> str:
    try:
        zone(name)
    except ValueError as error:
        raise PydanticCustomError("zone", "{allowed}", {"allowed": str(error)}) from None
    return name


def _day(said: object) -> object:
    """Read a day that is quoted."""
    try:
        return date.fromisoformat(said) if isinstance(said, str) else said
    except ValueError:
        return said


Day = Annotated[date, BeforeValidator(_day)]


def _month_day(said: str) -> str:
    try:
        date.fromisoformat(f"2000-{said}")
    except ValueError:
        raise PydanticCustomError("day", "a day of the year such as 07-01") from None
    return said


def _calendar(said: str) -> str:
    if not re.fullmatch(r"weekdays|own|[A-Z]{2}", said):
        raise PydanticCustomError("calendar", "weekdays, own, or a country's code such as CN")
    return said


MonthDay = Annotated[str, Field(pattern=r"^\d\d-\d\d$"), AfterValidator(_month_day)]


class Time(Model):
    """The simulated span; time 0 is the local midnight at which it starts, after the warm-up."""

    start: Annotated[Day, Field(ge=date(1900, 1, 1), le=date(2200, 12, 31))]
    days: Annotated[int, Field(ge=1, le=3660)]
    warm_up_days: Annotated[int, Field(ge=0, le=WARM_UP_MOST)] = 0
    """Days before time 0 that are simulated so that it does not begin in an empty city."""
    timezone: Annotated[Name, AfterValidator(_zone)] = "Asia/Shanghai"
    """Of the tz database. The run keeps its offset at the start (`sim.scenario.localtime`)."""
    calendar: Annotated[str, AfterValidator(_calendar)] = "weekdays"
    """``weekdays``: Monday to Friday are worked. A country's code, such as ``CN``: but for its
    public holidays, and with the weekends that it works for them. ``own``: as listed below."""
    days_off: tuple[Day, ...] | None = None
    """Public holidays, and days off for them; those of the country unless they are listed."""
    working_weekends: tuple[Day, ...] | None = None
    """Saturdays and Sundays that are worked."""
    school_holidays: tuple[tuple[MonthDay, MonthDay], ...] = ()
    """First and last days, of every year."""

    @property
    def begins(self) -> float:
        """The instant at which the warm-up begins, s, 0 or before."""
        return -self.warm_up_days * DAY


class Area(Model):
    """The districts and their borders."""

    districts: FileName
    boundaries: FileName
    include: tuple[Name, ...] = ()
    """English names; empty: all of the table."""
    grids: FileName | None = None
    """A table of towns' grids that take the place of those laid by themselves."""


class Tables(Model):
    """Tables beside the scenario."""

    categories: FileName


class Totals(Model):
    """Totals of the whole city, apportioned by population."""

    period_days: Annotated[int, Field(ge=1, le=3660)]
    period_start: Annotated[Day, Field(ge=date(1900, 1, 1), le=date(2200, 12, 31))] | None = None
    """The first of them; without it the volumes are those of mean weeks."""
    population: Annotated[int, Field(ge=1, le=10**10)]
    grids: Annotated[int, Field(ge=1, le=1_000_000)]
    grid_leaders: Count
    full_time: Count
    part_time: Count
    hotline_requests: Count
    police_calls: Count


class Published(Model):
    """A figure of the real city, against which `sim calibrate` holds runs."""

    measure: Name
    """Of the catalogue, see ``sim measures``."""
    value: Annotated[float, Field(allow_inf_nan=False)]
    period_days: Positive | None = None
    """The measure is a mean time, and the value the share of those that began within so many days
    for which it is over at their end: by Little's law, 1 - mean time / period."""
    fitted: tuple[Name, ...] = ()
    """The figures that were tuned to it; none: it was left to check."""


class GridSettings(Model):
    """How grids are made."""

    grids_per_community: Annotated[float, Field(ge=1, le=1e9)]
    loop_per_sqrt_area: Positive
    loop_min_m: Positive
    loop_max_m: Positive
    hot_share: Share = 0.0
    """Share of the matters that arise on one hot stretch of each grid's loop."""
    hot_length: Annotated[float, Field(ge=1e-6, le=1)] = 0.1
    """Length of that stretch, as a share of the loop."""


class District(Model):
    """What is particular to a district."""

    towns: Annotated[int, Field(ge=1, le=200)]
    camera_coverage: Share
    speed_factor: Annotated[float, Field(ge=0.001, le=5)] = 1.0
    one_platform: bool = False
    """One command platform: urgent and joint matters go to no wrong department."""


Speed = Annotated[float, Field(ge=0.001, le=200)]


class Roads(Model):
    """A road net, and how fast each class of road is in the fastest hour of `Travel`."""

    file: FileName | None = None
    """GraphML as OSMnx writes it, or GeoJSON of lines; none: a net is generated."""
    speed_kmh: Annotated[dict[Name, Speed], Field(min_length=1)]
    """By class, in OpenStreetMap's words; ``primary_link`` and the like go as ``primary``."""
    other_kmh: Speed
    """Classes that are not named."""
    access_kmh: Speed
    """Between a place and its road."""


class TravelSettings(Model):
    """Travel of crews."""

    detour: Annotated[float, Field(ge=1, le=5)]
    speed_kmh: Annotated[tuple[Speed, ...], Field(min_length=24, max_length=24)]
    model: Literal["straight", "roads"] = "straight"
    roads: Roads | None = None


class Supervision(Model):
    """When supervision steps in, as shares of the time allowed; the district: at the deadline."""

    reminder: Annotated[float, Field(ge=1e-6, lt=1)]
    city: Annotated[float, Field(gt=1, le=100)]


class Satisfaction(Model):
    """The chance that a citizen is satisfied."""

    on_time: Share
    late_penalty: Share
    reopened_penalty: Share


class Variation(Model):
    """The random day factors: coefficients of variation, and correlations from day to day."""

    city_day_cv: Annotated[float, Field(ge=0, le=2)]
    family_day_cv: Annotated[float, Field(ge=0, le=2)]
    city_day_rho: Annotated[float, Field(ge=0, le=0.95)] = 0.0
    family_day_rho: Annotated[float, Field(ge=0, le=0.95)] = 0.0


class Profile(Model):
    """When matters arise; only the shape counts."""

    hours: Hours
    weekdays: Annotated[tuple[NonNegative, ...], Field(min_length=7, max_length=7)]
    day_off: NonNegative | None = None
    """In the place of the weekday's on public holidays."""
    working_weekend: NonNegative | None = None
    """In the place of the weekday's on Saturdays and Sundays that are worked."""
    school_holidays: NonNegative = 1.0
    """A factor on days without school."""


class Season(Model):
    """How much more or less arises in some months; only the shape counts."""

    months: Annotated[tuple[NonNegative, ...], Field(min_length=12, max_length=12)]


class DemandChange(Model):
    """A lasting change of how much arises."""

    name: Name
    districts: tuple[Name, ...] = ()
    categories: tuple[Name, ...] = ()
    families: tuple[Name, ...] = ()
    factor: Annotated[float, Field(ge=0, le=1000)]


class Surge(DemandChange):
    """A change within a window; it may slow crews down."""

    start_day: NonNegative
    days: Positive
    travel_speed_factor: Annotated[float, Field(ge=0.001, le=5)] = 1.0
