"""The roster as a CP-SAT model: rules are constraints, everything else has a price.

The objective is in points of the rules' penalties, times 60 so that minutes of overtime count in
whole numbers. It is the sum of

- each post that nobody fills, each missing skill, each one more than there are posts;
- each minute of overtime, above the average hours of the contract over the whole period;
- each wish that is not granted, by its weight, for each day of it;
- each day off between two days of work;
- each shift, night and weekend day that a worker has above the fair share rounded up, or below it
  rounded down. The fair share of the posts is in proportion to the hours owed, among those who may
  do some of them. Written so, and not as largest minus smallest, it is a sum over workers.

The last two are *comfort*: the model without them is much easier, and a bound of it is one of the
whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.optimize.roster.person import Person, Term, average_minutes, is_night
from sim.optimize.roster.problem import RosterProblem

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

SCALE = 60
"""Units of the objective in a point."""


@dataclass(frozen=True)
class Price:
    """What something costs: so many units for each by which it exceeds what is free.

    Attributes
    ----------
    units : int
        Of the objective, for each one in excess.
    variable : term
        Stands for the excess in the model. A solver that ends early may leave it above.
    excess : tuple of terms
        The greatest of these, and of 0, is what it is.
    """

    units: int
    variable: Term
    excess: tuple[Term, ...]

    @property
    def term(self) -> Term:
        """Of the objective."""
        return self.units * self.variable

    def true(self, value: Callable[[Term], int]) -> int:
        """Return what it costs at the values of a solution, without the solver's slack."""
        return self.units * max(0, *(value(term) for term in self.excess))


@dataclass(frozen=True)
class Built:
    """A model that is ready to be solved.

    Attributes
    ----------
    model : cp_model.CpModel
    people : dict of Person
        By number of worker, those whose roster is to be made.
    cover : list of Price
        What posts and skills cost that are not filled, or more than filled.
    own : dict of lists of Price
        What each person's own roster costs, other than cover.
    """

    model: cp_model.CpModel
    people: dict[int, Person]
    cover: list[Price]
    own: dict[int, list[Price]]

    def own_costs(self, value: Callable[[Term], int]) -> dict[int, int]:
        """Return what each person's own roster costs in truth, by number of worker."""
        return {w: sum(price.true(value) for price in own) for w, own in self.own.items()}

    def cost(self, value: Callable[[Term], int]) -> int:
        """Return what a solution costs in truth: at most the model's objective."""
        cover = sum(price.true(value) for price in self.cover)
        return cover + sum(self.own_costs(value).values())


def build(
    problem: RosterProblem,
    *,
    comfort: bool = True,
    settled: Mapping[int, Sequence[int]] | None = None,
    hint: Sequence[Sequence[int]] | None = None,
) -> Built:
    """Build the model of a roster.

    Parameters
    ----------
    problem : RosterProblem
    comfort : bool
        Whether single days off and unfairness have their price.
    settled : mapping, optional
        Shifts by day of the workers, by number, whose roster is not to change.
    hint : sequence of sequences of int [workers][days], optional
        A roster to start from.
    """
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    settled = settled or {}
    people = {
        w: Person(model, problem, worker)
        for w, worker in enumerate(problem.workers)
        if w not in settled
    }
    own: dict[int, list[Price]] = {}
    for w, person in people.items():
        person.keep_rules()
        own[w] = [_overtime(person), *_wishes(person)]
        if comfort:
            own[w] += _single_days_off(person)
    if comfort:
        _add_unfairness(own, problem, people)
    cover = _cover(model, problem, people, settled)
    prices = [cover, *own.values()]
    model.minimize(sum(sum(price.term for price in some) for some in prices))
    if hint is not None:
        for w, person in people.items():
            for (day, s), x in person.x.items():
                if not isinstance(x, int):
                    model.add_hint(x, hint[w][day] == s)
    return Built(model, people, cover, own)


def _cover(
    model: cp_model.CpModel,
    problem: RosterProblem,
    people: Mapping[int, Person],
    settled: Mapping[int, Sequence[int]],
) -> list[Price]:
    penalties = problem.rules.penalties
    costs: list[Price] = []
    for need in problem.needs:
        able = {
            w
            for w, worker in enumerate(problem.workers)
            if not need.skill or need.skill in worker.skills
        }
        unmet = penalties.unmet_skill if need.skill else penalties.unmet
        there = Counter(
            (day, s) for w, row in settled.items() if w in able for day, s in enumerate(row)
        )
        for day, row in enumerate(need.posts):
            for s, posts in enumerate(row):
                if need.skill and not posts:
                    continue
                free = sum(person.x[day, s] for w, person in people.items() if w in able)
                missing = posts - free - there[day, s]
                short = model.new_int_var(0, posts, "")
                costs.append(Price(SCALE * unmet, short, (missing,)))
                if need.skill:
                    model.add(free + there[day, s] + short >= posts)
                else:
                    over = model.new_int_var(0, len(able), "")
                    costs.append(Price(SCALE * penalties.excess, over, (-missing,)))
                    model.add(free + there[day, s] + short - over == posts)
    return costs


def _overtime(person: Person) -> Price:
    problem = person.problem
    extra = person.model.new_int_var(0, 1440 * problem.days, "")
    owed = average_minutes(problem, person.worker)
    above = person.paid(range(problem.days)) - owed
    person.model.add(extra >= above)
    # by the minute: SCALE is in it
    return Price(problem.rules.penalties.overtime_hour, extra, (above,))


def _wishes(person: Person) -> list[Price]:
    problem = person.problem
    return [
        Price(SCALE * problem.rules.penalties.wish * request.weight, refused, (refused,))
        for request in problem.requests_of(person.worker)
        if not request.binding
        for day in request.days(problem.days)
        for refused in [1 - person.granted(request, day)]
    ]


def _single_days_off(person: Person) -> list[Price]:
    costs: list[Price] = []
    rules = person.problem.rules
    if not rules.penalties.single_day_off or rules.runs.off_least > 1:
        return costs
    for day in range(max(1 - person.known, 0), person.problem.days - 1):
        before, on, after = (person.work[day + step] for step in (-1, 0, 1))
        single = person.model.new_bool_var("")
        person.model.add(before + after - on <= 1 + single)
        units = SCALE * rules.penalties.single_day_off
        costs.append(Price(units, single, (before + after - on - 1,)))
    return costs


def _add_unfairness(
    own: dict[int, list[Price]], problem: RosterProblem, people: Mapping[int, Person]
) -> None:
    hours = problem.rules.night.hours_least
    nights = [s for s, shift in enumerate(problem.shifts) if is_night(shift, hours)]
    every = [(day, s) for day in range(problem.days) for s in range(len(problem.shifts))]
    for cells in (
        every,
        [(day, s) for day, s in every if s in nights],
        [(day, s) for day, s in every if problem.date(day).weekday() >= 5],
    ):
        total = sum(problem.needs[0].posts[day][s] for day, s in cells)
        claims = _claims(problem, {problem.shifts[s].name for _, s in cells})
        for w, person in people.items():
            if not claims[w]:
                continue
            low, rest = divmod(total * claims[w], sum(claims))
            count = sum(person.x[day, s] for day, s in cells)
            away = person.model.new_int_var(0, problem.days + low + 1, "")
            above, below = count - low - (rest > 0), low - count
            person.model.add(away >= above)
            person.model.add(away >= below)
            units = SCALE * problem.rules.penalties.unfair
            own[w].append(Price(units, away, (above, below)))


def _claims(problem: RosterProblem, shifts: set[str]) -> list[int]:
    """Return each worker's claim on some posts: the minutes owed, 0 for who may do none."""
    return [
        0 if worker.shifts and not worker.shifts & shifts else average_minutes(problem, worker)
        for worker in problem.workers
    ]
