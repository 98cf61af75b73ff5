"""Instances and solutions in VRPLIB's and Solomon's formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.reading import read_text
from sim.routing.instance import Instance

ROUNDINGS = ("auto", "none", "round", "trunc", "dimacs")
"""How distances between coordinates are rounded: not; to whole ones; cut off to whole ones; cut
off to one decimal, as the DIMACS challenge does with Solomon's; ``auto``: the last where there
are time windows, else to whole ones as TSPLIB prescribes."""


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
        raise InputError("command line", "round", rounding, f"one of {', '.join(ROUNDINGS)}")
    path = Path(path)
    text = read_text(path)
    solomon = "EDGE_WEIGHT_TYPE" not in text and "DIMENSION" not in text
    data = _parse(path, text, solomon)
    return _instance(path, data, rounding)


def write_instance(instance: Instance, path: str | Path) -> None:
    """Write an instance as a VRPLIB file with all its distances (``FULL_MATRIX``).

    Numbers stand as the instance has them, so that costs are in parts of a unit where its
    ``scale`` is not 1. In place of a window, or a capacity, without an end stands one that no
    tour can reach: other programs do not read ``inf``.

    Raises
    ------
    InputError
        If it has what the format does not know: several depots or kinds of vehicles, prices,
        skills, durations that are not the distances.
    """
    import vrplib

    n = len(instance)
    plain = (
        ("start", bool(np.all(instance.start == n)), "the place after the stops, for all"),
        ("end", bool(np.all(instance.end == n)), "the place after the stops, for all"),
        ("duration", np.array_equal(instance.duration, instance.distance), "the distances"),
        ("allowed", bool(instance.allowed.all()), "every stop for every vehicle"),
        ("late", not instance.late.any(), "no price"),
        ("prize", bool(np.isinf(instance.prize).all()), "stops that must be served"),
        ("fixed", not instance.fixed.any(), "no price"),
    )
    for field, fits, allowed in plain:
        if not fits:
            raise InputError(instance.name, field, "not in VRPLIB's format", allowed)
    for field in ("capacity", "shift_open", "shift_close"):
        if len(np.unique(getattr(instance, field))) != 1:
            raise InputError(instance.name, field, getattr(instance, field), "the same for all")
    order = [n, *range(n)]
    shift = np.array([[instance.shift_open[0], instance.shift_close[0]]])
    windows = np.vstack((shift, np.column_stack((instance.open, instance.close))))
    windows[np.isinf(windows)] = _beyond(instance)
    capacity = instance.capacity[0]
    if np.isinf(capacity):
        capacity = instance.demand.sum()
    data: dict[str, Any] = {
        "NAME": instance.name,
        "TYPE": "VRPTW",
        "DIMENSION": n + 1,
        "VEHICLES": instance.vehicles,
        "CAPACITY": _short(capacity),
        "EDGE_WEIGHT_TYPE": "EXPLICIT",
        "EDGE_WEIGHT_FORMAT": "FULL_MATRIX",
        "EDGE_WEIGHT_SECTION": _short(instance.distance[np.ix_(order, order)]),
        "DEMAND_SECTION": _short(np.concatenate(([0.0], instance.demand))),
        "TIME_WINDOW_SECTION": _short(windows),
        "SERVICE_TIME_SECTION": _short(np.concatenate(([0.0], instance.service))),
        "DEPOT_SECTION": [1, -1],
    }
    vrplib.write_instance(path, data)


def _beyond(instance: Instance) -> float:
    """Return an instant that no tour reaches, even one over all stops that waits for each."""
    begin = np.concatenate((instance.open, instance.shift_open)).max()
    return float(np.ceil(begin + instance.service.sum() + instance.duration.max(axis=1).sum()))


def _short(numbers: Any) -> Any:
    """Return whole numbers as such, without a point."""
    array = np.asarray(numbers)
    whole = bool(np.all(np.isfinite(array)) and np.all(array == np.round(array)))
    return (array.astype(np.int64) if whole else array).tolist()


def read_solution(path: str | Path, instance: Instance) -> tuple[tuple[int, ...], ...]:
    """Read tours from a VRPLIB solution file, which numbers stops from 1.

    Raises
    ------
    InputError
        If it is no such file.
    """
    import vrplib

    path = Path(path)
    text = read_text(path)
    try:
        routes = vrplib.parse.parse_solution(text)["routes"]
    except Exception as error:
        raise InputError(path, "file", str(error), "routes as `Route #1: 3 1 2`") from None
    tours = tuple(tuple(int(stop) - 1 for stop in route) for route in routes)
    if not tours:
        raise InputError(path, "file", text[:40], "routes as `Route #1: 3 1 2`")
    for tour in tours:
        for stop in tour:
            if not 0 <= stop < len(instance):
                raise InputError(path, "Route", stop + 1, f"stops from 1 to {len(instance)}")
    return tours


def _parse(path: Path, text: str, solomon: bool) -> dict[str, Any]:
    import vrplib

    if solomon:  # the parser makes -1 of what is no whole number, without a word
        lines = [line.split() for line in text.splitlines() if line.strip()]
        for row in lines[6:]:
            bad = next((word for word in row if not word.lstrip("-").isdigit()), None)
            if bad is not None or len(row) != 7:
                found = " ".join(row) if bad is None else bad
                raise InputError(path, f"customer {row[0]}", found, "seven whole numbers")
    parse = vrplib.parse.parse_solomon if solomon else vrplib.parse.parse_vrplib
    try:
        data: dict[str, Any] = parse(text, compute_edge_weights=False)
    except Exception as error:
        kind = "Solomon's format" if solomon else "VRPLIB's format"
        raise InputError(path, "file", f"{type(error).__name__}: {error}", kind) from None
    return data


def _instance(path: Path, data: dict[str, Any], rounding: str) -> Instance:
    xy = _column(path, data, "node_coord", width=2) if "node_coord" in data else None
    windows = _column(path, data, "time_window", width=2) if "time_window" in data else None
    weights = data.get("edge_weight")
    if weights is not None and data.get("edge_weight_type", "EXPLICIT") == "EXPLICIT":
        places = len(np.asarray(weights))
        scale, distance = 1.0, _column(path, data, "edge_weight", places, places)
    elif xy is not None:
        places = len(xy)
        kind = data.get("edge_weight_type", "EUC_2D")
        if kind != "EUC_2D":
            raise InputError(path, "EDGE_WEIGHT_TYPE", kind, "EUC_2D or EXPLICIT")
        if rounding == "auto":
            rounding = "dimacs" if windows is not None else "round"
        scale = 10.0 if rounding == "dimacs" else 1.0
        distance = _rounded(np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)), rounding)
    else:
        raise InputError(path, "file", "no places", "a NODE_COORD or EDGE_WEIGHT section")
    dimension = data.get("dimension", places)
    if dimension != places or places < 2:
        raise InputError(path, "DIMENSION", dimension, f"the number of places, {places}")
    depot = _depot(path, data, places)
    demand = _column(path, data, "demand", places) if "demand" in data else np.zeros(places)
    service = np.full(places, 0.0)
    if np.ndim(data.get("service_time", 0.0)):
        service[:] = _column(path, data, "service_time", places)
    else:
        service[:] = _number(path, data, "service_time", 0.0)
    service[depot] = 0.0
    if windows is None:
        windows = np.tile([0.0, np.inf], (places, 1))
    if len(windows) != places:
        raise InputError(path, "TIME_WINDOW_SECTION", len(windows), f"{places} rows")
    order = [i for i in range(places) if i != depot] + [depot]
    windows, stops = windows[order] * scale, order[:-1]
    return Instance.build(
        np.ascontiguousarray(distance[np.ix_(order, order)]),
        stops=places - 1,
        vehicles=_vehicles(path, data, places - 1),
        demand=demand[stops],
        open=windows[:-1, 0],
        close=windows[:-1, 1],
        service=service[stops] * scale,
        capacity=_number(path, data, "capacity", np.inf),
        shift_open=windows[-1, 0],
        shift_close=windows[-1, 1],
        name=str(path),
        scale=scale,
        xy=None if xy is None else xy[order],
    )


def _rounded(distance: NDArray[np.float64], rounding: str) -> NDArray[np.float64]:
    if rounding == "dimacs":
        return np.floor(10 * distance)
    if rounding == "trunc":
        return np.floor(distance)
    return np.floor(distance + 0.5) if rounding == "round" else distance


def _depot(path: Path, data: dict[str, Any], places: int) -> int:
    depots = np.atleast_1d(data.get("depot", 0))
    if len(depots) != 1:
        raise InputError(path, "DEPOT_SECTION", [int(d) + 1 for d in depots], "one depot")
    if not 0 <= depots[0] < places:
        raise InputError(path, "DEPOT_SECTION", int(depots[0]) + 1, f"a place from 1 to {places}")
    return int(depots[0])


def _vehicles(path: Path, data: dict[str, Any], stops: int) -> int:
    vehicles = _number(path, data, "vehicles", stops)
    if vehicles != int(vehicles) or vehicles < 1:
        raise InputError(path, "VEHICLES", vehicles, "a whole number of at least 1")
    return min(int(vehicles), stops)


def _number(path: Path, data: dict[str, Any], field: str, default: float) -> float:
    value = data.get(field, default)
    if not np.isscalar(value) or isinstance(value, str):
        raise InputError(path, field.upper(), value, "one number")
    return float(value)  # type: ignore[arg-type]


def _column(
    path: Path, data: dict[str, Any], field: str, rows: int | None = None, width: int = 0
) -> NDArray[np.float64]:
    name = f"{field.upper()}_SECTION"
    try:
        array = np.asarray(data[field], dtype=np.float64)
    except (TypeError, ValueError):
        words = (word for row in data[field] for word in np.atleast_1d(row).tolist())
        bad = next((word for word in words if isinstance(word, str) and not _is_number(word)), "")
        raise InputError(path, name, bad, "numbers, as many in each row") from None
    if array.ndim != (2 if width else 1) or (width and array.shape[1] != width):
        raise InputError(path, name, array.shape, f"{width or 1} number(s) in each row")
    if rows is not None and len(array) != rows:
        raise InputError(path, name, len(array), f"{rows} rows")
    if np.isnan(array).any():
        raise InputError(path, name, "nan", "numbers")
    return array


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
