"""A run that begins from the state of another goes on as that one does, in either engine."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from differential.test_engines import Chosen, Remembers, quick
from engine.outcomes import check_outcome, same
from generated import Recipe, Replans, plans_of, recipes, replans, scenario_of
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from tiny import tiny

import sim
from sim.clock import HOUR
from sim.engine.outcome import LOGS, Outcome
from sim.engine.state import TABLES, RunState
from sim.errors import InputWarning
from sim.scenario import Scenario, restrict

QUIETLY = {"deadline": None, "suppress_health_check": list(HealthCheck)}
TELLS = quick.filter(lambda policy: isinstance(policy, str))
"""Policies that tell all that they remember."""
PAIRS = [(of, by) for of in ("simpy", "compiled") for by in ("simpy", "compiled")]
"""Whose state it is, and who begins from it."""


def prepared(scenario: Scenario, policy: Chosen, engine: str) -> Any:
    return sim.prepare(
        scenario,
        policy=policy if isinstance(policy, str) else policy(),
        engine=engine,
        check=engine == "simpy",
    )


def goes_on(
    scenario: Scenario, policy: Chosen, cut: float, engines: tuple[str, str], plans: Any = ()
) -> tuple[Any, Any, RunState]:
    """Run on, and begin from the state at an instant of the run and go on, to the end of both."""
    first = prepared(scenario, policy, engines[0])
    for time, plan in plans:
        first.replan(plan, time)
    first.run(first.begins + cut * (first.horizon - first.begins))
    state = first.state()
    second = prepared(scenario, policy, engines[1])
    second.begin(state)
    assert second.now == first.now
    assert equal(second.state(), state)
    for run in (first, second):
        run.run()
    return first, second, state


def equal(a: RunState, b: RunState) -> bool:
    """Whether two states say the same."""
    tables = all(
        np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
        for table in TABLES
        for one, other in zip(
            ordered(table, getattr(a, table)), ordered(table, getattr(b, table)), strict=True
        )
    )
    facts = ("now", "seed", "replication", "events", "next_number", "next_shift", "policy", "keys")
    return (
        tables
        and all(getattr(a, name) == getattr(b, name) for name in facts)
        and a.memory == b.memory
        and [time for time, _ in (*a.plans, *a.coming)]
        == [time for time, _ in (*b.plans, *b.coming)]
    )


def ordered(table: str, columns: Any) -> list[np.ndarray[Any, Any]]:
    """Put the rows of a table that has no order of its own into one."""
    if table not in ("requests", "ahead"):
        return list(columns.values())
    order = np.lexsort(list(reversed(columns.values())))
    return [column[order] for column in columns.values()]


def hold_equal(whole: Outcome, begun: Outcome, since: float) -> None:
    """Hold what happened since an instant equal, whatever the record before it has."""
    if since <= 0:
        assert same(whole, begun)
        return
    assert (whole.until, whole.events) == (begun.until, begun.events)
    row = {key: i for i, key in enumerate(whole.tickets["key"].tolist())}
    rows = np.array([row[key] for key in begun.tickets["key"].tolist()], dtype=np.int64)
    for name, column in begun.tickets.items():
        nan = column.dtype.kind == "f"
        assert np.array_equal(whole.tickets[name][rows], column, equal_nan=nan), name
    others = np.setdiff1d(np.arange(len(whole)), rows)
    over = np.fmin(whole.tickets["closed"][others], whole.tickets["vanished"][others])
    assert (over < since).all()
    for log in LOGS:
        a, b = getattr(whole, log), getattr(begun, log)
        late = ~(a["end"] <= since)
        for name, column in b.items():
            said = whole.tickets["key"][a["ticket"][late]] if name == "ticket" else a[name][late]
            mine = begun.tickets["key"][column] if name == "ticket" else column
            assert np.array_equal(said, mine, equal_nan=column.dtype.kind == "f"), (log, name)


def hold(recipe: Recipe, policy: Chosen, warm_up: int, cut: float, engines: Any) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        scenario = restrict(scenario_of(recipe, Path(folder)), warm_up_days=warm_up)
        first, second, state = goes_on(scenario, policy, cut, engines)
        hold_equal(first.outcome(), second.outcome(), state.now)
        if state.now <= 0:
            check_outcome(second.outcome())


@settings(max_examples=15, **QUIETLY)
@given(recipe=recipes(ground=True), policy=TELLS, warm_up=st.integers(0, 2), cut=st.floats(0, 1),
       engines=st.sampled_from(PAIRS))  # fmt: skip
def test_generated(recipe: Recipe, policy: Chosen, warm_up: int, cut: float, engines: Any) -> None:
    hold(recipe, policy, warm_up, cut, engines)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_many_generated(part: int) -> None:
    """More than a hundred, in parts that differ by their seed."""

    @seed(part)
    @settings(max_examples=40, **QUIETLY)
    @given(recipe=recipes(ground=True), policy=TELLS, warm_up=st.integers(0, 2),
           cut=st.floats(0, 1), engines=st.sampled_from(PAIRS))  # fmt: skip
    def run(recipe: Recipe, policy: Chosen, warm_up: int, cut: float, engines: Any) -> None:
        hold(recipe, policy, warm_up, cut, engines)

    run()


@settings(max_examples=8, **QUIETLY)
@given(recipe=recipes(), changes=replans(), cut=st.floats(0, 1), engines=st.sampled_from(PAIRS))
def test_plans_go_on(recipe: Recipe, changes: Replans, cut: float, engines: Any) -> None:
    """Those that were in force and those that are still to come."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = scenario_of(recipe, Path(folder))
        plans = plans_of(scenario, changes)
        first, second, state = goes_on(scenario, "priority", cut, engines, plans)
        hold_equal(first.outcome(), second.outcome(), state.now)


@pytest.mark.parametrize("engines", PAIRS)
def test_a_policy_remembers(engines: Any, tmp_path: Path) -> None:
    """And a further policy begins with nothing to remember."""
    scenario = tiny(tmp_path)
    first, second, state = goes_on(scenario, "rolling-vrp", 0.4, engines)
    assert state.memory is not None
    hold_equal(first.outcome(), second.outcome(), state.now)
    other = prepared(scenario, Remembers, engines[1])
    other.begin(state, anew=True)
    other.run()
    check = other.outcome()
    assert check.policy == "remembers" and not same(check, second.outcome())


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_run_begins_from_a_state_before_anything_else(engine: str, tmp_path: Path) -> None:
    run = prepared(tiny(tmp_path), "priority", engine)
    run.run(HOUR)
    with pytest.raises(ValueError, match="before anything else"):
        run.begin(run.state())
