"""Events in words: names instead of numbers, ISO 8601 instead of seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.engine.outcome import Columns
from sim.errors import InputError
from sim.measure.export.events import ROLE_NAMES, STEP_NAMES, EventRole, Events
from sim.measure.export.result import Result
from sim.measure.tables import Floats
from sim.model.state import CHANNEL_NAMES
from sim.scenario.localtime import LocalTime

if TYPE_CHECKING:
    import pyarrow as pa

Escape = Callable[[str], str]
TICKET = (
    "department",
    "department_zh",
    "district",
    "district_zh",
    "town",
    "category",
    "category_zh",
    "channel",
    "channel_zh",
)
"""What is told of a ticket in words."""
_RESOURCES = {
    EventRole.PART_TIME: "part-time gridworkers of grid",
    EventRole.CAMERA: "camera of grid",
    EventRole.POLICE_DESK: "110 desk",
}


def desk_names(city: City) -> list[str]:
    """Return the desks' names by number, as `Outcome.services` numbers them."""
    towns = [f"{name} town centre" for name in city.town_name]
    return ["12345 hotline", *towns, *(f"{name} district centre" for name in city.district_name)]


class Labels:
    """Names of a result's things as Arrow arrays, to be taken by number.

    Parameters
    ----------
    result : Result
    escape : callable
        What makes a name fit for the format.

    Attributes
    ----------
    step, role, department, district, category, channel : pairs of arrays
        English and Chinese; ``department`` and ``category`` go by category. The English of a
        category is its id, as everywhere.
    town : array
        English.
    """

    def __init__(self, result: Result, escape: Escape = str) -> None:
        scenario, city = result.scenario, result.city
        self._escape = escape
        self.step = self._pair([("", ""), *STEP_NAMES.values()])
        self.role = self._pair(list(ROLE_NAMES.values()))
        bodies = scenario.departments
        self.department = self._pair(
            [
                (bodies[c.department].name_en, bodies[c.department].name_zh)
                for c in scenario.categories
            ]
        )
        self.category = self._pair([(c.id, c.name_zh) for c in scenario.categories])
        self.channel = self._pair(list(CHANNEL_NAMES.values()))
        names = list(zip(city.district_name, city.district_name_zh, strict=True))
        self.district = self._pair(names)
        self.town = self._array(city.town_name)
        self._desk = self._array(desk_names(city))
        self._resource = self._array([_RESOURCES.get(r, ROLE_NAMES[r][0]) for r in EventRole])

    def _array(self, names: Sequence[str]) -> pa.Array:
        import pyarrow as pa

        return pa.array([self._escape(name) for name in names], pa.string())

    def _pair(self, names: Sequence[tuple[str, str]]) -> tuple[pa.Array, pa.Array]:
        return self._array([en for en, _ in names]), self._array([zh for _, zh in names])

    def of(self, tickets: Columns) -> dict[str, pa.Array]:
        """Name what is to be known of each ticket; the keys are `TICKET`."""
        category, channel = tickets["category"], tickets["channel"]
        values = (
            *(names.take(category) for names in self.department),
            *(names.take(tickets["district"]) for names in self.district),
            self.town.take(tickets["town"]),
            *(names.take(category) for names in self.category),
            *(names.take(channel) for names in self.channel),
        )
        return dict(zip(TICKET, values, strict=True))

    def resources(self, events: Events) -> pa.Array:
        """Name who did each step: ``crew 12``, ``gridworker 7``, ``Gusu 03 town centre`` ..."""
        import pyarrow.compute as pc

        named = self._resource.take(events.role)
        numbered = np.isin(
            events.role,
            (EventRole.GRIDWORKER, EventRole.PART_TIME, EventRole.CAMERA, EventRole.CREW),
        ) & (events.who >= 0)
        ours = pc.if_else(numbered, join(named, " ", number(events.who)), named)
        desk = (events.role == EventRole.DESK) & (events.who >= 0)
        return pc.if_else(desk, self._desk.take(np.where(desk, events.who, 0)), ours)


class Calendar:
    """Local time of a scenario as ISO 8601."""

    def __init__(self, result: Result) -> None:
        self._local, self._folder = LocalTime.of(result.scenario.time), result.folder

    def iso(self, seconds: Floats) -> pa.Array:
        """Write instants as ``2018-01-01T08:30:00.000+08:00``, to the millisecond."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if np.isnan(seconds).any():  # something happened, but never began, or never ended
            raise InputError(self._folder, "time of an event", "nan", "an instant")
        ms, minutes = self._local.shown(seconds)
        text = pa.array(ms, pa.timestamp("ms")).cast(pa.string())
        offsets, of = np.unique(minutes, return_inverse=True)
        written = [
            f"{'-' if m < 0 else '+'}{abs(m) // 60:02d}:{abs(m) % 60:02d}" for m in offsets.tolist()
        ]
        offset = written[0] if len(written) == 1 else pa.array(written, pa.string()).take(of)
        return join(pc.binary_replace_slice(text, 10, 11, "T"), offset)


def join(*pieces: Any) -> pa.Array:
    """Join strings and arrays of strings row by row; where one is null, the row is empty."""
    import pyarrow.compute as pc

    return pc.fill_null(pc.binary_join_element_wise(*pieces, ""), "")


def number(values: NDArray[Any]) -> pa.Array:
    """Write whole numbers."""
    import pyarrow as pa

    return pa.array(values).cast(pa.string())


def text(rows: pa.Array) -> memoryview:
    """Return the UTF-8 of all rows on end; nothing is copied."""
    import pyarrow as pa

    rows = rows.cast(pa.large_string())
    offsets = np.frombuffer(rows.buffers()[1], dtype=np.int64)
    begin, end = offsets[rows.offset], offsets[rows.offset + len(rows)]
    if begin == end:
        return memoryview(b"")
    return memoryview(rows.buffers()[2])[begin:end]
