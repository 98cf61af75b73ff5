"""The dates of a scenario: which of them are worked, and when a deadline in working days ends.

Days are numbers: of dates, since 1970 (`sim.clock.days_since_1970`), or of a run, in which 0 is
the first measured day and those of the warm-up are negative.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.clock import days_since_1970

if TYPE_CHECKING:
    from sim.scenario.schema import Scenario
    from sim.scenario.world import Time

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PLAIN = "weekdays"
"""The calendar of Monday to Friday, the whole year."""
OWN = "own"
"""The calendar of a scenario that lists its days off itself."""
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
        time, most = scenario.time, most_workdays(scenario)
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
    most = most_workdays(scenario)
    if not most:
        return days
    working = WorkingDays.of(scenario)
    accepted = working.first + np.arange(len(working.upto))
    return max(days, int((working.nth[working.upto + most - 1] + 1 - accepted).max()))


def most_workdays(scenario: Scenario) -> int:
    """Return the most working days of a deadline."""
    return max((c.close_workdays or 0 for c in scenario.categories), default=0)
