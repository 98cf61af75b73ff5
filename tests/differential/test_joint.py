"""Joint tickets of as many departments as a scenario names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from engine.outcomes import same
from tiny import CATEGORIES, TOML, write

import sim
from sim.scenario import Scenario, load

DEPARTMENT = """
[departments.{name}]
name_en = "{name}"
name_zh = "部门"
level = "{level}"
desk = "always"
sign_mean_min = 5.0
[departments.{name}.crews]
day = 4
late = 4
night = 4
"""


def joint_of(folder: Path, many: int) -> Scenario:
    """Let floods need a crew of each of so many further departments."""
    names = [f"force{i}" for i in range(many)]
    further = "".join(
        DEPARTMENT.format(name=name, level=("town", "district")[i % 2])
        for i, name in enumerate(names)
    )
    rows = [dict(row) for row in CATEGORIES]
    flood = next(row for row in rows if row["id"] == "flood")
    flood |= {"joint_with": ";".join(names), "joint_share": 1, "silent_per_day": 2}
    text = TOML.replace("[profiles.flat]", further + "\n[profiles.flat]")
    return load(write(folder, text, rows), {"time.days": 2})


@pytest.mark.parametrize("many", [1, 15, 16, 17, 23, 60])
@pytest.mark.parametrize("policy", ["priority", "nearest", "reserve"])
def test_both_engines_send_all_of_them(many: int, policy: str, tmp_path: Path) -> None:
    scenario = joint_of(tmp_path, many)
    simpy, compiled = (
        sim.simulate(scenario, policy=policy, engine=engine) for engine in ("simpy", "compiled")
    )
    assert same(simpy, compiled)
    visits = np.bincount(compiled.visits["ticket"][~np.isnan(compiled.visits["end"])])
    assert visits.max() >= many + 1
