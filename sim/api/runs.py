"""Single runs: made ready, run, and measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypedDict, Unpack, cast

from sim.api.scenarios import loaded
from sim.clock import DAY
from sim.engine import find_engine
from sim.engine import simulation as engines
from sim.measure.measured import MeasuredOutcome
from sim.model.setup import Planned, Setup
from sim.policy import Policy
from sim.scenario import Scenario


class Simulation(engines.Simulation, Protocol):
    """A run that can be stopped at any instant and gone on with; see `prepare`."""

    def outcome(self) -> MeasuredOutcome:
        """Return the record so far; the simulation may go on afterwards."""


class RunOptions(TypedDict, total=False):
    """How a scenario is run; see `prepare`."""

    days: int | None
    districts: Sequence[str]
    warm_up_days: int | None
    routes: str | Path | None
    seed: int | None
    replication: int
    policy: str | Policy
    plan: Planned | None
    replans: Sequence[tuple[float, Planned]]
    engine: str
    check: bool
    keep_warm_up: bool


def prepare(
    scenario: Scenario | str | Path,
    *,
    days: int | None = None,
    districts: Sequence[str] = (),
    warm_up_days: int | None = None,
    routes: str | Path | None = None,
    seed: int | None = None,
    replication: int = 0,
    policy: str | Policy = "priority",
    plan: Planned | None = None,
    replans: Sequence[tuple[float, Planned]] = (),
    engine: str = "compiled",
    check: bool = False,
    keep_warm_up: bool = False,
) -> Simulation:
    """Make a simulation ready to run.

    Parameters
    ----------
    scenario : Scenario, str or Path
        Or its name or path.
    days : int, optional
        Run only the first days of the scenario.
    districts : sequence of str, optional
        English or Chinese names; all of the scenario's by default.
    warm_up_days : int, optional
        Days that are simulated before time 0; the scenario's own by default.
    routes : str or Path, optional
        A table of patrol routes, as `optimize_patrol` finds them; the scenario's own by default.
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
    keep_warm_up : bool
        Whether the record holds the warm-up, too: by default only what still matters at time 0.
        What is measured begins at time 0 either way.

    Returns
    -------
    Simulation
        To be `run`; ``now`` and ``run(until)`` are in seconds since the scenario's start.

    Raises
    ------
    InputError
        One message: file, field, value and what is allowed.
    """
    kind = find_engine(engine)
    setup = Setup.of(
        loaded(scenario),
        days=days,
        districts=districts,
        warm_up_days=warm_up_days,
        routes=routes,
        plan=plan,
        replans=replans,
    )
    simulation = kind(
        setup.scenario,
        city=setup.city,
        plan=setup.plan,
        policy=policy,
        seed=seed,
        replication=replication,
        check=check,
        keep_warm_up=keep_warm_up,
    )
    simulation.record = MeasuredOutcome
    for day, new in setup.following:
        simulation.replan(new, day * DAY)
    return cast(Simulation, simulation)


def simulate(
    scenario: Scenario | str | Path,
    *,
    progress: Callable[[float], None] | None = None,
    **options: Unpack[RunOptions],
) -> MeasuredOutcome:
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

    Raises
    ------
    InputError
        One message: file, field, value and what is allowed.

    Examples
    --------
    >>> import sim
    >>> outcome = sim.simulate("gusu-week", days=1)  # doctest: +SKIP
    >>> outcome.kpis(by="department")  # doctest: +SKIP
    """
    simulation = prepare(scenario, **options)
    simulation.run(progress=progress)
    return recorded(simulation)


def recorded(simulation: engines.Simulation) -> MeasuredOutcome:
    """Return the record of a simulation so far, with what its policy tells of its own work."""
    return cast(MeasuredOutcome, engines.recorded(simulation))
