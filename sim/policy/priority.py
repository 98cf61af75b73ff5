"""The most urgent first."""

from __future__ import annotations

from sim.policy.base import Policy, View


def priority_key(urgency: int, ready: float) -> tuple[float, float]:
    """Order by urgency, then by the time since which a ticket waits, s."""
    return (float(urgency), ready)


class Priority(Policy):
    """The most urgent is next, supervision counted in; among equals who has waited longest."""

    name = "priority"

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Order by urgency, then by the time since which it waits."""
        return priority_key(view.urgency(ticket), view.ready(ticket))
