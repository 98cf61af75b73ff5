"""The judge: runs a plan on the same replications as all others and says who was late where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.clock import HOUR
from sim.engine import find_engine
from sim.engine.warm import WarmUp, state_at_0
from sim.measure.catalogue import ANSWERED, DEADLINES, HOTLINE
from sim.measure.instants import instant
from sim.measure.kpis import figures_by, figures_of
from sim.measure.metric import Due
from sim.measure.tables import group_of, groups, known
from sim.measure.tally import verdict
from sim.model.flow import town_has_it
from sim.model.state import State
from sim.optimize.staffing.discovery import HOURS
from sim.optimize.staffing.pools import Pools, with_posts
from sim.optimize.staffing.targets import Target
from sim.processors import threads
from sim.workload.channel import Channel
from sim.workload.workload import Workload

if TYPE_CHECKING:
    from sim.city.city import City
    from sim.engine.outcome import Outcome
    from sim.model.plan import Plan
    from sim.scenario import Scenario

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Waits = tuple[NDArray[np.int64], Floats, Floats]
"""Of each ticket, as `longest_waits` tells."""
_NOT_WAITING_S = 60.0
_REMEMBERED = 24  # workloads: some 75 MB each for a week of the city


@dataclass(frozen=True, eq=False)
class Verdict:
    """What became of the targets under a plan.

    Attributes
    ----------
    targets : sequence of Target
    names : list of list of str
        The groups of each target.
    cases : list of float64 [groups]
        On how many cases each target's value rests, a replication.
    values : list of float64 [R, groups]
        One row for each replication; NaN where there was no case.
    blame : list of float64 [P, 168]
        Late cases of each target by the pool for which they waited longest, where that made them
        late, and the hour of the week in which that wait began, a replication. Hours of waiting
        in failing groups where the target is no share.
    elsewhere : list of dict
        Late cases that no staff would have helped, a replication, by department and by the step
        that took the time.
    late : list of float64 [P, groups]
        Cases that missed each target by the pool for which they waited longest, a replication.
        Zero where the target is no share.
    """

    targets: Sequence[Target]
    names: list[list[str]]
    cases: list[Floats]
    values: list[Floats]
    blame: list[Floats]
    elsewhere: list[dict[tuple[str, str], float]]
    late: list[Floats]

    def mean(self, target: int) -> Floats:
        """Return the mean over replications of each group."""
        with np.errstate(invalid="ignore"):
            seen = ~np.isnan(self.values[target])
            total = np.where(seen, self.values[target], 0.0).sum(axis=0)
            return np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan)

    def blamed(self, target: int, groups: NDArray[np.bool_]) -> Floats:
        """Return the blame for some groups' late cases, float64 [P, 168].

        Each pool's is reduced by the share of its late cases that are of other groups.
        """
        late = self.late[target]
        total = late.sum(axis=1)
        share = np.divide(
            late[:, groups].sum(axis=1), total, out=np.ones(len(late)), where=total > 0
        )
        return self.blame[target] * share[:, None]

    def error(self, target: int, size: int | None = None) -> Floats:
        """Return the standard error of each group's mean; 0 where there are not two values.

        Parameters
        ----------
        size : int, optional
            That of a mean of so many replications that vary as these do.
        """
        values = self.values[target]
        n = (~np.isnan(values)).sum(axis=0)
        mean = self.mean(target)
        seen = np.isfinite(values) & np.isfinite(mean)  # what was never seen has no spread
        square = np.square(np.subtract(values, mean, out=np.zeros_like(values), where=seen))
        of = np.maximum(n if size is None else size, 1)
        return np.where(n > 1, np.sqrt(square.sum(axis=0) / np.maximum(n - 1, 1) / of), 0.0)

    def reach(self, target: int, confidence: float, size: int | None = None) -> Floats:
        """Return the one-sided reach of Student's interval of each group.

        Parameters
        ----------
        size : int, optional
            That of an interval from so many replications that vary as these do.
        """
        from scipy.stats import t

        n = (~np.isnan(self.values[target])).sum(axis=0) if size is None else size
        return np.asarray(t.ppf(confidence, np.maximum(n, 2) - 1) * self.error(target, size))

    def slack(self, target: int, confidence: float) -> Floats:
        """Return by how much the target is kept for sure, for each group; below 0: it is not."""
        return self.targets[target].slack(self.mean(target)) - self.reach(target, confidence)

    def keeps(self, confidence: float) -> bool:
        """Return whether every target is kept with this one-sided confidence."""
        return all(bool((self.slack(i, confidence) >= 0).all()) for i in range(len(self.targets)))


def join(parts: Sequence[Verdict]) -> Verdict:
    """Put the verdicts of several replications together."""
    first, share = parts[0], 1.0 / len(parts)
    which = range(len(first.targets))
    elsewhere: list[dict[tuple[str, str], float]] = [{} for _ in which]
    for part in parts:
        for i in which:
            for reason, n in part.elsewhere[i].items():
                elsewhere[i][reason] = elsewhere[i].get(reason, 0.0) + n * share
    return Verdict(
        first.targets,
        first.names,
        [np.asarray(sum(part.cases[i] for part in parts)) * share for i in which],
        [np.concatenate([part.values[i] for part in parts]) for i in which],
        [np.asarray(sum(part.blame[i] for part in parts)) * share for i in which],
        elsewhere,
        [np.asarray(sum(part.late[i] for part in parts)) * share for i in which],
    )


class Judge:
    """Runs plans of one scenario.

    Parameters
    ----------
    scenario, city, base : Scenario, City, Plan
        ``base`` has the gridworkers and part-timers; posts are replaced.
    engine, policy : str
    seed : int
        With the number of a replication it names the matters that arise: every plan meets the
        same ones.
    stopped : callable, optional
        Asked between replications whether to give up, by `Interrupted`.

    Notes
    -----
    As many replications run side by side as `sim.processors.threads` says; the kernel lets go of
    the interpreter meanwhile. With a warm-up, plans that are only tried (`judge_all`) begin at time
    0 from the state of the base; what is told of a plan rests on runs that warmed up under it.
    """

    def __init__(
        self,
        scenario: Scenario,
        city: City,
        pools: Pools,
        base: Plan,
        targets: Sequence[Target],
        *,
        engine: str,
        policy: str = "priority",
        seed: int = 0,
        stopped: Callable[[], bool] | None = None,
    ) -> None:
        self.scenario, self.city, self.pools, self.base = scenario, city, pools, base
        self.targets, self.engine, self.policy, self.seed = targets, engine, policy, seed
        self.stopped = stopped
        self.runs = 0
        self._workload = lru_cache(_REMEMBERED)(self._drawn)
        self._lock = Lock()

    def run(self, plan: Plan, replication: int, *, tried: bool = False) -> Outcome:
        """Run a plan on one replication.

        Parameters
        ----------
        tried : bool
            Whether it is only tried, and begins from the base's state at time 0.
        """
        if self.stopped is not None and self.stopped():
            raise Interrupted
        from_base = tried and self.scenario.time.warm_up_days > 0
        whole = not from_base and self.scenario.time.warm_up_days > 0
        simulation = find_engine(self.engine)(
            self.scenario,
            city=self.city,
            workload=None if whole else self._workload(replication),
            plan=plan,
            policy=self.policy,
            seed=self.seed,
            replication=replication,
        )
        if from_base:
            warm_up = WarmUp(self.scenario, self.base, self.policy, self.seed, replication)
            simulation.begin(state_at_0(warm_up, self.city, self.engine))
            simulation.replan(plan, 0.0)
        simulation.run()
        with self._lock:
            self.runs += 1
        return simulation.outcome()

    def _drawn(self, replication: int) -> Workload:
        """Draw the matters of a replication, from time 0 on."""
        days = range(self.scenario.time.days)
        return Workload.draw(self.scenario, self.city, self.seed, replication, days)

    def judge(self, posts: NDArray[np.int64], replications: Sequence[int]) -> Verdict:
        """Run posts int64 [P, S] on some replications."""
        return self.judge_plan(self.plan(posts), replications)

    def plan(self, posts: NDArray[np.int64]) -> Plan:
        """Return the base plan with other posts."""
        return with_posts(self.base, self.city, posts)

    def judge_plan(self, plan: Plan, replications: Sequence[int]) -> Verdict:
        """Run a plan on some replications."""
        with ThreadPoolExecutor(threads()) as side_by_side:
            return join(list(side_by_side.map(lambda r: self._once(plan, r), replications)))

    def judge_all(self, jobs: Sequence[tuple[NDArray[np.int64], int]]) -> list[Verdict]:
        """Try pairs of posts and a replication."""

        def once(job: tuple[NDArray[np.int64], int]) -> Verdict:
            return self._once(self.plan(job[0]), job[1], tried=True)

        with ThreadPoolExecutor(threads()) as side_by_side:
            return list(side_by_side.map(once, jobs))

    def _once(self, plan: Plan, replication: int, *, tried: bool = False) -> Verdict:
        outcome = self.run(plan, replication, tried=tried)
        bys = dict.fromkeys(target.query.by for target in self.targets)
        tables = figures_by(outcome, list(bys))
        waits = longest_waits(outcome, self.pools)
        verdict = Verdict(self.targets, [], [], [], [], [], [])
        for target in self.targets:
            by, (every, _) = target.query.by, groups(outcome, target.query.by)
            all_values, cases = figures_of(target.query, tables[by])
            names, value, n = target.query.pick(every, all_values, cases)
            group = target.places(every, all_values)[group_of(outcome, by)]
            late, other = self._blame(outcome, target, value, group, waits)
            verdict.names.append(names)
            verdict.cases.append(n.astype(float))
            verdict.values.append(value[None, :])
            verdict.blame.append(late)
            verdict.elsewhere.append(other)
            missed = np.nan_to_num((1 - value) * n)
            verdict.late.append(self._late(outcome, target, missed, group, waits))
        return verdict

    def _late(
        self, outcome: Outcome, target: Target, missed: Floats, group: Ints, waits: Waits
    ) -> Floats:
        """Put the late cases of each group to the pool for which they waited longest."""
        late = np.zeros((len(self.pools), len(missed)))
        if target.is_share and target.deadline:
            pool = waits[0]
            due = target.due or DEADLINES[target.deadline]
            rows = missed_by(outcome, due) & (pool >= 0) & (group >= 0)
            np.add.at(late, (pool[rows], group[rows]), 1.0)
        elif target.is_share:
            late[0] = missed
        return late

    def _blame(
        self, outcome: Outcome, target: Target, value: Floats, group: Ints, waits: Waits
    ) -> tuple[Floats, dict[tuple[str, str], float]]:
        """Put each late case to the pool for which it waited longest, if that made it late.

        What made others late is told of failing groups only.
        """
        t = outcome.tickets
        blame = np.zeros((len(self.pools), HOURS))
        failing, asked = target.slack(value) < 0, group >= 0
        mine = asked & failing[group] if failing.any() else asked
        if target.roles == HOTLINE:
            late = missed_by(outcome, target.due or ANSWERED) & asked
            np.add.at(blame[0], (t["called"][late] // HOUR).astype(int) % HOURS, 1.0)
            return blame, {}
        if not target.deadline:
            return blame, {}
        due = target.due or DEADLINES[target.deadline]
        missed = missed_by(outcome, due) & asked
        pool, since, wait = waits
        weight = missed.astype(float)
        ended = instant(outcome, due.ends)
        finished = np.where(known(ended), ended, outcome.until)
        late_by = finished - t[due.due]
        if not target.is_share:  # who waits longest weighs most
            weight = np.where(mine & known(t["accepted"]), wait / HOUR, 0.0)
            late_by = np.zeros(len(outcome))
        waited = (pool >= 0) & (wait > np.maximum(late_by, _NOT_WAITING_S))
        rows = waited & (weight > 0)
        hour = (since[rows] // HOUR).astype(int) % HOURS
        np.add.at(blame, (pool[rows], hour), weight[rows])
        steps = _STEPS[: _UNTIL[target.deadline]]
        return blame, _other_reasons(outcome, np.flatnonzero(~waited & missed & mine), steps)


def missed_by(outcome: Outcome, due: Due) -> NDArray[np.bool_]:
    """Return which tickets missed a deadline, of those that fell due, bool [N]."""
    fell, met = verdict(outcome, due)
    return fell & ~met


_STEPS = (
    ("waiting to be signed for", "triaged", "signed"),
    ("crew on its way", "dispatched", "arrived"),
    ("work on site", "arrived", "finished"),
    ("settling", "finished", "handled"),
    ("the check", "handled", "checked"),
)


_UNTIL = {"sign": 1, "arrive": 2, "close": len(_STEPS)}
"""How many of the steps come before the deadline."""


def _other_reasons(
    outcome: Outcome, rows: NDArray[np.intp], steps: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str], float]:
    """Count tickets by department and by the step that took them longest."""
    t = outcome.tickets
    if not len(rows):
        return {}
    spans = []
    for _, start, end in steps:
        ended = np.where(known(t[end][rows]), t[end][rows], outcome.until)
        spans.append(np.nan_to_num(ended - t[start][rows], nan=0.0))
    step = np.argmax(spans, axis=0)
    department, (ids, _) = group_of(outcome, "department"), groups(outcome, "department")
    out: dict[tuple[str, str], float] = {}
    for d, s in zip(department[rows].tolist(), step.tolist(), strict=True):
        key = (ids[d], steps[s][0])
        out[key] = out.get(key, 0.0) + 1.0
    return out


def longest_waits(outcome: Outcome, pools: Pools) -> Waits:
    """Return for each ticket the pool for which it waited longest, since when, and how long, s.

    The pool is -1 where it waited for nobody.
    """
    t, s = outcome.tickets, outcome.services
    size = len(outcome)
    pool = np.full(size, -1, dtype=np.int64)
    since, wait = np.zeros(size), np.zeros(size)
    centre = s["desk"] > 0
    long = (s["start"] - s["arrive"])[centre]
    order = np.argsort(long, kind="stable")  # the longest is written last
    ticket = s["ticket"][centre][order]
    pool[ticket] = s["desk"][centre][order]
    since[ticket] = s["arrive"][centre][order]
    wait[ticket] = long[order]
    stuck = (t["state"] == State.AT_CENTRE) & known(t["discovered"])
    by_town = np.isin(t["channel"], [channel for channel in Channel if town_has_it(channel, 1)])
    towns = len(outcome.city.town_name)
    desk = np.where(by_town, 1 + t["town"], 1 + towns + t["district"])
    pool[stuck], since[stuck] = desk[stuck], t["discovered"][stuck]
    wait[stuck] = outcome.until - t["discovered"][stuck]
    ready = known(t["signed"]) & (t["unit"] >= 0)
    begun = np.where(known(t["dispatched"]), t["dispatched"], outcome.until)
    crew = np.where(ready, np.maximum(begun - t["signed"], 0.0), 0.0)
    more = ready & (crew > wait)
    pool[more] = pools.desks + t["unit"][more]
    since[more], wait[more] = t["signed"][more], crew[more]
    return pool, since, wait


class Interrupted(Exception):  # noqa: N818 (nothing went wrong)
    """The search was told to stop."""


class OutOfTime(Interrupted):
    """The search reached its time limit."""
