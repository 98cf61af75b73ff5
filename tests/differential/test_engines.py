"""Both engines leave the same outcome, to the bit."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine.outcomes import check_outcome, same
from generated import Recipe, net_in_pieces, recipes, scenario_of, write_turns
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from tiny import tiny

import sim
from sim.errors import InputWarning
from sim.model.routes import Leg, Route
from sim.policy import POLICIES, Policy, View
from sim.scenario import Scenario
from sim.scenario.layers import parse_overrides

Chosen = str | Callable[[], Policy]


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


policies = st.sampled_from([*sorted(POLICIES), Remembers])
quick = policies.filter(lambda policy: policy != "rolling-vrp")


def compare(recipe: Recipe, policy: Chosen, cut: float, check: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)  # of a net in pieces
        hold_equal(scenario_of(recipe, Path(folder)), policy, cut, check)


def hold_equal(scenario: Scenario, policy: Chosen, cut: float, check: bool = False) -> None:
    """Hold the engines equal, where the run is cut and at its end."""
    runs = [
        sim.prepare(
            scenario,
            policy=policy if isinstance(policy, str) else policy(),
            engine=engine,
            check=check and engine == "compiled",
        )
        for engine in ("simpy", "compiled")
    ]
    for until in (cut * runs[0].horizon, None):
        for run in runs:
            run.run(until)
        assert same(runs[0].outcome(), runs[1].outcome())


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(recipe=recipes(ground=True), policy=quick, cut=st.floats(0, 1), check=st.booleans())
def test_generated(recipe: Recipe, policy: Chosen, cut: float, check: bool) -> None:
    compare(recipe, policy, cut, check)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_many_generated(part: int) -> None:
    """More than five hundred, in parts that differ by their seed."""

    @seed(part)
    @settings(max_examples=65, deadline=None, suppress_health_check=list(HealthCheck))
    @given(recipe=recipes(ground=True), policy=policies, cut=st.floats(0, 1), check=st.booleans())
    def run(recipe: Recipe, policy: Chosen, cut: float, check: bool) -> None:
        compare(recipe, policy, cut, check)

    run()


WALK = Route(24, (Leg(0, 24), Leg(0, -9), Leg(18, 6, 80.0), Leg(0, 5), Leg(5, -5)))
ROADS = "travel.model=roads"


@pytest.mark.parametrize(
    ("ground", "policy"), [("roads", "priority"), ("routes", "priority"), ("both", "nearest")]
)
def test_gusu_day(ground: str, policy: str, tmp_path: Path) -> None:
    overrides = [] if ground == "routes" else [ROADS]
    if ground != "roads":
        write_turns(sim.load("gusu-week"), [WALK], tmp_path / "routes.csv")
        overrides.append(f'patrol.routes="{tmp_path / "routes.csv"}"')
    scenario = sim.load("gusu-week", parse_overrides([*overrides, "time.days=1"]))
    hold_equal(scenario, policy, 0.6)


@pytest.mark.parametrize("policy", ["rolling-vrp", "batch-assignment", "hindsight"])
@pytest.mark.parametrize("net", ["generated", "in pieces"])
def test_policies_that_plan_ways(policy: str, net: str, tmp_path: Path) -> None:
    """They ask for ways from ticket to ticket, and for positions on the net."""
    overrides = [ROADS, "time.days=2"]
    if net == "in pieces":
        overrides.append(f'travel.roads.file="{net_in_pieces(tmp_path, 3)}"')
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", InputWarning)
        hold_equal(tiny(tmp_path, overrides), policy, 0.5)
    assert any("ways are not on the road net" in str(w.message) for w in said) == (
        net == "in pieces"
    )


@pytest.mark.slow
@pytest.mark.parametrize("ground", [(), (ROADS,)])
@pytest.mark.parametrize("policy", ["priority", "nearest"])
def test_gusu_week(policy: str, ground: tuple[str, ...]) -> None:
    scenario = sim.load("gusu-week", parse_overrides(ground))
    slow = sim.simulate(scenario, policy=policy, engine="simpy")
    fast = sim.simulate(scenario, policy=policy, engine="compiled", check=True)
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
