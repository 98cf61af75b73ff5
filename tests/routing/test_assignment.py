"""Assignment: exact where it is small, and proven to be near it where it is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from sim.errors import InputError
from sim.routing.assignment import EXACT, assign
from sim.routing.auction import auction


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


def problem(rows: int, columns: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 1000, (rows, columns)) / 4.0
    cost[rng.random(cost.shape) < 0.2] = np.inf
    return cost, rng.integers(0, 1000, rows) / 4.0


def city(tickets: int, crews: int, clusters: int, seed: int) -> np.ndarray:
    """Return ways over 20 km at 8 m/s, s; clusters have more tickets than crews, or fewer."""
    rng = np.random.default_rng(seed)
    if clusters == 0:
        a, b = rng.uniform(0, 20_000, (tickets, 2)), rng.uniform(0, 20_000, (crews, 2))
    else:
        middle = rng.uniform(0, 20_000, (clusters, 2))
        share = rng.dirichlet(np.full(clusters, 2.0))
        a = middle[rng.choice(clusters, tickets, p=share)] + rng.normal(0, 1000, (tickets, 2))
        b = middle[rng.choice(clusters, crews)] + rng.normal(0, 1000, (crews, 2))
    return np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1)) / 8.0


SIZES = st.integers(1, 12)
SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=100, deadline=None)
@given(SIZES, SIZES, SEEDS)
def test_small_ones_are_exact(rows: int, columns: int, seed: int) -> None:
    cost, leave = problem(rows, columns, seed)
    found = assign(cost, leave)
    assert price(cost, leave, found.column) == found.cost == found.bound
    assert found.cost == pytest.approx(optimum(cost, leave))


@settings(max_examples=100, deadline=None)  # the first one compiles
@given(SIZES, SIZES, SEEDS, st.sampled_from([0.001, 0.02, 0.3]))
def test_the_auction_proves_its_gap(rows: int, columns: int, seed: int, gap: float) -> None:
    cost, leave = problem(rows, columns, seed)
    column, bound = auction(cost, leave, gap)
    best, found = optimum(cost, leave), price(cost, leave, column)
    assert bound <= best + 1e-6
    assert found >= best - 1e-6
    sunk = np.sort(leave)[: max(rows - columns, 0)].sum()
    assert found - best <= gap * (best - sunk) + 1e-6


def test_ortools_linear_sum_assignment_agrees() -> None:
    from ortools.graph.python import linear_sum_assignment as lsa

    cost = np.random.default_rng(1).integers(0, 10_000, (60, 60))
    model = lsa.SimpleLinearSumAssignment()
    tail, head = np.indices(cost.shape).reshape(2, -1).astype(np.int32)
    model.add_arcs_with_cost(tail, head, cost.ravel())
    assert model.solve() == model.OPTIMAL
    assert assign(cost.astype(float), 1e7).cost == model.optimal_cost()


@pytest.mark.parametrize("clusters", [0, 8])
@pytest.mark.parametrize("crews", [500, 300, 700])
@pytest.mark.parametrize("leave", [3600.0, 864_000.0])
def test_a_city_within_the_gap(clusters: int, crews: int, leave: float) -> None:
    """Also where leaving out costs so much more than a way that only its number seems to count."""
    cost, out = city(500, crews, clusters, 3), np.full(500, leave)
    assert max(cost.shape) > EXACT
    found = assign(cost, out)
    best, sunk = optimum(cost, out), max(500 - crews, 0) * leave
    assert found.bound <= best + 1e-6 <= found.cost + 2e-6
    assert found.cost - found.bound <= 0.005 * (best - sunk) * (1 + 1e-9)
    assert price(cost, out, found.column) == pytest.approx(found.cost)
    assert found.column.tolist() == assign(cost, out).column.tolist()
    assert assign(cost, out, gap=0).cost == pytest.approx(best)


def test_where_the_auction_gives_up_it_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = city(420, 420, 4, 5)
    nothing = np.full(420, -1, np.int64)
    monkeypatch.setattr("sim.routing.auction.auction", lambda *_: (nothing, 0.0))
    found = assign(cost, 864_000.0)
    assert found.cost == found.bound == pytest.approx(optimum(cost, np.full(420, 864_000.0)))


def test_nothing_worth_while() -> None:
    assert assign(np.full((2, 2), 5.0), 4.0).column.tolist() == [-1, -1]
    assert assign(np.full((2, 2), np.inf), 4.0).column.tolist() == [-1, -1]
    assert assign(np.zeros((2, 0)), 4.0).column.tolist() == [-1, -1]
    assert assign(np.zeros((0, 3)), 4.0).column.tolist() == []


def test_bad_costs() -> None:
    with pytest.raises(InputError, match="cost"):
        assign(np.array([[-1.0]]), 1.0)
    with pytest.raises(InputError, match="cost"):
        assign(np.array([[np.nan]]), 1.0)
    with pytest.raises(InputError, match="gap"):
        assign(np.array([[1.0]]), 1.0, gap=-1.0)
    with pytest.raises(InputError, match="unassigned"):
        assign(np.array([[1.0]]), np.inf)
