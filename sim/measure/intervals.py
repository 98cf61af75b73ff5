"""Confidence intervals: no figure of a comparison goes without one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Interval(NamedTuple):
    """An estimate with its confidence interval."""

    estimate: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half of its length."""
        return (self.high - self.low) / 2

    def __contains__(self, value: object) -> bool:
        return isinstance(value, (int, float)) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.estimate:.4g} [{self.low:.4g}, {self.high:.4g}]"


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return Student's interval for the mean of independent values.

    Parameters
    ----------
    values : array of float [n]
        One for each replication, n >= 2.
    confidence : float
        In (0, 1).

    Raises
    ------
    ValueError
        If there are fewer than two.
    """
    from scipy.stats import t

    sample = np.asarray(values, dtype=float)
    if len(sample) < 2:
        raise ValueError("an interval needs at least two values")
    mean = float(sample.mean())
    error = float(sample.std(ddof=1)) / len(sample) ** 0.5
    reach = float(t.ppf((1 + confidence) / 2, len(sample) - 1)) * error
    return Interval(mean, mean - reach, mean + reach)


def stratified_interval(
    strata: Sequence[ArrayLike], weights: ArrayLike, confidence: float = 0.95
) -> Interval:
    """Return an interval for the weighted mean of strata that were sampled one by one.

    The degrees of freedom are Satterthwaite's (Cochran, *Sampling Techniques*, section 5.4).

    Parameters
    ----------
    strata : sequence of k arrays of float
        Independent values, at least two of each stratum.
    weights : array of float [k]
        How much each stratum counts; they need not sum to 1.

    Raises
    ------
    ValueError
        If a stratum has fewer than two values.
    """
    from scipy.stats import t

    samples = [np.asarray(values, dtype=float) for values in strata]
    if min(map(len, samples)) < 2:
        raise ValueError("an interval needs at least two values of each stratum")
    weight = np.asarray(weights, dtype=float) / np.sum(weights)
    mean = float(weight @ [sample.mean() for sample in samples])
    parts = weight**2 * [sample.var(ddof=1) / len(sample) for sample in samples]
    variance = float(parts.sum())
    if variance == 0:
        return Interval(mean, mean, mean)
    freedom = variance**2 / np.sum(parts**2 / [len(sample) - 1 for sample in samples])
    reach = float(t.ppf((1 + confidence) / 2, freedom)) * variance**0.5
    return Interval(mean, mean - reach, mean + reach)


def bootstrap_mean(
    values: ArrayLike, seed: int, confidence: float = 0.95, resamples: int = 4000
) -> Interval:
    """Return the bootstrap-t interval for the mean of independent values.

    Unlike Student's it follows a skewed distribution (Efron and Tibshirani, *An Introduction to
    the Bootstrap*, 1993, section 12.5).

    Parameters
    ----------
    values : array of float [n]
        n >= 2.
    seed : int
        Of the resampling.
    """
    sample = np.asarray(values, dtype=float)
    n = len(sample)
    if n < 2:
        raise ValueError("an interval needs at least two values")
    mean, error = sample.mean(), sample.std(ddof=1) / n**0.5
    if error <= 1e-12 * abs(mean):
        return Interval(float(mean), float(mean), float(mean))
    draw = np.random.Generator(np.random.Philox(seed))
    drawn = sample[draw.integers(n, size=(resamples, n))]
    errors = drawn.std(axis=1, ddof=1) / n**0.5
    # a resample of equal values says nothing of its own error
    some = errors > 1e-9 * error
    scores = (drawn.mean(axis=1)[some] - mean) / errors[some]
    low, high = np.quantile(scores, [(1 + confidence) / 2, (1 - confidence) / 2])
    return Interval(float(mean), float(mean - low * error), float(mean - high * error))
