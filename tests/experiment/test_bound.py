"""The bound on dispatch: never beaten, exact where the relaxation is, and shown."""

from __future__ import annotations

import json
from itertools import combinations, permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from generated import recipes, scenario_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import tiny, write

import sim
from sim.cli import main
from sim.engine.outcome import Outcome
from sim.experiment import bound
from sim.experiment.bound import Server, earliest, limits, most_on_time, srpt
from sim.experiment.headroom import headroom_verdict, measure_headroom
from sim.experiment.measures import measure
from sim.measure.catalogue import BOUNDS, METRICS
from sim.policy import POLICIES

few = st.integers(0, 8)
jobs = st.lists(st.tuples(few, st.integers(1, 5), st.integers(1, 20)), min_size=1, max_size=5)


def beaten(outcome: Outcome) -> list[str]:
    """Return the metrics in which a run is better than its bound."""
    found = limits(outcome)
    assert [one.metric for one in found] == list(BOUNDS)
    return [
        one.metric for one in found
        if METRICS[one.metric].better * (one.value - one.bound) > 1e-6 * max(1.0, abs(one.bound))
    ]  # fmt: skip


@given(recipes(), st.sampled_from(sorted(POLICIES)))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_policy_beats_it(recipe, policy: str) -> None:  # type: ignore[no-untyped-def]
    with TemporaryDirectory() as folder:
        scenario = scenario_of(recipe, Path(folder))
        assert beaten(sim.simulate(scenario, policy=policy, engine="simpy")) == []


@pytest.mark.parametrize("policy", ["fifo", "nearest", "hindsight", "edd"])
@pytest.mark.parametrize("crews", [0.3, 1.0])
def test_where_crews_are_few_and_where_not(tmp_path: Path, policy: str, crews: float) -> None:
    scenario = tiny(tmp_path, ["time.days=2", f"staff_scale.crews={crews}"])
    outcome = sim.simulate(scenario, policy=policy)
    assert beaten(outcome) == []
    found = {one.metric: one for one in limits(outcome)}
    assert 0 <= found["crews.arrive.mean"].bound <= found["crews.finish.mean"].bound
    table = measure(outcome).set_index(["name", "metric"])["value"]
    for metric in ("arrive.on_time", "close.on_time"):
        assert found[metric].value == table["city", metric]


@pytest.mark.parametrize("wrong", ["late", "slow", "greedy"])
def test_a_wrong_bound_would_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """What would make it no bound at all makes the check above fail."""
    scenario = tiny(tmp_path, ["time.days=2", "staff_scale.crews=0.3"])
    outcome = sim.simulate(scenario, policy="hindsight")
    assert beaten(outcome) == []
    if wrong == "late":  # crews come half a day late
        monkeypatch.setattr(bound, "earliest", lambda duty, t: earliest(duty, t) + 43200)
    elif wrong == "slow":  # the work takes four times as long
        monkeypatch.setattr(bound, "srpt", lambda r, p: srpt(r, 4 * p))
    else:  # only every second that could be on time is counted
        monkeypatch.setattr(bound, "most_on_time", lambda r, p, d: most_on_time(r, p, d) // 2)
    assert beaten(outcome)


@given(jobs, st.integers(1, 2))
@settings(max_examples=150, deadline=None)
def test_mean_against_all_schedules(made: list[tuple[int, int, int]], crews: int) -> None:
    """Of all orders in which crews without interruption take the jobs, none is better."""
    released, work = (np.array(column, dtype=float) for column in list(zip(*made, strict=True))[:2])
    server = Server([[(0.0, 1000.0)]], [crews])
    done = server.time_of(srpt(server.work_by(released), work))
    best = min(
        sum(_in_order(order, released, work, crews)) for order in permutations(range(len(made)))
    )
    assert done.sum() <= best + 1e-4
    if crews == 1 and len(set(released.tolist())) == 1:
        assert done.sum() == pytest.approx(best, abs=1e-4)


def _in_order(order: tuple[int, ...], released, work, crews: int) -> list[float]:  # type: ignore[no-untyped-def]
    free = [0.0] * crews
    ends = []
    for job in order:
        crew = free.index(min(free))
        free[crew] = max(free[crew], released[job]) + work[job]
        ends.append(free[crew])
    return ends


def test_interrupting_pays() -> None:
    """SRPT by hand: 5 from 0, 1 from 1: the short one is done at 2, the long one at 6."""
    assert srpt(np.array([0.0, 1.0]), np.array([5.0, 1.0])).tolist() == [6.0, 2.0]
    assert srpt(np.array([]), np.array([])).tolist() == []


@given(jobs)
@settings(max_examples=200, deadline=None)
def test_on_time_against_all_choices(made: list[tuple[int, int, int]]) -> None:
    """No set of jobs that one crew could do in time, even interrupting, is larger."""
    released, work, due = (np.array(column, dtype=float) for column in zip(*made, strict=True))
    best = max(
        size
        for size in range(len(made) + 1)
        for chosen in combinations(range(len(made)), size)
        if _fits(released[list(chosen)], work[list(chosen)], due[list(chosen)])
    )
    assert most_on_time(released, work, due) >= best
    same = np.zeros(len(made))
    best_at_once = max(
        size
        for size in range(len(made) + 1)
        for chosen in combinations(range(len(made)), size)
        if _fits(same[list(chosen)], work[list(chosen)], due[list(chosen)])
    )
    assert most_on_time(same, work, due) == best_at_once


def _fits(released, work, due) -> bool:  # type: ignore[no-untyped-def]
    """Tell by all intervals whether one server can do all in time, with interruptions."""
    return all(
        work[(released >= start) & (due <= end)].sum() <= end - start
        for start in released
        for end in due
        if ((released >= start) & (due <= end)).any()
    )


def test_the_server_has_pauses() -> None:
    server = Server([[(10.0, 20.0), (50.0, 60.0)], [(15.0, 20.0)]], [1, 2])
    assert server.work_by(np.array([0.0, 10, 15, 20, 40, 55, 99])).tolist() == [
        0, 0, 5, 20, 20, 25, 30,
    ]  # fmt: skip
    when = server.time_of(np.array([0.0, 5, 20, 25, 30, 31]))
    assert when == pytest.approx([0, 15, 20, 55, 60, np.inf], abs=1e-4)
    assert earliest([(10.0, 20.0)], np.array([0.0, 12, 20])).tolist() == [10, 12, np.inf]
    assert earliest([], np.array([3.0])).tolist() == [np.inf]


def test_without_crews_nobody_comes(tmp_path: Path) -> None:
    outcome = sim.simulate(tiny(tmp_path, ["time.days=1", "staff_scale.crews=0"]))
    found = {one.metric: one for one in limits(outcome)}
    assert beaten(outcome) == []
    assert found["crews.arrive.mean"].bound == pytest.approx(found["crews.arrive.mean"].value)
    assert found["arrive.on_time"].bound == pytest.approx(found["arrive.on_time"].value)


def test_share_of_the_gap() -> None:
    rows = [
        (arm, r, "city", name, value + 0.01 * r, "share", 9)
        for r in range(3)
        for arm, own in (("fifo", 0.5), ("edd", 0.6), ("worse", 0.4))
        for name, value in (("arrive.on_time", own), ("bound.arrive.on_time", 0.9))
    ]
    columns = ["arm", "replication", "by", "metric", "value", "unit", "n"]
    found = measure_headroom(pd.DataFrame(rows, columns=columns), ["fifo", "edd", "worse"], 3)
    assert [one.closed.estimate for one in found[1:]] == pytest.approx([0.25, -0.25])
    assert np.isnan(found[0].closed.estimate)
    (said,) = headroom_verdict(found)
    assert "at most 91.0 %" in said
    assert "edd comes nearest and closes 25 % [25 to 25 %] of the gap" in said


def test_on_the_command_line(tmp_path: Path) -> None:
    toml, out = write(tmp_path / "tiny"), tmp_path / "out"
    words = ["compare", str(toml), "--days", "1", "-n", "2", "--workers", "1", "--no-plots"]
    done = CliRunner().invoke(main, [*words, "--policies", "fifo,hindsight", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "the best dispatch could have at most" in " ".join(done.stdout.split())
    assert "no dispatch beats" in done.stdout
    facts = json.loads((out / "experiment.json").read_text(encoding="utf-8"))
    assert {(row["metric"], row["arm"]) for row in facts["headroom"]} == {
        (metric, arm) for metric in BOUNDS for arm in ("fifo", "hindsight")
    }
    page = CliRunner().invoke(main, ["report", str(out)])
    assert page.exit_code == 0
    assert "How far the best could be" in (out / "report.html").read_text(encoding="utf-8")
    kept = pd.read_parquet(out / "metrics.parquet")
    assert "bound.close.on_time" in set(kept["metric"])
    without = CliRunner().invoke(main, [*words, "--policies", "fifo,edd", "--json"])
    assert json.loads(without.stdout)["headroom"] == []
    asked = CliRunner().invoke(main, [*words, "--policies", "fifo,edd", "--bound", "--json"])
    assert len(json.loads(asked.stdout)["headroom"]) == 2 * len(BOUNDS)
