"""A run that begins from the state of another: everybody and everything is put where it was."""

from __future__ import annotations

from heapq import heapify
from math import isnan

import numpy as np
from simpy.events import Event

from sim.engine.simpy_engine import nature, supervision
from sim.engine.simpy_engine import ticket as life
from sim.engine.simpy_engine.department import Visit
from sim.engine.simpy_engine.desk import Request
from sim.engine.simpy_engine.environment import Alarm
from sim.engine.simpy_engine.hotline import hear
from sim.engine.simpy_engine.people import People
from sim.engine.simpy_engine.ticket import Step
from sim.engine.simpy_engine.world import World
from sim.engine.state import RunState
from sim.model.order import Kind
from sim.model.race import TIMED
from sim.model.replan import Staff
from sim.model.rules import next_epoch
from sim.model.state import Calling, Channel, Does, Service, State, StopKind
from sim.model.way import Leg, Purpose, Spot


def records(world: World, state: RunState) -> None:
    """Write the rows of the matters that the state knows."""
    for table in (state.matters, state.over):
        world.load.put(table["number"], table)
        world.tickets.put(table["number"], table)


def people_of(people: People, staff: Staff) -> None:
    """Do without those who were withdrawn."""
    for number in np.flatnonzero(~staff.crews).tolist():
        people.crews[number].unit.withdraw(number)
    for number in np.flatnonzero(~staff.workers).tolist():
        people.workers[number].beat.withdraw(number)
    for number in [n for n, grid in people.grids.items() if not grid.workers]:
        del people.grids[number]


def go_on(world: World, people: People, state: RunState, *, anew: bool) -> None:
    """Let all go on that the state says.

    Parameters
    ----------
    anew : bool
        Whether the policy is another than the state's: it says anew where tickets stand in line.
    """
    world.env.happened = state.events
    world.on_duty[:] = [bool(on) for on in state.shifts["on_duty"]]
    world.began[:] = state.shifts["began"].tolist()
    world.shift_alarm.set(state.next_shift)
    if not anew and state.memory is not None:
        world.policy.recall(world.view, state.memory)
    matters = _matters(world, state)
    _workers(world, people, state)
    _crews(world, people, state)
    _requests(world, people, state, matters)
    for ticket in sorted(matters):
        _matter(world, people, state, ticket, matters[ticket], anew=anew)
    for worker, at, kind, ticket in zip(*(c.tolist() for c in state.ahead.values()), strict=True):
        people.workers[worker].ahead.append((at, kind, ticket))
    for worker in people.workers.values():
        heapify(worker.ahead)
    for unit, awaiting in zip(people.units, state.units["awaiting"], strict=True):
        if awaiting:
            epoch = world.policy.epoch_s
            unit.await_epoch(next_epoch(world.now, epoch) if epoch else world.now)


def _matters(world: World, state: RunState) -> dict[int, dict[str, float]]:
    """Return what is known of each matter that is not over, by number, and count it."""
    columns = {name: column.tolist() for name, column in state.matters.items()}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for row in rows:
        ticket = row["number"]
        if row["state"] >= 0:
            world.race[ticket] = tuple(row[entrant.column] for entrant in TIMED)
            world.ledger.put(row["district"], row["state"])
    world.over.update(state.over["number"].tolist())
    return {row["number"]: row for row in rows}


def _matter(
    world: World,
    people: People,
    state: RunState,
    ticket: int,
    row: dict[str, float],
    *,
    anew: bool,
) -> None:
    """Let a matter wait for what it waits for; those with people are with them already."""
    if row["state"] < 0:
        world.env.process(nature.nature(world, ticket, ticket + 1))
        return
    if row["watched"]:
        supervision.go_on(world, ticket)
    if row["on_line"]:
        _on_line(world, people, ticket, row)
    if world.hidden(ticket):
        nature.lie(world, ticket, nature.still_to_come(world, ticket))
    here, unit, grid = State(int(row["state"])), int(row["unit"]), int(row["grid"])
    if here == State.UNSIGNED:
        _wait(world, ticket, Step.SIGNATURE, life.sign_at(world, ticket))
    elif here == State.SETTLING:
        _wait(world, ticket, Step.SETTLEMENT, life.settle_at(world, ticket))
    elif here == State.WAITING and unit >= 0:
        over = people.units[unit].over[ticket] = Event(world.env)
        _wait(world, ticket, Step.VISIT, over)
        key = world.policy.key(world.view, ticket) if anew else state.keys[ticket]
        people.units[unit].enter(ticket, key)
    elif here == State.WAITING:
        _wait(world, ticket, Step.JOB, people.grids[grid].put(ticket))
    elif row["checking"] and not people.is_looked_at(ticket, grid):
        over = people.grids[grid].checked[ticket] = Event(world.env)
        _wait(world, ticket, Step.LOOK, over)


def _wait(world: World, ticket: int, step: Step, over: Event) -> None:
    world.tickets.step[ticket] = step
    life.wait(world, ticket, over)


def _on_line(world: World, people: People, ticket: int, row: dict[str, float]) -> None:
    """Let a citizen on the line go on; who waits or talks is among the hotline's requests."""
    if row["citizen"] == Channel.POLICE:
        hear(world, ticket)
    elif row["abandoned"] or not isnan(row["requested"]):
        people.hotline.deliver(ticket)
    elif row["calling"] == Calling.TRIES_AGAIN:
        people.hotline.try_again(ticket)


def _requests(
    world: World, people: People, state: RunState, matters: dict[int, dict[str, float]]
) -> None:
    """Let what is with operators, or waits for them, be there."""
    load = world.load
    for number, ticket, urgency, _, arrive, start, end in zip(
        *(column.tolist() for column in state.requests.values()), strict=True
    ):
        desk, row = people.desks[number], matters[ticket]
        alarm = Alarm(world.env, Kind.SERVICE if number else Kind.CALL, ticket)
        if number:
            step = life.STEPS[Service(int(row["service"]))]
            seconds = life.service_s(world, ticket, step)
        else:
            seconds = load.talk_s[ticket]
        waits = isnan(start)
        request = Request(ticket, seconds if waits else end - start, urgency, arrive, alarm)
        if waits:
            desk.queue(request)
        else:
            desk.serve_from(request, start)
        if number:
            _wait(world, ticket, step, alarm.event)
            continue
        if waits:
            alarm.set(row["line_until"])
        people.hotline.attend_to(request)


def _crews(world: World, people: People, state: RunState) -> None:
    """Put crews on their ways, and at their tickets."""
    names = ("from_x", "from_y", "from_node", "from_rest", "left", "arrives")
    ways = zip(*(state.crews[name].tolist() for name in names), strict=True)
    teams: dict[int, list[int]] = {}
    for number, (x, y, node, rest, left, arrives) in enumerate(ways):
        crew, ticket = people.crews[number], int(state.crews["ticket"][number])
        free = ticket < 0
        end = crew.base if free else world.place(ticket)
        purpose = Purpose.BACK if free else Purpose.VISIT
        crew.leg = Leg(Spot(x, y, node, rest), end, left, arrives, purpose, 0)
        if not free:
            teams.setdefault(ticket, []).append(number)
    for ticket, team in teams.items():
        over = Event(world.env)
        _wait(world, ticket, Step.VISIT, over)
        visit = Visit(world, ticket, [people.crews[number] for number in team], over)
        for number in team:
            works, work = bool(state.crews["works"][number]), float(state.crews["work"][number])
            visit.take_in(people.crews[number], works=works, work=work)


def _workers(world: World, people: People, state: RunState) -> None:
    """Let gridworkers walk on, or go on with their stops."""
    names = ("odometer", "since", "alarm", "does", "ticket", "until", "way", "begun", "ends")
    columns = [state.workers[name].tolist() for name in names]
    for number, row in enumerate(zip(*columns, strict=True)):
        worker = people.workers[number]
        worker.odometer, worker.since, alarm, does, ticket, *stop = row
        if Does(does) == Does.WALK:
            worker.alarm.set(alarm)
            continue
        worker.does, worker.ticket = Does(does), ticket
        worker.until, worker.way, worker.begun, worker.ends = stop
        if worker.does == Does.LOOK:
            worker.looked = Event(world.env)
            worker.log(StopKind.CHECK)
            _wait(world, ticket, Step.LOOK, worker.looked)
        elif worker.does == Does.FIND:
            worker.log(StopKind.SPOT if world.load.simple[ticket] else StopKind.RECORD)
        else:
            worker.log(StopKind.JOB)
            if worker.does != Does.BACK:
                over = worker.beat.done[ticket] = Event(world.env)
                _wait(world, ticket, Step.JOB, over)
