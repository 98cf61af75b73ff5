"""Tours over what waits, planned anew at each decision."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.clock import HOUR
from sim.errors import InputError
from sim.policy.base import Policy, PolicyFigure, View
from sim.policy.edd import edd_key
from sim.routing import Instance, solve
from sim.scenario.base import Model

NO_URGENCY = 4
"""The urgency at which a second of waiting costs as much as a second under way; each step more
urgent doubles it."""
MISSED = 2 * HOUR
"""What a missed deadline costs, in seconds of that ticket's waiting."""


def _weight(view: View, ticket: int) -> float:
    """Return what a second of the ticket's waiting costs, in seconds under way."""
    return float(2.0 ** (NO_URGENCY - view.urgency(ticket)))


def _due(view: View, ticket: int) -> float:
    """Return until when work on the ticket should begin, s."""
    if view.arrived(ticket):
        return view.due_close(ticket) - view.expected_work(ticket)
    return view.due_arrive(ticket)


class _Memory(Model):
    """What is kept in a checkpoint."""

    plans: list[tuple[int, float, list[int]]]  # crew, when it was made, tickets
    took: list[float]
    missed: int


@dataclass
class _Plan:
    """The tour of one crew, and when it was planned."""

    at: float
    tour: list[int]


class RollingVrp(Policy):
    """The first stop of a crew's tour is next, of tours planned over all that waits.

    At each decision a vehicle routing problem is solved for the crews of the unit: the free
    ones from where they are, the busy ones from where and when they are expected to be free, up
    to the ends of their shifts. A ticket's next deadline is a time window if it can still be
    met; a stop is optional, at a price by its urgency; and waiting costs, more for the urgent.
    The tours begin from those of the last plan. What a crew is on its way to stays as it is.
    Where more waits than is planned at once, half of it are the earliest deadlines that can still
    be met, and half what gains most for a crew's time: in a typhoon the earliest deadlines of all
    are those that are long missed.

    Where several crews' tours begin now, they are sent one by one without a new plan. A joint
    ticket takes its turn by deadline, as with `Edd`, and so does everything, to the nearest free
    crew, where no free crew has a tour or the time for the decision is over.

    Parameters
    ----------
    iterations : int
        Of the solver at each decision: the budget by which the outcome is the same everywhere.
    seconds : float, optional
        The latency that a decision may have, s; what comes out then depends on the machine.
    tickets_max : int
        How many tickets are planned at once.
    tour_max : int
        How many stops a tour has at most.
    """

    name = "rolling-vrp"

    def __init__(
        self,
        iterations: int = 200,
        seconds: float | None = None,
        tickets_max: int = 24,
        tour_max: int = 4,
    ) -> None:
        for field, value in (
            ("iterations", iterations),
            ("tickets_max", tickets_max),
            ("tour_max", tour_max),
        ):
            if value < 1:
                raise InputError("policy rolling-vrp", field, value, "a whole number of at least 1")
        if seconds is not None and not seconds >= 0:
            raise InputError("policy rolling-vrp", "seconds", seconds, "a number of at least 0")
        self.iterations, self.seconds = iterations, seconds
        self.tickets_max, self.tour_max = tickets_max, tour_max
        self._begin(None)

    def _begin(self, view: View | None) -> None:
        """Forget what is left of an earlier run."""
        self._view = view
        self._plans: dict[int, _Plan] = {}
        self._took: list[float] = []  # each decision that called for a plan, s
        self._missed = 0  # of these, how many had no time left for it

    def figures(self) -> Mapping[str, PolicyFigure]:
        """Return how many decisions called for a plan, what they took, and how many had none."""
        if not self._took:
            return {}
        p50, p95 = np.quantile(self._took, (0.5, 0.95)) * 1000
        return {
            "planned": PolicyFigure(len(self._took), "1"),
            "planned.p50": PolicyFigure(float(p50), "ms"),
            "planned.p95": PolicyFigure(float(p95), "ms"),
            "missed": PolicyFigure(self._missed, "1"),
        }

    def memory(self) -> dict[str, Any]:
        """Return the tours, where the next search begins, and what it has to tell."""
        plans = [[crew, plan.at, plan.tour] for crew, plan in self._plans.items()]
        return {"plans": plans, "took": self._took, "missed": self._missed}

    def recall(self, view: View, memory: dict[str, Any]) -> None:
        """Take the tours over; a ticket may stand in an earlier one of a crew off duty, too."""
        told = _Memory.model_validate(memory)
        self._begin(view)
        self._plans = {crew: _Plan(at, tour) for crew, at, tour in told.plans}
        self._took, self._missed = told.took, told.missed

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Order by the next deadline, as `Edd` does."""
        return edd_key(
            view.due_arrive(ticket),
            view.due_close(ticket),
            view.arrived(ticket),
            view.ready(ticket),
        )

    def choose(self, view: View, tickets: Sequence[int], crews: Sequence[int]) -> tuple[int, int]:
        """Return the first stop of a free crew's tour, and that crew."""
        if view is not self._view:
            self._begin(view)
        first = tickets[0]
        if view.joint(first) or len(tickets) == 1:
            return first, self.choose_crew(view, first, crews)
        begun = time.perf_counter()
        if (pair := self._planned(view, tickets, crews)) is None:
            self._plan(view, tickets, crews, begun)
            pair = self._planned(view, tickets, crews)
            self._took.append(time.perf_counter() - begun)
        return (first, self.choose_crew(view, first, crews)) if pair is None else pair

    def _planned(
        self, view: View, tickets: Sequence[int], crews: Sequence[int]
    ) -> tuple[int, int] | None:
        """Return a pair of a plan of this very instant, if there is one left."""
        waiting = set(tickets)
        for crew in crews:
            plan = self._plans.get(crew)
            if plan is not None and plan.at == view.now and plan.tour and plan.tour[0] in waiting:
                return plan.tour[0], crew
        return None

    def _plan(self, view: View, tickets: Sequence[int], crews: Sequence[int], begun: float) -> None:
        """Plan tours for all crews of the unit over the single tickets that wait."""
        stops = self._chosen(view, [t for t in tickets if not view.joint(t)], crews)
        team = sorted({*view.colleagues(crews[0]), *crews})
        instance = self._instance(view, stops, team)
        left = None
        if self.seconds is not None:
            left = self.seconds - (time.perf_counter() - begun)
            if left <= 0:
                self._missed += 1
                return
        number = {ticket: stop for stop, ticket in enumerate(stops)}
        last = [self._plans[crew].tour if crew in self._plans else [] for crew in team]
        found = solve(
            instance,
            iterations=self.iterations,
            seconds=left,
            start=[[number[t] for t in tour if t in number] for tour in last],
        )
        for crew, tour in zip(team, found.tours, strict=True):
            self._plans[crew] = _Plan(view.now, [stops[stop] for stop in tour])

    def _chosen(self, view: View, tickets: Sequence[int], crews: Sequence[int]) -> Sequence[int]:
        """Choose which tickets are planned, in their order."""
        if len(tickets) <= self.tickets_max:
            return tickets
        way = {ticket: min(view.travel(crew, ticket) for crew in crews) for ticket in tickets}
        can = [ticket for ticket in tickets if view.now + way[ticket] <= _due(view, ticket)]
        chosen = set(can[: (self.tickets_max + 1) // 2])
        paying = sorted(
            (ticket for ticket in tickets if ticket not in chosen),
            key=lambda t: (way[t] + view.expected_work(t)) / _weight(view, t),
        )
        chosen.update(paying[: self.tickets_max - len(chosen)])
        return [ticket for ticket in tickets if ticket in chosen]

    def _instance(self, view: View, stops: Sequence[int], team: Sequence[int]) -> Instance:
        """Lay out the tickets and crews as a routing problem; times from now on, s."""
        n, v, now = len(stops), len(team), view.now
        ways = np.zeros((n + v, n + v))
        for i, start in enumerate(stops):
            for j, end in enumerate(stops):
                if i != j:
                    ways[i, j] = view.between(start, end)
        leave, shift_end = np.zeros(v), np.zeros(v)
        for k, crew in enumerate(team):
            at = view.serving(crew)
            for j, end in enumerate(stops):
                ways[n + k, j] = view.travel(crew, end) if at < 0 else view.between(at, end)
            leave[k] = view.free_at(crew) - now
            shift_end[k] = max(view.shift_end(crew) - now, leave[k])
        work = np.array([view.expected_work(ticket) for ticket in stops])
        weight = np.array([_weight(view, ticket) for ticket in stops])
        due = np.array([_due(view, ticket) for ticket in stops])
        soonest = (ways[n:, :n] + leave[:, None]).min(axis=0)
        met = due - now >= soonest
        reach = float(leave.max() + ways.max() * (n + 1) + work.sum())
        return Instance.build(
            ways,
            stops=n,
            vehicles=v,
            start=n + np.arange(v),
            end=-1,
            demand=1.0,
            capacity=float(self.tour_max),
            close=np.where(met, due - now, np.inf),
            service=work,
            due=0.0,
            late=weight,
            prize=weight * (reach + MISSED),
            shift_open=leave,
            shift_close=shift_end,
            name="rolling-vrp",
        )
