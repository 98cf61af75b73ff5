"""OR-Tools behind one door: models and covering problems in; values, bound and status out.

Reproducible: one core, a seed, and limits by work done rather than by the clock. Everything is
whole numbers, as CP-SAT wants it.
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_BUILDING = threading.Lock()
"""MathOpt's Python takes no two threads that build models: it then refuses its own arguments."""
SCALE = 100
"""Costs are rounded to hundredths."""
NODES = 20
"""On which HiGHS branches at most."""
CLOSE = 0.005
"""Gap with which HiGHS is content."""


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
    """Find the cheapest posts that cover a need, by CP-SAT, or by HiGHS where that is stuck.

    CP-SAT begins with HiGHS's linear solution, rounded up. Where it does not prove that it is
    done, as with tours of five days, HiGHS branches on a few nodes, which closes most of the gap.
    The bound is the largest of all.

    Parameters
    ----------
    covers : bool [n, m]
        Which of the m slots each of the n patterns covers.
    need : int64 [m]
    cost : float64 [n]
        Of one post of each pattern; not negative.
    time_limit : float
        Of CP-SAT, in its own seconds of work.
    """
    columns, worst = _distinct(covers, need)
    if ((worst > 0) & ~columns.any(axis=0)).any():
        return Solution(None, np.inf, np.inf, "infeasible")
    price = np.rint(cost * SCALE).astype(np.int64)
    bound, start = _highs(columns, worst, price)
    done = _cover_by_cp_sat(columns, worst, price, start, seed, time_limit)
    if done.status == "optimal":
        return done
    deeper, found = _highs(columns, worst, price, nodes=NODES)
    known = [start, found] if done.values is None else [start, found, done.values]
    best = min(known, key=lambda values: int(price @ values))
    cheapest = float(price @ best) / SCALE
    return Solution(best, cheapest, min(max(bound, deeper, done.bound), cheapest), "feasible")


def _cover_by_cp_sat(
    columns: NDArray[np.bool_], worst: Ints, price: Ints, start: Ints, seed: int, limit: float
) -> Solution:
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    posts = [model.new_int_var(0, int(worst.max(initial=0)), "") for _ in price]
    for x, value in zip(posts, start.tolist(), strict=True):  # rounded up, it covers all
        model.add_hint(x, value)
    for k in range(columns.shape[1]):
        if worst[k] > 0:
            model.add(sum(posts[i] for i in np.flatnonzero(columns[:, k])) >= int(worst[k]))
    model.minimize(sum(int(p) * x for p, x in zip(price, posts, strict=True)))
    found = _short(model, seed, limit)
    if not found.has_solution:
        return Solution(None, np.inf, 0.0, found.status)
    values = np.array([found.value(x) for x in posts], dtype=np.int64)
    return Solution(values, found.objective / SCALE, found.bound / SCALE, found.status)


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
    found = _short(model, seed, time_limit)
    if not found.has_solution:
        return Solution(None, np.inf, -np.inf, found.status)
    chosen = [next(i for i, x in enumerate(row) if found.value(x)) for row in picks]
    return Solution(
        np.array(chosen, dtype=np.int64),
        -found.objective / SCALE,
        -found.bound / SCALE,
        found.status,
    )


def _short(model: cp_model.CpModel, seed: int, limit: float) -> Searched:
    """Solve a small model; a busy machine gives the same answer, unless it is very busy."""
    return solve(model, seed=seed % 2**31, work=limit, seconds=20 * limit, portfolio=False)


def _distinct(covers: NDArray[np.bool_], need: Ints) -> tuple[NDArray[np.bool_], Ints]:
    """Keep one slot, the worst, of those that the same patterns cover."""
    columns, first = np.unique(covers, axis=1, return_inverse=True)
    worst = np.zeros(columns.shape[1], dtype=np.int64)
    np.maximum.at(worst, first, need)
    return columns, worst


def _highs(
    columns: NDArray[np.bool_], need: Ints, price: Ints, nodes: int = 0
) -> tuple[float, Ints]:
    """Return a bound of a cover, of its costs, and posts that cover, by HiGHS.

    HiGHS rather than GLOP or PDLP, which were seen not to end on large covers.

    Parameters
    ----------
    nodes : int
        Of branching on whole posts, so that the clock does not decide; 0: the linear solution,
        rounded up.
    """
    with _BUILDING:
        from ortools.math_opt.python import mathopt

        model = mathopt.Model()
        posts = [model.add_variable(lb=0.0, is_integer=nodes > 0) for _ in price]
        for k in np.flatnonzero(need > 0):
            inside = mathopt.fast_sum(posts[i] for i in np.flatnonzero(columns[:, k]))
            model.add_linear_constraint(inside >= float(need[k]))
        model.minimize(mathopt.fast_sum(float(c) * x for c, x in zip(price, posts, strict=True)))
    limits = mathopt.SolveParameters(time_limit=datetime.timedelta(seconds=60))
    if nodes:
        limits.node_limit, limits.relative_gap_tolerance = nodes, CLOSE
    result = mathopt.solve(model, mathopt.SolverType.HIGHS, params=limits)
    bound = max(float(result.dual_bound()), 0.0) / SCALE
    if not result.has_primal_feasible_solution():
        start = np.zeros(len(price), dtype=np.int64)  # everybody everywhere
        np.maximum.at(start, np.nonzero(columns)[0], need[np.nonzero(columns)[1]])
        return bound, start
    values = np.array(result.variable_values(posts))
    return bound, np.ceil(values - 1e-6).astype(np.int64)


Value = Callable[["cp_model.LinearExprT"], int]
"""Gives the value of an expression in a solution."""


@dataclass(frozen=True)
class Searched:
    """What a search found.

    Attributes
    ----------
    status : str
        ``optimal``, ``feasible``, ``infeasible`` or ``unknown``.
    objective, bound : float
        Of the model; infinite without a solution.
    work : float
        CP-SAT's deterministic time.
    cut : bool
        Whether the clock or a wish to stop ended it, so that it may end differently next time.
    value : callable
        The value of an expression; only where there is a solution.
    """

    status: str
    objective: float
    bound: float
    work: float
    cut: bool
    value: Value

    @property
    def has_solution(self) -> bool:
        """Whether there is a solution to read."""
        return self.status in ("optimal", "feasible")


def solve(
    model: cp_model.CpModel,
    *,
    seed: int,
    work: float,
    seconds: float,
    portfolio: bool = True,
    stopped: Callable[[], bool] = lambda: False,
    report: Callable[[float, float], None] | None = None,
    seen: Callable[[Value], None] | None = None,
) -> Searched:
    """Solve a model on one core, so that the same seed gives the same answer.

    Parameters
    ----------
    model : cp_model.CpModel
    seed : int
    work : float
        Limit in CP-SAT's deterministic time, which counts work and not the clock.
    seconds : float
        Limit by the clock.
    portfolio : bool
        Whether several strategies take turns; for small models one is faster.
    stopped : callable
        Asked ten times a second; True ends the search with the best so far.
    report : callable, optional
        Told the incumbent's objective and the bound.
    seen : callable, optional
        Given each incumbent, to read it.
    """
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.random_seed = seed
    parameters.max_deterministic_time = work
    parameters.max_time_in_seconds = seconds
    parameters.catch_sigint_signal = False  # Ctrl-C is ours
    parameters.num_workers = 1
    parameters.linearization_level = 2  # the LP finds fair rosters where search gropes
    if portfolio:  # in turns and one at a time: repeatable, as parallel search is not
        parameters.num_workers = 8
        parameters.interleave_search = True
        parameters.interleave_batch_size = 1

    class Watch(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            if report is not None:
                report(self.objective_value, self.best_objective_bound)
            if seen is not None:
                seen(self.value)

    watch, done = Watch(), threading.Event()
    status: list[cp_model.CpSolverStatus] = []

    def search() -> None:
        try:
            status.append(solver.solve(model, watch))
        finally:
            done.set()

    # in a thread of its own, so that Python sees Ctrl-C while C++ is searching
    threading.Thread(target=search, daemon=True).start()
    asked = False
    while not done.wait(0.1):
        if not asked and stopped():
            asked = True
            solver.stop_search()
    if not status or status[0] == cp_model.MODEL_INVALID:
        raise RuntimeError(f"CP-SAT failed: {model.validate() or 'no status'}")
    name = solver.status_name(status[0]).lower()
    has_solution = name in ("optimal", "feasible")
    return Searched(
        status=name,
        objective=solver.objective_value if has_solution else float("inf"),
        bound=solver.best_objective_bound if has_solution else float("-inf"),
        work=solver.response_proto.deterministic_time,
        cut=name in ("feasible", "unknown") and (asked or solver.wall_time >= seconds),
        value=solver.value,
    )
