"""The states of a matter, of its citizen and of whoever deals with it; ranks of supervision."""

from __future__ import annotations

from enum import IntEnum

from sim.workload.channel import CHANNEL_NAMES, Channel

__all__ = [
    "CHANNEL_NAMES",
    "HIDDEN",
    "STATE_NAMES",
    "Calling",
    "Channel",
    "Does",
    "Level",
    "Service",
    "State",
    "StopKind",
]


class State(IntEnum):
    """Where a matter is; it is in exactly one state at every instant."""

    UNDISCOVERED = 0  # lies there, nobody of the platform knows
    CALLING = 1  # its citizen is on the way through 12345 or 110
    REGISTERED = 2  # the hotline took it down; the linkage centre has it after the write-up
    RECORDING = 3  # a gridworker stands before it
    AT_CENTRE = 4  # waits for, or is with, an operator of a linkage centre
    UNSIGNED = 5  # triaged; the department (or a wrong one) has not signed yet
    WAITING = 6  # signed for; waits for a crew or a gridworker
    TRAVELLING = 7  # a crew is under way
    ON_SITE = 8  # a crew works, or waits there for the other departments
    SETTLING = 9  # the visit is over; repair, paperwork, contractors go on
    CHECKING = 10  # handled; waits for its check
    CLOSED = 11
    VANISHED = 12  # went away, or its citizen gave up, before anybody knew


class Level(IntEnum):
    """Who has taken an overdue ticket up."""

    NONE = 0
    REMINDER = 1
    DISTRICT = 2
    CITY = 3


class Service(IntEnum):
    """What an operator of a centre does."""

    ACCEPT = 0  # and triages, or only that where it is accepted already
    TRIAGE_AGAIN = 1  # after a wrong department has sent it back
    CALL_BACK = 2


class Calling(IntEnum):
    """What a citizen does who calls 12345."""

    WAITS = 0
    TALKS = 1
    TRIES_AGAIN = 2  # later


class Does(IntEnum):
    """What a gridworker does."""

    WALK = 0  # or stand, off the rounds
    FIND = 1
    LOOK = 2
    GO = 3  # to a job
    WORK = 4
    BACK = 5  # to where the loop was left


HIDDEN = (State.UNDISCOVERED, State.CALLING, State.REGISTERED)
"""States in which a gridworker, an observer or a camera may still find the matter."""

STATE_NAMES = {
    State.UNDISCOVERED: ("undiscovered", "未发现"),
    State.CALLING: ("citizen calling", "来电中"),
    State.REGISTERED: ("being written up", "登记中"),
    State.RECORDING: ("with a gridworker", "网格员处理中"),
    State.AT_CENTRE: ("at a linkage centre", "待分流"),
    State.UNSIGNED: ("waiting to be signed for", "待签收"),
    State.WAITING: ("waiting for a crew", "待派员"),
    State.TRAVELLING: ("crew under way", "途中"),
    State.ON_SITE: ("crew on site", "现场处置"),
    State.SETTLING: ("being settled", "办理中"),
    State.CHECKING: ("waiting for its check", "待核查"),
    State.CLOSED: ("closed", "已办结"),
    State.VANISHED: ("vanished", "自行消失"),
}
"""English and Chinese names of the states."""


class StopKind(IntEnum):
    """What a gridworker stops for."""

    RECORD = 0  # finds a matter and records it
    SPOT = 1  # finds a matter and deals with it on the spot
    CHECK = 2  # checks a finished ticket
    JOB = 3  # is sent to a simple ticket, works, and walks back to the loop
