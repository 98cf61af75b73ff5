"""Days off, working days, and deadlines that are counted in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import CATEGORIES, tiny

from sim.clock import DAY, days_since_1970
from sim.errors import InputError
from sim.model.rules import close_due
from sim.scenario import Scenario, load, restrict, to_toml
from sim.scenario.dates import (
    WorkingDays,
    is_worked,
    longest_deadline,
    numbers,
    run_days,
    typical_week,
    weekday,
)
from sim.scenario.holiday import public_holidays


def ordinary(days: int, **columns: Any) -> list[dict[str, Any]]:
    """The categories, the first with a deadline in working days."""
    return [{**CATEGORIES[0], "close_h": "", "close_workdays": days, **columns}, *CATEGORIES[1:]]


def chinese(folder: Path, start: str, days: int = 3, workdays: int = 7, warm: int = 0) -> Scenario:
    changes = [f"time.start={start}", f"time.days={days}", 'time.calendar="CN"']
    return tiny(folder, [*changes, f"time.warm_up_days={warm}"], ordinary(workdays))


def worked(scenario: Scenario, *days: date) -> list[bool]:
    return is_worked(scenario.time, numbers(days)).tolist()


def test_the_spring_festival_of_2018(tmp_path: Path) -> None:
    scenario = chinese(tmp_path, "2018-02-01", 28)
    february = [date(2018, 2, 1) + timedelta(days=k) for k in range(28)]
    free = [d.day for d, on in zip(february, worked(scenario, *february), strict=True) if not on]
    assert free == [3, 4, 10, 15, 16, 17, 18, 19, 20, 21, 25]  # 11 and 24 are weekends, but worked
    assert worked(scenario, date(2018, 4, 28), date(2018, 4, 30)) == [True, False]


def test_other_countries_and_none(tmp_path: Path) -> None:
    days = [date(2018, 7, 4), date(2018, 10, 3), date(2018, 7, 7), date(2018, 1, 1)]
    for calendar, expected in (
        ("US", [False, True, False, False]),
        ("DE", [True, False, False, False]),
        ("weekdays", [True, True, False, True]),
    ):
        scenario = tiny(tmp_path, [f'time.calendar="{calendar}"'])
        assert worked(scenario, *days) == expected, calendar
    hungary = public_holidays("HU", [2018], "a file")
    assert date(2018, 3, 10) in hungary.worked  # a Saturday, for Friday the 16th
    assert date(2018, 3, 16) in hungary.off


@given(day=st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_days_of_the_week(day: date) -> None:
    assert weekday(numbers([day])).tolist() == [day.weekday()]


@pytest.mark.parametrize(
    ("start", "years"),
    [("2004-01-01", None), ("2003-12-31", 2003), ("2026-11-01", None), ("2026-12-25", 2027)],
)
def test_years_that_the_library_does_not_know(
    tmp_path: Path, start: str, years: int | None
) -> None:
    """Deadlines that begin in the run count, and whatever year one day is in."""
    if years is None:
        chinese(tmp_path, start)
        return
    with pytest.raises(InputError, match=rf"time\.calendar: 'CN'.*knows {years}.*days_off") as said:
        chinese(tmp_path, start)
    assert "\n" not in str(said.value)


def test_the_warm_up_and_the_published_period_must_be_known_too(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="knows 2003"):
        chinese(tmp_path, "2004-01-02", warm=2)
    changes = ["time.calendar='CN'", "totals.period_start=2003-06-01"]
    with pytest.raises(InputError, match="knows 2003"):
        tiny(tmp_path, changes)


def test_a_warm_up_may_be_made_longer(tmp_path: Path) -> None:
    """The year before is looked up as well, where it is known."""
    scenario = restrict(chinese(tmp_path, "2018-01-01"), warm_up_days=300)
    assert worked(scenario, date(2017, 10, 2)) == [False]
    with pytest.raises(InputError, match=r"time\.days_off: 2003"):
        restrict(chinese(tmp_path, "2004-01-01"), warm_up_days=300)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (['time.calendar="ZZ"'], "time.calendar"),
        (['time.calendar="cn"'], "time.calendar"),
        (['time.calendar="own"'], "time.calendar"),
        (["time.days_off=[2018-01-02]"], "time.calendar"),
        (['time.calendar="own"', "time.working_weekends=[2018-01-02]"], "time.working_weekends"),
        (['time.calendar="CN"', "time.days_off=[2017-01-02]"], "time.days_off"),
        (['time.school_holidays=[["02-30", "03-01"]]'], "time.school_holidays.0.0"),
        (["profiles.flat.day_off=0.5"], "totals.period_start"),
        (["seasons.wet.months=[1,1,1,1,1,1,1,1,1,1,1,1]"], "totals.period_start"),
        (
            ["totals.period_start=2018-01-01", "seasons.wet.months=[0,0,0,0,0,0,0,0,0,0,0,0]"],
            "seasons.wet.months",
        ),
    ],
)
def test_bad_dates_are_refused(tmp_path: Path, changes: Sequence[str], field: str) -> None:
    with pytest.raises(InputError) as said:
        tiny(tmp_path, changes)
    assert said.value.field == field


def test_two_weeks_without_a_working_day_are_refused(tmp_path: Path) -> None:
    days = [date(2018, 1, 1) + timedelta(days=k) for k in range(12)]
    listed = ", ".join(map(str, days))
    with pytest.raises(InputError, match=r"days_off.*2018-01-01.*within 14 days"):
        tiny(tmp_path, ['time.calendar="own"', f"time.days_off=[{listed}]"])
    tiny(tmp_path, ['time.calendar="own"', f"time.days_off=[{', '.join(map(str, days[1:]))}]"])


@pytest.mark.parametrize(("close_h", "close_workdays"), [("", ""), (24, 7)])
def test_a_category_has_one_deadline_for_closing(
    tmp_path: Path, close_h: Any, close_workdays: Any
) -> None:
    rows = ordinary(close_workdays, close_h=close_h)
    with pytest.raises(InputError, match=r"row 2, column close_workdays: .* either"):
        tiny(tmp_path, categories=rows)


def test_dates_are_part_of_the_scenario_and_come_back(tmp_path: Path) -> None:
    """What is written is read without asking: another version's library changes no result."""
    scenario = chinese(tmp_path, "2018-02-01", 28)
    file = tmp_path / "kept.toml"
    file.write_text(to_toml(scenario), encoding="utf-8")
    again = load(file)
    assert again.time == scenario.time
    assert again.content_hash == scenario.content_hash
    text = file.read_text("utf-8").replace("    2018-02-15,\n", "")
    file.write_text(text, encoding="utf-8")
    other = load(file)
    assert worked(other, date(2018, 2, 15)) == [True]
    assert other.content_hash != scenario.content_hash
    with pytest.raises(InputError, match=r"time\.days_off: 2020"):
        load(file, {"time.start": date(2020, 2, 1)})


def test_seven_and_fifteen_working_days(tmp_path: Path) -> None:
    """The longest of 2018: over the Spring Festival; 22 February is the 15th after 26 January."""
    for workdays, days in ((7, 18), (15, 28)):
        scenario = chinese(tmp_path, "2018-01-01", 273, workdays)
        assert longest_deadline(scenario) == days
        assert longest_deadline(typical_week(scenario)) == {7: 12, 15: 22}[workdays]
    friday, due = date(2018, 1, 26), date(2018, 2, 22)
    found = due_of(scenario, friday, 15 * 3600.0, 15)
    assert found == ((due - scenario.time.start).days + 1) * DAY


def due_of(scenario: Scenario, day: date, second: float, workdays: int) -> float:
    working = WorkingDays.of(scenario)
    accepted = (day - scenario.time.start).days * DAY + second
    return close_due(accepted, 0.0, workdays, working.first, working.upto, working.nth)


@given(
    start=st.dates(date(2005, 1, 1), date(2025, 6, 1)),
    after=st.integers(-10, 19),
    second=st.sampled_from([0.0, 1 / 1024, 43_200.0, DAY - 1 / 1024]),
    workdays=st.integers(1, 20),
)
def test_a_deadline_is_the_end_of_the_nth_working_day_after(
    start: date, after: int, second: float, workdays: int
) -> None:
    """Against counting day by day, from the warm-up on, over ends of years and leap days."""
    scenario = _BASE.model_copy(
        update={
            "time": _BASE.time.model_copy(update={"start": start, "days": 20, "warm_up_days": 10}),
            "categories": (
                _BASE.categories[0].model_copy(
                    update={"close_h": None, "close_workdays": workdays}
                ),
            ),
        }
    )
    day, left = start + timedelta(days=after), workdays
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    expected = ((day - start).days + 1) * DAY
    assert due_of(scenario, start + timedelta(days=after), second, workdays) == expected
    assert longest_deadline(scenario) * DAY >= expected - after * DAY


_BASE = load("gusu-week", {"time.calendar": "weekdays"})


def test_days_of_a_run_have_the_numbers_of_their_dates() -> None:
    days = run_days(_BASE.time, range(-2, 3))
    first = days_since_1970(_BASE.time.start)
    assert np.array_equal(days, first + np.arange(-2, 3))
