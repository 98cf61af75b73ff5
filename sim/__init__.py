"""A dispatch simulator and optimizer for a city that governs itself by grids.

>>> import sim
>>> scenario = sim.load("gusu-week", ["time.days=1"])
>>> outcome = sim.simulate(scenario)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.engine.outcome import Outcome
    from sim.engine.simulation import Simulation
    from sim.model.plan import Plan
    from sim.policy import Policy
    from sim.scenario import Scenario

__version__ = "0.1.0"
__all__ = ["Simulation", "__version__", "load", "prepare", "show", "simulate"]


def load(name: str | Path, overrides: list[str] | tuple[str, ...] = ()) -> Scenario:
    """Load a scenario by name or path; see `sim.scenario.load`."""
    from sim.scenario import load as load_scenario

    return load_scenario(name, overrides)


def prepare(
    scenario: Scenario | str | Path,
    *,
    days: int | None = None,
    districts: list[str] | tuple[str, ...] = (),
    seed: int | None = None,
    replication: int = 0,
    policy: str | Policy = "priority",
    plan: Plan | str | Path | None = None,
    replans: Sequence[tuple[float, Plan | str | Path]] = (),
    engine: str = "compiled",
    check: bool = False,
) -> Simulation:
    """Make a simulation ready to run.

    Parameters
    ----------
    scenario : Scenario, str or Path
        Or its name or path.
    days : int, optional
        Run only the first days of the scenario.
    districts : sequence of str, optional
        English names; all of the scenario's by default.
    seed, replication : int
        The key of all randomness, in [0, 2**32); the scenario's own seed by default.
    policy : str or Policy
        Who is sent where, next.
    plan : Plan, str or Path
        Who works when and where, or a plan file; the staff of the base year by default.
    replans : sequence of (float, Plan, str or Path)
        Plans that follow it, in order, each with the day from which on it is in force: 0 or
        more, such as 2.5 for noon of the third day, and below the scenario's days.
    engine : str
        ``compiled``, or ``simpy``: the same to the bit, many times slower, to be read.
    check : bool
        Whether the invariants are checked all along.

    Raises
    ------
    InputError
        One message: file, field, value and what is allowed.
    """
    from sim.city import City
    from sim.clock import DAY
    from sim.engine import find_engine
    from sim.model.planfile import read_plans
    from sim.model.replan import check_days
    from sim.scenario import restrict

    chosen = load(scenario) if isinstance(scenario, (str, Path)) else scenario
    chosen = restrict(chosen, days=days, districts=districts)
    city = City.build(chosen)
    check_days([day for day, _ in replans], chosen.time.days)
    first = Path(plan) if isinstance(plan, (str, Path)) else None
    files = [Path(new) for _, new in replans if isinstance(new, (str, Path))]
    chosen, read, following = read_plans(first, files, chosen, city)
    simulation = find_engine(engine)(
        chosen,
        city=city,
        plan=plan if first is None else read,  # type: ignore[arg-type]
        policy=policy,
        seed=seed,
        replication=replication,
        check=check,
    )
    for day, new in replans:
        changed = following.pop(0) if isinstance(new, (str, Path)) else new
        simulation.replan(changed, day * DAY)
    return simulation


def simulate(
    scenario: Scenario | str | Path,
    *,
    progress: Callable[[float], None] | None = None,
    **options: Any,
) -> Outcome:
    """Run a scenario to its end.

    Parameters
    ----------
    scenario : Scenario, str or Path
        Or its name or path.
    progress : callable, optional
        Told the share of the horizon reached.
    **options
        Those of `prepare`.

    Returns
    -------
    Outcome
        The same, to the bit, for the same scenario, options and seed.
    """
    from sim.engine.simulation import recorded

    simulation = prepare(scenario, **options)
    simulation.run(progress=progress)
    return recorded(simulation)


def show(outcome: Outcome) -> Any:
    """Sum an outcome up for a notebook or a terminal; see `sim.measure.summary`."""
    from sim.measure.summary import summary

    return summary(outcome)


def __getattr__(name: str) -> Any:
    if name == "Simulation":
        from sim.engine.simulation import Simulation

        return Simulation
    raise AttributeError(f"module 'sim' has no attribute {name!r}")
