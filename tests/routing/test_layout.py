"""Laying out a search: its time is of the budget, its room little more than the matrices'."""

from __future__ import annotations

import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from routing.routing_instances import instances

from sim.routing import Instance, check, solve
from sim.routing import search as searching
from sim.routing.generate import generate


@given(st.integers(1, 60), st.integers(0, 99), st.sampled_from([2, 5, 1000]), st.integers(1, 70))
def test_near_is_the_stable_order_of_all(n: int, seed: int, high: int, most: int) -> None:
    """Also where many are equally far, and ways differ by direction."""
    dist = np.random.default_rng(seed).integers(0, high, (n + 1, n + 1)).astype(float)
    both = dist[:n, :n] + dist[:n, :n].T
    np.fill_diagonal(both, -1.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "NEAR", most)
        near = searching._near(dist, np.ascontiguousarray(dist.T), n)
    assert (near == np.argsort(both, axis=1, kind="stable")[:, : most + 1]).all()


@settings(deadline=None)
@given(instances())
def test_kinds_are_those_alike_in_everything(instance: Instance) -> None:
    kinds = searching._kinds(instance)
    names = ("capacity", "fixed", "start", "end", "shift_open", "shift_close")
    for a in range(instance.vehicles):
        for b in range(instance.vehicles):
            alike = all(getattr(instance, name)[a] == getattr(instance, name)[b] for name in names)
            alike = alike and bool((instance.allowed[:, a] == instance.allowed[:, b]).all())
            assert (kinds[a] == kinds[b]) == alike


@settings(deadline=None)
@given(instances())
def test_no_tour_has_more_stops_than_there_is_room_for(instance: Instance) -> None:
    tours = solve(instance, iterations=200).tours
    assert max(map(len, tours)) <= searching._longest(instance) <= len(instance)


def test_a_search_takes_little_more_room_than_its_matrix() -> None:
    made = generate("R1", 1000, 0)
    many = 1000  # as many vehicles as stops, as where a file does not say
    names = ("capacity", "fixed", "start", "end", "shift_open", "shift_close")
    columns = {name: np.resize(getattr(made, name), many) for name in names}
    instance = replace(made, **columns, allowed=np.ones((1000, many), bool))
    solve(instance, iterations=1)  # what is compiled and imported once
    tracemalloc.start()
    solve(instance, iterations=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * instance.distance.nbytes


def test_laying_out_is_of_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it uses all of it up, the one pass still serves every stop."""
    lay_out = searching.problem_of

    def slow(instance: Instance) -> object:
        time.sleep(0.3)
        return lay_out(instance)

    monkeypatch.setattr(searching, "problem_of", slow)
    instance = generate("C1", 200, 2)
    found = solve(instance, seconds=0.2)
    assert found.iterations <= 1 + 20000 // 200
    assert found.complete
    assert found.seconds >= 0.3
    assert check(instance, found.tours).feasible


@settings(max_examples=60, deadline=None)
@given(instances(), st.sampled_from([0.1, 1 / 3, 1234.567, 1e5 / 7, 1e6 / 3]))
def test_tours_of_any_units_pass_the_check(instance: Instance, unit: float) -> None:
    """The checker's tolerance is absolute, and the search's is within it."""
    fields = ("open", "close", "service", "shift_open", "shift_close", "due")
    scaled = {name: getattr(instance, name) * unit for name in fields}
    other = replace(instance, duration=instance.duration * unit, **scaled)
    found = solve(other, iterations=300)
    faults = check(other, found.tours).faults
    assert all("is not served" in fault for fault in faults)
