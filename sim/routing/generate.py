"""Instances after Solomon's scheme, and one like a parcel service's, from a seed.

Source: M. M. Solomon, "Algorithms for the Vehicle Routing and Scheduling Problems with Time
Window Constraints", Operations Research 35(2), 1987, section 4. The classes are his: places at
random (R), in clusters (C) or both (RC), a short horizon and small vehicles (1) or a long one
and large ones (2). The figures of a class (horizon, capacity, service, widths) follow his files;
the numbers themselves are drawn here, so that no file need be shipped.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.routing.instance import Instance

_SCALE = 10.0  # one decimal, cut off, as the DIMACS challenge does


class _Class(NamedTuple):
    """Horizon, capacity, service, and half widths of windows: narrow and wide."""

    horizon: float
    capacity: float
    service: float
    widths: tuple[float, float]


_CLASSES = {
    "R1": _Class(230, 200, 10, (5, 30)),
    "R2": _Class(1000, 1000, 10, (58, 120)),
    "C1": _Class(1236, 200, 90, (30, 90)),
    "C2": _Class(3390, 700, 90, (80, 160)),
    "RC1": _Class(240, 200, 10, (15, 30)),
    "RC2": _Class(960, 1000, 10, (60, 120)),
}
CLASSES = (*_CLASSES, "parcel")
"""The names of the classes."""
SOLOMON = {"C1": 9, "C2": 8, "R1": 12, "R2": 11, "RC1": 8, "RC2": 8}
"""How many files of 100 stops he has of each class: 56."""


def generate(kind: str, stops: int, seed: int) -> Instance:
    """Draw an instance.

    Even seeds draw narrow windows, odd ones wide; the share of stops with a window goes round
    100, 75, 50 and 25 % with the seed.

    Parameters
    ----------
    kind : str
        One of `CLASSES`.
    stops : int
        n.
    seed : int
        Of the random numbers.

    Raises
    ------
    InputError
        If there is no such class.
    """
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, stops, len(kind)))))
    if kind == "parcel":
        return _parcel(stops, seed, rng)
    if kind not in _CLASSES:
        raise InputError("command line", "class", kind, f"one of {', '.join(CLASSES)}")
    c = _CLASSES[kind]
    side = 100.0 * np.sqrt(stops / 100)  # as dense as with 100 stops
    c = c._replace(horizon=c.horizon * max(side / 100, 1.0))
    xy, cluster = _places(kind, stops, side, rng)
    depot = np.array([[side / 2, side / 2]])
    xy = np.floor(np.vstack((xy, depot)))
    plain = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    distance = np.floor(_SCALE * plain)
    demand = _demand(kind, stops, rng)
    if kind.startswith("C"):
        centre = _along_tours(plain, cluster, c)
    else:
        centre = rng.uniform(plain[-1, :-1], c.horizon - plain[:-1, -1] - c.service)
    half = np.maximum(rng.normal(c.widths[seed % 2], c.widths[seed % 2] / 3, stops), 5.0)
    windowed = rng.random(stops) < 1.0 - 0.25 * (seed // 2 % 4)
    latest = c.horizon - plain[:-1, -1] - c.service - 1.0
    opens = np.where(windowed, np.clip(centre - half, 0.0, latest), 0.0)
    closes = np.where(windowed, np.clip(centre + half, plain[-1, :-1] + 1.0, latest), latest)
    return Instance.build(
        distance,
        stops=stops,
        vehicles=stops // 3 + 2,
        demand=demand,
        open=np.floor(_SCALE * np.minimum(opens, closes)),
        close=np.floor(_SCALE * closes),
        service=c.service * _SCALE,
        capacity=c.capacity,
        shift_close=c.horizon * _SCALE,
        name=f"{kind}-{stops}-{seed}",
        scale=_SCALE,
        xy=xy,
    )


def _places(
    kind: str, stops: int, side: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return places and the cluster of each; some ten stops a cluster."""
    even = rng.uniform(0, side, (stops, 2))
    clusters = max(stops // 10, 1)
    cluster = np.arange(stops) % clusters
    seeds = rng.uniform(0.1 * side, 0.9 * side, (clusters, 2))
    near = np.clip(seeds[cluster] + rng.normal(0, 4.0, (stops, 2)), 0, side)
    if kind.startswith("RC"):
        return np.where(rng.random((stops, 1)) < 0.5, near, even), cluster
    return (near if kind.startswith("C") else even), cluster


def _demand(kind: str, stops: int, rng: np.random.Generator) -> NDArray[np.float64]:
    if kind.startswith("R") and not kind.startswith("RC"):
        return np.clip(np.round(rng.normal(15, 8, stops)), 1, 41)
    return rng.choice([10.0, 20.0, 30.0, 40.0], stops, p=[0.5, 0.3, 0.15, 0.05])


def _along_tours(
    plain: NDArray[np.float64], cluster: NDArray[np.int64], c: _Class
) -> NDArray[np.float64]:
    """Return arrivals on tours that each serve one cluster, nearest stop first."""
    centre = np.zeros(len(cluster))
    for number in range(cluster.max() + 1):
        left = list(np.flatnonzero(cluster == number))
        place, time = len(cluster), 0.0
        while left:
            after = min(left, key=lambda stop: plain[place, stop])
            time += plain[place, after]
            if time + c.service + plain[after, -1] > c.horizon:
                time = plain[-1, after]
            centre[after] = time
            time += c.service
            place = int(after)
            left.remove(after)
    return centre


def _parcel(stops: int, seed: int, rng: np.random.Generator) -> Instance:
    """Draw a day of a parcel service: towns, one-way ways in whole seconds, windows of hours."""
    towns = rng.uniform(0, 30_000, (max(stops // 25, 1), 2))
    xy = towns[rng.integers(0, len(towns), stops)] + rng.normal(0, 1500, (stops, 2))
    xy = np.vstack((xy, rng.uniform(10_000, 20_000, (1, 2))))
    plain = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    way = plain * rng.uniform(1.15, 1.45, plain.shape) / 11.0 + 30.0
    for _ in range(2):  # no way is longer than by way of a third place, or nearly
        way = np.minimum(way, (way[:, :, None] + way[None]).min(axis=1))
    np.fill_diagonal(way, 0.0)
    way = np.ceil(way)
    day = 12 * 3600.0
    width = rng.choice([3600.0, 2 * 3600.0, 4 * 3600.0, day], stops, p=[0.1, 0.3, 0.4, 0.2])
    opens = np.floor(rng.uniform(0, day - width))
    closes = np.maximum(opens + width, way[-1, :-1] + 600.0)
    service = np.round(rng.uniform(120, 480, stops))
    latest = day - way[:-1, -1] - service
    closes = np.minimum(closes, latest)
    return Instance.build(
        way,
        stops=stops,
        vehicles=stops // 4 + 2,
        demand=rng.integers(1, 20, stops).astype(np.float64),
        open=np.minimum(opens, closes),
        close=closes,
        service=service,
        capacity=200.0,
        shift_close=day,
        name=f"parcel-{stops}-{seed}",
        xy=xy,
    )
