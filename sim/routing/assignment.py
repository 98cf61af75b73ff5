"""Assigning crews to tickets, many at once, with a proof of how good it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError

EXACT = 400
"""Up to so many rows and columns the optimum itself is found in a few hundredths of a second."""


class Matching(NamedTuple):
    """Who goes where.

    Attributes
    ----------
    column : int64 [rows]
        The column of each row, -1 for none.
    cost : float
        Of the pairs, and of the rows that are left out.
    bound : float
        No matching costs less.
    """

    column: NDArray[np.int64]
    cost: float
    bound: float


def assign(
    cost: NDArray[np.float64],
    unassigned: float | NDArray[np.float64],
    gap: float = 0.005,
) -> Matching:
    """Match rows (tickets) to columns (crews) at nearly the least cost, or at the least.

    Small problems are solved exactly, by shortest augmenting paths (D. F. Crouse, "On
    implementing 2D rectangular assignment algorithms", IEEE Transactions on Aerospace and
    Electronic Systems 52(4), 2016: SciPy). Larger ones by `sim.routing.auction`, and exactly
    only if that cannot prove its gap.

    Parameters
    ----------
    cost : float64 [rows, columns]
        Of each pair, >= 0; inf: not allowed.
    unassigned : float or float64 [rows]
        What it costs to leave a row out; finite, >= 0.
    gap : float
        How much more than the least the cost may be, as a share; rows that must be left out, as
        there are fewer columns, do not count in it. 0: solve exactly.

    Raises
    ------
    InputError
        If a cost is negative or no number, or one of leaving a row out is not finite.
    """
    cost = np.ascontiguousarray(cost, dtype=np.float64)
    rows, columns = cost.shape
    leave = np.array(np.broadcast_to(np.asarray(unassigned, dtype=np.float64), (rows,)))
    if not bool(np.all(cost >= 0)):
        raise InputError("assignment", "cost", float(np.min(cost)), "numbers of at least 0, or inf")
    if not bool(np.all(np.isfinite(leave) & (leave >= 0))):
        raise InputError("assignment", "unassigned", leave, "finite numbers of at least 0")
    if not gap >= 0:
        raise InputError("assignment", "gap", gap, "a number of at least 0")
    if rows == 0 or columns == 0:
        return Matching(np.full(rows, -1, np.int64), float(leave.sum()), float(leave.sum()))
    if gap > 0 and max(rows, columns) > EXACT:
        from sim.routing.auction import auction

        column, bound = auction(cost, leave, gap)
        spent = _spent(cost, leave, column)
        sunk = float(np.sort(leave)[: max(rows - columns, 0)].sum())
        if spent - bound <= gap * (bound - sunk) + 1e-9 * spent:
            return Matching(column, spent, min(float(bound), spent))
    column = _exact(cost, leave)
    spent = _spent(cost, leave, column)
    return Matching(column, spent, spent)


def _exact(cost: NDArray[np.float64], leave: NDArray[np.float64]) -> NDArray[np.int64]:
    """Solve it with a pair that is dearer than leaving the row out at the latter's cost.

    There are at least as many columns as rows, so that every row that is better left out finds
    one that no other needs.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = cost.shape
    wide = np.repeat(leave[:, None], max(rows, columns), axis=1)
    np.minimum(cost, leave[:, None], out=wide[:, :columns])
    row, chosen = linear_sum_assignment(wide)
    column = np.full(rows, -1, np.int64)
    column[row] = chosen
    column[column >= columns] = -1
    here = np.flatnonzero(column >= 0)
    column[here[cost[here, column[here]] >= leave[here]]] = -1
    return column


def _spent(
    cost: NDArray[np.float64], leave: NDArray[np.float64], column: NDArray[np.int64]
) -> float:
    used = column >= 0
    return float(cost[used, column[used]].sum() + leave[~used].sum())
