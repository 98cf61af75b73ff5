"""The eight steps as events: what happened to each ticket, when, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcome import Columns
from sim.measure.tables import Bools, Floats, known
from sim.model.state import StopKind
from sim.workload.channel import Channel

Ints = NDArray[np.int64]


class Step(IntEnum):
    """The eight steps that close the loop."""

    DISCOVERY = 1
    ACCEPTANCE = 2
    TRIAGE = 3
    HANDLING = 4
    TRACKING = 5
    SUPERVISION = 6
    FEEDBACK = 7
    EVALUATION = 8


STEP_NAMES = {
    Step.DISCOVERY: ("discovery", "发现"),
    Step.ACCEPTANCE: ("acceptance", "受理"),
    Step.TRIAGE: ("triage", "分流"),
    Step.HANDLING: ("handling", "处置"),
    Step.TRACKING: ("tracking", "跟踪"),
    Step.SUPERVISION: ("supervision", "督办"),
    Step.FEEDBACK: ("feedback", "反馈"),
    Step.EVALUATION: ("evaluation", "评价"),
}
"""English and Chinese names of the steps."""


class EventRole(IntEnum):
    """Who does a step."""

    PLATFORM = 0  # by itself
    CITIZEN = 1
    GRIDWORKER = 2
    PART_TIME = 3  # the part-time gridworkers of a grid
    CAMERA = 4
    DESK = 5  # an operator of the hotline or a linkage centre
    POLICE_DESK = 6  # 110
    CREW = 7


ROLE_NAMES = {
    EventRole.PLATFORM: ("platform", "平台"),
    EventRole.CITIZEN: ("citizen", "市民"),
    EventRole.GRIDWORKER: ("gridworker", "专职网格员"),
    EventRole.PART_TIME: ("part-time gridworkers", "兼职网格员"),
    EventRole.CAMERA: ("camera", "视频"),
    EventRole.DESK: ("operator", "话务员、联动中心"),
    EventRole.POLICE_DESK: ("110", "110 报警台"),
    EventRole.CREW: ("crew", "部门人员"),
}
"""English and Chinese names of the roles."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "tickets": (
        "key", "category", "district", "town", "grid", "channel", "priority", "level", "unit",
        "sent_back", "reopened", "on_spot", "joint", "answered", "discovered",
        "accepted", "triaged", "tracked", "signed", "handled", "supervised", "checked", "closed",
    ),
    "visits": ("ticket", "crew", "unit", "start", "end"),
    "stops": ("ticket", "worker", "kind", "start", "end"),
    "services": ("ticket", "desk", "start", "end"),
}  # fmt: skip
"""What of a result is needed to tell its events."""


@dataclass(frozen=True, eq=False)
class Events:
    """Events of some tickets, sorted by ticket, time and step.

    Attributes
    ----------
    ticket : int64 [E]
        Places in the tickets they are of.
    step, role : int8 [E]
        A `Step` and a `EventRole`.
    who : int64 [E]
        The gridworker, crew or desk by number; the grid of part-time gridworkers and cameras;
        else -1.
    start, end : float64 [E]
        s since the scenario's start; the same where a step takes no time.
    partner_event, partner_crew : int64 [P]
        Further crews of joint handling: places in the events, and their numbers.
    """

    ticket: Ints
    step: NDArray[np.int8]
    role: NDArray[np.int8]
    who: Ints
    start: Floats
    end: Floats
    partner_event: Ints
    partner_crew: Ints

    def __len__(self) -> int:
        return len(self.ticket)


class _Book:
    """Events as they are written down, in any order."""

    def __init__(self) -> None:
        self.columns: list[tuple[Ints, int, Any, Any, Floats, Floats]] = []

    def add(self, ticket: Ints, step: Step, role: Any, who: Any, start: Floats, end: Floats) -> int:
        """Write events down; return the place of the first."""
        first = sum(len(row[0]) for row in self.columns)
        self.columns.append((ticket, step, role, who, start, end))
        return first

    def column(self, place: int, kind: type) -> NDArray[Any]:
        return np.concatenate(
            [np.broadcast_to(row[place], row[0].shape).astype(kind) for row in self.columns]
        )


def events_of(tables: dict[str, Columns], until: float) -> Events:
    """Tell the events of some tickets.

    A step that was done again stands again: triage after a ticket was sent back, handling and
    feedback after it was reopened. Of supervision the first reminder stands. Handling goes from
    the dispatch until the matter is settled; the settling takes equally long each time.

    Parameters
    ----------
    tables : dict of columns
        `COLUMNS` of the tickets and of all that was done for them.
    until : float
        The instant up to which was run, s; what ends later has not happened.
    """
    t = tables["tickets"]
    stops = _of(tables["stops"], t["row"])
    services = _of(tables["services"], t["row"])
    finder = np.full(len(t["row"]), -1)
    found = np.isin(stops["kind"], (StopKind.RECORD, StopKind.SPOT))
    finder[stops["at"][found]] = stops["worker"][found]

    book = _Book()
    _discovery(book, t, finder)
    centre = _acceptance_and_triage(book, t, services, finder, until)
    first_partner, partners = _handling(book, t, _of(tables["visits"], t["row"]), stops, finder)
    _feedback(book, t, stops, services, centre, finder, until)
    for alone, column in (
        (Step.TRACKING, "tracked"),
        (Step.SUPERVISION, "supervised"),
        (Step.EVALUATION, "closed"),
    ):
        at = np.flatnonzero(known(t[column]))
        book.add(at, alone, EventRole.PLATFORM, -1, t[column][at], t[column][at])

    ticket, step, end = book.column(0, np.int64), book.column(1, np.int8), book.column(5, float)
    order = np.lexsort((step, end, ticket))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return Events(
        ticket=ticket[order],
        step=step[order],
        role=book.column(2, np.int8)[order],
        who=book.column(3, np.int64)[order],
        start=book.column(4, float)[order],
        end=end[order],
        partner_event=place[first_partner + partners[0]],
        partner_crew=partners[1],
    )


def _of(log: Columns, rows: Ints) -> Columns:
    """Add the places of a log's tickets among the rows."""
    return {**log, "at": np.searchsorted(rows, log["ticket"])}


def _discovery(book: _Book, t: Columns, finder: Ints) -> None:
    at = np.flatnonzero(known(t["discovered"]))
    role = np.full(len(at), EventRole.CITIZEN, dtype=np.int8)
    channel, worker = t["channel"][at], finder[at]
    role[channel == Channel.OBSERVER] = EventRole.PART_TIME
    role[channel == Channel.CAMERA] = EventRole.CAMERA
    role[worker >= 0] = EventRole.GRIDWORKER
    who = np.where(np.isin(role, (EventRole.PART_TIME, EventRole.CAMERA)), t["grid"][at], worker)
    book.add(at, Step.DISCOVERY, role, who, t["discovered"][at], t["discovered"][at])


def _acceptance_and_triage(
    book: _Book, t: Columns, services: Columns, finder: Ints, until: float
) -> Bools:
    """Write acceptance and triage down; return which services were a centre's triage."""
    at, signed = services["at"], t["signed"][services["at"]]
    centre = (services["desk"] > 0) & ~(services["end"] > signed)
    over = np.flatnonzero(centre & (services["end"] < until))
    first = np.full(len(finder), -1)
    first[at[over[::-1]]] = over[::-1]

    accepted = np.flatnonzero(known(t["accepted"]))
    channel, service = t["channel"][accepted], first[accepted]
    role = np.full(len(accepted), EventRole.DESK, dtype=np.int8)
    who = np.zeros(len(accepted), dtype=np.int64)  # the hotline
    start = t["accepted"][accepted].copy()
    call = np.isin(channel, (Channel.HOTLINE, Channel.POLICE))
    start[call] = t["answered"][accepted[call]]
    role[channel == Channel.POLICE] = EventRole.POLICE_DESK
    by_centre = ~call & (service >= 0)
    who[by_centre] = services["desk"][service[by_centre]]
    start[by_centre] = services["start"][service[by_centre]]
    on_spot = t["on_spot"][accepted]
    role[on_spot] = EventRole.GRIDWORKER
    who[on_spot] = finder[accepted[on_spot]]
    who[role == EventRole.POLICE_DESK] = -1
    book.add(accepted, Step.ACCEPTANCE, role, who, start, t["accepted"][accepted])

    begun = np.maximum(services["start"][over], t["accepted"][at[over]])
    book.add(
        at[over], Step.TRIAGE, EventRole.DESK, services["desk"][over], begun, services["end"][over]
    )
    alone = np.flatnonzero(known(t["triaged"]) & (first < 0))  # by 110, or by the gridworker
    spot = t["on_spot"][alone]
    book.add(
        alone,
        Step.TRIAGE,
        np.where(spot, EventRole.GRIDWORKER, EventRole.POLICE_DESK),
        np.where(spot, finder[alone], -1),
        t["triaged"][alone],
        t["triaged"][alone],
    )
    return centre


def _handling(
    book: _Book, t: Columns, visits: Columns, stops: Columns, finder: Ints
) -> tuple[int, tuple[Ints, Ints]]:
    """Write handling down; return where crews' begins, and partners by place from there."""
    spot = np.flatnonzero(t["on_spot"])  # the work begins once the matter is recorded
    book.add(
        spot, Step.HANDLING, EventRole.GRIDWORKER, finder[spot], t["accepted"][spot],
        t["handled"][spot],
    )  # fmt: skip

    # a job is over in the middle of the stop, but for the work: the ways there and back are alike
    job = (stops["kind"] == StopKind.JOB) & (stops["start"] <= t["handled"][stops["at"]])
    at, start = stops["at"][job], stops["start"][job]
    end = _again(at, (start + stops["end"][job]) / 2, t["handled"])
    book.add(at, Step.HANDLING, EventRole.GRIDWORKER, stops["worker"][job], start, end)

    settled = visits["end"] <= t["handled"][visits["at"]]
    at, start = visits["at"][settled], visits["start"][settled]
    crew = visits["crew"][settled].astype(np.int64)
    partner = visits["unit"][settled] != t["unit"][at]
    order = np.lexsort((crew, partner, start, at))  # those sent together, the leading crew first
    at, start, crew = at[order], start[order], crew[order]
    leads = np.ones(len(at), dtype=bool)
    leads[1:] = (at[1:] != at[:-1]) | (start[1:] != start[:-1])
    end = _again(at, visits["end"][settled][order], t["handled"])
    first = book.add(
        at[leads], Step.HANDLING, EventRole.CREW, crew[leads], start[leads], end[leads]
    )
    return first, ((np.cumsum(leads) - 1)[~leads], crew[~leads])


def _again(at: Ints, over: Floats, handled: Floats) -> Floats:
    """Return when each time of handling was settled, from when the last was.

    Parameters
    ----------
    at : int64 [n]
        Tickets, ascending, each one's times of handling in order.
    over : float64 [n]
        An instant of each, from which on it is settled equally long, s.
    handled : float64 [N]
        When the last of them was settled, s.
    """
    if not len(at):
        return over
    last = np.zeros(len(handled))
    last[at] = over  # of several assignments to one place the last stays
    return handled[at] + (over - last[at])


def _feedback(
    book: _Book,
    t: Columns,
    stops: Columns,
    services: Columns,
    centre: Bools,
    finder: Ints,
    until: float,
) -> None:
    seen = (stops["kind"] == StopKind.CHECK) & (stops["end"] < until)
    book.add(
        stops["at"][seen], Step.FEEDBACK, EventRole.GRIDWORKER, stops["worker"][seen],
        stops["start"][seen], stops["end"][seen],
    )  # fmt: skip
    called = (services["desk"] > 0) & ~centre & (services["end"] < until)
    book.add(
        services["at"][called], Step.FEEDBACK, EventRole.DESK, services["desk"][called],
        services["start"][called], services["end"][called],
    )  # fmt: skip
    spot = np.flatnonzero(t["on_spot"] & known(t["checked"]))
    book.add(
        spot,
        Step.FEEDBACK,
        EventRole.GRIDWORKER,
        finder[spot],
        t["checked"][spot],
        t["checked"][spot],
    )
