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


def public_holidays(
    calendar: str, years: Sequence[int], file: Path | str, before: Sequence[int] = ()
) -> DaysOff:
    """Ask what days off there are.

    Parameters
    ----------
    calendar : str
        `PLAIN`, or a country by its ISO 3166 code.
    years : sequence of int
        All of which must be known.
    file : Path or str
        Which file named the calendar, for messages.
    before : sequence of int
        Years that are told where they are known.

    Raises
    ------
    InputError
        If there is no such calendar, or it does not know one of the years.
    """
    if calendar == PLAIN:
        return DaysOff()
    ask = _china if calendar == "CN" else _country
    return ask(calendar, years, file, before)


def _china(code: str, years: Sequence[int], file: Path | str, before: Sequence[int]) -> DaysOff:
    """Take the State Council's yearly notices, which move working days to weekends."""
    from importlib.metadata import version

    from chinese_calendar.constants import holidays, workdays

    _check(years, {day.year for day in holidays}, code, "chinesecalendar", file)
    told = {*years, *before}
    return DaysOff(
        tuple(sorted(day for day in holidays if day.year in told)),
        tuple(sorted(day for day in workdays if day.year in told)),
        f"notices of the State Council, by chinesecalendar {version('chinesecalendar')}",
    )


def _country(code: str, years: Sequence[int], file: Path | str, before: Sequence[int]) -> DaysOff:
    from importlib.metadata import version

    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    if code not in known:
        raise InputError(file, "time.calendar", code, one_of(code, [PLAIN, OWN, *known]))
    table = holidays.country_holidays(code, years=[*before, *years], expand=False)
    known_years = {day.year for day in table}
    _check(years, known_years, code, "holidays", file)
    told = [day for day in _days(sorted({*before, *years})) if day.year in known_years]
    off = {d for d in told if d in table or (_week(d) and not table.is_working_day(d))}
    worked = (d for d in told if not _week(d) and d not in off and table.is_working_day(d))
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
