"""What must be true of every outcome, whatever the scenario."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sim.engine.outcome import TIMES, Outcome
from sim.model.calendar import shift_calendars
from sim.model.replan import Staff
from sim.model.state import State
from sim.workload.channel import Channel

STEPS = (
    "arisen",
    "discovered",
    "accepted",
    "triaged",
    "signed",
    "dispatched",
    "arrived",
    "finished",
    "handled",
    "checked",
    "closed",
)


def same(a: Outcome, b: Outcome) -> bool:
    """Whether two outcomes are equal to the bit."""
    for part in ("tickets", "visits", "stops", "services"):
        left, right = getattr(a, part), getattr(b, part)
        if left.keys() != right.keys():
            return False
        for name in left:
            equal_nan = left[name].dtype.kind == "f"
            if not np.array_equal(left[name], right[name], equal_nan=equal_nan):
                return False
    return (a.until, a.events) == (b.until, b.events)


def check_outcome(outcome: Outcome) -> None:
    """Assert all that holds of any outcome."""
    check_steps(outcome)
    check_states(outcome)
    check_first_attendance(outcome)
    check_crews(outcome)
    check_gridworkers(outcome)
    check_operators(outcome)
    check_terms(outcome)


def check_steps(outcome: Outcome) -> None:
    """The steps of a ticket come in their order, none before it arises or after the end."""
    t = outcome.tickets
    for name in TIMES:
        if not name.startswith("due"):
            times = t[name][~np.isnan(t[name])]
            assert (times <= outcome.until).all(), name
    last = t["arisen"]
    for name in STEPS[1:]:
        if name in ("dispatched", "arrived", "finished", "handled", "checked"):
            continue  # of a reopened ticket some are of this visit, some of the last
        here = t[name]
        both = ~np.isnan(here) & ~np.isnan(last)
        assert (here[both] >= last[both]).all(), name
        last = np.where(np.isnan(here), last, here)
    closed = t["state"] == State.CLOSED
    for first, second in (
        ("signed", "dispatched"),
        ("dispatched", "arrived"),
        ("arrived", "finished"),
        ("finished", "handled"),
        ("handled", "checked"),
        ("checked", "closed"),
    ):
        # one that a gridworker finds is dealt with from its discovery on
        rows = closed & ~np.isnan(t[first]) & ~np.isnan(t[second]) & ~t["on_spot"]
        assert (t[second][rows] >= t[first][rows]).all(), second


def check_states(outcome: Outcome) -> None:
    """Each matter is in one state, and its times say the same."""
    t = outcome.tickets
    state = t["state"]
    assert ((state >= 0) & (state < len(State))).all()
    assert (np.isnan(t["closed"]) != (state == State.CLOSED)).all()
    assert (np.isnan(t["vanished"]) != (state == State.VANISHED)).all()
    assert not (t["vanished"] < t["arisen"]).any()
    unknown = np.isin(state, (State.UNDISCOVERED, State.VANISHED, State.CALLING))
    assert np.isnan(t["accepted"][unknown]).all()
    assert (t["channel"][unknown] == Channel.NONE).all()
    waiting = state >= State.UNSIGNED
    assert not np.isnan(t["accepted"][waiting & (state != State.VANISHED)]).any()
    assert ((t["unit"] >= 0) | (t["worker"] >= 0) | np.isnan(t["finished"])).all()
    asked = t["satisfied"] >= 0
    assert (state[asked] == State.CLOSED).all()
    late = t["level"] >= 2
    over = np.where(np.isnan(t["closed"]), outcome.until, t["closed"]) >= t["due_close"]
    assert (over[late]).all()


def check_first_attendance(outcome: Outcome) -> None:
    """It is that of the first visit; work on the spot is none."""
    t, visits = outcome.tickets, outcome.visits
    there = ~np.isnan(t["attended"])
    assert (there == (~np.isnan(t["arrived"]) & ~t["on_spot"])).all()
    once = there & (t["reopened"] == 0)
    assert (t["attended"][once] == t["arrived"][once]).all()
    assert (t["attended"][there] <= t["arrived"][there]).all()
    assert (t["attended"][there] >= t["accepted"][there]).all()
    first = np.full(len(outcome), np.inf)
    np.fmin.at(first, visits["ticket"], visits["arrive"])
    seen = np.isfinite(first) & (t["worker"] < 0)  # to the others a gridworker may have gone first
    seen &= t["accepted"] >= outcome.begins  # of earlier ones visits may be left out
    assert (t["attended"][seen] == first[seen]).all()


def check_crews(outcome: Outcome) -> None:
    """No crew is in two places, none starts off shift, and none arrives faster than it can."""
    visits, plan, city = outcome.visits, outcome.plan, outcome.city
    calendars = shift_calendars(outcome.scenario)
    travel = outcome.scenario.travel
    fastest, detour = max(travel.speed_kmh) / 3.6, travel.detour
    if travel.model == "roads":
        assert travel.roads is not None
        fastest = max(*travel.roads.speed_kmh.values(), travel.roads.access_kmh, fastest * 3.6)
        fastest, detour = fastest / 3.6, 1.0
    fastest *= max(d.speed_factor for d in outcome.scenario.districts.values())
    for surge in outcome.scenario.surges:
        fastest *= max(surge.travel_speed_factor, 1.0)
    assert (plan.crew_unit[visits["crew"]] == visits["unit"]).all()
    end = np.where(np.isnan(visits["end"]), np.inf, visits["end"])
    order = np.lexsort((end, visits["start"], visits["crew"]))
    for before, after in pairwise(order):
        if visits["crew"][before] == visits["crew"][after]:
            assert end[before] <= visits["start"][after]
    for row in order:
        assert calendars[plan.crew_shift[visits["crew"][row]]].rate(visits["start"][row]) == 1
        if not np.isnan(visits["arrive"][row]):
            assert visits["start"][row] <= visits["arrive"][row]
    if outcome.begins > outcome.scenario.time.begins:
        return  # what is first in the record need not be the first from the base
    first = order[np.diff(visits["crew"][order], prepend=-1) != 0]
    arrived = first[~np.isnan(visits["arrive"][first])]
    place = city.grid_xy[outcome.tickets["grid"][visits["ticket"][arrived]]]
    radius = city.grid_loop_m[outcome.tickets["grid"][visits["ticket"][arrived]]] / (2 * np.pi)
    way = np.hypot(*(plan.crew_xy[visits["crew"][arrived]] - place).T) - radius - 1
    spent = visits["arrive"][arrived] - visits["start"][arrived]
    assert (way * detour <= spent * fastest + 1).all()


def check_gridworkers(outcome: Outcome) -> None:
    """No gridworker stops at two places at once, and none begins a stop off duty."""
    stops, plan = outcome.stops, outcome.plan
    calendars = shift_calendars(outcome.scenario)
    order = np.lexsort((stops["end"], stops["start"], stops["worker"]))
    for before, after in pairwise(order):
        if stops["worker"][before] == stops["worker"][after]:
            assert stops["end"][before] <= stops["start"][after]
    for row in order:
        shift = calendars[plan.worker_shift[stops["worker"][row]]]
        # a round may end on the very instant at which the place is passed
        start = stops["start"][row]
        assert shift.rate(start) == 1 or shift.rate(np.nextafter(start, 0)) == 1
    grid = outcome.tickets["grid"][stops["ticket"]]
    assert (plan.worker_grid[stops["worker"]] == grid).all()


def check_operators(outcome: Outcome) -> None:
    """No desk begins more services at once than it has operators on duty."""
    services = outcome.services
    calendars = shift_calendars(outcome.scenario)
    posts = [
        (begin, np.concatenate((plan.hotline_posts[None], plan.town_posts, plan.district_posts)))
        for begin, plan in outcome.plans
    ]
    for desk in np.unique(services["desk"]):
        rows = services["desk"] == desk
        start, end = services["start"][rows], services["end"][rows]
        assert (services["arrive"][rows] <= start).all()
        for instant in start:
            row = next(row[desk] for begin, row in reversed(posts) if begin <= instant)
            on_duty = sum(n for n, c in zip(row, calendars, strict=True) if c.rate(instant))
            busy = ((start <= instant) & (end > instant)).sum()
            # who is busy when a shift ends stays until the service is over
            longer = ((start < instant) & (end > instant)).sum()
            assert busy <= max(on_duty, longer)


def check_terms(outcome: Outcome) -> None:
    """Nobody begins anything before they come or once they are withdrawn."""
    staff = Staff.of(outcome.plans[0][1])
    begins = outcome.plans[0][0]
    first = {"crews": np.full(len(outcome.plan.crew_unit), begins)}
    first["workers"] = np.full(len(outcome.plan.worker_grid), begins)
    last = {who: np.full(len(begin), np.inf) for who, begin in first.items()}
    for time, plan in outcome.plans[1:]:
        before, staff = staff, staff.after(plan)
        for who, came, went in zip(
            first, staff.added(before), staff.withdrawn(before), strict=True
        ):
            first[who][came], last[who][went] = time, time
    for who, log, name in (("crews", "visits", "crew"), ("workers", "stops", "worker")):
        table = getattr(outcome, log)
        assert (table["start"] >= first[who][table[name]]).all()
        assert (table["start"] < last[who][table[name]]).all()
