"""Patrol routes as a dimension of experiments: `sim compare --routes`."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from optimize.walk_cases import HOT
from tiny import write

from sim.cli import main
from sim.errors import InputError
from sim.experiment.design import named_files

SETTINGS = [word for change in HOT for word in ("--set", change)]


def cli(*words: object) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


def test_routes_against_the_loop(tmp_path: Path) -> None:
    toml, table, out = write(tmp_path / "tiny"), tmp_path / "often.csv", tmp_path / "out"
    assert cli("optimize", "patrol", toml, *SETTINGS, "--out", table).exit_code == 0
    words = [
        "compare", toml, *SETTINGS, "--policies", "fifo", "--routes", "base", "--routes", table,
        "-n", 4, "--workers", 1, "--out", out, "--no-plots", "--target", "discovery.mean",
    ]  # fmt: skip
    done = cli(*words)
    assert done.exit_code == 0, done.output
    assert "Which patrol is better on tiny: base, often?" in done.stdout
    kept = pd.read_parquet(out / "metrics.parquet")
    assert set(kept["scenario"]) == {"tiny: base", "tiny: often"}
    wide = kept[(kept["metric"] == "matters") & (kept["by"] == "city")].pivot(
        index="replication", columns="scenario", values="value"
    )
    assert (wide["tiny: base"] == wide["tiny: often"]).all()  # the very same matters
    # the arms are those of `sim run`, with and without the table
    for arm, more in (("base", []), ("often", ["--routes", table])):
        ran = cli("run", toml, *SETTINGS, "--policy", "fifo", "--json", *more)
        found = json.loads(ran.stdout)["kpis"]["discovery.mean"]
        rows = kept[(kept["scenario"] == f"tiny: {arm}") & (kept["replication"] == 0)]
        rows = rows[(rows["metric"] == "discovery.mean") & (rows["by"] == "city")]
        assert rows["value"].item() == pytest.approx(found, rel=1e-12)


def test_with_several_policies_each_walks_each(tmp_path: Path) -> None:
    toml, table = write(tmp_path / "tiny"), tmp_path / "often.csv"
    assert cli("optimize", "patrol", toml, *SETTINGS, "--out", table).exit_code == 0
    words = ["compare", toml, "--policies", "fifo,edd", "--routes", table, "--routes", "base"]
    done = cli(*words, "-n", 2, "--days", 1, "--workers", 1)
    assert done.exit_code == 0, done.output
    asked = "Which patrol and policy is better on tiny: often, fifo, often, edd, base, fifo, base"
    assert asked in done.stdout.replace("\n", " ")


def test_one_table_is_named_too(tmp_path: Path) -> None:
    toml, table = write(tmp_path / "tiny"), tmp_path / "often.csv"
    assert cli("optimize", "patrol", toml, *SETTINGS, "--out", table).exit_code == 0
    words = ["compare", toml, "--policies", "fifo,edd", "--routes", table]
    done = cli(*words, "-n", 2, "--days", 1, "--workers", 1)
    assert done.exit_code == 0, done.output
    assert "tiny: often" in done.stdout.replace("\n", " ")


def test_bad_files(tmp_path: Path) -> None:
    toml, bad = write(tmp_path / "tiny"), tmp_path / "bad.csv"
    with pytest.raises(InputError, match=r"routes: 'base, base' is not allowed; each of them once"):
        named_files("routes", ["base", "base"])
    bad.write_text("district,grid,leg,of,start,cells,cross_m\nEA,0,0,20,0,19,0\n")
    done = cli("compare", toml, "--policies", "fifo", "--routes", "base", "--routes", bad)
    assert done.exit_code == 2
    assert "bad.csv" in done.stderr
    assert done.stderr.count("\n") == 1
