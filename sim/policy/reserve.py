"""Some crews kept back for urgent tickets."""

from __future__ import annotations

from collections.abc import Sequence

from sim.errors import InputError
from sim.policy.base import View
from sim.policy.priority import Priority


class Reserve(Priority):
    """The most urgent first, but the last free crews of a unit go only to urgent tickets.

    Parameters
    ----------
    share : float
        Of the unit's crews on duty that are kept back, rounded down: small units keep none.
    urgent : int
        Up to which urgency a ticket may have them; see `sim.model.rules.urgency`.
    """

    name = "reserve"

    def __init__(self, share: float = 0.25, urgent: int = 1) -> None:
        if not 0 <= share < 1:
            raise InputError("policy reserve", "share", share, "a share from 0, below 1")
        self.share, self.urgent = share, urgent

    def choose(
        self, view: View, tickets: Sequence[int], crews: Sequence[int]
    ) -> tuple[int, int] | None:
        """Return the most urgent ticket and the crew there first, or keep the crews back."""
        ticket = tickets[0]
        kept = int(self.share * view.strength(crews[0]))
        if len(crews) <= kept and view.urgency(ticket) > self.urgent:
            return None
        return ticket, self.choose_crew(view, ticket, crews)
