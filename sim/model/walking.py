"""Patrol geometry: a gridworker walks a route on the grid's loop, again and again.

The unit of the loop is the second of walking. A route is a cycle of *legs*: each walks a part of
the loop, forward or backward, and a leg may be followed by a crossing to where the next one
begins. Today's route is one leg, the whole loop. A gridworker's odometer counts the seconds
walked so far; a matter is passed whenever the odometer, modulo the cycle, shows an instant at
which a leg passes its place. Between stops nothing needs an event. Stops and hours off duty leave
the odometer where it is.

All times are on ticks, so that every sum and remainder here is exact.
"""

from __future__ import annotations

from typing import Any

from sim.clock import modulo


def next_pass(odometer: float, place: float, loop: float, passes: int) -> float:
    """Return the odometer at which a matter is noticed by one who walks the loop.

    Parameters
    ----------
    odometer, place, loop : float
        What is walked so far, where the matter lies and how long the loop is, s of walking.
    passes : int
        Which pass notices it, from 1.
    """
    return odometer + modulo(place - odometer, loop) + (passes - 1) * loop


def route_pass(
    odometer: float,
    place: float,
    passes: int,
    loop: float,
    cycle: float,
    first: int,
    last: int,
    at: Any,
    start: Any,
    length: Any,
    ahead: Any,
) -> float:
    """Return the odometer at which a matter is noticed by one who walks a route.

    On a route of one leg, the loop, it is `next_pass`.

    Parameters
    ----------
    odometer, place, passes : float, float, int
        As in `next_pass`.
    loop, cycle : float
        The loop's length, and how long the route is until it begins again.
    first, last : int
        The route's legs in the four sequences: from the first until before the last.
    at : sequence of float
        The odometer within the cycle at which each leg begins.
    start, length : sequence of float
        The place of the loop where it begins, and how much of the loop it walks.
    ahead : sequence of int
        1: forward, -1: backward.

    Returns
    -------
    float
        Infinite if the route never passes the place.
    """
    count = 0
    for leg in range(first, last):
        count += along_leg(place, start[leg], length[leg], ahead[leg], loop)[1]
    if count == 0:
        return float("inf")
    left = (passes - 1) % count + 1
    wait = -1.0
    while left > 0:  # to the next instant at which it is passed; where a leg turns, that is twice
        soonest, times = cycle, 0
        for leg in range(first, last):
            off, rounds = along_leg(place, start[leg], length[leg], ahead[leg], loop)
            for n in range(rounds):
                until = modulo(at[leg] + off + n * loop - odometer, cycle)
                if wait < until < soonest:
                    soonest, times = until, 0
                if until == soonest:
                    times += 1
        wait = soonest
        left -= times
    return odometer + wait + (passes - 1) // count * cycle


def along_leg(
    place: float, start: float, length: float, ahead: int, loop: float
) -> tuple[float, int]:
    """Return how far along a leg a place is first passed, and how often, each a loop later.

    A part of the loop from one edge to another has its lower edge, and not its upper one,
    whichever way it is walked: every place belongs to one cell.
    """
    off = modulo((place - start) * ahead, loop)
    if ahead < 0 and off == 0.0:
        off = loop
    times = 0
    while off + times * loop < length or (ahead < 0 and off + times * loop == length):
        times += 1
    return off, times


def route_place(
    odometer: float,
    loop: float,
    cycle: float,
    first: int,
    last: int,
    at: Any,
    start: Any,
    length: Any,
    ahead: Any,
) -> tuple[float, float]:
    """Return the place of the loop where a gridworker is, and how long it is until there, s.

    On a leg it is at once; on a crossing it is where the next leg begins.
    """
    walked = modulo(odometer, cycle)
    for leg in range(first, last):
        if walked < at[leg]:  # on the crossing before it
            return start[leg], at[leg] - walked
        if walked < at[leg] + length[leg]:
            return modulo(start[leg] + (walked - at[leg]) * ahead[leg], loop), 0.0
    return start[first], cycle - walked


def walk_to(odometer: float, place: float, loop: float) -> float:
    """Return the walk from a place of the loop to another, the shorter way round, s."""
    ahead = modulo(place - odometer, loop)
    return min(ahead, loop - ahead)
