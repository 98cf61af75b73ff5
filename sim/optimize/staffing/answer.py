"""The answer: the plan, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.model.cost import PlanCost
from sim.model.plan import Plan
from sim.model.planfile import write_plan
from sim.optimize.staffing.judge import Verdict
from sim.optimize.staffing.pools import Pools
from sim.optimize.staffing.problem import StaffingProblem
from sim.optimize.staffing.targets import Target
from sim.optimize.staffing.trial import Found

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Compared:
    """Another plan, or the plan in another world, beside the answer."""

    name: str
    cost: float
    verdict: Verdict
    posts: Ints | None = None


@dataclass
class Price:
    """Yuan a week for one percentage point more of a target.

    Attributes
    ----------
    surrogate : float
        The difference of two covers.
    simulated : float, optional
        Of the posts that had to be added in simulation, on the replications of the search and
        with its margins; None where no staff does it, or there was no time.
    """

    surrogate: float
    simulated: float | None = None


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
        Yuan a week of the decided pools, of the problem in which all work of a mean week is done
        within it by staff who are paid by the minute: each hour of work at the rate of its pool.
        A plan can cost less only if it leaves work undone, to later weeks, or to the unpaid time
        after its shifts.
    compared : list of Compared
        Today's staff, SIPP alone, demand ±10 %; all on the fresh replications of the last look.
    prices : dict of Price
        By target.
    unmet : list of str
        Which targets are not kept, why, and what would be needed.
    """

    problem: StaffingProblem
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
    prices: dict[str, Price] = field(default_factory=dict)
    patrol: list[dict[str, float]] = field(default_factory=list)
    unmet: list[str] = field(default_factory=list)

    @property
    def service(self) -> pd.DataFrame:
        """What was kept, in the fresh replications: this plan, today's, and others beside it.

        Returns
        -------
        pandas.DataFrame
            ``plan, target, group, mean, low, high, unit``: a row a plan, target and group; the
            interval has the confidence asked for.
        """
        import pandas as pd

        rows = []
        ours = [] if self.found.fresh is None else [("this plan", self.found.fresh)]
        for plan, verdict in (*ours, *((one.name, one.verdict) for one in self.compared)):
            for i, target in enumerate(self.targets):
                reach = verdict.reach(i, (1 + self.problem.confidence) / 2)
                for name, m, r in zip(verdict.names[i], verdict.mean(i), reach, strict=True):
                    rows.append(
                        {
                            "plan": plan, "target": str(target), "group": name,
                            "mean": m, "low": m - r, "high": m + r,
                            "unit": target.query.unit,
                        }
                    )  # fmt: skip
        return pd.DataFrame(rows)

    @property
    def posts(self) -> pd.DataFrame:
        """The posts of each pool and shift, today's beside this plan's; gridworkers are no pool.

        Returns
        -------
        pandas.DataFrame
            ``role, department, place, place_zh, shift, today, plan``: a row where either has any.
        """
        import pandas as pd

        shifts = list(self.scenario.shifts)
        rows = [
            {
                "role": self.pools.role[pool],
                "department": self.pools.department[pool],
                "place": self.pools.place[pool],
                "place_zh": self.pools.place_zh[pool],
                "shift": shifts[shift],
                "today": int(self.pools.today[pool, shift]),
                "plan": int(self.found.posts[pool, shift]),
            }
            for pool, shift in np.argwhere((self.pools.today > 0) | (self.found.posts > 0)).tolist()
        ]
        found = pd.DataFrame(rows)
        found.attrs["units"] = {"today": "posts", "plan": "posts"}
        return found

    @property
    def costs(self) -> pd.DataFrame:
        """Yuan a week by role, today's beside this plan's: ``role, today, plan``."""
        import pandas as pd

        before, after = vars(self.cost_today), vars(self.cost)
        found = pd.DataFrame({"role": [*after], "today": before.values(), "plan": after.values()})
        found.attrs["units"] = {"today": "yuan a week", "plan": "yuan a week"}
        return found

    def save(self, path: str | Path) -> None:
        """Write the plan as a plan file, which ``plan=`` and ``--plan`` read."""
        note = f"sim optimize staffing, {', '.join(self.problem.targets)}, seed {self.seed}"
        write_plan(
            Path(path), self.scenario, self.city, self.plan, note=note, base_hash=self.base_hash
        )

    def __repr__(self) -> str:
        return (
            f"<Answer for {self.scenario.name}: {', '.join(map(str, self.targets))}; "
            f"{self.cost.total:,.0f} yuan a week, today {self.cost_today.total:,.0f}; "
            f"{self.found.ended}, seed {self.seed}>"
        )


def reasons(
    found: Found,
    targets: list[Target],
    scenario: Scenario,
    pools: Pools,
    confidence_asked: float,
) -> list[str]:
    """Say of each target that is not kept where its late cases waited, and what they need."""
    verdict = found.fresh if found.fresh is not None else found.search
    if found.proved or verdict is None:
        return []
    confidence = found.confidence or confidence_asked
    out = []
    for i, target in enumerate(targets):
        slack = verdict.slack(i, confidence)
        worst = int(np.argmin(slack))
        if slack[worst] >= 0:
            continue
        value = verdict.mean(i)[worst]
        words = f"{target}: {verdict.names[i][worst]} has {value:.4g}"
        late, other = verdict.blamed(i, slack < 0), verdict.elsewhere[i]
        total = float(late.sum()) + sum(other.values())
        parts = []
        for pool in np.argsort(-late.sum(axis=1), kind="stable")[:3]:
            here = late[pool]
            if here.sum() <= 0.05 * total:
                break
            when = ", ".join(_hour_name(scenario, h) for h in _worst_hours(here))
            parts.append(f"{here.sum():.1f} waited for {pools.name(int(pool))} ({when})")
        for (department, step), n in sorted(other.items(), key=lambda item: -item[1])[:3]:
            if n > 0.05 * total:
                parts.append(f"{n:.1f} were late by {step} at {department}, which no post shortens")
        need = _needed(found, float(slack[worst]), sum(other.values()), total)
        late_cases = f"; of {total:.1f} late cases a run {'; '.join(parts)}" if parts else ""
        out.append(f"{words}{late_cases}{need}")
    return out


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
        "district_codes": list(answer.city.district_code),
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
        "price_of_a_point": {name: vars(price) for name, price in answer.prices.items()},
        "patrol": answer.patrol,
        "unmet": answer.unmet,
        "units": {
            "cost": "yuan a week",
            "bounds": "yuan a week, gaps as shares",
            "price_of_a_point": "yuan a week",
            "service": {str(target): target.query.unit for target in answer.targets},
            "patrol": {
                "gridworkers": "posts",
                "found": "matters a week",
                "calls_spared": "calls a week",
                "crew_h_spared": "h a week",
                "worth": "yuan a week",
                "cost": "yuan a week",
            },
        },
    }


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def misses(answer: Answer, compared: Compared, most: int = 3) -> list[str]:
    """Say where another plan breaks which target: groups, pools and hours."""
    out = []
    for i, target in enumerate(answer.targets):
        slack = compared.verdict.slack(i, answer.problem.confidence)
        for group in np.flatnonzero(slack < 0)[:most]:
            late = compared.verdict.blamed(i, np.arange(len(slack)) == group)
            pool = int(np.argmax(late.sum(axis=1)))
            when = ", ".join(_hour_name(answer.scenario, h) for h in _worst_hours(late[pool]))
            where = f", most at {answer.pools.name(pool)} ({when})" if when else ""
            out.append(
                f"{target}: {compared.verdict.names[i][group]} "
                f"{compared.verdict.mean(i)[group]:.4g}{where}"
            )
    return out
