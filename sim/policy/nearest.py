"""The nearest pair of ticket and crew."""

from __future__ import annotations

from collections.abc import Sequence

from sim.policy.base import Policy, View
from sim.policy.fifo import fifo_key


class Nearest(Policy):
    """The ticket and the crew with the shortest way go together; ties by who has waited longest."""

    name = "nearest"

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Order by the time since which it waits; it only breaks ties."""
        return fifo_key(view.ready(ticket))

    def choose(self, view: View, tickets: Sequence[int], crews: Sequence[int]) -> tuple[int, int]:
        """Return the pair with the shortest way."""
        return min(
            ((ticket, crew) for ticket in tickets for crew in crews),
            key=lambda pair: (view.travel(pair[1], pair[0]), view.ready(pair[0]), *pair),
        )
