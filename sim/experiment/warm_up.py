"""How long it takes from an empty city until stocks go up and down as ever: MSER-5."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.clock import DAY, HOUR
from sim.engine import find_engine
from sim.errors import InputError
from sim.experiment.arm import Arm
from sim.experiment.executor import Executor, Failure
from sim.experiment.replication import Replication, city_of
from sim.model.state import State
from sim.policy import limited
from sim.scenario import restrict
from sim.scenario.dates import longest_deadline
from sim.scenario.world import WARM_UP_MOST

PILOTS = 3
"""Replications over which stocks are averaged."""
TIMES = 3
"""How many times as long as the longest deadline a pilot is run: half of it is searched."""

_OPEN = tuple(state for state in State if State.REGISTERED <= state <= State.CHECKING)
STOCKS: dict[str, tuple[State, ...]] = {
    "known and open": _OPEN,
    "not discovered": (State.UNDISCOVERED, State.CALLING),
    "at linkage centres": (State.AT_CENTRE,),
    "at departments' desks": (State.UNSIGNED,),
    "with crews and gridworkers": (
        State.RECORDING, State.WAITING, State.TRAVELLING, State.ON_SITE,
    ),
    "being settled": (State.SETTLING,),
    "at their check": (State.CHECKING,),
}  # fmt: skip
"""What is counted at every full hour, and in which states it is: by pool, and all together."""


@dataclass(frozen=True)
class WarmUpFound:
    """How long a warm-up should be, and on what it rests.

    Attributes
    ----------
    days : int
        The proposal: no shorter than the longest deadline, and than any stock takes.
    longest_deadline : int
        Days.
    settled : dict
        By stock, after how many days it has settled; None: not in the days that were searched.
    run_days, replications, seed : int
        What was run: so many days before time 0, from an empty city.
    """

    days: int
    longest_deadline: int
    settled: dict[str, float | None]
    run_days: int
    replications: int
    seed: int

    @property
    def source(self) -> str:
        """The line of a scenario's ``[sources]`` that says so."""
        note = (
            f"at least the longest deadline, {self.longest_deadline} days, and what MSER-5 finds: "
            f"{', '.join(f'{name} {_said(days)}' for name, days in self.settled.items())}; "
            f"{self.replications} replications of {self.run_days} days from an empty city, "
            f"seed {self.seed} (`sim warm-up`)"
        )
        return f'"time.warm_up_days" = {{ basis = "measured", note = "{note}" }}'


def _said(days: float | None) -> str:
    return "not settled" if days is None else f"{days:.1f} d"


def mser(values: ArrayLike, batch: int = 5) -> int | None:
    """Return how many values to leave out at the beginning, by the rule MSER-5.

    Of the means of batches of five, those are left out without which the standard error of the
    mean of the rest is least (White, Cobb and Spratt, *A comparison of five steady-state
    truncation heuristics for simulation*, WSC 2000). Only the first half is searched, since a
    few values at the end may be alike by chance; if it is still falling there, the run is too
    short to tell, and the answer is None.

    Parameters
    ----------
    values : array of float [n]
        In the order of time.
    """
    sample = np.asarray(values, dtype=float)
    count = len(sample) // batch
    if count < 4:
        return None
    means = sample[: count * batch].reshape(count, batch).mean(axis=1)
    left = np.arange(count, 0, -1)
    # of the means from each place on: sum, sum of squares, squared error of the mean
    total = np.cumsum(means[::-1])[::-1]
    squares = np.cumsum((means - means.mean())[::-1] ** 2)[::-1]
    shifted = total - left * means.mean()
    error = (squares - shifted**2 / left) / left**2
    best = int(np.argmin(error[: count // 2 + 1]))
    return None if best == count // 2 else best * batch


def stocks(task: Replication) -> NDArray[np.float64]:
    """Run a replication's warm-up, and count at every full hour, float64 [STOCKS, hours]."""
    scenario = task.arm.scenario
    simulation = find_engine(task.engine)(
        scenario,
        city=city_of(scenario),
        plan=task.arm.plan,
        policy=task.arm.policy,
        seed=task.seed,
        replication=task.number,
    )
    hours = np.arange(simulation.begins + HOUR, 1.0, HOUR)
    out = np.empty((len(STOCKS), len(hours)))
    states = [list(some) for some in STOCKS.values()]
    with limited(simulation.policy, task.policy_timeout):
        for hour, time in enumerate(hours.tolist()):
            simulation.run(time)
            counts = simulation.ledger.sum(axis=0)
            out[:, hour] = [counts[some].sum() for some in states]
    return out


def find_warm_up(
    arm: Arm,
    seed: int,
    executor: Executor,
    *,
    days: int | None = None,
    replications: int = PILOTS,
    engine: str = "compiled",
    policy_timeout: float = 10.0,
    progress: Callable[[float], None] | None = None,
) -> WarmUpFound:
    """Find how long the warm-up of an arm should be.

    It is run from an empty city over the days before time 0, and each stock is looked at, averaged
    over replications and over 24 hours, which takes the rhythm of the day out (Welch's method).

    Parameters
    ----------
    days : int, optional
        How long to run; `TIMES` the longest deadline by default.
    replications : int
        At least 1.

    Raises
    ------
    InputError
        If there are too few or too many days or replications, or the policy is stopped.
    """
    longest = longest_deadline(restrict(arm.scenario, warm_up_days=0))
    many = min(TIMES * longest, WARM_UP_MOST) if days is None else days
    if not 4 <= many <= WARM_UP_MOST:
        raise InputError("command line", "days", many, f"4 to {WARM_UP_MOST}")
    if not 1 <= replications <= 1000:
        raise InputError("command line", "replications", replications, "1 to 1000")
    tried = Arm(arm.label, restrict(arm.scenario, warm_up_days=many), arm.policy, arm.plan)
    tasks = [
        Replication(tried, seed, number, engine, policy_timeout) for number in range(replications)
    ]
    found = []
    for _, result in executor.run(stocks, tasks):
        if isinstance(result, Failure):
            raise InputError("warm-up", arm.label, result.message, "an arm that runs")
        found.append(result)
        if progress is not None:
            progress(len(found) / len(tasks))
    settled = {name: settles([one[stock] for one in found]) for stock, name in enumerate(STOCKS)}
    longest = longest_deadline(tried.scenario)
    known = [ceil(one) for one in settled.values() if one is not None]
    return WarmUpFound(max(longest, *known, 0), longest, settled, many, replications, seed)


def settles(series: Sequence[NDArray[np.float64]]) -> float | None:
    """Return after how many days hourly series of some replications settle; None: they do not."""
    mean = np.mean(series, axis=0)
    if len(mean) < 48:
        return None
    day = np.convolve(mean, np.full(24, 1 / 24), mode="valid")
    hours = mser(day)
    return None if hours is None else hours * HOUR / DAY
