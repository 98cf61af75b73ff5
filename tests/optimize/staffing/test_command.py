"""`sim optimize staffing` as a user meets it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from staffing_case import CHANGES
from tiny import write

from sim.cli import main

SETTINGS = [word for change in CHANGES for word in ("--set", change)]


def sim(*words: object) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny")


def test_a_plan_that_run_takes(toml: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    words = ["optimize", "staffing", toml, *SETTINGS, "--target", "hotline.answered_20s>=0.7",
             "--replications", 2, "--out", plan, "--json"]  # fmt: skip
    result = sim(*words)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["met"]
    assert told["cost_per_week"] < told["cost_today_per_week"]
    assert set(told["compared"]) == {"today", "SIPP alone", "demand -10 %", "demand +10 %"}
    ran = sim("run", toml, *SETTINGS, "--plan", plan, "--json")
    assert ran.exit_code == 0
    assert json.loads(ran.stdout)["use"]["12345 hotline"]["posts"] > 0
    again = sim(*words)
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr


def test_what_is_shown(toml: Path) -> None:
    result = sim(
        "optimize", "staffing", toml, *SETTINGS, "--target", "hotline.lost<=0.2",
        "--replications", 2, "--patterns", "scenario",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    for words in ("人员配置", "every target is kept", "no single post can go", "SIPP alone",
                  "yuan a week", "bound by work", "gridworkers"):  # fmt: skip
        assert words in result.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--target", "close.on_tim>=0.9"], "did you mean close.on_time"),
        (["--target", "close.on_time<=0.9"], "close.on_time>=VALUE, which is better"),
        (["--target", "close.p90>=600"], "close.p90<=VALUE, which is better"),
        (["--target", "close.p90<=-5"], "0 or more"),
        (["--target", "close.on_time>=95"], "0.95 or 95%"),
        (["--target", "close.on_time>=0.9", "--patterns", "weekly"], "scenario, daily, tours"),
        (["--target", "close.on_time>=0.9", "--method", "x"], "sipp, lag, mol"),
        (["--target", "close.on_time>=0.9", "--patrol", "x"], "one of keep, worth"),
        (["--target", "close.on_time>=0.9", "--replications", "1"], "2 to 1000"),
        (["--target", "close.on_time>=0.9", "--confidence", "1"], "below 1"),
        (["--target", "close.on_time>=0.9", "--budget", "-3"], "above 0"),
        (["--target", "close.on_time>=0.9", "--out", "/nowhere/plan.csv"], "a folder that exists"),
        (["--target", "close.on_time>=0.9", "--district", "Esat"], "West"),
    ],
)
def test_bad_input(toml: Path, words: list[str], says: str) -> None:
    result = sim("optimize", "staffing", toml, *SETTINGS[2:], *words)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert says in result.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
def test_ctrl_c_gives_the_best_so_far(toml: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    process = subprocess.Popen(
        [sys.executable, "-m", "sim.cli", "optimize", "staffing", str(toml), *SETTINGS,
         "--set", "time.days=3", "--target", "arrive.on_time>=0.8", "--replications", "200",
         "--out", str(plan)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip
    time.sleep(12)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    assert process.returncode == 1
    assert "the best so far" in out
    assert plan.is_file()
