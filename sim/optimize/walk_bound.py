"""How small the expected delay of a grid's walk could be: a bound, by relaxation.

At a time t after a matter arose its place has been passed N times; it is still there with the
chance miss^N x exp(-hazard t). The mean of N over the cycle is t times the rate of passes, and
miss^N is convex in N: among all ways to lay so many passes into a cycle, even gaps are best, at
every t and for every class at once. So a cell that is passed at the rate r lies no shorter than
with even gaps 1/r. That delay is convex in r (at every t it is the convex interpolation of miss^N,
at t r). A pass of a cell takes ``cell_s`` of walking, so the rates of all cells, times ``cell_s``,
add up to 1 at most; crossings only take away. What is left is a convex problem with one joint
constraint: the maximum over its price of Lagrange's dual function is the bound. Any price gives a
bound, so that the search for the best one need not be exact.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from sim.optimize.walks import lying

Floats = NDArray[np.float64]

_STEPS = 60
_GOLDEN = (5**0.5 - 1) / 2


@numba.njit(cache=True, nogil=True, error_model="numpy")
def even_delay(gap: float, weight: Floats, sight: Floats, hazard: Floats) -> float:
    """Return the mean delay of `sim.optimize.walks.delay` where every gap is the same, s."""
    gaps, none = np.full(1, gap), np.zeros((1, 1))
    total = lying(gaps, 1, False, 1.0, gap, weight, sight, hazard, none)
    return total / weight.sum()


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _least(
    share: float,
    price: float,
    longest: float,
    cell_s: float,
    weight: Floats,
    sight: Floats,
    hazard: Floats,
) -> tuple[float, float]:
    """Return the least of ``share x delay + price x cell_s / gap`` over gaps, and cell_s / gap.

    It is convex in the rate: a golden section search finds it.
    """
    a, b = cell_s / longest, 1.0
    c, d = b - _GOLDEN * (b - a), a + _GOLDEN * (b - a)
    at_c = share * even_delay(cell_s / c, weight, sight, hazard) + price * c
    at_d = share * even_delay(cell_s / d, weight, sight, hazard) + price * d
    for _ in range(_STEPS):
        if at_c <= at_d:
            b, d, at_d = d, c, at_c
            c = b - _GOLDEN * (b - a)
            at_c = share * even_delay(cell_s / c, weight, sight, hazard) + price * c
        else:
            a, c, at_c = c, d, at_d
            d = a + _GOLDEN * (b - a)
            at_d = share * even_delay(cell_s / d, weight, sight, hazard) + price * d
    return (at_c, c) if at_c <= at_d else (at_d, d)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def bound(
    cell_s: float,
    density: Floats,
    weight: Floats,
    sight: Floats,
    hazard: Floats,
    most_gap: float,
) -> float:
    """Return a delay that no walk is below, s of walking.

    Parameters
    ----------
    cell_s, density, weight, sight, hazard
        As in `sim.optimize.walks.delay`.
    most_gap : float
        Longest time between two passes of a cell, s: that of the longest cycle, or less.
    """
    shares = np.unique(density)
    cells = np.zeros(len(shares))
    for share in density:
        cells[np.searchsorted(shares, share)] += 1.0
    longest = max(most_gap, cell_s * len(density))
    low, high, best = 0.0, 1.0, 0.0
    rising = True  # until a price is found at which there is time enough
    for _ in range(_STEPS):
        price = high if rising else (low + high) / 2
        value, used = -price, 0.0
        for k in range(len(shares)):
            least, busy = _least(shares[k], price, longest, cell_s, weight, sight, hazard)
            value += cells[k] * least
            used += cells[k] * busy
        best = max(best, value)
        if used <= 1.0:
            high, rising = price, False
        else:
            low = price
            if rising:
                high = 4 * price
    return best
