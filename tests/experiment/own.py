"""Policies as users write them, good and bad."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sim.policy import Policy, View


class Shortest(Policy):
    name = "shortest"

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        return (view.urgency(ticket), view.expected_work(ticket))


class Raises(Shortest):
    name = "raises"

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        return (1 / (ticket - ticket),)


class Nan(Shortest):
    name = "nan"

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        return (float("nan"),)


class OffShift(Shortest):
    name = "off-shift"

    def choose(self, view: View, tickets: Sequence[int], crews: Sequence[int]) -> tuple[int, int]:
        other = next(crew for crew in range(100) if crew not in crews)
        return tickets[0], other


class Inventor(Shortest):
    name = "inventor"

    def choose(self, view: View, tickets: Sequence[int], crews: Sequence[int]) -> tuple[int, int]:
        return 10**6, crews[0]


class Twice(Shortest):
    name = "twice"

    def assign(
        self, view: View, tickets: Sequence[int], crews: Sequence[int]
    ) -> list[tuple[int, int]]:
        return [(tickets[0], crews[0]), (tickets[0], crews[-1])]


class Hangs(Shortest):
    name = "hangs"

    def choose(self, view: View, tickets: Sequence[int], crews: Sequence[int]) -> tuple[int, int]:
        while True:
            pass


class Sleeps(Shortest):
    name = "sleeps"

    def choose_crew(self, view: View, ticket: int, crews: Sequence[int]) -> int:
        time.sleep(3600)
        return crews[0]


class Nobody(Shortest):
    name = "nobody"

    def choose(self, view: View, tickets: Sequence[int], crews: Sequence[int]) -> None:
        return None


class Nameless(Policy):
    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        return (0,)


class Keyless(Policy):
    name = "keyless"
