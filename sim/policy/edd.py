"""The earliest due date first."""

from __future__ import annotations

from sim.policy.base import Policy, View


def edd_key(
    due_arrive: float, due_close: float, arrived: bool, ready: float
) -> tuple[float, float]:
    """Order by the next deadline, s, then by the time since which a ticket waits, s."""
    return (due_close if arrived else due_arrive, ready)


class Edd(Policy):
    """Whose next deadline comes first is next: arrival, or closing once someone was there."""

    name = "edd"

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Order by the next deadline, then by the time since which it waits."""
        return edd_key(
            view.due_arrive(ticket),
            view.due_close(ticket),
            view.arrived(ticket),
            view.ready(ticket),
        )
