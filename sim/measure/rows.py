"""Which tickets measures speak of: each set stated once, told of the tickets of an outcome.

The first line of each goes into the table of measures, after 'matters that'.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from sim.measure.instants import answered_at_once, contact, due_resolve
from sim.measure.tables import Bools, known
from sim.model.state import Channel, Level

if TYPE_CHECKING:
    from sim.engine.outcome import Outcome
    from sim.measure.metric import Rows


def arose(outcome: Outcome) -> Bools:
    """Return which arose: all."""
    return np.ones(len(outcome), dtype=bool)


def accepted(outcome: Outcome) -> Bools:
    """Return which became tickets."""
    return known(outcome.tickets["accepted"])


def triaged(outcome: Outcome) -> Bools:
    """Return which were triaged."""
    return known(outcome.tickets["triaged"])


def closed(outcome: Outcome) -> Bools:
    """Return which are closed."""
    return known(outcome.tickets["closed"])


def still_open(outcome: Outcome) -> Bools:
    """Return which are open tickets."""
    return accepted(outcome) & ~closed(outcome)


def overdue(outcome: Outcome) -> Bools:
    """Return which are open tickets past their deadline for closing."""
    return still_open(outcome) & (outcome.tickets["due_close"] <= outcome.until)


def hotline(outcome: Outcome) -> Bools:
    """Return which became a request to 12345, by telephone or online."""
    citizen = outcome.tickets["citizen"]
    by = (citizen == Channel.HOTLINE) | (citizen == Channel.ONLINE)
    return by & known(outcome.tickets["requested"])


def requested_open(outcome: Outcome) -> Bools:
    """Return which became a request to 12345 before they were closed."""
    t = outcome.tickets
    return hotline(outcome) & ~(t["closed"] < t["requested"])


def police(outcome: Outcome) -> Bools:
    """Return which became a call that 110 took."""
    t = outcome.tickets
    return (t["citizen"] == Channel.POLICE) & known(t["requested"])


def on_the_spot(outcome: Outcome) -> Bools:
    """Return which the gridworker who found them dealt with on the spot."""
    return np.asarray(outcome.tickets["on_spot"])


def duplicate(outcome: Outcome) -> Bools:
    """Return which were requested when they were tickets already."""
    return np.asarray(outcome.tickets["duplicate"])


def called(outcome: Outcome) -> Bools:
    """Return which a citizen called 12345 about."""
    t = outcome.tickets
    return (t["citizen"] == Channel.HOTLINE) & known(t["called"])


def lost(outcome: Outcome) -> Bools:
    """Return which a citizen gave up calling about."""
    return np.asarray(outcome.tickets["abandoned"].astype(bool))


def settled(outcome: Outcome) -> Bools:
    """Return which a citizen called 12345 about until answered or lost."""
    return called(outcome) & (known(outcome.tickets["answered"]) | lost(outcome))


def got_through(outcome: Outcome) -> Bools:
    """Return which a citizen called 12345 about and did not give up."""
    return called(outcome) & ~lost(outcome)


def requests(outcome: Outcome) -> Bools:
    """Return which a citizen called or wrote to 12345 about, answered or not."""
    citizen = outcome.tickets["citizen"]
    by = (citizen == Channel.HOTLINE) | (citizen == Channel.ONLINE)
    return np.asarray(by & known(contact(outcome)))


def in_streets(outcome: Outcome) -> Bools:
    """Return which are no questions: somebody has to go there."""
    return ~np.asarray(outcome.tickets["at_once"])


def with_citizen(outcome: Outcome) -> Bools:
    """Return which have a citizen who would report them."""
    return np.asarray(outcome.tickets["citizen"] != Channel.NONE)


def unserved(outcome: Outcome) -> Bools:
    """Return which vanished, or a citizen gave up calling about, before it was known or due."""
    t = outcome.tickets
    due = due_resolve(outcome)
    given_up = t["abandoned"].astype(bool) & ~(t["discovered"] <= due)
    return np.asarray(given_up | (t["vanished"] <= due))


def unresolved(outcome: Outcome) -> Bools:
    """Return which are not closed: open, unknown or vanished."""
    return ~closed(outcome)


def to_close(outcome: Outcome) -> Bools:
    """Return which became tickets and were not answered during the call."""
    return accepted(outcome) & ~answered_at_once(outcome)


def sent_out(outcome: Outcome) -> Bools:
    """Return which became tickets that somebody was to be sent to."""
    return to_close(outcome) & ~on_the_spot(outcome)


def checked(outcome: Outcome) -> Bools:
    """Return which were checked, and not dealt with on the spot."""
    return known(outcome.tickets["checked"]) & ~on_the_spot(outcome)


def reopened(outcome: Outcome) -> Bools:
    """Return which were reopened."""
    return np.asarray(outcome.tickets["reopened"] > 0)


def sent_back(outcome: Outcome) -> Bools:
    """Return which the first addressee sent back."""
    return np.asarray(outcome.tickets["sent_back"] > 0)


@cache
def supervised(level: Level) -> Rows:
    """Return the set of those that were taken up at a level of supervision, or above it."""

    def taken_up(outcome: Outcome) -> Bools:
        return np.asarray(outcome.tickets["level"] >= level)

    taken_up.__doc__ = f"Return which were supervised at the level {level.name.lower()} or above."
    return taken_up


def asked(outcome: Outcome) -> Bools:
    """Return which have a citizen who was asked whether they are satisfied."""
    return np.asarray(outcome.tickets["satisfied"] >= 0)


def satisfied(outcome: Outcome) -> Bools:
    """Return which have a citizen who is satisfied."""
    return np.asarray(outcome.tickets["satisfied"] == 1)
