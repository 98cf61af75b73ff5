"""Whether what binds a worker can be kept at all, and if not, what contradicts what.

Posts may stay empty, so that only a worker's own rules, history and requests can contradict each
other: each worker is a small problem of their own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sim.errors import InputError
from sim.optimize.roster.person import Person
from sim.optimize.roster.problem import OFF_DUTY, RosterProblem, Worker
from sim.optimize.solver import solve

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


def reconcile(problem: RosterProblem) -> tuple[tuple[int, ...], ...]:
    """Return a roster that keeps every rule, with little regard to the posts.

    Raises
    ------
    InputError
        If a worker has none: it names the requests and rules that contradict each other.
    """
    known: dict[Any, tuple[int, ...]] = {}
    rows = []
    for worker in problem.workers:
        requests = tuple(
            replace(request, worker="", source="") for request in problem.requests_of(worker)
        )
        key = (replace(worker, name=""), requests)
        if key not in known:
            row = _row(problem, worker)
            if row is None:
                raise _contradiction(problem, worker)
            known[key] = row
        rows.append(known[key])
    return tuple(rows)


def _row(
    problem: RosterProblem,
    worker: Worker,
    dropped: frozenset[str] = frozenset(),
    rules: dict[str, None] | None = None,
) -> tuple[int, ...] | None:
    """Return some roster of one worker without the dropped rules, or None; collect the rules."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    literals: dict[str, cp_model.IntVar] = {}

    def guard(rule: str) -> cp_model.IntVar:
        if rules is not None:
            rules[rule] = None
        if rule not in literals:
            literals[rule] = model.new_constant(int(rule not in dropped))
        return literals[rule]

    person = Person(model, problem, worker, guard)
    person.keep_rules()
    found = solve(model, seed=0, work=60.0, seconds=600.0, portfolio=False)
    if not found.has_solution:
        return None
    shifts = range(len(problem.shifts))
    return tuple(
        next((s for s in shifts if found.value(person.x[day, s])), OFF_DUTY)
        for day in range(problem.days)
    )


def _contradiction(problem: RosterProblem, worker: Worker) -> InputError:
    """Find a smallest set of rules and requests that cannot be kept together."""
    requests = {
        request.told(problem.start): request
        for request in problem.requests_of(worker)
        if request.binding
    }
    rules: dict[str, None] = {}
    _row(problem, worker, rules=rules)
    dropped: frozenset[str] = frozenset()
    for rule in sorted(rules, key=lambda rule: rule in requests):  # rules first: people ask
        if _row(problem, worker, dropped | {rule}) is None:
            dropped |= {rule}
    core = [rule for rule in rules if rule not in dropped]
    asked = [rule for rule in core if rule in requests]
    kept = [rule for rule in core if rule not in requests]
    because = f" under {' and '.join(kept)}" if kept else ""
    if worker.shifts:
        because += f", for who does only {', '.join(sorted(worker.shifts))}"
    if worker.history:
        because += ", after the last shifts of the roster before"
    file = requests[asked[0]].source.partition(", ")[0] if asked else "rules"
    return InputError(
        file or "requests",
        worker.name,
        "; ".join(asked) or "; ".join(kept),
        "these cannot be kept together" + because if asked else "the rules contradict each other",
    )
