"""The life of a ticket, from discovery to evaluation: a table of steps.

A step sets something going, and its end says which step follows. Where a ticket is in its life is
a number in its row, so that a life can be gone on with from the beginning of any step.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from math import isnan
from typing import NamedTuple

from simpy.events import Event

from sim.clock import tick
from sim.engine.simpy_engine import supervision
from sim.engine.simpy_engine.environment import then
from sim.engine.simpy_engine.world import World
from sim.model import flow
from sim.model.order import Kind
from sim.model.rules import close_due, satisfaction
from sim.model.state import Channel, Service, State


class Step(IntEnum):
    """What a ticket waits for."""

    TRIAGE = 0  # an operator accepts it where that is still due, and says whose it is
    TRIAGE_AGAIN = 1  # after a wrong department has sent it back
    SIGNATURE = 2  # a department's desk reads it
    VISIT = 3  # crews go, and work
    SETTLEMENT = 4  # repair, paperwork
    JOB = 5  # a gridworker goes to a simple one
    LOOK = 6  # a gridworker looks at the result
    CALL_BACK = 7  # or an operator makes a call-back


def reported(world: World, ticket: int, channel: Channel, taken_at: float) -> None:
    """Begin the life of a request that was taken down on the telephone."""
    parameters, load, tickets = world.parameters, world.load, world.tickets
    tickets.discovered[ticket] = tickets.answered[ticket]
    accept(world, ticket, channel, taken_at)
    department = parameters.categories[load.category[ticket]].department
    tickets.centre[ticket] = flow.district_desk(load.district[ticket], parameters.towns)
    if flow.skips_centre(channel, parameters.departments[department].force):
        tickets.triaged[ticket] = tickets.tracked[ticket] = world.now
        supervision.watch(world, ticket)
        enter(world, ticket, Step.SIGNATURE)
    else:
        tickets.wrong_left[ticket] = load.wrong[ticket]
        enter(world, ticket, Step.TRIAGE)


def found(world: World, ticket: int, channel: Channel) -> None:
    """Begin the life of what somebody found, or a citizen wrote."""
    load, tickets = world.load, world.tickets
    centre = flow.town_desk(load.town[ticket])
    if not flow.town_has_it(channel, world.centres[centre].on_duty):
        centre = flow.district_desk(load.district[ticket], world.parameters.towns)
    tickets.channel[ticket] = channel
    tickets.centre[ticket] = centre
    tickets.wrong_left[ticket] = load.wrong[ticket]
    enter(world, ticket, Step.TRIAGE)


def answer(world: World, ticket: int, channel: Channel) -> None:
    """Close a request during the call."""
    world.tickets.discovered[ticket] = world.tickets.answered[ticket]
    accept(world, ticket, channel, world.now)
    evaluate(world, ticket)


def accept(world: World, ticket: int, channel: Channel, at: float) -> None:
    """Make a matter a ticket: from then on its deadlines run."""
    tickets, category = world.tickets, world.parameters.categories[world.load.category[ticket]]
    working = world.parameters.working_days
    tickets.channel[ticket] = channel
    tickets.accepted[ticket] = at
    tickets.due_sign[ticket] = at + category.sign_s
    tickets.due_arrive[ticket] = at + category.arrive_s
    tickets.due_close[ticket] = close_due(
        at, category.close_s, category.close_workdays, working.first, working.upto, working.nth
    )


def evaluate(world: World, ticket: int) -> None:
    """Close a ticket, and ask its citizen if there is one."""
    tickets, parameters = world.tickets, world.parameters
    world.move(ticket, State.CLOSED)
    tickets.closed[ticket] = world.now
    if flow.is_asked(tickets.channel[ticket]):
        chance = satisfaction(
            parameters.on_time,
            parameters.late_penalty,
            parameters.reopened_penalty,
            world.now > tickets.due_close[ticket],
            tickets.reopened[ticket],
        )
        tickets.satisfied[ticket] = int(world.load.satisfaction_u[ticket] < chance)


def enter(world: World, ticket: int, step: Step) -> None:
    """Let a life go on from the beginning of a step."""
    world.tickets.step[ticket] = step
    wait(world, ticket, LIFE[step].begin(world, ticket))


def wait(world: World, ticket: int, over: Event) -> None:
    """Let a life go on at the end of its step."""
    then(over, _over, world, ticket)


def _over(world: World, ticket: int) -> None:
    following = LIFE[Step(world.tickets.step[ticket])].end(world, ticket)
    if following is not None:
        enter(world, ticket, following)


STEPS = {
    Service.ACCEPT: Step.TRIAGE,
    Service.TRIAGE_AGAIN: Step.TRIAGE_AGAIN,
    Service.CALL_BACK: Step.CALL_BACK,
}
"""The steps at which a ticket is with a centre."""


def service_s(world: World, ticket: int, step: Step) -> float:
    """Return how long an operator is busy with a ticket, s."""
    parameters = world.parameters
    if step == Step.CALL_BACK:
        mean_s = parameters.call_back_s
    elif isnan(world.tickets.accepted[ticket]):
        mean_s = parameters.register_s
    else:  # it was taken on the telephone
        mean_s = parameters.triage_s
    return tick(mean_s * world.load.desk[ticket])


def _wait_for_triage(world: World, ticket: int) -> Event:
    world.move(ticket, State.AT_CENTRE)
    centre = world.centres[world.tickets.centre[ticket]]
    return centre.serve(ticket, service_s(world, ticket, Step.TRIAGE), world.urgency(ticket))


def _triaged(world: World, ticket: int) -> Step:
    load, tickets = world.load, world.tickets
    if isnan(tickets.accepted[ticket]):
        sorting = tick(world.parameters.triage_s * load.desk[ticket])
        accept(world, ticket, Channel(tickets.channel[ticket]), world.now - sorting)
    tickets.triaged[ticket] = tickets.tracked[ticket] = world.now
    supervision.watch(world, ticket)
    if flow.gridworker_goes(load.simple[ticket] > 0, load.grid[ticket] in world.grids):
        tickets.signed[ticket] = world.now
        return Step.JOB
    return Step.SIGNATURE


def _wait_for_signature(world: World, ticket: int) -> Event:
    world.move(ticket, State.UNSIGNED)
    load, parameters = world.load, world.parameters
    department = flow.reader(
        parameters.categories[load.category[ticket]].department,
        world.tickets.wrong_left[ticket],
        load.wrong_department[ticket],
        len(parameters.departments),
    )
    seconds = tick(load.sign[ticket] * parameters.departments[department].sign_s)
    world.tickets.until[ticket] = parameters.desks[department].advance(world.now, seconds)
    return sign_at(world, ticket)


def sign_at(world: World, ticket: int) -> Event:
    """Return what happens when the department's desk has read it."""
    return world.env.at(world.tickets.until[ticket], Kind.SIGN, ticket)


def _signed(world: World, ticket: int) -> Step:
    load, tickets = world.load, world.tickets
    if tickets.wrong_left[ticket] > 0:
        tickets.wrong_left[ticket] -= 1
        tickets.sent_back[ticket] += 1
        return Step.TRIAGE_AGAIN
    department = world.parameters.categories[load.category[ticket]].department
    tickets.signed[ticket] = world.now
    tickets.unit[ticket] = world.plan.unit_of[department, load.town[ticket]]
    return Step.VISIT


def _handled_by(world: World, ticket: int) -> Step:
    unit = world.tickets.unit[ticket]
    if flow.must_be_referred(unit, world.load.grid[ticket] in world.grids):
        return Step.SIGNATURE
    return Step.VISIT if unit >= 0 else Step.JOB


def _wait_for_somebody(world: World, ticket: int) -> Event:
    tickets = world.tickets
    tickets.ready[ticket] = world.now
    world.move(ticket, State.WAITING)
    unit = tickets.unit[ticket]
    return (world.units[unit] if unit >= 0 else world.grids[world.load.grid[ticket]]).handle(ticket)


def _visited(world: World, ticket: int) -> Step:
    world.tickets.finished[ticket] = world.now
    return Step.SETTLEMENT


def _settle(world: World, ticket: int) -> Event:
    world.move(ticket, State.SETTLING)
    world.tickets.until[ticket] = world.now + world.load.settle_s[ticket]
    return settle_at(world, ticket)


def settle_at(world: World, ticket: int) -> Event:
    """Return what happens when it is settled."""
    return world.env.at(world.tickets.until[ticket], Kind.SETTLE, ticket)


def _job_done(world: World, ticket: int) -> Step:
    world.tickets.finished[ticket] = world.now
    return _settled(world, ticket)


def _settled(world: World, ticket: int) -> Step:
    load = world.load
    world.tickets.handled[ticket] = world.now
    world.move(ticket, State.CHECKING)
    if flow.gridworker_checks(load.by_grid[ticket] > 0, load.grid[ticket] in world.grids):
        return Step.LOOK
    return Step.CALL_BACK


def _wait_for_a_look(world: World, ticket: int) -> Event:
    return world.grids[world.load.grid[ticket]].check(ticket)


def _call_back(world: World, ticket: int) -> Event:
    parameters = world.parameters
    centre = world.centres[flow.district_desk(world.load.district[ticket], parameters.towns)]
    seconds = service_s(world, ticket, Step.CALL_BACK)
    return centre.serve(ticket, seconds, parameters.call_back_rank)


def _checked(world: World, ticket: int) -> Step | None:
    tickets = world.tickets
    tickets.checked[ticket] = world.now
    if flow.reopens(tickets.reopened[ticket], world.load.fails[ticket]):
        tickets.reopened[ticket] += 1
        return _handled_by(world, ticket)
    supervision.release(world, ticket)
    evaluate(world, ticket)
    return None


class Stage(NamedTuple):
    """What a step sets going, and what its end leads to; None: nothing more."""

    begin: Callable[[World, int], Event]
    end: Callable[[World, int], Step | None]


LIFE = {
    Step.TRIAGE: Stage(_wait_for_triage, _triaged),
    Step.TRIAGE_AGAIN: Stage(_wait_for_triage, lambda _world, _ticket: Step.SIGNATURE),
    Step.SIGNATURE: Stage(_wait_for_signature, _signed),
    Step.VISIT: Stage(_wait_for_somebody, _visited),
    Step.SETTLEMENT: Stage(_settle, _settled),
    Step.JOB: Stage(_wait_for_somebody, _job_done),
    Step.LOOK: Stage(_wait_for_a_look, _checked),
    Step.CALL_BACK: Stage(_call_back, _checked),
}
