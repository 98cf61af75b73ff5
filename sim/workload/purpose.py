"""What random numbers are drawn for. Two neighbours, even and odd, cost as much as one.

The numbers are part of every result's identity: append, never renumber.
"""

from __future__ import annotations

from enum import IntEnum


class Purpose(IntEnum):
    """A name for each random number that a matter, a cell or a day needs."""

    DAY = 0
    COUNT = 1
    ARISE = 2
    GRID = 4
    LOOP = 5
    CITIZEN = 6
    PATIENCE = 7
    LIFETIME = 8
    OBSERVER = 9
    CAMERA = 10
    CAMERA_DELAY = 11
    PASSES = 12
    ON_SPOT = 13
    SPOT_WORK = 14
    AT_ONCE = 15
    TALK = 16
    CALL_PATIENCE = 17
    REDIALS = 18
    REDIAL_DELAY = 19
    DESK = 20
    WRONG = 21
    WRONG_DEPARTMENT = 22
    SIGN = 23
    WORK = 24
    SETTLE = 25
    JOINT = 26
    CHECKER = 27
    FAILS = 28
    SATISFIED = 29
    WEATHER = 30
    WEATHER_SECOND = 31
