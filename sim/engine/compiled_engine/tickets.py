"""The life of a ticket, from discovery to evaluation."""

from __future__ import annotations

from math import isnan

from sim.clock import tick
from sim.engine.compiled_engine import agenda, calendars, departments, desks, patrols
from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import (
    ACCEPT,
    AT_CENTRE,
    CALL_BACK,
    CHECKING,
    CITY,
    CLOSED,
    DEADLINE,
    DISTRICT,
    FIRST,
    REMINDER,
    SETTLE,
    SETTLING,
    SIGN,
    TRIAGE_AGAIN,
    UNSIGNED,
    WAITING,
    Arrays,
    Parameters,
)
from sim.engine.compiled_engine.ledger import forget, move, urgency
from sim.model import flow
from sim.model.rules import close_due, satisfaction, supervision_due


@kernel
def has_workers(A: Arrays, grid: int) -> bool:
    """Whether a grid has gridworkers."""
    g = A.grids[grid]
    return g.last_worker > g.first_worker


@kernel
def accept(A: Arrays, P: Parameters, slot: int, channel: int, at: float) -> None:
    """Make a matter a ticket: from then on its deadlines run."""
    t = A.tickets[slot]
    c = A.categories[t.category]
    t.channel = channel
    t.accepted = at
    t.due_sign = at + c.sign_s
    t.due_arrive = at + c.arrive_s
    t.due_close = close_due(at, c.close_s, c.close_workdays, P.first_day, A.upto, A.nth)


@kernel
def attend(t, now: float) -> None:  # type: ignore[no-untyped-def]
    """Note that somebody is there, for the first time or again."""
    t.arrived = now
    if isnan(t.attended):
        t.attended = now


@kernel
def answer(A: Arrays, P: Parameters, slot: int, channel: int, now: float) -> None:
    """Close a request during the call."""
    t = A.tickets[slot]
    t.discovered = t.answered
    accept(A, P, slot, channel, now)
    evaluate(A, P, slot, now)


@kernel
def evaluate(A: Arrays, P: Parameters, slot: int, now: float) -> None:
    """Close a ticket, and ask its citizen if there is one."""
    t = A.tickets[slot]
    move(A, P, slot, CLOSED)
    t.closed = now
    if flow.is_asked(t.channel):
        late = now > t.due_close
        chance = satisfaction(P.on_time, P.late_penalty, P.reopened_penalty, late, t.reopened)
        t.satisfied = 1 if t.satisfaction_u < chance else 0
    forget(A, slot)


@kernel
def from_call(A: Arrays, P: Parameters, s: int, slot: int, channel: int, taken_at: float) -> None:
    """Go on with a request that was taken down on the telephone."""
    t, now = A.tickets[slot], A.shards[s].now
    t.discovered = t.answered
    accept(A, P, slot, channel, taken_at)
    department = A.categories[t.category].department
    if flow.skips_centre(channel, A.departments[department].force):
        t.triaged = t.tracked = now
        watch(A, P, s, slot)
        t.wrong_left = 0
        sign_for(A, P, s, slot)
    else:
        move(A, P, slot, AT_CENTRE)
        triage(A, P, s, slot, flow.district_desk(s, P.towns), P.triage_s)


@kernel
def from_find(A: Arrays, P: Parameters, s: int, slot: int, channel: int) -> None:
    """Go on with what a gridworker, an observer or a camera found, or a citizen wrote."""
    t = A.tickets[slot]
    move(A, P, slot, AT_CENTRE)
    centre = flow.town_desk(t.town)
    if not flow.town_has_it(channel, A.desks[centre].on_duty):
        centre = flow.district_desk(s, P.towns)
    t.channel = channel
    triage(A, P, s, slot, centre, P.register_s)


@kernel
def triage(A: Arrays, P: Parameters, s: int, slot: int, centre: int, mean_s: float) -> None:
    """Have it accepted where that is still due, and sent to those who must deal with it."""
    t = A.tickets[slot]
    t.centre = centre
    t.wrong_left = t.wrong
    ask_centre(A, P, slot, centre, ACCEPT, mean_s, urgency(A, slot))


@kernel
def ask_centre(
    A: Arrays, P: Parameters, slot: int, centre: int, service: int, mean_s: float, order: int
) -> None:
    """Ask a centre for a service of this mean length."""
    t = A.tickets[slot]
    t.service = service
    t.service_s = tick(mean_s * t.desk)
    desks.ask(A, P, centre, order, slot, FIRST)


@kernel
def served(A: Arrays, P: Parameters, s: int, slot: int, desk: int) -> None:
    """Go on when an operator of a centre is done with it."""
    desks.release(A, P, desk)
    t, now = A.tickets[slot], A.shards[s].now
    if t.service == CALL_BACK:
        checked(A, P, s, slot)
        return
    if t.service == ACCEPT:
        if t.accepted != t.accepted:  # what was taken on the telephone is accepted already
            accept(A, P, slot, t.channel, now - tick(P.triage_s * t.desk))
        t.triaged = t.tracked = now
        watch(A, P, s, slot)
        if flow.gridworker_goes(t.simple, has_workers(A, t.grid)):
            t.signed = now
            handle(A, P, s, slot)
            return
    sign_for(A, P, s, slot)


@kernel
def sign_for(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Let a department's desk read the ticket: the right one once the wrong triages are over."""
    t, now = A.tickets[slot], A.shards[s].now
    move(A, P, slot, UNSIGNED)
    right = A.categories[t.category].department
    department = flow.reader(right, t.wrong_left, t.wrong_department, len(A.departments))
    seconds = tick(t.sign * A.departments[department].sign_s)
    when = calendars.advance(A, calendars.of_desk(P, department), now, seconds)
    agenda.push(A, s, when, SIGN, t.id, slot, FIRST)


@kernel
def signed(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Go on when a department has signed for it, or found that it is not its own."""
    t = A.tickets[slot]
    if t.wrong_left > 0:
        t.wrong_left -= 1
        t.sent_back += 1
        move(A, P, slot, AT_CENTRE)
        ask_centre(A, P, slot, t.centre, TRIAGE_AGAIN, P.triage_s, urgency(A, slot))
        return
    t.signed = A.shards[s].now
    t.unit = A.unit_of[A.categories[t.category].department, t.town]
    handle(A, P, s, slot)


@kernel
def handle(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Let it wait for a crew, or for a gridworker."""
    t = A.tickets[slot]
    if flow.must_be_referred(t.unit, has_workers(A, t.grid)):
        sign_for(A, P, s, slot)
        return
    t.ready = A.shards[s].now
    move(A, P, slot, WAITING)
    if t.unit >= 0:
        departments.enter(A, P, s, slot)
        departments.dispatch(A, P, s, t.unit)
    else:
        patrols.send_for(A, P, s, slot)


@kernel
def visited(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Go on when the last crew has left."""
    t, now = A.tickets[slot], A.shards[s].now
    t.finished = now
    move(A, P, slot, SETTLING)
    agenda.push(A, s, now + t.settle_s, SETTLE, t.id, slot, FIRST)


@kernel
def check(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Have the result checked, by a gridworker's look or a call-back."""
    t = A.tickets[slot]
    t.handled = A.shards[s].now
    move(A, P, slot, CHECKING)
    if flow.gridworker_checks(t.by_grid, has_workers(A, t.grid)):
        patrols.look_at(A, P, s, slot)
    else:
        call_back(A, P, s, slot)


@kernel
def call_back(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Have an operator of the district's centre ask whether all is well."""
    centre = flow.district_desk(s, P.towns)
    ask_centre(A, P, slot, centre, CALL_BACK, P.call_back_s, P.call_back_rank)


@kernel
def checked(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Reopen what was badly done; close the rest."""
    t, now = A.tickets[slot], A.shards[s].now
    t.checked = now
    if flow.reopens(t.reopened, t.fails):
        t.reopened += 1
        handle(A, P, s, slot)
        return
    t.watched = False
    if t.level >= DISTRICT:
        A.shards[s].overdue -= 1
    evaluate(A, P, slot, now)


@kernel
def watch(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Set a ticket's clock to the next step of supervision."""
    t = A.tickets[slot]
    t.watched = True
    due = supervision_due(t.accepted, t.due_close, P.reminder, P.city, t.level)
    agenda.push(A, s, max(due, A.shards[s].now), DEADLINE, t.id, slot, t.level)


@kernel
def step_in(A: Arrays, P: Parameters, s: int, slot: int) -> None:
    """Let the next level of supervision take a ticket up."""
    t = A.tickets[slot]
    t.level += 1
    if t.level == REMINDER:
        t.supervised = A.shards[s].now
    elif t.level == DISTRICT:
        A.shards[s].overdue += 1
    if t.state == WAITING:
        if t.unit >= 0:
            departments.rerank(A, P, s, slot)
        else:
            patrols.rerank_job(A, s, slot)
    if t.level < CITY:
        watch(A, P, s, slot)
