"""All waiting tickets and all free crews of a unit matched together, once a minute."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.clock import DAY, MINUTE
from sim.policy.base import View
from sim.policy.priority import Priority
from sim.routing.assignment import assign


def leave_cost(urgency: int, waited: float) -> int:
    """Return what it costs to leave a ticket waiting, in s of travel.

    A step of urgency is worth a day, and so is a day's wait: always more than a way within a
    district, so that no ticket is left while a crew is free. Urgency is at most 9.
    """
    return round(max(10 - urgency, 1) * DAY + waited)


class BatchAssignment(Priority):
    """The matching with the least travel, after urgency and waiting.

    At each epoch the tickets are matched with the crews, or left waiting at a cost, by
    `sim.routing.assignment.assign`: exactly up to some hundreds of each.
    """

    name = "batch-assignment"
    epoch_s = MINUTE

    def assign(
        self, view: View, tickets: Sequence[int], crews: Sequence[int]
    ) -> Sequence[tuple[int, int]]:
        """Return the pairs of the best matching, in the order of the tickets."""
        ways = np.array([[round(view.travel(c, t)) for c in crews] for t in tickets], dtype=float)
        leave = [leave_cost(view.urgency(t), view.now - view.ready(t)) for t in tickets]
        chosen = assign(ways, np.array(leave, dtype=float)).column
        return [(t, crews[c]) for t, c in zip(tickets, chosen.tolist(), strict=True) if c >= 0]
