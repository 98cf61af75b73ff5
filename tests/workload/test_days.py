"""What a date weighs: weekdays, days off, seasons, and chance that persists."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import kstest
from tiny import CATEGORIES, tiny

from sim.city import City
from sim.scenario import load
from sim.scenario.dates import numbers
from sim.workload.arrivals import Demand, intensity
from sim.workload.days import date_weights, day_shares
from sim.workload.names import day_words
from sim.workload.philox import Draws
from sim.workload.purpose import Purpose
from sim.workload.weather import mean_factors, mean_weights

SEASON = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]
CHANGES = [
    'time.calendar="CN"',
    "totals.period_start=2018-01-01",
    "totals.period_days=273",
    'time.school_holidays=[["07-01", "08-31"], ["12-20", "01-05"]]',
    "profiles.office.day_off=0.25",
    "profiles.office.working_weekend=2.0",
    "profiles.flat.school_holidays=0.5",
    f"seasons.rain.months={SEASON}",
]


def weights(folder: Path, category: str, *days: date) -> list[float]:
    rows = [{**row, "season": "rain" if row["id"] == "flood" else ""} for row in CATEGORIES]
    scenario = tiny(folder, CHANGES, rows)
    number = [c.id for c in scenario.categories].index(category)
    return date_weights(scenario, numbers(days))[number].tolist()


def test_weekdays_days_off_and_weekends_that_are_worked(tmp_path: Path) -> None:
    days = [date(2018, 2, d) for d in (14, 15, 17, 11, 24, 25)]
    assert weights(tmp_path, "wages", *days) == [1.17, 0.25, 0.25, 2.0, 2.0, 0.5]
    assert weights(tmp_path, "theft", *days) == [1.0] * 6


def test_school_holidays_come_every_year_and_over_its_end(tmp_path: Path) -> None:
    days = [date(2018, 6, 30), date(2018, 7, 1), date(2018, 8, 31), date(2018, 9, 1),
            date(2017, 12, 19), date(2017, 12, 20), date(2018, 1, 5), date(2018, 1, 6)]  # fmt: skip
    assert weights(tmp_path, "theft", *days) == [1, 0.5, 0.5, 1, 1, 0.5, 0.5, 1]


def test_seasons_go_by_month_before_1970_too(tmp_path: Path) -> None:
    months = [date(year, m, 28) for year in (2018, 1969, 1900) for m in (1, 2, 6, 12)]
    flat = [0.5 if d.month == 12 else 1.0 for d in months]  # school holidays
    expected = [SEASON[d.month - 1] * f for d, f in zip(months, flat, strict=True)]
    assert weights(tmp_path, "flood", *months) == expected


def test_the_published_volumes_stay(tmp_path: Path) -> None:
    """Over the period, whatever span is simulated; a holiday week is not scaled to a normal one."""
    rows = [{**row, "season": "rain" if row["id"] == "flood" else ""} for row in CATEGORIES]
    still = ["variation.city_day_cv=0", "variation.family_day_cv=0"]
    for run in (["time.days=273"], ["time.start=2018-02-15", "time.days=7"]):
        scenario = tiny(tmp_path, [*CHANGES, *still, *run], rows)
        city = City.build(scenario)
        demand = Demand.build(scenario, city)
        found = intensity(scenario, city, demand, Draws(1, 0), 0, range(scenario.time.days))
        days = found.sum(axis=2)
        if scenario.time.days == 273:
            volumes = days.sum(axis=1) / 273
            np.testing.assert_allclose(volumes, demand.matters[0], rtol=1e-12)
        else:
            office = [c.profile for c in scenario.categories].index("office")
            assert days[office].sum() < 0.4 * demand.matters[0, office] * 7


def test_suzhou_keeps_what_was_published() -> None:
    scenario = load("suzhou-2018")
    assert mean_weights(scenario).shape == (64,)
    dates = numbers([date(2018, 1, 1)]) + np.arange(273)
    mean = date_weights(scenario, dates) * mean_factors(scenario, dates)
    mean = (mean / mean_weights(scenario)[:, None]).mean(axis=1)
    np.testing.assert_allclose(mean, 1, rtol=1e-12)


def test_without_dates_of_the_period_it_is_that_of_mean_weeks(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    mean = dict(zip([c.profile for c in scenario.categories], mean_weights(scenario), strict=True))
    assert mean == {"flat": 1.0, "office": pytest.approx(7.0 / 7)}


@settings(deadline=None)
@given(
    first=st.integers(-25_000, 80_000),
    days=st.integers(1, 30),
    at=st.integers(0, 29),
    rho=st.sampled_from([0.0, 0.05, 0.3, 0.95]),
)
def test_a_date_has_its_chance_among_whatever_others(
    first: int, days: int, at: int, rho: float
) -> None:
    draws, dates = Draws(3, 1), np.arange(first, first + days)
    whole = day_shares(draws, dates, rho, (1, 2))
    alone = day_shares(draws, dates[at % days :][:1], rho, (1, 2))
    assert whole[at % days] == alone[0]
    if rho == 0:
        assert np.array_equal(whole, draws.uniform(Purpose.DAY, day_words(dates), (1, 2)))


@pytest.mark.parametrize("rho", [0.3, 0.6])
def test_days_are_like_the_day_before_and_no_other_on_the_whole(rho: float) -> None:
    """Uniform as before; correlations of normal quantiles are rho to the lag.

    Thinned for the test of Kolmogorov and Smirnov; bands of five standard errors by Bartlett.
    """
    days = 40_000
    shares = day_shares(Draws(11, 0), np.arange(days), rho, (0, 0))
    assert kstest(shares[::40], "uniform").pvalue > 1e-3
    z = ndtri(shares)
    assert abs(z.std() - 1) < 0.03
    for lag in range(1, 11):
        found = np.corrcoef(z[lag:], z[:-lag])[0, 1]
        error = np.sqrt((1 + rho**2) / (1 - rho**2) / days)
        assert abs(found - rho**lag) < 5 * error, lag


def test_a_correlation_moves_no_mean(tmp_path: Path) -> None:
    """The factors of days have mean 1 and the same spread, and go up and down together."""

    def daily(*changes: str) -> Any:
        scenario = tiny(tmp_path, ["time.days=900", "variation.city_day_cv=0.3", *changes])
        city = City.build(scenario)
        demand = Demand.build(scenario, city)
        return intensity(scenario, city, demand, Draws(5, 0), 0, range(900))[0].sum(axis=1)

    alone, alike = daily(), daily("variation.city_day_rho=0.5")
    assert abs(alone.mean() / alike.mean() - 1) < 0.06
    assert alike.std() == pytest.approx(alone.std(), rel=0.15)
    by_one = [np.corrcoef(days[1:], days[:-1])[0, 1] for days in (alone, alike)]
    assert abs(by_one[0]) < 0.15 < 0.25 < by_one[1]
