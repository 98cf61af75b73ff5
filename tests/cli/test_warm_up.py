"""A warm-up on the command line: run, stopped and gone on with, compared, swept, exported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from measure.test_checkpoint import equal
from tiny import write

import sim
from sim.cli import main
from sim.errors import InputError
from sim.measure.checkpoint import Checkpoint, resume
from sim.measure.store import read as read_result


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny")


def cli(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_run_keeps_what_matters_or_all(toml: Path, tmp_path: Path) -> None:
    for name, more in (("some", ()), ("all", ("--keep-warm-up",))):
        words = ("run", toml, "--days", 1, "--warm-up", 2, "--no-plots", "--out", tmp_path / name)
        done = cli(*words, *more)
        assert done.exit_code == 0, done.output
    some, every = read_result(tmp_path / "some"), read_result(tmp_path / "all")
    assert (some.begins, every.begins) == (0.0, -2 * 86400.0)
    assert some.scenario.time.warm_up_days == every.scenario.time.warm_up_days == 2
    assert 100 < len(some) < len(every)
    assert some.tickets["arisen"].min() < 0


@pytest.mark.parametrize("days", ["-1", "367"])
def test_days_that_are_not_allowed(days: str, toml: Path) -> None:
    done = cli("run", toml, "--warm-up", days)
    assert done.exit_code == 2
    assert (
        done.stderr == (f"error: command line: warm-up: {days} is not allowed; 0 to 366 days\n")
        or "--warm-up" in done.stderr
    )


def test_the_old_option_names_the_new_way(toml: Path) -> None:
    done = cli("compare", toml, "--policies", "fifo,edd", "--warmup", "auto")
    assert done.exit_code == 2
    first = done.stderr.splitlines()[0]
    assert first.startswith(
        "error: command line: --warmup: no such option any more; --warm-up DAYS"
    )
    with pytest.raises(InputError, match="warm-up: 2 is not allowed; own or base; its days are"):
        sim.compare(toml, ["fifo", "edd"], warm_up=2)  # type: ignore[arg-type]


def test_going_on_in_the_warm_up(toml: Path, tmp_path: Path) -> None:
    """A checkpoint before time 0, and one after it: both end like a run that was not stopped."""
    scenario = sim.load(toml, days=1, warm_up_days=3)
    whole = sim.simulate(scenario)
    for until in (-2.5 * 86400, -100.0, 0.0, 40_000.0):
        folder = tmp_path / f"at{until}"
        run = sim.prepare(scenario)
        checkpoint = Checkpoint(folder, run, "priority")
        run.run(until)
        checkpoint.save()
        again, _ = resume(folder)
        assert again.now == until
        again.run()
        equal(whole, again.outcome())
    done = cli("resume", tmp_path / f"at{-2.5 * 86400}", "--json")
    assert done.exit_code == 0, done.output
    assert done.stderr.startswith("going on from day −2.50\n")


def test_arms_warm_up_by_themselves(toml: Path, tmp_path: Path) -> None:
    words = ("compare", toml, "--policies", "fifo,edd", "--days", 1, "-n", 2, "--workers", 1)
    out = tmp_path / "out"
    done = cli(*words, "--warm-up", 2, "--no-plots", "--json", "--out", out)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["settings"]["warm_up_days"] == [2, 2]
    page = cli("report", out)
    assert page.exit_code == 0, page.output
    assert "after 2 days of warm-up, which each arm runs under its own" in (
        out / "report.html"
    ).read_text("utf-8")
    swept = cli("sweep", toml, "--vary", "time.warm_up_days=0,2", "--days", 1, "-n", 2,
                "--workers", 1, "--json")  # fmt: skip
    assert swept.exit_code == 0, swept.output
    assert json.loads(swept.stdout)["settings"]["warm_up_days"] == [0, 2]
    both = cli("sweep", toml, "--vary", "time.warm_up_days=0,2", "--warm-up", 1)
    assert both.exit_code == 2
    assert "time.warm_up_days" in both.stderr


@pytest.mark.parametrize("form", ["csv", "xes", "ocel"])
def test_a_warm_result_is_exported(form: str, toml: Path, tmp_path: Path) -> None:
    result = tmp_path / "result"
    done = cli("run", toml, "--days", 1, "--warm-up", 2, "--no-plots", "--out", result)
    assert done.exit_code == 0, done.output
    target = tmp_path / f"events.{form}"
    done = cli("export", result, "--format", form, "--out", target)
    assert done.exit_code == 0, done.output
    assert target.exists()
