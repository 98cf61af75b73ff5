"""One replication of one arm: the task that executors run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sim.city.city import City
from sim.engine import find_engine
from sim.engine.simulation import recorded
from sim.engine.warm import WarmUp, state_at_0
from sim.experiment.arm import Arm
from sim.experiment.measures import measure
from sim.policy import POLICIES, bare, limited, policy_digest
from sim.scenario import Scenario
from sim.sources import digest_of

if TYPE_CHECKING:
    import pandas as pd

    from sim.engine.outcome import Outcome
    from sim.engine.simulation import Simulation

ENGINE = "compiled"
"""The engine of experiments unless another is asked for."""


BUILT_IN = frozenset(POLICIES.values())


@dataclass(frozen=True, eq=False)
class Replication:
    """What one replication is made from.

    Attributes
    ----------
    arm : Arm
    seed, number : int
        The key of all randomness: the same for all arms, so that they meet the same matters.
    engine : str
    policy_timeout : float
        How long a policy may take over one decision, s.
    bound : bool
        Whether what any dispatch could have made of it is measured, too.
    by : tuple of str
        By what KPIs are told apart besides districts.
    base : Arm, optional
        From whose state at time 0 it begins; it warms up by itself by default.
    """

    arm: Arm
    seed: int
    number: int
    engine: str = ENGINE
    policy_timeout: float = 10.0
    bound: bool = False
    by: tuple[str, ...] = ()
    base: Arm | None = None

    @property
    def key(self) -> dict[str, Any]:
        """All that its result depends on, as plain data."""
        return {
            **self.arm.fingerprint,
            "seed": self.seed,
            "replication": self.number,
            "engine": self.engine,
            "bound": self.bound,
            "by": list(self.by),
            "warm_up": "own" if self.base is None else self._warm_up(self.base).key,
            "program": program_digest(),
        }

    def _warm_up(self, arm: Arm) -> WarmUp:
        """Return what happens before time 0 under an arm."""
        return WarmUp(arm.scenario, arm.plan, arm.policy, self.seed, self.number)

    def begin(self, simulation: Simulation, city: City) -> None:
        """Let a run begin from a state at time 0 that is kept, under its own plan and policy.

        That of the base; or its own, to the bit, unless its policy may remember more than it says.
        """
        arm = self.arm
        base = arm if self.base is None and type(bare(arm.policy)) in BUILT_IN else self.base
        if base is None or not arm.scenario.time.warm_up_days:
            return
        plan = simulation.plan
        state = state_at_0(self._warm_up(base), city, self.engine, self.policy_timeout)
        simulation.begin(state, anew=policy_digest(arm.policy) != policy_digest(base.policy))
        if base is not arm:
            simulation.replan(plan, 0.0)


def replicate(task: Replication) -> pd.DataFrame:
    """Run a replication and measure it; see `sim.experiment.measures.measure`.

    Raises
    ------
    InputError
        If the policy does what none may: raises, hangs, or sends whom or where it cannot.
    """
    return measure(run(task), task.bound, task.by)


def run(task: Replication, progress: Callable[[float], None] | None = None) -> Outcome:
    """Run a replication to its end."""
    scenario = task.arm.scenario
    city = city_of(scenario)
    simulation = find_engine(task.engine)(
        scenario,
        city=city,
        plan=task.arm.plan,
        policy=task.arm.policy,
        seed=task.seed,
        replication=task.number,
    )
    with limited(simulation.policy, task.policy_timeout):
        task.begin(simulation, city)
        simulation.run(progress=progress)
        return recorded(simulation)


@lru_cache(maxsize=1)
def program_digest() -> str:
    """Return a digest of the program text that decides what a replication gives.

    What another version of the program has kept is not taken for its own.
    """
    kernels = "sim.engine.compiled_engine"  # imported by name
    return digest_of(__name__, f"{kernels}.kernels", f"{kernels}.handover")


_cities: dict[str, City] = {}


def city_of(scenario: Scenario) -> City:
    """Build a city once for each scenario that a worker meets; the last few are kept."""
    name = scenario.content_hash
    if name not in _cities:
        while len(_cities) >= 4:
            del _cities[next(iter(_cities))]
        _cities[name] = City.build(scenario)
    return _cities[name]
