"""The most severity for an hour of work."""

from __future__ import annotations

from sim.policy.base import Policy, View

SHORTEST_S = 60.0
"""No visit is taken for shorter than this, s: being there takes a minute."""


def cost_benefit_key(urgency: int, work: float, ready: float) -> tuple[float, float]:
    """Order by severity over work, the most first, then by the time since which it waits.

    With weights and known work this ratio minimises the mean weighted time to completion on one
    server (Smith, *Various optimizers for single-stage production*, 1956; the cμ rule of Cox
    and Smith, *Queues*, 1961). One step of urgency weighs twice as much as the next.

    Parameters
    ----------
    urgency : int
        See `sim.model.rules.urgency`; the smaller, the more severe.
    work, ready : float
        Work on site and when it began to wait, s.
    """
    return (-(2.0 ** (3 - urgency)) / max(work, SHORTEST_S), ready)


class CostBenefit(Policy):
    """Whose severity over expected work is greatest is next."""

    name = "cost-benefit"

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Order by severity over expected work."""
        return cost_benefit_key(
            view.urgency(ticket), view.expected_work(ticket), view.ready(ticket)
        )
