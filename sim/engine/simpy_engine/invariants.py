"""Rules that hold at every instant of a run of the SimPy engine."""

from __future__ import annotations

import numpy as np

from sim.engine.simpy_engine.people import People
from sim.engine.simpy_engine.world import World
from sim.errors import InvariantError
from sim.model.state import State


def check_world(world: World, people: People) -> None:
    """Check the ledger against the tickets, and that nobody is in two places.

    Raises
    ------
    InvariantError
        If a rule does not hold; the message says which.
    """
    ledger, tickets = world.ledger, world.tickets
    ledger.balance()
    states = np.array(tickets.state)
    states[list(world.over)] = -1
    ledger.recount(world.load.district, states.tolist())
    for desk in people.desks:
        if desk.busy < 0 or desk.busy > desk.most:
            raise InvariantError(f"desk {desk.number} has {desk.busy} busy of {desk.most}")
    staff = world.succession.staff
    crews = sorted(crew for unit in people.units for crew in unit.crews)
    workers = sorted(w.number for grid in people.grids.values() for w in grid.workers)
    if crews != np.flatnonzero(staff.crews).tolist():
        raise InvariantError("the crews are not those of the plan in force")
    if workers != np.flatnonzero(staff.workers).tolist():
        raise InvariantError("the gridworkers are not those of the plan in force")
    waiting = 0
    for unit in people.units:
        waiting += len(unit.order)
        if unit.idle != [c for c, crew in unit.crews.items() if crew.free]:
            raise InvariantError(f"unit {unit.number} has lost count of its free crews")
        for crew in unit.crews.values():
            if crew.free != (crew.visit is None):
                raise InvariantError(f"crew {crew.number} is free and at a ticket")
            if crew.visit is not None and tickets.state[crew.visit.ticket] not in (
                State.TRAVELLING,
                State.ON_SITE,
            ):
                raise InvariantError(f"crew {crew.number} is at a ticket that is elsewhere")
        if any(tickets.state[ticket] != State.WAITING for _, ticket in unit.order):
            raise InvariantError(f"unit {unit.number} has a ticket waiting that is elsewhere")
    for grid in people.grids.values():
        waiting += len(grid.jobs)
    counted = sum(row[State.WAITING] for row in ledger.counts)
    if waiting != counted:
        raise InvariantError(f"{counted} tickets wait, the queues have {waiting}")
