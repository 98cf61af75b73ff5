"""First in, first out."""

from __future__ import annotations

from sim.policy.base import Policy, View


class Fifo(Policy):
    """Who has waited longest is next, whatever it is."""

    name = "fifo"

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Order by the time since which it waits."""
        return (view.ready(ticket),)
