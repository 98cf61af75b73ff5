"""`sim optimize roster` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tiny import tiny, write

from sim.city.city import City
from sim.cli import main
from sim.model.planfile import write_plan
from sim.model.staffing import base_plan


def run(*words: object) -> Result:
    line = ["optimize", "roster", *(str(word) for word in words)]
    result = CliRunner().invoke(main, line, catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny")


def test_roster_of_a_scenario(toml: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(
        toml, "--role", "hotline", "--days", 14, "--time-limit", 2, "--seed", 4, "--out", out
    )
    assert result.exit_code == 0, result.output
    for word in ("City-hotline", "热线坐席员", "岗位覆盖", "seed 4", "violations", "lower bound"):
        assert word in result.stdout
    assert (out / "plots" / "City-hotline.png").stat().st_size > 10_000
    assert "City-hotline-001" in (out / "roster.csv").read_text()
    assert "BEGIN:VTIMEZONE" in (out / "calendars" / "City-hotline.ics").read_text()
    assert json.loads((out / "roster.json").read_text())["violations"] == 0
    following = run(
        toml, "--role", "hotline", "--days", 7, "--start", "2018-01-15", "--history",
        out / "roster.csv", "--time-limit", 1, "--json",
    )  # fmt: skip
    facts = json.loads(following.stdout)
    assert facts["start"] == "2018-01-15"
    assert facts["gap"] == pytest.approx(facts["cost"] - facts["bound"])
    assert 0 <= facts["gap_of_duty"] <= facts["gap"]
    assert facts["cover"]["day"]["posts"] == 14


def test_roster_of_a_plan_file_with_names_requests_and_rules(tmp_path: Path) -> None:
    scenario = tiny(tmp_path / "tiny")
    city = City.build(scenario)
    plan = tmp_path / "plan.csv"
    # a plan names its scenario as it was loaded
    write_plan(plan, scenario, city, base_plan(scenario, city))
    text = plan.read_text().replace(
        'scenario = "tiny"', f'scenario = "{tmp_path / "tiny/tiny.toml"}"'
    )
    plan.write_text(text)
    names, requests, rules = (tmp_path / n for n in ("names.csv", "requests.csv", "own.toml"))
    names.write_text("name,team\n王芳,City-hotline\n李伟,City-hotline\n")
    requests.write_text("worker,kind,first,last\n王芳,leave,2018-01-01,2018-01-03\n")
    rules.write_text("[rest]\ndaily_hours = 12\n")
    result = run(
        plan, "--role", "hotline", "--days", 7, "--names", names, "--requests", requests,
        "--rules", rules, "--time-limit", 1, "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert facts["people"] == 2
    assert facts["unmet"] > 0  # shown, not refused
    assert {
        "path": "rest.daily_hours",
        "value": 12,
        "basis": "assumed",
        "note": "as own.toml has it",
    } in facts["sources"]


BAD = {
    "role": (["--role", "hotlin"], "did you mean hotline?"),
    "district": (["--district", "Nord"], "districts of tiny"),
    "rules": (["--rules", "no.toml"], "a file that can be read"),
    "shift in rules": (["--rules", "{folder}/shift.toml"], "did you mean night?"),
    "names": (["--names", "{folder}/names.csv"], "a team that is rostered"),
    "requests": (["--requests", "{folder}/requests.csv"], "row 2, column worker"),
    "contradiction": (
        ["--role", "hotline", "--requests", "{folder}/both.csv"],
        "cannot be kept together",
    ),
    "out": (["--out", "{tiny}"], "a new folder"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case: str, toml: Path, tmp_path: Path) -> None:
    (tmp_path / "shift.toml").write_text('forbidden = [["nigt", "day"]]\n')
    (tmp_path / "names.csv").write_text("name,team\na,Nord-police\n")
    (tmp_path / "requests.csv").write_text("worker,kind,first\nnobody,off,2018-01-01\n")
    (tmp_path / "both.csv").write_text(
        "worker,kind,first,fixed\n"
        "City-hotline-002,work,2018-01-02,yes\nCity-hotline-002,off,2018-01-02,yes\n"
    )
    words, message = BAD[case]
    result = run(toml, *(word.format(tiny=toml, folder=tmp_path) for word in words))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert message in result.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("spare", "nan"),
        ("time-limit", "nan"),
        ("start", "9999-12-31"),
        ("start", "0001-01-01"),
        ("start", "2201-01-01"),
    ],
)
def test_what_is_beside_every_range(option: str, value: str, toml: Path) -> None:
    result = run(toml, "--role", "hotline", f"--{option}", value)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: command line: {option}: ")
