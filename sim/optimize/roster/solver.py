"""CP-SAT behind one door: a seed, a limit, the incumbent and its bound, and a way to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


@dataclass(frozen=True)
class Found:
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
    value: Callable[[cp_model.LinearExprT], int]

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
) -> Found:
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
    return Found(
        status=name,
        objective=solver.objective_value if has_solution else float("inf"),
        bound=solver.best_objective_bound if has_solution else float("-inf"),
        work=solver.response_proto.deterministic_time,
        cut=name in ("feasible", "unknown") and (asked or solver.wall_time >= seconds),
        value=solver.value,
    )
