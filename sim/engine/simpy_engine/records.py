"""What the engine writes down: columns that grow, with plain floats and ints inside."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.workload.workload import Workload

NAN = float("nan")
_TYPES = {"d": np.float64, "q": np.int64, "i": np.int32, "h": np.int16, "b": np.int8}


class Columns:
    """A table of typed columns.

    An ``array`` costs eight bytes a number and gives plain Python numbers back, which the
    interpreter handles several times faster than NumPy's scalars.
    """

    def __init__(self, kinds: dict[str, tuple[str, float]]) -> None:
        self._default = {name: default for name, (_, default) in kinds.items()}
        for name, (code, _) in kinds.items():
            setattr(self, name, array(code))

    def __len__(self) -> int:
        return len(getattr(self, next(iter(self._default))))

    def extend(self, rows: int) -> None:
        """Add rows of defaults."""
        for name, default in self._default.items():
            column: array[Any] = getattr(self, name)
            column.extend(array(column.typecode, [self._plain(column, default)]) * rows)

    def add(self, **values: float) -> int:
        """Add a row and return its number."""
        for name, default in self._default.items():
            getattr(self, name).append(values.get(name, default))
        return len(self) - 1

    def arrays(self, rows: int | None = None) -> dict[str, NDArray[Any]]:
        """Copy the first rows out as NumPy arrays."""
        out = {}
        for name in self._default:
            column: array[Any] = getattr(self, name)
            out[name] = np.frombuffer(column, dtype=_TYPES[column.typecode])[:rows].copy()
        return out

    @staticmethod
    def _plain(column: array[Any], value: float) -> float | int:
        return value if column.typecode == "d" else int(value)


class Tickets(Columns):
    """What became of each matter; see `Outcome.tickets` for the columns."""

    called: array[float]
    answered: array[float]
    requested: array[float]
    discovered: array[float]
    accepted: array[float]
    triaged: array[float]
    tracked: array[float]
    signed: array[float]
    dispatched: array[float]
    arrived: array[float]
    finished: array[float]
    handled: array[float]
    supervised: array[float]
    checked: array[float]
    closed: array[float]
    due_sign: array[float]
    due_arrive: array[float]
    due_close: array[float]
    ready: array[float]
    state: array[int]
    channel: array[int]
    unit: array[int]
    worker: array[int]
    level: array[int]
    attempts: array[int]
    sent_back: array[int]
    reopened: array[int]
    on_spot: array[int]
    duplicate: array[int]
    abandoned: array[int]
    satisfied: array[int]
    step: array[int]
    centre: array[int]
    wrong_left: array[int]

    def __init__(self) -> None:
        times = (
            "called answered requested discovered accepted triaged tracked signed dispatched "
            "arrived finished handled supervised checked closed due_sign due_arrive due_close ready"
        )
        kinds: dict[str, tuple[str, float]] = dict.fromkeys(times.split(), ("d", NAN))
        kinds |= dict.fromkeys(("channel", "level", "on_spot"), ("b", 0))
        kinds["state"] = ("b", -1)  # it has not arisen yet
        kinds |= dict.fromkeys(("unit", "worker"), ("i", -1))
        kinds |= dict.fromkeys(("attempts", "sent_back", "reopened"), ("h", 0))
        kinds |= {"duplicate": ("b", 0), "abandoned": ("b", 0), "satisfied": ("b", -1)}
        kinds |= {"step": ("b", -1), "centre": ("i", -1), "wrong_left": ("h", 0)}
        super().__init__(kinds)


class Load(Columns):
    """The workload's columns, growing when a live session adds a matter."""

    _CODES: ClassVar[dict[str, str]] = {
        "f8": "d",
        "i8": "q",
        "i4": "i",
        "i2": "h",
        "i1": "b",
        "b1": "b",
    }

    arise: array[float]
    category: array[int]
    district: array[int]
    town: array[int]
    grid: array[int]
    loop: array[float]
    x: array[float]
    y: array[float]
    citizen: array[int]
    patience: array[float]
    lifetime: array[float]
    observer: array[float]
    camera: array[float]
    passes: array[int]
    simple: array[int]
    spot_s: array[float]
    at_once: array[int]
    talk_s: array[float]
    call_patience: array[float]
    redials: array[int]
    redial_s: array[float]
    desk: array[float]
    wrong: array[int]
    wrong_department: array[int]
    sign: array[float]
    work_s: array[float]
    settle_s: array[float]
    joint: array[int]
    by_grid: array[int]
    fails: array[int]
    satisfaction_u: array[float]
    key: array[int]

    def __init__(self, workload: Workload) -> None:
        kinds = {
            field.name: (self._CODES[getattr(workload, field.name).dtype.str[1:]], 0.0)
            for field in fields(Workload)
        }
        super().__init__(kinds)
        self.append(workload)

    def append(self, workload: Workload) -> None:
        """Add the matters of another workload at the end."""
        for name in self._default:
            column: array[Any] = getattr(self, name)
            column.frombytes(np.ascontiguousarray(getattr(workload, name)).tobytes())


class Log(Columns):
    """A list of what resources did; one row an item."""

    def __init__(self, codes: Iterable[tuple[str, str]]) -> None:
        super().__init__({name: (code, NAN if code == "d" else -1) for name, code in codes})


class Visits(Log):
    """Crews' visits."""

    arrive: array[float]
    work: array[float]
    end: array[float]

    def __init__(self) -> None:
        super().__init__(
            [("crew", "i"), ("unit", "i"), ("ticket", "q")]
            + [(name, "d") for name in ("start", "arrive", "work", "end")]
        )


class Stops(Log):
    """Gridworkers' stops."""

    def __init__(self) -> None:
        super().__init__(
            [("worker", "i"), ("ticket", "q"), ("kind", "b"), ("start", "d"), ("end", "d")]
        )


class Services(Log):
    """Operators' services."""

    def __init__(self) -> None:
        super().__init__(
            [("desk", "i"), ("ticket", "q"), ("arrive", "d"), ("start", "d"), ("end", "d")]
        )
