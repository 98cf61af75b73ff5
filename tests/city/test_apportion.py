"""The largest-remainder method."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.city import apportion

weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=40)


@given(total=st.integers(0, 10**7), weights=weights, minimum=st.integers(0, 3))
def test_sum_is_exact_and_quota_kept(total: int, weights: list[int], minimum: int) -> None:
    rest = total - minimum * len(weights)
    if rest < 0 or (rest > 0 and sum(weights) == 0):
        with pytest.raises(ValueError):
            apportion(total, weights, minimum)
        return
    parts = apportion(total, weights, minimum)
    assert parts.sum() == total
    if rest > 0:
        quota = np.array(weights) * rest / sum(weights) + minimum
        assert (np.abs(parts - quota) < 1 + 1e-6).all()  # the quota rule of Hamilton's method


def test_largest_remainders() -> None:
    """Ten seats by Hare's quota: 4.7, 1.6, 1.59, 1.2, 0.6 and 0.31 of them, by hand."""
    votes = [47_000, 16_000, 15_900, 12_000, 6_000, 3_100]
    assert apportion(10, votes).tolist() == [5, 2, 1, 1, 1, 0]
    # one each; of the other four 1.88, 0.64, 0.636, 0.48, 0.24 and 0.124
    assert apportion(10, votes, minimum=1).tolist() == [3, 2, 2, 1, 1, 1]
    assert apportion(6, votes, minimum=1).tolist() == [1] * 6
    assert apportion(0, [0, 0]).tolist() == [0, 0]
    with pytest.raises(ValueError, match="5 cannot give each of 6 at least 1"):
        apportion(5, votes, minimum=1)
    with pytest.raises(ValueError, match="at least -1"):
        apportion(5, votes, minimum=-1)


def test_ties_go_to_the_lowest_index() -> None:
    assert apportion(2, [1, 1, 1]).tolist() == [1, 1, 0]
    assert apportion(7, [0.1] * 3).tolist() == [3, 2, 2]


@pytest.mark.parametrize("weights", [[-1, 2], [float("nan"), 1], [float("inf"), 1]])
def test_bad_weights(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        apportion(3, weights)
