"""Instances that hypothesis makes, and the best tours of small ones by trying all."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from hypothesis import strategies as st

from sim.routing import Instance, check
from sim.routing.instance import NOWHERE


@st.composite
def instances(draw: st.DrawFn, stops_max: int = 12, metric: bool = False) -> Instance:
    """Unlike vehicles, one-way ways, windows, skills, prizes, soft deadlines: all at once.

    ``metric``: ways between points, rounded up, so that none is longer than by a third place.
    """
    n, v = draw(st.integers(1, stops_max)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    depots = draw(st.integers(1, 3))
    p = n + depots
    distance = rng.integers(0, 100, (p, p)).astype(float)
    if metric:
        xy = rng.integers(0, 100, (p, 2)).astype(float)
        distance = np.ceil(np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)))
    own = draw(st.booleans()) and not metric
    opens = rng.integers(0, 300, n).astype(float)
    wide = draw(st.sampled_from([0, 20, 300, 10_000]))
    end = rng.integers(n, p, v)
    if draw(st.booleans()):
        end[rng.random(v) < 0.5] = NOWHERE
    return Instance.build(
        distance,
        stops=n,
        vehicles=v,
        duration=rng.integers(0, 100, (p, p)).astype(float) if own else distance,
        start=rng.integers(n, p, v),
        end=end,
        demand=rng.integers(0, 5, n),
        open=opens,
        close=opens + rng.integers(0, wide + 1, n),
        service=rng.integers(0, 30, n),
        prize=np.where(rng.random(n) < draw(st.sampled_from([0.0, 0.5])), 50.0, np.inf),
        due=rng.integers(0, 300, n),
        late=draw(st.sampled_from([0.0, 0.5, 2.0])),
        capacity=rng.integers(0, 20, v),
        fixed=draw(st.sampled_from([0.0, 25.0])),
        shift_open=rng.integers(0, 50, v),
        shift_close=rng.integers(50, 1000, v),
        allowed=rng.random((n, v)) < draw(st.sampled_from([0.7, 1.0])),
    )


def best_cost(instance: Instance) -> float:
    """Return the least cost of feasible tours by trying them all; inf if there are none.

    A stop's place in a permutation, and where the tours are cut, name every set of tours; what
    comes after the last cut is left out.
    """
    n, v = len(instance), instance.vehicles
    best = np.inf
    for order in permutations(range(n)):
        for cuts in _cuts(n, v):
            tours = [order[a:b] for a, b in zip((0, *cuts), cuts, strict=False)]
            verdict = check(instance, tours)
            if verdict.feasible:
                best = min(best, verdict.cost)
    return best


def _cuts(n: int, parts: int) -> list[tuple[int, ...]]:
    """Return all ascending ends of so many parts."""
    found: list[tuple[int, ...]] = [()]
    for _ in range(parts):
        found = [(*c, e) for c in found for e in range(c[-1] if c else 0, n + 1)]
    return found
