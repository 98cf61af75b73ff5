"""A worker's variables, and the labour rules as constraints on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import floor
from typing import TYPE_CHECKING, Any

from sim.optimize.roster.problem import Request, RosterProblem, Shift, Worker
from sim.optimize.roster.rules import OFF, minutes

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

Term = Any
"""A linear expression of CP-SAT, or the 0 or 1 of a day that has been."""

Guard = Callable[[str], "cp_model.IntVar | None"]
"""Gives each rule the literal that switches it on; None: it always holds."""


def is_night(shift: Shift, hours_least: float) -> bool:
    """Whether a shift has so many hours of 00:00 to 05:00, of its first day or the next."""
    end = shift.start + shift.length
    within = sum(
        max(min(end, midnight + 300) - max(shift.start, midnight), 0) for midnight in (0, 1440)
    )
    return within >= minutes(hours_least)


def leave_days(problem: RosterProblem, worker: Worker) -> set[int]:
    """Return the days of a worker's leave."""
    return {
        day
        for request in problem.requests_of(worker)
        if request.kind == "leave"
        for day in request.days(problem.days)
    }


def average_minutes(problem: RosterProblem, worker: Worker) -> int:
    """Return the paid minutes owed over the whole period, less those of leave."""
    days = problem.days - len(leave_days(problem, worker))
    return floor(minutes(problem.contract(worker).average_hours) * days / 7)


class Person:
    """One worker in a model.

    Parameters
    ----------
    model : cp_model.CpModel
    problem : RosterProblem
    worker : Worker
    guard : callable
        See `Guard`.
    """

    def __init__(
        self,
        model: cp_model.CpModel,
        problem: RosterProblem,
        worker: Worker,
        guard: Guard = lambda _rule: None,
    ) -> None:
        self.model, self.problem, self.worker, self.guard = model, problem, worker, guard
        self.known = len(worker.history)
        shifts = range(len(problem.shifts))
        allowed = [
            s for s in shifts if not worker.shifts or problem.shifts[s].name in worker.shifts
        ]
        self.x: dict[tuple[int, int], Term] = {}
        for day in range(-self.known, problem.days):
            for s in shifts:
                if day < 0:
                    self.x[day, s] = int(worker.history[day] == s)
                else:
                    self.x[day, s] = model.new_bool_var("") if s in allowed else 0
        self.work = {
            day: sum(self.x[day, s] for s in shifts) for day in range(-self.known, problem.days)
        }
        self.leave = leave_days(problem, worker)

    def keep_rules(self) -> None:
        """Add the labour rules and the requests that bind."""
        for day in range(self.problem.days):
            self._add("one shift a day", self.work[day] <= 1)
        self._rest()
        self._runs()
        self._sequences()
        self._weekends()
        self._hours()
        for request in self.problem.requests_of(self.worker):
            if request.binding:
                for day in request.days(self.problem.days):
                    self._add(request.told(self.problem.start), self.granted(request, day) >= 1)

    def granted(self, request: Request, day: int) -> Term:
        """Return 1 where a request is granted on a day, else 0."""
        if not request.shift:
            return self.work[day] if request.kind == "work" else 1 - self.work[day]
        named = self.x[day, [s.name for s in self.problem.shifts].index(request.shift)]
        return named if request.kind == "work" else 1 - named

    def paid(self, days: Iterator[int] | range) -> Term:
        """Return the paid minutes of some days."""
        return sum(
            shift.paid * self.x[day, s]
            for day in days
            for s, shift in enumerate(self.problem.shifts)
        )

    def _add(self, rule: str, constraint: Any) -> None:
        """Add a constraint, unless all of it has been."""
        if isinstance(constraint, bool):
            if constraint:
                return
            constraint = self.model.add_bool_or([])
        else:
            constraint = self.model.add(constraint)
        literal = self.guard(rule)
        if literal is not None:
            constraint.only_enforce_if(literal)

    def _windows(self, length: int) -> Iterator[range]:
        """Iterate over the spans of known days that reach into the roster."""
        for first in range(max(-self.known, 1 - length), self.problem.days - length + 1):
            yield range(first, first + length)

    def _rest(self) -> None:
        shifts = self.problem.shifts
        rest = minutes(self.problem.rules.rest.daily_hours)
        rule = f"a daily rest of {self.problem.rules.rest.daily_hours:g} h"
        for s, shift in enumerate(shifts):
            for ahead in range(1, 6):  # 24 h of duty and 72 h of rest reach no further
                too_soon = [
                    t
                    for t, later in enumerate(shifts)
                    if ahead * 1440 + later.start - shift.start - shift.length < rest
                ]
                if not too_soon:
                    break
                for day in range(-min(self.known, ahead), self.problem.days - ahead):
                    after = sum(self.x[day + ahead, t] for t in too_soon)
                    self._add(rule, self.x[day, s] + after <= 1)

    def _runs(self) -> None:
        runs = self.problem.rules.runs
        for window in self._windows(runs.work_most + 1):
            self._add(
                f"at most {runs.work_most} days of work in a row",
                sum(self.work[day] for day in window) <= runs.work_most,
            )
        hours = self.problem.rules.night.hours_least
        nights = [s for s, shift in enumerate(self.problem.shifts) if is_night(shift, hours)]
        for window in self._windows(runs.nights_most + 1) if nights else ():
            self._add(
                f"at most {runs.nights_most} nights in a row",
                sum(self.x[day, s] for day in window for s in nights) <= runs.nights_most,
            )
        for off in range(1, runs.off_least):
            for window in self._windows(off + 2):
                between = sum(self.work[day] for day in window[1:-1])
                self._add(
                    f"days off at least {runs.off_least} together",
                    self.work[window[0]] + self.work[window[-1]] - between <= 1,
                )

    def _sequences(self) -> None:
        numbers = {shift.name: s for s, shift in enumerate(self.problem.shifts)}
        for sequence in self.problem.rules.forbidden:
            if any(name != OFF and name not in numbers for name in sequence):
                continue  # this team has no such shift
            for window in self._windows(len(sequence)):
                held = sum(
                    1 - self.work[day] if name == OFF else self.x[day, numbers[name]]
                    for day, name in zip(window, sequence, strict=True)
                )
                self._add(f"no {' → '.join(sequence)}", held <= len(sequence) - 1)

    def _weekends(self) -> None:
        saturdays = [
            day for day in range(self.problem.days - 1) if self.problem.date(day).weekday() == 5
        ]
        least = len(saturdays) * self.problem.rules.weekends.off_least_of_four // 4
        if not least:
            return
        free = []
        for day in saturdays:
            off = self.model.new_bool_var("")
            self.model.add(2 * off + self.work[day] + self.work[day + 1] <= 2)
            free.append(off)
        self._add(f"at least {least} of {len(saturdays)} weekends off", sum(free) >= least)

    def _hours(self) -> None:
        contract = self.problem.contract(self.worker)
        first = -self.problem.start.weekday()
        for monday in range(first, self.problem.days, 7):
            week = [d for d in range(monday, monday + 7) if -self.known <= d < self.problem.days]
            paid = self.paid(iter(week))
            most, least = contract.weekly_hours_most, contract.weekly_hours_least
            self._add(f"at most {most:g} h a week", paid <= floor(minutes(most)))
            if least and len(week) == 7:
                owed = minutes(least) * (7 - sum(day in self.leave for day in week)) / 7
                self._add(f"at least {least:g} h a week", paid >= floor(owed))
        extra = floor(minutes(contract.overtime_hours_month) * self.problem.days / 30)
        self._add(
            f"{contract.average_hours:g} h a week on average, and {extra / 60:g} h of overtime",
            self.paid(range(self.problem.days))
            <= average_minutes(self.problem, self.worker) + extra,
        )
