"""Files of others: whatever they hold, what is read is data, or there is one message."""

from __future__ import annotations

import ast
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sim
from sim.errors import InputError
from sim.reading import (
    DEPTH,
    check_no_links,
    is_plain,
    kind_of,
    open_parquet,
    parse_csv,
    parse_json,
    parse_toml,
    read_arrays,
    read_csv,
    read_json,
    read_text,
    read_toml,
    read_xml,
)

READERS: list[Callable[[Path], Any]] = [
    read_text,
    read_toml,
    read_json,
    read_csv,
    read_arrays,
    read_xml,
    open_parquet,
]


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_only_regular_files_are_read(read: Callable[[Path], Any], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for path, kind in (
        (tmp_path / "pipe", "a pipe"),
        (tmp_path, "a folder"),
        (Path("/dev/zero"), "a device"),
        (tmp_path / "link", "a device"),
    ):
        with pytest.raises(InputError, match=kind):
            read(path)
    for name in ("none", "a\0b", "x" * 5000, "none/none"):
        with pytest.raises(InputError, match="a file that can be read"):
            read(tmp_path / name)


def test_what_is_there(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to("circle")
    kinds = [kind_of(path) for path in (tmp_path, tmp_path / "pipe", tmp_path / "file")]
    assert kinds == ["a folder", "a pipe", "a file"]
    for name in ("none", "a\0b", "x" * 5000, "circle"):
        assert kind_of(tmp_path / name) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = " + "[" * 5000 + "]" * 5000, "nested too deep"),
        ("a = " + "[" * (DEPTH + 1) + "]" * (DEPTH + 1), "nested too deep"),
        (".".join("a" * 40) + " = 1", "nested too deep"),
        ("a = " + "9" * 5000, "a number too long"),
        ("a = " + "9" * 20, "a number too long"),
        ("a = 0x" + "f" * 5000, "a number too long"),
        ("a = [", "valid TOML"),
        ("a = 1\na = 2", "valid TOML"),
        ("a = '\0'", "valid TOML"),
    ],
)
def test_toml(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse_toml(text, "a.toml")
    assert caught.value.file == "a.toml"
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "nested too deep"),
        ("[" * (DEPTH + 1) + "]" * (DEPTH + 1), "nested too deep"),
        ('{"a": ' + "9" * 5000 + "}", "a number too long"),
        ('{"a": -' + "9" * 30 + "}", "a number too long"),
        ('{"a": NaN}', "finite numbers"),
        ('{"a": "\\ud800"}', "whole characters"),
        ("", "valid JSON"),
        ("{", "valid JSON"),
    ],
)
def test_json(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_json(text, "a.json")
    assert parse_json('{"a": "\\ud83d\\ude00"}', "a.json") == {"a": "\N{GRINNING FACE}"}


def test_csv() -> None:
    assert parse_csv("a,b\n1,'-2\n", "a.csv") == [["a", "b"], ["1", "-2"]]
    for text in ("a,b\n" + "x" * 131_073, 'a,"b'):
        with pytest.raises(InputError, match=r"a\.csv: line"):
            parse_csv(text, "a.csv")


def test_xml(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">]><a>&b;</a>'
    for text, message in (
        (bomb, "DOCTYPE"),
        ("<a>" * 40 + "</a>" * 40, "nested too deep"),
        ("<a>", "valid XML"),
        ('<?xml version="1.0" encoding="none"?><a/>', "valid XML"),
    ):
        (tmp_path / "a.xml").write_text(text)
        with pytest.raises(InputError, match=message):
            read_xml(tmp_path / "a.xml")


def test_arrays(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.arange(4), words=np.array(["a"]))
    assert read_arrays(path)["x"].tolist() == [0, 1, 2, 3]
    np.savez(path, x=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="x: 'object' is not allowed; plain numbers"):
        read_arrays(path)
    np.savez(path, x=np.arange(10_000))
    with pytest.raises(InputError, match="too large"):
        read_arrays(path, limit=1000)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="whole arrays"):
        read_arrays(path)


def test_arrays_lie_as_kernels_take_them(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    table = np.arange(6).reshape(2, 3)
    np.savez(path, x=np.asfortranarray(table), one=np.array(7))
    read = read_arrays(path)
    assert read["x"].flags.c_contiguous
    assert np.array_equal(read["x"], table)
    assert (read["one"].shape, int(read["one"])) == ((), 7)


def test_arrays_that_are_small_only_as_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.zeros(1_000_000))
    monkeypatch.setattr("sim.reading.memory", lambda: 10e6)
    with pytest.raises(InputError, match="too large"):
        read_arrays(path)
    monkeypatch.setattr("sim.reading.memory", lambda: float("inf"))
    assert not read_arrays(path)["x"].any()


def test_a_file_of_the_kernel_that_has_nothing_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as /proc/kmsg: a regular file, by what it says, and reading it gives None."""

    class Silent(io.BytesIO):
        def read(self, *_: object) -> None:  # type: ignore[override]
            return None

    path = tmp_path / "a.csv"
    path.write_text("a,b")
    monkeypatch.setattr("sim.reading.os.fdopen", lambda handle, _: os.close(handle) or Silent())
    assert read_text(path) == ""
    assert read_csv(path) == []
    with pytest.raises(InputError, match="valid JSON"):
        read_json(path)


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [[1], [2]]}), path)
    with pytest.raises(InputError, match="plain numbers or text"):
        open_parquet(path)
    # next to nothing on disk, 32 MB in memory: a file may not say more than it can hold
    constant = pa.DictionaryArray.from_arrays(pa.array(np.zeros(4_000_000, "i4")), pa.array([7]))
    pq.write_table(pa.table({"a": constant.cast(pa.int64())}), path, compression="zstd")
    assert path.stat().st_size < 40_000
    with pytest.raises(InputError, match="fits into memory"):
        open_parquet(path)
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match="a whole Parquet file"):
        open_parquet(path)


def test_links_are_told(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").touch()
    check_no_links(tmp_path)
    (tmp_path / "a" / "way").symlink_to(tmp_path)
    with pytest.raises(InputError, match="no links"):
        check_no_links(tmp_path)


def test_plain_text() -> None:
    assert all(map(is_plain, ("a b", "苏州", "a\N{NO-BREAK SPACE}b", "می\u200cخواهم")))
    for steers in (
        "\n",
        "\t",
        "\0",
        "\x1b",
        "\x7f",
        "\x9b",
        "\u2028",
        "\u202e",
        "\ud800",
        "\uffff",
    ):
        assert not is_plain(f"a{steers}b")


# who opens files besides `sim.reading`, and why that is no file of somebody else
OPENS = {
    "sim/sources.py": "its own sources, for their digest",
    "sim/processors.py": "the limits that the system states",
    "sim/measure/plots/steps.py": "nothing: counts of open tickets",
    "sim/city/grids.py": "its own sources, for their digest",
    "sim/policy/own.py": "the file of code that is running, for its digest",
    "sim/experiment/parts.py": "what it has just written, for its digest",
    "sim/measure/checkpoint.py": "writes the state; who reads it checks it",
    "sim/city/roadfile.py": "gives networkx the bytes that were read and checked",
    "sim/experiment/sweep.py": "words of the command line",
    "sim/measure/export/__init__.py": "writes",
    "sim/measure/export/result.py": "its own scratch files",
}
READS = {
    "read_text", "read_bytes", "open", "fromfile", "genfromtxt", "loadtxt", "memmap", "read_csv",
    "read_parquet", "read_table", "read_schema", "read_metadata", "ParquetFile", "DictReader",
    "read_excel", "read_pickle", "read_json", "read_graphml",
}  # fmt: skip
OF = {"json": {"load", "loads"}, "tomllib": {"load", "loads"}, "np": {"load"}, "csv": {"reader"}}


def opened(tree: ast.Module) -> set[str]:
    """Return the calls in a module that read files by themselves."""
    ours = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sim.")
        for name in node.names
    }
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in READS - ours:
            found.add(called.id)
        if isinstance(called, ast.Attribute):
            on = called.value.id if isinstance(called.value, ast.Name) else ""
            if called.attr in OF.get(on, set()) or called.attr in READS:
                found.add(f"{on}.{called.attr}")
    return found


def test_one_reader_for_each_kind_of_file() -> None:
    root = Path(sim.__file__).parents[1]
    alone = {}
    for path in sorted((root / "sim").rglob("*.py")):
        name = path.relative_to(root).as_posix()
        # of text that the program itself has just made
        own = {"json.loads"} if name.startswith(("sim/cli/", "sim/experiment/results")) else set()
        found = opened(ast.parse(path.read_text(encoding="utf-8"))) - own
        if found and name != "sim/reading.py" and name not in OPENS:
            alone[name] = sorted(found)
    assert alone == {}
    assert opened(ast.parse("import json\njson.load(x)\nPath(x).read_text()")) == {
        "json.load", ".read_text",
    }  # fmt: skip
