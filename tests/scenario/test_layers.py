"""Overrides are data, and lie over a scenario as a file that extends it would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import TOML, write

import sim
from sim.errors import InputError, InputWarning
from sim.scenario import Scenario
from sim.scenario.attach import attach
from sim.scenario.layers import parse_overrides

SURGES = """
[[surges]]
name = "storm"
factor = 2.0
start_day = 0.0
days = 1.0
[[surges]]
name = "feast"
factor = 3.0
start_day = 1.0
days = 1.0
"""
SOURCE = '"surges" = { basis = "assumed", note = "a test" }\n'


def base(folder: Path) -> Path:
    return write(folder, TOML.replace("[sources]\n", f"{SURGES}\n[sources]\n{SOURCE}"))


def by_file(path: Path, line: str) -> Scenario:
    """Load a scenario that extends another and says one line more."""
    more = path.parent / "more.toml"
    key = line.partition("=")[0].strip()
    text = f'schema_version = 2\nextends = "tiny"\n{line}\n[sources]\n'
    more.write_text(f'{text}"{key}" = {{ basis = "assumed", note = "a test" }}\n', "utf-8")
    return sim.load(more)


# a line of a file, and the same as data in Python
LINES: dict[str, tuple[str, Mapping[str, Any]]] = {
    "a figure": ("hotline.talk_mean_s = 300", {"hotline.talk_mean_s": 300}),
    "a table merges": (
        "hotline.operators = {night=68}",
        {"hotline.operators": {"night": 68}},
    ),
    "nested tables": (
        "hotline = {operators={night=68}, talk_cv=0.5}",
        {"hotline": {"operators": {"night": 68}, "talk_cv": 0.5}},
    ),
    "one of a list of tables": ("surges.1.factor = 4", {"surges.1.factor": 4.0}),
    "a table over one of a list": ("surges.0 = {factor=4}", {"surges": {"0": {"factor": 4}}}),
    "a list": ("police_line.forces = []", {"police_line.forces": ()}),
    "a word": ('title_en = "Small"', {"title_en": "Small"}),
}


@pytest.mark.parametrize("case", LINES)
def test_a_file_the_command_line_and_python_mean_the_same(case: str, tmp_path: Path) -> None:
    line, mapping = LINES[case]
    path = base(tmp_path)
    said = by_file(path, line)
    plain = sim.load(path)
    assert said.content_hash != plain.content_hash
    for overrides in (parse_overrides([line]), mapping):
        assert sim.load(path, overrides).content_hash == said.content_hash


def test_what_is_not_named_stays(tmp_path: Path) -> None:
    path = base(tmp_path)
    before = sim.load(path).hotline.operators
    after = sim.load(path, {"hotline.operators": {"night": 68}}).hotline.operators
    assert after == {**before, "night": 68}
    assert before.keys() - {"night"}


def test_the_later_lies_over_the_earlier(tmp_path: Path) -> None:
    lines = ["hotline.operators={day=5,night=1}", "hotline.operators={night=2}", "seed=1", "seed=2"]
    loaded = sim.load(base(tmp_path), parse_overrides(lines))
    assert (loaded.hotline.operators["day"], loaded.hotline.operators["night"]) == (5, 2)
    assert loaded.seed == 2


def test_a_list_replaced_as_a_whole_says_so(tmp_path: Path) -> None:
    one = {"name": "flood", "factor": 2, "start_day": 0, "days": 1}
    with pytest.warns(InputWarning, match=r"surges: all 2 are replaced, by 1"):
        loaded = sim.load(base(tmp_path), {"surges": [one]})
    assert [surge.name for surge in loaded.surges] == ["flood"]
    with pytest.warns(InputWarning, match=r"hotline\.operators: an empty table changes nothing"):
        sim.load(base(tmp_path), {"hotline.operators": {}})


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    path = base(tmp_path)
    said = {"time.days": np.int64(2), "hotline.talk_mean_s": np.float32(300)}
    loaded = sim.load(path, said)
    same = sim.load(path, {"time.days": 2, "hotline.talk_mean_s": 300.0})
    assert loaded.content_hash == same.content_hash


BAD: dict[str, tuple[Any, str]] = {
    "a list of strings": (["time.days=1"], "a mapping"),
    "an empty part": ({"time..days": 1}, "a dotted key"),
    "no key": ({"": 1}, "a dotted key"),
    "a number as key": ({3: 1}, "a dotted key"),
    "its base": ({"extends": "other"}, "content"),
    "its version": ({"schema_version": 2}, "content"),
    "a source": ({"sources.seed": {}}, "content"),
    "an index too far": ({"surges.2.factor": 1}, "an index below 2"),
    "a mistyped field": ({"hotline.talk_means_s": 1}, "did you mean talk_mean_s?"),
    "a true number": ({"time.days": True}, "integer"),
    "an old name": ({"activity.part_time_eyes": []}, "part_time_observers, as it is called now"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_overrides(case: str, tmp_path: Path) -> None:
    overrides, allowed = BAD[case]
    with pytest.raises(InputError) as caught:
        sim.load(base(tmp_path), overrides)
    assert caught.value.file == "command line"
    assert allowed in caught.value.allowed


def test_routes_that_are_put_on_top_are_those_a_file_names(tmp_path: Path) -> None:
    """Whoever names the table: the same scenario, file by file and figure by figure."""
    path, table = base(tmp_path), tmp_path / "routes.csv"
    table.write_text("district,grid,leg,of,start,cells,cross_m\n", "utf-8")
    by_override = sim.load(path, {"patrol.routes": table})
    put = attach(sim.load(path), "patrol.routes", table)
    assert put.model_dump() == by_override.model_dump()
    for field in ("figures", "source_files", "set_by", "attached", "attached_hashes"):
        assert getattr(put, field) == getattr(by_override, field), field
    assert put.content_hash == by_override.content_hash
    assert attach(put, "patrol.routes", table).source_files == put.source_files


def test_a_missing_source_prints_the_line_that_mends_it(tmp_path: Path) -> None:
    path = base(tmp_path)
    more = tmp_path / "more.toml"
    text = 'schema_version = 2\nextends = "tiny"\nhotline.talk_mean_s = 300\n'
    more.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        sim.load(more)
    line = caught.value.allowed.partition("[sources]: ")[2]
    more.write_text(f"{text}[sources]\n{line}\n", "utf-8")
    assert sim.load(more).hotline.talk_mean_s == 300
    assert path.exists()
