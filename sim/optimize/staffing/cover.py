"""Covering requirements by shift patterns, one small model for each pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.model.cost import post_costs
from sim.optimize.solver import Solution, cover
from sim.optimize.staffing.patterns import coverage
from sim.processors import threads

if TYPE_CHECKING:
    from sim.optimize.staffing.pools import Pools
    from sim.scenario import Scenario

Ints = NDArray[np.int64]

MODEL_LIMIT = {"scenario": 5.0, "daily": 5.0, "tours": 0.1}
"""Of CP-SAT for each model by the kind of patterns, s: with tours it hardly ends, HiGHS goes on."""


@dataclass(frozen=True, eq=False)
class Cover:
    """Posts that cover a requirement.

    Attributes
    ----------
    posts : int64 [P, S]
    cost, bound : float64 [P]
        Yuan a week; see `sim.optimize.solver.cover`.
    """

    posts: Ints
    cost: NDArray[np.float64]
    bound: NDArray[np.float64]

    @property
    def gap(self) -> float:
        """How far all together are above their bound, as a share of the cost."""
        cost = float(self.cost.sum())
        return (cost - float(self.bound.sum())) / cost if cost > 0 else 0.0


class Coverer:
    """Covers requirements of the pools of a scenario; solves no model twice.

    Parameters
    ----------
    window : bool [P, 168]
        When each pool may work: patterns that reach beyond are not its own.
    seed : int
    time_limit : float
        Of CP-SAT for each model, s; see `MODEL_LIMIT`.

    Notes
    -----
    As many models are solved side by side as `sim.processors.threads` says; the answer does not
    depend on it.
    """

    def __init__(
        self,
        scenario: Scenario,
        pools: Pools,
        window: NDArray[np.bool_],
        *,
        seed: int = 0,
        time_limit: float = MODEL_LIMIT["daily"],
    ) -> None:
        self.pools, self.seed, self.time_limit = pools, seed, time_limit
        self.covers = coverage(scenario)
        self.hours = post_costs(scenario)
        halves = np.repeat(window, 2, axis=1)
        today = np.zeros((len(pools), len(self.covers)), dtype=bool)
        today[:, : pools.today.shape[1]] = pools.today > 0
        # the half hours in which a pool's own shifts are on: a window that is theirs exactly
        reach = (today.astype(int) @ self.covers > 0) | halves
        self.allowed = today | ~(self.covers[None, :, :] & ~reach[:, None, :]).any(axis=2)
        self.allowed[~(pools.today > 0).any(axis=1)] = False
        self._known: dict[bytes, Solution] = {}

    def on_duty(self, posts: Ints) -> Ints:
        """Return staff by pool and hour of the week, the least within each hour, int64 [P, 168]."""
        halves = posts @ self.covers.astype(np.int64)
        return np.asarray(halves.reshape(len(posts), -1, 2).min(axis=2))

    def cost(self, posts: Ints) -> NDArray[np.float64]:
        """Return yuan a week of each pool, float64 [P]."""
        return np.asarray((posts @ self.hours) * self.pools.rate)

    def solve(
        self,
        need: Ints,
        some: Sequence[int] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Cover:
        """Cover a requirement.

        Parameters
        ----------
        need : int64 [P, 168]
            Half hours that none of a pool's patterns covers are left out.
        some : sequence of int, optional
            Only these pools; the others get nobody.
        """
        size = len(self.pools)
        posts = np.zeros((size, len(self.covers)), dtype=np.int64)
        cost, bound = np.zeros(size), np.zeros(size)
        which = list(range(size)) if some is None else list(some)
        with ThreadPoolExecutor(threads()) as side_by_side:
            solved = side_by_side.map(lambda p: self._one(p, need[p]), which)
            for done, (pool, solution) in enumerate(zip(which, solved, strict=True)):
                if solution.values is None:
                    raise RuntimeError(f"no cover of {self.pools.name(pool)}: {solution.status}")
                posts[pool, self.allowed[pool]] = solution.values
                cost[pool] = solution.objective * self.pools.rate[pool]
                bound[pool] = solution.bound * self.pools.rate[pool]
                if progress is not None:
                    progress((done + 1) / len(which))
        return Cover(posts, cost, np.minimum(bound, cost))

    def _one(self, pool: int, need: Ints) -> Solution:
        mine = self.allowed[pool]
        covers = self.covers[mine]
        halves = np.where(covers.any(axis=0), np.repeat(need, 2), 0)
        key = mine.tobytes() + halves.tobytes()
        if key not in self._known:
            if not halves.any():
                nobody = np.zeros(int(mine.sum()), dtype=np.int64)
                self._known[key] = Solution(nobody, 0.0, 0.0, "optimal")
            else:
                self._known[key] = cover(
                    covers, halves, self.hours[mine], seed=self.seed, time_limit=self.time_limit
                )
        return self._known[key]
