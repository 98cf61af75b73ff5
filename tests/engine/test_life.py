"""A ticket's life can be entered at any step, and goes on from there to its end."""

from __future__ import annotations

from math import isnan
from pathlib import Path

import pytest
from tiny import tiny

import sim
from sim.engine.simpy_engine import supervision
from sim.engine.simpy_engine import ticket as life
from sim.engine.simpy_engine.engine import SimpySimulation
from sim.engine.simpy_engine.ticket import LIFE, Step
from sim.engine.simpy_engine.world import World
from sim.model.state import Channel, State

MIDDAY = 11 * 3600.0


def hidden(world: World) -> int:
    """Return a matter that lies there in a grid with gridworkers."""
    return next(
        matter
        for matter in range(len(world.tickets))
        if world.tickets.state[matter] == State.UNDISCOVERED
        and world.load.grid[matter] in world.grids
    )


@pytest.mark.parametrize("step", Step)
def test_entered_at_any_step(step: Step, tmp_path: Path) -> None:
    run = sim.prepare(tiny(tmp_path), engine="simpy")
    assert isinstance(run, SimpySimulation)
    run.run(MIDDAY)
    world = run._world
    ticket, tickets = hidden(world), world.tickets
    category = world.parameters.categories[world.load.category[ticket]]
    tickets.centre[ticket] = min(world.centres)
    tickets.discovered[ticket] = MIDDAY
    tickets.channel[ticket] = Channel.PATROL
    if step != Step.TRIAGE:  # all later ones have been accepted, and are watched
        life.accept(world, ticket, Channel.PATROL, MIDDAY)
        supervision.watch(world, ticket)
    if step not in (Step.TRIAGE, Step.TRIAGE_AGAIN, Step.SIGNATURE, Step.JOB):
        town = world.load.town[ticket]
        tickets.unit[ticket] = world.plan.unit_of[category.department, town]
    world.move(ticket, State.AT_CENTRE)
    life.enter(world, ticket, step)
    assert tickets.step[ticket] == step
    run.run()
    assert tickets.state[ticket] == State.CLOSED
    assert ticket not in world.deadlines
    later = {
        Step.TRIAGE: "triaged",
        Step.SIGNATURE: "signed",
        Step.VISIT: "finished",
        Step.JOB: "finished",
        Step.SETTLEMENT: "handled",
    }.get(step, "checked")
    assert getattr(tickets, later)[ticket] > MIDDAY
    assert isnan(tickets.signed[ticket]) == (step in (Step.VISIT, *list(Step)[4:]))


def test_the_table_has_every_step() -> None:
    assert list(LIFE) == list(Step)
