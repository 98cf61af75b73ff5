"""The checker: a roster that is broken on purpose is caught, for every rule and by that rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from roster_cases import EARLY, LATE, NIGHT, problem, rules

from sim.optimize.roster import Request, Worker, check

LOOSE = {
    "weekly_hours_most": 168.0,
    "average_hours": 56.0,
    "weekly_hours_least": 0.0,
    "overtime_hours_month": 400.0,
}


def loose(**more):
    """Return rules that forbid nearly nothing."""
    fields = {
        "rest": {"daily_hours": 0.0},
        "runs": {"work_most": 28, "nights_most": 28, "off_least": 1},
        "weekends": {"off_least_of_four": 0},
        "contracts": LOOSE,
    }
    return rules({**fields, **more})


E, L, N, O = 0, 1, 2, -1  # noqa: E741
BROKEN = {
    "rest": (loose(rest={"daily_hours": 11.0}), [L, E], [E, E], {}),
    "rest across midnight": (loose(rest={"daily_hours": 11.0}), [N, L], [N, N], {}),
    "runs": (loose(runs={"work_most": 3}), [E, E, E, E], [E, E, E, O], {}),
    "runs of nights": (loose(runs={"nights_most": 2}), [N, N, N, O], [N, N, E, O], {}),
    "off_together": (loose(runs={"off_least": 2}), [E, O, E, O], [E, O, O, E], {}),
    "sequences": (loose(forbidden=(("night", "off", "early"),)), [N, O, E], [N, O, L], {}),
    "weekends": (loose(weekends={"off_least_of_four": 4}), [O] * 6 + [E], [E] * 5 + [O] * 2, {}),
    "weeks": (
        loose(contracts={**LOOSE, "weekly_hours_most": 24.0}),
        [E] * 4,
        [E, E, E, O],
        {},
    ),
    "weeks at least": (
        loose(contracts={**LOOSE, "weekly_hours_least": 16.0}),
        [E, *[O] * 6],
        [E, E, *[O] * 5],
        {},
    ),
    "period": (
        loose(contracts={**LOOSE, "average_hours": 28.0, "overtime_hours_month": 0.0}),
        [E, E, E],
        [E, O, O],
        {},
    ),
    "duty": (
        loose(),
        [L],
        [E],
        {"workers": (Worker("w", "full-time", shifts=frozenset({"early"})),)},
    ),
    "duty on leave": (loose(), [E], [O], {"requests": (Request("w", "leave", 0, 0),)}),
    "duty granted": (
        loose(),
        [O],
        [E],
        {"requests": (Request("w", "work", 0, 0, "early", fixed=True),)},
    ),
    "rest after the month before": (
        loose(rest={"daily_hours": 11.0}),
        [E],
        [N],
        {"workers": (Worker("w", "full-time", history=(N,)),)},
    ),
    "runs from the month before": (
        loose(runs={"work_most": 3}),
        [E, O],
        [O, E],
        {"workers": (Worker("w", "full-time", history=(E, E, E)),)},
    ),
    "weeks begun before": (
        loose(contracts={**LOOSE, "weekly_hours_most": 24.0}),
        [E, O],
        [O, O],
        {
            "workers": (Worker("w", "full-time", history=(E, E, E)),),
            "start": problem().date(3),
        },
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_caught(name: str) -> None:
    own, bad, good, more = BROKEN[name]
    case = problem(days=len(bad), rules=own, **{"workers": (Worker("w", "full-time"),), **more})
    caught = check(case, (tuple(bad),)).violations
    assert {violation.rule for violation in caught} == {name.split(maxsplit=1)[0]}
    assert caught[0].worker == "w"
    good_case = replace(case, days=len(good))
    assert check(good_case, (tuple(good),)).violations == ()


def test_points_by_hand() -> None:
    case = problem(
        days=7,
        posts=(1, 0, 0),
        workers=(Worker("a", "full-time"), Worker("b", "full-time")),
        rules=loose(contracts={**LOOSE, "average_hours": 24.0}),
        requests=(Request("a", "off", 0, 0, weight=2), Request("b", "avoid", 3, 3, "early")),
    )
    points = check(case, ((E, E, E, O, E, O, O), (O, O, O, O, O, E, E))).points
    assert points["unmet"] == 1000  # day 3
    assert points["overtime"] == 80  # a: 32 h of 24
    assert points["wishes"] == 40  # a's day off, weight 2
    assert points["single days off"] == 3  # a's day 3
    assert points["unfair shifts"] == 4  # 7 posts: 3 or 4 each; b has 2
    assert points["unfair weekends"] == 8  # 2 posts: one each
    assert points["excess"] == 0


def test_shifts_of_the_cases() -> None:
    assert [shift.clock for shift in (EARLY, LATE, NIGHT)] == [
        "06:00-14:00",
        "14:00-22:00",
        "22:00-06:00",
    ]
