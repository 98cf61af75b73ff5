"""The written order of what happens at the same instant: kind of event, then id.

Both engines break ties in time by it. Things that follow at once from an event (a dispatch from
a signature, say) belong to that event and need no place here.
"""

from __future__ import annotations

from enum import IntEnum


class Kind(IntEnum):
    """Kinds of timed events, the earlier first."""

    SHIFT = 2  # id: unit or desk; posts begin to be filled (0 and 1 are SimPy's own)
    ARISE = 3  # id: matter
    VANISH = 4  # id: matter
    OBSERVER = 5  # id: matter; a part-time gridworker notices
    CAMERA = 6  # id: matter
    REPORT = 7  # id: matter; its citizen's patience ends
    PATROL = 8  # id: gridworker; reaches the next stop, or is done with one
    CALL = 9  # id: matter; talk ends, patience on the line ends, or calls again
    DELIVER = 10  # id: matter; what the hotline wrote up reaches the linkage centre
    SERVICE = 11  # id: matter; an operator of a centre is done with it
    SIGN = 12  # id: matter
    CREW = 13  # id: crew; arrives, or is done
    SETTLE = 14  # id: matter
    DEADLINE = 15  # id: matter
    SAMPLE = 16  # outside requests of a live session
    DECIDE = 17  # id: unit; the epoch of a policy that does not decide at once


def rank(kind: int, ident: int) -> int:
    """Return one number that sorts by kind, then id (below 2**40)."""
    return (kind << 40) | ident


def kind_of(order: int) -> int:
    """Return the kind in a rank."""
    return order >> 40


def ident_of(order: int) -> int:
    """Return the id in a rank."""
    return order & ((1 << 40) - 1)
