"""A warm-up before time 0: the same in both engines, and the same as a run that begins earlier."""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from differential.test_engines import Remembers, quick
from engine.outcomes import check_outcome, same
from generated import (
    Recipe,
    Replans,
    _toml,
    plans_of,
    recipes,
    replans,
    scenario_of,
    weather,
)
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from tiny import CATEGORIES, tiny

import sim
from sim.clock import DAY, HOUR
from sim.engine.outcome import TIMES, Outcome
from sim.errors import InputWarning
from sim.model.state import State
from sim.scenario import Scenario, restrict
from sim.scenario.layers import parse_overrides

ENGINES = ("simpy", "compiled")
QUIETLY = {"deadline": None, "suppress_health_check": list(HealthCheck)}
days = st.integers(1, 3)


def hold_equal(recipe: Recipe, policy: Any, warm_up: int, cut: float, keep: bool) -> None:
    """Hold the engines equal where a run is cut, in its warm-up or after it, and at its end."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        scenario = restrict(scenario_of(recipe, Path(folder)), warm_up_days=warm_up)
        runs = [
            sim.prepare(
                scenario,
                policy=policy if isinstance(policy, str) else policy(),
                engine=engine,
                check=True,
                keep_warm_up=keep,
            )
            for engine in ENGINES
        ]
        begins, horizon = runs[0].begins, runs[0].horizon
        assert begins == -warm_up * DAY == runs[1].begins
        for until in (begins + cut * (horizon - begins), None):
            for run in runs:
                run.run(until)
            slow, fast = (run.outcome() for run in runs)
            assert same(slow, fast)
            assert np.array_equal(runs[0].ledger, runs[1].ledger)
        check_outcome(fast)


@settings(max_examples=12, **QUIETLY)
@given(recipe=recipes(ground=True), policy=quick, warm_up=days, cut=st.floats(0, 1),
       keep=st.booleans())  # fmt: skip
def test_generated(recipe: Recipe, policy: Any, warm_up: int, cut: float, keep: bool) -> None:
    hold_equal(recipe, policy, warm_up, cut, keep)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_many_generated(part: int) -> None:
    """More than a hundred, in parts that differ by their seed."""

    @seed(part)
    @settings(max_examples=30, **QUIETLY)
    @given(recipe=recipes(ground=True), policy=quick, warm_up=days, cut=st.floats(0, 1),
           keep=st.booleans())  # fmt: skip
    def run(recipe: Recipe, policy: Any, warm_up: int, cut: float, keep: bool) -> None:
        hold_equal(recipe, policy, warm_up, cut, keep)

    run()


@settings(max_examples=6, **QUIETLY)
@given(recipe=recipes(), changes=replans(), policy=st.sampled_from(["priority", "reserve"]))
def test_plans_that_change_in_the_warm_up(recipe: Recipe, changes: Replans, policy: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scenario = restrict(scenario_of(recipe, Path(folder)), warm_up_days=1)
        plans = plans_of(scenario, changes, -DAY)
        runs = [sim.prepare(scenario, policy=policy, engine=engine) for engine in ENGINES]
        for run in runs:
            for time, new in plans:
                run.replan(new, time)
            run.run()
        slow, fast = (run.outcome() for run in runs)
        assert same(slow, fast)
        check_outcome(fast)
        assert [time for time, _ in slow.plans] == [time for time, _ in fast.plans]


def earlier(scenario: Scenario, by: int) -> Scenario:
    """Return the scenario as one that starts so many days earlier, with no warm-up."""
    time = scenario.time.model_copy(
        update={
            "start": scenario.time.start - timedelta(days=by),
            "days": scenario.time.days + by,
            "warm_up_days": 0,
        }
    )
    surges = tuple(
        surge.model_copy(update={"start_day": surge.start_day + by}) for surge in scenario.surges
    )
    return scenario.model_copy(update={"time": time, "surges": surges})


def shifted(outcome: Outcome, by: float) -> Outcome:
    """Return an outcome with all its times moved."""
    tables = {"tickets": {n: c + by if n in TIMES else c for n, c in outcome.tickets.items()}}
    for log in ("visits", "stops", "services"):
        table = getattr(outcome, log)
        # the way of a stop is a duration
        moves = [n for n, c in table.items() if c.dtype.kind == "f" and n != "way"]
        tables[log] = {n: c + by if n in moves else c for n, c in table.items()}
    return replace(outcome, until=outcome.until + by, **tables)  # type: ignore[arg-type]


def hold_shifted(scenario: Scenario, warm_up: int, policy: Any, engine: str) -> None:
    """Hold a run that warms up against one that starts so many days earlier."""
    warm = restrict(scenario, warm_up_days=warm_up)
    before = earlier(scenario, warm_up)
    chosen = [policy if isinstance(policy, str) else policy() for _ in range(2)]
    kept = sim.simulate(warm, policy=chosen[0], engine=engine, keep_warm_up=True)
    long = sim.simulate(before, policy=chosen[1], engine=engine)
    assert len(kept) > 100
    assert same(kept, shifted(long, -warm_up * DAY))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("start", "policy"),
    [("2018-01-04", "priority"), ("2018-02-28", "nearest"), ("1970-01-02", Remembers)],
)
def test_as_a_run_that_starts_earlier(start: str, policy: Any, engine: str, tmp_path: Path) -> None:
    """Across ends of years and months, and the first day by which days are numbered."""
    scenario = tiny(tmp_path, [f"time.start={start}", "time.days=1"])
    hold_shifted(scenario, 3, policy, engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_over_a_festival_in_the_rain(engine: str, tmp_path: Path) -> None:
    """Saturday 24 February 2018 is worked, Wednesday 21 is off; days are like those before."""
    changes = ["time.start=2018-02-23", "time.days=2", 'time.calendar="CN"']
    changes += ["variation.city_day_rho=0.5", "totals.period_start=2018-01-01"]
    rain = _toml(weather(0.5, "true"))
    rows = [{**row, "close_h": "", "close_workdays": 1} for row in CATEGORIES]
    scenario = tiny(tmp_path, [*changes, f"weather={rain}", "profiles.office.day_off=0.2"], rows)
    hold_shifted(scenario, 3, "edd", engine)
    due = sim.simulate(scenario, engine=engine).tickets["due_close"]
    # accepted on Friday: the end of Saturday; on Saturday: that of Monday
    assert set(np.unique(due[~np.isnan(due)])) == {2 * DAY, 4 * DAY}


@settings(max_examples=10, **QUIETLY)
@given(recipe=recipes(), policy=quick, warm_up=days, engine=st.sampled_from(ENGINES))
def test_generated_as_a_run_that_starts_earlier(
    recipe: Recipe, policy: Any, warm_up: int, engine: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        hold_shifted(scenario_of(recipe, Path(folder)), warm_up, policy, engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_only_what_still_matters_is_kept(engine: str, tmp_path: Path) -> None:
    """By hand: of the whole record, what is not over at time 0 or falls due after it."""
    scenario = tiny(tmp_path, ["time.days=1", "time.warm_up_days=4"])
    whole = sim.simulate(scenario, engine=engine, keep_warm_up=True)
    kept = sim.simulate(scenario, engine=engine)
    assert (whole.begins, kept.begins) == (-4 * DAY, 0.0)
    assert whole.window == kept.window == (0.0, DAY)
    assert whole.events == kept.events
    for log in ("visits", "stops", "services"):
        ends = getattr(whole, log)["end"]
        assert len(getattr(kept, log)["end"]) == (~(ends <= 0)).sum() < len(ends)
    t = whole.tickets
    close_s = np.array([c.close_h for c in scenario.categories])[t["category"]] * HOUR
    due = np.fmax(t["due_close"], t["arisen"] + close_s)
    over_before = (t["closed"] < 0) | ((t["state"] == State.VANISHED) & (t["arisen"] < 0))
    gone = ~np.isin(t["key"], kept.tickets["key"])
    assert gone.sum() > 100
    assert (over_before[gone] & (due[gone] < 0)).all()
    # whoever left those out that were closed in time would count the late ones alone
    early = (t["closed"] < 0) & (due >= 0)
    assert early.sum() > 20
    assert not gone[early].any()
    rows = np.flatnonzero(~gone)
    for name, column in kept.tickets.items():
        assert np.array_equal(column, t[name][rows], equal_nan=column.dtype.kind == "f"), name
    for log in ("visits", "stops", "services"):
        a, b = getattr(kept, log), getattr(whole, log)
        inside = ~(b["end"] <= 0)
        assert np.array_equal(kept.tickets["key"][a["ticket"]], t["key"][b["ticket"][inside]])


def test_on_disk_as_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.engine.compiled_engine import engine

    scenario = tiny(tmp_path, ["time.days=2", "time.warm_up_days=3"])
    memory = sim.simulate(scenario)
    monkeypatch.setattr(engine, "IN_MEMORY", 10)
    monkeypatch.setattr(engine, "_BLOCK", 300)
    assert same(memory, _in_memory(sim.simulate(scenario)))


def _in_memory(outcome: Outcome) -> Outcome:
    tables = {}
    for name in ("tickets", "visits", "stops", "services"):
        table = getattr(outcome, name)
        tables[name] = {column: table[column] for column in table}
    return replace(outcome, **tables)  # type: ignore[arg-type]


def test_gusu() -> None:
    scenario = sim.load("gusu-week", parse_overrides(["time.days=1", "time.warm_up_days=2"]))
    slow, fast = (sim.simulate(scenario, engine=engine) for engine in ENGINES)
    assert same(slow, fast)
    check_outcome(fast)
