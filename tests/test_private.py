"""The folder that is the user's alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sim.private import CACHE, is_private, private_folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(CACHE, "")  # as it was before, whatever a test makes of it
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path / "home"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_it_is_made_for_the_user_alone(home: Path) -> None:
    assert private_folder() == home / "suzhou-dispatch"
    assert mode(private_folder()) == 0o700
    assert is_private(private_folder())


def test_one_that_others_could_only_read_is_closed(home: Path) -> None:
    (home / "suzhou-dispatch").mkdir(mode=0o755)
    assert private_folder() == home / "suzhou-dispatch"
    assert mode(private_folder()) == 0o700


def test_the_mode_of_a_folder_that_is_not_the_program_s_stays(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "somebody's"
    place.mkdir()
    place.chmod(0o755)
    monkeypatch.setenv("SIM_CACHE", str(place))
    assert private_folder() == home / "suzhou-dispatch"
    assert mode(place) == 0o755
    place.chmod(0o700)
    assert private_folder() == place


@pytest.mark.parametrize("how", ["mode", "link", "file", "above", "relative"])
def test_one_that_others_could_change_is_not_taken(
    how: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = home / "suzhou-dispatch"
    if how == "mode":
        place.mkdir()
        place.chmod(0o777)
    elif how == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        place.symlink_to(tmp_path / "elsewhere")
    elif how == "file":
        place.touch()
    elif how == "above":
        home.chmod(0o777)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", "here")
    found = private_folder()
    assert found == tmp_path / "tmp" / f"suzhou-dispatch-{os.getuid()}"
    assert is_private(found)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("place", ["home", "tmp"])
def test_one_of_somebody_else_is_not_taken(place: str, home: Path, tmp_path: Path) -> None:
    at = home / "suzhou-dispatch", tmp_path / "tmp" / f"suzhou-dispatch-{os.getuid()}"
    for path in at[: 1 if place == "home" else 2]:
        path.mkdir(mode=0o700)
        os.chown(path, 12345, 12345)
    found = private_folder()
    assert found not in at[: 1 if place == "home" else 2]
    assert is_private(found)


def test_a_fresh_one_is_passed_on_and_removed(home: Path, tmp_path: Path) -> None:
    for path in (home / "suzhou-dispatch", tmp_path / "tmp" / f"suzhou-dispatch-{os.getuid()}"):
        path.mkdir()
        path.chmod(0o777)
    program = (
        "import os, subprocess, sys; from sim.private import private_folder, is_private\n"
        "found = private_folder(); assert is_private(found)\n"
        "told = subprocess.run([sys.executable, '-c', 'from sim.private import private_folder;"
        " print(private_folder())'], capture_output=True, text=True, check=True).stdout.strip()\n"
        "assert told == str(found) and found.is_dir()\n"
        "print(found)"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    ).stdout.strip()
    assert Path(told).parent == tmp_path / "tmp"
    assert not Path(told).exists()


def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    assert is_private(private_folder())
