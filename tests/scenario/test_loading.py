"""Loading, overlays, overrides, sources, the hash, and writing it out again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import tiny, write

from sim.errors import InputError
from sim.scenario import Scenario, diff, json_schema, load, restrict, shipped_names, to_toml

OVERLAY = """
schema_version = 2
extends = "tiny"
name = "more"
title_en = "More"
title_zh = "更多"

[hotline]
talk_mean_s = 240.0

[hotline.operators]
day = 3

[[surges]]
name = "a storm"
start_day = 1
days = 1
factor = 3.0
categories = ["flood"]

[sources]
"hotline" = { basis = "measured", note = "a stop watch" }
"surges" = { basis = "assumed", note = "a guess" }
"""


def overlay(folder: Path, text: str = OVERLAY) -> Path:
    write(folder)
    path = folder / "more.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_overlay_changes_what_it_says_and_nothing_else(tmp_path: Path) -> None:
    base, more = load(write(tmp_path)), load(overlay(tmp_path))
    assert more.hotline.talk_mean_s == 240
    assert more.hotline.operators == {"day": 3, "late": 1, "night": 1}
    changed = {path for path, _, _ in diff(base, more)}
    assert {p for p in changed if not p.startswith(("surges", "name", "title"))} == {
        "hotline.talk_mean_s",
        "hotline.operators.day",
    }


def test_lists_are_replaced(tmp_path: Path) -> None:
    text = OVERLAY.replace("[hotline]", '[area]\ninclude = ["West"]\n[hotline]')
    assert load(overlay(tmp_path, text)).area.include == ("West",)


def test_each_figure_is_traced_to_the_file_that_set_it(tmp_path: Path) -> None:
    figures = {figure.path: figure for figure in load(overlay(tmp_path)).figures}
    assert figures["hotline.talk_mean_s"].basis == "measured"
    assert figures["hotline.talk_mean_s"].file == "more.toml"
    assert figures["hotline.talk_cv"].file == "tiny.toml"
    assert figures["totals.grids"].basis == "published"
    assert figures["patrol.speed_kmh"].note == "a walk"  # the longest path wins
    assert figures["patrol.record_min"].note == "a test"
    assert figures["categories.litter"].basis == "assumed"
    row = figures["district_table.East"]  # residents, area, longitude, latitude
    assert (row.value, row.basis, row.file) == ("4 figures", "assumed", "districts.csv")


def test_every_number_has_a_source(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    paths = {figure.path for figure in scenario.figures}

    def numbers(value: object, path: str) -> set[str]:
        if isinstance(value, dict):
            return set().union(*(numbers(v, f"{path}.{k}".lstrip(".")) for k, v in value.items()))
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return {path} if is_number else set()

    found = numbers(scenario.model_dump(), "")
    assert found - paths == {"schema_version", "seed"}


def test_overrides(tmp_path: Path) -> None:
    path = write(tmp_path)
    scenario = load(path, {"hotline.talk_mean_s": 300, "area.include": ["East"], "seed": 9})
    assert scenario.hotline.talk_mean_s == 300
    assert scenario.area.include == ("East",)
    basis = {figure.path: figure.basis for figure in scenario.figures}
    assert basis["hotline.talk_mean_s"] == "command line"
    assert load(path, {"title_en": "Small town"}).title_en == "Small town"


def test_hash_is_of_content_alone(tmp_path: Path) -> None:
    here, there = tiny(tmp_path / "a"), tiny(tmp_path / "b" / "c")
    assert here.content_hash == there.content_hash
    assert here.content_hash != tiny(tmp_path / "a", ["seed=8"]).content_hash
    table = tmp_path / "a" / "categories.csv"
    table.write_text(table.read_text().replace("litter", "rubbish"))
    assert load(tmp_path / "a" / "tiny.toml").content_hash != here.content_hash


def test_line_ends_and_byte_order_marks_do_not_matter(tmp_path: Path) -> None:
    here, path = tiny(tmp_path / "a"), write(tmp_path / "b")
    for name in ("tiny.toml", "categories.csv", "districts.csv"):
        text = (tmp_path / "b" / name).read_bytes().replace(b"\r\n", b"\n")
        (tmp_path / "b" / name).write_bytes(text.replace(b"\n", b"\r\n"))
    assert load(path).content_hash == here.content_hash


@settings(max_examples=15, deadline=None)
@given(
    talk=st.floats(1, 1e4),
    seed=st.integers(0, 2**32 - 1),
    posts=st.integers(0, 500),
    name=st.text(),
)
def test_resolved_toml_loads_to_the_same(
    talk: float, seed: int, posts: int, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("round")
    word = json.dumps((name or "x")[:60], ensure_ascii=True)
    try:
        scenario = tiny(
            folder,
            [
                f"hotline.talk_mean_s={talk!r}",
                f"seed={seed}",
                f"hotline.operators.late={posts}",
                f"title_en={word}",
            ],
        )
    except InputError:
        return  # a lone surrogate is no TOML
    path = folder / "resolved.toml"
    path.write_text(to_toml(scenario), encoding="utf-8")
    again = load(path)
    assert again.content_hash == scenario.content_hash
    assert diff(again, scenario) == []


def test_resolved_toml_keeps_sources(tmp_path: Path) -> None:
    scenario = load(overlay(tmp_path))
    path = tmp_path / "resolved.toml"
    path.write_text(to_toml(scenario), encoding="utf-8")
    again = load(path)

    def sources(of: Scenario) -> dict[str, tuple[str, str]]:
        return {f.path: (f.basis, f.note) for f in of.figures}

    assert sources(again) == sources(scenario)
    assert again.content_hash == scenario.content_hash


def test_frozen(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        scenario.seed = 1


def test_schema_accepts_the_fields_of_a_file() -> None:
    schema = json_schema()
    assert set(schema["required"]) <= set(schema["properties"])
    assert "categories" not in schema["properties"]
    assert schema["additionalProperties"] is False
    for name in schema["$defs"]:
        assert f'#/$defs/{name}"' in json.dumps(schema)


def test_restrict_keeps_what_remains(tmp_path: Path) -> None:
    path = overlay(tmp_path, OVERLAY.replace("start_day = 1\n", "start_day = 0.5\n"))
    scenario = load(path)
    part = restrict(scenario, days=1, districts=["西区"])
    assert part.area.include == ("West",)
    assert part.time.days == 1
    assert part.surges[0].days == 0.5
    assert restrict(scenario, days=3).surges == scenario.surges
    assert restrict(scenario) is scenario
    assert part.departments == scenario.departments


def test_restrict_refuses_what_the_scenario_left_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="districts of tiny: one of East"):
        restrict(tiny(tmp_path, ["area.include=['East']"]), districts=["West"])


@pytest.mark.parametrize("name", shipped_names())
def test_shipped(name: str) -> None:
    scenario = load(name)
    assert scenario.name == name
    assert len(scenario.categories) >= 40
    assert len(scenario.departments) >= 12 + 3
    assert {figure.basis for figure in scenario.figures} >= {"published", "assumed"}


def test_what_is_shipped() -> None:
    wanted = {"suzhou-2018", "gusu-week", "sip-traffic", "video-network", "typhoon", "lean-staff"}
    assert wanted <= set(shipped_names())
