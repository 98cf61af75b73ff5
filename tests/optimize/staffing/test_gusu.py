"""Local minimality on a real district: no single post of Gusu's plan can go."""

from __future__ import annotations

import numpy as np
import pytest

import sim
from sim.optimize.staffing.judge import Judge
from sim.optimize.staffing.optimize import optimize
from sim.optimize.staffing.problem import Problem
from sim.optimize.staffing.targets import Target
from sim.scenario import restrict

DAYS = 2
"""Of the week, so that the test ends in minutes on a busy machine."""
TARGETS = ("arrive.on_time>=0.85", "close.on_time>=0.9", "hotline.answered_20s>=0.75")


@pytest.mark.slow
def test_removing_any_one_post_of_gusu_breaks_a_target() -> None:
    """On the matters and with the margins of the search, each post without the others."""
    scenario = restrict(sim.load("gusu-week"), days=DAYS)
    problem = Problem(TARGETS, patterns="scenario", replications=2, confidence=0.8, time_limit=200)
    answer = optimize(scenario, problem)
    found = answer.found
    assert found.minimal
    judge = Judge(
        answer.scenario,
        answer.city,
        answer.pools,
        answer.plan,
        answer.targets,
        engine=problem.engine,
        seed=answer.seed,
    )

    def slack(posts: np.ndarray) -> float:
        seen = judge.judge(posts, found.replications)

        def left(i: int, target: Target) -> float:
            return float((target.slack(seen.mean(i)) - found.margin[i]).min())

        return min(left(i, target) for i, target in enumerate(answer.targets))

    assert slack(found.posts) >= 0
    cells = np.argwhere(found.posts > 0)
    assert len(cells) > 50
    for pool, shift in cells:
        fewer = found.posts.copy()
        fewer[pool, shift] -= 1
        assert slack(fewer) < 0, (answer.pools.name(pool), list(answer.scenario.shifts)[shift])
