"""The whole job: from targets to the cheapest plan that keeps them, with what one may ask of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.engine import ENGINES, find_engine
from sim.errors import InputError
from sim.measure.kpis import figures
from sim.model.cost import PlanCost, plan_cost
from sim.model.plan import Plan
from sim.model.planfile import with_shifts
from sim.model.staffing import base_plan
from sim.optimize.solver import choose
from sim.optimize.staffing import patrol
from sim.optimize.staffing.cover import Cover, Coverer
from sim.optimize.staffing.judge import Interrupted, Judge, Verdict
from sim.optimize.staffing.load import Load, from_demand
from sim.optimize.staffing.patterns import further_shifts
from sim.optimize.staffing.pools import Pools
from sim.optimize.staffing.requirement import METHODS, requirement, windows
from sim.optimize.staffing.search import Found, Report, Rules, Search
from sim.optimize.staffing.targets import PATROL, Target, parse_target
from sim.scenario.world import Demand
from sim.workload.workload import Workload

if TYPE_CHECKING:
    from sim.scenario import Scenario

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEVELS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995)
"""Levels of service of which a budget buys one for each pool."""
_PLAIN_LEVEL = 0.9  # of roles whose targets are no shares


@dataclass(frozen=True)
class Problem:
    """What is asked.

    Attributes
    ----------
    targets : tuple of str
        See `sim.optimize.staffing.targets`.
    budget : float, optional
        Yuan a week for all staff.
    patrol : str
        ``keep``: as many gridworkers as in the base year, unless a target speaks of what they
        find; ``worth``: those who spare operators and crews more than they cost.
    patterns : str
        ``scenario``, ``daily`` or ``tours``; see `patterns.further_shifts`.
    method : str
        ``sipp``, ``lag`` or ``mol``: from which requirements the search starts.
    replications, confidence : int, float
        Of the search (twice as many are fresh), and one-sided, of every promise.
    time_limit : float
        Seconds for the search; comparisons after it come on top.
    engine, policy, seed
        As in `sim.prepare`.
    """

    targets: tuple[str, ...]
    budget: float | None = None
    patrol: str = "keep"
    patterns: str = "daily"
    method: str = "mol"
    replications: int = 4
    confidence: float = 0.95
    time_limit: float = 600.0
    engine: str = ENGINES[-1]
    policy: str = "priority"
    seed: int | None = None

    def check(self) -> None:
        """Check the figures.

        Raises
        ------
        InputError
            For the first that is not allowed.
        """
        for name, value, fine, allowed in (
            ("target", self.targets, len(self.targets) > 0, "one target or more"),
            ("patrol", self.patrol, self.patrol in ("keep", "worth"), "keep or worth"),
            ("method", self.method, self.method in METHODS, f"one of {', '.join(METHODS)}"),
            ("replications", self.replications, 2 <= self.replications <= 1000, "2 to 1000"),
            ("confidence", self.confidence, 0.5 <= self.confidence < 1, "from 0.5 to below 1"),
            ("time-limit", self.time_limit, self.time_limit > 0, "seconds above 0"),
            ("budget", self.budget, self.budget is None or self.budget > 0, "yuan above 0"),
        ):
            if not fine:
                raise InputError("command line", name, value, allowed)


@dataclass(frozen=True, eq=False)
class Compared:
    """Another plan, or the plan in another world, beside the answer."""

    name: str
    cost: float
    verdict: Verdict
    posts: Ints | None = None


@dataclass(eq=False)
class Answer:
    """The plan and what is known of it.

    Attributes
    ----------
    scenario : Scenario
        With the shifts that the plan uses.
    found : Found
    cost, cost_today : PlanCost
    cover_bound : float
        Yuan a week of the decided pools: no posts of these patterns that cover the requirements
        of the surrogate cost less.
    work_bound : float
        Yuan a week of the decided pools: the mean work, each hour of it at the rate of its pool.
        No plan that does all the work costs less, whatever its patterns.
    compared : list of Compared
        Today's staff, SIPP alone, demand ±10 %; all on the fresh replications of the last look.
    prices : dict
        By target: yuan a week for one percentage point more, by the surrogate.
    unmet : list of str
        Which targets are not kept, why, and what would be needed.
    """

    problem: Problem
    base_hash: str
    scenario: Scenario
    city: City
    pools: Pools
    targets: list[Target]
    decided: NDArray[np.bool_]
    plan: Plan
    found: Found
    seed: int
    runs: int
    cost: PlanCost
    cost_today: PlanCost
    cover_cost: float
    cover_bound: float
    work_bound: float
    decided_cost: float
    compared: list[Compared] = field(default_factory=list)
    prices: dict[str, float] = field(default_factory=dict)
    patrol: list[dict[str, float]] = field(default_factory=list)
    unmet: list[str] = field(default_factory=list)


def optimize(
    scenario: Scenario,
    problem: Problem,
    *,
    report: Report | None = None,
    stopped: Callable[[], bool] | None = None,
) -> Answer:
    """Find the cheapest staffing that keeps all targets.

    Roles that no target speaks of keep the staff of the base year.

    Parameters
    ----------
    report : callable, optional
        Told what is done, the incumbent's cost of the decided pools, and its gap.
    stopped : callable, optional
        Asked again and again whether to stop with the best so far.

    Raises
    ------
    InputError
        If a target or a figure of the problem is not allowed, or the scenario has no costs.
    """
    problem.check()
    return _Job(scenario, problem, report, stopped).answer()


class _Job:
    """The steps of `optimize`."""

    def __init__(
        self,
        scenario: Scenario,
        problem: Problem,
        report: Report | None,
        stopped: Callable[[], bool] | None,
    ) -> None:
        self.problem, self.report = problem, report
        self.seed = scenario.seed if problem.seed is None else problem.seed
        self.base_hash = scenario.content_hash
        self.scenario = with_shifts(
            scenario, further_shifts(scenario, problem.patterns), "patterns"
        )
        self.city = City.build(self.scenario)
        self.base = base_plan(self.scenario, self.city)
        self.pools = Pools.build(self.scenario, self.city)
        self.targets = self._targets()
        roles = set().union(*(target.roles for target in self.targets))
        self.decided = self.pools.of_roles(roles)
        self.window = windows(self.scenario, self.pools)
        self.coverer = Coverer(self.scenario, self.pools, self.window, seed=self.seed)
        promises = [t.promise for t in self.targets if t.promise]
        promise = next((p for p in ("arrive", "sign", "close") if p in promises), "arrive")
        self.today = self.base
        self.judge = self._judge(self.scenario, stopped)
        self.deadline = time.monotonic() + problem.time_limit
        self.unmet: list[str] = []
        self._patrol()
        self.load = from_demand(self.scenario, self.city, self.base, self.pools, promise)

    def _judge(self, scenario: Scenario, stopped: Callable[[], bool] | None) -> Judge:
        return Judge(
            scenario,
            self.city,
            self.pools,
            self.base,
            self.targets,
            engine=self.problem.engine,
            policy=self.problem.policy,
            seed=self.seed,
            stopped=stopped,
        )

    def _targets(self) -> list[Target]:
        nothing = Workload.draw(self.scenario, self.city, self.seed, 0, range(0))
        empty = find_engine(self.problem.engine)(
            self.scenario, city=self.city, workload=nothing, plan=self.base, seed=self.seed
        )
        empty.run(1.0)
        known = list(figures(empty.outcome()))
        return [parse_target(text, known) for text in self.problem.targets]

    def _patrol(self) -> None:
        """Decide how many gridworkers, each where the next finds most.

        The least number with which the targets that speak of what they find are kept, by
        bisection: more find more. The margin is the reach of the interval under today's patrols.
        """
        if self.problem.patrol == "worth":
            self._place(patrol.worth_their_cost(self.scenario, self.city))
        which = [i for i, t in enumerate(self.targets) if t.roles == PATROL]
        if not which:
            return
        gain = np.diff(patrol.benefits(self.scenario, self.city).found, axis=1)
        ours = range(self.problem.replications)
        before = self.judge.judge_plan(self.base, ours)
        level = 1 - (1 - self.problem.confidence) / 2
        margin = {i: before.reach(i, level) for i in which}

        def keeps(total: int) -> bool:
            self._place(patrol.allocate(gain, total))
            if self.report is not None:
                cost = plan_cost(self.scenario, self.base).total
                self.report(f"patrol by {total} gridworkers", cost, 0.0)
            verdict = self.judge.judge_plan(self.base, ours)
            return all(
                bool((self.targets[i].slack(verdict.mean(i)) >= margin[i]).all()) for i in which
            )

        low, high = -1, gain.size
        if not keeps(high):
            names = ", ".join(str(self.targets[i]) for i in which)
            self.unmet.append(
                f"{names}: not even {patrol.MOST} gridworkers in each grid keep it; it would take "
                "longer rounds, or rounds at other hours"
            )
            return
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if keeps(middle) else (middle, high)
        self._place(patrol.allocate(gain, high))

    def _place(self, count: Ints) -> None:
        self.base = self.judge.base = patrol.with_gridworkers(self.scenario, self.base, count)

    def level(self, more: dict[int, float] | None = None) -> Floats:
        """Return the level of service at which each pool's surrogate aims, float64 [P]."""
        level = np.zeros(len(self.pools))
        for i, target in enumerate(self.targets):
            aim = target.value if target.is_share and target.at_least else _PLAIN_LEVEL
            aim = min(aim + (more or {}).get(i, 0.0), 0.9999)
            here = self.pools.of_roles(target.roles)
            level[here] = np.maximum(level[here], aim)
        return level

    def cover(self, load: Load, level: float | Floats, method: str) -> tuple[Cover, Ints]:
        """Cover the surrogate's requirements; pools that are not decided keep their posts."""
        need = requirement(load, self.window, level, method).staff
        cover = self.coverer.solve(need, np.flatnonzero(self.decided).tolist())
        cover.posts[~self.decided] = self.pools.today[~self.decided]
        return cover, need

    def answer(self) -> Answer:
        """Do it all."""
        problem = self.problem
        cover, need = self.cover(self.load, self.level(), problem.method)
        bound = float(cover.bound.sum())
        work = self._work_bound()
        rules = Rules(
            problem.replications,
            problem.confidence,
            deadline=self.deadline,
        )
        kept = float(self.coverer.cost(self.pools.today)[~self.decided].sum())
        search = Search(
            self.judge, self.coverer, self.decided, rules, bound=kept + work, report=self.report
        )
        found = search.run(need, cover.posts)
        unmet = list(self.unmet)
        plan = self.judge.plan(found.posts)
        whole = plan_cost(self.scenario, plan).total
        if problem.budget is not None and whole > problem.budget:
            unmet.append(f"all targets together cost {whole:,.0f} yuan a week, above the budget")
            found = self._within(problem.budget - (whole - self._cost(found.posts)), found)
            plan = self.judge.plan(found.posts)
        answer = Answer(
            problem,
            self.base_hash,
            self.scenario,
            self.city,
            self.pools,
            self.targets,
            self.decided,
            plan,
            found,
            self.seed,
            self.judge.runs,
            plan_cost(self.scenario, plan),
            plan_cost(self.scenario, self.today),
            float(cover.cost.sum()),
            bound,
            work,
            self._cost(found.posts),
            unmet=unmet,
        )
        answer.unmet += self._reasons(found)
        if found.fresh is not None:
            try:
                self._compare(answer)
            except Interrupted:
                answer.unmet.append("stopped before all comparisons were made")
        answer.runs = self.judge.runs
        self._prices(answer, cover)
        count = len(self.today.worker_grid)
        shares = (0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5)
        answer.patrol = patrol.curve(
            self.scenario, self.city, [round(count * share) for share in shares]
        )
        return answer

    def _cost(self, posts: Ints) -> float:
        return float(self.coverer.cost(posts)[self.decided].sum())

    def _work_bound(self) -> float:
        """Return the cost of the mean work, without night supplements."""
        hours = self.load.erlangs.sum(axis=1)
        return float((hours * self.pools.rate)[self.decided].sum())

    def _within(self, budget: float, before: Found) -> Found:
        """Choose a level of service for each pool that the budget can pay.

        A master problem over the pools' curves of service against cost, which the surrogate
        gives: one level of each pool, most services on time in all.
        """
        which = np.flatnonzero(self.decided)
        posts: list[Ints] = []
        costs, gains = [], []
        for level in (0.0, *LEVELS):
            met = requirement(self.load, self.window, level, self.problem.method)
            need = met.staff if level > 0 else np.zeros_like(met.staff)
            cover = self.coverer.solve(need, which.tolist())
            posts.append(cover.posts)
            costs.append(cover.cost)
            gains.append(met.on_time(self.coverer.on_duty(cover.posts))[0])
        chosen = choose(
            [np.array([c[p] for c in costs]) for p in which],
            [np.array([g[p] for g in gains]) for p in which],
            budget,
            seed=self.seed,
        )
        if chosen.values is None:
            raise InputError(
                "command line",
                "budget",
                self.problem.budget,
                "enough for the staff that no target speaks of",
            )
        found = Found(before.posts.copy(), ended="budget", looked=before.looked)
        for pool, k in zip(which.tolist(), chosen.values.tolist(), strict=True):
            found.posts[pool] = posts[k][pool]
        count = self.problem.replications
        found.looked = before.looked or list(range(count, 3 * count))
        found.confidence = self.problem.confidence
        found.fresh = self.judge.judge(found.posts, found.looked)
        found.search = found.fresh
        found.proved = found.fresh.keeps(found.confidence)
        return found

    def _reasons(self, found: Found) -> list[str]:
        """Say of each target that is not kept where its late cases waited, and what they need."""
        verdict = found.fresh if found.fresh is not None else found.search
        if found.proved or verdict is None:
            return []
        confidence = found.confidence or self.problem.confidence
        out = []
        for i, target in enumerate(self.targets):
            slack = verdict.slack(i, confidence)
            worst = int(np.argmin(slack))
            if slack[worst] >= 0:
                continue
            value = verdict.mean(i)[worst]
            words = f"{target}: {verdict.names[i][worst]} has {value:.4g}"
            late, other = verdict.blame[i], verdict.elsewhere[i]
            total = float(late.sum()) + sum(other.values())
            parts = []
            for pool in np.argsort(-late.sum(axis=1), kind="stable")[:3]:
                here = late[pool]
                if here.sum() <= 0.05 * total:
                    break
                when = ", ".join(_hour_name(self.scenario, h) for h in _worst_hours(here))
                parts.append(f"{here.sum():.1f} waited for {self.pools.name(int(pool))} ({when})")
            for (department, step), n in sorted(other.items(), key=lambda item: -item[1])[:3]:
                if n > 0.05 * total:
                    parts.append(
                        f"{n:.1f} were late by {step} at {department}, which no post shortens"
                    )
            need = _needed(found, float(slack[worst]), sum(other.values()), total)
            late_cases = f"; of {total:.1f} late cases a run {'; '.join(parts)}" if parts else ""
            out.append(f"{words}{late_cases}{need}")
        return out

    def _compare(self, answer: Answer) -> None:
        """Run other plans and other worlds on the fresh replications of the last look."""
        looked = answer.found.looked
        today = self.judge.judge_plan(self.today, looked)
        answer.compared.append(Compared("today", answer.cost_today.total, today, self.pools.today))
        sipp = self.cover(self.load, self.level(), "sipp")[0].posts
        cost = plan_cost(self.scenario, self.judge.plan(sipp)).total
        answer.compared.append(Compared("SIPP alone", cost, self.judge.judge(sipp, looked), sipp))
        for name, factor in (("demand -10 %", 0.9), ("demand +10 %", 1.1)):
            change = Demand(name=name, factor=factor)
            other = self.scenario.model_copy(update={"demand": (*self.scenario.demand, change)})
            judge = self._judge(other, self.judge.stopped)
            verdict = judge.judge(answer.found.posts, looked)
            self.judge.runs += judge.runs
            # what the surrogate would spend more or less at this demand
            moved = self.cover(self.load.scaled(factor), self.level(), self.problem.method)[0]
            cost = answer.cost.total + float(moved.cost.sum()) - answer.cover_cost
            answer.compared.append(Compared(name, cost, verdict))

    def _prices(self, answer: Answer, cover: Cover) -> None:
        """Price one percentage point more of each share, by the surrogate."""
        for i, target in enumerate(self.targets):
            if target.is_share and target.at_least and target.value + 0.01 < 1:
                more = self.cover(self.load, self.level({i: 0.01}), self.problem.method)[0]
                answer.prices[str(target)] = float(more.cost.sum() - cover.cost.sum())


def _needed(found: Found, slack: float, elsewhere: float, total: float) -> str:
    if found.ended == "stuck" and total > 0:
        return (
            f"; {elsewhere / total:.0%} of them need shorter steps, other hours of the "
            "departments' desks or a lower target, not more staff"
        )
    return f"; it lacks {-slack:.3g} for sure: more time to search, or more staff there"


def _worst_hours(late: Floats, most: int = 3) -> list[int]:
    order = np.argsort(-late, kind="stable")[:most]
    return sorted(int(h) for h in order if late[h] > 0)


def _hour_name(scenario: Scenario, hour: int) -> str:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return f"{days[(scenario.time.start.weekday() + hour // 24) % 7]} {hour % 24:02d}h"


def facts(answer: Answer) -> dict[str, Any]:
    """Return the answer as plain figures, for JSON."""
    found = answer.found

    def service(verdict: Verdict, confidence: float) -> dict[str, Any]:
        out = {}
        for i, target in enumerate(answer.targets):
            mean, reach = verdict.mean(i), verdict.reach(i, (1 + confidence) / 2)
            out[str(target)] = {
                name: {"mean": _plain(m), "low": _plain(m - r), "high": _plain(m + r)}
                for name, m, r in zip(verdict.names[i], mean, reach, strict=True)
            }
        return out

    confidence = answer.problem.confidence
    decided = answer.decided_cost
    return {
        "scenario": answer.scenario.name,
        "content_hash": answer.base_hash,
        "districts": list(answer.city.district_name),
        "days": answer.scenario.time.days,
        "engine": answer.problem.engine,
        "policy": answer.problem.policy,
        "seed": answer.seed,
        "replications": answer.problem.replications,
        "fresh_replications": found.looked,
        "confidence": found.confidence,
        "runs": answer.runs,
        "targets": [str(target) for target in answer.targets],
        "met": found.proved,
        "ended": found.ended,
        "locally_minimal": found.minimal,
        "cost_per_week": answer.cost.total,
        "cost_today_per_week": answer.cost_today.total,
        "cost_by_role": vars(answer.cost),
        "cost_today_by_role": vars(answer.cost_today),
        "bounds": {
            "decided_cost": decided,
            "work": answer.work_bound,
            "work_gap": (decided - answer.work_bound) / decided if decided > 0 else 0.0,
            "surrogate_cover": answer.cover_cost,
            "surrogate_cover_bound": answer.cover_bound,
            "surrogate_cover_gap": (
                (answer.cover_cost - answer.cover_bound) / answer.cover_cost
                if answer.cover_cost > 0
                else 0.0
            ),
        },
        "service": service(found.fresh, confidence) if found.fresh is not None else {},
        "compared": {
            c.name: {"cost_per_week": c.cost, "service": service(c.verdict, confidence)}
            for c in answer.compared
        },
        "price_of_a_point": answer.prices,
        "patrol": answer.patrol,
        "unmet": answer.unmet,
    }


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def misses(answer: Answer, compared: Compared, most: int = 3) -> list[str]:
    """Say where another plan breaks which promise: groups, pools and hours."""
    out = []
    for i, target in enumerate(answer.targets):
        slack = compared.verdict.slack(i, answer.problem.confidence)
        for group in np.flatnonzero(slack < 0)[:most]:
            late = compared.verdict.blame[i]
            pool = int(np.argmax(late.sum(axis=1)))
            when = ", ".join(_hour_name(answer.scenario, h) for h in _worst_hours(late[pool]))
            where = f", most at {answer.pools.name(pool)} ({when})" if when else ""
            out.append(
                f"{target}: {compared.verdict.names[i][group]} "
                f"{compared.verdict.mean(i)[group]:.4g}{where}"
            )
    return out
