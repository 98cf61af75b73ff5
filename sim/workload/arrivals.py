"""When and where matters arise: a non-homogeneous Poisson process with random day factors.

New York's 311 shows why the factors are there: its daily counts have a variance hundreds of
times their mean, so plain Poisson days are far too even.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, pdtr, pdtrik

from sim.city.apportion import apportion
from sim.city.city import City
from sim.clock import DAY, HOUR, to_ticks
from sim.machinecode import kept
from sim.scenario import Scenario
from sim.scenario.dates import run_days
from sim.word import word
from sim.workload.days import categories_of, date_weights, day_shares
from sim.workload.names import cell_words, check_numbers
from sim.workload.philox import Draws
from sim.workload.purpose import Purpose
from sim.workload.weather import mean_weights, weather_factors


@dataclass(frozen=True, eq=False)
class Demand:
    """How many matters arise on a mean day, by district and category.

    Attributes
    ----------
    hotline, police : float64 [D, C]
        Requests a day that reach 12345 and 110 under the staffing of the base year. Before
        what-ifs they sum over the published period to exactly the published totals.
    matters : float64 [D, C]
        All matters a day, those that no citizen reports included.
    """

    hotline: NDArray[np.float64]
    police: NDArray[np.float64]
    matters: NDArray[np.float64]
    reporters: NDArray[np.float64]
    """float64 [D, C]: the share of the matters whose citizen would report them."""
    mean_weight: NDArray[np.float64]
    """float64 [C]: what `sim.workload.days.date_weights` are on a mean day."""

    @classmethod
    def build(cls, scenario: Scenario, city: City) -> Demand:
        """Apportion the published volumes and apply the scenario's changes of demand."""
        categories = scenario.categories
        period = scenario.totals.period_days

        def volumes(totals: NDArray[np.int64], shares: list[float]) -> NDArray[np.float64]:
            return np.array([apportion(int(total), shares) for total in totals]) / period

        hotline = volumes(city.hotline_requests, [c.hotline_share for c in categories])
        police = volumes(city.police_calls, [c.police_share for c in categories])
        factor = np.ones_like(hotline)
        for change in scenario.demand:
            hit = np.ix_(
                _chosen(city.district_name, change.districts),
                categories_of(scenario, change.categories, change.families),
            )
            factor[hit] *= change.factor
        hotline, police = hotline * factor, police * factor
        reported = (hotline + police) / np.array([c.reported for c in categories])
        silent = np.outer(city.district_share, [c.silent_per_day for c in categories]) * factor
        matters = reported + silent
        reporters = np.divide(reported, matters, out=np.zeros_like(matters), where=matters > 0)
        return cls(hotline, police, matters, reporters, mean_weights(scenario))


def _chosen(names: tuple[str, ...], some: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.array([not some or name in some for name in names], dtype=bool)


def intensity(
    scenario: Scenario, city: City, demand: Demand, draws: Draws, district: int, days: range
) -> NDArray[np.float64]:
    """Return the expected matters of one district by category, day and hour.

    Parameters
    ----------
    district : int
        Index in the city.
    days : range
        Days of the run; those of its warm-up are negative.

    Returns
    -------
    float64 [C, days, 24]
        Given the random factors of these days.
    """
    categories = scenario.categories
    day = np.arange(days.start, days.stop)
    dates = run_days(scenario.time, days)
    shape = np.array([scenario.profiles[c.profile].hours for c in categories], dtype=float)
    out = np.empty((len(categories), len(day), 24))
    out[:] = (demand.matters[district] / demand.mean_weight)[:, None, None]
    out *= (date_weights(scenario, dates) * weather_factors(scenario, draws, dates))[:, :, None]
    out *= (shape / shape.sum(axis=1, keepdims=True))[:, None, :]
    out *= _day_factors(scenario, city, draws, district, dates)[:, :, None]
    for surge in scenario.surges:
        if surge.districts and city.district_name[district] not in surge.districts:
            continue
        rows_hit = categories_of(scenario, surge.categories, surge.families)
        hour = day[:, None] * 24.0 + np.arange(24)
        start, end = surge.start_day * 24, (surge.start_day + surge.days) * 24
        overlap = np.clip(np.minimum(hour + 1, end) - np.maximum(hour, start), 0, 1)
        out[rows_hit] *= 1 + (surge.factor - 1) * overlap
    return out


def _day_factors(
    scenario: Scenario, city: City, draws: Draws, district: int, dates: NDArray[np.int64]
) -> NDArray[np.float64]:
    """float64 [C, days], each gamma with mean 1: one for the city's day, one for the family's."""
    variation = scenario.variation

    def factors(cv: float, rho: float, cell: tuple[int, int]) -> NDArray[np.float64]:
        if cv == 0:
            return np.ones(len(dates))
        shape = cv**-2
        return np.asarray(gammaincinv(shape, day_shares(draws, dates, rho, cell)) / shape)

    whole = factors(variation.city_day_cv, variation.city_day_rho, (0, 0))
    here = word(city.district_code[district])
    families = {c.family for c in scenario.categories}
    own = {
        family: factors(variation.family_day_cv, variation.family_day_rho, (here, word(family)))
        for family in families
    }
    return np.array([whole * own[c.family] for c in scenario.categories])


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Matters that arise in one district: their category, number within the cell, and time.

    ``date`` are the numbers of their days since 1970, ``cell`` the words that name each matter's
    cell, ``named`` the word of its number there.
    """

    category: NDArray[np.int64]
    date: NDArray[np.int64]
    index: NDArray[np.int64]
    named: NDArray[np.uint64]
    cell: tuple[NDArray[np.uint64], NDArray[np.uint64]]
    time: NDArray[np.float64]


def _poisson_quantile(share: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the smallest count that at least this share does not exceed.

    `scipy.stats.poisson` does the same, but takes longer to import than to ask.
    """
    about = np.ceil(pdtrik(share, mean))
    below = np.maximum(about - 1, 0)
    return np.where(pdtr(below, mean) >= share, below, about)


@kept(nogil=True)
def _hours(below, of, target):  # type: ignore[no-untyped-def]
    """Find in which hour of its cell's day each target lies."""
    out = np.empty(len(target), np.int64)
    for i in range(len(target)):
        row, hour = below[of[i]], 0
        while hour < 23 and row[hour + 1] <= target[i]:
            hour += 1
        out[i] = hour
    return out


def arrivals(
    scenario: Scenario, city: City, demand: Demand, draws: Draws, district: int, days: range
) -> Arrivals:
    """Draw how many matters arise in each cell, and when.

    The count is the Poisson quantile of the cell's own uniform number: where a what-if lowers
    the mean, the first of the same matters remain and only the last are gone.

    Returns
    -------
    Arrivals
        Not yet sorted; times are on ticks, s since the first measured midnight.
    """
    expected = intensity(scenario, city, demand, draws, district, days)
    code = city.district_code[district]
    dates = run_days(scenario.time, days)
    names, where, which = cell_words(scenario, code, dates)

    mean = expected.sum(axis=2)
    uniform = draws.uniform(Purpose.COUNT, 0, (names[:, None], where[None, :]))
    count = np.where(mean > 0, _poisson_quantile(uniform, np.maximum(mean, 1e-300)), 0)

    check_numbers(scenario, code, count)
    flat = count.ravel().astype(np.int64)
    of = np.repeat(np.arange(len(flat)), flat)
    index = np.arange(len(of)) - np.repeat(np.cumsum(flat) - flat, flat)
    category, day = np.divmod(of, len(days))
    cell = (names[category], where[day])

    below = np.zeros((len(flat), 25))
    np.cumsum(expected.reshape(len(flat), 24), axis=1, out=below[:, 1:])
    named = index.astype(np.uint64) | which
    target = draws.uniform(Purpose.ARISE, named, cell) * below[of, 24]
    hour = _hours(below, of, target)
    low, high = below[of, hour], below[of, hour + 1]
    within = np.divide(target - low, high - low, out=np.zeros(len(of)), where=high > low)
    # rounded within the day: a sum of both would round another way on another day of the run
    time = (day + days.start) * DAY + to_ticks((hour + np.minimum(within, 1)) * HOUR)
    return Arrivals(category, dates[day], index, named, cell, time)
