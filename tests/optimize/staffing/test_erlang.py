"""Erlang's formulas against direct sums, published figures and brute force."""

from __future__ import annotations

from math import isclose

import numpy as np
import pytest
from scipy.stats import poisson

from sim.optimize.staffing.erlang import erlang_a, erlang_b, erlang_c


def grid() -> tuple[np.ndarray, np.ndarray]:
    """Every number of servers to 300 with loads from almost none to almost all of them."""
    servers = np.arange(1, 301)[:, None]
    return np.broadcast_arrays(servers, servers * np.linspace(0.001, 0.999, 64)[None, :])


def test_erlang_b_equals_the_truncated_poisson_law() -> None:
    servers, load = grid()
    exact = np.exp(poisson.logpmf(servers, load) - poisson.logcdf(servers, load))
    np.testing.assert_allclose(erlang_b(servers, load), exact, rtol=1e-9, atol=1e-300)


def test_erlang_c_equals_the_direct_sum() -> None:
    servers, load = grid()
    log_top = poisson.logpmf(servers, load) + np.log(servers / (servers - load))
    top = np.exp(log_top)
    exact = top / (np.exp(poisson.logcdf(servers - 1, load)) + top)
    np.testing.assert_allclose(erlang_c(servers, load), exact, rtol=1e-8, atol=1e-300)


@pytest.mark.parametrize(
    ("servers", "load", "waits", "wait", "queue"),
    [  # mean service time 1
        (1, 0.9, 0.9, 9.0, 8.1),
        (3, 2, 0.44444, 0.44444, 0.88889),
        (10, 9, 0.66873, 0.66873, 6.01858),
        (100, 90, 0.21694, 0.02169, 1.95246),
    ],
)
def test_known_systems(servers: int, load: float, waits: float, wait: float, queue: float) -> None:
    assert isclose(erlang_c(servers, load), waits, abs_tol=5e-6)
    mean_wait = erlang_c(servers, load) / (servers - load)
    assert isclose(mean_wait, wait, abs_tol=5e-6)
    assert isclose(load * mean_wait, queue, abs_tol=5e-6)


def test_extremes() -> None:
    assert erlang_b(0, 3.0) == 1
    assert erlang_c(5, 0.0) == 0
    assert erlang_c(5, 5.0) == erlang_c(3, 9.0) == erlang_c(0, 1.0) == 1
    assert 0 <= erlang_b(2000, 1.0) < 1e-300  # underflows to nothing, not to nonsense
    assert isclose(erlang_b(5000, 5000.0), 0.0112, abs_tol=2e-4)  # about sqrt(2 / pi c)


def test_erlang_a_equals_the_balance_equations() -> None:
    for servers, load, patience in [(1, 0.5, 1.0), (4, 5.0, 0.3), (10, 30.0, 2.0), (20, 15.0, 8.0)]:
        n = np.arange(1, 600)
        death = np.minimum(n, servers) + np.maximum(n - servers, 0) / patience
        weight = np.concatenate(([1.0], np.exp(np.cumsum(np.log(load / death)))))
        chance = weight / weight.sum()
        waits, lost = erlang_a(servers, load, patience)
        assert isclose(waits, chance[servers:].sum(), rel_tol=1e-9)
        waiting = np.maximum(np.arange(600) - servers, 0) @ chance
        assert isclose(lost, waiting / patience / load, rel_tol=1e-9)


def test_erlang_a_without_end_of_patience_is_erlang_c() -> None:
    waits, lost = erlang_a(10, 8.0, 1e7, tail=4000)
    assert isclose(waits, erlang_c(10, 8.0), rel_tol=1e-5)
    assert lost < 1e-6


@pytest.mark.parametrize(("servers", "load", "patience"), [(10, 1000.0, 100.0), (0, 500.0, 20.0)])
def test_erlang_a_under_overload_is_the_fluid(servers: int, load: float, patience: float) -> None:
    """Far beyond what they can serve all wait, and what is not served gives up."""
    waits, lost = erlang_a(servers, load, patience)
    assert isclose(waits, 1.0, abs_tol=1e-9)
    assert isclose(lost, 1 - servers / load, rel_tol=1e-6)
