"""What each matter carries with it: its place, its citizen, its work and its luck."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.city.hot import hot_stretches
from sim.clock import DAY, HOUR, MINUTE, to_ticks
from sim.columns import MATTER, Column
from sim.scenario import Scenario
from sim.workload import quantiles
from sim.workload.arrivals import Arrivals, Demand
from sim.workload.channel import Channel
from sim.workload.names import keys
from sim.workload.philox import Draws
from sim.workload.purpose import Purpose
from sim.workload.quantiles import Parameter

Floats = NDArray[np.float64]

_SI = {"_h": HOUR, "_min": MINUTE, "_days": DAY}


def marks(
    scenario: Scenario, city: City, demand: Demand, draws: Draws, district: int, found: Arrivals
) -> dict[str, NDArray[Any]]:
    """Draw the columns of `Workload` for the matters of one district.

    Parameters
    ----------
    district : int
        Index in the city.
    found : Arrivals
        Its matters.

    Returns
    -------
    dict of arrays
        Each as long as there are matters.
    """
    code = found.category
    uniform = _Uniforms(draws, found)
    grid = _grids(scenario, city, district, code, uniform[Purpose.GRID])
    loop = along_loop(scenario, city, grid, uniform[Purpose.LOOP])
    citizen = _citizens(scenario, demand, district, code, uniform[Purpose.CITIZEN])
    drawn = _Drawn(scenario, uniform, code, citizen)

    # a question lies in no street: only its citizen brings it
    question = drawn["at_once"] & (citizen != Channel.NONE)
    visible = Parameter(np.array([c.camera_visibility for c in scenario.categories]), code).spread()
    seen = uniform[Purpose.CAMERA] < visible * city.grid_camera[grid]
    joint = drawn["joint"] & ~question
    wrong = drawn["wrong"]
    if scenario.districts[city.district_name[district]].one_platform:
        urgent = np.array([c.priority == 1 for c in scenario.categories])[code]
        wrong[joint | urgent] = 0
    others = max(len(scenario.departments) - 1, 1)
    return drawn.columns | {
        "key": keys(scenario, city.district_code[district], found.date, code, found.index),
        "category": code.astype(np.int16),
        "district": np.full(len(code), district, dtype=np.int16),
        **place(city, grid, loop),
        "citizen": citizen,
        "at_once": question,
        "joint": joint,
        "arisen": found.time,
        "patience": np.where(citizen != Channel.NONE, drawn["patience"], np.inf),
        "lifetime": np.where(question, np.inf, drawn["lifetime"]),
        "observer": np.where(question, np.inf, drawn["observer"]),
        "camera": np.where(~question & seen, drawn["camera"], np.inf),
        "passes": np.where(question, np.int32(0), drawn["passes"]),
        "simple": drawn["simple"] & ~question,
        "wrong": wrong,
        "wrong_department": (1 + np.floor(uniform[Purpose.WRONG_DEPARTMENT] * others)).astype(
            np.int16
        ),
    }


class _Uniforms:
    """The matters' uniform numbers by purpose: two neighbours are drawn at once."""

    def __init__(self, draws: Draws, found: Arrivals) -> None:
        self._draws, self._found = draws, found
        self._kept: dict[int, Floats] = {}

    def __getitem__(self, purpose: Purpose) -> Floats:
        """Return those of a purpose, once: they are the caller's to write on."""
        if purpose not in self._kept:
            first = purpose - purpose % 2
            pair = self._draws.pair(first, self._found.named, self._found.cell)
            self._kept[first], self._kept[first + 1] = pair
        return self._kept.pop(purpose)


class _Drawn:
    """The columns that one uniform number tells, by name."""

    def __init__(
        self,
        scenario: Scenario,
        uniform: _Uniforms,
        code: NDArray[np.int64],
        citizen: NDArray[np.int8],
    ) -> None:
        self._scenario, self._code = scenario, code
        self._line = (citizen == Channel.POLICE).astype(np.intp)
        self.columns = {
            column.name: self._made(column, uniform) for column in MATTER if column.draw is not None
        }

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def _made(self, column: Column, uniform: _Uniforms) -> NDArray[Any]:
        draw = column.draw
        assert draw is not None
        values = getattr(quantiles, draw.quantile)(
            uniform[Purpose[draw.purpose]], *map(self._parameter, draw.parameters)
        )
        if column.unit == "s":
            values = to_ticks(values)
        made: NDArray[Any] = values.astype(column.kind, copy=False)
        return made

    def _parameter(self, said: str | float) -> Parameter:
        """Look a parameter up, in SI units; what is absent is infinite."""
        if not isinstance(said, str):
            return Parameter(np.array([float(said)]))
        group, name = said.split(".")
        scale = next((si for ending, si in _SI.items() if name.endswith(ending)), 1.0)
        tables: dict[str, tuple[Any, NDArray[Any]]] = {
            "category": (self._scenario.categories, self._code),
            "line": ((self._scenario.hotline, self._scenario.police_line), self._line),
        }
        rows, of = tables.get(group, ((getattr(self._scenario, group, None),), None))
        values = [getattr(row, name) for row in rows]
        return Parameter(np.array([np.inf if v is None else v * scale for v in values], float), of)


def place(city: City, grid: NDArray[np.int64], loop: Floats) -> dict[str, NDArray[Any]]:
    """Return the columns that say where matters lie, from their grids and places on the loop.

    The loop is drawn as a circle of its length about the grid's middle.
    """
    radius, angle = city.grid_loop_m[grid] / (2 * np.pi), 2 * np.pi * loop
    return {
        "town": city.grid_town[grid],
        "grid": grid.astype(np.int32),
        "loop": loop,
        "x": to_ticks(city.grid_xy[grid, 0] + radius * np.cos(angle)),
        "y": to_ticks(city.grid_xy[grid, 1] + radius * np.sin(angle)),
    }


def along_loop(scenario: Scenario, city: City, grid: NDArray[np.int64], uniform: Floats) -> Floats:
    """Return places as shares of the loop: some on the grid's hot stretch, the others anywhere.

    Parameters
    ----------
    grid, uniform : int64 [n], float64 [n]
        The matters' grids, and numbers in [0, 1).
    """
    share, length = scenario.grid.hot_share, scenario.grid.hot_length
    if share == 0:
        return uniform
    cold = 1 - share
    along = np.where(
        uniform < cold * length + share,
        uniform / (cold + share / length),
        (uniform - share) / max(cold, 1e-300),
    )
    return (hot_stretches(city)[grid] + along) % 1.0


def _grids(
    scenario: Scenario, city: City, district: int, code: NDArray[np.int64], uniform: Floats
) -> NDArray[np.int64]:
    """Place the matters in the district's grids, as their category spreads."""
    here = np.flatnonzero(city.grid_district == district)
    weights = {
        "population": city.grid_population[here].astype(float),
        "area": city.grid_area[here],
        "even": np.ones(len(here)),
    }
    spread = np.array([c.place for c in scenario.categories])[code]
    chosen = np.zeros(len(code), dtype=np.int64)
    for name, weight in weights.items():
        rows = spread == name
        below = np.cumsum(weight)
        place = np.searchsorted(below, uniform[rows] * below[-1], side="right")
        chosen[rows] = here[np.minimum(place, len(here) - 1)]
    return chosen


def _citizens(
    scenario: Scenario, demand: Demand, district: int, code: NDArray[np.int64], uniform: Floats
) -> NDArray[np.int8]:
    """Decide whether a citizen would report the matter, and how."""
    reporters = demand.reporters[district]
    calls = demand.hotline[district] + demand.police[district]
    police = reporters * np.divide(
        demand.police[district], calls, out=np.zeros_like(calls), where=calls > 0
    )
    online = (reporters - police) * scenario.hotline.online_share
    return np.select(
        [uniform < police[code], uniform < (police + online)[code], uniform < reporters[code]],
        [Channel.POLICE, Channel.ONLINE, Channel.HOTLINE],
        Channel.NONE,
    ).astype(np.int8)
