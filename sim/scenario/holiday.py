"""Public holidays: which days a country has off, and which weekend days it works for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from sim.errors import InputError, one_of
from sim.scenario.dates import OWN, PLAIN


class DaysOff(NamedTuple):
    """What a calendar says of some years.

    Attributes
    ----------
    off : tuple of date
        Public holidays, those on weekends too, and working days that are off for them.
    worked : tuple of date
        Saturdays and Sundays that are worked for them.
    source : str
        Who says so.
    """

    off: tuple[date, ...] = ()
    worked: tuple[date, ...] = ()
    source: str = ""


def public_holidays(calendar: str, years: Sequence[int], file: Path | str) -> DaysOff:
    """Ask what days off there are.

    Parameters
    ----------
    calendar : str
        `PLAIN`, or a country by its ISO 3166 code.
    years : sequence of int
        All of which must be known.
    file : Path or str
        Which file named the calendar, for messages.

    Raises
    ------
    InputError
        If there is no such calendar, or it does not know one of the years.
    """
    if calendar == PLAIN:
        return DaysOff()
    return _china(years, file) if calendar == "CN" else _country(calendar, years, file)


def _china(years: Sequence[int], file: Path | str) -> DaysOff:
    """Take the State Council's yearly notices, which move working days to weekends."""
    from importlib.metadata import version

    from chinese_calendar.constants import holidays, workdays

    _check(years, {day.year for day in holidays}, "CN", "chinesecalendar", file)
    return DaysOff(
        tuple(sorted(day for day in holidays if day.year in years)),
        tuple(sorted(day for day in workdays if day.year in years)),
        f"notices of the State Council, by chinesecalendar {version('chinesecalendar')}",
    )


def _country(code: str, years: Sequence[int], file: Path | str) -> DaysOff:
    from importlib.metadata import version

    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    if code not in known:
        raise InputError(file, "time.calendar", code, one_of(code, [PLAIN, OWN, *known]))
    table = holidays.country_holidays(code, years=list(years), expand=False)
    _check(years, {day.year for day in table}, code, "holidays", file)
    off = {
        day
        for day in _days(years)
        if day in table or (_week(day) and not table.is_working_day(day))
    }
    worked = (d for d in _days(years) if not _week(d) and d not in off and table.is_working_day(d))
    source = f"public holidays of {code}, by holidays {version('holidays')}"
    return DaysOff(tuple(sorted(off)), tuple(worked), source)


def _week(day: date) -> bool:
    return day.weekday() < 5


def _days(years: Sequence[int]) -> Iterator[date]:
    for year in years:
        day = date(year, 1, 1)
        while day.year == year:
            yield day
            day += timedelta(days=1)


def _check(
    years: Sequence[int], known: Iterable[int], code: str, library: str, file: Path | str
) -> None:
    missing = sorted(set(years) - set(known))
    if missing:
        raise InputError(
            file, "time.calendar", code,
            f"a calendar that knows {missing[0]}, which the run, its warm-up, its deadlines or the "
            f"published period reach, as {library} does not: give time.days_off and "
            f'time.working_weekends, with calendar = "{OWN}", or take "{PLAIN}"',
        )  # fmt: skip
