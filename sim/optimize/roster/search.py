"""Making a roster: cover first, then comfort, by re-rostering a few workers at a time.

CP-SAT proves teams of a few workers optimal. A larger team is first solved without the prices of
comfort (fairness, single days off), which is fast and gives the bound. Then a handful of workers
at a time, among them those who are worst off, are rostered anew with everything priced, while
the others keep theirs (a large-neighbourhood search), until nothing is gained or the work is used
up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

import numpy as np
from numpy.typing import NDArray

from sim.optimize.roster.conflict import reconcile
from sim.optimize.roster.model import SCALE, Built, build
from sim.optimize.roster.problem import OFF_DUTY, RosterProblem
from sim.optimize.roster.roster import Roster, Rows
from sim.optimize.solver import Searched, Value, solve

WHOLE = 8
"""Teams up to so many workers are solved in one piece."""
COVER = 0.7
"""Most of the work that a larger team spends on cover, before comfort."""
AT_ONCE = 3
"""Most workers of a larger team who are rostered anew at a time: more take too long."""
PATIENCE = 100
"""Trials without a gain that end the search."""
TRIAL = 0.1
"""Limit of the work of one trial."""
MODEL = 0.005
"""Work that building a model counts as, so that many small ones do not look like nothing."""
SECONDS = 3.0
"""CPU seconds that one of work took on rosters of 40 people, measured on one machine."""
CLOCK = 5 * SECONDS
"""Real seconds allowed for one of work: a net, so that a slow machine ends as well."""


@dataclass
class _Budget:
    """What is left of the work, and of the time."""

    seed: int
    work: float
    stopped: Callable[[], bool]
    begun: float = field(default_factory=time.monotonic)
    spent: float = 0.0
    cut: bool = False

    def __post_init__(self) -> None:
        self.ends = self.begun + CLOCK * self.work

    @property
    def over(self) -> bool:
        """Whether to end with what there is."""
        if time.monotonic() >= self.ends or self.stopped():
            self.cut = True
        return self.cut or self.spent >= self.work

    def solve(
        self,
        built: Built,
        limit: float = float("inf"),
        portfolio: bool = True,
        report: Callable[[float, float], None] | None = None,
        seen: Callable[[Value], None] | None = None,
    ) -> Searched:
        """Solve with what is left, or a part of it."""
        found = solve(
            built.model,
            seed=self.seed,
            work=min(max(self.work - self.spent, 0.01), limit),
            seconds=max(self.ends - time.monotonic(), 0.1),
            portfolio=portfolio,
            stopped=self.stopped,
            report=report,
            seen=seen,
        )
        self.spent += found.work + MODEL
        self.cut = self.cut or found.cut
        return found


class _Best:
    """The best of all solutions that a search goes through, by what their rows cost in truth.

    What ends early, or lies within a solver's tolerance, may hold slack in its objective, so
    that the last solution need not be the best.
    """

    def __init__(self, built: Built) -> None:
        self.built = built
        self.rows: Rows = ()
        self.cost = -1

    def see(self, value: Value) -> None:
        """Keep a solution if none so far costs less."""
        cost = self.built.cost(value)
        if self.cost < 0 or cost <= self.cost:
            self.rows, self.cost = tuple(_rows(self.built, value).values()), cost


def make(
    problem: RosterProblem,
    *,
    seed: int = 0,
    work: float = 10.0,
    stopped: Callable[[], bool] = lambda: False,
    report: Callable[[float, float], None] | None = None,
) -> Roster:
    """Make a roster.

    Posts that nobody can fill stay empty and cost their penalty.

    Parameters
    ----------
    problem : RosterProblem
    seed : int
        The same roster for the same seed, on every machine.
    work : float
        Limit in CP-SAT's deterministic time; one takes about `SECONDS` on a free core.
    stopped : callable
        Asked all along; True ends with the best so far.
    report : callable, optional
        Told cost and bound of each better roster, in points.

    Raises
    ------
    InputError
        If requests that bind contradict each other or the rules; it names them.
    """
    start = reconcile(problem)
    budget = _Budget(seed, work, stopped)
    whole = len(problem.workers) <= WHOLE

    def tell(objective: float, bound: float) -> None:
        if report is not None:
            report(objective / SCALE, bound / SCALE)

    built = build(problem, comfort=whole)
    best = _Best(built)
    found = budget.solve(
        built,
        limit=work if whole else COVER * work,
        report=tell if whole else None,
        seen=best.see if whole else None,
    )
    rows = tuple(_rows(built, found.value).values()) if found.has_solution else start
    bound = max(ceil(found.bound - 1e-6), 0) if found.has_solution else 0
    if whole and found.has_solution:
        best.see(found.value)
        rows, cost = best.rows, best.cost
    else:
        rows, cost = _improve(problem, rows, bound, budget, tell)
    return Roster(
        problem=problem,
        rows=rows,
        cost=cost / SCALE,
        bound=min(bound, cost) / SCALE,
        seed=seed,
        seconds=time.monotonic() - budget.begun,
        repeatable=not budget.cut,
    )


def _improve(
    problem: RosterProblem,
    rows: Rows,
    bound: int,
    budget: _Budget,
    tell: Callable[[float, float], None],
) -> tuple[Rows, int]:
    """Roster a few workers at a time anew; return the rows and their cost."""
    draw = np.random.Generator(np.random.Philox(budget.seed))
    own, cost = _cost(problem, rows)
    tell(cost, bound)
    in_vain = 0
    while cost > bound and in_vain < PATIENCE and not budget.over:
        few = min(2 if in_vain < PATIENCE // 4 else AT_ONCE, len(rows))  # pairs are fastest
        first = int(draw.choice(len(rows), p=own / own.sum()))
        others = np.delete(np.arange(len(rows)), first)
        free = {first, *draw.choice(others, few - 1, replace=False).tolist()}
        settled = {w: row for w, row in enumerate(rows) if w not in free}
        built = build(problem, settled=settled, hint=rows)
        found = budget.solve(built, limit=TRIAL, portfolio=False)
        in_vain += 1
        if not found.has_solution:
            continue
        mine = built.own_costs(found.value)
        now = built.cost(found.value) + round(sum(own[w] - SCALE for w in settled))
        if now <= cost:  # sideways too: it opens other ways
            if now < cost:
                in_vain = 0
                tell(now, bound)
            cost = now
            made = _rows(built, found.value)
            rows = tuple(made.get(w, row) for w, row in enumerate(rows))
            for w, points in mine.items():
                own[w] = points + SCALE
    return rows, cost


def _cost(problem: RosterProblem, rows: Rows) -> tuple[NDArray[np.float64], int]:
    """Return what each worker's own roster costs and a little more, and what all costs."""
    built = build(problem)
    for w, person in built.people.items():
        for (day, s), x in person.x.items():
            if not isinstance(x, int):
                built.model.add(x == int(rows[w][day] == s))
    found = solve(built.model, seed=0, work=60.0, seconds=600.0, portfolio=False)
    own = np.array([points + SCALE for points in built.own_costs(found.value).values()], float)
    return own, built.cost(found.value)


def _rows(built: Built, value: Value) -> dict[int, tuple[int, ...]]:
    """Read the rosters of those who were free."""
    return {
        w: tuple(
            next((s for s in shifts if value(person.x[day, s])), OFF_DUTY)
            for day in range(person.problem.days)
        )
        for w, person in built.people.items()
        for shifts in [range(len(person.problem.shifts))]
    }
