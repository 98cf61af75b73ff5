"""Instances and solutions in files: VRPLIB's and Solomon's formats in, VRPLIB's out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError, one_of
from sim.reading import read_text
from sim.routing.instance import Instance
from sim.routing.sections import whole
from sim.routing.solomon import is_table, read_table
from sim.routing.vrplib import read_vrplib
from sim.routing.ways import ROUNDINGS
from sim.writing import write_text

_ROUTE = re.compile(r"route\s*#?\s*(\S*?)\s*:(.*)", re.IGNORECASE)

Tours = tuple[tuple[int, ...], ...]


def read_instance(path: str | Path, rounding: str = "auto") -> Instance:
    """Read a file of either format.

    Parameters
    ----------
    path : str or Path
        A VRPLIB file (sections of NODE_COORD, DEMAND, TIME_WINDOW ...), or a table of Solomon's
        or Homberger's.
    rounding : str
        One of `ROUNDINGS`; it does not touch distances that the file gives.

    Raises
    ------
    InputError
        What is wrong with it: file, field, value and what is allowed.
    """
    if rounding not in ROUNDINGS:
        raise InputError("command line", "round", rounding, one_of(rounding, ROUNDINGS))
    path = Path(path)
    text = read_text(path)
    read = read_table if is_table(text) else read_vrplib
    return read(path, text, rounding)


def write_instance(instance: Instance, path: str | Path) -> None:
    """Write an instance as a VRPLIB file with all its distances (``FULL_MATRIX``).

    The depots come first. Numbers stand as the instance has them, so that costs are in parts of a
    unit where its ``scale`` is not 1. In place of a window, or a capacity, without an end stands
    one that no tour can reach: other programs do not read ``inf``.

    Raises
    ------
    InputError
        If it has what the format does not know: tours that do not end where they start, prices
        of lateness, stops that cost nothing to leave out, shifts that differ within a depot,
        durations that are not the distances.
    """
    write_text(Path(path), "\n".join((*_lines(instance), "EOF", "")))


def _lines(instance: Instance) -> Iterable[str]:
    n, depots = len(instance), len(instance.distance) - len(instance)
    home = instance.start - n
    plain = (
        ("start", bool(np.all(home >= 0)), "the places after the stops"),
        ("end", np.array_equal(instance.start, instance.end), "where each vehicle starts"),
        ("duration", np.array_equal(instance.duration, instance.distance), "the distances"),
        ("late", not instance.late.any(), "no price"),
        ("prize", not np.any(instance.prize == 0), "above 0"),
    )
    for field, fits, allowed in plain:
        if not fits:
            raise InputError(instance.name, field, "not in VRPLIB's format", allowed)
    shifts = np.tile([0.0, np.inf], (depots, 1))
    for i, field in enumerate(("shift_open", "shift_close")):
        values = getattr(instance, field)
        shifts[home, i] = values
        if not np.array_equal(shifts[home, i], values):
            raise InputError(instance.name, field, values, "the same for all of a depot")
    windows = np.vstack((shifts, np.column_stack((instance.open, instance.close))))
    free = bool(np.all(windows == [0.0, np.inf]))
    windows[np.isinf(windows)] = _beyond(instance)
    capacity = np.where(np.isinf(instance.capacity), instance.demand.sum(), instance.capacity)
    order = [*range(n, n + depots), *range(n)]
    yield f"NAME : {' '.join(instance.name.split())}"
    yield f"TYPE : {'CVRP' if free else 'VRPTW'}"
    yield f"DIMENSION : {n + depots}"
    yield f"VEHICLES : {instance.vehicles}"
    if (capacity == capacity[:1]).all() and len(capacity):
        yield f"CAPACITY : {_figure(capacity[0])}"
    else:
        yield from _section("CAPACITY", capacity)
    yield "EDGE_WEIGHT_TYPE : EXPLICIT"
    yield "EDGE_WEIGHT_FORMAT : FULL_MATRIX"
    yield "EDGE_WEIGHT_SECTION"
    for row in instance.distance[np.ix_(order, order)]:
        yield " ".join(map(_figure, row.tolist()))
    at_depots = np.zeros(depots)
    yield from _section("DEMAND", np.concatenate((at_depots, instance.demand)))
    if not free:
        yield from _section("TIME_WINDOW", windows)
    if instance.service.any():
        yield from _section("SERVICE_TIME", np.concatenate((at_depots, instance.service)))
    if np.isfinite(instance.prize).any():
        prize = np.where(np.isinf(instance.prize), 0.0, instance.prize)  # 0: must be served
        yield from _section("PRIZE", np.concatenate((at_depots, prize)))
    if instance.fixed.any():
        yield from _section("VEHICLES_FIXED_COST", instance.fixed)
    if depots > 1:
        yield from _section("VEHICLES_DEPOT", home + 1)
    if not instance.allowed.all():
        yield "VEHICLES_ALLOWED_CLIENTS_SECTION"
        for vehicle, may in enumerate(instance.allowed.T, 1):
            yield " ".join(map(str, (vehicle, *(np.flatnonzero(may) + depots + 1).tolist())))
    yield "DEPOT_SECTION"
    yield from map(str, range(1, depots + 1))
    yield "-1"


def _section(name: str, values: NDArray[np.float64] | NDArray[np.int64]) -> Iterable[str]:
    yield f"{name}_SECTION"
    for number, row in enumerate(values.tolist(), 1):
        yield " ".join((str(number), *map(_figure, row if isinstance(row, list) else [row])))


def _figure(value: float) -> str:
    """Write a number so that the same is read again, whole ones without a point."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _beyond(instance: Instance) -> float:
    """Return an instant that no tour reaches, even one over all stops that waits for each."""
    begin = np.concatenate((instance.open, instance.shift_open)).max()
    return float(np.ceil(begin + instance.service.sum() + instance.duration.max(axis=1).sum()))


def read_solution(path: str | Path, instance: Instance) -> Tours:
    """Read tours from a VRPLIB solution file: lines such as ``Route #1: 3 1 2``.

    A route's number is its vehicle's. Other lines, such as that of the cost, are not read.

    Returns
    -------
    tuple of tuples of int
        The stops of vehicle 0, 1, ..., as the instance counts them.

    Raises
    ------
    InputError
        If it is no such file, or names what the instance has not.
    """
    path = Path(path)
    allowed = "routes as `Route #1: 3 1 2`"
    stop_of = {instance.number(stop): stop for stop in range(len(instance))}
    routes: dict[int, tuple[int, ...]] = {}
    text = read_text(path)
    for line in text.replace("\r", "\n").split("\n"):
        if not line.strip().lower().startswith("route"):
            continue
        found = _ROUTE.fullmatch(line.strip())
        number = None if found is None else whole(found[1])
        if found is None or number is None or number < 1:
            raise InputError(path, "Route", line.strip(), allowed)
        if number in routes:
            raise InputError(path, f"Route #{number}", line.strip(), "each route once")
        tour = []
        for word in found[2].split():
            stop = whole(word)
            if stop not in stop_of:
                known = f"stops from {min(stop_of)} to {max(stop_of)}"
                raise InputError(path, f"Route #{number}", word, f"{known}; {allowed}")
            tour.append(stop_of[stop])
        routes[number] = tuple(tour)
    if not routes:
        raise InputError(path, "file", text[:40], allowed)
    if instance.alike and max(routes) > instance.vehicles:  # whichever vehicles they are
        return tuple(routes[number] for number in sorted(routes))
    if max(routes) > instance.vehicles:
        raise InputError(path, "Route", max(routes), f"vehicles from 1 to {instance.vehicles}")
    return tuple(routes.get(number, ()) for number in range(1, max(routes) + 1))


def write_solution(
    path: str | Path, instance: Instance, tours: Sequence[Sequence[int]], cost: float
) -> None:
    """Write tours as VRPLIB's solution files have them; vehicles that stay have no line.

    Parameters
    ----------
    path : str or Path
    instance : Instance
        Whose numbers stops bear.
    tours : sequence of sequences of int
        The stops of vehicle 0, 1, ..., as the instance counts them.
    cost : float
        In the units of its file.
    """
    lines = [
        f"Route #{vehicle}: {' '.join(str(instance.number(stop)) for stop in tour)}"
        for vehicle, tour in enumerate(tours, 1)
        if tour
    ]
    write_text(Path(path), "\n".join((*lines, f"Cost {_figure(cost)}", "")))
