"""The weather of each date, and what it makes of matters and of speeds.

The effects are divided by their means over the climate, in closed form: over many years of weather
the volumes stay as they are, and a year of much rain has more of what rain brings.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.clock import days_since_1970
from sim.errors import InputError
from sim.reading import read_text
from sim.scenario import Scenario
from sim.scenario.dates import numbers
from sim.scenario.tables import read_table
from sim.scenario.weather import Weather, WeatherDay
from sim.word import word
from sim.workload.days import Floats, Ints, categories_of, date_weights, day_shares, month
from sim.workload.philox import Draws
from sim.workload.purpose import Purpose


@dataclass(frozen=True, eq=False)
class Series:
    """The weather of some dates.

    Attributes
    ----------
    warmth : float64 [days]
        Above the mean of the month, °C.
    rain, wind : float64 [days]
        mm; the strongest of the day, m/s.
    """

    warmth: Floats
    rain: Floats
    wind: Floats


def weather(scenario: Scenario, climate: Weather, draws: Draws, dates: Ints) -> Series:
    """Return the weather of dates in a row: that of the table, or drawn, each date its own.

    Raises
    ------
    InputError
        If the table lacks one of them.
    """
    months = month(dates)
    mean = np.array(climate.temp_mean_c)[months]
    path = scenario.attached.get("weather.file")
    if path is not None:
        first, table = _table(path, scenario.attached_hashes["weather.file"])
        at = dates - first
        if at[0] < 0 or at[-1] >= len(table):
            lacking = dates[0] if at[0] < 0 else max(first + len(table), dates[0])
            raise InputError(
                path, "date", str(np.datetime64(int(lacking), "D")), "all days of warm-up and run"
            )
        temp, rain, wind = table[at].T
        return Series(temp - mean, rain, wind)

    def shares(name: str, rho: float) -> Floats:
        return day_shares(draws, dates, rho, (word(name), 0), Purpose.WEATHER)

    warmth = climate.temp_sd_c * ndtri(shares("temperature", climate.temp_rho))
    wet = np.array(climate.rain_share)[months]
    beyond = 1 - shares("rain", climate.rain_rho)
    depth = np.log(np.divide(wet, beyond, out=np.ones(len(dates)), where=beyond < wet))
    wind = _wind_scale(climate) * np.sqrt(-np.log1p(-shares("wind", climate.wind_rho)))
    return Series(warmth, np.array(climate.rain_mean_mm)[months] * depth, wind)


def weather_factors(scenario: Scenario, draws: Draws, dates: Ints) -> Floats:
    """Return what the weather makes of the matters of dates in a row, float64 [C, days]."""
    out = np.ones((len(scenario.categories), len(dates)))
    climate = _climate(scenario)
    if climate is None or not climate.effects:
        return out
    found = weather(scenario, climate, draws, dates)
    for effect in climate.effects:
        wet = np.where(found.rain >= climate.rain_from_mm, effect.rain, 1.0)
        wet = np.where(found.rain >= climate.heavy_from_mm, effect.heavy_rain, wet)
        windy = np.where(found.wind >= climate.wind_from_ms, effect.wind, 1.0)
        hit = categories_of(scenario, effect.categories, effect.families)
        out[hit] *= effect.per_10c ** (found.warmth / 10) * wet * windy
    return out


def mean_factors(scenario: Scenario, dates: Ints) -> Floats:
    """Return the means of `weather_factors` over all the weather there may be, float64 [C, days].

    Several effects on one category count together: of temperature the mean of a lognormal, of rain
    and wind the chances of each kind of day.
    """
    out = np.ones((len(scenario.categories), len(dates)))
    climate = _climate(scenario)
    if climate is None:
        return out
    months = month(dates)
    wet, depth = (np.array(of)[months] for of in (climate.rain_share, climate.rain_mean_mm))
    depth = np.maximum(depth, 1e-9)
    heavy = wet * np.exp(-climate.heavy_from_mm / depth)
    rain = wet * np.exp(-climate.rain_from_mm / depth) - heavy
    windy = np.exp(-((climate.wind_from_ms / _wind_scale(climate)) ** 2))
    hits = [categories_of(scenario, e.categories, e.families) for e in climate.effects]
    for c in range(len(out)):
        mine = [e for e, hit in zip(climate.effects, hits, strict=True) if hit[c]]
        warm, by_rain, by_heavy, by_wind = (
            float(np.prod([getattr(e, name) for e in mine]))
            for name in ("per_10c", "rain", "heavy_rain", "wind")
        )
        out[c] = np.exp((np.log(warm) * climate.temp_sd_c / 10) ** 2 / 2)
        out[c] *= 1 + (by_rain - 1) * rain + (by_heavy - 1) * heavy
        out[c] *= 1 + (by_wind - 1) * windy
    return out


def mean_weights(scenario: Scenario) -> Floats:
    """Return the weight of a mean day of the published period, float64 [C].

    What arises is divided by it: holidays, seasons and weather leave the published volumes as they
    are, whatever dates a run has. Where the period has no dates, it is that of a mean week.
    """
    totals = scenario.totals
    if totals.period_start is None:
        means = {name: np.mean(profile.weekdays) for name, profile in scenario.profiles.items()}
        return np.array([means[c.profile] for c in scenario.categories])
    dates = days_since_1970(totals.period_start) + np.arange(totals.period_days)
    return (date_weights(scenario, dates) * mean_factors(scenario, dates)).mean(axis=1)


def pace(scenario: Scenario, draws: Draws, dates: Ints) -> Floats:
    """Return the factor on crews' speed on dates in a row, float64 [days]."""
    climate = _climate(scenario)
    if climate is None or climate.speed_rain == climate.speed_heavy_rain == 1:
        return np.ones(len(dates))
    rain = weather(scenario, climate, draws, dates).rain
    slow = np.where(rain >= climate.rain_from_mm, climate.speed_rain, 1.0)
    return np.where(rain >= climate.heavy_from_mm, climate.speed_heavy_rain, slow)


def _climate(scenario: Scenario) -> Weather | None:
    return scenario.weather if scenario.weather and scenario.weather.on else None


def _wind_scale(climate: Weather) -> float:
    return float(climate.wind_mean_ms * 2 / np.sqrt(np.pi))


@lru_cache(maxsize=4)
def _table(path: Path, _digest: str) -> tuple[int, NDArray[np.float64]]:
    """Read the table; return the number of its first date, and its rows [days, 3]."""
    rows = read_table(path, read_text(path, "command line", "weather.file"), WeatherDay, "date")
    days = numbers(row.date for row in rows)
    gap = np.flatnonzero(np.diff(days) != 1)
    if len(gap):
        day = rows[int(gap[0]) + 1].date
        raise InputError(path, "date", str(day), "days in a row, each once")
    return days_since_1970(rows[0].date), np.array([[r.temp_c, r.rain_mm, r.wind_ms] for r in rows])
