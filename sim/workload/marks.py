"""What each matter carries with it: its place, its citizen, its work and its luck."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.city.city import City
from sim.city.hot import hot_stretches
from sim.clock import DAY, HOUR, MINUTE, to_ticks
from sim.scenario import Scenario
from sim.workload.arrivals import Arrivals, Demand
from sim.workload.channel import Channel
from sim.workload.names import keys
from sim.workload.philox import Draws
from sim.workload.purpose import Purpose

Floats = NDArray[np.float64]

REOPENED_MAX = 3
"""After so many bad checks a ticket is closed as it is."""


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
    code, rows = found.category, scenario.categories
    size = len(code)
    hotline, police_line, centres = scenario.hotline, scenario.police_line, scenario.centres

    def each(name: str, scale: float = 1.0) -> Floats:
        """Look up each category's figure; what is absent is infinite."""
        values = [getattr(c, name) for c in rows]
        return np.array([np.inf if v is None else v * scale for v in values], dtype=float)

    def of(name: str, scale: float = 1.0) -> Floats:
        """Look up the figure of each matter's category."""
        return each(name, scale)[code]

    def pair(first: Purpose) -> tuple[Floats, Floats]:
        return draws.pair(first, found.named, found.cell)

    grid_u, loop_u = pair(Purpose.GRID)
    grid = _grids(scenario, city, district, code, grid_u)
    loop = along_loop(scenario, city, grid, loop_u)

    citizen_u, patience_u = pair(Purpose.CITIZEN)
    citizen = _citizens(scenario, demand, district, code, citizen_u)
    patience = np.where(
        citizen != Channel.NONE, _exponential(patience_u, of("patience_h", HOUR)), np.inf
    )

    lifetime_u, observer_u = pair(Purpose.LIFETIME)
    camera_u, delay_u = pair(Purpose.CAMERA)
    passes_u, on_spot_u = pair(Purpose.PASSES)
    spot_u, at_once_u = pair(Purpose.SPOT_WORK)
    talk_u, wait_u = pair(Purpose.TALK)
    redials_u, redial_u = pair(Purpose.REDIALS)
    # a question lies in no street: only its citizen brings it
    question = (at_once_u < of("answered_at_once")) & (citizen != Channel.NONE)
    seen = ~question & (camera_u < of("camera_visibility") * city.grid_camera[grid])
    lines = (hotline, police_line)
    line = (citizen == Channel.POLICE).astype(np.intp)
    talk = np.array([own.talk_mean_s for own in lines])[line]
    talk *= _lognormal(talk_u, np.array([own.talk_cv for own in lines]), line)

    desk_u, wrong_u = pair(Purpose.DESK)
    department_u, sign_u = pair(Purpose.WRONG_DEPARTMENT)
    work_u, settle_u = pair(Purpose.WORK)
    joint_u, checker_u = pair(Purpose.JOINT)
    fails_u, satisfaction_u = pair(Purpose.FAILS)
    joint = ~question & (joint_u < of("joint_share"))
    wrong = _runs(wrong_u, each("mistriage"), code, centres.triage_tries_max)
    if scenario.districts[city.district_name[district]].one_platform:
        wrong[joint | (of("priority") == 1)] = 0
    all_one = np.zeros(size, dtype=np.intp)
    others = max(len(scenario.departments) - 1, 1)

    return {
        "key": keys(scenario, city.district_code[district], found.day, found.category, found.index),
        "arise": to_ticks(found.time),
        "category": code.astype(np.int16),
        "district": np.full(size, district, dtype=np.int16),
        **place(city, grid, loop),
        "citizen": citizen,
        "patience": to_ticks(patience),
        "lifetime": _unless(question, _exponential(lifetime_u, of("lifetime_h", HOUR))),
        "observer": _unless(question, _exponential(observer_u, of("observer_days", DAY))),
        "camera": _unless(
            ~seen, _exponential(delay_u, np.full(size, scenario.cameras.delay_mean_min * MINUTE))
        ),
        "passes": np.where(question, 0, _passes(passes_u, each("patrol_visibility"), code)).astype(
            np.int32
        ),
        "simple": ~question & (on_spot_u < of("on_spot")),
        "spot_s": to_ticks(of("on_spot_min", MINUTE) * _lognormal(spot_u, each("work_cv"), code)),
        "at_once": question,
        "talk_s": to_ticks(talk),
        "call_patience": to_ticks(-hotline.patience_mean_s * np.log(wait_u)),
        "redials": _runs(redials_u, np.array([hotline.redial_share]), all_one, hotline.redial_max),
        "redial_s": to_ticks(-hotline.redial_mean_min * MINUTE * np.log(redial_u)),
        "desk": _lognormal(desk_u, np.array([centres.service_cv]), all_one),
        "wrong": wrong,
        "wrong_department": (1 + np.floor(department_u * others)).astype(np.int16),
        "sign": -np.log(sign_u),
        "work_s": to_ticks(of("work_min", MINUTE) * _lognormal(work_u, each("work_cv"), code)),
        "settle_s": to_ticks(of("settle_h", HOUR) * _lognormal(settle_u, each("settle_cv"), code)),
        "joint": joint,
        "by_grid": checker_u < of("check_by_grid"),
        "fails": _runs(fails_u, each("reopen"), code, REOPENED_MAX),
        "satisfaction_u": satisfaction_u,
    }


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


def _exponential(uniform: Floats, mean: Floats) -> Floats:
    """Exponential with these means, s; an infinite mean is never, a mean of 0 is at once."""
    out = np.log(uniform)
    out *= -mean
    return out


def _lognormal(uniform: Floats, cv: Floats, of: NDArray[np.intp]) -> Floats:
    """Lognormal with mean 1 and a coefficient of variation ``cv[of]``."""
    variance = np.log1p(np.square(cv))
    out = np.sqrt(variance)[of]
    out *= ndtri(uniform)
    out -= (variance / 2)[of]
    return np.exp(out, out=out)


def _runs(uniform: Floats, chance: Floats, of: NDArray[np.intp], most: int) -> NDArray[np.int16]:
    """Count how often in a row something of chance ``chance[of]`` happens, at most so often."""
    runs = np.zeros(len(uniform), dtype=np.int16)
    for n in range(1, most + 1):
        runs += uniform < (chance**n)[of]
    return runs


def _passes(uniform: Floats, visibility: Floats, of: NDArray[np.intp]) -> Floats:
    """Which pass notices it first, at a chance ``visibility[of]``; 0 where none ever does."""
    with np.errstate(divide="ignore"):
        misses = np.log(uniform)
        misses /= np.log1p(-np.minimum(visibility, 1))[of]
    np.nan_to_num(misses, copy=False)
    passes = 1 + np.minimum(misses, 1e6, out=misses)
    return np.where((visibility > 0)[of], passes, 0)


def _unless(never: NDArray[np.bool_], seconds: Floats) -> Floats:
    return to_ticks(np.where(never, np.inf, seconds))


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
