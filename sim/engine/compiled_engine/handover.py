"""Gridworkers who come and go with another plan, and what they find or leave behind."""

from __future__ import annotations

from numpy.typing import NDArray

from sim.engine.compiled_engine import patrols, queues, tickets
from sim.engine.compiled_engine.jit import kernel
from sim.engine.compiled_engine.layout import (
    CHECK,
    CHECKING,
    ONE,
    RECORD,
    WAITING,
    Arrays,
)


@kernel
def hand_over(
    A: Arrays,
    leavers: NDArray,  # type: ignore[type-arg]
    comers: NDArray,  # type: ignore[type-arg]
    first: NDArray,  # type: ignore[type-arg]
    lying: NDArray,  # type: ignore[type-arg]
    orphans: NDArray,  # type: ignore[type-arg]
) -> None:
    """Let gridworkers go and come.

    Parameters
    ----------
    leavers, comers : int64 arrays
        Who goes and who comes, each with its shard: [n, 2].
    first, lying : int64 [n + 1], int64 [m]
        Slots of what a newcomer may find or must look at: ``lying[first[i] : first[i + 1]]``.
    orphans : int64 array
        Slots of what waits in grids that have nobody left, in order of their numbers.
    """
    P = A.parameters[0]
    for i in range(len(leavers)):
        w, s = leavers[i, 0], leavers[i, 1]
        worker = A.workers[w]
        worker.withdrawn = True
        if not worker.busy:
            worker.version += 1
        while worker.root >= 0:
            worker.root = queues.pop_root(A, s, worker.root)
    for i in range(len(comers)):
        w, s = comers[i, 0], comers[i, 1]
        for j in range(first[i], first[i + 1]):
            t = A.tickets[lying[j]]
            if t.state == CHECKING:
                patrols.expect(A, P, s, w, CHECK, lying[j], ONE)
            else:
                patrols.expect(A, P, s, w, RECORD, lying[j], t.passes)
        patrols.aim(A, P, s, w)
    for slot in orphans:
        t = A.tickets[slot]
        if t.state == WAITING:  # a job goes to its department
            A.grids[t.grid].jobs -= 1
            tickets.sign_for(A, P, t.district, slot)
        else:
            t.checking = False
            tickets.call_back(A, P, t.district, slot)
