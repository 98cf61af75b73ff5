"""Small instances solved to proven optimality by CP-SAT, to hold the other solvers against.

One circuit for each vehicle over the stops it takes, with times and loads as integers
(`sim.routing.whole`). Fit for some ten stops; beyond that the bound stays far away.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np

from sim.routing.check import check
from sim.routing.instance import NOWHERE, Instance
from sim.routing.solution import Solution
from sim.routing.whole import FAR, Whole, whole

_PARTS = 1000  # of a unit of cost, so that a low price of lateness counts


class Proven(NamedTuple):
    """What CP-SAT found.

    Attributes
    ----------
    solution : Solution or None
        The best tours; None: there are none, or none were found in time.
    bound : float
        No feasible tours cost less; inf: there are none.
    optimal : bool
        Whether the solution is proven to be best, or that there is none.
    """

    solution: Solution | None
    bound: float
    optimal: bool


def solve_exactly(instance: Instance, seconds: float = 30.0, seed: int = 0) -> Proven:
    """Solve an instance with a proof, on one core; the same for the same seed if time suffices.

    Parameters
    ----------
    instance : Instance
        The problem; all that `Instance` knows.
    seconds : float
        How long to search.
    seed : int
        Of its random numbers.
    """
    from ortools.sat.python import cp_model

    begun = time.perf_counter()
    w, model = whole(instance), cp_model.CpModel()
    arcs = _tours(instance, w, model)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return Proven(None, np.inf, True)
    bound = solver.best_objective_bound / w.cost_unit / _PARTS
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Proven(None, bound, False)
    tours = []
    for arc in arcs:
        after = {a: b for a, b, used in arc if a != b and solver.boolean_value(used)}
        tour, at = [], after.get(0, 0)
        while at != 0:
            tour.append(at - 1)
            at = after[at]
        tours.append(tuple(tour))
    served = {stop for tour in tours for stop in tour}
    missing = tuple(stop for stop in range(len(instance)) if stop not in served)
    cost, spent = check(instance, tours).cost, time.perf_counter() - begun
    found = Solution(tuple(tours), missing, cost, True, "cp-sat", spent)
    return Proven(found, bound, status == cp_model.OPTIMAL)


def _tours(instance: Instance, w: Whole, model: Any) -> list[list[tuple[int, int, Any]]]:
    """Model each vehicle's tour; return its arcs, 0 being its start and end, stop i 1 + i."""
    n = len(instance)
    latest = _latest(w)
    begins = [model.new_int_var(0, latest, f"begin {i}") for i in range(n)]
    visits: list[list[Any]] = [[] for _ in range(n)]
    all_arcs = []
    price: list[tuple[float, Any]] = []
    for r in range(instance.vehicles):
        start, end = int(instance.start[r]), int(instance.end[r])
        opens, closes = int(w.shift_open[r]), int(min(w.shift_close[r], latest))
        arcs = [(0, 0, model.new_bool_var(f"stays {r}"))]
        takes = []
        for i in range(n):
            skips, first, last = (model.new_bool_var(f"{what} {r} {i}") for what in "sfl")
            arcs += [(1 + i, 1 + i, skips), (0, 1 + i, first), (1 + i, 0, last)]
            takes.append(skips.negated())
            visits[i].append(takes[i])
            if not instance.allowed[i, r]:
                model.add(takes[i] == 0)
            model.add(begins[i] >= opens + int(w.duration[start, i])).only_enforce_if(first)
            price.append((int(w.distance[start, i] + w.fixed[r]), first))
            back = 0 if end == NOWHERE else int(w.service[i] + w.duration[i, end])
            model.add(begins[i] + back <= closes).only_enforce_if(last)
            price.append((0 if end == NOWHERE else int(w.distance[i, end]), last))
            for j in range(n):
                if i != j:
                    goes = model.new_bool_var(f"{r} {i} {j}")
                    arcs.append((1 + i, 1 + j, goes))
                    on = int(w.service[i] + w.duration[i, j])
                    model.add(begins[j] >= begins[i] + on).only_enforce_if(goes)
                    price.append((int(w.distance[i, j]), goes))
        model.add_circuit(arcs)
        model.add(sum(int(w.demand[i]) * takes[i] for i in range(n)) <= int(w.capacity[r]))
        all_arcs.append(arcs)
    for i in range(n):
        served = model.new_bool_var(f"served {i}")
        model.add(sum(visits[i]) == served)
        model.add(begins[i] >= int(w.open[i])).only_enforce_if(served)
        model.add(begins[i] <= int(min(w.close[i], latest))).only_enforce_if(served)
        if w.prize[i] >= FAR:
            model.add(served == 1)
        else:
            price.append((int(w.prize[i]), served.negated()))
        if instance.late[i] > 0 and w.due[i] < latest:
            late = model.new_int_var(0, 2 * latest, f"late {i}")
            model.add(late >= begins[i] - int(w.due[i])).only_enforce_if(served)
            price.append((float(instance.late[i]) * w.cost_unit / w.time_unit, late))
    model.minimize(sum(round(cost * _PARTS) * what for cost, what in price))
    return all_arcs


def _latest(w: Whole) -> int:
    """Return a time by which every tour is over that does not wait without need."""
    begin = max(int(w.shift_open.max(initial=0)), int(w.open.max(initial=0)), 0)
    return (
        begin
        + int((w.service + w.duration[: len(w.service)].max(axis=1, initial=0)).sum())
        + (int(w.duration.max(initial=0)))
    )
