"""Sharing whole things out: the largest-remainder method (Hamilton, 1792)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def apportion(total: int, weights: ArrayLike, minimum: int = 0) -> NDArray[np.int64]:
    """Share a whole number out in proportion to weights; the sum is exact.

    Each gets ``minimum``; of the rest, the whole part of its quota, and what is then left goes
    to the largest remainders, ties to the lowest index.

    Parameters
    ----------
    total : int
        What is shared out.
    weights : array of n floats or ints
        Not negative, not all zero unless there is nothing to share.
    minimum : int
        What each gets in any case.

    Returns
    -------
    int64 [n]
        Sums to ``total``.

    Raises
    ------
    ValueError
        If the minimum cannot be given to all, or the weights are no weights.
    """
    share = np.asarray(weights, dtype=float)
    rest = total - minimum * len(share)
    if rest < 0 or minimum < 0:
        raise ValueError(f"{total} cannot give each of {len(share)} at least {minimum}")
    if (share < 0).any() or not np.isfinite(share).all() or (rest > 0 and share.sum() <= 0):
        raise ValueError("weights must be finite, not negative and not all zero")
    if rest == 0:
        return np.full(len(share), minimum, dtype=np.int64)
    quota = share * (rest / share.sum())
    whole = np.floor(quota).astype(np.int64)
    remainder = np.round(quota - whole, 9)  # equal weights tie, whatever the rounding
    order = np.lexsort((np.arange(len(share)), -remainder))
    left = rest - int(whole.sum())
    if left >= 0:
        whole[order[:left]] += 1
    else:  # a quota that rounding lifted over a whole number
        whole[order[left:]] -= 1
    return np.asarray(whole + minimum)
