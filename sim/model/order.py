"""The written order of what happens at the same instant: kind of event, then id.

Both engines break ties in time by it. Things that follow at once from an event (a dispatch from
a signature, say) belong to that event and need no place here.
"""

from __future__ import annotations

from enum import IntEnum, auto


class Kind(IntEnum):
    """Kinds of timed events, the earlier first."""

    SHIFT = 2  # id: unit or desk; posts begin to be filled (0 and 1 are SimPy's own)
    ARISE = auto()  # id: matter
    VANISH = auto()  # id: matter
    OBSERVER = auto()  # id: matter; a part-time gridworker notices
    CAMERA = auto()  # id: matter
    REPORT = auto()  # id: matter; its citizen's patience ends
    PATROL = auto()  # id: gridworker; reaches the next stop, or is done with one
    CALL = auto()  # id: matter; talk ends, patience on the line ends, or calls again
    DELIVER = auto()  # id: matter; what the hotline wrote up reaches the linkage centre
    SERVICE = auto()  # id: matter; an operator of a centre is done with it
    SIGN = auto()  # id: matter
    CREW = auto()  # id: crew; arrives, or is done
    SETTLE = auto()  # id: matter
    DEADLINE = auto()  # id: matter
    SAMPLE = auto()  # outside requests of a live session
    DECIDE = auto()  # id: unit; the epoch of a policy that does not decide at once


def rank(kind: int, ident: int) -> int:
    """Return one number that sorts by kind, then id (below 2**40)."""
    return (kind << 40) | ident


def kind_of(order: int) -> int:
    """Return the kind in a rank."""
    return order >> 40


def ident_of(order: int) -> int:
    """Return the id in a rank."""
    return order & ((1 << 40) - 1)
