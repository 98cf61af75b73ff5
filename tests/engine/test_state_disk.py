"""States on disk: what is written is read again, and nothing else is taken for one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine.outcomes import same
from engine.test_state import differences
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import tiny

import sim
from sim.city import City
from sim.clock import HOUR
from sim.engine import warm
from sim.engine.state import KINDS, RunState
from sim.engine.statefile import read_state, write_state
from sim.engine.warm import States, WarmUp, state_at_0
from sim.errors import InputError, InvariantError
from sim.model.staffing import base_plan
from sim.scenario import Scenario

QUIETLY = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    folder = tmp_path_factory.mktemp("disk")
    return tiny(folder, ["time.days=1", "time.warm_up_days=2", "staff_scale.crews=0.6"])


@pytest.fixture(scope="module")
def state(scenario: Scenario) -> RunState:
    run = sim.prepare(scenario, policy="reserve")
    run.replan(base_plan(scenario, run.city), 5 * HOUR)
    run.run(-7 * HOUR)
    return run.state()


@pytest.mark.parametrize("policy", ["priority", "reserve", "rolling-vrp"])
def test_what_is_written_is_read_again(policy: str, scenario: Scenario, tmp_path: Path) -> None:
    run = sim.prepare(scenario, policy=policy)
    run.run(-9.5 * HOUR)
    written = run.state()
    write_state(written, tmp_path / "state.npz")
    found = read_state(tmp_path / "state.npz", scenario, run.city)
    assert differences(written, found) == []
    begun = sim.prepare(scenario, policy=policy)
    begun.begin(found)
    for one in (run, begun):
        one.run()
    assert same(run.outcome(), begun.outcome())


def test_no_other_file_is_taken_for_one(
    state: RunState, scenario: Scenario, tmp_path: Path
) -> None:
    path, city = tmp_path / "state.npz", City.build(scenario)
    for text in (b"", b"half", b"PK\x03\x04"):
        path.write_bytes(text)
        with pytest.raises(InputError, match=r"state\.npz"):
            read_state(path, scenario, city)
    np.savez(path, facts=np.frombuffer(b"{}", dtype=np.uint8))
    with pytest.raises(InputError, match="required"):
        read_state(path, scenario, city)
    write_state(state, path)
    whole = dict(np.load(path))
    del whole["crews.ticket"]
    np.savez(path, **whole)
    with pytest.raises(InputError, match=r"crews\.ticket"):
        read_state(path, scenario, city)


def _columns() -> list[tuple[str, str]]:
    return [(table, name) for table, columns in KINDS.items() for name in columns]


@settings(max_examples=150, **QUIETLY)
@given(
    place=st.sampled_from(_columns()),
    row=st.integers(0, 10**6),
    value=st.sampled_from([-1, 0, 1, 2, 7, 10**6, -(10**6), 1 << 50, float("nan"), float("inf")])
    | st.floats(-3e5, 3e5),
)
def test_a_number_that_cannot_be_is_told(
    place: tuple[str, str], row: int, value: float, state: RunState, scenario: Scenario,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    """Or it makes another state, which a run goes on with: nothing crashes, nothing hangs."""
    table, name = place
    columns: Any = dict(getattr(state, table))
    if not len(columns[name]):
        return
    column = columns[name].copy()
    with np.errstate(invalid="ignore"):
        column[row % len(column)] = np.array(value).astype(column.dtype)
    columns[name] = column
    path = tmp_path_factory.mktemp("x") / "state.npz"
    write_state(replace(state, **{table: columns}), path)
    city = City.build(scenario)
    try:
        found = read_state(path, scenario, city)
    except InputError as error:
        assert table in str(error) or "keys" in str(error)
        return
    run = sim.prepare(scenario, policy="reserve")
    try:
        run.begin(found)
        run.run(0.0)
    except (InputError, InvariantError):
        return


def test_kept_between_processes_within_a_budget(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "_folder", lambda: tmp_path / "warm")
    monkeypatch.setattr(warm, "_WORTH_S", 0.0)
    city = City.build(scenario)
    asked = [WarmUp(scenario, None, "reserve", 7, number) for number in range(3)]
    first = []
    for one in asked:
        monkeypatch.setattr(warm, "STATES", States(1e9))
        first.append(state_at_0(one, city))
    files = sorted((tmp_path / "warm").iterdir())
    assert {path.stem for path in files} == {one.key for one in asked}
    monkeypatch.setattr(warm, "STATES", States(1e9))
    monkeypatch.setattr(warm, "find_engine", None)  # it would have to run
    for one, before in zip(asked, first, strict=True):
        assert differences(state_at_0(one, city), before) == []
    monkeypatch.undo()
    monkeypatch.setattr(warm, "_folder", lambda: tmp_path / "warm")
    monkeypatch.setattr(warm, "_WORTH_S", 0.0)
    monkeypatch.setattr(warm, "ON_DISK", 1.5 * files[0].stat().st_size)
    monkeypatch.setattr(warm, "STATES", States(1e9))
    state_at_0(WarmUp(scenario, None, "reserve", 7, 3), city)
    assert len(list((tmp_path / "warm").iterdir())) == 1
    torn = next((tmp_path / "warm").iterdir())
    torn.write_bytes(torn.read_bytes()[:-100])
    monkeypatch.setattr(warm, "STATES", States(1e9))
    again = state_at_0(WarmUp(scenario, None, "reserve", 7, 3), city)
    assert again.replication == 3
