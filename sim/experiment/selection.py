"""Selecting the best of several arms with a stated probability of being right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Selection:
    """The arm that was selected.

    Attributes
    ----------
    best : str
        Its label.
    metric, unit : str
    probability : float
        With at least this, it is the best or not further from the best than ``indifference``.
    indifference : float
        In the metric's unit.
    dropped : dict
        By label, after how many replications an arm was given up.
    replications : int
        How many the last arms had.
    complete : bool
        False if the replications that were allowed did not do: then ``best`` is the best so far,
        with no such probability.
    """

    best: str
    metric: str
    unit: str
    probability: float
    indifference: float
    dropped: dict[str, int]
    replications: int
    complete: bool


def kim_nelson(
    sample: Callable[[Sequence[int], int], Floats],
    arms: int,
    *,
    first: int,
    indifference: float,
    probability: float = 0.95,
    most: int = 10_000,
) -> tuple[int, dict[int, int], int, bool]:
    """Select the arm with the smallest mean, by the procedure KN.

    Fully sequential: after each replication, arms that are certainly not the best are given up.
    It holds for normal values, under common random numbers too (Kim and Nelson, *A fully
    sequential procedure for indifference-zone selection in simulation*, ACM TOMACS 11, 2001,
    with c = 1).

    Parameters
    ----------
    sample : callable
        Given some arms and r, returns their values in replication r, float64 [those arms].
    arms : int
        At least two.
    first : int
        Replications from which the variances are estimated, at least two.
    indifference : float
        The smallest difference that matters, above 0.
    probability : float
        Of correct selection, in (1 / arms, 1).
    most : int
        Replications that an arm may have.

    Returns
    -------
    best : int
    dropped : dict
        By arm, after how many replications it was given up.
    replications : int
        How many the best has had.
    complete : bool
        Whether all others were given up.
    """
    everybody = list(range(arms))
    begun = np.array([sample(everybody, r) for r in range(first)])
    eta = 0.5 * ((2 * (1 - probability) / (arms - 1)) ** (-2 / (first - 1)) - 1)
    h2 = 2 * eta * (first - 1)
    gaps = begun[:, :, None] - begun[:, None, :]
    variance = gaps.var(axis=0, ddof=1)
    sums = begun.sum(axis=0)
    left, dropped, r = everybody, {}, first
    while True:
        slack = np.maximum(0.0, indifference / (2 * r) * (h2 * variance / indifference**2 - r))
        means = sums / r
        stay = [i for i in left if all(means[i] <= means[j] + slack[i, j] for j in left)]
        for i in set(left) - set(stay):
            dropped[i] = r
        left = stay
        # after the last of N_ij + 1 replications only one is left, but for ties
        last = max(floor(h2 * variance[i, j] / indifference**2) for i in left for j in left)
        if len(left) == 1 or r > last or r >= most:
            best = min(left, key=lambda i: (means[i], i))
            return best, dropped, r, len(left) == 1 or r > last
        sums[left] += sample(left, r)
        r += 1
