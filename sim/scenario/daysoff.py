"""The days off of a scenario, looked up once and a part of it from then on.

What a library says of holidays when a result is read again, years later, changes nothing.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from sim.errors import InputError
from sim.scenario.dates import MOST_OFF, OWN, PLAIN, WorkingDays, most_workdays
from sim.scenario.holiday import public_holidays
from sim.scenario.schema import Scenario
from sim.scenario.sources import Figure
from sim.scenario.world import WARM_UP_MOST


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
    before = range((time.start - timedelta(days=WARM_UP_MOST)).year, years[0])
    while True:
        found = public_holidays(time.calendar, years, file, before)
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
    working, most = WorkingDays.of(scenario), most_workdays(scenario)
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
    check_years(scenario, file)


def check_years(scenario: Scenario, file: Path | str) -> None:
    """Check that the days off of a country are there for all years that matter.

    Raises
    ------
    InputError
        Naming the first year without any.
    """
    time = scenario.time
    if time.calendar in (PLAIN, OWN):
        return
    there = {day.year for day in time.days_off or ()}
    years = _years(scenario)
    for year in sorted({*years, *range(years[-1], _last_deadline(scenario).year + 1)}):
        if year not in there:
            raise InputError(
                file, "time.days_off", year,
                "days off of all years that run, warm-up and deadlines reach; where no file lists "
                f"them, those of {time.calendar} are looked up",
            )  # fmt: skip
