"""`sim run --replan`: plans that follow each other in one run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from engine.outcomes import check_outcome, same
from tiny import write

import sim
from sim.city import City
from sim.cli import main
from sim.clock import DAY
from sim.measure.export.result import Result as Exported
from sim.measure.store import read
from sim.measure.use import use, use_by_hour
from sim.model.calendar import shift_calendars
from sim.model.planfile import write_plan
from sim.model.staffing import base_plan


def command(*words: object) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The tiny scenario, its own plan, one without a hotline, one of half the crews."""
    toml = write(tmp_path / "tiny")
    scenario = sim.load(toml)
    city = City.build(scenario)
    base = base_plan(scenario, city)
    half = slice(None, None, 2)
    plans = {
        "base": base,
        "quiet": replace(base, hotline_posts=0 * base.hotline_posts),
        "half": replace(
            base,
            crew_unit=base.crew_unit[half],
            crew_shift=base.crew_shift[half],
            crew_xy=base.crew_xy[half],
        ),
    }
    found = {"toml": toml}
    for name, plan in plans.items():
        found[name] = tmp_path / f"{name}.csv"
        write_plan(found[name], scenario, city, plan)
    west = sim.load(toml, {"area.include": ["West"]})
    found["west"] = tmp_path / "west.csv"
    write_plan(found["west"], west, City.build(west), base_plan(west, City.build(west)))
    return found


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_run(engine: str, files: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = command(
        "run", files["toml"], "--plan", files["base"], "--engine", engine, "--out", out,
        "--replan", f"1={files['quiet']}", "--replan", f"1.75={files['half']}", "--no-plots",
        "--check",
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    kept = read(out)
    by_hand = sim.simulate(
        files["toml"], replans=[(1, files["quiet"]), (1.75, str(files["half"]))], engine="simpy"
    )
    assert same(kept, by_hand)
    check_outcome(kept)
    assert [time for time, _ in kept.plans] == [0.0, DAY, 1.75 * DAY]
    begun = kept.services["start"][kept.services["desk"] == 0]
    assert not ((begun >= DAY) & (begun < 1.75 * DAY)).any()
    assert (begun < DAY).any()
    assert (begun >= 1.75 * DAY).any()
    pd.testing.assert_frame_equal(use(kept), use(by_hand))
    everybody = Exported.open(out).plan  # an export names each crew that a visit names
    assert len(everybody.crew_unit) == len(kept.plan.crew_unit)


def test_each_plan_counts_for_its_time(files: dict[str, Path]) -> None:
    outcome = sim.simulate(files["toml"], replans=[(1, files["quiet"]), (1.75, files["half"])])
    calendars = shift_calendars(outcome.scenario)
    hours = 0.0
    for start, end, posts in (
        (0.0, DAY, outcome.plans[0][1].hotline_posts),
        (1.75 * DAY, 3 * DAY, outcome.plans[2][1].hotline_posts),
    ):
        hours += sum(
            n * c.between(start, end) / 3600 for n, c in zip(posts, calendars, strict=True)
        )
    found = use(outcome).set_index("name").loc["12345 hotline"]
    assert found["duty_h"] == pytest.approx(hours, abs=1e-9)
    posts = outcome.plans[0][1].hotline_posts.sum()
    assert found["posts"] == pytest.approx(posts * (1 + 1.25) / 3)
    by_hour = use_by_hour(outcome)
    line = by_hour[by_hour["name"] == "12345 hotline"]
    assert line["on_duty"].sum() * 3 == pytest.approx(hours)  # 24 hours of three days each


def test_going_on_from_a_checkpoint(files: dict[str, Path], tmp_path: Path) -> None:
    """A run that was saved before, between and after the changes ends as one that was not."""
    from sim.measure.checkpoint import Checkpoint, resume

    replans = [(0.75, files["half"]), (1.5, files["base"])]
    whole = sim.simulate(files["toml"], replans=replans)
    for until in (0.5, 1.0, 1.5, 2.0):
        run = sim.prepare(files["toml"], replans=replans)
        saved = Checkpoint(tmp_path / f"at-{until}", run, "priority")
        run.run(until * DAY)
        saved.save()
        again, _ = resume(tmp_path / f"at-{until}")
        again.run()
        outcome = again.outcome()
        assert outcome.events == whole.events
        assert [time for time, _ in outcome.plans] == [time for time, _ in whole.plans]
        assert np.array_equal(outcome.plan.crew_unit, whole.plan.crew_unit)
        for name in ("closed", "dispatched", "unit", "worker"):
            assert np.array_equal(
                outcome.tickets[name], whole.tickets[name],
                equal_nan=outcome.tickets[name].dtype.kind == "f",
            ), name  # fmt: skip


def test_resume(files: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    words = ["run", files["toml"], "--replan", f"2={files['half']}", "--json"]
    first = command(*words, "--checkpoint", folder, "--every", 0.5)
    again = command("resume", folder, "--json")
    assert first.exit_code == again.exit_code == 0
    assert (
        json.loads(first.stdout)
        == json.loads(again.stdout)
        != json.loads(command("run", files["toml"], "--json").stdout)
    )


@pytest.mark.parametrize(
    ("replans", "said"),
    [
        (["half.csv"], "replan: 'half.csv' is not allowed; DAY=FILE"),
        (["soon=half.csv"], "replan: 'soon=half.csv' is not allowed; DAY=FILE"),
        (["3=half.csv"], "replan: '3' is not allowed; a day from 0 to below 3"),
        (["-1=half.csv"], "replan: '-1' is not allowed; a day from 0 to below 3"),
        (["nan=half.csv"], "replan: 'nan' is not allowed"),
        (["2=half.csv", "1=base.csv"], "replan: '1' is not allowed; a day after 2"),
        (["1=half.csv", "1=base.csv"], "replan: '1' is not allowed; a day after 1"),
        (["1=none.csv"], "No such file"),
        (["1=west.csv"], "districts: 'West' is not allowed; a plan of the run's own, East, West"),
    ],
)
def test_bad_input(
    replans: list[str],
    said: str,
    files: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [word for text in replans for word in ("--replan", text)]
    result = command("run", files["toml"], *words, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert said in result.output
    assert result.output.count("\n") == 1
    assert not (tmp_path / "out").exists()
