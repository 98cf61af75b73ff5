"""The search for a grid's walk, compiled: its expected delay, and moves that make it smaller.

A walk is a table of legs over the N cells of a loop. Its columns: the edge at which the leg
begins, how many cells it walks (below 0: backward), and the seconds across the grid before it
(before the first leg: at the end of the cycle).
"""

from __future__ import annotations

from math import exp, inf, pi, sin

import numba
import numpy as np
from numpy.typing import NDArray

MOST_LEGS = 24
_MOST_PASSES = 64
GAIN = 1e-4
"""A move that gains less is not worth another leg."""

Floats = NDArray[np.float64]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def delay(
    walk: Floats,
    legs: int,
    cell_s: float,
    density: Floats,
    weight: Floats,
    sight: Floats,
    hazard: Floats,
    table: Floats,
    longest: float,
    most_gap: float,
) -> float:
    """Return the mean time, in s of walking and weighted, until a matter is found or gone.

    A matter arises at any instant of the cycle alike. Each pass notices it with the chance
    ``sight``; others find it at the rate ``hazard``. With X the walking time until a pass notices
    it and T exponential, E[min(X, T)] = (1 - E[exp(-hazard X)]) / hazard.

    Parameters
    ----------
    walk, legs : float64 [legs or more, 3], int
        The walk.
    cell_s : float
        To walk one cell, s.
    density, weight, sight, hazard : float64 [N], [B], [B], [B]
        As in `sim.optimize.risk.Risk`, of one grid; the hazard per second of walking.
    table : float64 [B, n]
        From `decay`.
    longest, most_gap : float
        Longest cycle and longest time between two passes of a cell; else it is infinite.
    """
    size = len(density)
    times = np.empty((size, _MOST_PASSES))
    count = np.zeros(size, dtype=np.int64)
    now = 0.0
    for k in range(legs):
        if k > 0:
            now += walk[k, 2]
        start, cells = int(walk[k, 0]), int(walk[k, 1])
        step = 1 if cells > 0 else -1
        cell = start if cells > 0 else start - 1
        for _ in range(abs(cells)):
            i = cell % size
            if count[i] == _MOST_PASSES:
                return inf
            times[i, count[i]] = now + cell_s / 2
            count[i] += 1
            now += cell_s
            cell += step
    cycle = now + walk[0, 2]
    plain = True  # without crossings all gaps are whole cells
    for k in range(legs):
        plain = plain and walk[k, 2] == 0.0
    if cycle > longest + 1e-6:
        return inf
    gaps = np.empty(_MOST_PASSES)
    gaps[0] = cycle
    # most cells are passed once, and these all wait alike
    once = lying(gaps, 1, plain, cell_s, cycle, weight, sight, hazard, table)
    total = 0.0
    for i in range(size):
        passes = count[i]
        if passes == 0:
            return inf
        for j in range(passes):
            after = times[i, j + 1] if j + 1 < passes else times[i, 0] + cycle
            gaps[j] = after - times[i, j]
            if gaps[j] > most_gap + 1e-6:
                return inf
        if passes == 1:
            total += density[i] * once
        else:
            total += density[i] * lying(
                gaps, passes, plain, cell_s, cycle, weight, sight, hazard, table
            )
    return total / weight.sum()


@numba.njit(cache=True, nogil=True, error_model="numpy")
def lying(
    gaps: Floats,
    passes: int,
    plain: bool,
    cell_s: float,
    cycle: float,
    weight: Floats,
    sight: Floats,
    hazard: Floats,
    table: Floats,
) -> float:
    """Return the time a cell's matters lie about, each times its weight; see `delay`."""
    kept = np.empty(_MOST_PASSES)
    total = 0.0
    for b in range(len(weight)):
        if weight[b] == 0.0:
            continue
        for j in range(passes):
            if plain:
                kept[j] = table[b, round(gaps[j] / cell_s)]
            else:
                kept[j] = exp(-hazard[b] * gaps[j])
        found = _found(kept, passes, sight[b]) / (hazard[b] * cycle)
        total += weight[b] * (1.0 - found) / hazard[b]
    return total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _found(kept: Floats, passes: int, sight: float) -> float:
    """Return the sum over gaps of (1 - kept) times the value of the pass that ends it.

    ``kept`` is exp(-hazard × gap) after each pass. A pass is worth
    ``sight + (1 - sight) × kept × (worth of the next one)``, round and round.
    """
    miss = 1.0 - sight
    add, factor = 0.0, 1.0
    for j in range(passes - 1, -1, -1):
        add = sight + miss * kept[j] * add
        factor *= miss * kept[j]
    value = add / (1.0 - factor)
    found = 0.0
    for j in range(passes - 1, -1, -1):
        found += (1.0 - kept[j]) * value
        value = sight + miss * kept[j] * value
    return found


@numba.njit(cache=True, nogil=True, error_model="numpy")
def decay(hazard: Floats, cell_s: float, longest: float) -> Floats:
    """Tabulate exp(-hazard × time) for whole cells of walking, up to the longest cycle."""
    size = int(longest / cell_s) + 3
    table = np.empty((len(hazard), size))
    for b in range(len(hazard)):
        for n in range(size):
            table[b, n] = exp(-hazard[b] * cell_s * n)
    return table


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _across(a: int, b: int, size: int, cell_s: float, detour: float) -> float:
    """Return the time across the grid between two edges; inf where along the loop is no longer."""
    apart = abs(a - b) % size
    apart = min(apart, size - apart)
    if apart == 0:
        return 0.0
    radius = size * cell_s / (2 * pi)
    chord = 2 * radius * sin(pi * apart / size) * detour
    return chord if chord < apart * cell_s else inf


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _set(table: Floats, row: int, a: float, b: float, c: float) -> None:
    table[row, 0] = a
    table[row, 1] = b
    table[row, 2] = c


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _copy(walk: Floats, first: int, last: int, to: Floats, at: int) -> None:
    """Copy rows one by one: NumPy's slices take Numba several times longer to compile."""
    for i in range(first, last):
        _set(to, at + i - first, walk[i, 0], walk[i, 1], walk[i, 2])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _insert(
    walk: Floats,
    legs: int,
    k: int,
    j: int,
    trip: Floats,
    more: int,
    back: float,
    size: int,
    to: Floats,
) -> int:
    """Put a trip into leg k after j of its cells; return the number of legs."""
    step = 1 if walk[k, 1] > 0 else -1
    _copy(walk, 0, k, to, 0)
    n = k
    before = walk[k, 2]
    if j > 0:
        _set(to, n, walk[k, 0], step * j, before)
        n += 1
        before = 0.0
    _copy(trip, 0, more, to, n)
    to[n, 2] += before
    n += more
    _set(to, n, (walk[k, 0] + step * j) % size, walk[k, 1] - step * j, back)
    _copy(walk, k + 1, legs, to, n + 1)
    return n + legs - k


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _trips(edge: int, density: Floats, cell_s: float, detour: float, trips: Floats) -> int:
    """List the trips that may start from an edge of the loop: ``trips[n]`` is a table of legs.

    Up and down a third of the loop or less, once or twice; once round; across to the hottest
    stretch of each length, along it, and back across. Row 7 holds the number of legs and the way
    back.
    """
    size = len(density)
    n = 0
    for length in range(1, size // 3 + 1):
        for side in (1, -1):
            for rounds in (1, 2):
                for r in range(rounds):
                    _set(trips[n], 2 * r, edge, side * length, 0.0)
                    far = (edge + side * length) % size
                    _set(trips[n], 2 * r + 1, far, -side * length, 0.0)
                _set(trips[n], 7, 2 * rounds, 0.0, 0.0)
                n += 1
    _set(trips[n], 0, edge, size, 0.0)
    _set(trips[n], 7, 1, 0.0, 0.0)
    n += 1
    for length in range(1, size // 2 + 1):
        best, hottest = 0, -1.0
        for low in range(size):
            heat = 0.0
            for i in range(length):
                heat += density[(low + i) % size]
            if heat > hottest + 1e-12:
                best, hottest = low, heat
        high = (best + length) % size
        for first, last, side in ((best, high, 1), (high, best, -1)):
            over = _across(edge, first, size, cell_s, detour)
            back = _across(last, edge, size, cell_s, detour)
            if over < inf and back < inf:
                _set(trips[n], 0, first, side * length, over)
                _set(trips[n], 7, 1, back, 0.0)
                n += 1
    return n


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _better(
    trial: Floats,
    n_legs: int,
    best: Floats,
    best_legs: int,
    found: float,
    cell_s: float,
    density: Floats,
    weight: Floats,
    sight: Floats,
    hazard: Floats,
    table: Floats,
    longest: float,
    most_gap: float,
) -> tuple[float, int]:
    """Keep a trial in ``best`` if it delays less; return the delay and legs of the best."""
    worth = delay(trial, n_legs, cell_s, density, weight, sight, hazard, table, longest, most_gap)
    if worth >= found:
        return found, best_legs
    _copy(trial, 0, n_legs, best, 0)
    return worth, n_legs


@numba.njit(cache=True, nogil=True, error_model="numpy")
def search(
    cell_s: float,
    detour: float,
    density: Floats,
    weight: Floats,
    sight: Floats,
    hazard: Floats,
    longest: float,
    most_gap: float,
    walk: Floats,
) -> tuple[int, float, float]:
    """Find a walk of small expected delay: steepest descent from the loop.

    The moves put a trip into the walk, or take out legs that begin and end at the same edge. The
    loop is what is kept where no move gains.

    Parameters
    ----------
    cell_s, density, weight, sight, hazard, longest, most_gap
        As in `delay`.
    detour : float
        Length of a way across the grid over that of the straight line.
    walk : float64 [MOST_LEGS, 3]
        Filled with start, cells and cross of each leg.

    Returns
    -------
    int
        How many legs.
    float, float
        The delay of the loop and of the walk, s of walking.
    """
    size = len(density)
    trips = np.zeros((3 * size + 8, 8, 3))
    trial, best = np.zeros((MOST_LEGS + 8, 3)), np.zeros((MOST_LEGS + 8, 3))
    _set(walk, 0, 0.0, size, 0.0)
    table = decay(hazard, cell_s, longest)
    legs = 1
    loop = value = delay(walk, 1, cell_s, density, weight, sight, hazard, table, longest, most_gap)
    while value < inf:
        found, best_legs = value * (1 - GAIN), 0
        for k in range(legs):
            step = 1 if walk[k, 1] > 0 else -1
            for j in range(abs(int(walk[k, 1]))):
                edge = int(walk[k, 0] + step * j) % size
                for n in range(_trips(edge, density, cell_s, detour, trips)):
                    more, back = int(trips[n, 7, 0]), trips[n, 7, 1]
                    if legs + more + 1 > MOST_LEGS or (k == 0 and j == 0 and back > 0):
                        continue
                    n_legs = _insert(walk, legs, k, j, trips[n], more, back, size, trial)
                    found, best_legs = _better(
                        trial, n_legs, best, best_legs, found, cell_s, density, weight, sight,
                        hazard, table, longest, most_gap,
                    )  # fmt: skip
        for i in range(legs):
            for j in range(i, legs):
                end = (walk[j, 0] + walk[j, 1]) % size
                if end != walk[i, 0] or j - i + 1 == legs or walk[(j + 1) % legs, 2] > 0:
                    continue
                _copy(walk, 0, i, trial, 0)
                _copy(walk, j + 1, legs, trial, i)
                n_legs = legs - (j - i + 1)
                trial[i if j + 1 < legs else 0, 2] += walk[i, 2]
                found, best_legs = _better(
                    trial, n_legs, best, best_legs, found, cell_s, density, weight, sight,
                    hazard, table, longest, most_gap,
                )  # fmt: skip
        if best_legs == 0:
            break
        legs, value = best_legs, found
        _copy(best, 0, legs, walk, 0)
    return legs, loop, value
