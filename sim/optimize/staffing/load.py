"""Offered load: how much work reaches each pool, by hour of the week.

`from_demand` derives it from the scenario's demand, category by category: talks, desk services,
and visits with their travel. `from_outcomes` measures it in simulations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.city.travel import Travel
from sim.clock import HOUR, MINUTE
from sim.model.calendar import desk_calendars, shift_calendars
from sim.model.flow import town_has_it
from sim.model.state import Channel
from sim.optimize.hazards import OTHERS
from sim.optimize.staffing.discovery import HOURS, Flows, flows
from sim.optimize.staffing.pools import Pools
from sim.scenario.dates import typical_week

if TYPE_CHECKING:
    from sim.city.city import City
    from sim.engine.outcome import Outcome
    from sim.model.plan import Plan
    from sim.scenario import Scenario

Floats = NDArray[np.float64]

SLACKS_H = np.array([1 / 60, 1 / 12, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0])
"""Classes of how long work may wait, h; more than the last counts as the last."""


@dataclass(frozen=True, eq=False)
class OfferedLoad:
    """Work that reaches each pool.

    Attributes
    ----------
    arrivals : float64 [P, K, 168]
        Services an hour by class of slack (`SLACKS_H`), from the scenario's first midnight on.
    service_s : float64 [P]
        Mean length of a service, s.
    """

    arrivals: Floats
    service_s: Floats

    @property
    def erlangs(self) -> Floats:
        """Mean number busy if nobody ever waited, float64 [P, 168]."""
        return self.arrivals.sum(axis=1) * self.service_s[:, None] / HOUR

    def scaled(self, factor: float) -> OfferedLoad:
        """Return the load at another demand."""
        return OfferedLoad(self.arrivals * factor, self.service_s)


def slack_class(hours: Floats) -> NDArray[np.int64]:
    """Return the class of slack of each wait that may be, h: the longest that is not longer."""
    return np.maximum(np.searchsorted(SLACKS_H, hours + 1e-9, side="right") - 1, 0)


def from_demand(
    scenario: Scenario, city: City, plan: Plan, pools: Pools, deadline: str = "arrive"
) -> OfferedLoad:
    """Derive the load from the scenario's demand.

    Parameters
    ----------
    plan : Plan
        Its patrols and part-timers decide who finds what; posts matter only in so far as a
        town's centre that is shut leaves its work to the district's.
    deadline : str
        ``sign``, ``arrive`` or ``close``: by which deadline a visit's slack is reckoned.
    """
    return _Desks(scenario, city, plan, pools, flows(scenario, city, plan), deadline).load()


class _Desks:
    """Collects what reaches each pool."""

    def __init__(
        self,
        scenario: Scenario,
        city: City,
        plan: Plan,
        pools: Pools,
        found: Flows,
        deadline: str,
    ) -> None:
        self.scenario, self.city, self.plan, self.pools, self.found = (
            scenario,
            city,
            plan,
            pools,
            found,
        )
        self.deadline = deadline
        self.arrivals = np.zeros((len(pools), len(SLACKS_H), HOURS))
        self.work = np.zeros(len(pools))  # s of service an hour, to find the mean
        self.names = list(scenario.departments)

    def figure(self, name: str) -> Floats:
        return np.array([getattr(c, name) for c in self.scenario.categories], dtype=float)

    def add(self, pool: int, per_hour: Floats, seconds: float, slack_h: float) -> None:
        """Put services of one kind into a pool: float64 [168] an hour."""
        kind = int(slack_class(np.array([slack_h]))[0])
        self.arrivals[pool, kind] += per_hour
        self.work[pool] += float(per_hour.sum()) * seconds

    def load(self) -> OfferedLoad:
        found, hotline = self.found, self.scenario.hotline
        calls = found.found[Channel.HOTLINE] + found.asked[Channel.HOTLINE]
        self.add(0, calls.sum(axis=(0, 1)), hotline.talk_mean_s, 20.0 / 3600.0)
        with_worker = np.zeros(len(self.city.grid_xy), dtype=bool)
        with_worker[self.plan.worker_grid] = True
        for d in range(len(self.city.district_name)):
            grids = self.city.grid_district == d
            people = self.city.grid_population * grids
            self.district(d, float(people[with_worker].sum() / max(people.sum(), 1)))
        total = self.arrivals.sum(axis=(1, 2))
        mean = np.divide(self.work, total, out=np.full(len(total), MINUTE), where=total > 0)
        return OfferedLoad(self.arrivals, np.maximum(mean, 1.0))

    def district(self, d: int, walked: float) -> None:
        """Add what reaches the centres and units of one district.

        ``walked`` is the share of its residents in whose grid there is a gridworker.
        """
        city, rules, found = self.city, self.scenario.centres, self.found
        towns = np.flatnonzero(city.town_district == d)
        people = city.town_population[towns] / city.town_population[towns].sum()
        forces = np.array(
            [c.department in self.scenario.police_line.forces for c in self.scenario.categories]
        )[:, None]
        on_spot = self.figure("on_spot")[:, None]
        write_up = max(round(self.scenario.hotline.write_up_min / 60.0), 0)
        calls = np.roll(found.found[Channel.HOTLINE][d], write_up, axis=1)
        police = found.found[Channel.POLICE][d]
        # to the towns, while they are open; gridworkers keep the simple ones that they find
        walks_in = found.found[Channel.PATROL][d] * (1 - on_spot)
        written = found.found[Channel.ONLINE][d]
        for channel in (entrant.channel for entrant in OTHERS):
            if channel in (Channel.PATROL, Channel.NONE):
                continue
            if town_has_it(channel, 1):
                walks_in = walks_in + found.found[channel][d]
            else:
                written = written + found.found[channel][d]
        written = written + found.asked[Channel.ONLINE][d]
        tell = calls + np.where(forces, 0, police)
        sent = walks_in + written + tell  # to be triaged
        open_town = np.zeros((len(towns), HOURS))
        calendars = shift_calendars(typical_week(self.scenario))
        for i, town in enumerate(towns):
            for shift in np.flatnonzero(self.plan.town_posts[town]):
                open_town[i] += [calendars[shift].rate((h + 0.5) * HOUR) for h in range(HOURS)]
        open_town = (open_town > 0).astype(float)
        wrong = self.figure("mistriage")[:, None]
        again = wrong / (1 - np.minimum(wrong, 0.9))
        accept, sort = rules.accept_mean_min * MINUTE, rules.triage_mean_min * MINUTE
        centre = 1 + len(city.town_name) + d
        # a centre's own share of the deadline: it uses up little of the time to sign
        desk_slack = 0.1
        finds = walks_in.sum(axis=0)
        retried = (again * walks_in).sum(axis=0)
        for i, centre_of_town in enumerate((1 + towns).tolist()):
            self.add(centre_of_town, finds * people[i] * open_town[i], accept + sort, desk_slack)
            self.add(centre_of_town, retried * people[i] * open_town[i], sort, desk_slack)
        shut = 1 - people @ open_town
        self.add(centre, finds * shut + written.sum(axis=0), accept + sort, desk_slack)
        self.add(centre, tell.sum(axis=0), sort, desk_slack)
        self.add(centre, retried * shut + (again * (written + tell)).sum(axis=0), sort, desk_slack)
        visits = sent * (1 - on_spot * walked) + np.where(forces, police, 0)
        redo = 1 / (1 - np.minimum(self.figure("reopen"), 0.9))[:, None]
        by_grid = self.figure("check_by_grid")[:, None] * walked
        back = float((redo * (sent + np.where(forces, police, 0)) * (1 - by_grid)).sum())
        self.add(centre, np.full(HOURS, back / HOURS), rules.call_back_mean_min * MINUTE, 16.0)
        self.crews(d, visits * redo, towns, people)

    def crews(self, d: int, visits: Floats, towns: NDArray[np.int64], people: Floats) -> None:
        """Add a district's visits to the units that must make them."""
        first = self.pools.desks
        desks = desk_calendars(typical_week(self.scenario))
        way = self.travel(d)
        for c, category in enumerate(self.scenario.categories):
            if not visits[c].any():
                continue
            own = self.names.index(category.department)
            after_sign = _when_open(visits[c], desks[own].rate)
            sign_h = self.scenario.departments[category.department].sign_mean_min / 60.0
            joint = [(self.names.index(p), category.joint_share) for p in category.joint_with]
            for body, share in [(own, 1.0), *joint]:
                if share <= 0:
                    continue
                for i, town in enumerate(towns):
                    unit = int(self.plan.unit_of[body, town])
                    travel_s = way[1 if self.plan.unit_town[unit] < 0 else 0]
                    slack = self.slack(category, sign_h, travel_s)
                    seconds = travel_s + category.work_min * MINUTE
                    self.add(first + unit, after_sign * share * people[i], seconds, slack)

    def slack(self, category: object, sign_h: float, travel_s: float) -> float:
        """Return how long a visit may wait for its crew, h."""
        name = "mean_close_h" if self.deadline == "close" else f"{self.deadline}_h"
        due = float(getattr(category, name))
        if self.deadline == "close":  # settling and the check come after the visit
            spread = 1 + float(category.settle_cv)  # type: ignore[attr-defined]
            due -= float(category.settle_h) * spread + 8.0  # type: ignore[attr-defined]
        return max(due - sign_h - travel_s / HOUR, 1 / 60)

    def travel(self, d: int) -> tuple[float, float]:
        """Return the mean way, s, of a town's crew and of a district's."""
        city = self.city
        travel = Travel.of(self.scenario, city)
        speed = float(travel.speed_m_s[d].mean())
        grids = np.flatnonzero(city.grid_district == d)
        own = np.hypot(*(city.grid_xy[grids] - city.town_xy[city.grid_town[grids]]).T)
        near = float(np.average(own, weights=city.grid_population[grids]))
        # a district's crew comes from its own town as a rule, from a neighbour's now and then
        return float(travel.detour) * near / speed, float(travel.detour) * 1.5 * near / speed


def _when_open(per_hour: Floats, rate: object) -> Floats:
    """Keep what comes while a desk is shut until it opens."""
    is_open = np.array([rate((h + 0.5) * HOUR) > 0 for h in range(HOURS)])  # type: ignore[operator]
    if is_open.all() or not is_open.any():
        return per_hour
    out = np.where(is_open, per_hour, 0.0)
    hours = np.flatnonzero(is_open)
    for h in np.flatnonzero(~is_open):
        out[hours[np.searchsorted(hours, h) % len(hours)]] += per_hour[h]
    return out


def from_outcomes(outcomes: Sequence[Outcome], pools: Pools, like: OfferedLoad) -> OfferedLoad:
    """Measure the load in simulations.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Each of at least a day; of a week or more, or the days that are there stand for the rest.
    like : OfferedLoad
        From it the shares of the classes of slack are taken.

    Notes
    -----
    What waits is counted when it begins to wait, so that a lack of staff shifts no load; visits
    are those that were begun.
    """
    count = np.zeros((len(pools), HOURS))
    busy = np.zeros(len(pools))
    span = np.zeros(HOURS)
    for outcome in outcomes:
        until = outcome.until
        span += np.bincount(np.arange(int(until // HOUR)) % HOURS, minlength=HOURS)
        for pool, since, start, end in _services(outcome, pools):
            good = since < until // HOUR * HOUR
            np.add.at(count, (pool[good], (since[good] // HOUR).astype(int) % HOURS), 1)
            np.add.at(busy, pool[good], (end - start)[good])
    mean = np.divide(
        busy, count.sum(axis=1), out=like.service_s.copy(), where=count.sum(axis=1) > 0
    )
    per_hour = np.divide(count, span, out=np.zeros_like(count), where=span > 0)
    if (span == 0).any():  # fewer days than a week: the mean day of those that are there
        days = per_hour.reshape(len(pools), 7, 24)
        seen = (span.reshape(7, 24) > 0).sum(axis=0)
        mean_day = days.sum(axis=1) / np.maximum(seen, 1)
        per_hour = np.where(span > 0, per_hour, np.tile(mean_day, 7))
    whole = like.arrivals.sum(axis=2)
    share = whole / np.maximum(whole.sum(axis=1, keepdims=True), 1e-300)
    share[whole.sum(axis=1) == 0, -1] = 1.0
    return OfferedLoad(share[:, :, None] * per_hour[:, None, :], np.maximum(mean, 1.0))


def _services(
    outcome: Outcome, pools: Pools
) -> list[tuple[NDArray[np.int64], Floats, Floats, Floats]]:
    """Return pool, since when it waited, start and end of all services and visits."""
    s, v, t = outcome.services, outcome.visits, outcome.tickets
    since, _ = ready(outcome)
    ended = np.where(np.isnan(v["end"]), outcome.until, v["end"])
    return (
        [
            (s["desk"].astype(np.int64), s["arrive"], s["start"], s["end"]),
            (pools.desks + v["unit"].astype(np.int64), since, v["start"], ended),
        ]
        if len(t["key"])
        else []
    )


def ready(outcome: Outcome) -> tuple[Floats, NDArray[np.bool_]]:
    """Return since when each visit's ticket waited for a crew, and whether it is its first.

    A ticket that was reopened waits since it was; that instant is not in the record, and the
    start of the visit stands for it.
    """
    v, t = outcome.visits, outcome.tickets
    ticket = v["ticket"]
    order = np.lexsort((v["start"], v["unit"], ticket))
    same = np.zeros(len(order), dtype=bool)
    a, b = order[1:], order[:-1]
    same[a] = (ticket[a] == ticket[b]) & (v["unit"][a] == v["unit"][b])
    signed = t["signed"][ticket]
    return np.where(same | np.isnan(signed), v["start"], signed), ~same
