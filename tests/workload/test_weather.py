"""The weather: a date has its own, it persists, and over many years it changes no volume."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import tiny

import sim
from sim.city import City
from sim.errors import InputError
from sim.scenario import Scenario, load
from sim.scenario.attach import attach
from sim.scenario.dates import numbers
from sim.workload.philox import Draws
from sim.workload.weather import mean_factors, pace, weather, weather_factors
from sim.workload.workload import Workload

WEATHER = (
    "weather={temp_mean_c=[0,1,2,3,4,5,6,7,8,9,10,11], temp_sd_c=4, temp_rho=0.7,"
    "rain_share=[0.4,0.4,0.4,0.4,0.4,0.4,0.4,0.4,0.4,0.4,0.4,0.0], rain_rho=0.4,"
    "rain_mean_mm=[30,30,30,30,30,30,30,30,30,30,30,30], wind_mean_ms=8, wind_rho=0.3,"
    "speed_rain=0.8, speed_heavy_rain=0.5, effects=["
    '{name="a", categories=["litter"], per_10c=1.5, rain=2, heavy_rain=4, wind=0.5},'
    '{name="b", families=["streets"], per_10c=1.2, rain=1.5, heavy_rain=0.5}]}'
)


def wet(folder: Path, *changes: str) -> Scenario:
    return tiny(folder, [WEATHER, "totals.period_start=2018-01-01", *changes])


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return wet(tmp_path_factory.mktemp("weather"))


YEAR = numbers([date(2018, 1, 1)]) + np.arange(334)  # it never rains in December


@settings(deadline=None)
@given(
    first=st.dates(date(1900, 1, 1), date(2200, 1, 1)), days=st.integers(1, 20), at=st.integers(0)
)
def test_a_date_has_its_weather(scenario: Scenario, first: date, days: int, at: int) -> None:
    climate, draws, dates = scenario.weather, Draws(4, 2), numbers([first]) + np.arange(days)
    assert climate is not None
    whole = weather(scenario, climate, draws, dates)
    alone = weather(scenario, climate, draws, dates[at % days :][:1])
    for name in ("warmth", "rain", "wind"):
        assert getattr(whole, name)[at % days] == getattr(alone, name)[0]
    assert (weather_factors(scenario, draws, dates) > 0).all()


def test_the_climate_is_what_comes(scenario: Scenario) -> None:
    """Of 60,000 days: shares, means and correlations within five standard errors or so."""
    climate = scenario.weather
    assert climate is not None
    days = np.concatenate([
        np.stack([getattr(weather(scenario, climate, Draws(1, r), YEAR), n)
                  for n in ("warmth", "rain", "wind")]) for r in range(180)
    ], axis=1)  # fmt: skip
    warmth, rain, wind = days
    assert abs(warmth.mean()) < 0.25
    assert warmth.std() == pytest.approx(4, rel=0.03)
    assert np.corrcoef(warmth[1:], warmth[:-1])[0, 1] == pytest.approx(0.7, abs=0.03)
    assert (rain > 0).mean() == pytest.approx(0.4, abs=0.02)
    assert rain[rain > 0].mean() == pytest.approx(30, rel=0.03)
    wetter = (rain > 0)[1:][(rain > 0)[:-1]].mean()
    assert wetter > 0.5  # the day after a wet one
    assert wind.mean() == pytest.approx(8, rel=0.02)
    december = numbers([date(2018, 12, 1)]) + np.arange(31)
    assert not weather(scenario, climate, Draws(1, 0), december).rain.any()


def test_over_many_years_no_volume_changes(scenario: Scenario) -> None:
    """The closed form against the mean of 300 years."""
    years = [weather_factors(scenario, Draws(9, r), YEAR) for r in range(300)]
    found, expected = np.mean(years, axis=0).mean(axis=1), mean_factors(scenario, YEAR).mean(axis=1)
    np.testing.assert_allclose(found, expected, rtol=0.03)
    litter = [c.id for c in scenario.categories].index("litter")
    assert expected[litter] > 1.1  # dividing by it matters
    theft = [c.id for c in scenario.categories].index("theft")
    assert expected[theft] == 1


def test_speeds_go_by_the_rain_of_the_day(scenario: Scenario) -> None:
    climate = scenario.weather
    assert climate is not None
    rain = weather(scenario, climate, Draws(1, 0), YEAR).rain
    expected = [0.5 if mm >= 50 else 0.8 if mm >= 10 else 1.0 for mm in rain.tolist()]
    assert pace(scenario, Draws(1, 0), YEAR).tolist() == expected
    assert set(expected) == {0.5, 0.8, 1.0}


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    dry, off = tiny(tmp_path / "a"), wet(tmp_path / "b", "weather.on=false")
    period = tiny(tmp_path / "c", ["totals.period_start=2018-01-01"])
    assert dry.weather is None
    assert (pace(off, Draws(1, 0), YEAR) == 1).all()
    assert (weather_factors(off, Draws(1, 0), YEAR) == 1).all()
    a, b = (Workload.draw(s, City.build(s), 1) for s in (period, off))
    assert np.array_equal(a.arisen, b.arisen)


def test_rain_slows_both_engines_alike(tmp_path: Path) -> None:
    """A table in which it pours on the second of three days."""
    scenario = with_table(wet(tmp_path), tmp_path, [(0, 0, 0), (0, 99, 0), (0, 0, 0)])
    runs = [sim.simulate(scenario, engine=engine) for engine in ("simpy", "compiled")]
    for name, column in runs[0].tickets.items():
        np.testing.assert_array_equal(column, runs[1].tickets[name], err_msg=name)
    dry = sim.simulate(with_table(wet(tmp_path), tmp_path, [(0, 0, 0)] * 3))
    took = []
    for outcome in (runs[0], dry):
        v = outcome.visits
        second = (v["start"] >= 86400) & (v["start"] < 2 * 86400) & ~np.isnan(v["arrive"])
        took.append(np.mean((v["arrive"] - v["start"])[second]))
    assert took[0] > 1.5 * took[1]


def with_table(
    scenario: Scenario, folder: Path, days: list[tuple[float, float, float]]
) -> Scenario:
    path = folder / "days.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["date", "temp_c", "rain_mm", "wind_ms"])
        for n, day in enumerate(days):
            table.writerow([scenario.time.start + timedelta(days=n), *day])
    return attach(scenario, "weather.file", path)


def test_a_table_must_hold_all_days_once(tmp_path: Path) -> None:
    short = with_table(wet(tmp_path), tmp_path, [(0, 0, 0)] * 2)
    with pytest.raises(InputError, match=r"date: '2018-01-03'.*all days of warm-up and run"):
        sim.simulate(short)
    path = tmp_path / "days.csv"
    text = path.read_text("utf-8")
    path.write_text(text.replace("2018-01-02", "2018-01-05"), encoding="utf-8")
    with pytest.raises(InputError, match=r"date: '2018-01-05'.*days in a row"):
        sim.simulate(attach(short, "weather.file", path))
    path.write_text(text + "2018-01-03,warm,0,0\n", encoding="utf-8")
    with pytest.raises(InputError, match="row 4, column temp_c"):
        sim.simulate(attach(short, "weather.file", path))


def test_weather_needs_a_period_and_knows_its_categories(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"totals\.period_start"):
        tiny(tmp_path, [WEATHER])
    with pytest.raises(InputError, match=r"weather\.effects\[0\]\.categories: 'liter'"):
        wet(tmp_path, 'weather.effects.0.categories=["liter"]')


def test_suzhou_rains() -> None:
    scenario = load("suzhou-2018")
    assert scenario.weather is not None
    found = weather(scenario, scenario.weather, Draws(scenario.seed, 0), YEAR)
    assert 700 < found.rain.sum() < 1600
