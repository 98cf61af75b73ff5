"""Quantile functions: what one uniform number makes of a column.

Each takes uniform numbers in (0, 1), float64 [n], and the parameters that `sim.columns` names.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Parameter(NamedTuple):
    """A parameter of each matter.

    Attributes
    ----------
    values : float64 [k]
        Its values.
    of : int array [n], optional
        Which of them is a matter's; without it there is one for all.
    """

    values: Floats
    of: NDArray[Any] | None = None

    def spread(self, values: Floats | None = None) -> Floats:
        """Return the value of each matter, float64 [n] or [1].

        Parameters
        ----------
        values : float64 [k], optional
            Something else made of the values.
        """
        values = self.values if values is None else values
        return values if self.of is None else values[self.of]

    def only(self) -> int:
        """Return the one whole number that it is."""
        return int(self.values[0])


def uniform(u: Floats) -> Floats:
    """Return the numbers themselves."""
    return u


def exponential(u: Floats, mean: Parameter) -> Floats:
    """Exponential with a mean; an infinite one is never, one of 0 is at once."""
    out = np.log(u)
    out *= -mean.spread()
    return out


def lognormal(u: Floats, mean: Parameter, cv: Parameter) -> Floats:
    """Lognormal with a mean and a coefficient of variation."""
    variance = np.log1p(np.square(cv.values))
    out = ndtri(u)
    out *= cv.spread(np.sqrt(variance))
    out -= cv.spread(variance / 2)
    np.exp(out, out=out)
    out *= mean.spread()
    return out


def chance(u: Floats, share: Parameter) -> NDArray[np.bool_]:
    """Return whether something of a chance happens."""
    return u < share.spread()


def runs(u: Floats, share: Parameter, most: Parameter) -> Ints:
    """Count how often in a row something of a chance happens, at most so often."""
    found = np.zeros(len(u), dtype=np.int64)
    for n in range(1, most.only() + 1):
        found += u < share.spread(share.values**n)
    return found


def trials(u: Floats, share: Parameter) -> Floats:
    """Return which trial of a chance is the first to succeed (geometric); 0 where none ever is."""
    with np.errstate(divide="ignore"):
        misses = np.log(u)
        misses /= share.spread(np.log1p(-np.minimum(share.values, 1)))
    np.nan_to_num(misses, copy=False)
    first = 1 + np.minimum(misses, 1e6, out=misses)
    return np.where(share.spread(share.values) > 0, first, 0)
