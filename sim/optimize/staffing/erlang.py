"""Erlang's formulas for many cells at once: how long callers wait, and how many servers that takes.

Erlang B by the stable recursion on its inverse, ``1/B(c) = 1 + c/a · 1/B(c-1)`` (Cooper,
*Introduction to Queueing Theory*, 2nd ed., section 3.3); Erlang C from it, ``C = cB/(c - a(1-B))``;
Erlang A (M/M/c+M) by the birth and death chain above c (Mandelbaum and Zeltyn, *Service
engineering in action: the Palm/Erlang-A queue*, 2007).

The offered load ``a`` is the arrival rate times the mean service time. Everything broadcasts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def erlang_b(servers: ArrayLike, load: ArrayLike) -> Floats:
    """Return the share of customers that find all servers busy where nobody can wait.

    Parameters
    ----------
    servers : array of int
        At least 0.
    load : array of float
        Offered load, erlangs, at least 0.
    """
    c, a = np.broadcast_arrays(np.asarray(servers, dtype=np.int64), np.asarray(load, dtype=float))
    shape, c, a = c.shape, c.ravel(), a.ravel()
    # in order of servers, so that each step works on a shrinking tail of the cells
    order = np.argsort(c, kind="stable")
    c, a = c[order], a[order]
    with np.errstate(divide="ignore"):
        inverse_load = 1.0 / a
    inverse = np.ones(len(c))
    start = np.searchsorted(c, np.arange(1, int(c.max(initial=0)) + 1))
    with np.errstate(over="ignore", invalid="ignore"):
        for k, first in enumerate(start, start=1):
            inverse[first:] = 1.0 + k * inverse_load[first:] * inverse[first:]
    out = np.empty(len(c))
    out[order] = 1.0 / inverse
    return out.reshape(shape)


def erlang_c(servers: ArrayLike, load: ArrayLike) -> Floats:
    """Return the share of customers that wait in M/M/c; 1 where the load is too much.

    Parameters
    ----------
    servers, load : arrays
        As in `erlang_b`.
    """
    return _c_from_b(np.asarray(servers), np.asarray(load, dtype=float), erlang_b(servers, load))


def _c_from_b(c: NDArray[np.int64], a: Floats, b: Floats) -> Floats:
    slack = c - a * (1 - b)
    waits = np.divide(c * b, slack, out=np.ones(np.broadcast(c, a).shape), where=slack > 0)
    return np.where(a <= 0, 0.0 * b, np.where(a >= c, 1.0, waits))


def erlang_a(
    servers: ArrayLike, load: ArrayLike, patience: ArrayLike, tail: int = 400
) -> tuple[Floats, Floats]:
    """Return who waits and who gives up in M/M/c+M.

    Parameters
    ----------
    servers, load : arrays
        As in `erlang_b`.
    patience : array of float
        Mean patience over mean service time, above 0.
    tail : int
        Longest queue beyond twice the mean that is looked at; what is left out is below 1e-13.

    Returns
    -------
    waits, gives_up : arrays of float
        Shares of all customers.
    """
    c, a, p = np.broadcast_arrays(
        np.asarray(servers, dtype=np.int64),
        np.asarray(load, dtype=float),
        np.asarray(patience, dtype=float),
    )
    some = a > 0
    a = np.where(some, a, 1.0)
    with np.errstate(divide="ignore"):
        busy = 1.0 / erlang_b(c, a)  # weights of 0..c, that of c being 1
    one = np.ones(c.shape)  # the weight of c, which shrinks where the others would overflow
    term, queue, waiting = one.copy(), np.zeros(c.shape), np.zeros(c.shape)
    limit = 2 * int(np.max(a * p, initial=0.0)) + tail
    for j in range(1, limit + 1):
        if not (term > 1e-13 * (busy + queue)).any():
            break
        term = term * a / (c + j / p)
        queue += term
        waiting += j * term
        shrink = np.where(term > 1e100, 1e-100, 1.0)
        one, busy, term = one * shrink, busy * shrink, term * shrink
        queue, waiting = queue * shrink, waiting * shrink
    whole = busy + queue
    waits = np.where(some, (one + queue) / whole, 0.0)
    # who waits leaves at rate 1/p each; arrivals come at rate a (service time is the unit)
    return waits, np.where(some, waiting / p / a / whole, 0.0)


def least(load: Floats, good: Callable[[NDArray[np.int64]], NDArray[np.bool_]]) -> Ints:
    """Return the least number of servers that is good, by bisection; more is never worse."""
    low = np.floor(load).astype(np.int64)  # never enough where there is any load
    low[load <= 0] = -1
    high = np.maximum(low + 1, 0)
    step = np.maximum(np.sqrt(load).astype(np.int64), 1)
    while True:
        bad = ~good(high)
        if not bad.any():
            break
        low = np.where(bad, high, low)
        high = np.where(bad, high + step, high)
        step = np.where(bad, 2 * step, step)
    while (high - low > 1).any():
        middle = np.where(high - low > 1, (low + high) // 2, high)
        fine = good(middle)
        high = np.where(fine, middle, high)
        low = np.where(fine, low, middle)
        low = np.minimum(low, high - 1)
    return np.asarray(high, dtype=np.int64)
