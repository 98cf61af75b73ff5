"""Warm states are shared where nothing differs, and only there."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from differential.test_engines import Remembers
from engine.outcomes import same
from generated import CHANGES, changed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from staffing_case import small
from tiny import CATEGORIES, TOML, tiny, write

import sim
from sim.city import City
from sim.engine import warm
from sim.engine.warm import States, WarmUp, size_of, state_at_0
from sim.errors import InputError
from sim.experiment.executor import Serial
from sim.experiment.measures import measure
from sim.model.staffing import base_plan
from sim.optimize.staffing.judge import Judge
from sim.optimize.staffing.pools import Pools
from sim.policy import POLICIES, Reserve
from sim.scenario import Scenario
from sim.scenario.layers import parse_overrides

QUIETLY = {"deadline": None, "suppress_health_check": list(HealthCheck)}
DAYS = ["time.days=1", "time.warm_up_days=2"]


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    return tiny(tmp_path / "tiny", DAYS)


@pytest.fixture(autouse=True)
def states(monkeypatch: pytest.MonkeyPatch) -> States:
    """Begin with no state, whatever was run before."""
    fresh = States(1e9)
    monkeypatch.setattr(warm, "STATES", fresh)
    return fresh


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, Any]:
    field = draw(st.sampled_from(sorted(CHANGES)))
    return field, draw(CHANGES[field])


@settings(max_examples=60, **QUIETLY)
@given(change=changes())
def test_any_other_field_has_another_key(change: tuple[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder))
        field, value = change
        base = sim.load(path, parse_overrides(DAYS))
        if isinstance(value, dict):
            value = "{" + ", ".join(f"{k} = {v}" for k, v in value.items()) + "}"
        said = f'"{value}"' if isinstance(value, str) and value[:1] != "{" else str(value)
        said = said.lower() if isinstance(value, bool) else said.replace("'", '"')
        other = sim.load(path, parse_overrides([*DAYS, f"{field}={said}"]))
        keys = {WarmUp(one, None, "priority", 7, 0).key for one in (base, other)}
        assert (len(keys) == 1) == (base.content_hash == other.content_hash)


def test_each_column_of_the_categories_is_in_the_key(scenario: Scenario, tmp_path: Path) -> None:
    rows = [dict(row) for row in CATEGORIES]
    rows[2]["work_min"] = 17.5
    other = sim.load(write(tmp_path / "other", categories=rows), parse_overrides(DAYS))
    assert WarmUp(scenario, None, "fifo", 7, 0).key != WarmUp(other, None, "fifo", 7, 0).key


def test_all_else_is_in_the_key(scenario: Scenario) -> None:
    plan = base_plan(scenario, City.build(scenario))
    less = changed(plan, plan, [("fewer crews", 0, 0)])
    keys = [
        WarmUp(scenario, None, "fifo", 7, 0).key,
        WarmUp(scenario, plan, "fifo", 7, 0).key,
        WarmUp(scenario, less, "fifo", 7, 0).key,
        WarmUp(scenario, None, "fifo", 8, 0).key,
        WarmUp(scenario, None, "fifo", 7, 1).key,  # never across replications
        *(WarmUp(scenario, None, name, 7, 0).key for name in POLICIES if name != "fifo"),
        WarmUp(scenario, None, Reserve(0.3), 7, 0).key,
        WarmUp(scenario, None, Reserve(0.4), 7, 0).key,
        WarmUp(scenario, None, Remembers(), 7, 0).key,
    ]
    assert len(set(keys)) == len(keys)


def test_what_begins_at_time_0_or_later_is_shared(tmp_path: Path) -> None:
    surge = '[[surges]]\nname = "x"\nstart_day = 0.25\ndays = 0.5\nfactor = 3.0\n'
    source = '[sources]\n"surges" = { basis = "assumed", note = "a test" }'
    text = TOML.replace('name = "tiny"', 'name = "other"').replace("[sources]", surge + source)
    calm = sim.load(write(tmp_path / "a"), parse_overrides(DAYS))
    busy = sim.load(write(tmp_path / "b", text), parse_overrides(DAYS))
    keys = {WarmUp(one, None, "fifo", 7, 0).key for one in (calm, busy)}
    assert len(keys) == 1
    state = state_at_0(WarmUp(calm, None, "fifo", 7, 0), City.build(calm))
    begun = sim.prepare(busy, policy="fifo")
    begun.begin(state)
    begun.run()
    assert same(begun.outcome(), sim.simulate(busy, policy="fifo"))


def test_a_budget_of_bytes(scenario: Scenario) -> None:
    city = City.build(scenario)
    found = [state_at_0(WarmUp(scenario, None, "fifo", 7, r), city) for r in range(3)]
    one = max(map(size_of, found))
    assert one > 10_000
    small = States(2.5 * one)
    for number, state in enumerate(found):
        small.put(str(number), state)
    assert [small.get(str(number)) is not None for number in range(3)] == [False, True, True]
    none = States(one / 10)
    none.put("0", found[0])
    assert len(none) == 0


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note under which key each warm-up is run."""
    ran: list[str] = []

    class Counted(States):
        def put(self, key: str, state: Any) -> None:
            ran.append(key)
            super().put(key, state)

    monkeypatch.setattr(warm, "STATES", Counted(1e9))
    return ran


def test_arms_begin_from_the_state_of_the_first(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = counted(monkeypatch)
    plan = base_plan(scenario, City.build(scenario))
    plans = {"base": plan, "less": changed(plan, plan, [("fewer crews", 0, 0)])}
    asked: dict[str, Any] = {"plans": plans, "replications": 2, "executor": Serial()}
    own = sim.compare(scenario, ["fifo", "edd", "reserve"], **asked)
    assert len(ran) == len(set(ran)) == 12  # six arms, two replications: none the same
    ran.clear()
    common = sim.compare(scenario, ["fifo", "edd", "reserve"], warm_up="base", **asked)
    assert ran == []  # those of the first arm are there
    assert (own.settings["warm_up"], common.settings["warm_up"]) == ("own", "base")
    first = own.arms[0].label
    pd.testing.assert_frame_equal(
        *(one.metrics[one.metrics["arm"] == first].reset_index(drop=True) for one in (own, common))
    )
    for arm in common.arms[1:]:
        values = [
            one.metrics.loc[one.metrics["arm"] == arm.label, "value"].to_numpy()
            for one in (own, common)
        ]
        assert not np.array_equal(*values, equal_nan=True)


def test_a_policy_that_may_remember_more_than_it_says_warms_up_itself(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = counted(monkeypatch)
    found = sim.compare(
        scenario, {"a": Remembers(), "b": "fifo"}, replications=2, executor=Serial(), bound=False
    )
    assert len(ran) == 2
    told = found.metrics.query("arm == 'a' and replication == 0").reset_index(drop=True)
    own = measure(sim.simulate(scenario, policy=Remembers(), seed=scenario.seed))
    pd.testing.assert_frame_equal(told[own.columns], own)


def test_staff_of_a_sweep_begins_from_one_state(tmp_path: Path) -> None:
    path = write(tmp_path / "tiny")
    found = sim.sweep(
        path, {"staff_scale.crews": [1.0, 0.5]}, days=1, warm_up_days=1, warm_up="base",
        replications=2, executor=Serial(),
    )  # fmt: skip
    assert len(found.differences) > 0
    with pytest.raises(InputError, match="each warms up by itself"):
        sim.sweep(
            path, {"patrol.speed_kmh": [4.0, 3.0]}, days=1, warm_up_days=1, warm_up="base",
            replications=2, executor=Serial(),
        )  # fmt: skip
    with pytest.raises(InputError, match="own or base; its days are warm_up_days"):
        sim.compare(path, ["fifo", "edd"], warm_up="auto")


def test_plans_that_are_tried_begin_from_the_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is tried saves the warm-up; what is told of a plan rests on its own."""
    ran, scenario = counted(monkeypatch), small(tmp_path, "time.warm_up_days=2")
    city = City.build(scenario)
    plan = base_plan(scenario, city)
    pools = Pools.build(scenario, city)
    judge = Judge(scenario, city, pools, plan, [], engine="compiled", seed=7)
    whole = judge.run(plan, 3)
    assert ran == []
    assert same(judge.run(plan, 3, tried=True), whole)
    less = changed(plan, plan, [("fewer crews", 0, 0)])
    tried = judge.run(less, 3, tried=True)
    assert len(ran) == 1
    assert not same(tried, judge.run(less, 3))
    assert len(tried.plans) == 2
