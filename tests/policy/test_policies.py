"""The built-in policies decide what their names say."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from policy.facts import Facts, decide

from sim.errors import InputError
from sim.policy import POLICIES, BatchAssignment, Reserve, find_policy
from sim.policy.batch import leave_cost


@pytest.mark.parametrize(
    ("name", "ticket", "crew"),
    [
        ("fifo", 1, 1),
        ("priority", 0, 2),
        ("nearest", 1, 1),
        ("edd", 1, 1),
        ("cost-benefit", 0, 2),
        ("hindsight", 0, 2),
        ("reserve", 0, 2),
        ("patrol-first", 0, 2),
        ("dispatch-first", 0, 2),
    ],
)
def test_decision(name: str, ticket: int, crew: int) -> None:
    assert decide(find_policy(name), Facts()) == [(ticket, crew)]


def test_nearest_is_the_nearest_pair() -> None:
    view = Facts(crews=[95.0, 61.0, 20.0])
    assert decide(find_policy("nearest"), view) == [(2, 0)]


def test_edd_looks_at_closing_once_someone_was_there() -> None:
    edd, view = find_policy("edd"), Facts()
    assert edd.key(view, 2) == (5700.0, 200.0)
    assert edd.key(view, 1) == (800.0, 100.0)


def test_cost_benefit_weighs_severity_against_work() -> None:
    """Urgency 1 weighs four times as much as 3, so five times the work puts it behind."""
    assert decide(find_policy("cost-benefit"), Facts(works=[2399, 600, 1e9]))[0][0] == 0
    assert decide(find_policy("cost-benefit"), Facts(works=[2401, 600, 1e9]))[0][0] == 1


def test_hindsight_looks_at_the_true_work() -> None:
    view = Facts(works=[60, 6000, 6000], true_works=[1e6, 600, 1e6])
    assert decide(find_policy("cost-benefit"), view)[0][0] == 0
    assert decide(find_policy("hindsight"), view)[0][0] == 1
    assert [name for name, policy in POLICIES.items() if policy.hindsight] == ["hindsight"]


def test_reserve_keeps_the_last_crews_for_urgent_tickets() -> None:
    reserve = Reserve(share=0.5)
    calm = Facts(urgencies=[2, 3, 2], on_duty=5)  # keeps two
    assert decide(reserve, calm, [0, 1, 2]) == [(2, 0)]
    assert decide(reserve, calm, [1, 2]) == []
    assert decide(reserve, Facts(on_duty=5), [1, 2]) == [(0, 2)]
    small = Facts(urgencies=[2, 3, 2], on_duty=1)  # half a crew cannot be kept
    assert decide(reserve, small, [1]) == [(2, 1)]
    with pytest.raises(InputError, match="share"):
        Reserve(share=1)


def test_batch_assignment_is_the_best_matching() -> None:
    """Against all matchings, one by one: first as many as can go, then urgency, then travel."""
    draw = np.random.Generator(np.random.Philox(3))
    for _ in range(60):
        n = int(draw.integers(1, 5))
        view = Facts(
            urgencies=draw.integers(1, 5, size=3).tolist(),
            places=draw.integers(0, 2000, size=3).astype(float).tolist(),
            crews=draw.integers(0, 2000, size=n).astype(float).tolist(),
        )
        leave = [leave_cost(view.urgencies[t], view.now - view.times[t]) for t in range(3)]
        found = decide(BatchAssignment(), view, list(range(n)))
        assert len({c for _, c in found}) == len({t for t, _ in found}) == min(n, 3)

        def cost(pairs: list[tuple[int, int]], view: Facts, leave: list[int]) -> float:
            gone = {t for t, _ in pairs}
            return sum(view.travel(c, t) for t, c in pairs) + sum(
                leave[t] for t in range(3) if t not in gone
            )

        size = min(n, 3)
        best = min(
            cost(list(zip(chosen, crews, strict=True)), view, leave)
            for chosen in permutations(range(3), size)
            for crews in permutations(range(n), size)
        )
        assert cost(found, view, leave) == best


def test_by_name() -> None:
    assert list(POLICIES)[:4] == ["fifo", "priority", "nearest", "edd"]
    assert all(policy.name == name for name, policy in POLICIES.items())
    own = POLICIES["fifo"]()
    assert find_policy(own) is own
    with pytest.raises(InputError, match="one of fifo"):
        find_policy("lifo")
