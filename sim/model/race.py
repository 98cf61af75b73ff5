"""The race of discovery: who may notice a matter, by which clock, and how it is then known.

One table for both engines, for the fluids that stand for them, and for the risk of places. Each
entrant reads a column of the workload: how much of its clock goes by until it would notice.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from sim.model.order import Kind
from sim.model.state import Channel


class Clock(IntEnum):
    """By which clock an entrant's column is counted."""

    WALL = 0  # s
    OBSERVERS = 1  # s at which a part-time observer is about; n of a grid are n times as fast
    CITIZENS = 2  # s at which citizens are active
    PASSES = 3  # how often a gridworker of the grid comes by: no event before the one that counts


class Entrant(NamedTuple):
    """One who may end a matter's lying there.

    Attributes
    ----------
    channel : Channel
        By which it is then known; ``NONE``: by none, it is gone.
    column : str
        Of the workload.
    clock : Clock
    kind : Kind
        The event at which it comes.
    """

    channel: Channel
    column: str
    clock: Clock
    kind: Kind

    @property
    def reports(self) -> bool:
        """Whether it is the matter's citizen."""
        return self.kind == Kind.REPORT


RACE = (
    Entrant(Channel.HOTLINE, "patience", Clock.CITIZENS, Kind.REPORT),
    Entrant(Channel.ONLINE, "patience", Clock.CITIZENS, Kind.REPORT),
    Entrant(Channel.POLICE, "patience", Clock.WALL, Kind.REPORT),
    Entrant(Channel.PATROL, "passes", Clock.PASSES, Kind.PATROL),
    Entrant(Channel.OBSERVER, "observer", Clock.OBSERVERS, Kind.OBSERVER),
    Entrant(Channel.CAMERA, "camera", Clock.WALL, Kind.CAMERA),
    Entrant(Channel.NONE, "lifetime", Clock.WALL, Kind.VANISH),
)
"""Of those who report, a matter has one at most: its citizen."""


class Timed(NamedTuple):
    """A column whose instant is known when a matter arises.

    Attributes
    ----------
    kind : Kind
    column : str
    channel : Channel
        ``NONE`` where nobody knows then, or where it is the citizen's own.
    clocks : tuple of Clock
        By the channel of the matter's citizen.
    """

    kind: Kind
    column: str
    channel: Channel
    clocks: tuple[Clock, ...]


def _timed(race: tuple[Entrant, ...]) -> tuple[Timed, ...]:
    found = {}
    for kind in sorted({e.kind for e in race if e.clock != Clock.PASSES}):
        here = {e.channel: e for e in race if e.kind == kind}
        first = next(iter(here.values()))
        own = kind == Kind.REPORT
        found[kind] = Timed(
            kind,
            first.column,
            Channel.NONE if own else first.channel,
            tuple(here.get(citizen, first).clock for citizen in Channel),
        )
    return tuple(found.values())


TIMED = _timed(RACE)
"""In order of kind: of the same instant, the first counts."""
