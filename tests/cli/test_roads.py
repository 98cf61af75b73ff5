"""`sim roads`, and notes about roads on stderr."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from road_files import ROADS, line_file
from tiny import write

from sim.cli import main


def sets(*changes: str) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


def test_roads_with_a_map(tmp_path: Path) -> None:
    path, out = write(tmp_path), tmp_path / "maps"
    command = ["roads", str(path), *sets(*ROADS), "--district", "East", "--json", "--out", str(out)]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)
    assert row["origin"] == "generated"
    assert row["nodes"] >= 8
    assert 0.3 < row["time_over_straight"] < 3
    assert (out / "roads-East.png").stat().st_size > 10_000


def test_a_run_goes_on_where_there_is_no_road_and_says_so(tmp_path: Path) -> None:
    away = line_file(tmp_path / "roads", [[[100.0, 10.0], [100.1, 10.0]]])
    path = write(tmp_path)
    changes = sets(*ROADS, f'travel.roads.file="{away}"')
    result = CliRunner().invoke(main, ["run", str(path), *changes, "--days", "1", "--json"])
    assert result.exit_code == 0, result.output
    notes = [line for line in result.stderr.splitlines() if line.startswith("note: ")]
    assert len(notes) == 2
    assert "East: no road of lines.geojson lies in the district" in notes[0]
    assert json.loads(result.stdout)["kpis"]


def test_a_crew_that_reaches_nothing_goes_straight_and_is_told(tmp_path: Path) -> None:
    apart = [[[120.6, 31.3], [120.7, 31.3]], [[120.62, 31.32], [120.63, 31.32]]]
    changes = sets(*ROADS, f'travel.roads.file="{line_file(tmp_path / "roads", apart)}"')
    result = CliRunner().invoke(
        main, ["run", str(write(tmp_path)), *changes, "--days", "1", "--json"]
    )
    assert result.exit_code == 0, result.output
    assert "note: West 01: crews stationed there reach nothing by road" in result.stderr
    assert json.loads(result.stdout)["kpis"]["arrive.mean"] > 0


@pytest.mark.parametrize(
    ("name", "text", "said"), [("a.graphml", "<graphml", "GraphML"), ("a.geojson", "{", "GeoJSON")]
)
def test_a_malformed_file_is_one_line(name: str, text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    changes = sets(*ROADS, f'travel.roads.file="{tmp_path / name}"')
    result = CliRunner().invoke(main, ["run", str(write(tmp_path)), *changes])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert f"{name}: {said}" in result.stderr
    assert "is not allowed; " in result.stderr
