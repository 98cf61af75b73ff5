"""All waiting tickets and all free crews of a unit matched together, once a minute."""

from __future__ import annotations

from collections.abc import Sequence

from sim.clock import DAY, MINUTE
from sim.policy.base import View
from sim.policy.priority import Priority

NEAREST = 30
"""How many of the nearest crews a ticket is matched with: the rest hardly ever matter."""


def leave_cost(urgency: int, waited: float) -> int:
    """Return what it costs to leave a ticket waiting, in s of travel.

    A step of urgency is worth a day, and so is a day's wait: always more than a way within a
    district, so that no ticket is left while a crew is free. Urgency is at most 9.
    """
    return round(max(10 - urgency, 1) * DAY + waited)


class BatchAssignment(Priority):
    """The matching with the least travel, after urgency and waiting.

    At each epoch a flow of minimum cost goes from the tickets over their nearest crews, or over
    an arc that leaves the ticket waiting (Bertsekas, *Network Optimization*, 1998, chapter 7).
    """

    name = "batch-assignment"
    epoch_s = MINUTE

    def assign(
        self, view: View, tickets: Sequence[int], crews: Sequence[int]
    ) -> Sequence[tuple[int, int]]:
        """Return the pairs of the best matching, in the order of the tickets."""
        ways = {
            ticket: sorted((round(view.travel(crew, ticket)), crew) for crew in crews)[:NEAREST]
            for ticket in tickets
        }
        leave = {t: leave_cost(view.urgency(t), view.now - view.ready(t)) for t in tickets}
        if len(tickets) == 1:
            return ((tickets[0], ways[tickets[0]][0][1]),)
        if len(crews) == 1:
            best = min(tickets, key=lambda ticket: (ways[ticket][0][0] - leave[ticket], ticket))
            return ((best, crews[0]),)
        return _match(ways, leave)


def _match(
    ways: dict[int, list[tuple[int, int]]], leave: dict[int, int]
) -> Sequence[tuple[int, int]]:
    """Solve the flow: tickets 0 to n - 1, then crews, then the sink."""
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    tickets = list(ways)
    crews = sorted({crew for near in ways.values() for _, crew in near})
    node = {crew: len(tickets) + place for place, crew in enumerate(crews)}
    sink = len(tickets) + len(crews)
    flow = SimpleMinCostFlow()
    pairs = {}
    for place, ticket in enumerate(tickets):
        flow.set_node_supply(place, 1)
        for way, crew in ways[ticket]:
            pairs[flow.add_arc_with_capacity_and_unit_cost(place, node[crew], 1, way)] = (
                ticket,
                crew,
            )
        flow.add_arc_with_capacity_and_unit_cost(place, sink, 1, leave[ticket])
    for crew in crews:
        flow.add_arc_with_capacity_and_unit_cost(node[crew], sink, 1, 0)
    flow.set_node_supply(sink, -len(tickets))
    status = flow.solve()
    assert status == flow.OPTIMAL, status  # leaving all tickets waiting is a solution
    return [pair for arc, pair in pairs.items() if flow.flow(arc)]
