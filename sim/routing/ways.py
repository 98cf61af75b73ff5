"""Distances as TSPLIB defines them: between coordinates, or given as part of a matrix.

Source: G. Reinelt, "TSPLIB 95", Universität Heidelberg, 1995, section 2.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROUNDINGS = ("auto", "none", "round", "trunc", "dimacs")
"""How distances between coordinates are rounded: not; to whole ones; cut off to whole ones; cut
off to one decimal, as the DIMACS challenge does with Solomon's; ``auto``: the last where there
are time windows and the distance is Euclidean in the plane, else as TSPLIB prescribes."""

FORMATS = (
    "FULL_MATRIX",
    "UPPER_ROW",
    "LOWER_ROW",
    "UPPER_DIAG_ROW",
    "LOWER_DIAG_ROW",
    "UPPER_COL",
    "LOWER_COL",
    "UPPER_DIAG_COL",
    "LOWER_DIAG_COL",
)
"""What of a matrix a file gives, and in which order."""

_RADIUS = 6378.388  # of the earth, km, as TSPLIB has it
_PI = 3.141592


def count(form: str, places: int) -> int:
    """Return how many numbers a matrix of so many places has in a file."""
    if form == "FULL_MATRIX":
        return places * places
    return places * (places + (1 if "DIAG" in form else -1)) // 2


def matrix(form: str, numbers: Floats, places: int) -> Floats:
    """Lay the numbers of a file out as a full matrix.

    Parameters
    ----------
    form : str
        One of `FORMATS`.
    numbers : float64
        As many as `count` says, in the file's order.
    places : int
        Rows and columns of the matrix.
    """
    if form == "FULL_MATRIX":
        return numbers.reshape(places, places).copy()
    full = np.zeros((places, places))
    diagonal = "DIAG" in form
    # a lower triangle by rows is the upper one by columns, and the other way round
    growing = form.startswith("LOWER") == form.endswith("ROW")
    at = 0
    for i in range(places):
        cells = slice(0, i + diagonal) if growing else slice(i + (not diagonal), places)
        size = cells.stop - cells.start
        full[i, cells] = full[cells, i] = numbers[at : at + size]
        at += size
    return full


def _euclidean(way: Floats) -> Floats:
    return np.asarray(np.hypot(*way) if len(way) == 2 else np.sqrt((way**2).sum(axis=0)))


def _manhattan(way: Floats) -> Floats:
    return np.asarray(np.abs(way).sum(axis=0))


def _maximum(way: Floats) -> Floats:
    return np.asarray(np.abs(way).max(axis=0))


def _ceiling(way: Floats) -> Floats:
    return np.asarray(np.ceil(_euclidean(way)))


def _floor(way: Floats) -> Floats:
    return np.asarray(np.floor(_euclidean(way)))


def _pseudo_euclidean(way: Floats) -> Floats:
    """Return ATT's: of the 48 capitals of the USA."""
    return np.asarray(np.ceil(np.sqrt((way**2).sum(axis=0) / 10.0)))


def _geographical(here: Floats, there: Floats) -> Floats:
    """Return kilometres on the globe between latitudes and longitudes in radians."""
    q1 = np.cos(here[1] - there[1])
    q2, q3 = np.cos(here[0] - there[0]), np.cos(here[0] + there[0])
    cosine = np.clip(0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3), -1.0, 1.0)
    return np.asarray(np.floor(_RADIUS * np.arccos(cosine) + 1.0))


def _radians(places: Floats) -> Floats:
    """Read DDD.MM, degrees and minutes."""
    degrees = np.trunc(places)
    return np.asarray(_PI * (degrees + 5.0 * (places - degrees) / 3.0) / 180.0)


_PLANE: dict[str, Callable[[Floats], Floats]] = {
    "EUC_2D": _euclidean,
    "EUC_3D": _euclidean,
    "MAN_2D": _manhattan,
    "MAN_3D": _manhattan,
    "MAX_2D": _maximum,
    "MAX_3D": _maximum,
    "CEIL_2D": _ceiling,
    "FLOOR_2D": _floor,
    "ATT": _pseudo_euclidean,
}
KINDS = (*_PLANE, "GEO")
"""What EDGE_WEIGHT_TYPE may be, beside EXPLICIT; FLOOR_2D is of LKH's dialect."""
ROUNDED = ("CEIL_2D", "FLOOR_2D", "GEO", "ATT")
"""Kinds that say themselves how they are rounded."""


def distances(kind: str, places: Floats, rounding: str) -> Floats:
    """Return all distances between places, row by row, so that no more than they take memory.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    places : float64 [P, 2 or 3]
    rounding : str
        One of `ROUNDINGS` but ``auto``, and ``none`` for `ROUNDED` kinds; ``dimacs`` gives
        tenths.
    """
    full = np.empty((len(places), len(places)))
    columns = np.ascontiguousarray(_radians(places.T) if kind == "GEO" else places.T)
    for i, here in enumerate(columns.T):
        if kind == "GEO":
            row = _geographical(here, columns)
        else:
            row = _PLANE[kind](columns - here[:, None])
        if rounding == "dimacs":
            row = np.floor(10 * row)
        elif rounding == "trunc":
            row = np.floor(row)
        elif rounding == "round":
            row = np.floor(row + 0.5)
        full[i] = row
    np.fill_diagonal(full, 0.0)
    return full
