"""Optimizers: staffing and patrol routes, and what formulas say of them beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.api.scenarios import loaded
from sim.model.cost import plan_cost as model_cost
from sim.model.setup import Planned, Setup
from sim.model.staffing import base_plan
from sim.scenario import Scenario
from sim.several import several

if TYPE_CHECKING:
    import pandas as pd

    from sim.optimize.patrol_routes import PatrolPlan
    from sim.optimize.staffing.answer import Answer
    from sim.optimize.staffing.trial import Report


def optimize_staffing(
    scenario: Scenario | str | Path,
    targets: Sequence[str],
    *,
    budget: float | None = None,
    patrol: str = "keep",
    patterns: str = "daily",
    method: str = "mol",
    replications: int = 4,
    confidence: float = 0.95,
    time_limit: float = 600.0,
    prices: bool = True,
    engine: str = "compiled",
    policy: str = "priority",
    seed: int | None = None,
    days: int | None = None,
    districts: Sequence[str] = (),
    warm_up_days: int | None = None,
    report: Report | None = None,
    stopped: Callable[[], bool] | None = None,
) -> Answer:
    """Find the cheapest staffing that keeps all targets.

    Roles that no target speaks of keep the staff of the base year.

    Parameters
    ----------
    scenario : Scenario, str or Path
    targets : sequence of str
        Such as ``close.on_time>=0.95`` or ``arrive.on_time@department>=0.9``.
    budget : float, optional
        Yuan a week for all staff.
    patrol : str
        ``keep`` the gridworkers of the base year, unless a target speaks of what they find, or
        ``worth``: those who spare operators and crews more than they cost.
    patterns : str
        Shifts to choose from: ``scenario``, ``daily`` or ``tours``.
    method : str
        ``sipp``, ``lag`` or ``mol``: from which requirements the search starts.
    replications : int
        Of the search; four times as many are fresh.
    confidence : float
        One-sided, of every target.
    time_limit : float
        Seconds for the search; comparisons and prices come on top.
    prices : bool
        Whether a point more of each target is priced by simulation, too.
    engine, policy, seed
        As in `sim.prepare`; the policy by its name.
    days, districts, warm_up_days
        Judge by the first days, by some districts, after so many days of warm-up.
    report : callable, optional
        Told what is done, the incumbent's cost in yuan a week, and its gap as a share.
    stopped : callable, optional
        Asked again and again whether to stop with the best so far.

    Returns
    -------
    Answer
        ``service``, ``posts`` and ``costs`` are tables; `save` writes the plan.

    Raises
    ------
    InputError
        If a target or an option is not allowed, or the scenario has no costs.
    """
    from sim.optimize.staffing.optimize import optimize
    from sim.optimize.staffing.problem import StaffingProblem

    problem = StaffingProblem(
        targets=tuple(several(targets)),
        budget=budget,
        patrol=patrol,
        patterns=patterns,
        method=method,
        replications=replications,
        confidence=confidence,
        time_limit=time_limit,
        prices=prices,
        engine=engine,
        policy=policy,
        seed=seed,
    )
    setup = Setup.of(loaded(scenario), days=days, districts=districts, warm_up_days=warm_up_days)
    chosen = setup.scenario
    return optimize(chosen, problem, report=report, stopped=stopped)


def optimize_patrol(
    scenario: Scenario | str | Path,
    *,
    districts: Sequence[str] = (),
    revisit_h: float | None = None,
    time_limit: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> PatrolPlan:
    """Find a patrol route for every grid that has a gridworker.

    Parameters
    ----------
    scenario : Scenario, str or Path
    districts : sequence of str
        Some of its districts only.
    revisit_h : float, optional
        Longest time between two passes of a place, hours of walking; by default what the shift
        walks in a day.
    time_limit : float, optional
        Seconds; grids that are not reached by then keep the loop.
    progress : callable, optional
        Told the share done.

    Returns
    -------
    PatrolPlan
        ``table`` has what is expected; `save` writes the routes, `plot_route` draws one.

    Raises
    ------
    InputError
        If the revisit interval or the time limit is not above 0.
    """
    from sim.optimize import patrol_routes

    setup = Setup.of(loaded(scenario), districts=districts)
    return patrol_routes.optimize_patrol(
        setup.scenario,
        setup.city,
        revisit_h=revisit_h,
        time_limit=time_limit,
        progress=progress,
    )


def plan_cost(scenario: Scenario | str | Path, plan: Planned | None = None) -> pd.DataFrame:
    """Return what a plan costs.

    Parameters
    ----------
    scenario : Scenario, str or Path
        With costs.
    plan : Plan, str or Path, optional
        A plan or a plan file; the staff of the base year by default.

    Returns
    -------
    pandas.DataFrame
        ``role, cost, unit``: yuan a week.

    Raises
    ------
    InputError
        If the scenario has no costs, or the plan does not fit.
    """
    import pandas as pd

    setup = Setup.of(loaded(scenario), plan=plan)
    used = base_plan(setup.scenario, setup.city) if setup.plan is None else setup.plan
    cost = vars(model_cost(setup.scenario, used))
    return pd.DataFrame({"role": [*cost], "cost": cost.values(), "unit": "yuan a week"})
