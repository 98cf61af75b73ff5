"""Where a matter goes next: the decisions that both engines make, as functions of plain numbers.

The engines own when things happen, queues and memory; what happens then is said here.
"""

from __future__ import annotations

from enum import IntEnum

from sim.model.state import Channel, State


class Turn(IntEnum):
    """Whom a unit serves when it has free crews, one after the other.

    Joint tickets of other units need several crews at once, and would otherwise wait for ever:
    what waits for the unit alone gives way to those that stand before it.
    """

    JOINT_BEFORE = 0  # of other units, and before all that waits here
    OWN = 1
    JOINT_AFTER = 2  # of other units, the rest


CALL_BACK_RANK = 9
"""The urgency of a call-back at a centre: behind that of any ticket there may be."""


def may_be_found(state: int) -> bool:
    """Return whether a matter is still hidden: somebody may find it, or it may go away."""
    return State.UNDISCOVERED <= state <= State.REGISTERED


def may_vanish(state: int) -> bool:
    """Return whether a matter goes away when its lifetime ends: not from a citizen on the line."""
    return state == State.UNDISCOVERED


def vanishes_unheard(now: float, gone_at: float, others: bool) -> bool:
    """Return whether a matter is gone once its citizen has given up calling.

    Parameters
    ----------
    now, gone_at : float
        Its lifetime may have ended meanwhile, s.
    others : bool
        Whether anybody else could ever find it.
    """
    return now >= gone_at or not others


def calls_again(attempts: int, redials: int) -> bool:
    """Return whether a caller whose patience on the line has ended will call again."""
    return attempts <= redials


def is_new_from_12345(state: int) -> bool:
    """Return whether a written-up call makes a ticket: nobody has found its matter meanwhile."""
    return state == State.REGISTERED


def is_new_from_110(state: int) -> bool:
    """Return whether a call to 110 makes a ticket: nobody has found its matter meanwhile."""
    return state == State.CALLING


def town_desk(town: int) -> int:
    """Return the number of a town's centre among all desks; 0 is the hotline's."""
    return 1 + town


def district_desk(district: int, towns: int) -> int:
    """Return the number of a district's centre among all desks: behind all towns'."""
    return 1 + towns + district


def town_has_it(channel: int, operators: int) -> bool:
    """Return whether a found matter goes to the town's centre rather than the district's.

    What gridworkers and observers find does; a town's centre that is shut leaves it to the
    district's.

    Parameters
    ----------
    operators : int
        Of the town's centre, on duty.
    """
    return (channel == Channel.PATROL or channel == Channel.OBSERVER) and operators > 0


def skips_centre(channel: int, force: bool) -> bool:
    """Return whether a call goes straight to its department: 110 sends its own forces."""
    return channel == Channel.POLICE and force


def gridworker_goes(simple: bool, gridworkers: bool) -> bool:
    """Return whether a triaged ticket is one that a gridworker can deal with, and there is one."""
    return simple and gridworkers


def must_be_referred(unit: int, gridworkers: bool) -> bool:
    """Return whether a ticket that nobody can be sent to must go to a department first.

    Parameters
    ----------
    unit : int
        Who has signed for it; below 0: it is a gridworker's.
    """
    return unit < 0 and not gridworkers


def reader(right: int, wrong_left: int, wrong: int, departments: int) -> int:
    """Return the department to which a triage sends a ticket.

    Parameters
    ----------
    right : int
        Whose it is.
    wrong_left, wrong : int
        How many triages still go wrong, and so many departments after the right one.
    """
    return (right + wrong) % departments if wrong_left > 0 else right


def stands_before(a0: float, a1: float, a: int, b0: float, b1: float, b: int) -> bool:
    """Return whether a ticket stands before another in line: by both parts of its key, then id."""
    if a0 != b0:
        return a0 < b0
    if a1 != b1:
        return a1 < b1
    return a < b


def gridworker_checks(by_grid: bool, gridworkers: bool) -> bool:
    """Return whether a gridworker looks at a result on the next pass; otherwise by call-back."""
    return by_grid and gridworkers


def reopens(reopened: int, fails: int) -> bool:
    """Return whether a check finds the result bad."""
    return reopened < fails


def is_asked(channel: int) -> bool:
    """Return whether a closed ticket has a citizen to ask: it came by a request."""
    return channel == Channel.HOTLINE or channel == Channel.ONLINE or channel == Channel.POLICE
