"""OR-Tools and PyVRP behind their doors: right on the same instances."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from routing.routing_instances import best_cost, instances

from sim.errors import InputError
from sim.routing import SOLVERS, Instance, check
from sim.routing.by_ortools import solve as by_ortools
from sim.routing.generate import generate
from sim.routing.whole import FINE, whole


@settings(max_examples=20, deadline=None)
@given(instances(stops_max=4))
def test_ortools_is_feasible_and_never_below_the_optimum(instance: Instance) -> None:
    found = by_ortools(instance, 0.05)
    verdict = check(instance, found.tours)
    missing = [i for i in found.missing if np.isinf(instance.prize[i])]
    assert verdict.faults == tuple(f"stop {i} is not served" for i in missing)
    if found.complete:
        assert verdict.cost >= best_cost(instance) - 1e-9


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", ["R1", "parcel"])
def test_all_are_feasible(solver: str, kind: str) -> None:
    instance = generate(kind, 30, 0)
    found = SOLVERS[solver](instance, 0.5)
    verdict = check(instance, found.tours)
    assert verdict.feasible, verdict.faults
    assert verdict.cost == found.cost
    assert found.solver == solver


@pytest.fixture
def by_pyvrp(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("pyvrp", reason="the extra `bench` is not installed")
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    return import_module("by_pyvrp")


@pytest.mark.parametrize("kind", ["R1", "parcel"])
def test_pyvrp_is_feasible(by_pyvrp: ModuleType, kind: str) -> None:
    instance = generate(kind, 30, 0)
    found = by_pyvrp.solve(instance, 0.5)
    verdict = check(instance, found.tours)
    assert verdict.feasible, verdict.faults
    assert verdict.cost == found.cost


def test_pyvrp_says_what_it_does_not_know(by_pyvrp: ModuleType) -> None:
    for change in ({"late": 1.0, "due": 0.0}, {"end": -1}, {"allowed": [[True, False]] * 2}):
        instance = Instance.build(np.zeros((3, 3)), stops=2, vehicles=2, **change)
        with pytest.raises(InputError, match="a solver that knows"):
            by_pyvrp.solve(instance, 0.1)


def test_whole_numbers_err_on_the_safe_side() -> None:
    distance = np.array([[0, 0.1236], [0.1236, 0]])
    instance = Instance.build(distance, stops=1, vehicles=1, close=1.9999, capacity=2, demand=1)
    w = whole(instance)
    assert (w.time_unit, w.cost_unit) == (FINE, FINE)
    assert w.distance[0, 1] == 124
    assert w.duration[0, 1] == 124
    assert w.close[0] == 1999
    assert w.demand[0] == 1
    assert whole(generate("R1", 10, 0)).time_unit == 1.0
