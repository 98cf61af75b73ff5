"""An independent check of a roster, on dates and times: it shares no code with the model.

It reads the rules as they are written, walks each worker's shifts as spans of time, and adds the
cost up again. A roster that the model made and this refuses is a defect of one of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise

from sim.optimize.roster.problem import RosterProblem, Worker
from sim.optimize.roster.roster import Rows
from sim.optimize.roster.rules import OFF, minutes

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Violation:
    """A rule that is broken.

    Attributes
    ----------
    rule : str
        Such as ``rest``; the name is that of the rule's table or field.
    worker : str
    day : date
    detail : str
    """

    rule: str
    worker: str
    day: date
    detail: str

    def __str__(self) -> str:
        return f"{self.worker}, {self.day}: {self.rule}: {self.detail}"


@dataclass(frozen=True)
class Audit:
    """What the check found.

    Attributes
    ----------
    violations : tuple of Violation
    points : dict
        Cost by what it is for; see the rules' penalties.
    unmet : tuple of (date, shift, skill, how many)
        Posts that nobody fills.
    """

    violations: tuple[Violation, ...]
    points: dict[str, float]
    unmet: tuple[tuple[date, str, str, int], ...]

    @property
    def cost(self) -> float:
        """Points in all."""
        return sum(self.points.values())


def check(problem: RosterProblem, rows: Rows) -> Audit:
    """Check a roster against every rule, and add up what it costs.

    Parameters
    ----------
    problem : RosterProblem
    rows : tuple of tuples of int [workers][days]
        The shift's number, or -1.
    """
    broken: list[Violation] = []
    points: dict[str, Fraction] = defaultdict(Fraction)
    for worker, row in zip(problem.workers, rows, strict=True):
        life = _Life(problem, worker, row)
        for rule in (
            life.rest,
            life.runs,
            life.off_together,
            life.sequences,
            life.weekends,
            life.weeks,
            life.period,
            life.duty,
        ):
            broken += [Violation(rule.__name__, worker.name, *found) for found in rule()]
        life.price(points)
    unmet = _cover(problem, rows, points)
    _fairness(problem, rows, points)
    return Audit(tuple(broken), {name: float(value) for name, value in points.items()}, unmet)


class _Life:
    """A worker's known days, by date: the shift's name, or None."""

    def __init__(self, problem: RosterProblem, worker: Worker, row: tuple[int, ...]) -> None:
        self.problem, self.worker, self.rules = problem, worker, problem.rules
        self.contract = problem.rules.contracts[worker.contract]
        names = [shift.name for shift in problem.shifts]
        self.shift = {shift.name: shift for shift in problem.shifts}
        self.first = problem.start - timedelta(days=len(worker.history))
        self.end = problem.start + timedelta(days=problem.days)
        self.on: dict[date, str | None] = {
            self.first + timedelta(days=i): names[s] if s >= 0 else None
            for i, s in enumerate((*worker.history, *row))
        }
        self.asked = [
            (
                request,
                [
                    day
                    for day in self.on
                    if problem.start + timedelta(days=request.first)
                    <= day
                    <= problem.start + timedelta(days=request.last)
                    and day >= problem.start
                ],
            )
            for request in problem.requests
            if request.worker == worker.name
        ]
        self.leave = {
            day for request, days in self.asked if request.kind == "leave" for day in days
        }

    def new(self, *days: date) -> bool:
        """Whether any of the days is the roster's own; what has been cannot be mended."""
        return any(day >= self.problem.start for day in days)

    def hours(self, days: list[date]) -> Fraction:
        """Paid hours."""
        return sum(
            (Fraction(self.shift[name].paid, 60) for day in days if (name := self.on.get(day))),
            Fraction(0),
        )

    def spans(self) -> list[tuple[date, datetime, datetime]]:
        """Spans of duty by the clock on the wall."""
        found = []
        for day, name in self.on.items():
            if name is not None:
                begin = datetime.combine(day, time()) + timedelta(minutes=self.shift[name].start)
                found.append((day, begin, begin + timedelta(minutes=self.shift[name].length)))
        return found

    def rest(self) -> list[tuple[date, str]]:
        least = minutes(self.rules.rest.daily_hours)
        return [
            (day, f"{begin - end} after the shift before")
            for (_, _, end), (day, begin, _) in pairwise(self.spans())
            if (begin - end) // _MINUTE < least and self.new(day)
        ]

    def _streaks(self, wanted: set[str]) -> list[list[date]]:
        streaks: list[list[date]] = [[]]
        for day, name in self.on.items():
            if name in wanted:
                streaks[-1].append(day)
            elif streaks[-1]:
                streaks.append([])
        return [streak for streak in streaks if streak and self.new(streak[-1])]

    def runs(self) -> list[tuple[date, str]]:
        nights = {name for name, shift in self.shift.items() if self._nightly(shift.start, name)}
        found = []
        for wanted, most in (
            (set(self.shift), self.rules.runs.work_most),
            (nights, self.rules.runs.nights_most),
        ):
            for streak in self._streaks(wanted):
                if len(streak) > most:
                    found.append((streak[-1], f"{len(streak)} in a row, at most {most}"))
        return found

    def _nightly(self, start: int, name: str) -> bool:
        span = range(start, start + self.shift[name].length)
        return sum(minute % 1440 < 300 for minute in span) >= minutes(self.rules.night.hours_least)

    def off_together(self) -> list[tuple[date, str]]:
        worked = [day for day, name in self.on.items() if name is not None]
        return [
            (b, f"{(b - a).days - 1} off before it, at least {self.rules.runs.off_least}")
            for a, b in pairwise(worked)
            if 1 < (b - a).days <= self.rules.runs.off_least and self.new(b)
        ]

    def sequences(self) -> list[tuple[date, str]]:
        days, found = list(self.on), []
        for banned in self.rules.forbidden:
            for i in range(len(days) - len(banned) + 1):
                there = days[i : i + len(banned)]
                names = tuple(self.on[day] or OFF for day in there)
                if names == tuple(banned) and self.new(*there):
                    found.append((there[-1], " → ".join(banned)))
        return found

    def weekends(self) -> list[tuple[date, str]]:
        saturdays = [d for d in self.on if self.new(d) and d.isoweekday() == 6]
        whole = [(d, d + timedelta(days=1)) for d in saturdays if d + timedelta(days=1) in self.on]
        free = sum(all(self.on[day] is None for day in weekend) for weekend in whole)
        least = int(Fraction(len(whole) * self.rules.weekends.off_least_of_four, 4))
        return [(self.problem.start, f"{free} off, at least {least}")] if free < least else []

    def weeks(self) -> list[tuple[date, str]]:
        found = []
        weeks: dict[tuple[int, int], list[date]] = defaultdict(list)
        for day in self.on:
            weeks[day.isocalendar()[:2]].append(day)
        for days in weeks.values():
            if not self.new(*days):
                continue
            paid = self.hours(days)
            most = minutes(self.contract.weekly_hours_most) / 60
            if paid > most:
                found.append((days[-1], f"{float(paid)} h, at most {float(most)}"))
            owed = minutes(self.contract.weekly_hours_least) / 60
            owed = owed * (7 - len(self.leave.intersection(days))) / 7
            if len(days) == 7 and paid * 60 < int(owed * 60):
                found.append((days[-1], f"{float(paid)} h, at least {float(owed)}"))
        return found

    def overtime(self) -> Fraction:
        """Hours above the average, over the whole period."""
        mine = [day for day in self.on if self.new(day)]
        average = minutes(self.contract.average_hours) * (len(mine) - len(self.leave)) / 7
        return max(self.hours(mine) - Fraction(int(average), 60), Fraction(0))

    def period(self) -> list[tuple[date, str]]:
        allowed = minutes(self.contract.overtime_hours_month) * self.problem.days / 30 / 60
        extra = self.overtime()
        if extra * 60 > int(allowed * 60):
            detail = f"{float(extra)} h of overtime, at most {float(allowed)}"
            return [(self.end - timedelta(days=1), detail)]
        return []

    def duty(self) -> list[tuple[date, str]]:
        """Shifts that are not theirs, and requests that bind."""
        found = []
        for day, name in self.on.items():
            if self.new(day) and name and self.worker.shifts and name not in self.worker.shifts:
                found.append((day, f"{name} is not one of their shifts"))
        for request, days in self.asked:
            if request.fixed or request.kind == "leave":
                found += [
                    (day, f"{request.kind} {request.shift} was granted")
                    for day in days
                    if not self._granted(request.kind, request.shift, day)
                ]
        return found

    def _granted(self, kind: str, shift: str, day: date) -> bool:
        name = self.on[day]
        if kind == "work":
            return name == shift if shift else name is not None
        return name != shift if shift else name is None

    def price(self, points: dict[str, Fraction]) -> None:
        """Add what this worker's roster costs."""
        penalties = self.rules.penalties
        points["overtime"] += penalties.overtime_hour * self.overtime()
        for request, days in self.asked:
            if not (request.fixed or request.kind == "leave"):
                open_ = sum(not self._granted(request.kind, request.shift, day) for day in days)
                points["wishes"] += penalties.wish * request.weight * open_
        if self.rules.runs.off_least == 1:
            worked = [day for day, name in self.on.items() if name is not None]
            singles = [
                1
                for a, b in pairwise(worked)
                if (b - a).days == 2 and self.new(a + timedelta(days=1))
            ]
            points["single days off"] += penalties.single_day_off * len(singles)


def _cover(
    problem: RosterProblem, rows: Rows, points: dict[str, Fraction]
) -> tuple[tuple[date, str, str, int], ...]:
    penalties, unmet = problem.rules.penalties, []
    for need in problem.needs:
        for day in range(problem.days):
            on_duty = Counter(
                row[day]
                for worker, row in zip(problem.workers, rows, strict=True)
                if need.skill == "" or need.skill in worker.skills
            )
            for s, shift in enumerate(problem.shifts):
                short = need.posts[day][s] - on_duty[s]
                if short > 0:
                    when = problem.start + timedelta(days=day)
                    unmet.append((when, shift.name, need.skill, short))
                    which = penalties.unmet_skill if need.skill else penalties.unmet
                    points["unmet skills" if need.skill else "unmet"] += which * short
                elif not need.skill:
                    points["excess"] += penalties.excess * -short
    return tuple(unmet)


def _fairness(problem: RosterProblem, rows: Rows, points: dict[str, Fraction]) -> None:
    """Price shifts, nights and weekend days away from the fair share, rounded either way."""
    lives = [_Life(problem, worker, row) for worker, row in zip(problem.workers, rows, strict=True)]
    if not lives:
        return
    nightly = [lives[0]._nightly(shift.start, shift.name) for shift in problem.shifts]

    def counts(kind: str, day: int, s: int) -> bool:
        weekend = (problem.start + timedelta(days=day)).isoweekday() >= 6
        return (
            kind == "shifts"
            or (kind == "nights" and nightly[s])
            or (kind == "weekends" and weekend)
        )

    for kind in ("shifts", "nights", "weekends"):
        posts = sum(
            n
            for day, row in enumerate(problem.needs[0].posts)
            for s, n in enumerate(row)
            if counts(kind, day, s)
        )
        claims = []
        for life in lives:
            may = [
                s
                for s, shift in enumerate(problem.shifts)
                if not life.worker.shifts or shift.name in life.worker.shifts
            ]
            some = any(counts(kind, day, s) for day in range(problem.days) for s in may)
            average = minutes(life.contract.average_hours)
            owed = int(average * (problem.days - len(life.leave)) / 7)
            claims.append(owed if some else 0)
        for claim, row in zip(claims, rows, strict=True):
            if claim:
                done = sum(counts(kind, day, s) for day, s in enumerate(row) if s >= 0)
                share = Fraction(posts * claim, sum(claims))
                below, above = share.__floor__() - done, done - share.__ceil__()
                points[f"unfair {kind}"] += problem.rules.penalties.unfair * max(below, above, 0)
