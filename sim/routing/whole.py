"""An instance in whole numbers, for solvers that know no others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.routing.instance import Instance, Ints

FAR = 2**40
"""Stands for infinity."""
FINE = 1000.0
"""Parts of a unit that are told apart where not all figures are whole."""


class Whole(NamedTuple):
    """Times and costs as integers, rounded so that what is feasible here is so in truth.

    ``cost_unit`` and ``time_unit`` are the integers that one unit of the instance makes. A prize
    of `FAR` or more means that a stop must be served.
    """

    distance: Ints
    duration: Ints
    demand: Ints
    open: Ints
    close: Ints
    service: Ints
    prize: Ints
    due: Ints
    late: Ints
    capacity: Ints
    fixed: Ints
    shift_open: Ints
    shift_close: Ints
    cost_unit: float
    time_unit: float


def whole(i: Instance) -> Whole:
    """Round costs to the nearest, durations and loads up, limits down."""
    cost = _unit(i.distance, i.fixed, i.prize)
    time = _unit(i.duration, i.open, i.close, i.service, i.due, i.shift_open, i.shift_close)
    load = _unit(i.demand, i.capacity)
    return Whole(
        distance=_int(np.round(i.distance * cost)),
        duration=_int(np.ceil(i.duration * time)),
        demand=_int(np.ceil(i.demand * load)),
        open=_int(np.ceil(i.open * time)),
        close=_int(np.floor(i.close * time)),
        service=_int(np.ceil(i.service * time)),
        prize=_int(np.round(i.prize * cost)),
        due=_int(np.floor(i.due * time)),
        late=_int(np.round(i.late * cost / time)),
        capacity=_int(np.floor(i.capacity * load)),
        fixed=_int(np.round(i.fixed * cost)),
        shift_open=_int(np.ceil(i.shift_open * time)),
        shift_close=_int(np.floor(i.shift_close * time)),
        cost_unit=cost,
        time_unit=time,
    )


def _unit(*arrays: NDArray[np.float64]) -> float:
    figures = np.concatenate([array[np.isfinite(array)].ravel() for array in arrays])
    return 1.0 if np.all(figures == np.floor(figures)) else FINE


def _int(array: NDArray[np.float64]) -> Ints:
    return np.clip(array, -float(FAR), float(FAR)).astype(np.int64)
