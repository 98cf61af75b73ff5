"""The arrays as a policy in Python may see them; see `sim.policy.base.View`."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isnan
from typing import Any, Protocol

from sim.engine.compiled_engine.layout import Arrays
from sim.model.ground import Ground
from sim.model.parameters import Parameters
from sim.model.rules import urgency
from sim.model.way import Leg, Purpose, Spot, is_at_base
from sim.scenario import Scenario


class Running(Protocol):
    """What is seen of a simulation from below it."""

    scenario: Scenario
    parameters: Parameters
    arrays: Arrays


class Facts:
    """What is known at a decision epoch.

    Attributes
    ----------
    slots : dict
        Where the tickets lie that a policy has heard of.
    """

    def __init__(self, simulation: Running) -> None:
        self._simulation = simulation
        self._names = [category.id for category in simulation.scenario.categories]
        self._parameters = simulation.parameters
        self._ground = Ground(self._parameters)
        self.slots: dict[int, int] = {}

    @property
    def arrays(self) -> Arrays:
        """The arrays as they are now."""
        return self._simulation.arrays

    def row(self, ticket: int) -> Any:
        """Return a ticket's record."""
        return self.arrays.tickets[self.slots[ticket]]

    @property
    def now(self) -> float:
        """The present, s."""
        return float(self.arrays.shards["now"].max())

    def accepted(self, ticket: int) -> float:
        """When the ticket was accepted, s."""
        return float(self.row(ticket)["accepted"])

    def ready(self, ticket: int) -> float:
        """Since when it waits for a crew, s."""
        return float(self.row(ticket)["ready"])

    def urgency(self, ticket: int) -> int:
        """Order of service by priority and supervision."""
        row = self.row(ticket)
        priority = self._parameters.categories[row["category"]].priority
        return urgency(priority, int(row["level"]), int(row["reopened"]))

    def due_arrive(self, ticket: int) -> float:
        """Until when a crew should be there, s."""
        return float(self.row(ticket)["due_arrive"])

    def due_close(self, ticket: int) -> float:
        """Until when it should be closed, s."""
        return float(self.row(ticket)["due_close"])

    def arrived(self, ticket: int) -> bool:
        """Whether a crew has been there before."""
        return not isnan(self.row(ticket)["arrived"])

    def category(self, ticket: int) -> str:
        """Its category, by id."""
        return self._names[self.row(ticket)["category"]]

    def expected_work(self, ticket: int) -> float:
        """Mean work on site for its category, s."""
        return self._parameters.categories[self.row(ticket)["category"]].work_s

    def joint(self, ticket: int) -> bool:
        """Whether it needs crews of several departments at once."""
        return bool(self.row(ticket)["joint"])

    def place(self, ticket: int) -> tuple[float, float]:
        """Where it is, m."""
        row = self.row(ticket)
        return float(row["x"]), float(row["y"])

    def position(self, crew: int) -> tuple[float, float]:
        """Where a crew is, or on roads where it can turn next, m."""
        return self._spot(crew)[:2]

    def travel(self, crew: int, ticket: int) -> float:
        """How long a crew would be under way to a ticket, s."""
        unit = self.arrays.crews["unit"][crew]
        district = int(self.arrays.units["district"][unit])
        return self._ground.time(district, self._spot(crew), self._lies(ticket), self.now)

    def between(self, start: int, end: int) -> float:
        """How long a crew that leaves now is under way from one ticket to another, s."""
        district = int(self.row(start)["district"])
        return self._ground.time(district, self._lies(start), self._lies(end), self.now)

    def _lies(self, ticket: int) -> Spot:
        """Return where a ticket lies."""
        return self._ground.lies(*self.place(ticket), int(self.row(ticket)["grid"]))

    def _spot(self, crew: int) -> Spot:
        """Return where a crew is: each shift begins at the base, and a free crew heads there."""
        c, leg = self.arrays.crews[crew], self._leg(crew)
        district = int(self.arrays.units["district"][c["unit"]])
        began = float(self.arrays.began[district, c["shift"]])
        if is_at_base(leg.purpose, leg.left, began):
            return leg.end
        return self._ground.place(district, leg, self.now)

    def _leg(self, crew: int) -> Leg:
        """Return a crew's way, to its base or to a ticket."""
        c = self.arrays.crews[crew]
        x, y, rest = (float(c[name]) for name in ("from_x", "from_y", "from_rest"))
        start = Spot(x, y, int(c["from_node"]), rest)
        if c["free"]:
            purpose = Purpose.BACK
            end = Spot(float(c["base_x"]), float(c["base_y"]), int(c["base_node"]))
        else:
            purpose = Purpose.VISIT
            end = self._lies(self.serving(crew))
        return Leg(start, end, float(c["left"]), float(c["arrives"]), purpose, int(c["version"]))

    def colleagues(self, crew: int) -> Sequence[int]:
        """All crews of its unit that are on duty, ascending."""
        return [other for other in self.crews(crew) if self.on_duty(other)]

    def crews(self, crew: int) -> list[int]:
        """All crews of a crew's unit, ascending."""
        unit = self.arrays.units[self.arrays.crews["unit"][crew]]
        found: list[int] = self.arrays.unit_crews[unit["first_crew"] : unit["last_crew"]].tolist()
        return found

    def on_duty(self, crew: int) -> bool:
        """Whether a crew's shift is on."""
        c = self.arrays.crews[crew]
        district = self.arrays.units["district"][c["unit"]]
        return bool(c["shift"] >= 0 and self.arrays.on_duty[district, c["shift"]])

    def strength(self, crew: int) -> int:
        """How many crews of its unit are on duty, free or not."""
        return len(self.colleagues(crew))

    def serving(self, crew: int) -> int:
        """Return the ticket it travels to or works at, -1: none."""
        slot = self.arrays.crews["slot"][crew]
        return -1 if slot < 0 else int(self.arrays.tickets["id"][slot])

    def free_at(self, crew: int) -> float:
        """When it will be free, by what is known now, s."""
        c = self.arrays.crews[crew]
        if c["slot"] < 0:
            return self.now
        row = self.arrays.tickets[c["slot"]]
        begun = float(c["work"])
        if isnan(begun):  # the last of them is still under way
            begun, member = -inf, int(row["team"])
            while member >= 0:
                begun = max(begun, float(self.arrays.crews["arrives"][member]))
                member = int(self.arrays.crews["mate"][member])
        return max(self.now, begun + self._parameters.categories[row["category"]].work_s)

    def shift_end(self, crew: int) -> float:
        """When the shift of a crew on duty ends, s; inf: never."""
        return self._parameters.duty[int(self.arrays.crews["shift"][crew])].next_change(self.now)


class HindsightFacts(Facts):
    """The world as a bound may see it; see `sim.policy.base.HindsightView`."""

    def true_work(self, ticket: int) -> float:
        """How long the work on site will really take, s."""
        return float(self.row(ticket)["work_s"])
