"""Patrol geometry: a gridworker walks the grid's loop; between stops nothing needs an event.

The unit of the loop is the second of walking. A gridworker's odometer counts the seconds walked
so far; a matter at a place of the loop is passed whenever the odometer, modulo the loop, shows
that place. Stops and hours off duty leave the odometer where it is.
"""

from __future__ import annotations


def next_pass(odometer: float, place: float, loop: float, passes: int) -> float:
    """Return the odometer at which a matter is noticed.

    Parameters
    ----------
    odometer, place, loop : float
        What is walked so far, where the matter lies and how long the loop is, s of walking.
    passes : int
        Which pass notices it, from 1.
    """
    return odometer + (place - odometer) % loop + (passes - 1) * loop


def walk_to(odometer: float, place: float, loop: float) -> float:
    """Return the walk from where a gridworker stands to a place, the shorter way round, s."""
    ahead = (place - odometer) % loop
    return min(ahead, loop - ahead)
