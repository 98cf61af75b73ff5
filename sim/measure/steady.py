"""Whether staff can keep up: pools that have more to do than hours, where nothing settles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sim.clock import WEEK
from sim.engine.outcome import Outcome
from sim.measure.doing import Doing, desk_kinds, duty_hours
from sim.measure.fold import Request, gather
from sim.measure.tables import Floats
from sim.model.flow import town_has_it
from sim.model.state import Channel, State

Ints = NDArray[np.int64]

_DOING = slice(0, 4)  # at work, under way, waiting for others, overtime


@dataclass(frozen=True)
class Overload:
    """A pool that has more to do than it is on duty for.

    Attributes
    ----------
    name, name_zh, place : str
        Whose it is, and where.
    occupancy : float
        What it did, and what came to wait for it meanwhile, of its hours on duty; 1 or more.
    growth : int
        How many more wait for it at the end than at the beginning; of callers, how many gave up.
    """

    name: str
    name_zh: str
    place: str
    occupancy: float
    growth: int


class ByPool(Doing):
    """What crews did by unit, and operators by desk, which follow the units."""

    def __init__(self, outcome: Outcome) -> None:
        plan, (units, desks) = outcome.plan, _sizes(outcome)
        cells = {
            "visits": plan.crew_unit.astype(np.int64),
            "stops": np.full(len(plan.worker_grid), -1),
            "services": units + np.arange(desks),
        }
        super().__init__(outcome, cells, units + desks, False)
        self.cases = np.zeros(units + desks, dtype=np.int64)

    def add(self, piece: Outcome) -> None:
        """Take in rows of the logs."""
        super().add(piece)
        for log, who in (("visits", "crew"), ("services", "desk")):
            rows = getattr(piece, log)
            pool = self._cells[log][rows[who]]
            seen = (rows["start"] < piece.until) & ~(rows["end"] <= 0)
            self.cases += np.bincount(pool[seen], minlength=len(self.cases))

    def merge(self, other: Self) -> None:
        """Take in what another took in."""
        super().merge(other)
        self.cases += other.cases


class Growth:
    """How many more wait for each pool at the end than at the beginning.

    Parameters
    ----------
    outcome : Outcome

    Attributes
    ----------
    more : int64 [units + desks]
    """

    logs = False

    def __init__(self, outcome: Outcome) -> None:
        self._units, desks = _sizes(outcome)
        self._towns = len(outcome.plan.town_posts)
        self._by_town = np.array([town_has_it(channel, 1) for channel in Channel])
        self._open = outcome.plan.town_posts.sum(axis=1) > 0
        self.more = np.zeros(self._units + desks, dtype=np.int64)

    def add(self, piece: Outcome) -> None:
        """Count the tickets of a piece."""
        t, first = piece.tickets, self._units
        unit, posted = t["unit"].astype(np.int64), t["unit"] >= 0
        before = (t["signed"] < 0) & ~(t["dispatched"] < 0) & ~(t["attended"] < 0)
        self._count(unit, posted & (t["state"] == State.WAITING), posted & before)
        centre = np.where(
            self._by_town[t["channel"]] & self._open[t["town"]],
            first + 1 + t["town"],
            first + 1 + self._towns + t["district"].astype(np.int64),
        )
        sorted_later = (t["discovered"] < 0) & ~(t["triaged"] < 0) & (t["channel"] > 0)
        self._count(centre, t["state"] == State.AT_CENTRE, sorted_later)
        gone = t["abandoned"].astype(bool) & (t["called"] >= 0)
        self._count(np.full(len(gone), first), gone, np.zeros(len(gone), dtype=bool))

    def _count(self, pool: Ints, now: NDArray[np.bool_], then: NDArray[np.bool_]) -> None:
        size = len(self.more)
        self.more += np.bincount(pool[now], minlength=size)
        self.more -= np.bincount(pool[then], minlength=size)

    def merge(self, other: Self) -> None:
        """Add the tickets of another."""
        self.more += other.more


def requests() -> list[Request]:
    """Return what it rests on, for one pass."""
    return [(ByPool,), (Growth,)]


def occupancies(outcome: Outcome) -> tuple[Floats, Ints]:
    """Return what each unit, then each desk, has to do of its hours on duty, and its growth.

    To do is what was done from 0 to the end of the run, overtime and ways among it, and what came
    to wait, at the mean of what was done; at the hotline the calls of those who gave up.

    Returns
    -------
    float64, int64 [units + desks]
        NaN where there are neither work nor hours, inf where there are no hours.
    """
    did: ByPool
    grew: Growth
    did, grew = gather(outcome, requests())
    seconds = did.seconds()[_DOING, :, 0].sum(axis=0)
    each = np.divide(seconds, did.cases, out=np.zeros(len(seconds)), where=did.cases > 0)
    load, duty = seconds + np.maximum(grew.more, 0) * each, _duty(outcome)
    load = np.where((duty == 0) & (grew.more > 0), np.inf, load)
    return np.divide(load, duty, out=np.where(load > 0, np.inf, np.nan), where=duty > 0), grew.more


def overloads(outcome: Outcome) -> list[Overload]:
    """Return the pools that have more to do than hours, the worst first.

    There is no steady state with them: what waits grows for as long as the run goes on, and
    figures depend on how long that is. Of less than a week nothing is said: not all shifts have
    been on, and what waits at its end may be gone a day later.
    """
    if outcome.until < WEEK:
        return []
    value, more = occupancies(outcome)
    full = np.flatnonzero((value >= 1) & (more > 0))
    names = _names(outcome)
    found = []
    for pool in full[np.argsort(-value[full], kind="stable")].tolist():
        name, name_zh, place = names[pool]
        found.append(Overload(name, name_zh, place, float(value[pool]), int(more[pool])))
    return found


def _sizes(outcome: Outcome) -> tuple[int, int]:
    """Return how many units and desks there are."""
    return len(outcome.plan.unit_department), sum(desk_kinds(outcome))


def _duty(outcome: Outcome) -> Floats:
    """Return how long the posts of each pool were on duty, s, float64 [units + desks]."""
    units, _ = _sizes(outcome)
    total = np.zeros(sum(_sizes(outcome)))
    for hours, (_, plan) in zip(duty_hours(outcome), outcome.plans, strict=True):
        np.add.at(total, plan.crew_unit, hours[plan.crew_shift])
        posts = np.concatenate([plan.hotline_posts[None], plan.town_posts, plan.district_posts])
        total[units:] += posts @ hours
    return total


def _names(outcome: Outcome) -> list[tuple[str, str, str]]:
    """Return what each unit and desk is called in English and Chinese, and where it is."""
    city, plan = outcome.city, outcome.plan
    bodies = list(outcome.scenario.departments.values())
    found = [
        (
            bodies[department].name_en,
            bodies[department].name_zh,
            city.town_name[town] if town >= 0 else city.district_name[district],
        )
        for department, town, district in zip(
            plan.unit_department, plan.unit_town, plan.unit_district, strict=True
        )
    ]
    found.append(("12345 hotline", "12345 话务员", "city"))
    found += [("town centre", "镇街联动中心", town) for town in city.town_name]
    return found + [("district centre", "区县联动中心", name) for name in city.district_name]
