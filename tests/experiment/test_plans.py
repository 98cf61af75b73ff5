"""Plans as a dimension of experiments: compared, kept by what they say, and told by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from staffing_case import CHANGES
from tiny import write

from sim.api.experiments import compare
from sim.city.city import City
from sim.cli import main
from sim.errors import InputError
from sim.experiment.arm import Arm
from sim.experiment.design import Design, named_files
from sim.experiment.executor import Serial
from sim.experiment.plots import plot_trade_off
from sim.model.planfile import write_plan
from sim.model.staffing import base_plan
from sim.scenario import Scenario, load
from sim.scenario.layers import parse_overrides

SETTINGS = [word for change in CHANGES for word in ("--set", change)]


def cli(*words: object) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


class Case:
    """The small case with two plan files: today's staff, and half of its crews."""

    def __init__(self, folder: Path) -> None:
        self.toml = write(folder / "tiny")
        self.scenario: Scenario = load(self.toml, parse_overrides(CHANGES))
        self.city = City.build(self.scenario)
        self.plan = base_plan(self.scenario, self.city)
        self.today, self.cheaper = folder / "today.csv", folder / "cheaper.csv"
        self.keep(self.today, 1)
        self.keep(self.cheaper, 2)

    def keep(self, path: Path, every: int) -> None:
        p = self.plan
        fewer = replace(
            p, crew_unit=p.crew_unit[::every], crew_shift=p.crew_shift[::every],
            crew_xy=p.crew_xy[::every],
        )  # fmt: skip
        write_plan(path, self.scenario, self.city, fewer)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def arms(case: Case, policies: list[str], plans: list[Any]) -> list[Arm]:
    named = {name: name for name in policies}
    return Design({"tiny": case.scenario}, named, named_files("plan", plans)).arms()


class Breaks(Serial):
    """Is interrupted after some replications, and says what it has run."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.ran: list[tuple[str, int]] = []

    def run(self, function: Any, tasks: Any) -> Iterator[Any]:
        for task, result in super().run(function, tasks):
            if len(self.ran) == self.after:
                raise KeyboardInterrupt
            self.ran.append((task.arm.label, task.number))
            yield task, result


def test_each_plan_meets_each_policy(case: Case) -> None:
    made = arms(case, ["priority", "fifo"], ["base", case.cheaper])
    assert [arm.label for arm in made] == [
        "base, priority", "base, fifo", "cheaper, priority", "cheaper, fifo",
    ]  # fmt: skip
    assert [arm.names["plan"] for arm in made] == ["base", "base", "cheaper", "cheaper"]
    assert made[0].plan is None
    assert made[2].plan is not None
    assert len(made[2].plan.crew_unit) < len(case.plan.crew_unit)
    assert [arm.label for arm in arms(case, ["priority"], ["base", case.cheaper])] == [
        "base", "cheaper",
    ]  # fmt: skip
    with pytest.raises(InputError, match="each of them once"):
        arms(case, ["fifo"], [case.cheaper, case.cheaper])


def test_files_of_one_name_are_told_by_their_paths(case: Case, tmp_path: Path) -> None:
    other = tmp_path / "other" / "today.csv"
    other.parent.mkdir()
    case.keep(other, 2)
    made = arms(case, ["fifo"], [case.today, other])
    assert [arm.label for arm in made] == [str(case.today), str(other)]


def test_a_plan_is_known_by_what_it_says(case: Case, tmp_path: Path) -> None:
    """A copy under another name has the same key; a changed file under the same name has not."""
    copy = tmp_path / "copy.csv"
    copy.write_bytes(case.cheaper.read_bytes())
    first, same = arms(case, ["fifo"], [case.cheaper, copy])
    assert first.fingerprint == same.fingerprint
    case.keep(case.cheaper, 3)
    (changed,) = arms(case, ["fifo"], [case.cheaper])
    assert changed.fingerprint["plan"] != first.fingerprint["plan"]


def test_after_an_interruption_nothing_is_done_twice(case: Case, tmp_path: Path) -> None:
    plans = [case.today, case.cheaper]

    def run(executor: Serial, out: Path | None) -> Any:
        return compare(
            case.scenario, ["priority"], plans=plans, replications=3, executor=executor, out=out
        )

    broken, rest, again = Breaks(4), Breaks(99), Breaks(99)
    with pytest.raises(KeyboardInterrupt):
        run(broken, tmp_path / "out")
    found = run(rest, tmp_path / "out")
    every = {(plan, number) for plan in ("today", "cheaper") for number in range(3)}
    assert len(broken.ran) == 4
    assert len(rest.ran) == 2
    assert {*broken.ran, *rest.ran} == every
    run(again, tmp_path / "out")
    assert again.ran == []
    pd.testing.assert_frame_equal(found.metrics, run(Breaks(99), None).metrics)
    case.keep(case.cheaper, 3)  # another plan under the old name is run anew, today's is not
    run(again, tmp_path / "out")
    assert set(again.ran) == {("cheaper", number) for number in range(3)}


def test_on_the_command_line(case: Case, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = [
        "compare", case.toml, *SETTINGS, "--policies", "priority", "--plan", case.today,
        "--plan", case.cheaper, "-n", 2, "--workers", 1, "--out", out,
        "--target", "crews.work", "--target", "staff_cost",
    ]  # fmt: skip
    done = cli(*words)
    assert done.exit_code == 0, done.stderr
    assert "Which plan is better on tiny: today, cheaper?" in done.stdout
    assert "cheaper beats today on cost of the plan" in done.stdout
    kept = pd.read_parquet(out / "metrics.parquet")
    assert set(kept["plan"]) == {"today", "cheaper"}
    cost = kept[kept["metric"] == "staff_cost"].groupby("plan")["value"].agg(["min", "max"])
    assert (cost["min"] == cost["max"]).all()
    assert cost["max"]["cheaper"] < cost["max"]["today"]
    facts = json.loads((out / "experiment.json").read_text(encoding="utf-8"))
    assert len({arm["plan"] for arm in facts["arms"]}) == 2
    parts = {p: p.stat().st_mtime_ns for p in (out / "parts").rglob("*.parquet")}
    assert len(parts) == 4
    assert cli(*words).exit_code == 0
    assert parts == {p: p.stat().st_mtime_ns for p in (out / "parts").rglob("*.parquet")}


def test_today_is_what_runs_without_a_plan(case: Case) -> None:
    """A plan file of the base year's staff gives what the scenario gives by itself."""
    found = compare(
        case.scenario, ["fifo"], plans=["base", case.today], replications=2, executor=Serial()
    )
    for one in found.differences:
        assert one.difference.estimate == 0
    assert not any(one.seen for one in found.differences)


def test_sweep_with_a_plan(case: Case) -> None:
    words = ["sweep", case.toml, *SETTINGS, "-n", 2, "--workers", 1, "--plan", case.cheaper]
    done = cli(*words, "--vary", "patrol.speed_kmh=4,3", "--json")
    assert done.exit_code == 0, done.stderr
    facts = json.loads(done.stdout)
    assert [arm["plan_name"] for arm in facts["arms"]] == ["cheaper", "cheaper"]
    assert len({arm["plan"] for arm in facts["arms"]}) == 1
    assert "patrol.speed_kmh=3, cheaper" in facts["verdict"][0]
    wrong = cli(*words, "--vary", "staff_scale.crews=1,2")
    assert wrong.exit_code == 2
    assert "vary: 'staff_scale.crews' is not allowed; another field" in wrong.stderr


@pytest.mark.parametrize("command", ["compare", "sweep"])
def test_bad_plan_files(
    case: Case, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # messages shorten long paths
    wrong = tmp_path / "wrong.csv"
    lines = case.today.read_text(encoding="utf-8")
    wrong.write_text(lines.replace("day", "dawn"), encoding="utf-8")
    (tmp_path / "no.csv").write_text("hello\n", encoding="utf-8")
    words = {"compare": ["--policies", "fifo,edd"], "sweep": ["--vary", "seed=1,2"]}[command]
    for file in ("wrong.csv", "no.csv", "missing.csv"):
        done = cli(command, case.toml, *SETTINGS, *words, "--plan", file)
        assert done.exit_code == 2, done.output
        (line,) = done.stderr.splitlines()
        assert line.startswith("error: ")
        assert Path(file).stem in line
        assert "is not allowed; " in line


def test_cost_is_in_the_picture(case: Case) -> None:
    found = compare(
        case.scenario, ["fifo"], plans=[case.today, case.cheaper], replications=2,
        targets=["arrive.mean"], executor=Serial(),
    )  # fmt: skip
    axes = plot_trade_off(found.metrics, found.differences).axes[0]
    assert "yuan a week" in axes.get_xlabel()
    drawn = [float(np.mean(line.get_xdata())) for line in axes.lines[:2]]
    cost = found.metrics[found.metrics["metric"] == "staff_cost"].groupby("arm")["value"].mean()
    assert drawn == pytest.approx([cost["today"] / 1e3, cost["cheaper"] / 1e3])
    assert drawn[1] < drawn[0]
