"""`docs/change-the-model.md` keeps what it says: its edits apply, and both engines obey them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sim

ROOT = Path(sim.__file__).parents[1]
GUIDE = ROOT / "docs" / "change-the-model.md"
_PART = re.compile(r"^`(?P<file>sim/[\w/]+\.py)`$|^```diff\n(?P<diff>.*?)^```$", re.M | re.S)


def edits() -> list[tuple[str, str, str]]:
    """Return file, old and new text of each edit of the guide."""
    found, file = [], ""
    for part in _PART.finditer(GUIDE.read_text(encoding="utf-8")):
        if part["file"]:
            file = part["file"]
            continue
        lines = part["diff"].splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        found.append((file, old, new))
    return found


def test_the_exercise_takes_eight_files_and_none_of_an_engine() -> None:
    files = {file for file, _, _ in edits()}
    assert len(files) == 8
    assert not any(file.startswith("sim/engine/") for file in files)
    assert all(file in GUIDE.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize("number", range(len(edits())))
def test_each_edit_has_its_place(number: int) -> None:
    file, old, new = edits()[number]
    assert (ROOT / file).read_text(encoding="utf-8").count(old) == 1, f"{file}: {old}"
    assert new != old


FLIES = """
import sys
from pathlib import Path

import sim
from engine.outcomes import same
from sim.city import City
from sim.measure.catalogue import MEASURES
from sim.model.staffing import base_plan
from sim.model.state import Channel
from sim.optimize.risk import Risk
from sim.optimize.staffing.discovery import flows
from tiny import tiny

assert Path(sim.__file__).is_relative_to(sys.argv[1]), sim.__file__


def runs(name, *overrides):
    scenario = tiny(Path(sys.argv[1]) / name, overrides)
    return scenario, [sim.simulate(scenario, engine=engine) for engine in ("simpy", "compiled")]


scenario, (slow, fast) = runs("drones", "cameras.drone_every_h=6")
assert same(slow, fast)
found = fast.tickets["channel"] == Channel.DRONE
assert found.sum() > 20, found.sum()
assert set(fast.frame["channel"][found]) == {"drone"}
assert "tickets.drone" in MEASURES
_, (slow, fast) = runs("none")
assert same(slow, fast)
assert not (fast.tickets["channel"] == Channel.DRONE).any()

city = City.build(scenario)
plan = base_plan(scenario, city)
flow = flows(scenario, city, plan).found[Channel.DRONE].sum() / 7
share = found.sum() / scenario.time.days
assert 0.7 < flow / share < 1.4, (flow, share)
others = Risk.of(tiny(Path(sys.argv[1]) / "none"), city, plan, 8).hazard
assert (Risk.of(scenario, city, plan, 8).hazard >= others).all()
print("flown")
"""


@pytest.mark.slow
def test_both_engines_fly_drones(tmp_path: Path) -> None:
    """It compiles the engine once more."""
    shutil.copytree(ROOT / "sim", tmp_path / "sim", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    for file, old, new in edits():
        path = tmp_path / file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(old, new), encoding="utf-8")
    places = [str(tmp_path), str(ROOT / "tests")]
    done = subprocess.run(
        [sys.executable, "-c", FLIES, str(tmp_path)],
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(places), "SIM_CACHE": str(tmp_path / "cache")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "flown\n", done.stderr
