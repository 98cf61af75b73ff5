"""The earliest due date first."""

from __future__ import annotations

from sim.policy.base import Policy, View


class Edd(Policy):
    """Whose next deadline comes first is next: arrival, or closing once someone was there."""

    name = "edd"

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Order by the next deadline, then by the time since which it waits."""
        due = view.due_close(ticket) if view.arrived(ticket) else view.due_arrive(ticket)
        return (due, view.ready(ticket))
