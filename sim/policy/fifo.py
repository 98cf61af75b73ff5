"""First in, first out."""

from __future__ import annotations

from sim.policy.base import Policy, View


def fifo_key(ready: float) -> tuple[float]:
    """Order by the time since which a ticket waits, s."""
    return (ready,)


class Fifo(Policy):
    """Who has waited longest is next, whatever it is."""

    name = "fifo"

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Order by the time since which it waits."""
        return fifo_key(view.ready(ticket))
