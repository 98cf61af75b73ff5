"""The weather of a scenario: its climate, or a table of days, and what it moves."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from sim.scenario.base import FileName, Model, Name, NonNegative, Positive, Share

Months = Annotated[tuple[NonNegative, ...], Field(min_length=12, max_length=12)]
Celsius = Annotated[float, Field(ge=-90, le=60)]
Rho = Annotated[float, Field(ge=0, le=0.95)]
Factor = Annotated[float, Field(ge=0.01, le=100)]
Speed = Annotated[float, Field(ge=0.05, le=2)]


class WeatherEffect(Model):
    """What the weather of a day makes of how much of some matters arises: factors."""

    name: Name
    categories: tuple[Name, ...] = ()
    families: tuple[Name, ...] = ()
    per_10c: Factor = 1.0
    """For each 10 °C above the month's mean; below it the inverse."""
    rain: Factor = 1.0
    """With `Weather.rain_from_mm` or more."""
    heavy_rain: Factor = 1.0
    """With `Weather.heavy_from_mm` or more, in the place of ``rain``."""
    wind: Factor = 1.0
    """With `Weather.wind_from_ms` or more."""


class Weather(Model):
    """A daily series for the whole city, and what it moves. Without this table there is none.

    Temperature is normal about the mean of the month. It rains on a share of the days, with an
    exponential amount. The wind, the strongest of the day, is Weibull of shape 2. Each day is like
    the day before: the quantiles are autoregressions of first order.
    """

    on: bool = True
    """Without it there is no weather, as without this table."""
    file: FileName | None = None
    """A table ``date,temp_c,rain_mm,wind_ms`` in the place of what is generated."""
    temp_mean_c: Annotated[tuple[Celsius, ...], Field(min_length=12, max_length=12)]
    temp_sd_c: NonNegative
    temp_rho: Rho
    rain_share: Annotated[tuple[Share, ...], Field(min_length=12, max_length=12)]
    rain_mean_mm: Months
    """Of the days on which it rains."""
    rain_rho: Rho
    wind_mean_ms: Positive
    wind_rho: Rho
    rain_from_mm: Positive = 10.0
    heavy_from_mm: Positive = 50.0
    wind_from_ms: Positive = 10.8
    speed_rain: Speed = 1.0
    """A factor on crews' speed with rain, and with heavy rain in its place."""
    speed_heavy_rain: Speed = 1.0
    effects: tuple[WeatherEffect, ...] = ()


class WeatherDay(Model):
    """A row of the table."""

    date: date
    temp_c: Celsius
    rain_mm: NonNegative
    wind_ms: NonNegative
