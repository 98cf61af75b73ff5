"""The workload: one row for each matter of one replication, with every number it will need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.declared import check_types
from sim.scenario import Scenario
from sim.workload.arrivals import Demand, arrivals
from sim.workload.marks import marks
from sim.workload.philox import Draws

Floats = NDArray[np.float64]
Places = list[NDArray[np.intp]]


@dataclass(frozen=True, eq=False)
class Workload:
    """Matters in order of arising; all columns have length N, all times are on ticks.

    Attributes
    ----------
    key : int64
        Names the matter in every run of the scenario: day, district, category, number.
    arise : float64
        s since the scenario's start.
    category, district, town, grid : int16, int16, int32, int32
    loop : float64
        Place on the grid's patrol loop, as a share of its length.
    x, y : float64
        The place, m.
    citizen : int8
        The `Channel` by which a citizen would report it, or ``NONE``.
    patience : float64
        Citizen-active seconds until that; 0: at once; inf: never.
    lifetime : float64
        Seconds after which it vanishes unless it is known; inf: it stays.
    observer : float64
        Observer-active seconds until a single part-time worker would notice; inf: never.
    camera : float64
        Seconds until a camera's alert; inf: no camera sees it.
    passes : int32
        The how-manieth patrol pass notices it; 0: none.
    simple, spot_s : bool, float64
        Whether a gridworker can deal with it alone, and the work that takes.
    at_once, talk_s : bool, float64
        Whether the call answers it, and how long the call is.
    call_patience, redials, redial_s : float64, int16, float64
        How long the caller waits, how often they would call again, and after how long.
    desk : float64
        Unit-mean factor on every service that a centre gives it.
    wrong, wrong_department : int16, int16
        How many triages go wrong, and to how many departments after the right one.
    sign : float64
        Unit-mean factor on the department's time to sign.
    work_s, settle_s : float64
        Work on site; elapsed time after it that needs no crew.
    joint : bool
        Whether it needs all departments its category names.
    by_grid : bool
        Whether a gridworker checks the result, rather than a call-back.
    fails : int16
        How many checks find it badly done.
    satisfaction_u : float64
        Uniform number; below the chance of satisfaction it means satisfied.
    """

    key: NDArray[np.int64]
    arise: Floats
    category: NDArray[np.int16]
    district: NDArray[np.int16]
    town: NDArray[np.int32]
    grid: NDArray[np.int32]
    loop: Floats
    x: Floats
    y: Floats
    citizen: NDArray[np.int8]
    patience: Floats
    lifetime: Floats
    observer: Floats
    camera: Floats
    passes: NDArray[np.int32]
    simple: NDArray[np.bool_]
    spot_s: Floats
    at_once: NDArray[np.bool_]
    talk_s: Floats
    call_patience: Floats
    redials: NDArray[np.int16]
    redial_s: Floats
    desk: Floats
    wrong: NDArray[np.int16]
    wrong_department: NDArray[np.int16]
    sign: Floats
    work_s: Floats
    settle_s: Floats
    joint: NDArray[np.bool_]
    by_grid: NDArray[np.bool_]
    fails: NDArray[np.int16]
    satisfaction_u: Floats

    def __post_init__(self) -> None:
        check_types(self)
        for field in fields(self):
            getattr(self, field.name).flags.writeable = False

    def __len__(self) -> int:
        return len(self.key)

    def take(self, rows: NDArray[np.intp]) -> Workload:
        """Return some of the rows, in the given order."""
        return Workload(*(getattr(self, field.name)[rows] for field in fields(self)))

    @staticmethod
    def places(parts: list[Workload]) -> Places:
        """Return where the rows of each part stand in the order of arising of all; ties by key."""
        arise = np.concatenate([part.arise for part in parts])
        order = np.argsort(arise)
        same = np.diff(arise[order]) == 0
        tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
        if len(tied):
            key, rows = np.concatenate([part.key for part in parts]), order[tied]
            order[tied] = rows[np.lexsort((key[rows], arise[rows]))]
        place = np.empty(len(order), dtype=np.intp)
        place[order] = np.arange(len(order))
        return np.split(place, np.cumsum([len(part) for part in parts])[:-1])

    @classmethod
    def join(cls, parts: list[Workload]) -> Workload:
        """Put workloads together, in order of arising; ties by key."""
        places, size = cls.places(parts), sum(map(len, parts))

        def column(name: str) -> NDArray[Any]:
            out = np.empty(size, getattr(parts[0], name).dtype)
            for part, place in zip(parts, places, strict=True):
                out[place] = getattr(part, name)
            return out

        return cls(*(column(field.name) for field in fields(cls)))

    @classmethod
    def draw(
        cls,
        scenario: Scenario,
        city: City,
        seed: int,
        replication: int = 0,
        days: range | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Workload:
        """Draw the matters of some days.

        Parameters
        ----------
        seed, replication : int
            In [0, 2**32).
        days : range, optional
            Days since the scenario's start; all of the scenario's by default. The matters of
            a day do not depend on what else is drawn.
        progress : callable, optional
            Told the share done.
        """
        days = range(scenario.time.days) if days is None else days
        return cls.join(cls.draw_parts(scenario, city, seed, replication, days, progress))

    @classmethod
    def draw_parts(
        cls,
        scenario: Scenario,
        city: City,
        seed: int,
        replication: int,
        days: range,
        progress: Callable[[float], None] | None = None,
    ) -> list[Workload]:
        """Draw what `draw` does, one part a district, each in no order."""
        demand = Demand.build(scenario, city)
        draws = Draws(seed, replication)
        parts = []
        for district in range(len(city.district_name)):
            found = arrivals(scenario, city, demand, draws, district, days)
            parts.append(cls(**marks(scenario, city, demand, draws, district, found)))
            if progress is not None:
                progress((district + 1) / len(city.district_name))
        return parts
