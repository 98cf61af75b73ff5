"""What the README shows is run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def sim(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sim.cli", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


COMMANDS = [
    line.split("#")[0].strip()
    for block in blocks("sh")
    for line in block.splitlines()
    if line.startswith("sim ")
]


def test_there_is_something_to_run() -> None:
    assert len(COMMANDS) > 5
    assert len(blocks("python")) == 3
    assert len(blocks("toml")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_command(command: str, tmp_path: Path) -> None:
    done = sim(shlex.split(command)[1:], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout or "written: " in done.stderr


@pytest.mark.slow
def test_python() -> None:
    code = "\n".join(blocks("python"))
    exec(compile(code, "README.md", "exec"), {"__name__": "readme"})


def test_scenario(tmp_path: Path) -> None:
    path = tmp_path / "night-calls.toml"
    path.write_text(blocks("toml")[0], encoding="utf-8")
    assert sim(["validate", str(path)], tmp_path).returncode == 0
    diff = sim(["diff", "gusu-week", str(path)], tmp_path).stdout
    assert "hotline.operators.night: 34 → 68" in diff


@pytest.mark.slow
def test_result(tmp_path: Path) -> None:
    """The figures it shows are those of the demo, but for what another processor may round."""
    done = sim(["run", "gusu-week"], tmp_path)
    lines = [line.strip() for line in done.stdout.splitlines()]
    for shown in blocks("text")[0].splitlines()[1:]:
        words = re.split(r"\s{2,}", shown.strip())
        (line,) = [line for line in lines if re.split(r"\s{2,}", line)[0] == words[0]]
        numbers = [float(n) for n in re.findall(r"[\d.]*\d", shown.replace(",", ""))]
        found = [float(n) for n in re.findall(r"[\d.]*\d", line.replace(",", ""))]
        assert found == pytest.approx(numbers, rel=0.02)


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert link.startswith("http") or (Path(__file__).parents[1] / link).exists(), link
