"""Experiments: the same whoever runs them, kept, gone on with, and told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from tiny import tiny, write

import sim
from sim.api.experiments import compare, sweep
from sim.cli import main
from sim.errors import InputError
from sim.experiment.arm import Arm
from sim.experiment.compare import compare_arms
from sim.experiment.executor import Serial
from sim.experiment.experiment import Experiment
from sim.experiment.measures import measure
from sim.experiment.parts import Parts
from sim.experiment.replication import Replication, replicate
from sim.experiment.report import write_report
from sim.experiment.results import write as write_results
from sim.measure.kpis import kpis
from sim.policy import Policy, Reserve, View
from sim.scenario import Scenario

ROOT = Path(__file__).parents[2]
OWN = Path(__file__).parent / "own.py"
COLUMNS = [
    "scenario", "plan", "policy", "replication", "by", "name", "metric", "value", "unit", "n",
]  # fmt: skip


def cli(*words: object) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    return tiny(tmp_path / "tiny", ["time.days=1"])


class Counting(Serial):
    """Counts what it runs."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, int]] = []

    def run(self, function, tasks):  # type: ignore[no-untyped-def]
        for task, result in super().run(function, tasks):
            self.ran.append((task.arm.label, task.number))
            yield task, result


def test_measures_are_those_of_the_outcome(scenario: Scenario) -> None:
    outcome = sim.simulate(scenario)
    table = measure(outcome)
    assert not table.duplicated(["name", "metric"]).any()
    value = table.set_index(["name", "metric"])["value"]
    for by in ("city", "district"):
        for row in kpis(outcome, by).to_dict("records"):
            assert value[row["name"], row["metric"]] == pytest.approx(row["value"], nan_ok=True)
    assert value["city", "close.p10"] <= value["city", "close.p50"] <= value["city", "close.p99"]
    urgent = outcome.tickets["priority"] <= 1
    assert 0 < urgent.sum() < len(outcome)
    visits = outcome.visits
    way = visits["arrive"] - visits["start"]
    assert value["city", "crews.travel.mean"] == pytest.approx(way[way == way].mean())


def test_arms_meet_the_same_matters(scenario: Scenario) -> None:
    arms = [Arm(p, scenario, p) for p in ("fifo", "nearest")]
    a, b = (replicate(Replication(arm, 7, 3)) for arm in arms)
    same = a["metric"].isin(["matters", "tickets", "hotline.requests"])
    pd.testing.assert_frame_equal(a[same], b[same])
    assert not a.equals(b)
    assert not replicate(Replication(arms[0], 7, 4)).equals(a)


def test_what_is_finished_is_not_done_again(scenario: Scenario, tmp_path: Path) -> None:
    arms = [Arm(p, scenario, p) for p in ("fifo", "nearest")]
    first = Counting()
    begun = Experiment(arms, 7, first, Parts(tmp_path / "parts"))
    begun.replicate(range(2))
    again = Counting()
    gone_on = Experiment(arms, 7, again, Parts(tmp_path / "parts"))
    gone_on.replicate(range(3))
    assert again.ran == [("fifo", 2), ("nearest", 2)]
    whole = Experiment(arms, 7, Serial())
    whole.replicate(range(3))
    pd.testing.assert_frame_equal(gone_on.metrics(), whole.metrics())
    assert list(whole.metrics().columns) == ["arm", *COLUMNS]


def test_a_part_that_is_not_whole_is_done_again(scenario: Scenario, tmp_path: Path) -> None:
    task = Replication(Arm("fifo", scenario, "fifo"), 7, 0)
    parts = Parts(tmp_path)
    assert parts.find(task) is None
    result = replicate(task)
    parts.keep(task, result)
    found = parts.find(task)
    assert found is not None
    pd.testing.assert_frame_equal(found, result)
    assert parts.find(Replication(task.arm, 8, 0)) is None
    assert parts.find(Replication(Arm("fifo", scenario, "edd"), 7, 0)) is None
    (table,) = tmp_path.glob("*/*.parquet")
    table.write_bytes(table.read_bytes()[:-1])
    assert parts.find(task) is None
    parts.keep(task, result)
    (manifest,) = tmp_path.glob("*/*.json")
    manifest.write_text(manifest.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    assert parts.find(task) is None


def test_a_changed_policy_is_another(scenario: Scenario, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    text = OWN.read_text(encoding="utf-8")
    digests = []
    for said in (text, text.replace("view.urgency(ticket), ", "")):
        file.write_text(said, encoding="utf-8")
        digests.append(Arm("own", scenario, f"{file}:Shortest").fingerprint["policy"])
    assert digests[0] != digests[1]
    shares = [Arm("r", scenario, Reserve(share)) for share in (0.1, 0.2)]
    assert shares[0].fingerprint["policy"] != shares[1].fingerprint["policy"]
    assert shares[0].names["policy"] == "reserve(share=0.1,urgent=1)"


def test_the_pool_finds_what_one_process_finds(scenario: Scenario, tmp_path: Path) -> None:
    policies = ["fifo", f"{OWN}:Shortest"]
    pooled = compare(scenario, policies, replications=2, out=tmp_path / "pool")
    serial = compare(scenario, policies, replications=2, executor=Serial(), out=tmp_path / "one")
    for found, folder in ((pooled, "pool"), (serial, "one")):
        write_results(found, tmp_path / folder, plots=False)
    for name in ("metrics.parquet", "metrics.csv", "differences.csv", "experiment.json"):
        assert (tmp_path / "pool" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_replications_are_added_until_it_is_exact(scenario: Scenario) -> None:
    def run(precision: str | None, most: int) -> tuple[int, bool | None]:
        found = compare(
            scenario, ["fifo", "priority"], replications=2, targets=["arrive.mean"],
            precision=precision, max_replications=most, executor=Serial(),
        )  # fmt: skip
        counts = found.metrics.groupby("arm")["replication"].nunique()
        assert set(counts) == {found.settings["replications"]}
        return found.settings["replications"], found.exact

    assert run(None, 200) == (2, None)
    assert run("1000%", 200) == (2, True)
    count, exact = run("0.0000001%", 5)
    assert (count, exact) == (5, False)


def test_the_best_is_selected(tmp_path: Path) -> None:
    found = sweep(
        str(write(tmp_path / "tiny")), {"staff_scale.crews": (0.2, 1.0)}, days=1,
        replications=4, targets=["backlog"], executor=Serial(), max_replications=8,
        select=True, indifference="5%", probability=0.9,
    )  # fmt: skip
    assert found.selection is not None
    assert found.selection.complete
    assert found.selection.best == "staff_scale.crews=1.0"
    assert found.verdict[0].startswith("staff_scale.crews=1.0 is selected on open tickets")


def test_bad_policies_stop_alone(tmp_path: Path) -> None:
    toml = write(tmp_path / "tiny")
    names = ["fifo", *(f"{OWN}:{bad}" for bad in ("Raises", "OffShift", "Inventor", "Hangs"))]
    done = cli(
        "compare", toml, "--policies", ",".join([*names, "edd"]), "--days", 1, "-n", 2,
        "--policy-timeout", 0.5, "--out", tmp_path / "out", "--no-plots", "--workers", 2,
    )  # fmt: skip
    assert done.exit_code == 1
    assert "edd and fifo" in done.stdout
    for name, message in (
        ("Raises", "own.py: Raises.key: 'ZeroDivisionError"),
        ("OffShift", "others are off shift"),
        ("Inventor", "do not exist"),
        ("Hangs", "no decision within 0.5 s"),
    ):
        line = next(s for s in done.stderr.splitlines() if f"{name} was stopped" in s)
        assert message in line
    kept = pd.read_parquet(tmp_path / "out" / "metrics.parquet")
    assert set(kept["policy"]) == {"fifo", "edd"}
    facts = json.loads((tmp_path / "out" / "experiment.json").read_text(encoding="utf-8"))
    assert [one["arm"] for one in facts["failed"]] == names[1:]
    page = write_report(tmp_path / "out").read_text(encoding="utf-8")
    assert "Raises was stopped in replication 0" in page


def test_the_baseline_stops_alone_too(tmp_path: Path) -> None:
    """The others are compared with the next that runs; with one left there is nothing to say."""
    scenario = tiny(tmp_path / "tiny", ["time.days=1"])
    bad = f"{OWN}:Raises"
    found = compare(scenario, [bad, "fifo", "edd"], replications=2, executor=Serial())
    assert [one.arm for one in found.failed] == ["raises"]
    assert found.settings["baseline"] == "fifo"
    assert {(one.arm, one.baseline) for one in found.differences} == {("edd", "fifo")}
    with pytest.raises(InputError, match="nothing to compare"):
        compare(scenario, [bad, "fifo"], replications=2, executor=Serial())


def test_compare_sweep_and_report(tmp_path: Path) -> None:
    toml, out = write(tmp_path / "tiny"), tmp_path / "out"
    done = cli(
        "sweep", toml, "--vary", "staff_scale.crews=1.0,0.3", "--vary", "patrol.speed_kmh=4,3",
        "--days", 1, "-n", 2, "--district", "East", "--workers", 1, "--out", out, "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts == json.loads((out / "experiment.json").read_text(encoding="utf-8"))
    assert [arm["label"] for arm in facts["arms"]][:2] == [
        "staff_scale.crews=1.0, patrol.speed_kmh=4",
        "staff_scale.crews=1.0, patrol.speed_kmh=3",
    ]
    assert len(facts["differences"]) == 3 * 4
    kept = pd.read_parquet(out / "metrics.parquet")
    assert list(kept.columns) == COLUMNS
    assert kept["scenario"].nunique() == 4
    assert set(kept["name"]) == {"city", "East"}
    assert sorted(p.name for p in (out / "plots").iterdir()) == [
        "differences.png", "ecdf.png", "trade-off.png",
    ]  # fmt: skip
    assert cli("report", out).stdout.strip() == str(out / "report.html")
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 3
    assert 'src="http' not in page
    assert "href" not in page
    for said in (*facts["verdict"], "a test", "seed 7", "published", "2 replications"):
        assert said.replace("'", "&#x27;") in page or said in page
    again = cli("sweep", toml, "--vary", "staff_scale.crews=1.0,0.3", "--vary",
                "patrol.speed_kmh=4,3", "--days", 1, "-n", 2, "--district", "East",
                "--workers", 1, "--out", out, "--no-plots")  # fmt: skip
    assert "pairing saves" in again.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["compare", "TINY", "--policies", "fifo"], "at least two"),
        (["compare", "TINY", "--policies", "fifo,lifo"], "one of fifo, priority"),
        (["compare", "TINY", "--policies", "fifo,,edd"], "each once"),
        (["compare", "TINY", "--policies", "fifo,edd", "-n", "1"], "at least 2"),
        (["compare", "TINY", "--policies", "fifo,edd", "-n", "1000000000"], "at most 100000"),
        (["compare", "TINY", "--policies", "fifo,edd", "--precision", "x"], "such as 5%"),
        (["compare", "TINY", "--policies", "fifo,edd", "--warm-up", "400"], "0 to 366 days"),
        (["compare", "TINY", "--policies", "fifo,edd", "--warmup", "x"], "--warm-up DAYS"),
        (["compare", "TINY", "--policies", "fifo,edd", "--engine", "x"], "engine"),
        (["compare", "TINY", "--policies", "fifo,edd", "--workers", "0"], "from 1"),
        (["compare", "TINY", "--policies", "fifo,edd", "--out", "HERE"], "a new folder"),
        (["compare", "TINY", "--policies", "fifo,edd", "--select", "--pcs", "1"], "pcs"),
        (["sweep", "TINY", "--vary", "staff_scale.crews"], "key=value"),
        (["sweep", "TINY", "--vary", "staff_scale.crew=1,2"], "crews"),
        (["sweep", "TINY", "--vary", "seed=1,-2"], "seed"),
        (["report", "HERE"], "a folder of sim compare"),
    ],
)
def test_bad_input(words: list[str], message: str, tmp_path: Path) -> None:
    toml = write(tmp_path / "tiny")
    places = {"TINY": str(toml), "HERE": str(toml.parent)}
    done = cli(*(places.get(word, word) for word in words))
    assert done.exit_code == 2, done.output
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line


def test_unknown_metric_and_district(scenario: Scenario) -> None:
    arms = [Arm(p, scenario, p) for p in ("fifo", "edd")]
    options = {"question": "?", "replications": 2, "executor": Serial()}
    with pytest.raises(InputError, match=r"close\.p90"):
        compare_arms(arms, targets=["close.p9"], **options)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="district=Nowhere' is not allowed; one of East, West"):
        compare_arms(arms, of="district=Nowhere", **options)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="each arm once"):
        compare_arms([arms[0], arms[0]], **options)  # type: ignore[arg-type]


def test_a_policy_typed_in_a_notebook_runs_in_this_process(scenario: Scenario) -> None:
    class Typed(Policy):
        name = "typed"

        def key(self, view: View, ticket: int) -> tuple[float, ...]:
            return (view.ready(ticket),)

    Typed.__module__ = "__main__"
    with pytest.raises(InputError, match=r"Serial\(\)"):
        compare(scenario, ["fifo", Typed()], replications=2, workers=2)
    found = compare(scenario, ["fifo", Typed()], replications=2)
    assert all(one.difference == (0, 0, 0) for one in found.differences)
    assert "the same in every replication" in found.verdict[0]


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            command = (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == pid and b"spawn_main" in command:
            found.append(int(stat.parent.name))
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for workers in /proc")
@pytest.mark.parametrize("how", ["a worker", "all of it", "Ctrl-C"])
def test_killed_and_started_again(how: str, tmp_path: Path) -> None:
    """The tables are those of a run that nobody disturbed, to the byte."""
    toml, out = write(tmp_path / "tiny"), tmp_path / "out"
    words = ["compare", str(toml), "--policies", "fifo,nearest", "--days", "2", "--no-plots"]
    words += ["-n", "6"]
    command = [sys.executable, "-m", "sim.cli", *words, "--workers", "2", "--out"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = tmp_path / "told"
    with told.open("w") as file:
        running = subprocess.Popen([*command, str(out)], env=environment, stdout=file, stderr=file)
    end = time.monotonic() + 120
    while len(list(out.glob("parts/*/*.json"))) < 3 and time.monotonic() < end:
        time.sleep(0.02)
    workers = children(running.pid)
    assert workers
    if how == "a worker":
        os.kill(workers[0], signal.SIGKILL)
        assert running.wait(240) == 0
    else:
        os.kill(running.pid, signal.SIGKILL if how == "all of it" else signal.SIGINT)
        running.wait(60)
        assert running.returncode == (-signal.SIGKILL if how == "all of it" else 130)
        if how == "Ctrl-C":
            assert "goes on from there" in told.read_text(encoding="utf-8")
        kept = {p: p.stat().st_mtime_ns for p in out.glob("parts/*/*.json")}
        assert 3 <= len(kept) < 12
        subprocess.run([*command, str(out)], env=environment, check=True, capture_output=True)
        assert kept.items() <= {p: p.stat().st_mtime_ns for p in out.glob("parts/*/*.json")}.items()
    calm = tmp_path / "calm"
    subprocess.run([*command, str(calm)], env=environment, check=True, capture_output=True)
    for name in ("metrics.parquet", "metrics.csv", "differences.csv", "experiment.json"):
        assert (out / name).read_bytes() == (calm / name).read_bytes()
    assert not list(out.rglob("*.tmp"))
