"""The workload: one row for each matter of one replication, with every number it will need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.columns import MATTER, kinds
from sim.declared import check_type
from sim.errors import InputError
from sim.scenario import Scenario
from sim.workload.arrivals import Demand, arrivals
from sim.workload.marks import marks
from sim.workload.philox import Draws

Places = list[NDArray[np.intp]]


class Workload:
    """Matters in order of arising; all times are on ticks.

    Parameters
    ----------
    **columns : arrays [N]
        Those of `sim.columns.MATTER`, each of its type. They cannot be written to any more.

    Raises
    ------
    InputError
        If one is missing, or of another type: a float where a whole number belongs would be cut
        off.
    """

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> NDArray[Any]:
            """Return a column."""

    def __init__(self, **columns: NDArray[Any]) -> None:
        wanted = kinds(MATTER)
        for name in sorted(wanted.keys() ^ columns.keys()):
            allowed = "one of each column" if name in wanted else "no such column"
            raise InputError("Workload", name, None, allowed)
        for name, kind in wanted.items():
            check_type("Workload", name, columns[name], np.dtype(kind))
            columns[name].flags.writeable = False
        self.__dict__.update({name: columns[name] for name in wanted})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a workload cannot be changed: {name}")

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns by name."""
        return dict(vars(self))

    def __len__(self) -> int:
        return len(self.key)

    def take(self, rows: NDArray[np.intp]) -> Workload:
        """Return some of the rows, in the given order."""
        return Workload(**{name: column[rows] for name, column in self.columns().items()})

    @staticmethod
    def places(parts: list[Workload]) -> Places:
        """Return where the rows of each part stand in the order of arising of all; ties by key."""
        arisen = np.concatenate([part.arisen for part in parts])
        order = np.argsort(arisen)
        same = np.diff(arisen[order]) == 0
        tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
        if len(tied):
            key, rows = np.concatenate([part.key for part in parts]), order[tied]
            order[tied] = rows[np.lexsort((key[rows], arisen[rows]))]
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

        return cls(**{name: column(name) for name in parts[0].columns()})

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
            Days of the run, those before time 0 negative; by default its warm-up and all
            measured days. The matters of a date do not depend on what else is drawn, nor on
            where the run begins.
        progress : callable, optional
            Told the share done.
        """
        span = scenario.time
        days = range(-span.warm_up_days, span.days) if days is None else days
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
