"""Assignment: exact where all pairs may match, near it with the nearest alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from sim.errors import InputError
from sim.routing.assignment import FINE, assign


def price(cost: np.ndarray, leave: np.ndarray, column: np.ndarray) -> float:
    used = column >= 0
    assert len(set(column[used])) == used.sum()
    return float(cost[used, column[used]].sum() + leave[~used].sum())


def optimum(cost: np.ndarray, leave: np.ndarray) -> float:
    """Return the least cost, with a column of its own for each row that is left out."""
    spare = np.full((len(cost), len(cost)), 1e9)
    np.fill_diagonal(spare, leave)
    wide = np.hstack((np.where(np.isfinite(cost), cost, 1e9), spare))
    rows, columns = linear_sum_assignment(wide)
    return float(wide[rows, columns].sum())


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_exact_with_all_pairs(rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 1000, (rows, columns)) / FINE * 4
    cost[rng.random(cost.shape) < 0.2] = np.inf
    leave = rng.integers(0, 1000, rows) / FINE * 4
    column = assign(cost, leave, nearest=12)
    assert price(cost, leave, column) == pytest.approx(optimum(cost, leave))


def test_ortools_linear_sum_assignment_agrees() -> None:
    from ortools.graph.python import linear_sum_assignment as lsa

    cost = np.random.default_rng(1).integers(0, 10_000, (60, 60))
    model = lsa.SimpleLinearSumAssignment()
    tail, head = np.indices(cost.shape).reshape(2, -1).astype(np.int32)
    model.add_arcs_with_cost(tail, head, cost.ravel())
    assert model.solve() == model.OPTIMAL
    column = assign(cost.astype(float), 1e7, nearest=60)
    assert cost[np.arange(60), column].sum() == model.optimal_cost()


@pytest.mark.parametrize("columns", [400, 100])
def test_within_two_percent_with_the_nearest(columns: int) -> None:
    rng = np.random.default_rng(2)
    a, b = rng.uniform(0, 20_000, (400, 2)), rng.uniform(0, 20_000, (columns, 2))
    cost = np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1)) / 8
    leave = np.full(400, 3600.0)
    found = price(cost, leave, assign(cost, leave))
    assert found <= 1.02 * optimum(cost, leave)


def test_nothing_worth_while() -> None:
    assert assign(np.full((2, 2), 5.0), 4.0).tolist() == [-1, -1]
    assert assign(np.full((2, 2), np.inf), 4.0).tolist() == [-1, -1]
    assert assign(np.zeros((2, 0)), 4.0).tolist() == [-1, -1]
    assert assign(np.zeros((0, 3)), 4.0).tolist() == []


def test_bad_costs() -> None:
    with pytest.raises(InputError, match="cost"):
        assign(np.array([[-1.0]]), 1.0)
    with pytest.raises(InputError, match="cost"):
        assign(np.array([[np.nan]]), 1.0)
    with pytest.raises(InputError, match="unassigned"):
        assign(np.array([[1.0]]), np.inf)
