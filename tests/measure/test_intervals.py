"""Confidence intervals hold what they say."""

from __future__ import annotations

import numpy as np
import pytest
from batch_means import batch_means

from sim.measure.intervals import (
    Interval,
    mean_interval,
    stratified_interval,
)


def draws(*words: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(words)))


def covered(hits: int, of: int, share: float) -> bool:
    """Whether so many hits are what a coverage of this share would give, within 4 sigma."""
    return abs(hits - of * share) < 4 * np.sqrt(of * share * (1 - share))


def test_student() -> None:
    values = draws(1).normal(5.0, 2.0, (1000, 8))
    hits = sum(5.0 in mean_interval(row) for row in values)
    assert covered(hits, 1000, 0.95)
    wide = mean_interval(values[0], 0.99)
    assert wide.low < mean_interval(values[0]).low
    assert wide.estimate == pytest.approx(values[0].mean())


def test_strata() -> None:
    """Three strata of unlike means and spreads, one of which counts most."""
    weights, means, spreads = np.array([5.0, 2.0, 1.0]), (1.0, 4.0, 9.0), (0.5, 2.0, 4.0)
    true = weights @ means / weights.sum()
    draw = draws(5)
    hits = sum(
        true
        in stratified_interval(
            [draw.normal(m, s, 4) for m, s in zip(means, spreads, strict=True)], weights
        )
        for _ in range(1000)
    )
    assert covered(hits, 1000, 0.95)


def test_one_stratum_is_student() -> None:
    values = draws(6).normal(size=7)
    assert stratified_interval([values], [3]) == pytest.approx(mean_interval(values))
    assert stratified_interval([[2.0, 2.0], [4.0, 4.0]], [1, 3]) == (3.5, 3.5, 3.5)


def test_batch_means_of_a_correlated_sequence() -> None:
    """An AR(1) of mean 0: plain Student would cover about a third of the time."""
    hits = 0
    for n in range(300):
        noise = draws(2, n).normal(size=4000)
        x = np.zeros(4000)
        for i in range(1, 4000):
            x[i] = 0.9 * x[i - 1] + noise[i]
        hits += 0.0 in batch_means(x)
    assert covered(hits, 300, 0.95)


def test_student_by_hand() -> None:
    """Of (1, 3): mean 2, error 1; with one degree Student's is Cauchy's, 97.5 %: tan(0.475 π)."""
    reach = np.tan(0.475 * np.pi)
    assert mean_interval([1, 3]) == pytest.approx((2.0, 2.0 - reach, 2.0 + reach))
    # 0 to 9 less the first tenth, in two batches of four (9 is left over): means 2.5 and 6.5
    found = batch_means(range(10), batches=2)
    assert found == pytest.approx((4.5, 4.5 - 2 * reach, 4.5 + 2 * reach))
    twenty = batch_means(range(40), warm_up=0.0, confidence=0.8)
    assert twenty == pytest.approx(mean_interval(np.arange(0.5, 40, 2), 0.8))


def test_satterthwaite_by_hand() -> None:
    """Weights 1/4 and 3/4; means 2 and 5, their variances 1 and 1/3 (of 1, 3 and 4, 5, 6).

    The parts are 1/16 and 3/16, so the degrees (1/4)² / ((1/16)² / 1 + (3/16)² / 2) = 32 / 11.
    """
    from scipy.stats import t

    found = stratified_interval([[1, 3], [4, 5, 6]], [2, 6])
    reach = t.ppf(0.975, 32 / 11) / 2
    assert found == pytest.approx((4.25, 4.25 - reach, 4.25 + reach))


def test_too_few() -> None:
    with pytest.raises(ValueError, match="at least two"):
        mean_interval([1.0])
    with pytest.raises(ValueError, match="of each stratum"):
        stratified_interval([[1.0, 2.0], [1.0]], [1, 1])
    with pytest.raises(ValueError, match="batches"):
        batch_means([1.0, 2.0])


def test_interval_in_words() -> None:
    interval = Interval(1.0, 0.5, 1.5)
    assert str(interval) == "1 [0.5, 1.5]"
    assert interval.half_width == 0.5
    assert 2.0 not in interval
