"""The dates of a scenario: which of them are worked, and when a deadline in working days ends.

Days are numbers: of dates, since 1970 (`sim.clock.days_since_1970`), or of a run, in which 0 is
the first measured day and those of the warm-up are negative. What a library says of holidays is
asked for once, when a scenario is loaded, and is a part of it from then on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.clock import days_since_1970
from sim.errors import InputError
from sim.scenario.holiday import OWN, PLAIN, public_holidays
from sim.scenario.schema import Scenario
from sim.scenario.sources import Figure
from sim.scenario.world import Time

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MOST_OFF = 13
"""Days in a row without a working day: staff looks two weeks ahead."""


def numbers(days: Iterable[date]) -> Ints:
    """Return the numbers of dates."""
    return np.array([days_since_1970(day) for day in days], dtype=np.int64)


def weekday(day: Ints) -> Ints:
    """Return the day of the week of numbered dates: 0 is Monday."""
    return (day + 3) % 7


def is_off(time: Time, day: Ints) -> Bools:
    """Return which numbered dates are public holidays, or off for one."""
    return np.isin(day, numbers(time.days_off or ()))


def is_made_up(time: Time, day: Ints) -> Bools:
    """Return which numbered dates are weekend days that are worked."""
    return np.isin(day, numbers(time.working_weekends or ()))


def is_worked(time: Time, day: Ints) -> Bools:
    """Return which numbered dates are working days."""
    return ((weekday(day) < 5) & ~is_off(time, day)) | is_made_up(time, day)


def run_days(time: Time, days: range) -> Ints:
    """Return the numbers of the dates of some days of a run."""
    return days_since_1970(time.start) + np.arange(days.start, days.stop)


def typical_week(scenario: Scenario) -> Scenario:
    """Return the scenario without days off: plans and fluids think in a week like any other."""
    plain = {"calendar": PLAIN, "days_off": (), "working_weekends": ()}
    return scenario.model_copy(update={"time": scenario.time.model_copy(update=plain)})


@dataclass(frozen=True, eq=False)
class WorkingDays:
    """The working days of a run, its warm-up and the deadlines that begin in it.

    Attributes
    ----------
    first : int
        The day of the run to which ``upto[0]`` belongs.
    upto : int64 [days]
        How many there are up to and with each day, from ``first`` on.
    nth : int64
        Them all, as days of the run.
    """

    first: int
    upto: Ints
    nth: Ints

    @classmethod
    def of(cls, scenario: Scenario) -> WorkingDays:
        """Count those of a scenario."""
        time, most = scenario.time, _most(scenario)
        # a gridworker who is at it when the run ends accepts later
        first, last = -time.warm_up_days, time.days + int(scenario.patrol.record_min // 1440)
        days = range(first, last + 1 + (MOST_OFF + 1) * most)
        worked = is_worked(time, run_days(time, days))
        upto = np.cumsum(worked, dtype=np.int64)[: last + 1 - first]
        return cls(first, upto, (np.flatnonzero(worked) + first).astype(np.int64))


def longest_deadline(scenario: Scenario) -> int:
    """Return the longest time to a deadline for closing, in whole days.

    Of whatever is accepted on a day of the run or its warm-up, at its very beginning.
    """
    hours = (hours for c in scenario.categories for hours in (c.sign_h, c.arrive_h, c.close_h or 0))
    days = ceil(max(hours, default=0) / 24)
    most = _most(scenario)
    if not most:
        return days
    working = WorkingDays.of(scenario)
    accepted = working.first + np.arange(len(working.upto))
    return max(days, int((working.nth[working.upto + most - 1] + 1 - accepted).max()))


def _most(scenario: Scenario) -> int:
    """Return the most working days of a deadline."""
    return max((c.close_workdays or 0 for c in scenario.categories), default=0)


def with_days_off(scenario: Scenario, file: Path | str) -> tuple[Scenario, tuple[Figure, ...]]:
    """Return the scenario with the days off that its calendar has, and on what they rest.

    Parameters
    ----------
    file : Path or str
        Which file says ``time.calendar``, for messages.

    Returns
    -------
    Scenario
        As it is where it lists them itself.
    tuple of Figure
        Of the lists that were filled in.

    Raises
    ------
    InputError
        If the calendar is not known, or not for all years that matter.
    """
    time = scenario.time
    if time.days_off is not None or time.working_weekends is not None:
        time = time.model_copy(
            update={
                "days_off": time.days_off or (),
                "working_weekends": time.working_weekends or (),
            }
        )
        scenario = scenario.model_copy(update={"time": time})
        _check_listed(scenario, file)
        return scenario, ()
    if time.calendar == OWN:
        raise InputError(file, "time.calendar", OWN, "with time.days_off, which it has none of")
    years = _years(scenario)
    while True:
        found = public_holidays(time.calendar, years, file)
        filled = time.model_copy(update={"days_off": found.off, "working_weekends": found.worked})
        scenario = scenario.model_copy(update={"time": filled})
        if _last_deadline(scenario).year <= years[-1]:
            break
        years.append(years[-1] + 1)
    lists = {"time.days_off": found.off, "time.working_weekends": found.worked}
    return scenario, tuple(
        Figure(path, days, "published", found.source, "the calendar")
        for path, days in lists.items()
        if days
    )


def _years(scenario: Scenario) -> list[int]:
    """Return the years of warm-up and run, and of the published period."""
    time, totals = scenario.time, scenario.totals
    begin = time.start - timedelta(days=time.warm_up_days)
    years = {*range(begin.year, (time.start + timedelta(days=time.days)).year + 1)}
    if totals.period_start is not None:
        end = totals.period_start + timedelta(days=totals.period_days - 1)
        years |= {*range(totals.period_start.year, end.year + 1)}
    return sorted(years)


def _last_deadline(scenario: Scenario) -> date:
    """Return the day on which the last deadline in working days ends."""
    working, most = WorkingDays.of(scenario), _most(scenario)
    last = int(working.nth[working.upto[-1] + most - 1]) if most else scenario.time.days
    return scenario.time.start + timedelta(days=last)


def _check_listed(scenario: Scenario, file: Path | str) -> None:
    """Check the days off that a file lists."""
    time = scenario.time
    off, worked = set(time.days_off or ()), set(time.working_weekends or ())
    if time.calendar == PLAIN and (off or worked):
        allowed = f'"{OWN}", or a country, where days off are listed'
        raise InputError(file, "time.calendar", PLAIN, allowed)
    for day in sorted(worked):
        if day.weekday() < 5 or day in off:
            raise InputError(
                file, "time.working_weekends", str(day), "Saturdays and Sundays that are not off"
            )
    free = sorted(day for day in off if day not in worked)
    for day in free:
        span = [day + timedelta(days=k) for k in range(MOST_OFF + 1)]
        if all(one in off or (one.weekday() >= 5 and one not in worked) for one in span):
            raise InputError(
                file,
                "time.days_off",
                str(day),
                f"a working day within {MOST_OFF + 1} days from then",
            )
    if time.calendar not in (PLAIN, OWN):
        last = _last_deadline(scenario).year
        years = _years(scenario)
        for year in sorted({*years, *range(years[-1], last + 1)}):
            if all(day.year != year for day in off):
                raise InputError(
                    file, "time.days_off", year,
                    f"days off of all years that the run reaches; leave them out, and those of "
                    f"{time.calendar} are looked up",
                )  # fmt: skip
