"""Files of others: whatever they hold, what is read is data, or there is one message."""

from __future__ import annotations

import ast
import io
import os
import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any
from zipfile import ZipFile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel, Field

import sim
from sim.errors import InputError
from sim.reading import (
    DEPTH,
    check_no_links,
    checked,
    is_plain,
    kind_of,
    open_parquet,
    parse_csv,
    parse_json,
    parse_toml,
    read_arrays,
    read_bytes,
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


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_who_named_the_file_is_told(read: Callable[..., Any], tmp_path: Path) -> None:
    """And without a word about it, it was the command line."""
    own = {read_toml: "scenario"}
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError) as caught:
            read(path)
        told = (caught.value.file, caught.value.field, caught.value.value)
        assert told == ("command line", own.get(read, "file"), str(path))
        with pytest.raises(InputError) as caught:
            read(path, tmp_path / "a.toml", "roads.file")
        told = (caught.value.file, caught.value.field, caught.value.value)
        assert told == (str(tmp_path / "a.toml"), "roads.file", str(path))


@pytest.mark.parametrize("read", [read_bytes, read_text, read_json])
def test_a_file_may_be_as_large_as_the_limit(read: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1234")
    assert read(tmp_path / "a", limit=4) in (b"1234", "1234", 1234)
    with pytest.raises(InputError, match="at most 0 MiB") as caught:
        read(tmp_path / "a", "b", "c", limit=3)
    assert (caught.value.file, caught.value.field) == ("b", "c")


def test_text_is_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\n")
    assert read_text(path) == "a\nb\n"
    path.write_bytes(b"ab\xff")
    with pytest.raises(InputError) as caught:
        read_text(path)
    assert str(caught.value) == f"{path}: byte 2: 255 is not allowed; UTF-8"


def test_what_is_as_deep_and_as_long_as_may_be(tmp_path: Path) -> None:
    deep, longest = "[" * DEPTH + "]" * DEPTH, "9" * 18
    assert parse_json(f"[7, {longest}, -{longest}]", "a") == [7, int(longest), -int(longest)]
    assert parse_toml(f"a = {longest}\nb = -{longest}", "a")["b"] == -int(longest)
    parse_json(deep, "a")
    parse_toml("a = " + deep[1:-1], "a")
    (tmp_path / "a.xml").write_text("<a>" * DEPTH + "</a>" * DEPTH)
    read_xml(tmp_path / "a.xml")
    (tmp_path / "a.xml").write_text("<a>" * (DEPTH + 1) + "</a>" * (DEPTH + 1))
    with pytest.raises(InputError, match="at most 32 levels"):
        read_xml(tmp_path / "a.xml")
    (tmp_path / "a.xml").write_text("<a>" + "<b></b>" * 100 + "</a>")  # long, not deep
    read_xml(tmp_path / "a.xml")
    with pytest.raises(InputError, match="whole numbers of at most 18 digits"):
        parse_json(f"[{longest}0]", "a")


def test_the_kind_asked_for_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("{")
    with pytest.raises(InputError, match="valid GeoJSON") as caught:
        read_json(tmp_path / "a", kind="GeoJSON")
    assert (caught.value.file, caught.value.field) == (str(tmp_path / "a"), "GeoJSON")
    with pytest.raises(InputError, match="valid GraphML") as caught:
        read_xml(tmp_path / "a", kind="GraphML")
    assert (caught.value.file, caught.value.field) == (str(tmp_path / "a"), "GraphML")
    assert parse_json("[NaN, Infinity]", "a", nan=True)[1] == float("inf")


class Said(BaseModel):
    hours: Annotated[float, Field(ge=0)]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"hours": -1}, "a: of.hours: -1 is not allowed; input should be greater than or equal"),
        ({}, "a: of.hours: None is not allowed; a value; this field is required"),
        ([], r"a: of: \[\] is not allowed; input should be a valid dictionary"),
    ],
)
def test_what_a_file_says_is_checked(said: object, message: str) -> None:
    assert checked(Said, {"hours": 2}, "a").hours == 2.0
    with pytest.raises(InputError, match=message):
        checked(Said, said, "a", "of")


def test_what_a_file_says_has_a_name_without_a_place() -> None:
    with pytest.raises(InputError, match="a: content: 7 is not allowed; input should be"):
        checked(Said, 7, "a")


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


def test_csv(tmp_path: Path) -> None:
    assert parse_csv("a,b\n1,'-2\n", "a.csv") == [["a", "b"], ["1", "-2"]]
    for text in ("a,b\n" + "x" * 131_073, 'a,"b'):
        with pytest.raises(InputError, match=r"a\.csv: line"):
            parse_csv(text, "a.csv")
    path = tmp_path / "b.csv"
    path.write_text('a\nb\n"c')
    with pytest.raises(InputError, match="line 3") as caught:
        read_csv(path)
    assert caught.value.file == str(path)


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
    with ZipFile(path) as archive:
        size = archive.infolist()[0].file_size
    assert len(read_arrays(path, limit=size)["x"]) == 10_000
    with pytest.raises(InputError, match="too large"):
        read_arrays(path, limit=size - 1)
    one = BytesIO()
    np.save(one, np.arange(3))
    for names in (["x.npy", "x.npy"], ["x"], ["x.npy", "y"]):
        with ZipFile(path, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # twice the same
            for name in names:
                archive.writestr(name, one.getvalue())
        with pytest.raises(InputError, match="each array once") as caught:
            read_arrays(path)
        assert caught.value.value == names[-1]
    with ZipFile(path, "w") as archive:
        archive.writestr("x.npy", one.getvalue() + b"\0")
    with pytest.raises(InputError, match="the shape of what follows"):
        read_arrays(path)
    np.savez(path, x=np.zeros(3, dtype=[("a", "i4")]))
    with pytest.raises(InputError, match="plain numbers or text"):
        read_arrays(path)
    np.savez(path, x=np.arange(4))
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
    monkeypatch.setattr("sim.reading.arrays.memory", lambda: 10e6)
    with pytest.raises(InputError, match="too large"):
        read_arrays(path)
    monkeypatch.setattr("sim.reading.arrays.memory", lambda: float("inf"))
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
    monkeypatch.setattr(
        "sim.reading.files.os.fdopen", lambda handle, _: os.close(handle) or Silent()
    )
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
    # a million rows and 64 for each byte
    for rows, fits in ((0, True), (1_000_000, True), (2_000_000, False)):
        constant = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, "i4")), pa.array([7]))
        pq.write_table(pa.table({"a": constant.cast(pa.int64())}), path, compression="zstd")
        assert path.stat().st_size < 10_000
        if fits:
            assert open_parquet(path).read().num_rows == rows
        else:
            with pytest.raises(InputError, match="fits into memory") as caught:
                open_parquet(path)
            assert (caught.value.field, caught.value.value) == ("rows", rows)
    pq.write_table(pa.table({"a": [1], "b": ["x"], "c": [1.5], "d": [True]}), path)
    assert open_parquet(path).read().num_columns == 4
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
    "sim/writing.py": "locks what it writes, and sees that it is on disk",
    "sim/cli/streams.py": "the null device",
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
        if found and not name.startswith("sim/reading/") and name not in OPENS:
            alone[name] = sorted(found)
    assert alone == {}
    assert opened(ast.parse("import json\njson.load(x)\nPath(x).read_text()")) == {
        "json.load", ".read_text",
    }  # fmt: skip
