"""OR-Tools behind one door: a covering problem in, posts, bound and status out.

Reproducible: one worker and a seed. Everything is whole numbers, as CP-SAT wants it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SCALE = 100
"""Costs are rounded to hundredths."""


@dataclass(frozen=True, eq=False)
class Solution:
    """What a solver found.

    Attributes
    ----------
    values : int64 [n], or None where it found nothing
    objective, bound : float
        Of a minimisation: nothing costs less than the bound.
    status : str
        ``optimal``, ``feasible``, ``infeasible`` or ``unknown``.
    """

    values: Ints | None
    objective: float
    bound: float
    status: str

    @property
    def gap(self) -> float:
        """How far above the bound it is, as a share of the objective."""
        if self.objective <= 0:
            return 0.0
        return max(self.objective - self.bound, 0.0) / self.objective


def cover(
    covers: NDArray[np.bool_],
    need: Ints,
    cost: Floats,
    *,
    seed: int = 0,
    time_limit: float = 10.0,
) -> Solution:
    """Find the cheapest posts that cover a need, by CP-SAT from HiGHS's linear solution.

    The bound is the larger of the linear one and CP-SAT's.

    Parameters
    ----------
    covers : bool [n, m]
        Which of the m slots each of the n patterns covers.
    need : int64 [m]
    cost : float64 [n]
        Of one post of each pattern; not negative.
    time_limit : float
        Seconds.
    """
    from ortools.sat.python import cp_model

    columns, worst = _distinct(covers, need)
    if ((worst > 0) & ~columns.any(axis=0)).any():
        return Solution(None, np.inf, np.inf, "infeasible")
    model = cp_model.CpModel()
    linear, start = _linear(columns, worst, cost)
    posts = [model.new_int_var(0, int(worst.max(initial=0)), "") for _ in cost]
    for x, value in zip(posts, start.tolist(), strict=True):  # rounded up, it covers all
        model.add_hint(x, value)
    for k in range(columns.shape[1]):
        if worst[k] > 0:
            model.add(sum(posts[i] for i in np.flatnonzero(columns[:, k])) >= int(worst[k]))
    price = np.rint(cost * SCALE).astype(np.int64)
    model.minimize(sum(int(p) * x for p, x in zip(price, posts, strict=True)))
    solver = _cp_sat(seed, time_limit)
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Solution(start, float(price @ start) / SCALE, linear, "feasible")
    return Solution(
        np.array([solver.value(x) for x in posts], dtype=np.int64),
        solver.objective_value / SCALE,
        min(max(solver.best_objective_bound / SCALE, linear), solver.objective_value / SCALE),
        "optimal" if status == cp_model.OPTIMAL else "feasible",
    )


def choose(
    cost: list[Floats],
    gain: list[Floats],
    budget: float,
    *,
    seed: int = 0,
    time_limit: float = 20.0,
) -> Solution:
    """Choose one option of each group for the most gain within a budget, by CP-SAT.

    Parameters
    ----------
    cost, gain : list of float64 arrays
        Of the options of each group.
    budget : float
        On the sum of costs.

    Returns
    -------
    Solution
        Values are the options chosen; objective and bound are minus the gain.
    """
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    picks, spent, won = [], [], []
    for costs, gains in zip(cost, gain, strict=True):
        row = [model.new_bool_var("") for _ in costs]
        model.add_exactly_one(row)
        picks.append(row)
        spent += [round(c * SCALE) * x for c, x in zip(costs.tolist(), row, strict=True)]
        won += [round(g * SCALE) * x for g, x in zip(gains.tolist(), row, strict=True)]
    model.add(sum(spent) <= int(budget * SCALE))
    model.maximize(sum(won))
    solver = _cp_sat(seed, time_limit)
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        word = "infeasible" if status == cp_model.INFEASIBLE else "unknown"
        return Solution(None, np.inf, -np.inf, word)
    chosen = [next(i for i, x in enumerate(row) if solver.value(x)) for row in picks]
    return Solution(
        np.array(chosen, dtype=np.int64),
        -solver.objective_value / SCALE,
        -solver.best_objective_bound / SCALE,
        "optimal" if status == cp_model.OPTIMAL else "feasible",
    )


def _cp_sat(seed: int, time_limit: float) -> Any:
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % 2**31
    solver.parameters.catch_sigint_signal = False  # Ctrl-C is ours
    # time by the solver's own count of work, so that a busy machine gives the same answer
    solver.parameters.max_deterministic_time = time_limit
    solver.parameters.max_time_in_seconds = 20 * time_limit
    return solver


def _distinct(covers: NDArray[np.bool_], need: Ints) -> tuple[NDArray[np.bool_], Ints]:
    """Keep one slot, the worst, of those that the same patterns cover."""
    columns, first = np.unique(covers, axis=1, return_inverse=True)
    worst = np.zeros(columns.shape[1], dtype=np.int64)
    np.maximum.at(worst, first, need)
    return columns, worst


def _linear(columns: NDArray[np.bool_], need: Ints, cost: Floats) -> tuple[float, Ints]:
    """Return the linear bound of a cover, and its solution rounded up, by HiGHS.

    HiGHS rather than GLOP or PDLP, which were seen not to end on large covers.
    """
    import datetime

    from ortools.math_opt.python import mathopt

    model = mathopt.Model()
    posts = [model.add_variable(lb=0.0) for _ in cost]
    for k in np.flatnonzero(need > 0):
        inside = mathopt.fast_sum(posts[i] for i in np.flatnonzero(columns[:, k]))
        model.add_linear_constraint(inside >= float(need[k]))
    model.minimize(mathopt.fast_sum(float(c) * x for c, x in zip(cost, posts, strict=True)))
    limit = mathopt.SolveParameters(time_limit=datetime.timedelta(seconds=60))
    result = mathopt.solve(model, mathopt.SolverType.HIGHS, params=limit)
    if not result.has_primal_feasible_solution():
        start = np.zeros(len(cost), dtype=np.int64)  # everybody everywhere
        np.maximum.at(start, np.nonzero(columns)[0], need[np.nonzero(columns)[1]])
        return 0.0, start
    values = np.array(result.variable_values(posts))
    return float(result.dual_bound()), np.ceil(values - 1e-6).astype(np.int64)
