"""The command line's front: what is mistyped, what is asked for, plans, and folders."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from test_glossary import commands
from tiny import write

import sim
from sim.cli import main
from sim.model.planfile import PlanFile

RUN = ["-n", "2", "--days", "1", "--workers", "1", "--no-plots", "--target", "matters"]


def cli(*words: object) -> Result:
    result = CliRunner().invoke(
        main, [str(word) for word in words], catch_exceptions=False, prog_name="sim"
    )
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny")


# what is typed, the message, and whether the usage follows
CLICK = {
    "a command": (["rnu"], "command: 'rnu' is not allowed; one of calibrate, ", True),
    "its nearest": (["rnu"], "; did you mean run?", True),
    "one of a group": (["optimize", "staf"], "; did you mean staffing?", True),
    "an option": (
        ["run", "x", "--dayz", "3"],
        "--dayz: no such option; did you mean --days?",
        True,
    ),
    "far from any": (["run", "x", "--zzzzz"], "--zzzzz: no such option\n", True),
    "no value": (["run", "x", "--days"], "--days: requires an argument", False),
    "no number": (["run", "x", "--days", "y"], "--days: 'y' is not a valid integer", True),
    "out of range": (["run", "x", "--seed", "-1"], "--seed: -1 is not in the range", True),
    "nothing": (["run"], "SCENARIO: a value is missing", True),
    "no scenarios": (["compare"], "SCENARIO...: a value is missing", True),
    "too much": (["run", "x", "y"], "got unexpected extra argument (y)", True),
    "no target": (["optimize", "staffing", "x"], "--target: a value is missing", True),
    "of main": (["--versio"], "--versio: no such option; did you mean --version?", True),
}


@pytest.mark.parametrize("case", CLICK)
def test_what_click_finds_is_told_as_any_other_bad_input(case: str) -> None:
    words, message, usage = CLICK[case]
    done = cli(*words)
    assert done.exit_code == 2
    assert not done.stdout
    first, *rest = done.stderr.splitlines(keepends=True)
    assert first.startswith("error: command line: ")
    assert message in first
    assert len(rest) <= 1
    if usage:
        assert rest[0].startswith("usage: sim")


STAFFING = ["optimize", "staffing", "--target", "close.on_time>=0.9"]

# what is typed behind a scenario, and the suggestion
MISTYPED = {
    "engine": (["run", "--engine", "simpi"], "simpy"),
    "policy": (["run", "--policy", "nearst"], "nearest"),
    "district": (["run", "--district", "Wst"], "West"),
    "field": (["run", "--set", "hotline.talk_means_s=3"], "talk_mean_s"),
    "shift": (["run", "--set", "hotline.operators.nihgt=3"], "night"),
    "department": (["run", "--set", "police_line.forces=['polise']"], "police"),
    "section": (["run", "--set", "hotlin.talk_mean_s=3"], "hotline"),
    "basis": (["sources", "--basis", "assmed"], "assumed"),
    "patrol": (
        [*STAFFING, "--patrol", "kep"],
        "keep",
    ),
    "method": (
        [*STAFFING, "--method", "molt"],
        "mol",
    ),
    "target": (["compare", "--policies", "fifo,edd", *RUN, "--target", "close.p9"], "close.p90"),
    "town": (["optimize", "grids", "--town", "Est 01"], "East 01"),
    "role": (["optimize", "roster", "--role", "hotlin"], "hotline"),
}


@pytest.mark.parametrize("case", MISTYPED)
def test_a_mistyped_name_gets_a_suggestion_and_no_long_list(case: str, toml: Path) -> None:
    (first, *words), nearest = MISTYPED[case]
    behind = [words.pop(0), toml] if first == "optimize" else [toml]
    done = cli(first, *behind, *words)
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert f"did you mean {nearest}?" in done.stderr
    assert done.stderr.count(",") < 25


def test_every_option_is_described() -> None:
    for name, command in commands(main):
        assert command.help, name
        for param in command.params:
            if isinstance(param, click.Option) and param.name not in ("help", "max_replications"):
                assert param.help or param.show_default, f"{name} {param.opts[0]}"


def test_a_plan_reads_back_to_the_same_outcome(toml: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    done = cli("plan", toml, "--out", plan)
    assert (done.exit_code, done.stdout) == (0, "")
    assert cli("plan", toml).stdout == plan.read_text("utf-8")
    assert PlanFile.read(plan).head.scenario == "tiny"
    with_plan = cli("run", toml, "--days", 1, "--plan", plan, "--json")
    assert with_plan.exit_code == 0
    assert with_plan.stdout == cli("run", toml, "--days", 1, "--json").stdout
    again = cli("plan", toml, "--out", plan)
    assert again.exit_code == 2
    assert cli("plan", toml, "--district", "West", "--out", plan, "--overwrite").exit_code == 0
    assert PlanFile.read(plan).head.districts == ("West",)


def test_json_says_units_and_ids(toml: Path) -> None:
    facts = json.loads(cli("run", toml, "--days", 1, "--json").stdout)
    assert facts["units"]["kpis"].keys() == facts["kpis"].keys()
    assert facts["units"]["kpis"]["close.p90"] == "s"
    assert facts["district_codes"] == ["900001", "900002"]
    listed = json.loads(cli("list", "--json").stdout)
    assert {row["name"] for row in listed} >= {"gusu-week", "typhoon"}
    roads = json.loads(cli("roads", toml, "--json").stdout)
    assert [row["district_code"] for row in roads] == ["900001", "900002"]
    found = json.loads(cli("compare", toml, "--policies", "fifo,edd", *RUN, "--json").stdout)
    assert all(row["unit"] for row in found["differences"])
    assert all(len(arm["scenario"]) == 64 for arm in found["arms"])


def test_two_scenarios_are_compared(toml: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(f'schema_version = 2\nextends = "{toml}"\nname = "busy"\n', "utf-8")
    done = cli("compare", toml, other, *RUN, "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert [arm["label"] for arm in found["arms"]] == ["tiny", "busy"]
    assert found["differences"][0]["difference"] == 0
    same = tmp_path / "same.toml"  # it says no name of its own
    same.write_text(f'schema_version = 2\nextends = "{toml}"\n', "utf-8")
    done = cli("compare", toml, same, *RUN, "--json")
    assert [arm["label"] for arm in json.loads(done.stdout)["arms"]] == [str(toml), str(same)]


def test_a_folder_is_for_one_comparison(toml: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["compare", toml, "--policies", "fifo,edd", *RUN, "--out", out]
    assert cli(*words).exit_code == 0
    assert cli(*words).exit_code == 0  # it goes on with the same
    for other, named in (
        (["--policies", "edd,fifo"], "question and arms"),
        (["--policies", "fifo,nearest"], "question and arms"),
        (["--set", "seed=3"], "seed and arms"),
        (["--seed", 3], "seed"),
        (["--warm-up", 1], "arms"),
        (["--of", "district=West"], "of"),
        (["--engine", "simpy"], "engine"),
    ):
        done = cli(*words, *other)
        assert done.exit_code == 2, other
        assert done.stderr.count("\n") == 1
        assert "a new folder: this one has another comparison" in done.stderr
        assert done.stderr.endswith(f"with other {named}\n")


@pytest.mark.parametrize("name", ["experiment.json", "metrics.parquet", "differences.csv"])
def test_a_folder_where_a_file_belongs_is_one_message(
    name: str, toml: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ["compare", toml, "--policies", "fifo,edd", *RUN, "--out", out]
    assert cli(*words).exit_code == 0
    (out / name).unlink()
    (out / name).mkdir()
    done = cli(*words)
    assert done.exit_code == 2
    assert done.stderr == (
        f"error: command line: out: '{out / name}' is not allowed; a file; this is a folder\n"
    )


@pytest.mark.parametrize(
    ("command", "option", "of"),
    [
        ("run", ("--every", 3), "--checkpoint"),
        ("run", ("--overwrite",), "--out"),
        ("run", ("--no-plots",), "--out"),
        ("plan", ("--overwrite",), "--out"),
    ],
)
def test_an_option_of_another_is_refused_without_it(
    command: str, option: tuple[object, ...], of: str, toml: Path
) -> None:
    done = cli(command, toml, *option)
    assert done.exit_code == 2
    assert f"an option of {of} only" in done.stderr


@pytest.mark.parametrize("option", [("--pcs", 0.9), ("--indifference", "2%")])
def test_options_of_selection_need_it(option: tuple[str, object], toml: Path) -> None:
    done = cli("compare", toml, "--policies", "fifo,edd", *RUN, *option)
    assert done.exit_code == 2
    assert "an option of --select only" in done.stderr


def test_set_is_a_line_of_a_file(toml: Path) -> None:
    shown = json.loads(cli("show", toml, "--set", "hotline.operators={night=68}", "--json").stdout)
    before = sim.load(toml).hotline.operators
    assert shown["hotline"]["operators"] == {**before, "night": 68}
    done = cli("show", toml, "--set", "hotline.operators={night=68")
    assert done.exit_code == 2
    assert "a value as TOML has it" in done.stderr
