"""A run that was killed goes on from its last checkpoint and ends no differently."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from generated import write_turns
from tiny import tiny

import sim
from sim.engine.compiled_engine.layout import SAVED
from sim.engine.outcome import LOGS, Outcome, in_order
from sim.errors import InputError
from sim.measure.checkpoint import Checkpoint, resume
from sim.model.routes import Leg, Route

ROOT = Path(sim.__file__).parents[1]


def equal(a: Outcome, b: Outcome) -> None:
    assert (a.until, a.events) == (b.until, b.events)
    for name, column in a.tickets.items():
        assert np.array_equal(column, b.tickets[name], equal_nan=column.dtype.kind == "f"), name
    for log in LOGS:
        left, right = (in_order(log, dict(getattr(o, log))) for o in (a, b))
        for name, column in left.items():
            assert np.array_equal(column, right[name], equal_nan=column.dtype.kind == "f"), name


@pytest.mark.parametrize("policy", ["priority", "reserve", "rolling-vrp"])
def test_going_on_from_the_last_checkpoint(policy: str, tmp_path: Path) -> None:
    # with half the crews much waits, and what the policy remembers matters
    scenario = sim.load("gusu-week", {"time.days": 2, "staff_scale.crews": 0.5})
    whole = sim.simulate(scenario, policy=policy)
    run = sim.prepare(scenario, policy=policy)
    checkpoint = Checkpoint(tmp_path / "run", run, policy)
    for until in (50_000.0, 123_456.0):
        run.run(until)
        checkpoint.save()
    run.run(150_000)  # lost: it was not saved
    del run, checkpoint
    again, _ = resume(tmp_path / "run")
    assert again.now == 123_456.0
    again.run()
    equal(whole, again.outcome())


@pytest.mark.parametrize("policy", ["nearest", "reserve"])
def test_going_on_by_road_and_on_routes(policy: str, tmp_path: Path) -> None:
    route = Route(12, (Leg(0, 12), Leg(0, -5), Leg(9, 3, 80.0)))
    write_turns(tiny(tmp_path / "a"), [route], tmp_path / "routes.csv")
    changes = ["travel.model=roads", f'patrol.routes="{tmp_path / "routes.csv"}"', "time.days=2"]
    scenario = tiny(tmp_path / "a", changes)
    run = sim.prepare(scenario, policy=policy)
    checkpoint = Checkpoint(tmp_path / "run", run, policy)
    run.run(100_000.0)
    checkpoint.save()
    with np.load(tmp_path / "run" / "state.npz") as state:
        # what is large and made from the scenario is not there
        assert {name for name in state.files if "." not in name} == {*SAVED, "facts"}
    run.run()
    again, _ = resume(tmp_path / "run")
    assert again.now == 100_000.0
    again.run()
    equal(sim.simulate(scenario, policy=policy), again.outcome())


@pytest.mark.slow
def test_killed_at_any_moment(tmp_path: Path) -> None:
    """The command, killed at moments of chance, ends like one that was not."""
    folder = tmp_path / "run"
    words = [sys.executable, "-m", "sim.cli"]
    asked = ["run", "gusu-week", "--checkpoint", str(folder), "--every", "0.25"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    rng = np.random.default_rng(5)
    process = subprocess.Popen([*words, *asked], env=environment, stdout=subprocess.DEVNULL)
    while not (folder / "state.npz").is_file():
        time.sleep(0.05)
        assert process.poll() is None
    for _ in range(6):
        time.sleep(float(rng.uniform(0.0, 0.4)))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = subprocess.Popen(
            [*words, "resume", str(folder)], env=environment, stdout=subprocess.DEVNULL
        )
        time.sleep(2.0)
    process.kill()
    process.wait()
    again, _ = resume(folder)
    again.run()
    equal(sim.simulate("gusu-week"), again.outcome())


def test_bad_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"checkpoint: .* is not allowed; a folder with state.npz"):
        resume(tmp_path)
    (tmp_path / "x").write_text("x")
    run = sim.prepare("gusu-week", days=1)
    with pytest.raises(InputError, match="a new or an empty folder"):
        Checkpoint(tmp_path, run, "priority")
    with pytest.raises(InputError, match="the compiled engine"):
        Checkpoint(tmp_path / "a", sim.prepare("gusu-week", days=1, engine="simpy"), "priority")
    Checkpoint(tmp_path / "b", run, "priority")
    (tmp_path / "b" / "state.npz").write_bytes(b"half")
    with pytest.raises(InputError, match=r"state.npz: npz: .* whole arrays of numbers"):
        resume(tmp_path / "b")
