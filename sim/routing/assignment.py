"""Assigning crews to tickets, many at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError

FINE = 1024.0
"""Parts of a unit of cost that are told apart: OR-Tools' flows know only integers."""


def assign(
    cost: NDArray[np.float64],
    unassigned: float | NDArray[np.float64],
    nearest: int = 30,
) -> NDArray[np.int64]:
    """Match rows (tickets) to columns (crews) at the least cost.

    It is a minimum-cost flow over the cheapest columns of each row and the cheapest rows of
    each column, with an arc 'unassigned' from every row: always solvable, and optimal if no
    optimal pair lies outside those arcs. With ``nearest`` of at least both sizes it is exact.

    Parameters
    ----------
    cost : float64 [rows, columns]
        Of each pair, >= 0; inf: not allowed.
    unassigned : float or float64 [rows]
        What it costs to leave a row out; finite, >= 0.
    nearest : int
        Arcs of each row and of each column.

    Returns
    -------
    int64 [rows]
        The column of each row, -1 for none.

    Raises
    ------
    InputError
        If a cost is negative or no number, or one of leaving a row out is not finite.
    """
    cost = np.asarray(cost, dtype=np.float64)
    rows, columns = cost.shape
    leave = np.broadcast_to(np.asarray(unassigned, dtype=np.float64), (rows,))
    if not bool(np.all(cost >= 0)):
        raise InputError("assignment", "cost", float(np.min(cost)), "numbers of at least 0, or inf")
    if not bool(np.all(np.isfinite(leave) & (leave >= 0))):
        raise InputError("assignment", "unassigned", leave, "finite numbers of at least 0")
    if rows == 0 or columns == 0:
        return np.full(rows, -1, np.int64)
    row, column = _arcs(cost, leave, nearest)
    return _flow(row, column, cost[row, column], leave, columns)


def _arcs(
    cost: NDArray[np.float64], leave: NDArray[np.float64], nearest: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs that may be matched."""
    rows, columns = cost.shape
    worth = cost < leave[:, None]
    if nearest < columns or nearest < rows:
        chosen = np.zeros(cost.shape, bool)
        k, m = min(nearest, columns), min(nearest, rows)
        best = np.argpartition(cost, k - 1, axis=1)[:, :k]
        chosen[np.arange(rows)[:, None], best] = True
        best = np.argpartition(cost, m - 1, axis=0)[:m]
        chosen[best, np.arange(columns)[None]] = True
        worth &= chosen
    row, column = np.nonzero(worth)
    return row, column


def _flow(
    row: NDArray[np.int64],
    column: NDArray[np.int64],
    cost: NDArray[np.float64],
    leave: NDArray[np.float64],
    columns: int,
) -> NDArray[np.int64]:
    """Send one unit from each row to a column or to the sink; return the columns."""
    from ortools.graph.python import min_cost_flow

    rows = len(leave)
    flow = min_cost_flow.SimpleMinCostFlow()
    sink = rows + columns
    tail = np.concatenate((row, np.arange(rows), rows + np.arange(columns)))
    head = np.concatenate((rows + column, np.full(rows + columns, sink)))
    price = np.concatenate((cost, leave, np.zeros(columns)))
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        tail.astype(np.int32),
        head.astype(np.int32),
        np.ones(len(tail), np.int64),
        np.rint(price * FINE).astype(np.int64),
    )
    supply = np.ones(rows + columns + 1, np.int64)
    supply[rows:] = 0
    supply[sink] = -rows
    flow.set_nodes_supplies(np.arange(len(supply), dtype=np.int32), supply)
    status = flow.solve()
    assert status == flow.OPTIMAL, status  # every row can go to the sink
    used = flow.flows(arcs[: len(row)]) > 0
    result = np.full(rows, -1, np.int64)
    result[row[used]] = column[used]
    return result
