"""The life of a ticket, from discovery to evaluation."""

from __future__ import annotations

from sim.clock import MINUTE, tick
from sim.engine.compiled_engine import agenda, calendars, departments, desks, patrols
from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import (
    ACCEPT,
    AT_CENTRE,
    BY_CALL,
    BY_OBSERVER,
    BY_PATROL,
    BY_POLICE,
    BY_WRITING,
    CALL_BACK,
    CHECKING,
    CITY,
    CLOSED,
    DEADLINE,
    DISTRICT,
    FIRST,
    LAST,
    ONE,
    REMINDER,
    SETTLE,
    SETTLING,
    SIGN,
    TRIAGE_AGAIN,
    UNSIGNED,
    WAITING,
    Arrays,
    Rules,
)
from sim.engine.compiled_engine.ledger import forget, move, urgency
from sim.model.rules import satisfaction, supervision_due


@kernel
def has_workers(A: Arrays, grid: int) -> bool:
    """Whether a grid has gridworkers."""
    g = A.grids[grid]
    return g.last_worker > g.first_worker


@kernel
def accept(A: Arrays, slot: int, channel: int, at: float) -> None:
    """Make a matter a ticket: from then on its deadlines run."""
    t = A.tickets[slot]
    c = A.categories[t.category]
    t.channel = channel
    t.accepted = at
    t.due_sign = at + c.sign
    t.due_arrive = at + c.arrive
    t.due_close = at + c.close


@kernel
def answer(A: Arrays, R: Rules, slot: int, channel: int, now: float) -> None:
    """Close a request during the call."""
    t = A.tickets[slot]
    t.discovered = t.answered
    accept(A, slot, channel, now)
    evaluate(A, R, slot, now)


@kernel
def evaluate(A: Arrays, R: Rules, slot: int, now: float) -> None:
    """Close a ticket, and ask its citizen if there is one."""
    t = A.tickets[slot]
    move(A, R, slot, CLOSED)
    t.closed = now
    if t.channel == BY_CALL or t.channel == BY_WRITING or t.channel == BY_POLICE:
        late = now > t.due_close
        chance = satisfaction(R.on_time, R.late_penalty, R.reopened_penalty, late, t.reopened)
        t.satisfied = 1 if t.satisfaction_u < chance else 0
    forget(A, slot)


@kernel
def from_call(A: Arrays, R: Rules, s: int, slot: int, channel: int, taken_at: float) -> None:
    """Go on with a request that was taken down on the telephone."""
    t, now = A.tickets[slot], A.shards[s].now
    t.discovered = t.answered
    accept(A, slot, channel, taken_at)
    department = A.categories[t.category].department
    if channel == BY_POLICE and A.departments[department].force:
        t.triaged = t.tracked = now
        watch(A, R, s, slot)
        t.wrong_left = 0
        sign_for(A, R, s, slot)
    else:
        move(A, R, slot, AT_CENTRE)
        triage(A, R, s, slot, ONE + R.towns + s, 0.0)


@kernel
def from_find(A: Arrays, R: Rules, s: int, slot: int, channel: int) -> None:
    """Go on with what a gridworker, an observer or a camera found, or a citizen wrote."""
    t = A.tickets[slot]
    move(A, R, slot, AT_CENTRE)
    centre = ONE + R.towns + s
    # a town's centre that is shut leaves it to the district's
    if (channel == BY_PATROL or channel == BY_OBSERVER) and A.desks[1 + t.town].on_duty > 0:
        centre = 1 + t.town
    t.channel = channel
    triage(A, R, s, slot, centre, R.accept_min)


@kernel
def triage(A: Arrays, R: Rules, s: int, slot: int, centre: int, accept_min: float) -> None:
    """Have it accepted where that is still due, and sent to those who must deal with it."""
    t = A.tickets[slot]
    t.centre = centre
    t.wrong_left = t.wrong
    ask_centre(A, R, slot, centre, ACCEPT, accept_min + R.triage_min, urgency(A, slot))


@kernel
def ask_centre(
    A: Arrays, R: Rules, slot: int, centre: int, service: int, minutes: float, order: int
) -> None:
    """Ask a centre for a service of this mean length."""
    t = A.tickets[slot]
    t.service = service
    t.service_s = tick(minutes * MINUTE * t.desk)
    desks.ask(A, R, centre, order, slot, FIRST)


@kernel
def served(A: Arrays, R: Rules, s: int, slot: int, desk: int) -> None:
    """Go on when an operator of a centre is done with it."""
    desks.release(A, R, desk)
    t, now = A.tickets[slot], A.shards[s].now
    if t.service == CALL_BACK:
        checked(A, R, s, slot)
        return
    if t.service == ACCEPT:
        if t.accepted != t.accepted:  # what was taken on the telephone is accepted already
            accept(A, slot, t.channel, now - tick(R.triage_min * MINUTE * t.desk))
        t.triaged = t.tracked = now
        watch(A, R, s, slot)
        if t.simple and has_workers(A, t.grid):  # simple: its gridworker goes
            t.signed = now
            handle(A, R, s, slot)
            return
    sign_for(A, R, s, slot)


@kernel
def sign_for(A: Arrays, R: Rules, s: int, slot: int) -> None:
    """Let a department's desk read the ticket: the right one once the wrong triages are over."""
    t, now = A.tickets[slot], A.shards[s].now
    move(A, R, slot, UNSIGNED)
    department = A.categories[t.category].department
    if t.wrong_left > 0:
        department = (department + t.wrong_department) % len(A.departments)
    seconds = tick(t.sign * A.departments[department].sign_mean)
    when = calendars.advance(A, 2 * R.shifts + department, now, seconds)
    agenda.push(A, s, when, SIGN, t.id, slot, FIRST)


@kernel
def signed(A: Arrays, R: Rules, s: int, slot: int) -> None:
    """Go on when a department has signed for it, or found that it is not its own."""
    t = A.tickets[slot]
    if t.wrong_left > 0:
        t.wrong_left -= 1
        t.sent_back += 1
        move(A, R, slot, AT_CENTRE)
        ask_centre(A, R, slot, t.centre, TRIAGE_AGAIN, R.triage_min, urgency(A, slot))
        return
    t.signed = A.shards[s].now
    t.unit = A.unit_of[A.categories[t.category].department, t.town]
    handle(A, R, s, slot)


@kernel
def handle(A: Arrays, R: Rules, s: int, slot: int) -> None:
    """Let it wait for a crew, or for a gridworker."""
    t = A.tickets[slot]
    if t.unit < 0 and not has_workers(A, t.grid):  # its gridworkers were withdrawn
        sign_for(A, R, s, slot)
        return
    t.ready = A.shards[s].now
    move(A, R, slot, WAITING)
    if t.unit >= 0:
        departments.enter(A, R, s, slot)
        departments.dispatch(A, R, s, t.unit)
    else:
        patrols.send_for(A, R, s, slot)


@kernel
def visited(A: Arrays, R: Rules, s: int, slot: int) -> None:
    """Go on when the last crew has left."""
    t, now = A.tickets[slot], A.shards[s].now
    t.finished = now
    move(A, R, slot, SETTLING)
    agenda.push(A, s, now + t.settle_s, SETTLE, t.id, slot, FIRST)


@kernel
def check(A: Arrays, R: Rules, s: int, slot: int) -> None:
    """Have the result checked, by a gridworker's look or a call-back."""
    t = A.tickets[slot]
    t.handled = A.shards[s].now
    move(A, R, slot, CHECKING)
    if t.by_grid and has_workers(A, t.grid):
        patrols.look_at(A, R, s, slot)
    else:  # call-backs are made when nothing more urgent waits
        ask_centre(A, R, slot, ONE + R.towns + s, CALL_BACK, R.callback_min, LAST)


@kernel
def checked(A: Arrays, R: Rules, s: int, slot: int) -> None:
    """Reopen what was badly done; close the rest."""
    t, now = A.tickets[slot], A.shards[s].now
    t.checked = now
    if t.reopened < t.fails:
        t.reopened += 1
        handle(A, R, s, slot)
        return
    t.watched = False
    if t.level >= DISTRICT:
        A.shards[s].overdue -= 1
    evaluate(A, R, slot, now)


@kernel
def watch(A: Arrays, R: Rules, s: int, slot: int) -> None:
    """Set a ticket's clock to the next step of supervision."""
    t = A.tickets[slot]
    t.watched = True
    due = supervision_due(t.accepted, t.due_close, R.reminder, R.city, t.level)
    agenda.push(A, s, max(due, A.shards[s].now), DEADLINE, t.id, slot, t.level)


@kernel
def step_in(A: Arrays, R: Rules, s: int, slot: int) -> None:
    """Let the next level of supervision take a ticket up."""
    t = A.tickets[slot]
    t.level += 1
    if t.level == REMINDER:
        t.supervised = A.shards[s].now
    elif t.level == DISTRICT:
        A.shards[s].overdue += 1
    if t.state == WAITING:
        if t.unit >= 0:
            departments.rerank(A, R, s, slot)
        else:
            patrols.rerank_job(A, s, slot)
    if t.level < CITY:
        watch(A, R, s, slot)
