"""A state at an instant: whoever begins from it ends as the run that it is of, to the bit."""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from engine.outcomes import check_outcome, same
from generated import Recipe, Replans, plans_of, recipes, replans, scenario_of
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from tiny import tiny

import sim
from sim.clock import DAY, HOUR
from sim.engine.outcome import Outcome
from sim.engine.state import KINDS, RunState
from sim.engine.window import reaches_in
from sim.errors import InputWarning
from sim.model.plan import Plan
from sim.policy import POLICIES
from sim.scenario import Scenario, restrict
from sim.workload.channel import Channel
from sim.workload.reported import reported

QUIETLY = {"deadline": None, "suppress_health_check": list(HealthCheck)}
policies = st.sampled_from(sorted(POLICIES))
quick = policies.filter(lambda policy: policy != "rolling-vrp")
Engines = tuple[str, str]
engines = st.tuples(*[st.sampled_from(["compiled", "simpy"])] * 2)
"""Of whom the state is, and who begins from it."""


def differences(a: RunState, b: RunState) -> list[str]:
    """Return in which fields two states differ; what a policy says of its own time may."""
    found = []
    for one in fields(RunState):
        left, right = getattr(a, one.name), getattr(b, one.name)
        if one.name in KINDS:
            for name, kind in KINDS[one.name].items():
                x, y = left[name], right[name]
                assert x.dtype == np.dtype(kind)
                if not np.array_equal(x, y, equal_nan=kind == "f8"):
                    found.append(f"{one.name}.{name}")
        elif one.name in ("plans", "coming"):
            if [time for time, _ in left] != [time for time, _ in right]:
                found.append(one.name)
            for (_, x), (_, y) in zip(left, right, strict=True):
                same_plan = [
                    np.array_equal(getattr(x, f.name), getattr(y, f.name)) for f in fields(Plan)
                ]
                found += [one.name] * (not all(same_plan))
        elif one.name == "memory" and isinstance(left, dict):
            if left.get("plans") != right.get("plans"):
                found.append("memory")
        elif left != right:
            found.append(one.name)
    return found


def rest_of(outcome: Outcome, now: float, begun: Outcome) -> None:
    """Hold what a run has done since an instant against the record of one that began there."""
    keys = {key: row for row, key in enumerate(outcome.tickets["key"].tolist())}
    rows = np.array([keys[key] for key in begun.tickets["key"].tolist()], dtype=np.int64)
    assert (np.diff(rows) > 0).all()
    for name, column in begun.tickets.items():
        mine = outcome.tickets[name][rows]
        assert np.array_equal(mine, column, equal_nan=column.dtype.kind == "f"), name
    missing = np.setdiff1d(np.arange(len(outcome)), rows)
    assert (np.fmin(outcome.tickets["closed"], outcome.tickets["vanished"])[missing] < now).all()
    for log in ("visits", "stops", "services"):
        left, right = getattr(outcome, log), getattr(begun, log)
        later = reaches_in(left["end"], now)
        for name, column in right.items():
            if name != "ticket":
                assert np.array_equal(left[name][later], column, equal_nan=column.dtype.kind == "f")
        of = outcome.tickets["key"][left["ticket"][later]]
        assert np.array_equal(of, begun.tickets["key"][right["ticket"]])


def hold(
    scenario: Scenario,
    policy: str,
    share: float,
    engines: Engines = ("compiled", "compiled"),
    plans: list[tuple[float, Plan]] | None = None,
) -> None:
    """Run on, and begin from the state on the way; hold what comes of both against each other."""
    run, begun = (sim.prepare(scenario, policy=policy, engine=e, check=True) for e in engines)
    for time, plan in plans or []:
        run.replan(plan, time)
    now = run.begins + share * (run.horizon - run.begins)
    run.run(now)
    state = run.state()
    begun.begin(state)
    assert (begun.now, begun.events) == (state.now, state.events)
    assert differences(state, begun.state()) == []
    for later in (1.0, 3 * HOUR, float("inf")):
        until = min(state.now + later, run.horizon)
        run.run(until)
        begun.run(until)
        assert run.events == begun.events
        assert differences(run.state(), begun.state()) == []
    if state.now <= 0:
        assert same(run.outcome(), begun.outcome())
        check_outcome(begun.outcome())
    else:
        rest_of(run.outcome(), state.now, begun.outcome())


@settings(max_examples=12, **QUIETLY)
@given(recipe=recipes(ground=True), policy=quick, share=st.floats(0, 1), engines=engines)
def test_generated(recipe: Recipe, policy: str, share: float, engines: Engines) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        hold(restrict(scenario_of(recipe, Path(folder)), warm_up_days=1), policy, share, engines)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_many_generated(part: int) -> None:
    """More than a hundred, in parts that differ by their seed."""

    @seed(part)
    @settings(max_examples=30, **QUIETLY)
    @given(recipe=recipes(ground=True), policy=policies, share=st.floats(0, 1), engines=engines)
    def run(recipe: Recipe, policy: str, share: float, engines: Engines) -> None:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore", InputWarning)
            hold(
                restrict(scenario_of(recipe, Path(folder)), warm_up_days=1), policy, share, engines
            )

    run()


@settings(max_examples=8, **QUIETLY)
@given(recipe=recipes(), changes=replans(), policy=quick, share=st.floats(0, 1), engines=engines)
def test_plans_that_change(
    recipe: Recipe, changes: Replans, policy: str, share: float, engines: Engines
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scenario = restrict(scenario_of(recipe, Path(folder)), warm_up_days=1)
        plans = plans_of(scenario, changes, -DAY)
        hold(scenario, policy, share, engines, plans)


@pytest.mark.parametrize("policy", ["rolling-vrp", "reserve", "batch-assignment"])
def test_a_policy_with_much_to_remember(policy: str, tmp_path: Path) -> None:
    scenario = tiny(tmp_path, ["staff_scale.crews=0.5", "time.days=1", "time.warm_up_days=2"])
    hold(scenario, policy, 2 / 3)


def test_what_was_put_in_and_is_still_to_arise(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, ["time.days=2"])
    run, begun = (sim.prepare(scenario) for _ in range(2))
    run.run(20_000.0)
    matter = reported(
        scenario, run.city, run.seed, 0, category=scenario.categories[0].id, grid=5,
        channel=Channel.HOTLINE, time=40_100.0, number=0,
    )  # fmt: skip
    run.add(matter)
    state = run.state()
    assert (state.matters["state"] < 0).sum() == 1
    begun.begin(state)
    for one in (run, begun):
        one.run()
    rows = [np.flatnonzero(one.outcome().tickets["key"] == matter.key[0]) for one in (run, begun)]
    a, b = (one.outcome().tickets for one in (run, begun))
    for name, column in a.items():
        assert np.array_equal(column[rows[0]], b[name][rows[1]], equal_nan=column.dtype.kind == "f")
    assert run.events == begun.events


def test_another_policy_from_a_state_on(tmp_path: Path) -> None:
    """It remembers nothing, and gives all that waits its place; nothing is lost."""
    scenario = tiny(tmp_path, ["time.days=2", "time.warm_up_days=2", "staff_scale.crews=0.4"])
    run = sim.prepare(scenario, policy="fifo")
    run.run(0.0)
    state = run.state()
    assert len(state.keys) > 10
    outcomes = {}
    for policy in ("priority", "reserve", "nearest", "fifo"):
        begun = sim.prepare(scenario, policy=policy, check=True)
        begun.begin(state, anew=True)
        begun.run()
        outcomes[policy] = begun.outcome()
        check_outcome(outcomes[policy])
        assert np.array_equal(outcomes[policy].tickets["key"], outcomes["priority"].tickets["key"])
    run.run()
    assert same(run.outcome(), outcomes["fifo"])
    assert not same(outcomes["fifo"], outcomes["priority"])


def test_a_run_begins_once_and_under_its_own_seed(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, ["time.days=1"])
    run = sim.prepare(scenario)
    run.run(1000.0)
    state = run.state()
    with pytest.raises(ValueError, match="before anything else"):
        run.begin(state)
    with pytest.raises(ValueError, match="its own seed"):
        sim.prepare(scenario, replication=1).begin(state)


def test_a_long_run_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state does not depend on where the record lies, nor on how much is drawn at once."""
    from sim.engine.compiled_engine import engine

    scenario = tiny(tmp_path, ["time.days=3", "time.warm_up_days=2"])
    states = []
    for many, block in ((10**9, 10**6), (10, 300)):
        monkeypatch.setattr(engine, "IN_MEMORY", many)
        monkeypatch.setattr(engine, "_BLOCK", block)
        run = sim.prepare(scenario)
        for until in (-0.7 * DAY, 0.4 * DAY, 1.3 * DAY):
            run.run(until)
            states.append(run.state())
    for a, b in zip(states[:3], states[3:], strict=True):
        assert differences(a, b) == []
