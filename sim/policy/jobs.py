"""What comes first for a gridworker: the round, or a simple ticket that waits in the grid."""

from __future__ import annotations

from sim.policy.priority import Priority


class PatrolFirst(Priority):
    """Gridworkers go to simple tickets between the rounds of their shift."""

    name = "patrol-first"
    jobs_first = False


class DispatchFirst(Priority):
    """Gridworkers leave their round for simple tickets, as they do under most policies."""

    name = "dispatch-first"
    jobs_first = True
