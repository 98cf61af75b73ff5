"""The whole job: from targets to the cheapest plan that keeps them, with what one may ask of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.errors import InputError
from sim.measure.catalogue import PATROL
from sim.model.cost import plan_cost
from sim.model.planfile import with_shifts
from sim.model.staffing import base_plan
from sim.optimize.solver import choose
from sim.optimize.staffing import patrol_worth
from sim.optimize.staffing.answer import Answer, Compared, Price, reasons
from sim.optimize.staffing.cover import MODEL_LIMIT, Cover, Coverer
from sim.optimize.staffing.judge import Interrupted, Judge, OutOfTime
from sim.optimize.staffing.load import OfferedLoad, from_demand
from sim.optimize.staffing.patterns import further_shifts
from sim.optimize.staffing.pools import Pools
from sim.optimize.staffing.problem import StaffingProblem
from sim.optimize.staffing.requirement import requirement, windows
from sim.optimize.staffing.search import Search
from sim.optimize.staffing.targets import parse_target
from sim.optimize.staffing.trial import Found, Report, SearchRules
from sim.optimize.staffing.trim import Trim
from sim.scenario.world import DemandChange

if TYPE_CHECKING:
    from sim.scenario import Scenario

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEVELS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995)
"""Levels of service of which a budget buys one for each pool."""
_PLAIN_LEVEL = 0.9  # of roles whose targets are no shares
_POINT = 0.01
_MORE_TIME = 0.25
"""Part of the time limit that a budget or the prices get on top."""


def optimize(
    scenario: Scenario,
    problem: StaffingProblem,
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
        problem: StaffingProblem,
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
        self.targets = [parse_target(text, self.scenario, self.city) for text in problem.targets]
        roles = set().union(*(target.roles for target in self.targets))
        self.decided = self.pools.of_roles(roles)
        self.window = windows(self.scenario, self.pools)
        self.coverer = Coverer(
            self.scenario,
            self.pools,
            self.window,
            seed=self.seed,
            time_limit=MODEL_LIMIT[problem.patterns],
        )
        deadlines = [t.deadline for t in self.targets if t.deadline]
        deadline = next((p for p in ("arrive", "sign", "close") if p in deadlines), "arrive")
        self.today = self.base
        self.judge = self._judge(self.scenario, stopped)
        self.deadline = time.monotonic() + problem.time_limit
        self.unmet: list[str] = []
        try:
            self._patrol()
        except Interrupted:
            self.unmet.append("stopped while it looked for the number of gridworkers")
        self.load = from_demand(self.scenario, self.city, self.base, self.pools, deadline)

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

    def _patrol(self) -> None:
        """Decide how many gridworkers, each where the next finds most.

        The least number with which the targets that speak of what they find are kept, by
        bisection: more find more. The margin is the reach of the interval under today's patrols.
        """
        if self.problem.patrol == "worth":
            self._place(patrol_worth.worth_their_cost(self.scenario, self.city))
        which = [i for i, t in enumerate(self.targets) if t.roles == PATROL]
        if not which:
            return
        gain = np.diff(patrol_worth.benefits(self.scenario, self.city).found, axis=1)
        ours = range(self.problem.replications)
        before = self.judge.judge_plan(self.base, ours)
        level = 1 - (1 - self.problem.confidence) / 2
        margin = {i: before.reach(i, level) for i in which}

        def keeps(total: int) -> bool:
            if time.monotonic() > self.deadline:
                raise OutOfTime
            self._place(patrol_worth.allocate(gain, total))
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
                f"{names}: not even {patrol_worth.MOST} gridworkers in each grid keep it; it would "
                "take longer rounds, or rounds at other hours"
            )
            return
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if keeps(middle) else (middle, high)
        self._place(patrol_worth.allocate(gain, high))

    def _place(self, count: Ints) -> None:
        self.base = self.judge.base = patrol_worth.with_gridworkers(self.scenario, self.base, count)

    def level(self, more: dict[int, float] | None = None) -> Floats:
        """Return the level of service at which each pool's surrogate aims, float64 [P]."""
        level = np.zeros(len(self.pools))
        for i, target in enumerate(self.targets):
            aim = target.value if target.is_share and target.at_least else _PLAIN_LEVEL
            aim = min(aim + (more or {}).get(i, 0.0), 0.9999)
            here = self.pools.of_roles(target.roles)
            level[here] = np.maximum(level[here], aim)
        return level

    def cover(self, load: OfferedLoad, level: float | Floats, method: str) -> tuple[Cover, Ints]:
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
        rules = SearchRules(
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
            found = self._within(problem.budget - (whole - self._cost(found.posts)), found, search)
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
        answer.unmet += reasons(found, self.targets, self.scenario, self.pools, problem.confidence)
        if found.fresh is not None:
            try:
                self._compare(answer)
            except Interrupted:
                answer.unmet.append("stopped before all comparisons were made")
        self._prices(answer, cover, search)
        answer.runs = self.judge.runs
        count = len(self.today.worker_grid)
        shares = (0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5)
        answer.patrol = patrol_worth.curve(
            self.scenario, self.city, [round(count * share) for share in shares]
        )
        return answer

    def _cost(self, posts: Ints) -> float:
        return float(self.coverer.cost(posts)[self.decided].sum())

    def _work_bound(self) -> float:
        """Return the cost of the mean work, without night supplements."""
        hours = self.load.erlangs.sum(axis=1)
        return float((hours * self.pools.rate)[self.decided].sum())

    def _within(self, budget: float, before: Found, search: Search) -> Found:
        """Choose the posts that the budget can pay.

        Two plans are simulated, and the one that falls less short of the targets is taken: the
        plan that keeps them all, less what simulations show to harm least; and that of a master
        problem over the pools' curves of service against cost, which the surrogate gives: one
        level of each pool, most services on time in all.
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
        search.extend(_MORE_TIME * self.problem.time_limit)
        less = Found(before.posts.copy())
        try:
            Trim(search, less).down_to(budget)
            if search.short(less.posts) <= search.short(found.posts):
                found.posts = less.posts
        except Interrupted:  # the master's is there without any run
            pass
        found.looked = before.looked or search.fresh(1)
        found.confidence = self.problem.confidence
        try:
            found.fresh = self.judge.judge(found.posts, found.looked)
        except Interrupted:
            found.ended = "stopped"
            return found
        found.search = found.fresh
        found.proved = found.fresh.keeps(found.confidence)
        return found

    def _compare(self, answer: Answer) -> None:
        """Run other plans and other worlds on the fresh replications of the last look."""
        looked = answer.found.looked
        today = self.judge.judge_plan(self.today, looked)
        answer.compared.append(Compared("today", answer.cost_today.total, today, self.pools.today))
        sipp = self.cover(self.load, self.level(), "sipp")[0].posts
        cost = plan_cost(self.scenario, self.judge.plan(sipp)).total
        answer.compared.append(Compared("SIPP alone", cost, self.judge.judge(sipp, looked), sipp))
        for name, factor in (("demand -10 %", 0.9), ("demand +10 %", 1.1)):
            change = DemandChange(name=name, factor=factor)
            other = self.scenario.model_copy(update={"demand": (*self.scenario.demand, change)})
            judge = self._judge(other, self.judge.stopped)
            verdict = judge.judge(answer.found.posts, looked)
            self.judge.runs += judge.runs
            # what the surrogate would spend more or less at this demand
            moved = self.cover(self.load.scaled(factor), self.level(), self.problem.method)[0]
            cost = answer.cost.total + float(moved.cost.sum()) - answer.cover_cost
            answer.compared.append(Compared(name, cost, verdict))

    def _prices(self, answer: Answer, cover: Cover, search: Search) -> None:
        """Price one percentage point more of each share, by the surrogate and by simulation."""
        search.extend(_MORE_TIME * self.problem.time_limit)
        found, simulated = answer.found, answer.found.proved and self.problem.prices
        for i, target in enumerate(self.targets):
            if target.is_share and target.at_least and target.value + _POINT < 1:
                more = self.cover(self.load, self.level({i: _POINT}), self.problem.method)[0]
                price = Price(float(more.cost.sum() - cover.cost.sum()))
                answer.prices[str(target)] = price
                try:
                    posts = search.dearer(found, i, _POINT) if simulated else None
                except Interrupted:
                    posts, simulated = None, False
                if posts is not None:
                    price.simulated = self._cost(posts) - self._cost(found.posts)
