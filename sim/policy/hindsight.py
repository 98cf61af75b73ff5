"""A rule to measure others by: cost-benefit, if it knew how long the work will really take."""

from __future__ import annotations

from typing import cast

from sim.policy.base import HindsightView, Policy, View
from sim.policy.cost_benefit import cost_benefit_key


class Hindsight(Policy):
    """Severity over true work. Nobody can work like this: it shows what knowing would be worth.

    It is the best rule of its kind, not the optimum of the whole city: how far it is ahead of
    `cost-benefit` is the price of not knowing the work. How far any dispatch could be is what
    `sim compare` shows beside it, by a bound.
    """

    name = "hindsight"
    hindsight = True

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Order by severity over true work."""
        work = cast(HindsightView, view).true_work(ticket)
        return cost_benefit_key(view.urgency(ticket), work, view.ready(ticket))
