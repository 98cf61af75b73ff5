"""Event logs for process mining say what the tables say, in formats that others read."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from generated import recipes, scenario_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import tiny

import sim
from sim.cli import main
from sim.engine.outcome import Outcome
from sim.errors import InputError
from sim.measure import export as package
from sim.measure.export import FORMATS, export
from sim.measure.export.events import COLUMNS, EventRole, Step, events_of
from sim.measure.export.result import Result
from sim.measure.store import read, write

XES = "{http://www.xes-standard.org/}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("export")
    scenario = tiny(where, ['title_en="Tom & \\"Jerry\\" <3"'])
    return write(sim.simulate(scenario, seed=3), where / "out")


@pytest.fixture(scope="module")
def outcome(folder: Path) -> Outcome:
    return read(folder)


@pytest.fixture(scope="module")
def table(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    file, _ = export(folder, "csv", tmp_path_factory.mktemp("csv") / "log.csv")
    return pd.read_csv(file)


def in_order_of(outcome: Outcome, per_case: pd.Series) -> np.ndarray[Any, Any]:
    return per_case.reindex(outcome.tickets["key"]).to_numpy()


def seconds(times: pd.Series) -> pd.Series:
    start = pd.Timestamp("2018-01-01", tz="Asia/Shanghai")
    return (pd.to_datetime(times) - start).dt.total_seconds()


STEPS = {
    "discovery": "discovered", "acceptance": "accepted", "handling": "handled",
    "tracking": "tracked", "supervision": "supervised", "feedback": "checked",
    "evaluation": "closed",
}  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_each_step_ends_when_the_ticket_says(
    step: str, outcome: Outcome, table: pd.DataFrame
) -> None:
    mine = table[table["activity"] == step]
    last = seconds(mine["timestamp"]).groupby(mine["case_id"]).max()
    np.testing.assert_allclose(
        in_order_of(outcome, last), outcome.tickets[STEPS[step]], atol=0.5e-3 + 1e-9
    )


def test_triage_ends_first_when_the_ticket_says(outcome: Outcome, table: pd.DataFrame) -> None:
    mine = table[table["activity"] == "triage"]
    first = seconds(mine["timestamp"]).groupby(mine["case_id"]).min()
    np.testing.assert_allclose(
        in_order_of(outcome, first), outcome.tickets["triaged"], atol=0.5e-3 + 1e-9
    )


def test_what_was_done_again_stands_again(outcome: Outcome, table: pd.DataFrame) -> None:
    t = outcome.tickets
    closed, triaged = ~np.isnan(t["closed"]), ~np.isnan(t["triaged"])
    done = closed & triaged
    counts = table.groupby(["case_id", "activity"]).size().unstack(fill_value=0)
    for activity, again in (
        ("triage", "sent_back"), ("handling", "reopened"), ("feedback", "reopened"),
    ):  # fmt: skip
        found = in_order_of(outcome, counts[activity])[done]
        np.testing.assert_array_equal(found, 1 + t[again][done])
        assert t[again][done].max() > 0  # or there was nothing to see
    during_the_call = in_order_of(outcome, counts.sum(axis=1))[closed & ~triaged]
    assert set(during_the_call) == {3}  # discovery, acceptance, evaluation


def test_every_round_settles_equally_long(outcome: Outcome, folder: Path) -> None:
    """The settling of the rounds before the last is not kept: it is told from the last."""
    visits, t = outcome.visits, outcome.tickets
    (tables,) = Result.open(folder).slices(COLUMNS, folder, 10**6, lambda _: None)
    events = events_of(tables, outcome.until)
    mine = (events.step == Step.HANDLING) & (events.role == EventRole.CREW)
    lead = visits["unit"] == t["unit"][visits["ticket"]]
    ends = {
        (ticket, start): end
        for ticket, start, end in zip(
            visits["ticket"][lead].tolist(), visits["start"][lead].tolist(),
            visits["end"][lead].tolist(), strict=True,
        )
    }  # fmt: skip
    rounds: dict[int, set[float]] = {}
    for ticket, start, end in zip(
        events.ticket[mine].tolist(), events.start[mine].tolist(), events.end[mine].tolist(),
        strict=True,
    ):  # fmt: skip
        rounds.setdefault(ticket, set()).add(end - ends[ticket, start])
    assert len(rounds) < mine.sum()  # some were reopened
    for ticket, settled in rounds.items():
        assert len(settled) == 1
        assert min(settled) >= 0
        if t["state"][ticket] == 11:
            assert settled == {t["handled"][ticket] - t["finished"][ticket]}


def test_who_did_it(outcome: Outcome, table: pd.DataFrame) -> None:
    visits, stops, t = outcome.visits, outcome.stops, outcome.tickets
    handled = set(zip(t["key"][visits["ticket"]].tolist(), visits["crew"].tolist(), strict=True))
    by_crew = table[(table["activity"] == "handling") & (table["role"] == "crew")]
    crews = by_crew["resource"].str.removeprefix("crew ").astype(int)
    assert set(zip(by_crew["case_id"], crews, strict=True)) <= handled
    walked = set(zip(t["key"][stops["ticket"]].tolist(), stops["worker"].tolist(), strict=True))
    by_foot = table[table["role"] == "gridworker"]
    workers = by_foot["resource"].str.removeprefix("gridworker ").astype(int)
    assert set(zip(by_foot["case_id"], workers, strict=True)) <= walked
    assert set(by_foot["activity"]) == {
        "discovery", "acceptance", "triage", "handling", "feedback",
    }  # fmt: skip
    assert {"12345 hotline", "110 desk", "East district centre", "West 01 town centre"} <= set(
        table["resource"]
    )
    first = table[table["activity"] == "discovery"]
    assert set(first["role"]) == {"citizen", "gridworker", "part-time gridworkers", "camera"}


def test_steps_end_after_they_begin_and_before_the_run_does(
    outcome: Outcome, table: pd.DataFrame
) -> None:
    begin, end = seconds(table["start_timestamp"]), seconds(table["timestamp"])
    assert (begin <= end).all()
    assert end.max() <= outcome.until
    assert (end.groupby(table["case_id"]).diff().dropna() >= 0).all()
    assert table["timestamp"].str.fullmatch(r"2018-01-0\dT\d\d:\d\d:\d\d\.\d{3}\+08:00").all()


def test_names(outcome: Outcome, table: pd.DataFrame) -> None:
    frame = outcome.frame.set_index("key")
    one = table.groupby("case_id").first()
    for column in ("category", "district", "town", "channel"):
        assert (one[column] == frame[column].reindex(one.index).astype(str)).all()
    assert set(table["activity_zh"]) == {
        "发现", "受理", "分流", "处置", "跟踪", "督办", "反馈", "评价",
    }  # fmt: skip
    assert set(table["district_zh"]) == {"东区", "西区"}


def test_xes(folder: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    file, count = export(folder, "xes", tmp_path / "log.xes")
    log = ET.parse(file).getroot()
    assert log.tag == XES + "log"
    assert log.get("xes.version") == "1849.2016"
    assert count == len(table) == len(log.findall(f"{XES}trace/{XES}event"))
    order = [child.tag.removeprefix(XES) for child in log]
    rank = {"extension": 0, "global": 1, "classifier": 2, "string": 3, "int": 3, "trace": 4}
    ranks = [rank[tag] for tag in order]  # the order that the standard's schema prescribes
    assert ranks == sorted(ranks)
    values = {child.get("key"): child.get("value") for child in log if child.get("key")}
    assert values["concept:name"] == 'Tom & "Jerry" <3'
    assert values["seed"] == "3"

    prefixes = {e.get("prefix") for e in log.findall(f"{XES}extension")}
    must = {
        scope.get("scope"): {a.get("key") for a in scope} for scope in log.findall(f"{XES}global")
    }
    rows = iter(table.to_dict("records"))
    for trace in log.findall(f"{XES}trace"):
        attributes = {a.get("key"): a.get("value") for a in trace if a.tag != f"{XES}event"}
        assert must["trace"] <= attributes.keys()
        for event in trace.findall(f"{XES}event"):
            row = next(rows)
            told = {a.get("key"): a.get("value") for a in event}
            assert must["event"] <= told.keys()
            assert {key.split(":")[0] for key in told if key and ":" in key} <= prefixes
            assert attributes["concept:name"] == str(row["case_id"])
            assert told["concept:name"] == row["activity"]
            assert told["time:timestamp"] == row["timestamp"]
            assert told["start_timestamp"] == row["start_timestamp"]
            assert told["org:resource"] == row["resource"]
            assert told["org:group"] == attributes["department"] == row["department"]
    assert next(rows, None) is None


def test_ocel(folder: Path, outcome: Outcome, table: pd.DataFrame, tmp_path: Path) -> None:
    file, count = export(folder, "ocel", tmp_path / "log.jsonocel")
    log = json.loads(file.read_text(encoding="utf-8"))
    assert count == len(table) == len(log["events"])
    assert len({event["id"] for event in log["events"]}) == count
    objects = {thing["id"]: thing["type"] for thing in log["objects"]}
    assert len(objects) == len(log["objects"])
    kinds = {kind["name"]: kind["attributes"] for kind in log["objectTypes"]}
    assert set(objects.values()) == set(kinds)
    checks = {"string": str, "integer": int, "boolean": bool}
    for thing in log["objects"]:
        declared = {a["name"]: checks[a["type"]] for a in kinds[thing["type"]]}
        assert {a["name"] for a in thing["attributes"]} == set(declared)
        assert all(type(a["value"]) is declared[a["name"]] for a in thing["attributes"])
        assert all(link["objectId"] in objects for link in thing["relationships"])
    types = {kind["name"] for kind in log["eventTypes"]}
    qualifiers: dict[str, set[str]] = {}
    for event, row in zip(log["events"], table.to_dict("records"), strict=True):
        assert event["type"] in types
        assert (event["type"], event["time"]) == (row["activity"], row["timestamp"])
        links = {link["qualifier"]: link["objectId"] for link in event["relationships"]}
        assert links["ticket"] == f"ticket-{row['case_id']}"
        for qualifier, thing in links.items():
            qualifiers.setdefault(qualifier, set()).add(objects[thing])
    assert qualifiers == {
        "ticket": {"ticket"},
        "found in": {"grid"},
        "found by": {"gridworker"},
        "accepted by": {"gridworker", "desk"},
        "triaged by": {"gridworker", "desk"},
        "handled by": {"gridworker", "crew"},
        "handled with": {"crew"},
        "checked by": {"gridworker", "desk"},
    }
    visits, t = outcome.visits, outcome.tickets
    settled = visits["end"] <= t["handled"][visits["ticket"]]
    told = {
        (link["objectId"], event["relationships"][0]["objectId"])
        for event in log["events"]
        for link in event["relationships"]
        if link["objectId"].startswith("crew-")
    }
    assert told == {
        (f"crew-{crew}", f"ticket-{key}")
        for crew, key in zip(
            visits["crew"][settled].tolist(),
            t["key"][visits["ticket"][settled]].tolist(),
            strict=True,
        )
    }


def tables_of(outcome: Outcome) -> dict[str, dict[str, np.ndarray[Any, Any]]]:
    """What `Result.slices` would read of all tickets at once."""
    tables = {}
    for part, names in COLUMNS.items():
        log = getattr(outcome, part)
        order = np.arange(len(log[names[0]]))
        if part != "tickets":
            order = np.argsort(log["ticket"], kind="stable")
        tables[part] = {name: log[name][order] for name in names} | {"row": order}
    return tables


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(recipe=recipes(), cut=st.sampled_from([0.3, 0.6, 0.85, 1.0]))
def test_generated(recipe: Any, cut: float) -> None:
    """At any instant of any scenario, the events are those that the tickets tell."""
    with tempfile.TemporaryDirectory() as folder:
        simulation = sim.prepare(scenario_of(recipe, Path(folder)))
        simulation.run(cut * simulation.horizon)
    outcome = simulation.outcome()
    events, t = events_of(tables_of(outcome), outcome.until), outcome.tickets
    for step, column in {**STEPS, "triage": "triaged"}.items():
        mine = events.step == Step[step.upper()]
        ticket, end = events.ticket[mine], events.end[mine]
        found = np.full(len(outcome), np.nan)
        if step == "triage":
            ticket, end = ticket[::-1], end[::-1]
        found[ticket] = end  # the last stays
        np.testing.assert_array_equal(found, t[column], err_msg=step)
    assert (events.start <= events.end).all()
    assert (events.end <= outcome.until).all()
    through = ~np.isnan(t["closed"]) & ~np.isnan(t["triaged"])
    for step, again in ((3, "sent_back"), (4, "reopened"), (7, "reopened")):
        counts = np.bincount(events.ticket[events.step == step], minlength=len(outcome))
        np.testing.assert_array_equal(counts[through], 1 + t[again][through])


@pytest.mark.parametrize("format", FORMATS)
def test_stretches_make_no_difference(
    format: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = export(folder, format, tmp_path / "whole")
    monkeypatch.setattr(package, "_STRETCH", 37)
    parts, _ = export(folder, format, tmp_path / "parts")
    assert parts.read_bytes() == whole.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["parts", "whole"]


def test_part_files(folder: Path, outcome: Outcome, tmp_path: Path) -> None:
    """Tables may be folders of part files whose rows are in any order."""
    split = tmp_path / "split"
    shutil.copytree(folder, split)
    for name in ("tickets", "visits", "stops", "services"):
        table = pq.read_table(split / f"{name}.parquet").to_pandas()
        table["row"] = np.arange(len(table))
        (split / f"{name}.parquet").unlink()
        (split / name).mkdir()
        for part in range(3):
            rows = table[table.index % 3 == part].iloc[::-1]
            rows.to_parquet(split / name / f"part-{part}.parquet", index=False)
    for format in ("csv", "xes"):
        ours, _ = export(split, format, tmp_path / "split.log", overwrite=True)
        plain, _ = export(folder, format, tmp_path / "plain.log", overwrite=True)
        assert ours.read_bytes() == plain.read_bytes()


ODD_DAYS = [
    ("Europe/Berlin", "2018-03-24", {"+01:00", "+02:00"}),
    ("America/New_York", "2018-11-03", {"-04:00", "-05:00"}),
    ("Australia/Sydney", "2018-04-01", {"+11:00", "+10:00"}),
    ("Australia/Lord_Howe", "2018-10-06", {"+10:30", "+11:00"}),
    ("America/Sao_Paulo", "2018-11-04", {"-02:00"}),  # no midnight
]


@pytest.mark.parametrize(("zone", "start", "offsets"), ODD_DAYS)
def test_clocks_that_change(zone: str, start: str, offsets: set[str], tmp_path: Path) -> None:
    """Every instant is that of the run, in all formats; no hour that does not exist is told."""
    changes = [f"time.start={start}", f'time.timezone="{zone}"']
    outcome = sim.simulate(tiny(tmp_path, changes), days=2)
    folder = write(outcome, tmp_path / "out")
    place, tickets = ZoneInfo(zone), outcome.tickets
    midnight = datetime.fromisoformat(start).replace(tzinfo=place).astimezone(UTC)

    table = pd.read_csv(export(folder)[0])
    logs = {"csv": list(zip(table["start_timestamp"], table["timestamp"], strict=True))}
    root = ET.parse(export(folder, "xes")[0]).getroot()
    logs["xes"] = [
        tuple(
            next(d.get("value") for d in event.findall(f"{XES}date") if d.get("key") == key)
            for key in ("start_timestamp", "time:timestamp")
        )
        for event in root.iter(f"{XES}event")
    ]
    objects = json.loads(export(folder, "ocel")[0].read_text(encoding="utf-8"))
    logs["ocel"] = [
        (next(a["value"] for a in e["attributes"] if a["name"] == "start"), e["time"])
        for e in objects["events"]
    ]
    for told in logs.values():
        assert sorted(told) == sorted(logs["csv"])
        assert {moment[-6:] for pair in told for moment in pair} == offsets
    for pair in logs["csv"]:
        for text in pair:
            moment = datetime.fromisoformat(text)
            assert moment.astimezone(UTC).astimezone(place).isoformat() == moment.isoformat()
    closed = table[table["activity"] == "evaluation"].set_index("case_id")["timestamp"]
    done = np.flatnonzero(tickets["closed"] < outcome.until)
    assert len(closed) == len(done) > 0
    for key, second in zip(tickets["key"][done].tolist(), tickets["closed"][done], strict=True):
        moment = datetime.fromisoformat(closed[key])
        assert (moment - midnight).total_seconds() == pytest.approx(second, abs=0.001)


def test_zones_without_changes_are_told_as_ever(table: pd.DataFrame, outcome: Outcome) -> None:
    """Local time is the start's midnight plus the seconds of the run."""
    closed = table[table["activity"] == "evaluation"].set_index("case_id")["timestamp"]
    tickets = outcome.tickets
    midnight = datetime.combine(outcome.scenario.time.start, datetime.min.time())
    for key in closed.index:
        second = tickets["closed"][np.flatnonzero(tickets["key"] == key)[0]]
        local = midnight + timedelta(milliseconds=int(np.rint(second * 1000)))
        assert closed[key] == f"{local.isoformat(timespec='milliseconds')}+08:00"


def test_nothing_happened(tmp_path: Path) -> None:
    simulation = sim.prepare(tiny(tmp_path), days=1)
    simulation.run(until=1.0)
    folder = write(simulation.outcome(), tmp_path / "out")
    for format in FORMATS:
        assert export(folder, format)[1] == 0
    assert ET.parse(folder / "events.xes").getroot().findall(f"{XES}trace") == []
    assert json.loads((folder / "events.jsonocel").read_text())["events"] == []
    assert list(pd.read_csv(folder / "events.csv"))[:2] == ["case_id", "activity"]


def test_gzipped(folder: Path, tmp_path: Path) -> None:
    packed, _ = export(folder, "xes", tmp_path / "log.xes.gz")
    plain, _ = export(folder, "xes", tmp_path / "log.xes")
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()


def test_bad_input(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one of csv, xes, ocel"):
        export(folder, "xml")
    with pytest.raises(InputError, match="sim run --out"):
        export(tmp_path)
    (tmp_path / "there").write_text("mine")
    with pytest.raises(InputError, match="--overwrite"):
        export(folder, "csv", tmp_path / "there")
    with pytest.raises(InputError, match="a file, not a folder"):
        export(folder, "csv", tmp_path, overwrite=True)
    with pytest.raises(InputError, match="there: cannot be written"):
        export(folder, "csv", tmp_path / "there" / "log.csv")
    assert (tmp_path / "there").read_text() == "mine"


@pytest.mark.parametrize("part", ["visits.parquet", "plan.npz", "scenario.toml", "cut", "zone"])
def test_damaged(part: str, folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "out"
    shutil.copytree(folder, broken)
    if part == "cut":
        path = broken / "stops.parquet"
        path.write_bytes(path.read_bytes()[:-100])
    elif part == "zone":
        path = broken / "scenario.toml"
        path.write_text(path.read_text(encoding="utf-8").replace("Asia/Shanghai", "Asia/Suzhou"))
    else:
        (broken / part).unlink()
    before = sorted(broken.iterdir())
    with pytest.raises(InputError):
        export(broken, "xes")
    assert sorted(broken.iterdir()) == before  # nothing half-written


def test_command(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "log.xes"
    done = CliRunner().invoke(main, ["export", str(folder), "--format", "xes", "--out", str(out)])
    assert done.exit_code == 0
    assert out.is_file()
    assert f"{out}: " in done.stdout
    again = CliRunner().invoke(main, ["export", str(folder), "--format", "xes", "--out", str(out)])
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr


def test_pm4py_reads_it(folder: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    pm4py = pytest.importorskip("pm4py", reason="pm4py is not installed: nothing depends on it")
    xes, _ = export(folder, "xes", tmp_path / "log.xes")
    log = pm4py.read_xes(str(xes))
    assert len(log) == len(table)
    assert log["case:concept:name"].nunique() == table["case_id"].nunique()
    ocel, _ = export(folder, "ocel", tmp_path / "log.jsonocel")
    objects = pm4py.read_ocel2_json(str(ocel))
    assert len(objects.events) == len(table)
    assert set(pm4py.ocel_get_object_types(objects)) == {
        "ticket", "grid", "gridworker", "crew", "desk",
    }  # fmt: skip
