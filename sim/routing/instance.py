"""What a routing problem is: stops, vehicles and the ways between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOWHERE = -1
"""As a vehicle's end: its tour ends at its last stop."""


class Names(NamedTuple):
    """What a file calls the stops; its vehicles are counted from 1.

    Attributes
    ----------
    stops : int64 [n]
        As solution files number them.
    nodes : int64 [n]
        As the file itself does.
    """

    stops: Ints
    nodes: Ints


@dataclass(frozen=True, eq=False)
class Instance:
    """A vehicle routing problem with time windows.

    Places are rows of the matrices. Stop i lies at place i, for i < n; the places after them
    are where vehicles start and end. Times and costs are in any one unit each; whole numbers
    and multiples of a power of 1/2 add up without rounding.

    Attributes
    ----------
    distance, duration : float64 [P, P]
        Cost and time of the way from one place (row) to another (column); >= 0.
    demand, open, close, service : float64 [n]
        Load that a stop takes; when its service may begin, at the earliest and the latest; how
        long it takes. Vehicles wait for the opening.
    prize : float64 [n]
        What it costs to leave a stop out; inf: it must be served.
    due, late : float64 [n]
        Every unit of time by which the service begins after ``due`` costs ``late``.
    capacity, fixed : float64 [V]
        Load that a vehicle carries, and the cost of its use.
    start, end : int64 [V]
        Places where it starts and ends; `NOWHERE` ends at the last stop.
    shift_open, shift_close : float64 [V]
        When it may leave its start, and has to be back, or begin its last service if it ends
        `NOWHERE`.
    allowed : bool [n, V]
        Whether a vehicle has the skills for a stop.
    name : str
        For messages.
    scale : float
        Units of cost and time here for one of the file it was read from.
    xy : float64 [P, 2], optional
        Coordinates, for pictures.
    names : Names, optional
        For messages and solution files; by default stops and vehicles are counted from 0.
    """

    distance: Floats
    duration: Floats
    demand: Floats
    open: Floats
    close: Floats
    service: Floats
    prize: Floats
    due: Floats
    late: Floats
    capacity: Floats
    fixed: Floats
    start: Ints
    end: Ints
    shift_open: Floats
    shift_close: Floats
    allowed: NDArray[np.bool_]
    name: str = "instance"
    scale: float = 1.0
    xy: Floats | None = field(default=None, repr=False)
    names: Names | None = field(default=None, repr=False)

    @classmethod
    def build(
        cls,
        distance: Floats,
        *,
        stops: int,
        vehicles: int,
        duration: Floats | None = None,
        start: object = None,
        end: object = None,
        name: str = "instance",
        scale: float = 1.0,
        xy: Floats | None = None,
        names: Names | None = None,
        allowed: object = True,
        **columns: object,
    ) -> Instance:
        """Build one from what differs from the defaults.

        By default there are no demands, no windows and no skills, every stop must be served,
        and every vehicle starts and ends at the place after the stops.

        Parameters
        ----------
        distance, duration, start, end, name, scale, xy, names, allowed
            See the class; ``duration`` is the distance by default.
        stops, vehicles : int
            n and V.
        **columns
            Any of the others, as a number for all or one for each.

        Raises
        ------
        InputError
            What does not fit, by field.
        """
        n, v = stops, vehicles
        size = {name: v if name in _OF_VEHICLES else n for name in _DEFAULTS}
        unknown = set(columns) - set(_DEFAULTS)
        if unknown:
            raise InputError(name, min(unknown), columns[min(unknown)], "no such field")
        spread = {
            field: _spread(name, field, columns.get(field, default), (size[field],))
            for field, default in _DEFAULTS.items()
        }
        matrix = np.ascontiguousarray(distance, dtype=np.float64)
        return cls(
            distance=matrix,
            duration=matrix
            if duration is None
            else np.ascontiguousarray(duration, dtype=np.float64),
            start=_spread(name, "start", n if start is None else start, (v,), np.int64),
            end=_spread(name, "end", n if end is None else end, (v,), np.int64),
            allowed=_spread(name, "allowed", allowed, (n, v), np.bool_),
            name=name,
            scale=scale,
            xy=xy,
            names=names,
            **spread,
        )

    def __post_init__(self) -> None:
        p = len(self.distance)
        checks = (
            ("distance", self.distance.shape == (p, p) and p >= len(self), "a square matrix"),
            ("duration", self.duration.shape == (p, p), "a matrix of the same size"),
            ("distance", _at_least_0(self.distance), "finite numbers of at least 0"),
            ("duration", _at_least_0(self.duration), "finite numbers of at least 0"),
            ("demand", _at_least_0(self.demand), "finite numbers of at least 0"),
            ("service", _at_least_0(self.service), "finite numbers of at least 0"),
            ("fixed", _at_least_0(self.fixed), "finite numbers of at least 0"),
            ("late", _at_least_0(self.late), "finite numbers of at least 0"),
            ("prize", bool(np.all(self.prize >= 0)), "numbers of at least 0, or inf"),
            ("capacity", bool(np.all(self.capacity >= 0)), "numbers of at least 0"),
            ("close", bool(np.all(self.open <= self.close)), "not before the opening"),
            (
                "shift_close",
                bool(np.all(self.shift_open <= self.shift_close)),
                "not before the opening",
            ),
            ("start", _within(self.start, 0, p), "places of the matrices"),
            ("end", _within(self.end, NOWHERE, p), "places of the matrices, or -1"),
        )
        for field_, good, allowed in checks:
            if not good:
                raise InputError(self.name, field_, getattr(self, field_), allowed)

    def __len__(self) -> int:
        """Return the number of stops."""
        return len(self.demand)

    @property
    def vehicles(self) -> int:
        """The number of vehicles."""
        return len(self.capacity)

    @property
    def alike(self) -> bool:
        """Whether all vehicles are."""
        columns = (getattr(self, name) for name in ("start", "end", *_OF_VEHICLES))
        same = all(bool(np.all(column == column[:1])) for column in columns)
        return same and bool(np.all(self.allowed == self.allowed[:, :1]))

    def number(self, stop: int) -> int:
        """Return a stop's number in solution files."""
        return stop if self.names is None else int(self.names.stops[stop])

    def vehicle_number(self, vehicle: int) -> int:
        """Return a vehicle's number in solution files."""
        return vehicle if self.names is None else vehicle + 1

    def told(self, stop: int) -> str:
        """Name a stop in words: ``stop 3 (node 4)`` where its file has two numbers for it."""
        number = self.number(stop)
        node = number if self.names is None else int(self.names.nodes[stop])
        return f"stop {number}" if node == number else f"stop {number} (node {node})"


_DEFAULTS = {
    "demand": 0.0,
    "open": 0.0,
    "close": np.inf,
    "service": 0.0,
    "prize": np.inf,
    "due": np.inf,
    "late": 0.0,
    "capacity": np.inf,
    "fixed": 0.0,
    "shift_open": 0.0,
    "shift_close": np.inf,
}
_OF_VEHICLES = ("capacity", "fixed", "shift_open", "shift_close")


def _spread(
    name: str, field_: str, value: object, shape: tuple[int, ...], dtype: type = np.float64
) -> NDArray[Any]:
    array: NDArray[Any] = np.asarray(value, dtype=dtype)
    try:
        return np.array(np.broadcast_to(array, shape), order="C")
    except ValueError:
        raise InputError(name, field_, array.shape, f"the shape {shape}") from None


def _at_least_0(array: Floats) -> bool:
    return bool(np.all(np.isfinite(array)) and np.all(array >= 0))


def _within(array: Ints, low: int, high: int) -> bool:
    return bool(np.all((array >= low) & (array < high)))
