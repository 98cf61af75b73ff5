"""The judge: runs a plan on the same replications as all others and says who was late where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.clock import HOUR
from sim.engine import find_engine
from sim.measure.kpis import figures, on_time
from sim.measure.tables import group_of, groups, known
from sim.model.state import State
from sim.optimize.staffing.discovery import HOURS
from sim.optimize.staffing.pools import Pools, with_posts
from sim.optimize.staffing.targets import Target
from sim.workload.channel import Channel
from sim.workload.workload import Workload

if TYPE_CHECKING:
    from sim.city.city import City
    from sim.engine.outcome import Outcome
    from sim.model.plan import Plan
    from sim.scenario import Scenario

Floats = NDArray[np.float64]
_NOT_WAITING_S = 60.0


@dataclass(frozen=True, eq=False)
class Verdict:
    """What became of the targets under a plan.

    Attributes
    ----------
    targets : sequence of Target
    names : list of list of str
        The groups of each target.
    cases : list of float
        On how many cases each target's value rests, a replication.
    values : list of float64 [R, groups]
        One row for each replication; NaN where there was no case.
    blame : list of float64 [P, 168]
        Late cases of each target's failing groups by the pool for which they waited longest and
        the hour of the week in which that wait began, a replication.
    elsewhere : list of dict
        Late cases that no staff would have helped, a replication, by department and by the step
        that took the time.
    """

    targets: Sequence[Target]
    names: list[list[str]]
    cases: list[float]
    values: list[Floats]
    blame: list[Floats]
    elsewhere: list[dict[tuple[str, str], float]]

    def mean(self, target: int) -> Floats:
        """Return the mean over replications of each group."""
        with np.errstate(invalid="ignore"):
            seen = ~np.isnan(self.values[target])
            total = np.where(seen, self.values[target], 0.0).sum(axis=0)
            return np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan)

    def reach(self, target: int, confidence: float, size: int | None = None) -> Floats:
        """Return the one-sided reach of Student's interval of each group.

        Parameters
        ----------
        size : int, optional
            That of an interval from so many replications that vary as these do.
        """
        from scipy.stats import t

        values = self.values[target]
        n = (~np.isnan(values)).sum(axis=0)
        mean = self.mean(target)
        square = np.where(np.isnan(values), 0.0, (values - mean) ** 2).sum(axis=0)
        of = np.maximum(n if size is None else np.full(n.shape, size), 2)
        error = np.sqrt(square / np.maximum(n - 1, 1) / of)
        return np.where(n > 1, t.ppf(confidence, of - 1) * error, 0.0)

    def slack(self, target: int, confidence: float) -> Floats:
        """Return by how much the promise is kept for sure, for each group; below 0: it is not."""
        return self.targets[target].slack(self.mean(target)) - self.reach(target, confidence)

    def keeps(self, confidence: float) -> bool:
        """Tell whether every promise is kept with this one-sided confidence."""
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
        [sum(part.cases[i] for part in parts) * share for i in which],
        [np.concatenate([part.values[i] for part in parts]) for i in which],
        [np.asarray(sum(part.blame[i] for part in parts)) * share for i in which],
        elsewhere,
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
        self._work: dict[int, Workload] = {}

    def run(self, plan: Plan, replication: int) -> Outcome:
        """Run a plan on one replication."""
        if self.stopped is not None and self.stopped():
            raise Interrupted
        if replication not in self._work:
            self._work[replication] = Workload.draw(
                self.scenario, self.city, self.seed, replication
            )
        simulation = find_engine(self.engine)(
            self.scenario,
            city=self.city,
            workload=self._work[replication],
            plan=plan,
            policy=self.policy,
            seed=self.seed,
            replication=replication,
        )
        simulation.run()
        self.runs += 1
        return simulation.outcome()

    def judge(self, posts: NDArray[np.int64], replications: Sequence[int]) -> Verdict:
        """Run posts int64 [P, S] on some replications."""
        return self.judge_plan(self.plan(posts), replications)

    def plan(self, posts: NDArray[np.int64]) -> Plan:
        """Return the base plan with other posts."""
        return with_posts(self.base, self.city, posts)

    def judge_plan(self, plan: Plan, replications: Sequence[int]) -> Verdict:
        """Run a plan on some replications."""
        return join([self._once(plan, replication) for replication in replications])

    def _once(self, plan: Plan, replication: int) -> Verdict:
        outcome = self.run(plan, replication)
        tables = {by: figures(outcome, by) for by in {target.by for target in self.targets}}
        verdict = Verdict(self.targets, [], [], [], [], [])
        for target in self.targets:
            _, value, n = tables[target.by][target.kpi]
            late, other = self._blame(outcome, target, value)
            verdict.names.append(groups(outcome, target.by)[0])
            verdict.cases.append(float(n.sum()))
            verdict.values.append(value[None, :])
            verdict.blame.append(late)
            verdict.elsewhere.append(other)
        return verdict

    def _blame(
        self, outcome: Outcome, target: Target, value: Floats
    ) -> tuple[Floats, dict[tuple[str, str], float]]:
        """Put each late case to the pool for which it waited longest, if that made it late."""
        t = outcome.tickets
        blame = np.zeros((len(self.pools), HOURS))
        failing = target.slack(value) < 0
        group = group_of(outcome, target.by)
        mine = failing[group] if failing.any() else np.ones(len(outcome), dtype=bool)
        if target.roles == {"hotline"}:
            called = mine & (t["citizen"] == Channel.HOTLINE) & known(t["called"])
            wait = np.where(known(t["answered"]), t["answered"], outcome.until) - t["called"]
            late = called & (wait > 20.0)
            np.add.at(blame[0], (t["called"][late] // HOUR).astype(int) % HOURS, 1.0)
            return blame, {}
        if not target.promise:
            return blame, {}
        done = {"sign": "signed", "arrive": "arrived", "close": "closed"}[target.promise]
        missed = on_time(outcome, done, f"due_{target.promise}")[1] & mine
        pool, since, wait = longest_waits(outcome, self.pools)
        weight = missed.astype(float)
        finished = np.where(known(t[done]), t[done], outcome.until)
        late_by = finished - t[f"due_{target.promise}"]
        if not target.is_share:  # who waits longest weighs most
            weight = np.where(mine & known(t["accepted"]), wait / HOUR, 0.0)
            late_by = np.zeros(len(outcome))
        waited = (pool >= 0) & (wait > np.maximum(late_by, _NOT_WAITING_S))
        rows = waited & (weight > 0)
        hour = (since[rows] // HOUR).astype(int) % HOURS
        np.add.at(blame, (pool[rows], hour), weight[rows])
        return blame, _other_reasons(outcome, np.flatnonzero(~waited & missed))


_STEPS = (
    ("waiting to be signed for", "triaged", "signed"),
    ("crew on its way", "dispatched", "arrived"),
    ("work on site", "arrived", "finished"),
    ("settling", "finished", "handled"),
    ("the check", "handled", "checked"),
)


def _other_reasons(outcome: Outcome, rows: NDArray[np.intp]) -> dict[tuple[str, str], float]:
    """Count tickets by department and by the step that took them longest."""
    t = outcome.tickets
    if not len(rows):
        return {}
    spans = []
    for _, start, end in _STEPS:
        ended = np.where(known(t[end][rows]), t[end][rows], outcome.until)
        spans.append(np.nan_to_num(ended - t[start][rows], nan=0.0))
    step = np.argmax(spans, axis=0)
    department, (ids, _) = group_of(outcome, "department"), groups(outcome, "department")
    out: dict[tuple[str, str], float] = {}
    for d, s in zip(department[rows].tolist(), step.tolist(), strict=True):
        key = (ids[d], _STEPS[s][0])
        out[key] = out.get(key, 0.0) + 1.0
    return out


def longest_waits(outcome: Outcome, pools: Pools) -> tuple[NDArray[np.int64], Floats, Floats]:
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
    by_town = np.isin(t["channel"], (Channel.PATROL, Channel.EYES))
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
