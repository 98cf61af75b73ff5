"""How much a date weighs: weekday, holidays and season, and by chance like the days before it.

Days are numbers of dates, since 1970. Nothing here depends on where a run begins.
"""

from __future__ import annotations

from math import ceil, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from sim.scenario import Scenario
from sim.scenario.dates import is_made_up, is_off, weekday
from sim.workload.names import day_words
from sim.workload.philox import Draws
from sim.workload.purpose import Purpose

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FORGOTTEN = 1e-6
"""Weight below which a day's chance is left out of a later one."""


def month(dates: Ints) -> Ints:
    """Return the months of dates, 0 for January."""
    return dates.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12


def categories_of(
    scenario: Scenario, ids: tuple[str, ...], families: tuple[str, ...]
) -> NDArray[np.bool_]:
    """Return which categories are meant, by name or family; all where none is named."""
    everything = not ids and not families
    return np.array(
        [everything or c.id in ids or c.family in families for c in scenario.categories],
        dtype=bool,
    )


def date_weights(scenario: Scenario, dates: Ints) -> Floats:
    """Return how much arises on some dates, up to a factor of each category.

    Returns
    -------
    float64 [C, days]
        By weekday, on public holidays and weekends that are worked in their place; times what
        school holidays and the category's season make of it.
    """
    time, day = scenario.time, weekday(dates)
    off, made_up = is_off(time, dates), is_made_up(time, dates)
    no_school, months = _no_school(scenario, dates), month(dates)
    profiles = {}
    for name, profile in scenario.profiles.items():
        weight = np.array(profile.weekdays, dtype=float)[day]
        if profile.day_off is not None:
            weight[off] = profile.day_off
        if profile.working_weekend is not None:
            weight[made_up] = profile.working_weekend
        weight[no_school] *= profile.school_holidays
        profiles[name] = weight
    seasons = {
        name: np.array(s.months, dtype=float)[months] for name, s in scenario.seasons.items()
    }
    return np.array(
        [profiles[c.profile] * (seasons[c.season] if c.season else 1) for c in scenario.categories]
    )


def _no_school(scenario: Scenario, dates: Ints) -> NDArray[np.bool_]:
    """Return which dates lie in school holidays, bool [days]."""
    year = dates.astype("datetime64[D]").astype("datetime64[Y]")
    found = np.zeros(len(dates), dtype=bool)
    for first, last in scenario.time.school_holidays:
        begin, end = (_in_year(year, day) for day in (first, last))
        inside = (begin <= dates) & (dates <= end)
        across = (begin > end) & ((begin <= dates) | (dates <= end))
        found |= inside | across
    return found


def _in_year(year: NDArray[np.datetime64], day: str) -> Ints:
    """Return the numbers of a day such as ``07-01`` of some years; 29 February may be 1 March."""
    month, of_month = map(int, day.split("-"))
    months = year.astype("datetime64[M]") + (month - 1)
    return months.astype("datetime64[D]").astype(np.int64) + (of_month - 1)


def day_shares(
    draws: Draws, dates: Ints, rho: float, cell: tuple[int, int], purpose: Purpose = Purpose.DAY
) -> Floats:
    """Draw a uniform number for each date, correlated with those of the dates before it.

    The normal quantiles of these numbers are an autoregression of first order, written as the
    sum over what each date before adds: so a date has its number whichever dates are asked for.

    Parameters
    ----------
    dates : int64 [days]
        In a row.
    rho : float
        The correlation of two neighbours, in [0, 1).

    Returns
    -------
    float64 [days]
        In (0, 1).
    """
    if rho == 0:
        return draws.uniform(purpose, day_words(dates), cell)
    back, days = ceil(log(_FORGOTTEN) / log(rho)), len(dates)
    every = np.arange(dates[0] - back, dates[0] + days)
    added = ndtri(draws.uniform(purpose, day_words(every), cell))
    # one by one, in this order: the sum of a date is the same to the bit among whatever others
    total = np.zeros(days)
    for k in range(back + 1):
        total += rho**k * added[back - k : back - k + days]
    return np.asarray(ndtr(total * sqrt((1 - rho**2) / (1 - rho ** (2 * back + 2)))))
