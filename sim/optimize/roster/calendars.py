"""Rosters as iCalendar (RFC 5545), one calendar for each team, for any calendar program."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from sim.optimize.roster.roster import Roster
from sim.scenario.zone import zone

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
    A shift begins by the clock on the wall and lasts its hours, also where clocks change.
    """
    from icalendar import Calendar, Event

    problem, place = roster.problem, zone(timezone)
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
            midnight = datetime.combine(problem.date(day), time(), tzinfo=place)
            begin = (midnight + timedelta(minutes=shift.start)).astimezone(UTC)
            end = begin + timedelta(minutes=shift.length)
            key = f"{problem.team}|{worker.name}|{problem.date(day)}"
            event = Event()
            event.add("uid", hashlib.sha256(key.encode()).hexdigest()[:32] + "@suzhou-dispatch")
            event.add("dtstamp", stamp)
            event.add("dtstart", _written(begin, place))
            event.add("dtend", _written(end, place))
            event.add("summary", f"{worker.name}: {shift.name}")
            event.add("categories", [shift.name])
            found.add_component(event)
    found.add_missing_timezones()
    return found


def _written(moment: datetime, place: tzinfo) -> datetime:
    """Return an instant in local time; in UTC where its hour comes a second time.

    iCalendar takes a local time that is there twice for the first.
    """
    local = moment.astimezone(place)
    return moment if local.fold else local
