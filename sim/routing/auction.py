"""Matching rows to columns by an auction, compiled, with a bound that proves how good it is.

Source: D. P. Bertsekas and D. A. Castañon, "A forward/reverse auction algorithm for asymmetric
assignment problems", Computational Optimization and Applications 1(3), 1992. Rows bid for
columns and may always stay out at a price of their own; columns that nobody holds and that still
have a price then look for rows until it is gone. What results costs at most a bid's step for each
row more than the best over the arcs there are. The step falls from phase to phase.

The first phases, with few bids, look at all arcs. Then each row and column keeps those that are
best at the prices so far; after each phase these are held against all arcs, which gives a lower
bound for the whole problem and the arcs that were missing.

All of it stands in one file, since Numba's cache looks only at the file of what it compiles.
"""

from __future__ import annotations

import numpy as np
from numba import float64, int64, njit, types

from sim.machinecode import kept

FIRST_STEP, FALL = 0.1, 0.25
"""The step of the first phase, in costs of a row, and of each over the one before."""
FULL = 3
"""Phases that look at all arcs."""
KEPT = 16
"""Arcs that each row and each column keep after these."""
ADDED = 8
"""Arcs that a row gets after a later phase, at most."""
LOOSE = 4.0
"""The step falls once the gap is below so many steps for each row."""
PHASES_MAX = 60
BIDS_MAX = 500
"""For each row and column; what takes more is given up."""

_f1, _f2 = float64[::1], float64[:, ::1]
_i1 = int64[::1]


@njit(nogil=True)
def _choose(cost, leave, price, pays, holds, k, chosen):
    """Choose the k best columns of each row and the k best rows of each column, at these prices."""
    n, m = cost.shape
    of_row, of_column = min(k, m), min(k, n)
    best, where = np.empty(of_row), np.empty(of_row, np.int64)
    bests = np.full((m, of_column), np.inf)
    wheres = np.full((m, of_column), -1)
    worst = np.full(m, np.inf)
    for i in range(n):
        best[:] = np.inf
        where[:] = -1
        bound, paid = np.inf, pays[i]
        for j in range(m):
            c = cost[i, j]
            if c >= leave[i]:
                continue
            if c + price[j] < bound:
                _into(best, where, c + price[j], j)
                bound = best[-1]
            if c - paid < worst[j]:
                _into(bests[j], wheres[j], c - paid, i)
                worst[j] = bests[j, -1]
        for j in where:
            if j >= 0:
                chosen[i, j] = 1
        if holds[i] >= 0:
            chosen[i, holds[i]] = 1
    for j in range(m):
        for i in wheres[j]:
            if i >= 0:
                chosen[i, j] = 1


@njit(nogil=True)
def _into(best, where, value, name):
    """Insert into an ascending list; its last falls out."""
    k = len(best) - 1
    while k > 0 and best[k - 1] > value:
        best[k] = best[k - 1]
        where[k] = where[k - 1]
        k -= 1
    best[k] = value
    where[k] = name


@njit(nogil=True)
def _lists(chosen, cost):
    """List the chosen arcs by row and by column: begin of each list, the other ends, costs."""
    n, m = chosen.shape
    row, column = np.zeros(n + 1, np.int64), np.zeros(m + 1, np.int64)
    for i in range(n):
        for j in range(m):
            if chosen[i, j]:
                row[i + 1] += 1
                column[j + 1] += 1
    row, column = np.cumsum(row), np.cumsum(column)
    arcs = row[-1]
    of_row, row_cost = np.empty(arcs, np.int64), np.empty(arcs)
    of_column, column_cost = np.empty(arcs, np.int64), np.empty(arcs)
    to = column[:-1].copy()
    at = 0
    for i in range(n):
        for j in range(m):
            if chosen[i, j]:
                of_row[at] = j
                row_cost[at] = cost[i, j]
                of_column[to[j]] = i
                column_cost[to[j]] = cost[i, j]
                at += 1
                to[j] += 1
    return row, of_row, row_cost, column, of_column, column_cost


@njit(nogil=True)
def _unsettle(
    cost, few, row, of_row, row_cost, leave, step, price, pays, holds, holder, queue
):  # fmt: skip
    """Free the rows that pay more than a step above their best; return how many wait."""
    waiting = 0
    for i in range(len(pays) - 1, -1, -1):
        j = holds[i]
        pays[i] = leave[i] if j < 0 else cost[i, j] + price[j]
        least = leave[i]
        if few:
            for a in range(row[i], row[i + 1]):
                least = min(least, row_cost[a] + price[of_row[a]])
        else:
            for a in range(len(price)):
                least = min(least, cost[i, a] + price[a])
        if pays[i] > least + step:
            if j >= 0:
                holder[j] = -1
                holds[i] = -1
            queue[waiting] = i
            waiting += 1
    return waiting


@njit(nogil=True)
def _forward(cost, few, row, of_row, row_cost, leave, step, price, pays, holds, holder, queue,
             waiting, bids_max):  # fmt: skip
    """Let rows without a place bid until all have one or stay out (-1); return the bids."""
    bids = 0
    while waiting > 0 and bids < bids_max:
        waiting -= 1
        i = queue[waiting]
        best, second, where = leave[i], np.inf, -1
        if few:
            for a in range(row[i], row[i + 1]):
                value = row_cost[a] + price[of_row[a]]
                if value < second:
                    if value < best:
                        best, second, where = value, best, of_row[a]
                    else:
                        second = value
        else:
            for j in range(len(price)):
                value = cost[i, j] + price[j]
                if value < second:
                    if value < best:
                        best, second, where = value, best, j
                    else:
                        second = value
        holds[i] = where
        pays[i] = best
        if where >= 0:
            bids += 1
            pays[i] = second + step
            price[where] += second - best + step
            loser = holder[where]
            holder[where] = i
            if loser >= 0:
                queue[waiting] = loser
                waiting += 1
    return bids


@njit(nogil=True)
def _reverse(turned, few, column, of_column, column_cost, step, price, pays, holds, holder, queue,
             bids_max):  # fmt: skip
    """Let columns that nobody holds come down in price until a row takes them or it is 0."""
    waiting = 0
    for j in range(len(price)):
        if holder[j] < 0 and price[j] > 0:
            queue[waiting] = j
            waiting += 1
    bids = 0
    while waiting > 0 and bids < bids_max:
        bids += 1
        waiting -= 1
        j = queue[waiting]
        best, second, who = -np.inf, -np.inf, -1
        if few:
            for a in range(column[j], column[j + 1]):
                value = pays[of_column[a]] - column_cost[a]
                if value > second:
                    if value > best:
                        best, second, who = value, best, of_column[a]
                    else:
                        second = value
        else:
            for i in range(len(pays)):
                value = pays[i] - turned[j, i]
                if value > second:
                    if value > best:
                        best, second, who = value, best, i
                    else:
                        second = value
        if best <= step:
            price[j] = 0.0
            continue
        price[j] = max(second - step, 0.0)
        pays[who] -= best - price[j]
        left = holds[who]
        holds[who] = j
        holder[j] = who
        if left >= 0:
            holder[left] = -1
            if price[left] > 0:
                queue[waiting] = left
                waiting += 1
    return bids


@njit(nogil=True)
def _bound(cost, leave, step, price, pays, chosen):
    """Return the dual bound over all arcs; choose those that would have been better."""
    n, m = cost.shape
    total = -price.sum()
    best, where = np.empty(ADDED), np.empty(ADDED, np.int64)
    added = 0
    for i in range(n):
        least = leave[i]
        best[:] = np.inf
        where[:] = -1
        limit = min(pays[i] - step, leave[i])
        for j in range(m):
            value = cost[i, j] + price[j]
            if value < limit and not chosen[i, j]:
                _into(best, where, value, j)
                limit = min(limit, best[-1])
            least = min(least, value)
        total += least
        for j in where:  # type: ignore[assignment]
            if j >= 0:
                chosen[i, j] = 1
                added += 1
    return total, added


@njit(nogil=True)
def _scale(cost, leave):
    """Return how high prices may go: as leaving out where columns are scarce, else as an arc."""
    n, m = cost.shape
    if n > m:
        return leave.mean()
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += min(cost[i, j], leave[i])
    return total / (n * m)


@kept(types.Tuple((_i1, float64))(_f2, _f1, float64), nogil=True)
def auction(cost, leave, gap):
    """Match rows to columns; return the column of each row (-1: out) and a lower bound.

    Parameters
    ----------
    cost : float64 [rows, columns]
        At least 0, or inf.
    leave : float64 [rows]
        Cost of leaving a row out, at least 0 and finite.
    gap : float
        It ends as soon as the matching is proven to cost at most this share more than the least
        there is. Costs of rows that must stay out, as there are fewer columns, do not count.
        It gives up, with a greater gap, where that takes too long.
    """
    n, m = cost.shape
    turned = np.ascontiguousarray(cost.T)
    chosen = np.zeros((n, m), np.uint8)
    row, of_row, row_cost = np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0)
    column, of_column, column_cost = row, of_row, row_cost
    price, pays = np.zeros(m), leave.copy()
    holds, holder = np.full(n, -1), np.full(m, -1)
    queue = np.empty(n + m, np.int64)
    queue[:n] = np.arange(n - 1, -1, -1)
    waiting, bids, bids_max = n, 0, BIDS_MAX * (n + m)
    result, best, bound = holds.copy(), leave.sum(), 0.0
    sunk = np.sort(leave)[: max(n - m, 0)].sum()
    step = max(FIRST_STEP * _scale(cost, leave), 1e-9)
    for phase in range(1, PHASES_MAX + 1):
        few = phase > FULL
        if phase > 1:
            waiting = _unsettle(cost, few, row, of_row, row_cost, leave, step, price, pays,
                                holds, holder, queue)  # fmt: skip
        bids += _forward(cost, few, row, of_row, row_cost, leave, step, price, pays, holds,
                         holder, queue, waiting, bids_max - bids)  # fmt: skip
        bids += _reverse(turned, few, column, of_column, column_cost, step, price, pays, holds,
                         holder, queue, bids_max - bids)  # fmt: skip
        if bids >= bids_max:
            break
        total = 0.0
        for i in range(n):
            total += leave[i] if holds[i] < 0 else cost[i, holds[i]]
        if total < best:
            best = total
            result[:] = holds
        if phase == FULL:
            _choose(cost, leave, price, pays, holds, KEPT, chosen)
        below, added = _bound(cost, leave, step, price, pays, chosen)
        bound = max(bound, below)
        if best - bound <= gap * (bound - sunk):
            break
        if phase == FULL or added > 0:
            row, of_row, row_cost, column, of_column, column_cost = _lists(chosen, cost)
        if total - below <= LOOSE * step * n or added == 0:  # else the missing arcs come first
            step = max(step * FALL, 1e-12)
    return result, bound
