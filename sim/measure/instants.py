"""Instants and worths that follow from the columns of tickets, by name.

The first line of each goes into the table of measures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from sim.clock import HOUR
from sim.engine.window import close_due
from sim.measure.tables import Bools, Floats, known
from sim.model.rules import satisfaction
from sim.scenario.dates import WorkingDays

if TYPE_CHECKING:
    from sim.engine.outcome import Outcome


def instant(outcome: Outcome, name: str) -> Floats:
    """Return when something was of each ticket, s, float64 [N]; NaN: never, or not yet.

    Parameters
    ----------
    outcome : Outcome
    name : str
        A column of times, or one of `INSTANTS`.
    """
    return INSTANTS[name](outcome) if name in INSTANTS else np.asarray(outcome.tickets[name])


def answered_at_once(outcome: Outcome) -> Bools:
    """Return which were answered during the call."""
    t = outcome.tickets
    return np.asarray(t["at_once"] & known(t["answered"]) & known(t["closed"]))


def due_resolve(outcome: Outcome) -> Floats:
    """Return when it should be closed, had it been a ticket when it arose."""
    return _asked_or(outcome, _close_deadline(outcome, outcome.tickets["arisen"]))


def due_request(outcome: Outcome) -> Floats:
    """Return when it should be closed, had it been a ticket when its citizen first called."""
    return _asked_or(outcome, _close_deadline(outcome, contact(outcome)))


def due_attend(outcome: Outcome) -> Floats:
    """Return when somebody should be there, had it been a ticket when it arose."""
    hours = np.array([c.arrive_h for c in outcome.scenario.categories])
    t = outcome.tickets
    return np.asarray(t["arisen"] + hours[t["category"]] * HOUR)


def due_answer_20s(outcome: Outcome) -> Floats:
    """Return 20 s after the first call."""
    return np.asarray(outcome.tickets["called"] + 20.0)


def due_answer_1h(outcome: Outcome) -> Floats:
    """Return an hour after the first call."""
    return np.asarray(outcome.tickets["called"] + HOUR)


def contact(outcome: Outcome) -> Floats:
    """Return when its citizen first called, or wrote."""
    t = outcome.tickets
    return np.where(known(t["called"]), t["called"], t["requested"])


def seen_to(outcome: Outcome) -> Floats:
    """Return when somebody was there, or had dealt with it on the spot."""
    t = outcome.tickets
    return np.where(t["on_spot"], t["closed"], t["attended"])


def final(outcome: Outcome) -> Floats:
    """Return when the last of its visits was there, known once it is closed by its deadline."""
    t = outcome.tickets
    return np.where(t["closed"] <= t["due_close"], t["arrived"], np.nan)


def closed_soundly(outcome: Outcome) -> Floats:
    """Return when it was closed, if it was never reopened."""
    t = outcome.tickets
    return np.where(t["reopened"] > 0, np.nan, t["closed"])


INSTANTS: dict[str, Callable[[Outcome], Floats]] = {
    of.__name__: of
    for of in (
        due_resolve, due_request, due_attend, due_answer_20s, due_answer_1h, contact, seen_to,
        final, closed_soundly,
    )
}  # fmt: skip
"""Instants that are no columns."""


def content(outcome: Outcome) -> Floats:
    """Return the chance that its citizen is satisfied with what is done in time."""
    rule = outcome.scenario.satisfaction
    chance = [
        satisfaction(rule.on_time, rule.late_penalty, rule.reopened_penalty, False, again)
        for again in (0, 1)
    ]
    return np.array(chance)[(outcome.tickets["reopened"] > 0).astype(int)]


WORTHS: dict[str, Callable[[Outcome], Floats]] = {"content": content}
"""What something that was done in time counts, from 0 to 1."""


def _asked_or(outcome: Outcome, due: Floats) -> Floats:
    """Return deadlines; what is answered during the call falls due then, if not before.

    It had no deadline to wait for: whether it keeps one is known, and nobody needs to remember it.
    """
    closed = np.where(answered_at_once(outcome), outcome.tickets["closed"], np.inf)
    return np.minimum(due, closed)


def _close_deadline(outcome: Outcome, since: Floats) -> Floats:
    """Return the deadlines for closing that categories give, counted from an instant each."""
    scenario, category = outcome.scenario, outcome.tickets["category"]
    hours = np.array([c.close_h or 0.0 for c in scenario.categories])[category]
    workdays = np.array([c.close_workdays or 0 for c in scenario.categories])[category]
    return close_due(since, hours * HOUR, workdays, WorkingDays.of(scenario))
