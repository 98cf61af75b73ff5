"""Files and folders that are there whole or not at all."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim import writing
from sim.errors import InputError, WriteError
from sim.writing import (
    check_beside,
    check_file,
    check_folder,
    new_file,
    new_folder,
    scratch_of,
    write_text,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(params=[True, False], ids=["exchange", "two renames"])
def exchange(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if not request.param:
        monkeypatch.setattr(writing, "_exchange", lambda one, other: False)
    return bool(request.param)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text("old")
    with new_file(path) as part:
        part.write_text("half")
        assert path.read_text() == "old"
        assert part.suffix == ".csv"
    assert path.read_text() == "half"
    assert names(tmp_path) == ["plan.csv"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_raises_leaves_the_old(error: type[BaseException], tmp_path: Path) -> None:
    path, folder = tmp_path / "plan.csv", tmp_path / "out"
    path.write_text("old")
    folder.mkdir()
    (folder / "run.json").write_text("old")
    with pytest.raises(error), new_file(path) as part:
        part.write_text("new")
        raise error
    with pytest.raises(error), new_folder(folder) as part:
        (part / "run.json").write_text("new")
        raise error
    assert path.read_text() == (folder / "run.json").read_text() == "old"
    assert names(tmp_path) == ["out", "plan.csv"]


def test_a_folder_is_replaced_as_a_whole(exchange: bool, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    for text in ("one", "two", "three"):
        with new_folder(folder) as part:
            (part / text).write_text(text)
        assert names(folder) == [text]
        assert names(folder.parent) == ["out"]


def test_what_has_come_there_meanwhile_is_asked_about(exchange: bool, tmp_path: Path) -> None:
    folder = tmp_path / "out"

    def refuse() -> None:
        raise InputError("command line", "out", str(folder), "a new folder")

    with pytest.raises(InputError, match="a new folder"), new_folder(folder, refuse) as part:
        (part / "new").write_text("new")
        folder.mkdir()
        (folder / "thesis.tex").write_text("years of work")
    assert names(folder) == ["thesis.tex"]
    assert names(tmp_path) == ["out"]


LONG = "一" * 80  # 240 bytes


@pytest.mark.parametrize("name", ["a" * 250, "b" * 255, LONG, "a b;c", "x.tar.gz", ".hidden", "-"])
def test_any_name_that_the_disk_takes(name: str, tmp_path: Path) -> None:
    check_file(tmp_path / name)
    write_text(tmp_path / name, "text")
    (tmp_path / "below").mkdir()
    check_folder(tmp_path / "below" / name)
    with new_folder(tmp_path / "below" / name) as part:
        (part / "x").write_text("x")
    assert names(tmp_path / "below") == [name]


def test_places_that_cannot_be_written_to_are_told_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for check in (check_file, check_folder):
        for path in (
            ".", "..", "", tmp_path, tmp_path / "in" / "..", tmp_path / "link", "/",
            tmp_path / ("a" * 256), tmp_path / ("一" * 90), tmp_path / "file" / "out",
            tmp_path / "file" / "deep" / "out", tmp_path / "pipe", "/dev/null", "a\0b",
            "/proc/version", "/proc/nowhere",
        ):  # fmt: skip
            with pytest.raises(InputError) as error:
                check(Path(path))  # type: ignore[operator]
            assert error.value.field == "out"
            assert "\n" not in str(error.value)
    assert names(tmp_path / "in") == []
    assert names(tmp_path / "elsewhere") == []
    with pytest.raises(InputError, match="a new file, or --overwrite"):
        check_file(tmp_path / "file", overwrite=False)
    with pytest.raises(InputError, match="some 1,000,000,000,000 MB are needed"):
        check_beside(tmp_path / "file", room=1e18)


def test_an_error_of_the_disk_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Path) -> None:
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(writing, "_sync", broken)
    with pytest.raises(WriteError, match=r"plan\.csv: cannot be written: Input/output"):
        write_text(tmp_path / "plan.csv", "text")
    assert names(tmp_path) == []


KILLED = """
import os, sys, time
from pathlib import Path
from sim import writing
place = Path(sys.argv[1])
with writing.new_file(place / "file.csv") as one, writing.new_folder(place / "folder") as two:
    one.write_text("half")
    (two / "half").write_text("half")
    print("ready", flush=True)
    time.sleep(600)
"""


def begun(code: str, place: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(place)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def left(folder: Path) -> list[str]:
    """What another process would leave after it has written beside."""
    code = "import sys; from sim.writing import *; write_text(Path(sys.argv[1]) / 'next', '')"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)
    return names(folder)


def test_what_a_killed_process_left_is_removed_what_a_living_one_writes_is_not(
    tmp_path: Path,
) -> None:
    (tmp_path / ".sim-new-mine").write_text("not of this program")
    living, dying = begun(KILLED, tmp_path), begun(KILLED, tmp_path)
    try:
        end(dying)
        hidden = [name for name in names(tmp_path) if name != ".sim-new-mine"]
        assert len(hidden) == 4
        rest = left(tmp_path)
        assert len(rest) == 2 + 2  # those of the living, `next`, and what is not ours
        assert ".sim-new-mine" in rest
    finally:
        end(living)
    assert left(tmp_path) == [".sim-new-mine", "next"]


BETWEEN = """
import os, sys, time
from pathlib import Path
from sim import writing
writing._exchange = lambda one, other: False
rename, place, number = Path.rename, Path(sys.argv[1]), int(os.environ["KILL_AT"])
done = 0
def slow(self, target):
    global done
    done += 1
    if done == number:
        print("ready", flush=True)
        time.sleep(600)
    return rename(self, target)
Path.rename = slow
remove = writing.remove
def wait(path):
    if number == 3 and ".sim-old" in path.name:
        print("ready", flush=True)
        time.sleep(600)
    remove(path)
writing.remove = wait
with writing.new_folder(place / "out") as part:
    (part / "text").write_text("new")
"""


@pytest.mark.parametrize(("at", "text"), [(1, "old"), (2, "old"), (3, "new")])
def test_killed_between_two_renames(
    at: int, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the old one is put aside, before the new one is there, before the old one is gone."""
    monkeypatch.setenv("KILL_AT", str(at))
    with new_folder(tmp_path / "out") as part:
        (part / "text").write_text("old")
    process = begun(BETWEEN, tmp_path)
    if at == 2:  # a living one's is not touched
        assert not (tmp_path / "out").exists()
        check_folder(tmp_path / "out")
        assert not (tmp_path / "out").exists()
    end(process)
    check_folder(tmp_path / "out")
    assert (tmp_path / "out" / "text").read_text() == text
    assert left(tmp_path) == ["next", "out"]


WRITES = ("write_text", "write_bytes", "rmtree", "mkdtemp", "mkstemp", "TemporaryDirectory",
          "NamedTemporaryFile", "unlink", "savefig", "to_parquet", "savez", "hardlink_to",
          "savez_compressed", "copyfile", "write_table")  # fmt: skip
WRITERS = {
    "sim/private.py": "the folder itself",
    "sim/engine/stored.py": "into what `sim.writing` gave, and removes parts that do not count",
    "sim/engine/compiled_engine/queues.py": "no file: the place in a queue",
    "sim/engine/compiled_engine/departments.py": "the same",
    "sim/measure/export/result.py": "into its own scratch folder",
    "sim/measure/plots/picture.py": "into memory",
    "sim/measure/export/csv.py": "to the file that is given to it",
}


def test_one_writer_for_all_files() -> None:
    """Who writes in another way does so within `new_file` or `new_folder`."""
    root = Path(writing.__file__).parent
    alone = set()
    for path in root.rglob("*.py"):
        name = f"sim/{path.relative_to(root).as_posix()}"
        text = path.read_text(encoding="utf-8")
        called = re.findall(rf"\.({'|'.join(WRITES)})\(", text)
        within = re.search("new_file|new_folder|scratch_", text)
        if called and not within and name not in WRITERS and path != Path(writing.__file__):
            alone.add(f"{name}: {sorted(set(called))}")
    assert alone == set()


def test_a_scratch_folder_goes_with_its_owner(tmp_path: Path) -> None:
    class Owner:
        pass

    owner = Owner()
    folder = scratch_of(owner, tmp_path)
    (folder / "part").write_text("x")
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o077 == 0
    del owner
    assert names(tmp_path) == []
