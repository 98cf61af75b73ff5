"""Columns of plain numbers: what a run knows of its matters, and what it writes down."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.columns import MATTER, STORED, Column
from sim.workload.workload import Workload

_CODES = {"f8": "d", "i8": "q", "i4": "i", "i2": "h", "i1": "b", "b1": "b"}

LIFE = (
    Column("step", "i1", "", "the step of its life that it is at", default=-1),
    Column("centre", "i4", "", "whose operators it is with", default=-1, to="desks"),
    Column("wrong_left", "i2", "1", "wrong triages still before it"),
    Column("on_line", "b1", "", "its call is not over yet"),
)
"""What the engine itself needs to know of a ticket."""


class Records:
    """A table of typed columns.

    An ``array`` costs eight bytes a number and gives plain Python numbers back, which the
    interpreter handles several times faster than NumPy's scalars.
    """

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> array[Any]:
            """Return a column."""

    def __init__(self, columns: tuple[Column, ...]) -> None:
        self._columns = columns
        for column in columns:
            setattr(self, column.name, array(_CODES[column.kind]))

    def __len__(self) -> int:
        return len(getattr(self, self._columns[0].name))

    def extend(self, rows: int) -> None:
        """Add rows of defaults."""
        for column in self._columns:
            kept: array[Any] = getattr(self, column.name)
            kept.extend(array(kept.typecode, [_default(column)]) * rows)

    def add(self, **values: float) -> int:
        """Add a row and return its number."""
        for column in self._columns:
            getattr(self, column.name).append(values.get(column.name, _default(column)))
        return len(self) - 1

    def append(self, workload: Workload) -> None:
        """Add the columns of a workload at the end."""
        for name, values in workload.columns().items():
            kept: array[Any] = getattr(self, name)
            kept.frombytes(np.ascontiguousarray(values).tobytes())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Copy the columns out as NumPy arrays."""
        return {
            column.name: np.frombuffer(getattr(self, column.name), dtype=column.kind).copy()
            for column in self._columns
        }


def _default(column: Column) -> float | int:
    return column.default if column.kind == "f8" else int(column.default)


def matters_of(workload: Workload) -> Records:
    """Return a workload's columns, which grow when a live session adds a matter."""
    matters = Records(MATTER)
    matters.append(workload)
    return matters


def blank_tickets(rows: int) -> Records:
    """Return the tickets of so many matters that have not arisen yet."""
    tickets = Records((*STORED, *LIFE))
    tickets.extend(rows)
    return tickets
