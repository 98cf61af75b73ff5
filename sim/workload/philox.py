"""A counter-based random generator: the same number for the same question, in any order.

Philox4x32-10 of Salmon, Moraes, Dror and Shaw, *Parallel random numbers: as easy as 1, 2, 3*
(SC 2011). NumPy's Philox has the same idea but only yields streams; here the counter *is* the
name of what is asked (a matter and a purpose), so that adding, dropping or reordering matters
leaves the numbers of all others as they were.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.machinecode import kept

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW, _HALF, _DROPPED = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(12)


# inlined, so that a loop over it is seen whole and takes four matters at a time
@kept(nogil=True, inline="always")
def philox4x32(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Ten rounds of Philox4x32.

    Parameters
    ----------
    c0, c1, c2, c3, k0, k1 : uint64
        The words of counter and key, each below 2**32.

    Returns
    -------
    four uint64
        Each below 2**32.
    """
    for _ in range(10):
        # masked although short: the compiler must see that one 32-bit product is enough
        p0, p1 = (c0 & _LOW) * _M0, (c2 & _LOW) * _M1
        c0, c2 = (p1 >> _HALF) ^ c1 ^ k0, (p0 >> _HALF) ^ c3 ^ k1
        c1, c3 = p1 & _LOW, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@kept(nogil=True, inline="always")
def _unit(high, low):  # type: ignore[no-untyped-def]
    # 53 bits, from the middle of each cell: never 0 and never 1, so logarithms are safe
    return (float(np.int64(((high << _HALF) | low) >> _DROPPED)) + 0.5) * 2.0**-52


@kept(nogil=True)
def _fill(purpose, index, one, two, k0, k1, first, second) -> None:  # type: ignore[no-untyped-def]
    for i in range(len(index)):
        a, b, c, d = philox4x32(purpose, index[i], one[i], two[i], k0, k1)
        first[i], second[i] = _unit(a, b), _unit(c, d)


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
        words = [np.asarray(word, dtype=np.uint64) for word in (index, *cell)]
        shape = np.broadcast(*words).shape
        words = [
            (word if word.shape == shape else np.broadcast_to(word, shape).copy()).reshape(-1)
            for word in words
        ]
        first, second = np.empty(shape), np.empty(shape)
        key = (np.uint64(word) for word in self.key)
        _fill(np.uint64(purpose), *words, *key, first.reshape(-1), second.reshape(-1))
        return first, second
