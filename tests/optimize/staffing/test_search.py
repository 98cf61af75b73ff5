"""The search: what it finds keeps its targets, and nothing of it can go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray
from staffing_case import small

import sim
from sim.errors import InputError
from sim.model.planfile import PlanFile, write_plan
from sim.optimize.staffing import search
from sim.optimize.staffing.answer import Answer, facts
from sim.optimize.staffing.judge import Interrupted, Judge, Verdict
from sim.optimize.staffing.optimize import optimize
from sim.optimize.staffing.problem import StaffingProblem
from sim.scenario import Scenario

TARGETS = ("hotline.answered_20s>=0.7", "arrive.on_time>=0.8")


def judge_of(answer: Answer) -> Judge:
    return Judge(
        answer.scenario,
        answer.city,
        answer.pools,
        answer.plan,
        answer.targets,
        engine=answer.problem.engine,
        seed=answer.seed,
    )


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scenario, Answer]:
    scenario = small(tmp_path_factory.mktemp("small"))
    problem = StaffingProblem(TARGETS, patterns="scenario", replications=3)
    return scenario, optimize(scenario, problem)


def test_every_target_is_kept_in_fresh_replications(case: tuple[Scenario, Answer]) -> None:
    _, answer = case
    found = answer.found
    assert found.proved
    assert not set(found.looked) & set(found.replications)  # none was used in the search
    again = judge_of(answer).judge(found.posts, found.looked)
    for i, target in enumerate(answer.targets):
        assert (again.mean(i) >= target.value).all()
        assert (again.slack(i, 0.95) >= 0).all()


def test_removing_any_one_post_breaks_a_target(case: tuple[Scenario, Answer]) -> None:
    """Local minimality, on the replications and with the margins of the search."""
    _, answer = case
    found, judge = answer.found, judge_of(answer)

    def keeps(posts: np.ndarray) -> bool:
        means = judge.judge(posts, found.replications)
        return all(
            (target.slack(means.mean(i)) >= found.margin[i]).all()
            for i, target in enumerate(answer.targets)
        )

    assert found.minimal
    assert keeps(found.posts)
    cells = np.argwhere((found.posts > 0) & answer.decided[:, None])
    assert len(cells) > 3
    for pool, shift in cells:
        fewer = found.posts.copy()
        fewer[pool, shift] -= 1
        assert not keeps(fewer), (pool, shift)


def test_bounds_lie_below(case: tuple[Scenario, Answer]) -> None:
    _, answer = case
    assert 0 < answer.cover_bound <= answer.cover_cost + 1e-6
    assert 0 < answer.work_bound < answer.cover_bound


def test_what_is_compared_met_the_same_matters(case: tuple[Scenario, Answer]) -> None:
    _, answer = case
    assert [c.name for c in answer.compared] == [
        "today", "SIPP alone", "demand -10 %", "demand +10 %",
    ]  # fmt: skip
    less, more = answer.compared[2], answer.compared[3]
    assert less.cost <= answer.cost.total <= more.cost
    assert set(answer.prices) == set(TARGETS)
    assert all(price.surrogate >= 0 for price in answer.prices.values())


@pytest.mark.parametrize("value", [0.74, 0.863, 0.951])
def test_price_of_a_point_is_that_of_the_operators_it_takes(tmp_path: Path, value: float) -> None:
    """One desk, one shift: the least operators are known by trying all numbers of them."""
    hours = [int(11 <= h < 19) for h in range(24)]  # all calls come on that shift
    scenario = small(
        tmp_path,
        "shifts.noon={start='11:00',hours=8.0,days='all'}",
        "hotline.operators={noon=3,day=0,late=0,night=0}",
        "hotline.patience_mean_s=1e6",
        "totals.hotline_requests=6000",
        "seed=3",
        *(f"{name}={hours}" for name in ("activity.citizens", "profiles.flat.hours",
                                         "profiles.office.hours")),
    )  # fmt: skip
    problem = StaffingProblem((f"hotline.answered_20s>={value}",), patterns="scenario")
    answer = optimize(scenario, problem)
    found, judge, target = answer.found, judge_of(answer), answer.targets[0]
    noon = list(answer.scenario.shifts).index("noon")
    assert found.proved
    assert found.posts[0].sum() == found.posts[0, noon]  # no other shift fits

    def least(more: float) -> int:
        for count in range(30):
            posts = found.posts.copy()
            posts[0, noon] = count
            mean = judge.judge(posts, found.replications).mean(0)
            if (target.slack(mean) >= found.margin[0] + more).all():
                return count
        raise AssertionError

    now, then = least(0.0), least(0.01)
    assert found.posts[0, noon] == now
    (price,) = answer.prices.values()
    assert price.simulated == pytest.approx((then - now) * 7 * 8 * 35.0)
    assert then - now == (value > 0.74)


def test_prices_by_simulation_may_be_left_out(tmp_path: Path) -> None:
    problem = StaffingProblem(TARGETS[:1], patterns="scenario", replications=2, prices=False)
    answer = optimize(small(tmp_path), problem)
    assert [price.simulated for price in answer.prices.values()] == [None]


def test_the_plan_file_gives_the_same_run(case: tuple[Scenario, Answer], tmp_path: Path) -> None:
    scenario, answer = case
    path = tmp_path / "plan.csv"
    write_plan(path, answer.scenario, answer.city, answer.plan, base_hash=answer.base_hash)
    plan = PlanFile.read(path).plan(answer.scenario, answer.city)
    assert np.array_equal(plan.crew_xy, answer.plan.crew_xy)
    judge = judge_of(answer)
    ours = judge.run(answer.plan, 3)
    theirs = sim.simulate(scenario, plan=path, seed=answer.seed, replication=3)
    for name, column in ours.tickets.items():
        assert np.array_equal(column, theirs.tickets[name], equal_nan=column.dtype.kind == "f")


def test_facts_are_complete(case: tuple[Scenario, Answer]) -> None:
    told = facts(case[1])
    assert told["met"] is True
    assert told["locally_minimal"] is True
    for service in told["service"].values():
        assert service["city"]["low"] <= service["city"]["mean"] <= service["city"]["high"]


def test_a_target_out_of_reach_is_explained(tmp_path: Path) -> None:
    """A department that signs in office hours cannot sign within a quarter of an hour."""
    scenario = small(tmp_path, "departments.labour.sign_mean_min=600")
    answer = optimize(
        scenario,
        StaffingProblem(("sign.on_time@department>=0.97",), patterns="scenario", replications=2),
    )
    assert not answer.found.proved
    assert answer.found.ended == "stuck"
    reason = " ".join(answer.unmet)
    assert "labour" in reason
    assert "waiting to be signed for" in reason
    assert "not more staff" in reason


def test_targets_of_patrol_decide_the_gridworkers(tmp_path: Path) -> None:
    """As few as keep the target, other roles as they were."""
    scenario = small(tmp_path)
    answer = optimize(
        scenario, StaffingProblem(("tickets.patrol>=12",), patterns="scenario", replications=2)
    )
    assert not answer.decided.any()
    assert answer.found.fresh is not None
    count = len(answer.plan.worker_grid)
    assert 0 < count < 4 * len(answer.city.grid_xy)
    assert answer.cost.crews == answer.cost_today.crews
    never = optimize(
        scenario, StaffingProblem(("tickets.patrol>=1e6",), patterns="scenario", replications=2)
    )
    assert not never.found.proved
    assert "not even 4 gridworkers" in never.unmet[0]


def test_a_budget_that_is_too_small_is_said(tmp_path: Path) -> None:
    problem = StaffingProblem(
        ("hotline.answered_20s>=0.9",), patterns="scenario", replications=2, budget=220_000.0
    )
    scenario = small(tmp_path)
    answer = optimize(scenario, problem)
    if answer.found.ended == "budget":
        assert answer.cost.total <= 220_000.0
        assert "above the budget" in answer.unmet[0]
    with pytest.raises(InputError, match="budget"):
        optimize(scenario, StaffingProblem(problem.targets, patterns="scenario", budget=10.0))


def test_stopping_gives_the_best_so_far(tmp_path: Path) -> None:
    asked = iter(range(1000))
    answer = optimize(
        small(tmp_path),
        StaffingProblem(TARGETS, patterns="scenario", replications=2),
        stopped=lambda: next(asked) >= 5,
    )
    assert answer.found.ended == "stopped"
    assert not answer.found.proved
    assert answer.found.posts.sum() > 0


def test_stopping_in_a_later_look_keeps_what_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[bytes, list[int]]] = []
    real = Judge.judge

    def judge(self: Judge, posts: NDArray[np.int64], replications: Sequence[int]) -> Verdict:
        asked.append((posts.tobytes(), list(replications)))
        if len(asked) == 2:
            raise Interrupted
        return real(self, posts, replications)

    monkeypatch.setattr(Judge, "judge", judge)
    monkeypatch.setattr(Verdict, "keeps", lambda *_: False)
    found = optimize(
        small(tmp_path), StaffingProblem(TARGETS, patterns="scenario", replications=3)
    ).found
    assert found.ended == "stopped"
    assert asked[1][1] != asked[0][1]
    assert (found.posts.tobytes(), found.looked) == asked[0]


def test_staff_that_costs_nothing_is_no_trouble(tmp_path: Path) -> None:
    scenario = small(tmp_path)
    free = scenario.costs.model_copy(update={"crew": 0.0, "hotline_operator": 0.0})
    answer = optimize(
        scenario.model_copy(update={"costs": free}),
        StaffingProblem(TARGETS, patterns="scenario", replications=3),
    )
    assert answer.found.proved


def test_a_plan_gets_its_look_when_time_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time ends with the first posts that go: no more go, and what is there is looked at."""
    clock = [0.0]
    monkeypatch.setattr(search, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def report(what: str, _cost: float, _gap: float) -> None:
        clock[0] = 1e9 if what == "fewer" else clock[0]

    problem = StaffingProblem(TARGETS, patterns="scenario", replications=3)
    answer = optimize(small(tmp_path), problem, report=report)
    assert not answer.found.minimal
    assert answer.found.fresh is not None


def test_the_same_seed_gives_the_same_plan(tmp_path: Path) -> None:
    scenario = small(tmp_path)
    problem = StaffingProblem(TARGETS[:1], patterns="daily", replications=2)
    a, b = optimize(scenario, problem), optimize(scenario, problem)
    assert (a.found.posts == b.found.posts).all()
    assert facts(a) == facts(b)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("close.on_tim>=0.9", "did you mean close.on_time"),
        ("close.on_time=0.9", "MEASURE>=VALUE"),
        ("close.on_time@village>=0.9", "one of city, district"),
        ("matters>=3", "staff decides"),
        ("close.on_time>=1.5", "below 1"),
        ("sent_back<=0.1", "staff decides"),
    ],
)
def test_bad_targets(tmp_path: Path, target: str, says: str) -> None:
    with pytest.raises(InputError, match="target") as error:
        optimize(small(tmp_path), StaffingProblem((target,)))
    assert says in error.value.allowed


def test_no_costs_is_said(tmp_path: Path) -> None:
    scenario = small(tmp_path).model_copy(update={"costs": None})
    with pytest.raises(InputError, match="costs"):
        optimize(scenario, StaffingProblem(TARGETS))
