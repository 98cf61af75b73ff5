"""Both engines leave the same outcome, to the bit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from engine.outcomes import check_outcome, same
from generated import recipes, scenario_of
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import sim
from sim.policy import POLICIES, Policy, View

policies = st.sampled_from(sorted(POLICIES))


def compare(recipe: Any, policy: str, cut: float, check: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scenario = scenario_of(recipe, Path(folder))
        slow = sim.simulate(scenario, policy=policy, engine="simpy")
        fast = sim.prepare(scenario, policy=policy, engine="compiled", check=check)
        fast.run(cut * fast.horizon)
        fast.run()
        assert same(slow, fast.outcome())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(recipe=recipes(), policy=policies, cut=st.floats(0, 1), check=st.booleans())
def test_generated(recipe: Any, policy: str, cut: float, check: bool) -> None:
    compare(recipe, policy, cut, check)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_many_generated(part: int) -> None:
    """More than five hundred, in parts that differ by their seed."""

    @seed(part)
    @settings(max_examples=65, deadline=None, suppress_health_check=list(HealthCheck))
    @given(recipe=recipes(), policy=policies, cut=st.floats(0, 1), check=st.booleans())
    def run(recipe: Any, policy: str, cut: float, check: bool) -> None:
        compare(recipe, policy, cut, check)

    run()


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["priority", "nearest"])
def test_gusu_week(policy: str) -> None:
    slow = sim.simulate("gusu-week", policy=policy, engine="simpy")
    fast = sim.simulate("gusu-week", policy=policy, engine="compiled", check=True)
    assert same(slow, fast)
    check_outcome(fast)


def test_stopped_in_the_middle() -> None:
    """What is under way at an instant is the same too."""
    for seconds in (1.0, 30_000.0, 61_234.5):
        parts = []
        for engine in ("simpy", "compiled"):
            run = sim.prepare("gusu-week", days=1, engine=engine)
            run.run(seconds)
            parts.append((run.outcome(), run.ledger.tolist(), run.overdue.tolist()))
        assert same(parts[0][0], parts[1][0])
        assert parts[0][1:] == parts[1][1:]


class Remembers(Policy):
    """Sends the crew that has been out least; it keeps count by itself."""

    name = "remembers"

    def __init__(self) -> None:
        self.sent: dict[int, int] = {}

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        return (view.due_close(ticket), -view.expected_work(ticket), view.accepted(ticket))

    def choose_crew(self, view: View, ticket: int, crews: Any) -> int:
        crew = min(crews, key=lambda c: (self.sent.get(c, 0), view.position(c), c))
        self.sent[crew] = self.sent.get(crew, 0) + 1
        return int(crew)


def test_a_policy_in_python_with_a_memory() -> None:
    outcomes = [
        sim.simulate(
            "suzhou-2018",
            days=1,
            districts=["Gusu", "Taicang"],
            policy=Remembers(),
            engine=engine,
        )
        for engine in ("simpy", "compiled")
    ]
    assert same(*outcomes)


def test_matters_put_in_while_it_runs() -> None:
    from sim.workload.channel import Channel
    from sim.workload.reported import reported

    outcomes = []
    for engine in ("simpy", "compiled"):
        run = sim.prepare("gusu-week", days=1, engine=engine)
        run.run(40_000)
        matter = reported(
            run.scenario, run.city, run.seed, 0, category=run.scenario.categories[0].id,
            grid=5, channel=Channel.HOTLINE, time=40_100.0, number=0,
        )  # fmt: skip
        run.add(matter)
        run.run()
        outcomes.append(run.outcome())
    assert same(*outcomes)
