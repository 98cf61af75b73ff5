"""The arrays as a policy in Python may see them; see `sim.policy.base.View`."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any, Protocol

from numpy.typing import NDArray

from sim.engine.compiled_engine.layout import Arrays
from sim.model.calendar import Calendar, shift_calendars
from sim.model.rules import urgency
from sim.model.travel import (
    hour_of,
    on_the_way,
    road_seconds,
    road_stop,
    road_time,
    share_behind,
    slowed,
    travel_time,
)
from sim.scenario import Scenario


class Running(Protocol):
    """What is seen of a simulation from below it."""

    scenario: Scenario
    arrays: Arrays


Spot = tuple[float, float, int, float]
"""A place, m, its node on the roads (0 where there are none), and how long it is until there."""


class Facts:
    """What is known at a decision epoch.

    Attributes
    ----------
    slots : dict
        Where the tickets lie that a policy has heard of.
    """

    def __init__(self, simulation: Running) -> None:
        self._simulation = simulation
        self._kinds = simulation.scenario.categories
        self._shifts: list[Calendar] = shift_calendars(simulation.scenario)
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
        priority = self._kinds[row["category"]].priority
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
        return self._kinds[self.row(ticket)["category"]].id

    def expected_work(self, ticket: int) -> float:
        """Mean work on site for its category, s."""
        return self._kinds[self.row(ticket)["category"]].work_min * 60.0

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
        return self._way(district, self._spot(crew), self._lies(ticket))

    def between(self, start: int, end: int) -> float:
        """How long a crew that leaves now is under way from one ticket to another, s."""
        district = int(self.row(start)["district"])
        return self._way(district, self._lies(start), self._lies(end))

    def _lies(self, ticket: int) -> Spot:
        """Return where a ticket lies."""
        return *self.place(ticket), int(self.arrays.grids["node"][self.row(ticket)["grid"]]), 0.0

    def _spot(self, crew: int) -> Spot:
        """Return where a crew is: each shift begins at the base, and a free crew heads there."""
        c, rules = self.arrays.crews[crew], self.arrays.rules[0]
        x1, y1, b = float(c["base_x"]), float(c["base_y"]), int(c["base_node"])
        left, back, now = float(c["left"]), float(c["back"]), self.now
        district = int(self.arrays.units["district"][c["unit"]])
        if left < self.arrays.began[district, c["shift"]]:
            return x1, y1, b, 0.0
        x0, y0, a = float(c["from_x"]), float(c["from_y"]), int(c["from_node"])
        if not rules["roads"]:
            x = on_the_way(x0, x1, left, back, now)
            return x, on_the_way(y0, y1, left, back, now), 0, 0.0
        seconds, hop, node_xy = self._roads(district)
        share, access = share_behind(left, back, now), float(rules["access"])
        return road_stop(seconds, hop, node_xy, access, x0, y0, a, x1, y1, b, share)

    def _way(self, district: int, start: Spot, end: Spot) -> float:
        """Return the travel time of a crew of the district that leaves now, s."""
        (x0, y0, a, rest), (x1, y1, b, _) = start, end
        now, arrays, rules = self.now, self.arrays, self.arrays.rules[0]
        windows: Any = arrays.slow[district].tolist()
        speed = float(arrays.speed[district, hour_of(now)]) * slowed(windows, now)
        if not rules["roads"]:
            return travel_time(x0, y0, x1, y1, float(rules["detour"]), speed)
        seconds, _, node_xy = self._roads(district)
        free = road_seconds(seconds, node_xy, float(rules["access"]), x0, y0, a, x1, y1, b)
        return road_time(rest + free, float(rules["fastest"]), speed)

    def _roads(self, district: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return seconds, hops and places of the district's nodes."""
        arrays, shard = self.arrays, self.arrays.shards[district]
        rows = slice(int(shard["first_node"]), int(shard["last_node"]))
        return arrays.seconds[rows], arrays.hop[rows], arrays.node_xy[rows]

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
            begun, member = 0.0, int(row["team"])
            while member >= 0:
                begun = max(begun, float(self.arrays.crews["due"][member]))
                member = int(self.arrays.crews["mate"][member])
        return max(self.now, begun + self._kinds[row["category"]].work_min * 60.0)

    def shift_end(self, crew: int) -> float:
        """When the shift of a crew on duty ends, s; inf: never."""
        return self._shifts[int(self.arrays.crews["shift"][crew])].next_change(self.now)


class HindsightFacts(Facts):
    """The world as a bound may see it; see `sim.policy.base.HindsightView`."""

    def true_work(self, ticket: int) -> float:
        """How long the work on site will really take, s."""
        return float(self.row(ticket)["work_s"])
