"""The mean of one long, correlated sequence, by batch means."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sim.measure.intervals import Interval, mean_interval


def batch_means(
    values: ArrayLike, batches: int = 20, warm_up: float = 0.1, confidence: float = 0.95
) -> Interval:
    """Return an interval for the long-run mean of one correlated sequence.

    The sequence, less its warm-up, is cut into batches whose means are taken as independent
    (Law, *Simulation Modeling and Analysis*, section 9.5).

    Parameters
    ----------
    values : array of float [n]
        In the order of time.
    warm_up : float
        Share that is left out at the beginning.
    """
    sample = np.asarray(values, dtype=float)
    sample = sample[int(len(sample) * warm_up) :]
    each = len(sample) // batches
    if each == 0:
        raise ValueError(f"{len(sample)} values cannot make {batches} batches")
    means = sample[: each * batches].reshape(batches, each).mean(axis=1)
    return mean_interval(means, confidence)
