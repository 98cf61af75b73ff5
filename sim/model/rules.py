"""The written rules of the six ones: order of service, deadlines, supervision, satisfaction."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

from sim.clock import DAY, tick
from sim.model.state import Level


def urgency(priority: int, level: int, reopened: int) -> int:
    """Return the order of service; smaller goes first.

    Each level of supervision counts as one step of priority, and so does having been badly
    done once before.
    """
    return priority - level - (1 if reopened > 0 else 0)


def next_epoch(now: float, epoch_s: float) -> float:
    """Return the next whole multiple of an epoch that does not lie before now, s."""
    return tick(ceil(now / epoch_s) * epoch_s)


def severity(priority: int) -> float:
    """Return the weight of a matter in sums: 8, 4, 2, 1 for priority 1 to 4 (assumed)."""
    return 2.0 ** (4 - priority)


def close_due(
    accepted: float,
    close_s: float,
    workdays: int,
    first: int,
    upto: Any,
    nth: Any,
) -> float:
    """Return the deadline for closing, s: at the end of a working day where it counts those.

    Parameters
    ----------
    accepted : float
        When the ticket was accepted, s.
    close_s, workdays : float, int
        The time allowed, s; or in working days after that of acceptance, if above 0.
    first, upto, nth : int, int array, int array
        The working days: see `sim.scenario.dates.WorkingDays`.
    """
    if workdays == 0:
        return accepted + close_s
    before = upto[floor(accepted / DAY) - first]
    return float(nth[before + workdays - 1] + 1) * DAY


def supervision_due(accepted: float, due: float, reminder: float, city: float, level: int) -> float:
    """Return when the next level takes a ticket up if it is still open, s; inf after the last.

    Parameters
    ----------
    accepted, due : float
        When it was accepted, and its deadline for closing, s.
    reminder, city : float
        Shares of the time allowed at which the reminder comes and the city steps in; the
        district does so at the deadline.
    level : int
        The present `Level`.
    """
    allowed = due - accepted
    if level == Level.NONE:
        return accepted + tick(reminder * allowed)
    if level == Level.REMINDER:
        return due
    if level == Level.DISTRICT:
        return accepted + tick(city * allowed)
    return float("inf")


def satisfaction(
    on_time: float, late_penalty: float, reopened_penalty: float, late: bool, reopened: int
) -> float:
    """Return the chance that a citizen is satisfied, within [0, 1]."""
    chance = on_time
    if late:
        chance -= late_penalty
    if reopened > 0:
        chance -= reopened_penalty
    return max(chance, 0.0)
