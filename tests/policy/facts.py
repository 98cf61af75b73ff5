"""A view of three tickets and three crews on a line."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.policy import Policy, View


@dataclass
class Facts:
    """What a policy is told in these tests."""

    now: float = 1000.0
    times: list[float] = field(default_factory=lambda: [300.0, 100.0, 200.0])
    urgencies: list[int] = field(default_factory=lambda: [1, 3, 2])
    due: list[float] = field(default_factory=lambda: [900.0, 800.0, 700.0])
    places: list[float] = field(default_factory=lambda: [0.0, 50.0, 90.0])
    crews: list[float] = field(default_factory=lambda: [100.0, 60.0, 20.0])
    works: list[float] = field(default_factory=lambda: [600.0, 600.0, 600.0])
    true_works: list[float] = field(default_factory=lambda: [600.0, 600.0, 600.0])
    on_duty: int = 3

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
        return self.works[ticket]

    def true_work(self, ticket: int) -> float:
        return self.true_works[ticket]

    def place(self, ticket: int) -> tuple[float, float]:
        return self.places[ticket], 0.0

    def position(self, crew: int) -> tuple[float, float]:
        return self.crews[crew], 0.0

    def travel(self, crew: int, ticket: int) -> float:
        return abs(self.crews[crew] - self.places[ticket])

    def strength(self, crew: int) -> int:
        return self.on_duty


def decide(policy: Policy, view: View, crews: list[int] | None = None) -> list[tuple[int, int]]:
    """Return the pairs for three tickets in the order of their keys."""
    order = sorted(range(3), key=lambda ticket: (policy.key(view, ticket), ticket))
    return list(policy.assign(view, order, [0, 1, 2] if crews is None else crews))
