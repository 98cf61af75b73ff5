"""`sim migrate`: version 1 becomes version 2, and nothing else changes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tiny import TOML, write

import sim
from sim.cli import main
from sim.errors import InputError
from sim.scenario.migrate import migration_of
from sim.scenario.renamed import COLUMNS, FIELDS
from sim.scenario.schema import SCHEMA_VERSION, Scenario
from sim.scenario.tables import Category
from sim.scenario.tomlkeys import keys_of


def cli(*words: object) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


def older(text: str) -> str:
    """Return a text of this version as it was in version 1."""
    for before, now in {**FIELDS, **COLUMNS}.items():
        text = text.replace(now.rpartition(".")[2], before.rpartition(".")[2])
    return text.replace("schema_version = 2", "schema_version = 1")


def version_1(folder: Path, text: str = TOML) -> Path:
    path = write(folder, text)
    for file in (path, folder / "categories.csv"):
        file.write_bytes(older(file.read_bytes().decode()).encode())
    return path


def test_the_names_of_now_are_fields_and_columns() -> None:
    for path in FIELDS.values():
        model: Any = Scenario
        for part in path.split("."):
            assert part in model.model_fields, path
            model = model.model_fields[part].annotation
    assert set(COLUMNS.values()) <= set(Category.model_fields)


def test_what_comes_out_is_what_it_was(tmp_path: Path) -> None:
    """To the byte: comments, order, line ends."""
    text = TOML.replace("[time]", "# a comment: part_time_eyes = [1]\r\n[time]  # another")
    path = version_1(tmp_path / "old", text)
    now = write(tmp_path / "new", text.replace("part_time_observers = [1]", "part_time_eyes = [1]"))
    done = cli("migrate", path)
    assert done.exit_code == 0, done.output
    assert path.read_bytes() == now.read_bytes()
    table = (tmp_path / "old" / "categories.csv").read_bytes()
    assert table == (tmp_path / "new" / "categories.csv").read_bytes()
    assert sim.load(path).content_hash == sim.load(now).content_hash
    again = cli("migrate", path)
    assert (again.exit_code, again.stdout) == (0, f"{path}: nothing to change\n")
    assert path.read_bytes() == now.read_bytes()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("activity.part_time_eyes = [1]", "activity.part_time_observers = [1]"),
        ("activity . 'part_time_eyes'=[1]", "activity . part_time_observers=[1]"),
        (
            'activity = { x = "part_time_eyes = 2", part_time_eyes = [1, 2] } # eyes',
            'activity = { x = "part_time_eyes = 2", part_time_observers = [1, 2] } # eyes',
        ),
        (
            '[sources]\n"activity.part_time_eyes" = {}\n"activity" = {}',
            '[sources]\n"activity.part_time_observers" = {}\n"activity" = {}',
        ),
        ("[other]\npart_time_eyes = 3", "[other]\npart_time_eyes = 3"),
        ("[centres]\ncallback_mean_min = 1\n", "[centres]\ncall_back_mean_min = 1\n"),
    ],
)
def test_keys_alone_are_renamed(before: str, after: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(f"schema_version = 1\n{before}", "utf-8")
    migration_of(path).write()
    assert path.read_text("utf-8") == f"schema_version = 2\n{after}"


def test_every_key_is_found_where_it_stands() -> None:
    text = (
        'a = 1 # b = 2\n"q.u" . \'x\' = """m "q" \\""" # no = key\n[k] = 3\n"""\n[ t . "u v" ]\n'
        "d = 1979-05-27 07:32:00\narr = [ { a = 1, \"b\" = '}]' }, # x = 3\n"
        " { a = [1, [ ]] , c.d = '}' }\n]\n[[l]]\nz = {}\n[[l]]\nz.y = []\nw = '''it's'''\n"
    )

    def paths(value: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        if isinstance(value, list):
            return set().union(*(paths(item, path) for item in value))
        if not isinstance(value, dict):
            return set()
        inner = (paths(item, (*path, key)) for key, item in value.items())
        return {(*path, key) for key in value}.union(*inner)

    found = list(keys_of(text))
    assert {key.path for key in found} == paths(tomllib.loads(text))
    for key in found:
        name = text[key.start : key.end]
        assert next(iter(tomllib.loads(f"{name} = 0"))) == key.path[-1]
        if key.value is not None:
            assert tomllib.loads(f"v = {text[slice(*key.value)]}")


def test_another_folder_gets_all_that_belongs_to_it(tmp_path: Path) -> None:
    path = version_1(tmp_path / "old")
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    out = tmp_path / "new"
    done = cli("migrate", path, "--out", out)
    assert done.exit_code == 0, done.output
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before
    assert sim.load(out / path.name).schema_version == SCHEMA_VERSION
    twice = cli("migrate", path, "--out", out)
    assert twice.exit_code == 2
    assert twice.stderr.count("\n") == 1


def test_its_base_is_told_of(tmp_path: Path) -> None:
    path = version_1(tmp_path)
    more = tmp_path / "more.toml"
    more.write_text('schema_version = 1\nextends = "tiny"\nname = "more"\n', "utf-8")
    with pytest.raises(InputError, match=r"schema_version: 1 .*`sim migrate .*tiny\.toml`"):
        sim.load(more)
    done = cli("migrate", more)
    assert done.exit_code == 0
    assert f"it extends {path.resolve()}" in done.stderr
    assert cli("migrate", path).exit_code == 0
    assert sim.load(more).name == "more"


def test_another_folder_is_not_for_what_extends_a_file_of_ones_own(tmp_path: Path) -> None:
    version_1(tmp_path)
    more = tmp_path / "more.toml"
    more.write_text('schema_version = 1\nextends = "tiny"\nname = "more"\n', "utf-8")
    done = cli("migrate", more, "--out", tmp_path / "new")
    assert done.exit_code == 2
    assert "extends: 'tiny'" in done.stderr
    assert not (tmp_path / "new").exists()


def test_the_line_that_a_refusal_prints_mends_it(tmp_path: Path) -> None:
    path = version_1(tmp_path / "a folder")
    done = cli("validate", path)
    assert done.exit_code == 2
    assert f"2; `sim migrate '{path}'` rewrites it" in done.stderr
    assert cli("migrate", path).exit_code == 0
    assert cli("validate", path).exit_code == 0


def test_old_names_are_refused_with_the_new(tmp_path: Path) -> None:
    path = write(tmp_path / "a", TOML.replace("call_back_mean_min", "callback_mean_min"))
    with pytest.raises(InputError, match="call_back_mean_min, as it is called now"):
        sim.load(path)
    path = write(tmp_path / "b")
    table = tmp_path / "b" / "categories.csv"
    table.write_text(table.read_text("utf-8").replace("observer_days", "eye_days"), "utf-8")
    with pytest.raises(InputError, match="'eye_days' is not allowed; observer_days"):
        sim.load(path)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("not toml", "TOML"),
        ("a = 3", "schema_version"),
        ("schema_version = 3", "schema_version"),
        ("schema_version = true", "schema_version"),
        ('schema_version = 1\ntables.categories = "none.csv"', "tables.categories"),
        ('schema_version = 1\nextends = "none"', "extends"),
        ("schema_version = 1\nactivity.part_time_eyes=1\nactivity.part_time_observers=1", "TOML"),
    ],
)
def test_bad_input_is_one_message_and_changes_nothing(
    text: str, field: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text, "utf-8")
    done = cli("migrate", path)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert f": {field}: " in done.stderr
    assert path.read_text("utf-8") == text
