"""Calendars by number: shifts, their rounds, the departments' desks, the clocks of the race."""

from __future__ import annotations

from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import Arrays, Parameters
from sim.model import calendar
from sim.model.calendar import accrued, next_step, rate_at

_advance = calendar.advance


@kernel
def of_rounds(P: Parameters, shift: int) -> int:
    """Return the number of the calendar of a shift's rounds; that of the shift is its own."""
    return P.shifts + shift


@kernel
def of_desk(P: Parameters, department: int) -> int:
    """Return the number of the calendar of a department's desk."""
    return 2 * P.shifts + department


@kernel
def of_clock(A: Arrays, P: Parameters, clock: int) -> int:
    """Return the number of the calendar of a clock of the race, other than that on the wall."""
    return 2 * P.shifts + len(A.departments) + clock - 1


@kernel
def rate(A: Arrays, number: int, time: float) -> float:
    """Return the rate of a calendar at a time."""
    c = A.calendars[number]
    return rate_at(A.edges[c[0] : c[0] + c[1] + 1], A.rates[c[0] : c[0] + c[1]], time)


@kernel
def between(A: Arrays, number: int, start: float, end: float) -> float:
    """Return what accrues from start to end, s."""
    c = A.calendars[number]
    edges, rates = A.edges[c[0] : c[0] + c[1] + 1], A.rates[c[0] : c[0] + c[1]]
    below = A.below[c[0] : c[0] + c[1] + 1]
    return accrued(edges, rates, below, end) - accrued(edges, rates, below, start)


@kernel
def advance(A: Arrays, number: int, time: float, amount: float) -> float:
    """Return when so much more has accrued, s."""
    c = A.calendars[number]
    edges, rates = A.edges[c[0] : c[0] + c[1] + 1], A.rates[c[0] : c[0] + c[1]]
    return _advance(edges, rates, A.below[c[0] : c[0] + c[1] + 1], time, amount)


@kernel
def next_start(A: Arrays, number: int, time: float) -> float:
    """Return when the rate next rises, s."""
    c = A.calendars[number]
    return next_step(A.edges[c[0] : c[0] + c[1] + 1], A.rates[c[0] : c[0] + c[1]], time, True)


@kernel
def next_change(A: Arrays, number: int, time: float) -> float:
    """Return when the rate next changes, s."""
    c = A.calendars[number]
    return next_step(A.edges[c[0] : c[0] + c[1] + 1], A.rates[c[0] : c[0] + c[1]], time, False)
