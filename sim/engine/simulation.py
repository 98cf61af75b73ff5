"""What every engine offers: a run that can be stopped at any instant and gone on with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.engine.outcome import Outcome
from sim.model.plan import Plan
from sim.model.staffing import base_plan
from sim.policy import Policy, find_policy
from sim.scenario import Scenario
from sim.workload.workload import Workload


class Simulation(Protocol):
    """One run.

    Attributes
    ----------
    engine : str
        Its engine's name.
    scenario, city, policy : Scenario, City, Policy
        What it is run on.
    seed, replication : int
        The key of all randomness.
    check : bool
        Whether the invariants are checked all along.
    keep_warm_up : bool
        Whether the record holds all of the warm-up, and not what still matters at time 0 alone.
    record : type of Outcome
        Of which its outcome is made: what stands above the engines adds measures to it.
    """

    engine: str
    scenario: Scenario
    city: City
    policy: Policy
    seed: int
    replication: int
    check: bool
    keep_warm_up: bool
    record: type[Outcome]

    def __init__(
        self,
        scenario: Scenario,
        *,
        city: City | None = None,
        workload: Workload | None = None,
        plan: Plan | None = None,
        policy: str | Policy = "priority",
        seed: int | None = None,
        replication: int = 0,
        check: bool = False,
        keep_warm_up: bool = False,
    ) -> None: ...

    @property
    def plan(self) -> Plan:
        """The plan in force."""

    @property
    def now(self) -> float:
        """The instant up to which it has been run, s since the scenario's start."""

    @property
    def begins(self) -> float:
        """The first instant of the run, s: 0, or before it where there is a warm-up."""

    @property
    def horizon(self) -> float:
        """The scenario's end, s."""

    @property
    def events(self) -> int:
        """Timed events so far."""

    @property
    def ledger(self) -> NDArray[np.int64]:
        """Matters by district and state now, int64 [D, states]; without what was over at time 0."""

    @property
    def overdue(self) -> NDArray[np.int64]:
        """Tickets past their deadline for closing now, int64 [D]."""

    def run(
        self, until: float | None = None, progress: Callable[[float], None] | None = None
    ) -> None:
        """Go on to an instant; what happens at that very instant is left for the next call."""

    def add(self, matters: Workload) -> range:
        """Put further matters into a running simulation; return their ticket numbers."""

    def replan(self, plan: Plan, at: float | None = None) -> None:
        """Let another plan be in force from an instant on, now or later; see `sim.model.replan`."""

    def outcome(self) -> Outcome:
        """Return the record so far; the simulation may go on afterwards."""


def resolved(
    scenario: Scenario,
    city: City | None,
    plan: Plan | None,
    policy: str | Policy,
    seed: int | None,
) -> tuple[City, Plan, Policy, int]:
    """Make from the scenario what a run was not given."""
    city = City.build(scenario) if city is None else city
    return (
        city,
        base_plan(scenario, city) if plan is None else plan,
        find_policy(policy),
        scenario.seed if seed is None else seed,
    )


def recorded(simulation: Simulation) -> Outcome:
    """Return the record so far, with what the policy tells of its own work."""
    return replace(simulation.outcome(), figures=dict(simulation.policy.figures()))
