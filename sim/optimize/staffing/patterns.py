"""Shift patterns: the shifts of a scenario, and those that could be added."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.clock import HOUR
from sim.errors import InputError, one_of
from sim.model.calendar import day_seconds, shift_calendars
from sim.scenario import Scenario
from sim.scenario.dates import typical_week
from sim.scenario.staff import WEEKDAYS, Contracts, Shift

KINDS = ("scenario", "daily", "tours")
SLOT = 1800.0
"""Shifts are told apart to half an hour, s."""


def further_shifts(scenario: Scenario, kind: str) -> dict[str, Shift]:
    """Make shifts that the contracts allow beside the scenario's own.

    Parameters
    ----------
    kind : str
        ``scenario``: none. ``daily``: starts every two hours of 8 h, across midnight where they
        start late, and blocks of 4 h for part-timers, each daily, on weekdays or on weekends;
        posts that a roster fills. ``tours``: the same spans, each five days on and two off; a
        post is then a person.

    Raises
    ------
    InputError
        If the kind is unknown or the scenario has no contracts.
    """
    if kind not in KINDS:
        raise InputError("command line", "patterns", kind, one_of(kind, KINDS))
    if kind == "scenario":
        return {}
    contracts = scenario.contracts
    if contracts is None:
        raise InputError(f"scenario {scenario.name}", "contracts", None, "hours that one may work")
    own = {(shift.start, shift.hours, shift.weekdays) for shift in scenario.shifts.values()}
    out = {}
    for start, hours in _spans(scenario, contracts):
        if kind == "daily":
            for days in ("all", "weekdays", "weekend"):
                out[f"{days[:4]}-{start.replace(':', '')}-{hours:g}h"] = Shift(
                    start=start, hours=hours, days=days
                )
        else:
            week_h = (
                contracts.part_time_week_h
                if hours <= contracts.part_time_day_h
                else (contracts.full_time_week_h)
            )
            worked = hours - 1 if hours > 8 else hours  # an hour of rest on a long day
            if worked * 5 > week_h:
                continue
            for first in range(7):
                tour = tuple(WEEKDAYS[(first + k) % 7] for k in range(5))
                out[f"tour-{tour[0]}-{start.replace(':', '')}-{hours:g}h"] = Shift(
                    start=start, hours=hours, days=tuple(sorted(tour, key=WEEKDAYS.index))
                )
    return {
        name: shift
        for name, shift in out.items()
        if (shift.start, shift.hours, shift.weekdays) not in own
    }


def _spans(scenario: Scenario, contracts: Contracts) -> list[tuple[str, float]]:
    """Return start and length of the spans: those of the scenario's shifts, and new ones."""
    spans = dict.fromkeys((shift.start, shift.hours) for shift in scenario.shifts.values())
    full = min(8.0, contracts.full_time_day_h)
    spans |= dict.fromkeys((f"{h:02d}:00", full) for h in range(0, 24, 2))
    spans |= dict.fromkeys((f"{h:02d}:00", contracts.part_time_day_h) for h in range(6, 22, 2))
    return [span for span in spans if span[1] <= max(contracts.full_time_day_h, full)]


def coverage(scenario: Scenario) -> NDArray[np.bool_]:
    """Tell in which half hours of the week each shift is on, bool [S, 336].

    Raises
    ------
    InputError
        If a shift does not begin and end at half hours.
    """
    for name, shift in scenario.shifts.items():
        for value in (day_seconds(shift.start), shift.hours * HOUR):
            if value % SLOT:
                raise InputError(
                    f"scenario {scenario.name}", f"shifts.{name}", shift.start, "whole half hours"
                )
    slots = int(7 * 24 * HOUR / SLOT)
    return np.array(
        [
            [calendar.rate((k + 0.5) * SLOT) > 0 for k in range(slots)]
            for calendar in shift_calendars(typical_week(scenario))
        ]
    )
