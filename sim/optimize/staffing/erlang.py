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


def late_share(servers: ArrayLike, load: ArrayLike, service: ArrayLike, wait: ArrayLike) -> Floats:
    """Return the share that waits longer than ``wait`` in M/M/c, first come first served.

    Parameters
    ----------
    service, wait : arrays
        Mean service time and the wait, in the same unit.
    """
    c, a = np.asarray(servers), np.asarray(load, dtype=float)
    spare = np.maximum(c - a, 0.0) / np.asarray(service, dtype=float)
    return np.asarray(erlang_c(c, a) * np.exp(-spare * np.asarray(wait, dtype=float)))


def mean_wait(servers: ArrayLike, load: ArrayLike, service: ArrayLike) -> Floats:
    """Return the mean wait in M/M/c, in the unit of ``service``; infinite where it is too much."""
    c, a = np.broadcast_arrays(np.asarray(servers), np.asarray(load, dtype=float))
    waits = erlang_c(c, a) * np.asarray(service, dtype=float)
    return np.divide(waits, c - a, out=np.full(waits.shape, np.inf), where=c > a)


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
        Longest queue that is looked at; what lies beyond is bounded by the last term's geometric
        tail and left out once that is below 1e-12.

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
    term, queue, waiting = np.ones(c.shape), np.zeros(c.shape), np.zeros(c.shape)
    limit = 2 * int(np.max(a * p, initial=0.0)) + tail
    for j in range(1, limit + 1):
        if not (term > 1e-13 * (busy + queue)).any():
            break
        term = term * a / (c + j / p)
        queue += term
        waiting += j * term
    whole = busy + queue
    waits = np.where(some, (1 + queue) / whole, 0.0)
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


def servers_for_share(
    load: ArrayLike, service: ArrayLike, wait: ArrayLike, share: ArrayLike
) -> Ints:
    """Return the least servers with which at least ``share`` of M/M/c waits at most ``wait``.

    Parameters
    ----------
    load : array of float
        Offered load, erlangs.
    service, wait : arrays of float
        In the same unit.
    share : array of float
        In [0, 1).
    """
    a, s, w, q = _cells(load, service, wait, share)
    found = least(
        a.ravel(), lambda c: late_share(c, a.ravel(), s.ravel(), w.ravel()) <= 1 - q.ravel()
    )
    return found.reshape(a.shape)


def servers_for_mean_wait(load: ArrayLike, service: ArrayLike, wait: ArrayLike) -> Ints:
    """Return the least servers with which the mean wait of M/M/c is at most ``wait``, above 0."""
    a, s, w = _cells(load, service, wait)
    found = least(
        a.ravel(),
        lambda c: (mean_wait(c, a.ravel(), s.ravel()) <= w.ravel()) | (a.ravel() <= 0),
    )
    return found.reshape(a.shape)


def servers_for_lost_share(load: ArrayLike, patience: ArrayLike, share: ArrayLike) -> Ints:
    """Return the least servers with which at most ``share`` of M/M/c+M gives up.

    Parameters
    ----------
    patience : array of float
        Mean patience over mean service time.
    share : array of float
        In (0, 1].
    """
    a, p, q = _cells(load, patience, share)
    low = np.zeros(a.size, dtype=np.int64) - 1
    high = np.maximum(np.ceil(a.ravel()), 0).astype(np.int64)

    def good(c: NDArray[np.int64]) -> NDArray[np.bool_]:
        return erlang_a(np.maximum(c, 0), a.ravel(), p.ravel())[1] <= q.ravel()

    while not good(high).all():
        high = np.where(good(high), high, high + np.maximum(high // 4, 1))
    while (high - low > 1).any():
        middle = np.where(high - low > 1, (low + high) // 2, high)
        fine = good(middle)
        high, low = (
            np.where(fine, middle, high),
            np.where(fine, np.minimum(low, middle - 1), middle),
        )
        low = np.minimum(low, high - 1)
    return high.reshape(a.shape)


def _cells(*values: ArrayLike) -> list[Floats]:
    return list(np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in values)))
