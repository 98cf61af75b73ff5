"""The built-in policies decide what their names say."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from sim.errors import InputError
from sim.policy import POLICIES, Policy, View, find_policy


@dataclass
class Facts:
    """A view of three tickets and three crews on a line."""

    now: float = 1000.0
    times: list[float] = field(default_factory=lambda: [300.0, 100.0, 200.0])
    urgencies: list[int] = field(default_factory=lambda: [1, 3, 2])
    due: list[float] = field(default_factory=lambda: [900.0, 800.0, 700.0])
    places: list[float] = field(default_factory=lambda: [0.0, 50.0, 90.0])
    crews: list[float] = field(default_factory=lambda: [100.0, 60.0, 20.0])

    def accepted(self, ticket: int) -> float:
        return self.times[ticket] - 50

    def ready(self, ticket: int) -> float:
        return self.times[ticket]

    def urgency(self, ticket: int) -> int:
        return self.urgencies[ticket]

    def due_arrive(self, ticket: int) -> float:
        return self.due[ticket]

    def due_close(self, ticket: int) -> float:
        return self.due[ticket] + 5000

    def arrived(self, ticket: int) -> bool:
        return ticket == 2

    def category(self, ticket: int) -> str:
        return "litter"

    def expected_work(self, ticket: int) -> float:
        return 600.0

    def place(self, ticket: int) -> tuple[float, float]:
        return self.places[ticket], 0.0

    def position(self, crew: int) -> tuple[float, float]:
        return self.crews[crew], 0.0

    def travel(self, crew: int, ticket: int) -> float:
        return abs(self.crews[crew] - self.places[ticket])


def decide(policy: Policy, view: View) -> tuple[int, int]:
    order = sorted(range(3), key=lambda ticket: (policy.key(view, ticket), ticket))
    return policy.choose(view, order, [0, 1, 2])


@pytest.mark.parametrize(
    ("name", "ticket", "crew"),
    [("fifo", 1, 1), ("priority", 0, 2), ("nearest", 1, 1), ("edd", 1, 1)],
)
def test_decision(name: str, ticket: int, crew: int) -> None:
    assert decide(find_policy(name), Facts()) == (ticket, crew)


def test_nearest_is_the_nearest_pair() -> None:
    view = Facts(crews=[95.0, 61.0, 20.0])
    assert decide(find_policy("nearest"), view) == (2, 0)


def test_edd_looks_at_closing_once_someone_was_there() -> None:
    edd, view = find_policy("edd"), Facts()
    assert edd.key(view, 2) == (5700.0, 200.0)
    assert edd.key(view, 1) == (800.0, 100.0)


def test_by_name() -> None:
    assert set(POLICIES) == {"fifo", "priority", "nearest", "edd"}
    own = POLICIES["fifo"]()
    assert find_policy(own) is own
    with pytest.raises(InputError, match="one of fifo"):
        find_policy("lifo")
