"""Rules that hold at every instant of a run of the compiled engine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.engine.compiled_engine import layout
from sim.engine.compiled_engine.build import ready_crews
from sim.engine.compiled_engine.layout import Arrays
from sim.errors import InvariantError
from sim.model.replan import Staff
from sim.model.state import State


def check_arrays(
    arrays: Arrays, over: NDArray[np.int64], most: NDArray[np.int64], staff: Staff
) -> None:
    """Check the ledger against the tickets, and that nobody is in two places.

    Parameters
    ----------
    over : int64 [states]
        Tickets that have been moved to the record, by state.
    most : int64 [desks]
        Operators who may be busy at once.
    staff : Staff
        Who is there.

    Raises
    ------
    InvariantError
        If a rule does not hold; the message says which.
    """
    tickets, counts = arrays.tickets, arrays.counts[:-1, : layout.STATES].sum(axis=0)
    here = tickets[tickets["used"] & (tickets["state"] >= 0)]
    found = over + np.bincount(here["state"], minlength=len(State))
    if (counts < 0).any() or not np.array_equal(found, counts):
        raise InvariantError(f"the ledger has {counts.tolist()}, the tickets {found.tolist()}")
    wrong = (arrays.desks["busy"] < 0) | (arrays.desks["busy"] > most)
    if wrong.any():
        raise InvariantError(f"desk {np.flatnonzero(wrong)[0]} has lost count of who is busy")
    crews = arrays.crews
    if (crews["free"] != (crews["slot"] < 0)).any():
        raise InvariantError("a crew is free and at a ticket")
    at = tickets["state"][crews["slot"][~crews["free"]]]
    if not np.isin(at, (layout.TRAVELLING, layout.ON_SITE)).all():
        raise InvariantError("a crew is at a ticket that is elsewhere")
    idle = np.bincount(crews["unit"][crews["free"]], minlength=len(arrays.units))
    if (idle != arrays.units["idle"]).any():
        raise InvariantError("a unit has lost count of its free crews")
    if (ready_crews(arrays) != arrays.units["ready"]).any():
        raise InvariantError("a unit has lost count of who is free and on duty")
    _check_staff(arrays, staff)
    waiting = int(arrays.units["waiting"].sum() + arrays.grids["jobs"].sum())
    if waiting != counts[State.WAITING]:
        raise InvariantError(f"{counts[State.WAITING]} tickets wait, the queues have {waiting}")


def _check_staff(arrays: Arrays, staff: Staff) -> None:
    """Check that those of the plan in force are there, and that nothing waits for nobody."""
    for who, listed, present in (
        ("crews", arrays.unit_crews, staff.crews),
        ("gridworkers", arrays.grid_workers, staff.workers),
    ):
        if not np.array_equal(np.sort(listed), np.flatnonzero(present)):
            raise InvariantError(f"the {who} are not those of the plan in force")
    tickets, grids = arrays.tickets, arrays.grids
    waits = grids["jobs"] > 0
    waits[tickets["grid"][tickets["used"] & tickets["checking"]]] = True
    if (waits & (grids["last_worker"] == grids["first_worker"])).any():
        raise InvariantError("something waits in a grid that has no gridworkers")
