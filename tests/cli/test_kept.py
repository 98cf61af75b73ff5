"""Nothing is lost: full disks, streams that take nothing, signals, kills."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine.outcomes import same
from tiny import write

from sim.engine.outcome import LOGS, in_order
from sim.errors import InputError
from sim.measure.store import check_target, read
from sim.optimize.roster.store import check_target as check_roster
from sim.private import private_folder

SIM = [sys.executable, "-m", "sim.cli"]
DAYS = ("--days", "1")


def cli(*args: object, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [*SIM, *map(str, args)]
    options = {"capture_output": True, "text": True, "timeout": 300} | options
    return subprocess.run(command, check=False, **options)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny")


def mounted(place: Path, options: str) -> Iterator[Path]:
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"a disk of its own can be mounted by root alone: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(place)], check=False)
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB, of which 200 KiB are free."""
    for place in mounted(tmp_path / "disk", "size=1m"):
        (place / "ballast").write_bytes(bytes(824 << 10))
        yield place


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A disk that can only be read."""
    for place in mounted(tmp_path / "locked", "size=8m"):
        (place / "result").mkdir()
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        yield place


VRP = """NAME : five
TYPE : CVRP
DIMENSION : 5
CAPACITY : 10
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1 0 0
2 10 0
3 0 10
4 10 10
5 5 5
DEMAND_SECTION
1 0
2 3
3 3
4 3
5 3
DEPOT_SECTION
1
-1
EOF
"""


def fill(disk: Path) -> None:
    with (disk / "more").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def commands(toml: Path, place: Path) -> dict[str, list[object]]:
    """Each command that writes somewhere, and what it writes there."""
    vrp = toml.parent / "five.vrp"
    vrp.write_text(VRP)
    out = place / "out"
    return {
        "run": ["run", toml, *DAYS, "--out", out],
        "checkpoint": ["run", toml, *DAYS, "--checkpoint", out],
        "compare": ["compare", toml, *DAYS, "-n", 2, "--policies", "fifo,edd", "--workers", 1,
                    "--out", out],
        "route": ["route", vrp, "--iterations", 10, "--out", out],
        "plot": ["route", vrp, "--iterations", 10, "--plot", place / "out.png"],
        "roster": ["optimize", "roster", toml, "--role", "hotline", "--days", 7,
                   "--time-limit", 1, "--out", out],
        "roads": ["roads", toml, "--out", out],
        "patrol": ["optimize", "patrol", toml, "--time-limit", 1, "--out", out],
        "grids": ["optimize", "grids", toml, "--town", "West 01", "--time-limit", 1, "--out", out],
        "calibrate": ["calibrate", toml, "--weeks", 1, "--write", out],
        "staffing": ["optimize", "staffing", toml, "--target", "close.on_time>=0.1", "--days", 1,
                     "--replications", 1, "--time-limit", 1, "--no-prices", "--out", out],
    }  # fmt: skip


SLOW = pytest.mark.slow
ALL = (
    *("run", "checkpoint", "compare", "route"),
    *(
        pytest.param(name, marks=SLOW)
        for name in ("plot", "roster", "roads", "patrol", "grids", "calibrate", "staffing")
    ),
)


@pytest.mark.parametrize("what", ALL)
@pytest.mark.parametrize("why", ["full", "read-only"])
def test_a_place_that_cannot_be_written_to_is_told_before_the_work(
    what: str, why: str, toml: Path, request: pytest.FixtureRequest
) -> None:
    place = request.getfixturevalue("disk" if why == "full" else "locked")
    if why == "full":
        fill(place)
    before = names(place)
    done = cli(*commands(toml, place)[what])
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1
    assert "is not allowed; a place that can be written to (" in lines[0]
    assert ("No space left" if why == "full" else "Read-only file system") in lines[0]
    assert names(place) == before


@SLOW
@pytest.mark.parametrize("what", ["run", "compare", "roster", "roads", "checkpoint"])
def test_a_disk_that_becomes_full(
    what: str, toml: Path, disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables fit nowhere but in the folder that is the user's own."""
    cache = tmp_path / "cache"
    shutil.copytree(private_folder(), cache)  # with the machine code
    cache.chmod(0o700)
    monkeypatch.setenv("SIM_CACHE", str(cache))
    small = {"checkpoint": 20, "roster": 20, "roads": 30}.get(what, 120)
    fill(disk)
    with (disk / "more").open("r+b") as file:
        file.truncate((disk / "more").stat().st_size - (small << 10))
    done = cli(*commands(toml, disk)[what])
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("note:", "`sim"))]
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert [name for name in names(disk) if name.startswith(".")] == []
    assert "cannot be written: No space left on device" in lines[0]
    if what in ("checkpoint", "compare") and len(lines) == 1:
        return  # what is gone on with stays where it is
    assert lines[1] == f"written instead: {cache / 'kept' / 'out'}"
    assert done.stdout != ""
    if what == "run":
        whole = cli("run", toml, *DAYS, "--out", tmp_path / "whole")
        assert whole.returncode == 0
        assert same(read(cache / "kept" / "out"), read(tmp_path / "whole"))
        assert not (disk / "out").exists()


@SLOW
def test_a_report_on_a_full_disk(toml: Path, disk: Path, tmp_path: Path) -> None:
    done = cli("compare", toml, *DAYS, "-n", 2, "--policies", "fifo,edd", "--workers", 1,
               "--no-plots", "--out", tmp_path / "out")  # fmt: skip
    assert done.returncode == 0, done.stderr
    fill(disk)
    done = cli("report", tmp_path / "out", "--out", disk / "page.html")
    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert names(disk) == ["ballast", "more"]


def test_an_export_on_a_full_disk(toml: Path, disk: Path, tmp_path: Path) -> None:
    assert cli("run", toml, *DAYS, "--no-plots", "--out", tmp_path / "out").returncode == 0
    done = cli("export", tmp_path / "out", "--format", "xes", "--out", disk / "log.xes")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "cannot be written: No space left on device" in done.stderr
    assert names(disk) == ["ballast"]


# ---- streams


@pytest.mark.parametrize(
    "stream",
    ["full", *(pytest.param(how, marks=SLOW) for how in ("closed", "ascii", "pipe", "all closed"))],
)
def test_the_result_is_kept_whatever_stdout_is(stream: str, toml: Path, tmp_path: Path) -> None:
    command = " ".join(map(str, [*SIM, "run", toml, *DAYS, "--no-plots", "--out", tmp_path / "o"]))
    environment = dict(os.environ)
    code, after = {
        "full": (74, "> /dev/full"),
        "closed": (74, ">&-"),
        "ascii": (0, ""),
        "pipe": (141, "| true; exit ${PIPESTATUS[0]}"),
        "all closed": (74, ">&- 2>&- <&-"),
    }[stream]
    if stream == "ascii":
        environment |= {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run(
        ["bash", "-c", f"{command} {after}"],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "ignored" not in done.stderr
    assert len(read(tmp_path / "o")) > 0
    if stream in ("full", "closed"):
        assert done.stderr.splitlines()[-1].startswith("error: stdout: ")


def test_json_is_json_in_ascii_too(toml: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = cli("show", toml, "--json", env=environment)
    assert done.returncode == 0
    assert "小城" in str(json.loads(done.stdout))
    assert done.stdout.isascii()


@SLOW
def test_a_full_stderr_is_no_reason_to_stop(toml: Path, tmp_path: Path) -> None:
    command = [*SIM, "run", str(toml), *DAYS, "--no-plots", "--out", str(tmp_path / "o")]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, check=False)
    assert done.returncode == 0
    assert len(read(tmp_path / "o")) > 0


def test_what_is_told_comes_after_it_is_kept(toml: Path, tmp_path: Path) -> None:
    run = subprocess.Popen(
        [*SIM, "run", str(toml), *DAYS, "--no-plots", "--out", str(tmp_path / "out")],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert run.stdout is not None
    run.stdout.read(1)
    assert (tmp_path / "out" / "run.json").is_file()
    run.communicate(timeout=300)


# ---- what may be replaced


def test_only_a_result_is_ever_replaced(toml: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = ("run", toml, *DAYS, "--no-plots", "--out", out)
    assert cli(*run).returncode == 0
    assert cli("export", out).returncode == 0
    assert cli(*run, "--overwrite").returncode == 0  # with the log that was exported into it
    before = (out / "run.json").read_bytes()
    for name in ("thesis.tex", "plots/holiday.jpg", "run.json.bak", "deep/run.json", ".git"):
        mine = out / name
        mine.parent.mkdir(exist_ok=True)
        mine.write_text("years of work")
        with pytest.raises(InputError, match=r"is not of it, and would be lost"):
            check_target(out, overwrite=True)
        done = cli(*run, "--overwrite") if name == "thesis.tex" else None
        assert done is None or (done.returncode == 2 and name in done.stderr)
        assert mine.read_text() == "years of work"
        mine.unlink()
        if mine.parent != out:
            mine.parent.rmdir()
    (out / "link.csv").symlink_to(tmp_path)
    with pytest.raises(InputError, match=r"link\.csv is not of it"):
        check_target(out, overwrite=True)
    (out / "link.csv").unlink()
    (tmp_path / "link").symlink_to(out)
    with pytest.raises(InputError, match="no link to another place"):
        check_target(tmp_path / "link", overwrite=True)
    check_target(out, overwrite=True)
    assert (out / "run.json").read_bytes() == before


@pytest.mark.parametrize(
    "text", ["{}", "[]", "3", "not json", '{"format": 1}', '{"format": true}', '{"format": 2}',
             '{"format": 2, "run": {"days": 3}}', "\0", ""],
)  # fmt: skip
def test_a_file_called_run_json_makes_no_result(text: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(text)
    (tmp_path / "scenario.toml").write_text("")
    with pytest.raises(InputError, match=r"run\.json"):
        check_target(tmp_path, overwrite=True)
    (tmp_path / "roster.json").write_text(text)
    with pytest.raises(InputError):
        check_roster(tmp_path, overwrite=True)


def test_tables_whose_names_are_taken(toml: Path, tmp_path: Path) -> None:
    """Two tables of one name, and tables called like a result's own files."""
    folder = toml.parent
    text = toml.read_text()
    (folder / "a").mkdir()
    for old, new in (
        ("categories.csv", "a/run.json"), ("districts.csv", "plan.npz"),
        ("districts.geojson", "a/PLAN.NPZ"),
    ):  # fmt: skip
        (folder / old).rename(folder / new)
        text = text.replace(f'"{old}"', f'"{new}"')
    toml.write_text(text)
    out = tmp_path / "out"
    done = cli("run", toml, *DAYS, "--no-plots", "--out", out)
    assert done.returncode == 0, done.stderr
    assert json.loads((out / "run.json").read_text())["format"] == 3
    again = read(out)
    check_target(out, overwrite=True)
    saved = cli("run", toml, *DAYS, "--checkpoint", tmp_path / "saved")
    assert saved.returncode == 0, saved.stderr
    done = cli("resume", tmp_path / "saved", "--no-plots", "--out", tmp_path / "second")
    assert done.returncode == 0, done.stderr
    second = read(tmp_path / "second")
    logs = {  # its logs lie by part
        log: in_order(log, dict(getattr(second, log))) for log in LOGS
    }
    assert same(again, replace(second, **logs))


# ---- signals


STOPS_AT = """
import os, signal, sys
where, number = os.environ["STOP_AT"], getattr(signal, os.environ["STOP_BY"])
times = int(os.environ.get("STOP_TIMES", "1"))
from sim.measure import store
from sim.measure.plots import gallery
from sim.engine.compiled_engine.engine import CompiledSimulation
def before(owner, name):
    usual = getattr(owner, name)
    def first(*args, **options):
        setattr(owner, name, usual)
        for _ in range(times):
            os.kill(os.getpid(), number)
        return usual(*args, **options)
    setattr(owner, name, first)
before(*{
    "prepare": (store, "check_target"), "simulate": (CompiledSimulation, "run"),
    "write": (store, "_write_table"), "kpis": (store, "_write_kpis"),
    "draw": (gallery, "save_all"),
}[where])
import sim.measure.plots
sim.measure.plots.save_all = lambda *a: gallery.save_all(*a)
from sim.cli import main
main()
"""


@SLOW
@pytest.mark.parametrize("where", ["prepare", "simulate", "write", "kpis", "draw"])
@pytest.mark.parametrize(("by", "times"), [("SIGINT", 1), ("SIGINT", 2), ("SIGTERM", 1)])
def test_stopped_by_a_signal(where: str, by: str, times: int, toml: Path, tmp_path: Path) -> None:
    environment = os.environ | {"STOP_AT": where, "STOP_BY": by, "STOP_TIMES": str(times)}
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", STOPS_AT, "run", str(toml), *DAYS, "--out", str(out)],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    if by == "SIGINT" and times == 1 and where != "prepare":
        assert done.returncode == 0
        assert names(tmp_path) == ["out", "tiny"]
        read(out)
        if where == "simulate":
            assert done.stderr.startswith("stopped at day ")
            assert "map.png" in names(out / "plots")
        else:
            assert "stopped: not drawn: steps, " in done.stderr
            assert names(out / "plots") == []
        return
    assert done.returncode == (143 if by == "SIGTERM" else 130)
    if by == "SIGINT":
        assert done.stderr.splitlines()[-1] == "stopped"
    assert names(tmp_path) == ["tiny"]


@SLOW
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_ctrl_c_while_it_starts(share: float, toml: Path, tmp_path: Path) -> None:
    """From the first import of the program on."""
    code = (
        "import os, signal, sys, threading, time\n"
        "begun = float(os.environ['SHARE'])\n"
        "def send():\n"
        "    time.sleep(begun)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=send, daemon=True).start()\n"
        "from sim.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "run", str(toml), *DAYS, "--no-plots",
         "--out", str(tmp_path / "out")],
        env=os.environ | {"SHARE": str(share)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 130)
    if done.returncode == 130:
        assert done.stderr == "stopped\n"
        assert names(tmp_path) == ["tiny"]


@SLOW
def test_killed_at_random_moments(tmp_path: Path) -> None:
    """Twenty times here; `benchmarks/kill.py` does it two hundred times."""
    command = Path(__file__).parents[2] / "benchmarks" / "kill.py"
    done = subprocess.run(
        [sys.executable, str(command), "--times", "20", "--scenario", str(write(tmp_path / "t"))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("20 of 20 came through\n")
