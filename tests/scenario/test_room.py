"""What a run needs of memory is known before it begins, whatever sets it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from tiny import tiny

import sim
from sim import processors
from sim.city import City
from sim.cli import main
from sim.engine.compiled_engine.engine import CompiledSimulation
from sim.errors import InputError
from sim.experiment.arm import Arm
from sim.experiment.experiment import Experiment
from sim.experiment.pool import Pool
from sim.model.planfile import COLUMNS, PlanFile, write_plan
from sim.model.staffing import base_plan
from sim.scenario import room
from sim.scenario.room import check_posts, check_room, needs

GB = 1e9

TOO_MUCH = [
    ("totals.full_time=1000000000", "totals.full_time"),
    ("staff_scale.full_time=1e9", "staff_scale.full_time"),
    ("staff_scale.crews=1e5", "staff_scale.crews"),
    ("staff_scale.hotline=1e9", "staff_scale.hotline"),
    ("staff_scale.centres=3e8", "staff_scale.centres"),
    ("hotline.operators.early=1000000000", "hotline.operators.early"),
    ("centres.town_operators.day=1000000000", "centres.town_operators.day"),
    ("centres.district_operators.night=1000000000", "centres.district_operators.night"),
    ("departments.police.crews.day=1000000000", "departments.police.crews.day"),
    ("departments.fire.crews.late=1000000000", "departments.fire.crews.late"),
    ('demand=[{name="more", factor=1000}, {name="again", factor=900}]', "demand[0].factor"),
    ('surges=[{name="flood", factor=1000, start_day=0, days=1}]', "surges[0].factor"),
]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine have 8 GB, whatever it has."""
    monkeypatch.setattr(room, "memory", lambda: 8 * GB)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("override", "field"), TOO_MUCH)
def test_one_message_at_once(override: str, field: str) -> None:
    start = time.process_time()
    result = CliRunner().invoke(main, ["run", "suzhou-2018", "--set", override])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert f": {field}: " in line
    assert line.startswith("error: command line: ")
    assert "at most about" in line
    assert "about 0:" not in line
    assert "7.2 GB" in line
    assert time.process_time() - start < 5


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "command", ["validate", "optimize patrol", "optimize staffing --target close.on_time>=0.9"]
)
def test_every_command_that_makes_a_city_says_it(command: str, tmp_path: Path) -> None:
    path = tmp_path / "big.toml"
    path.write_text('extends = "gusu-week"\nname = "big"\ntotals.full_time = 1_000_000_000\n')
    result = CliRunner().invoke(main, [*command.split(), str(path), "--out", str(tmp_path / "o")])
    if command == "validate":
        result = CliRunner().invoke(main, ["validate", str(path)])
    assert result.exit_code == 2
    assert "big.toml: totals.full_time: 1000000000 is not allowed" in result.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.usefixtures("small")
def test_the_limit_that_is_told_is_one() -> None:
    """What the message allows fits, and a tenth more does not."""
    with pytest.raises(InputError) as caught:
        check_room(sim.load("suzhou-2018", {"totals.full_time": 1000000000}))
    most = int(caught.value.allowed.split("about ")[1].split(":")[0].replace(",", ""))
    check_room(sim.load("suzhou-2018", {"totals.full_time": most}))
    with pytest.raises(InputError):
        check_room(sim.load("suzhou-2018", {"totals.full_time": int(1.1 * most)}))


def test_more_in_a_part_of_the_city_needs_less() -> None:
    scenario = sim.load("suzhou-2018")
    whole = sum(need.bytes for need in needs(scenario))
    one = sum(need.bytes for need in needs(sim.load("gusu-week")))
    assert one < 0.5 * whole < 0.8 * GB  # what is shipped fits nearly everywhere


def test_part_timers_and_people_take_no_room() -> None:
    plain = sum(need.bytes for need in needs(sim.load("suzhou-2018")))
    for field in ("totals.part_time", "totals.grid_leaders"):
        many = sim.load("suzhou-2018", {field: 1_000_000_000})
        assert sum(need.bytes for need in needs(many)) == plain


@pytest.mark.parametrize(
    ("override", "count"),
    [
        ("totals.full_time", 4000),
        ("hotline.operators.day", 4000),
        ("departments.police.crews.day", 4000),
    ],
)
def test_the_engine_takes_no_more_than_is_said(override: str, count: int, tmp_path: Path) -> None:
    """The arrays of a simulation grow by less than the estimate does, and by a third of it."""

    def size(many: int) -> tuple[float, float]:
        scenario = tiny(tmp_path, [f"{override}={many}"])
        simulation = CompiledSimulation(scenario, city=City.build(scenario))
        arrays = sum(array.nbytes for array in simulation.arrays)
        return arrays, sum(need.bytes for need in needs(scenario))

    (less, said_less), (more, said_more) = size(count), size(10 * count)
    assert (said_more - said_less) / 3 < more - less < said_more - said_less


@pytest.mark.usefixtures("small")
def test_workers_share_the_memory(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    experiment = Experiment(
        [Arm("a", scenario, "fifo"), Arm("b", scenario, "edd")], seed=1, executor=Pool(100_000)
    )
    with pytest.raises(InputError, match="workers: 100000 is not allowed; at most 2"):
        experiment.replicate(range(100_000))


def test_the_memory_is_that_of_machine_or_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 1e8 < processors.memory() < 1e15
    monkeypatch.setattr(processors, "_control_groups", lambda: iter([3e9, 5e9]))
    assert processors.memory() == 3e9
    monkeypatch.setattr(processors, "_own_limit", lambda: 1e9)
    assert processors.memory() == 1e9


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("role", ["gridworker", "crew", "hotline"])
def test_plan_files_are_bounded_too(role: str, tmp_path: Path) -> None:
    """Each row is within its limit, all together are not."""
    scenario = tiny(tmp_path)
    city = City.build(scenario)
    path = tmp_path / "plan.csv"
    write_plan(path, scenario, city, base_plan(scenario, city))
    lines = path.read_text().splitlines(keepends=True)
    row = next(line for line in lines if line.startswith(f"{role},")).split(",")
    row[COLUMNS.index("number")] = "1000000"
    path.write_text("".join([*lines, *[",".join(row)] * 50]))
    start = time.process_time()
    with pytest.raises(InputError, match=r"column number: 1000000 is not allowed; at most about"):
        PlanFile.read(path).plan(scenario, city)
    assert time.process_time() - start < 5


@pytest.mark.usefixtures("small")
def test_part_timers_of_plan_files_take_no_room(tmp_path: Path) -> None:
    check_posts(tmp_path, [("line 1, column number", "part_time", 1_000_000)] * 10_000)
