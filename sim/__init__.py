"""A dispatch simulator and optimizer for a city that governs itself by grids.

>>> import sim
>>> scenario = sim.load("gusu-week", {"time.days": 1})
>>> outcome = sim.simulate(scenario)  # doctest: +SKIP
>>> outcome.summary()  # doctest: +SKIP

What is offered is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.api.experiments import compare, find_warm_up, sweep
    from sim.api.optimizers import optimize_patrol, optimize_staffing, plan_cost
    from sim.api.runs import Simulation, prepare, recorded, simulate
    from sim.api.scenarios import diff, figures, load, plot_roads
    from sim.city import City
    from sim.errors import InputError
    from sim.experiment.compare import Comparison
    from sim.measure.measured import MeasuredOutcome as Outcome
    from sim.model.plan import Plan
    from sim.optimize.staffing.estimate import (
        patrol_worth,
        staffing_prices,
        staffing_requirements,
    )
    from sim.policy import POLICIES, Policy, View
    from sim.scenario import Scenario

__version__ = "0.1.0"

_FROM = {
    "City": "sim.city",
    "Comparison": "sim.experiment.compare",
    "InputError": "sim.errors",
    "Outcome": "sim.measure.measured:MeasuredOutcome",
    "POLICIES": "sim.policy",
    "Plan": "sim.model.plan",
    "Policy": "sim.policy",
    "Scenario": "sim.scenario",
    "Simulation": "sim.api.runs",
    "View": "sim.policy",
    "compare": "sim.api.experiments",
    "diff": "sim.api.scenarios",
    "figures": "sim.api.scenarios",
    "find_warm_up": "sim.api.experiments",
    "load": "sim.api.scenarios",
    "optimize_patrol": "sim.api.optimizers",
    "optimize_staffing": "sim.api.optimizers",
    "patrol_worth": "sim.optimize.staffing.estimate",
    "plan_cost": "sim.api.optimizers",
    "plot_roads": "sim.api.scenarios",
    "prepare": "sim.api.runs",
    "recorded": "sim.api.runs",
    "simulate": "sim.api.runs",
    "staffing_prices": "sim.optimize.staffing.estimate",
    "staffing_requirements": "sim.optimize.staffing.estimate",
    "sweep": "sim.api.experiments",
}
"""Where each name is from: a module, and the name there if it is another."""

__all__ = [
    "POLICIES",
    "City",
    "Comparison",
    "InputError",
    "Outcome",
    "Plan",
    "Policy",
    "Scenario",
    "Simulation",
    "View",
    "__version__",
    "compare",
    "diff",
    "figures",
    "find_warm_up",
    "load",
    "optimize_patrol",
    "optimize_staffing",
    "patrol_worth",
    "plan_cost",
    "plot_roads",
    "prepare",
    "recorded",
    "simulate",
    "staffing_prices",
    "staffing_requirements",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name not in _FROM:
        from sim.errors import suggestion

        raise AttributeError(f"module 'sim' has no attribute {name!r}{suggestion(name, _FROM)}")
    module, _, other = _FROM[name].partition(":")
    found = getattr(import_module(module), other or name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_FROM})
