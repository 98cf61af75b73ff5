"""The most urgent first."""

from __future__ import annotations

from sim.policy.base import Policy, View


class Priority(Policy):
    """The most urgent is next, supervision counted in; among equals who has waited longest."""

    name = "priority"

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Order by urgency, then by the time since which it waits."""
        return (view.urgency(ticket), view.ready(ticket))
