"""Rosters as iCalendar (RFC 5545), one calendar for each team, for any calendar program."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sim.optimize.roster.roster import Roster

if TYPE_CHECKING:
    from icalendar import Calendar


def calendar(roster: Roster, timezone: str = "Asia/Shanghai", title: str = "") -> Calendar:
    """Return a team's roster, an event for each shift of each worker.

    Parameters
    ----------
    roster : Roster
    timezone : str
        Of the shifts' clock.
    title : str
        The calendar's name; the team's by default.

    Notes
    -----
    The same roster gives the same text: an event's id is made from team, worker and day, so that
    a roster that is read again replaces the one before; its stamp is the roster's first day.
    """
    from icalendar import Calendar, Event

    problem, zone = roster.problem, ZoneInfo(timezone)
    found = Calendar()
    found.add("prodid", "-//suzhou-dispatch//roster//EN")
    found.add("version", "2.0")
    found.add("x-wr-calname", title or problem.team)
    found.add("x-wr-timezone", timezone)
    stamp = datetime.combine(problem.start, time(), tzinfo=UTC)
    for worker, row in zip(problem.workers, roster.rows, strict=True):
        for day, s in enumerate(row):
            if s < 0:
                continue
            shift = problem.shifts[s]
            midnight = datetime.combine(problem.date(day), time(), tzinfo=zone)
            begin = midnight + timedelta(minutes=shift.start)
            key = f"{problem.team}|{worker.name}|{problem.date(day)}"
            event = Event()
            event.add("uid", hashlib.sha256(key.encode()).hexdigest()[:32] + "@suzhou-dispatch")
            event.add("dtstamp", stamp)
            event.add("dtstart", begin)
            event.add("dtend", begin + timedelta(minutes=shift.length))
            event.add("summary", f"{worker.name}: {shift.name}")
            event.add("categories", [shift.name])
            found.add_component(event)
    found.add_missing_timezones()
    return found
