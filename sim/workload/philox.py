"""A counter-based random generator: the same number for the same question, in any order.

Philox4x32-10 of Salmon, Moraes, Dror and Shaw, *Parallel random numbers: as easy as 1, 2, 3*
(SC 2011). NumPy's Philox has the same idea but only yields streams; here the counter *is* the
name of what is asked (a matter and a purpose), so that adding, dropping or reordering matters
leaves the numbers of all others as they were.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_BLOCK = 1 << 14  # counters at a time: the temporaries stay in the cache

Words = tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]


def philox4x32(
    counter: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike], key: tuple[int, int]
) -> Words:
    """Ten rounds of Philox4x32.

    Parameters
    ----------
    counter : four arrays of integers in [0, 2**32)
        They broadcast against each other.
    key : two integers in [0, 2**32)

    Returns
    -------
    four arrays of uint64
        Each below 2**32, of the broadcast shape.
    """
    c0, c1, c2, c3 = np.broadcast_arrays(*(np.asarray(word, dtype=np.uint64) for word in counter))
    k0, k1 = key
    for _ in range(10):
        p0, p1 = c0 * _M0, c2 * _M1
        c0, c2 = (p1 >> _HALF) ^ c1 ^ np.uint64(k0), (p0 >> _HALF) ^ c3 ^ np.uint64(k1)
        c1, c3 = p1 & _LOW, p0 & _LOW
        k0, k1 = (k0 + _W0) & 0xFFFFFFFF, (k1 + _W1) & 0xFFFFFFFF
    return c0, c1, c2, c3


def _unit(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.float64]:
    # 53 bits, from the middle of each cell: never 0 and never 1, so logarithms are safe
    bits = ((high << _HALF) | low) >> np.uint64(12)
    return (bits.astype(np.float64) + 0.5) * 2.0**-52


class Draws:
    """Uniform numbers in (0, 1), named by cell, index and purpose.

    Parameters
    ----------
    seed, replication : int
        In [0, 2**32).
    """

    def __init__(self, seed: int, replication: int) -> None:
        for name, value in (("seed", seed), ("replication", replication)):
            if not 0 <= value < 2**32:
                raise ValueError(f"{name} must lie in [0, 2**32), not {value}")
        self.key = (seed, replication)

    def uniform(
        self, purpose: int, index: ArrayLike, cell: tuple[ArrayLike, ArrayLike]
    ) -> NDArray[np.float64]:
        """Draw the numbers of one purpose.

        Parameters
        ----------
        purpose : int
            What it is for.
        index : array of int
            Number of the matter within its cell.
        cell : two arrays of int
            The words that name the cell.

        Returns
        -------
        array of float64
            Strictly between 0 and 1, of the broadcast shape.
        """
        first, second = self.pair(purpose - purpose % 2, index, cell)
        return second if purpose % 2 else first

    def pair(
        self, purpose: int, index: ArrayLike, cell: tuple[ArrayLike, ArrayLike]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Draw those of an even purpose and of the odd one after it, for the price of one."""
        if purpose % 2:
            raise ValueError(f"the first purpose of a pair is even, not {purpose}")
        words = np.broadcast_arrays(
            *(np.asarray(word, dtype=np.uint64) for word in (index, cell[0], cell[1]))
        )
        shape = words[0].shape
        flat = [word.reshape(-1) for word in words]
        first = np.empty(flat[0].shape)
        second = np.empty(flat[0].shape)
        for start in range(0, len(first), _BLOCK):
            part = slice(start, start + _BLOCK)
            index_word, first_word, second_word = (word[part] for word in flat)
            counter = (purpose, index_word, first_word, second_word)
            a, b, c, d = philox4x32(counter, self.key)
            first[part] = _unit(a, b)
            second[part] = _unit(c, d)
        return first.reshape(shape), second.reshape(shape)
