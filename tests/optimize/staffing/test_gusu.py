"""A real district, one week: the plan is proved, and not one post of it can go.

What *broken* means here: on the replications of the search, on which every plan meets the same
matters, the mean of a target falls below the target with its margin. The margin is what makes the
plan pass in fresh replications with the confidence that was asked for.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import sim
from sim.optimize.staffing.answer import Answer
from sim.optimize.staffing.judge import Judge, join
from sim.optimize.staffing.optimize import optimize
from sim.optimize.staffing.problem import StaffingProblem

pytestmark = pytest.mark.slow

TARGETS = ("close.on_time>=0.95", "arrive.on_time>=0.9", "hotline.answered_20s>=0.9")


@pytest.fixture(scope="module")
def answer() -> Answer:
    problem = StaffingProblem(
        TARGETS, patterns="scenario", replications=2, prices=False, time_limit=3600.0
    )
    return optimize(sim.load("gusu-week"), problem)


@pytest.fixture(scope="module")
def judge(answer: Answer) -> Judge:
    return Judge(
        answer.scenario,
        answer.city,
        answer.pools,
        answer.plan,
        answer.targets,
        engine="compiled",
        seed=answer.seed,
    )


def superfluous(
    answer: Answer, judge: Judge, posts: NDArray[np.int64], cells: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return the cells without one post of which every target is kept."""
    found, out = answer.found, []
    for cell in cells:
        fewer = posts.copy()
        fewer[cell] -= 1
        verdict = join(judge.judge_all([(fewer, r) for r in found.replications]))
        if all(
            (target.slack(verdict.mean(i)) >= found.margin[i]).all()
            for i, target in enumerate(answer.targets)
        ):
            out.append(cell)
    return out


def test_every_target_is_kept_in_fresh_replications(answer: Answer, judge: Judge) -> None:
    found = answer.found
    assert found.proved
    assert found.ended == "proved"
    assert not set(found.looked) & set(found.replications)
    again = judge.judge(found.posts, found.looked)
    assert again.keeps(found.confidence)
    assert answer.cost.total < 0.9 * answer.cost_today.total


def test_not_one_post_can_go(answer: Answer, judge: Judge) -> None:
    posts = answer.found.posts
    assert answer.found.minimal
    cells = [(int(p), int(s)) for p, s in np.argwhere((posts > 0) & answer.decided[:, None])]
    assert len(cells) > 100  # of all units of the district
    assert superfluous(answer, judge, posts, cells) == []


def test_a_post_too_many_would_be_seen(answer: Answer, judge: Judge) -> None:
    """The check above is able to fail: with a crew more, that crew can go."""
    for role in ("crew", "town_centre", "hotline"):
        pool = answer.pools.role.index(role)
        cell = (pool, int(np.argmax(answer.found.posts[pool])))
        more = answer.found.posts.copy()
        more[cell] += 1
        assert superfluous(answer, judge, more, [cell]) == [cell]
