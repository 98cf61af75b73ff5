"""Rosters whose search ends early, and hours that are no whole number: the cost is the rows'."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from roster_cases import generated, problem, rules

from sim.optimize.roster import Roster, RosterProblem, Shift, check
from sim.optimize.roster import search as searching
from sim.optimize.roster.rules import minutes
from sim.optimize.roster.whole import make_all

HOURS = (38.4, 37.5, 36.25, 40.1, 35.0, 39.9, 19.2, 33.3)


def made(case: RosterProblem, seconds: float, seed: int = 7) -> Roster:
    """Make it as `sim optimize roster --time-limit` does; the checker compares the cost."""
    [(_, roster)] = make_all([case], work=seconds / searching.SECONDS, seed=seed)
    assert check(case, roster.rows).cost == pytest.approx(roster.cost)
    assert roster.bound <= roster.cost
    return roster


def hotline(people: int, days: int, start: date, **contract: float) -> RosterProblem:
    """Return a hotline of a small town as it was reported: two by day, one late, one by night."""
    return problem(
        people=people,
        days=days,
        start=start,
        shifts=(
            Shift("day", 480, 540, 480),
            Shift("late", 840, 480, 480),
            Shift("night", 1320, 600, 540),
        ),
        posts=(2, 1, 1),
        rules=rules(contracts=contract),
    )


@pytest.mark.parametrize(
    ("start", "days", "seconds"),
    [
        (date(2018, 1, 6), 14, 3.0),
        (date(2018, 1, 6), 14, 0.1),
        pytest.param(date(2018, 3, 10), 7, 5.0, marks=pytest.mark.slow),
    ],
)
def test_a_search_that_ends_early_tells_the_cost_of_its_rows(
    start: date, days: int, seconds: float
) -> None:
    roster = made(hotline(6, days, start), seconds)
    assert not roster.optimal


@pytest.mark.parametrize("average", HOURS)
def test_hours_are_the_decimals_that_were_written(average: float) -> None:
    """In binary 38.4 h a week are a little less than 38.4, and half a month a minute less."""
    own = {"average_hours": average, "overtime_hours_month": 36.6}
    made(hotline(4, 14, date(2018, 1, 1), **own), 0.3)


@pytest.mark.parametrize("hours", [*HOURS, 0.1, 11.3, 2.3, 168.0])
def test_minutes_are_exact(hours: float) -> None:
    assert minutes(hours) * 100 == round(hours * 100) * 60


@pytest.mark.parametrize("hours", [11.3, 8.7, 15.1])
def test_rest_of_odd_hours(hours: float) -> None:
    """A rest of just the hours is enough, and of a minute less is not, for model and checker."""
    rest = round(hours * 60)
    for short in (0, 1):
        # from the end of a shift to the same shift's begin next day
        shift = Shift("day", 300, 1440 - rest + short, 300)
        own = rules(rest={"daily_hours": hours}, contracts={"weekly_hours_most": 60.0})
        case = problem(people=1, days=2, shifts=(shift,), posts=(1,), rules=own)
        assert len(check(case, made(case, 1.0).rows).unmet) == short


@st.composite
def odd(draw: st.DrawFn) -> tuple[RosterProblem, float]:
    """A generated problem with odd hours, and seconds that mostly do not suffice."""
    case = generated(draw(st.integers(0, 10_000)), people=draw(st.sampled_from([4, 8, 12])))
    hour = st.integers(0, 6000).map(lambda n: n / 100) | st.sampled_from(HOURS)
    contract = {
        "average_hours": draw(hour),
        "overtime_hours_month": draw(st.just(0.0) | hour),
        "weekly_hours_most": draw(st.sampled_from([38.4, 48.0, 60.0])),
    }
    own = case.rules.contracts["full-time"].model_copy(update=contract)
    contracts = {**case.rules.contracts, "full-time": own}
    shifts = tuple(
        replace(shift, paid=shift.paid - draw(st.integers(0, 30))) for shift in case.shifts
    )
    changed = case.rules.model_copy(update={"contracts": contracts})
    return replace(case, rules=changed, shifts=shifts), draw(st.sampled_from([0.1, 0.3, 1.0, 3.0]))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(odd())
def test_no_generated_roster_ends_in_another_cost(given_: tuple[RosterProblem, float]) -> None:
    case, seconds = given_
    made(case, min(seconds, 0.3))


@pytest.mark.slow
@settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(odd(), st.booleans())
def test_many_generated_rosters(given_: tuple[RosterProblem, float], as_large: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if as_large:
            patch.setattr(searching, "WHOLE", 0)
        made(*given_)
