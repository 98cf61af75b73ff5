"""What the time between two decisions cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from sim.clock import HOUR
from sim.errors import InputError
from sim.measure.catalogue import KPIS
from sim.measure.kpis import kpis
from sim.measure.query import Query
from sim.policy import View

if TYPE_CHECKING:
    from sim.city.city import City
    from sim.engine.outcome import Outcome
    from sim.scenario import Scenario

MISSED = 10.0
"""What a missed deadline costs, in hours of waiting of the least urgent."""


@dataclass(frozen=True)
class Elapsed:
    """What happened since the last decision, as far as dispatch answers for it.

    Attributes
    ----------
    start, end : float
        When the last decision was made, and now, s.
    waited : mapping of int to float
        Ticket-seconds without a crew on site, by the tickets' urgency; the way of a crew that
        was sent counts at once, in full.
    missed : int
        Deadlines that passed meanwhile, or will before the crew that was sent is there: for
        arriving, or for closing where a crew had been before. Each counts once.
    """

    start: float
    end: float
    waited: Mapping[int, float]
    missed: int


def default_reward(elapsed: Elapsed) -> float:
    """Return minus the weighted hours without a crew, and minus `MISSED` for each missed deadline.

    An hour weighs ``2 ** (4 - urgency)``: 1 for an ordinary matter of priority 4, 8 for an
    emergency, and twice as much with each level of supervision. The weights are assumptions.
    """
    hours = sum(2.0 ** (4 - urgency) * s for urgency, s in elapsed.waited.items()) / HOUR
    return -hours - MISSED * elapsed.missed


@dataclass(frozen=True)
class Final:
    """A reward at the end of an episode alone: a measure of all of it.

    Attributes
    ----------
    query : Query
        A single figure of tickets with a better direction.
    """

    query: Query

    @classmethod
    def parse(cls, text: str, scenario: Scenario, city: City) -> Final:
        """Read a measure, as `sim.measure.query` has it.

        Raises
        ------
        InputError
            If there is none such, or it is no single figure with a better direction.
        """
        query = Query.parse(text, "reward").within(scenario, city, "reward")
        if not (query.single and query.better and query.metric.name in KPIS):
            allowed = "one figure of tickets that has a better direction, such as close.on_time"
            raise InputError("environment", "reward", str(query), allowed)
        return cls(query)

    def of(self, outcome: Outcome) -> float:
        """Return the figure, less it where less is better; 0 where there is no case."""
        (value,) = kpis(outcome, measures=[str(self.query)])["value"]
        return float(np.nan_to_num(value * self.query.better))


class Meter:
    """Adds up what waits, from what an engine asks a policy."""

    def __init__(self) -> None:
        self._now = self._since = 0.0
        self._urgency: dict[int, int] = {}  # of those who wait
        self._waiting: Counter[int] = Counter()  # how many, by urgency
        self._waited: defaultdict[int, float] = defaultdict(float)
        self._due: list[tuple[float, int]] = []
        self._deadline: dict[int, float] = {}  # of those who have not missed it
        self._missed = 0
        self._way: tuple[int, int, float] | None = None  # a crew just sent, and its urgency

    def waits(self, view: View, ticket: int) -> None:
        """Note that a ticket begins to wait, or waits with another urgency."""
        self._go(view.now)
        if ticket in self._urgency:
            self._waiting[self._urgency[ticket]] -= 1
        else:
            due = view.due_close(ticket) if view.arrived(ticket) else view.due_arrive(ticket)
            if due >= view.now:  # else it was missed before
                self._deadline[ticket] = due
                heappush(self._due, (due, ticket))
        self._urgency[ticket] = urgency = view.urgency(ticket)
        self._waiting[urgency] += 1

    def sent(self, view: View, ticket: int, crew: int) -> None:
        """Note that a crew goes; of several to one ticket the first to be there counts."""
        travel = view.travel(crew, ticket)
        if self._way is not None and self._way[0] == ticket and ticket not in self._urgency:
            self._way = (ticket, self._way[1], min(self._way[2], travel))
            return
        self._go(view.now)
        urgency = self._urgency.pop(ticket)
        self._waiting[urgency] -= 1
        self._way = (ticket, urgency, travel)

    def read(self, now: float) -> Elapsed:
        """Return what has happened since the last reading."""
        self._go(now)
        elapsed = Elapsed(self._since, now, dict(self._waited), self._missed)
        self._since, self._waited, self._missed = now, defaultdict(float), 0
        return elapsed

    def _go(self, now: float) -> None:
        if self._way is not None:
            ticket, urgency, travel = self._way
            self._way = None
            self._waited[urgency] += travel
            self._missed += self._deadline.pop(ticket, now + travel) < self._now + travel
        if now > self._now:
            for urgency, count in self._waiting.items():
                if count:
                    self._waited[urgency] += count * (now - self._now)
            self._now = now
        while self._due and self._due[0][0] < now:
            due, ticket = heappop(self._due)
            if ticket in self._urgency and self._deadline.get(ticket) == due:
                del self._deadline[ticket]
                self._missed += 1
