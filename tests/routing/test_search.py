"""Our solver: always feasible, optimal where all can be tried, the same for the same seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from routing.routing_instances import best_cost, instances

from sim.errors import InputError
from sim.routing import Instance, check, solve
from sim.routing.by_cpsat import solve_exactly
from sim.routing.generate import CLASSES, generate


@settings(max_examples=400, deadline=None)  # the first one compiles
@given(instances())
def test_what_it_serves_it_serves_rightly(instance: Instance) -> None:
    found = solve(instance, iterations=100)
    verdict = check(instance, found.tours)
    missing = [i for i in found.missing if np.isinf(instance.prize[i])]
    assert verdict.faults == tuple(f"stop {i} is not served" for i in missing)
    assert found.complete == (not missing)
    assert found.cost == pytest.approx(verdict.cost)


@settings(max_examples=40, deadline=None)
@given(instances(stops_max=5))
def test_near_the_optimum_where_all_tours_can_be_tried(instance: Instance) -> None:
    best = best_cost(instance)
    found = solve(instance, iterations=3000)
    if np.isfinite(best):
        assert found.complete
        # ways that break the triangle inequality may hide the optimum itself
        assert best - 1e-6 <= check(instance, found.tours).cost <= 1.1 * best + 1e-6
    else:
        assert not found.complete


@settings(max_examples=30, deadline=None)
@given(instances(stops_max=5, metric=True))
def test_the_optimum_itself_where_ways_are_metric(instance: Instance) -> None:
    best = best_cost(instance)
    found = solve(instance, iterations=3000)
    assert found.complete == np.isfinite(best)
    if found.complete:
        assert check(instance, found.tours).cost == pytest.approx(best)


@settings(max_examples=15, deadline=None)
@given(instances(stops_max=4))
def test_cp_sat_proves_the_optimum(instance: Instance) -> None:
    best, proven = best_cost(instance), solve_exactly(instance)
    assert proven.optimal
    assert (proven.solution is not None) == np.isfinite(best)
    if proven.solution is not None:
        assert check(instance, proven.solution.tours).feasible
        assert proven.solution.cost == pytest.approx(best)
        assert proven.bound == pytest.approx(best)


@pytest.mark.parametrize("kind", ["R1", "C1", "RC1"])
def test_ours_is_the_proven_optimum_of_eight_stops(kind: str) -> None:
    instance = generate(kind, 8, 0)
    few = replace(
        instance,
        **{
            name: getattr(instance, name)[:2]
            for name in ("capacity", "fixed", "start", "end", "shift_open", "shift_close")
        },
        allowed=instance.allowed[:, :2],
    )
    proven, found = solve_exactly(few, 60.0), solve(few, iterations=5000)
    assert proven.optimal
    if proven.solution is None:
        assert not found.complete
    else:
        assert found.cost == pytest.approx(proven.bound)


@pytest.mark.parametrize("kind", CLASSES)
def test_same_seed_same_tours(kind: str) -> None:
    instance = generate(kind, 40, 1)
    found = [solve(instance, iterations=2500, seed=seed) for seed in (5, 5, 6)]
    assert found[0].tours == found[1].tours
    assert found[0].tours != found[2].tours
    assert all(check(instance, one.tours).feasible for one in found)
    assert all(one.iterations == 2500 for one in found)


def test_a_split_budget_spends_it_all() -> None:
    instance = generate("R1", 25, 0)
    told: list[float] = []
    found = solve(instance, iterations=1501, progress=told.append)
    assert found.iterations == 1501
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_time_is_kept() -> None:
    found = solve(generate("R2", 60, 0), seconds=0.3)
    assert 0.25 < found.seconds < 3.0
    assert found.complete


def test_more_iterations_are_not_worse_on_average() -> None:
    costs = [
        [solve(generate(kind, 50, 2), iterations=n).cost for kind in CLASSES] for n in (20, 4000)
    ]
    assert np.mean(np.array(costs[1]) / np.array(costs[0])) < 0.97


def test_start_is_kept_where_nothing_is_better() -> None:
    instance = generate("C1", 30, 0)
    best = solve(instance, iterations=20_000)
    again = solve(instance, iterations=1, start=best.tours, heat=1e-6)
    assert again.cost <= best.cost


def test_start_that_breaks_rules_is_mended() -> None:
    instance = generate("R1", 30, 0)
    wrong = [list(range(30)), [0, 1, 2], [99]]
    found = solve(instance, iterations=200, start=wrong)
    assert check(instance, found.tours).feasible


def test_fewest_needs_no_more_vehicles() -> None:
    instance = generate("RC2", 50, 0)
    cheap, few = (solve(instance, iterations=20_000, fewest=fewest) for fewest in (False, True))
    assert check(instance, few.tours).feasible
    assert few.used <= cheap.used
    load = instance.demand.sum() / instance.capacity[0]
    assert few.used >= load


def test_fewest_counts_right() -> None:
    """Ten stops side by side, each half a load: five vehicles and no fewer."""
    distance = np.ones((11, 11)) - np.eye(11)
    instance = Instance.build(distance, stops=10, vehicles=10, demand=1, capacity=2)
    found = solve(instance, iterations=5000, fewest=True)
    assert found.used == 5
    assert check(instance, found.tours).feasible


def test_too_few_vehicles_leave_stops_out_and_say_so() -> None:
    instance = Instance.build(np.ones((5, 5)), stops=4, vehicles=1, demand=1, capacity=3)
    found = solve(instance, iterations=100)
    assert not found.complete
    assert len(found.missing) == 1


def test_nothing_to_do() -> None:
    assert solve(Instance.build(np.zeros((1, 1)), stops=0, vehicles=1), iterations=5).cost == 0
    none = solve(Instance.build(np.zeros((2, 2)), stops=1, vehicles=0), iterations=5)
    assert none.missing == (0,)
    assert not none.complete


@pytest.mark.parametrize("budget", [{"seconds": -1}, {"seconds": np.nan}, {"iterations": -5}])
def test_bad_budget(budget: dict[str, float]) -> None:
    with pytest.raises(InputError, match="at least 0"):
        solve(generate("R1", 10, 0), **budget)
