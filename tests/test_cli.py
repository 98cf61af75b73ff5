"""The command line as a user meets it."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from tiny import write

from sim.cli import main
from sim.cli.base import progress
from sim.measure.store import read


def sim(*words: object) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def tiny_toml(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny")


def test_list() -> None:
    names = [line.split()[0] for line in sim("list").stdout.splitlines()]
    assert "suzhou-2018" in names
    assert "gusu-week" in names


def test_validate(tiny_toml: Path) -> None:
    assert (
        "valid; 2 districts, 5 towns, 14 grids, 8 categories" in sim("validate", tiny_toml).stdout
    )


@pytest.mark.parametrize("field", ["patrol.routes", "area.grids"])
def test_validate_reads_each_table_that_is_named(
    field: str, tiny_toml: Path, tmp_path: Path
) -> None:
    (tmp_path / "other.csv").write_text("of,something,else\n1,2,3\n")
    done = CliRunner().invoke(
        main, ["validate", str(tiny_toml), "--set", f'{field}="{tmp_path}/other.csv"']
    )
    assert done.exit_code == 2
    assert "other.csv" in done.stderr


def test_show(tiny_toml: Path, tmp_path: Path) -> None:
    assert "小城" in sim("show", tiny_toml).stdout
    resolved = tmp_path / "resolved.toml"
    resolved.write_text(sim("show", tiny_toml, "--resolved").stdout, encoding="utf-8")
    assert "valid" in sim("validate", resolved).stdout
    assert sim("diff", tiny_toml, resolved).stdout == ""
    shown = json.loads(sim("show", tiny_toml, "--json", "--set", "seed=9").stdout)
    assert shown["seed"] == 9


def test_sources(tiny_toml: Path) -> None:
    lines = sim("sources", tiny_toml).stdout.splitlines()
    assert any("totals.grids" in line and "published" in line for line in lines)
    rows = json.loads(sim("sources", tiny_toml, "--json", "--basis", "measured").stdout)
    assert [row["path"] for row in rows] == ["patrol.speed_kmh"]


def test_diff() -> None:
    lines = sim("diff", "suzhou-2018", "gusu-week").stdout
    assert "time.days: 273 → 7" in lines
    rows = json.loads(sim("diff", "suzhou-2018", "lean-staff", "--json").stdout)
    assert {"path": "staff_scale.crews", "a": 1.0, "b": 0.9} in rows


def test_schema() -> None:
    assert json.loads(sim("schema").stdout)["title"] == "Scenario"


def test_run(tiny_toml: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = sim("run", tiny_toml, "--days", 1, "--district", "west", "--seed", 5, "--policy",
                 "nearest", "--out", out)  # fmt: skip
    assert result.exit_code == 0
    for word in ("Tiny", "西区", "seed 5", "policy nearest", "closed", "按时解决"):
        assert word in result.stdout
    outcome = read(out)
    assert (outcome.seed, outcome.policy, outcome.until) == (5, "nearest", 86400.0)
    assert {path.stem for path in (out / "plots").iterdir()} == {
        "steps", "counters", "crews", "map", "response", "use",
    }  # fmt: skip
    assert len(pd.read_parquet(out / "tickets.parquet")) == len(outcome)
    again = sim("run", tiny_toml, "--days", 1, "--out", out)
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr
    assert read(out).seed == 5
    assert (
        sim("run", tiny_toml, "--days", 1, "--out", out, "--overwrite", "--no-plots").exit_code == 0
    )
    assert not (out / "plots").exists()


def test_run_as_json(tiny_toml: Path) -> None:
    result = sim("run", tiny_toml, "--days", 1, "--json", "--check")
    facts = json.loads(result.stdout)
    assert facts["seed"] == 7
    assert facts["kpis"]["tickets"] > 0
    assert set(facts["use"]) > {"12345 hotline", "gridworkers", "Police"}
    assert json.loads(sim("run", tiny_toml, "--days", 1, "--json").stdout) == facts


def test_against_the_clock(tiny_toml: Path) -> None:
    result = sim("run", tiny_toml, "--days", 1, "--pace", 200_000, "--json")
    plain = sim("run", tiny_toml, "--days", 1, "--json")
    assert json.loads(result.stdout) == json.loads(plain.stdout)


BAD = {
    "no scenario": (["run", "gusu-weak"], "did you mean gusu-week?"),
    "no policy": (["run", "{tiny}", "--policy", "lifo"], "one of fifo"),
    "no engine": (["run", "{tiny}", "--engine", "gpss"], "one of compiled, simpy"),
    "too many days": (["run", "{tiny}", "--days", "99"], "1 to 3"),
    "no district": (["run", "{tiny}", "--district", "Nord"], "districts of tiny"),
    "pace": (["run", "{tiny}", "--pace", "0"], "above 0"),
    "override": (["run", "{tiny}", "--set", "hotline.talk=3"], "no field of this name"),
    "seed": (["run", "{tiny}", "--seed", "-1"], "-1"),
    "weeks": (["calibrate", "{tiny}"], "weeks"),
    "out is a file": (["run", "{tiny}", "--out", "{tiny}"], "a new folder"),
    "out below a file": (["run", "{tiny}", "--out", "{tiny}/out"], "a place that can be written"),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_bad_input(case: str, tiny_toml: Path) -> None:
    words, message = BAD[case]
    result = sim(*(word.format(tiny=tiny_toml) for word in words))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr
    assert case == "seed" or result.stderr.startswith("error: ")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("patience", "seen"), [(0.05, True), (60.0, False)])
def test_progress_of_what_takes_long(
    patience: float, seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing is reported while it lasts."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr("sim.cli.base.PATIENCE_S", patience)
    with progress("prepare"):
        time.sleep(0.4)
    assert ("prepare" in terminal.getvalue()) == seen


def test_ctrl_c_leaves_a_valid_result(tmp_path: Path) -> None:
    """As in a terminal: the counters are there, then Ctrl-C."""
    out, words = tmp_path / "out", ["--pace", "60", "--no-plots", "--json"]
    screen, terminal = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "sim.cli", "run", write(tmp_path / "tiny"), *words, "--out", out],
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "TERM": "xterm"},
    )
    os.close(terminal)
    seen, asked = b"", False
    while True:
        try:
            seen += os.read(screen, 65536)
        except OSError:  # its other end is closed
            break
        if not asked and b"Ctrl-C ends" in seen:
            run.send_signal(signal.SIGINT)
            asked = True
    stdout, _ = run.communicate(timeout=60)
    os.close(screen)
    assert run.returncode == 0, seen
    assert b"Traceback" not in seen
    assert b"stopped at day" in seen
    outcome = read(out)
    assert 0 < outcome.until < 86400
    assert json.loads(stdout)["days"] == outcome.until / 86400


def test_help_names_every_command() -> None:
    text = sim("--help").stdout
    for name in main.commands:
        assert name in text
        assert sim(name, "--help").exit_code == 0
    assert "0.1.0" in sim("--version").stdout
