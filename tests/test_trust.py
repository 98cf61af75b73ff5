"""What is handed over by somebody else makes the program do nothing but read data."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from handed_over import cli, refused
from tiny import TOML, tiny, write

import sim
from sim.city.city import City
from sim.engine.outcome import LOGS
from sim.errors import InputError
from sim.measure import store
from sim.measure.checkpoint import Checkpoint, resume
from sim.measure.checks import check_outcome
from sim.measure.export import FORMATS, export
from sim.model.planfile import PlanFile, write_plan
from sim.model.routes import read_routes
from sim.model.staffing import base_plan
from sim.optimize.roster import load_rules
from sim.optimize.roster.tables_in import read_history, read_people
from sim.processors import threads
from sim.scenario import load

SECRET = "root:x:0:0:hidden words"


# --- scenarios


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("seed = 7", "seed = " + "9" * 5000, "TOML"),
        ("seed = 7", "seed = 7\nx = " + "[" * 5000 + "]" * 5000, "TOML"),
        ("seed = 7", "seed = 7\nextends = '" + "a" * 5000 + "'", "extends"),
        ("seed = 7", 'seed = 7\nextends = "a\\u0000b"', "extends"),
        ("seed = 7", "seed = 7\nextends = '/dev/zero'", "extends"),
        ('"categories.csv"', '"a\\u0000b.csv"', "tables.categories"),
        ('"categories.csv"', '"/dev/zero"', "tables.categories"),
        ('"categories.csv"', '"PIPE"', "tables.categories"),
        ('"categories.csv"', '"' + "a" * 300 + '"', "tables.categories"),
        ("population = 20_000", "population = 4", "totals.population"),
        ("population = 20_000", "population = " + "9" * 17, "totals.population"),
        ('title_en = "Tiny"', 'title_en = "Ti\\u001bny"', "title_en"),
        ('title_en = "Tiny"', 'title_en = "Ti\\nny"', "title_en"),
        ("[districts.West]", '["districts"."We\\u0007st"]', "districts"),
        ('"time" = { basis = "assumed", note = "a test" }',
         '"time" = { basis = "assumed", note = "a \\u001b[2J" }', 'sources."time".note'),
        ('"cameras" = { basis', '"cameras" = { basis = "assumed", note = "x" }\n"camera" = { basis',
         "sources"),
        ('"cameras" = { basis',
         '"cameras" = { basis = "assumed", note = "x" }\n"hotline.talk" = { basis', "sources"),
    ],
)  # fmt: skip
def test_scenarios(old: str, new: str, field: str, tmp_path: Path) -> None:
    assert old in TOML
    os.mkfifo(tmp_path / "pipe")
    path = write(tmp_path, TOML.replace(old, new.replace("PIPE", str(tmp_path / "pipe")), 1))
    line = refused("validate", path)
    assert f": {field}" in line
    assert "\x1b" not in line


def test_a_mistyped_source_gets_a_hint(tmp_path: Path) -> None:
    text = TOML.replace('"cameras" = {', '"camera" = {', 1)
    assert "did you mean cameras?" in refused("validate", write(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "column", "cell"),
    [
        ("categories.csv", "name_en", "a\x1bb"),
        ("categories.csv", "name_zh", "事\x00项"),
        ("categories.csv", "source", "a\x9bb"),
        ("categories.csv", "name_en", "x" * 140_000),
        ("districts.csv", "name_zh", "东\u202e"),
        ("districts.csv", "population_2020_census", "9" * 400),
        ("districts.csv", "population_2020_census", "²"),
        ("districts.csv", "lon", "nan"),
    ],
)
def test_tables(name: str, column: str, cell: str, tmp_path: Path) -> None:
    path = write(tmp_path)
    rows = [line.split(",") for line in (tmp_path / name).read_text("utf-8").splitlines()]
    rows[1][rows[0].index(column)] = cell
    (tmp_path / name).write_text("\n".join(map(",".join, rows)), "utf-8")
    line = refused("validate", path)
    assert name in line
    assert "row 2" in line or "line 2" in line


@pytest.mark.parametrize("properties", [5, None, [], "x", {"code": {}}])
def test_features(properties: object, tmp_path: Path) -> None:
    path = write(tmp_path)
    borders = json.loads((tmp_path / "districts.geojson").read_text("utf-8"))
    borders["features"][0]["properties"] = properties
    (tmp_path / "districts.geojson").write_text(json.dumps(borders), "utf-8")
    assert "districts.geojson" in refused("validate", path)


@pytest.mark.parametrize(
    "change",
    ["demand.².factor=2", "seed=" + "9" * 5000, ".".join("a" * 5000) + "=1", "a=" + "[" * 9999],
)
def test_overrides(change: str, tmp_path: Path) -> None:
    refused("validate", write(tmp_path), "--set", change)


@pytest.mark.parametrize("said", ["abc", "-1", "0", "1.5", "²", "1" * 5000])
def test_threads(said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIM_THREADS", said)
    with pytest.raises(InputError, match="SIM_THREADS"):
        threads()
    assert "SIM_THREADS" in refused("run", write(tmp_path), "--days", 1)


def test_messages_quote_no_file(tmp_path: Path) -> None:
    path, other = write(tmp_path), tmp_path / "passwd"
    other.write_text(f"{SECRET}\n{SECRET}\n", "utf-8")
    for words in (
        ("validate", other),
        ("validate", path, "--set", f"tables.categories={other}"),
        ("validate", path, "--set", f"area.districts={other}"),
        ("validate", path, "--set", f"area.boundaries={other}"),
        ("validate", path, "--set", f"area.grids={other}"),
        ("run", path, "--plan", other),
        ("run", path, "--routes", other),
        ("optimize", "roster", path, "--names", other),
        ("optimize", "roster", path, "--requests", other),
        ("optimize", "roster", path, "--history", other),
        ("optimize", "roster", path, "--rules", other),
    ):
        line = refused(*words)
        assert "hidden" not in line, words
        assert "root" not in line.replace(str(tmp_path), ""), words


def test_markup_in_names_is_text(tmp_path: Path) -> None:
    text = TOML.replace('title_en = "Tiny"', 'title_en = "[/red] $x^{ <script>"')
    text = text.replace("[districts.West]", '[districts."=[/b] $a_{"]')
    path = write(tmp_path, text)
    table = tmp_path / "districts.csv"
    table.write_text(table.read_text("utf-8").replace("West", "=[/b] $a_{"), "utf-8")
    done = cli("run", path, "--days", 1, "--out", tmp_path / "out")
    assert done.exit_code == 0, (done.output, done.exception)
    shown = (tmp_path / "out" / "kpis.csv").read_text("utf-8")
    assert "\ncity,城" not in shown or ",=[" not in shown
    assert "'=[/b] $a_{" in shown
    assert not re.search(r"(^|,)=", shown, re.MULTILINE)


# --- plans, routes and rosters


def test_plans_come_back(tmp_path: Path) -> None:
    text = TOML.replace("[districts.West]", '[districts."-West"]')
    path = write(tmp_path, text)
    table = tmp_path / "districts.csv"
    table.write_text(table.read_text("utf-8").replace("West", "-West"), "utf-8")
    scenario = load(path)
    city = City.build(scenario)
    plan = base_plan(scenario, city)
    write_plan(tmp_path / "plan.csv", scenario, city, plan)
    said = (tmp_path / "plan.csv").read_text("utf-8")
    assert ",'-West" in said
    assert ",-West" not in said
    again = PlanFile.read(tmp_path / "plan.csv").plan(scenario, city)
    for name, column in vars(plan).items():
        assert np.array_equal(column, getattr(again, name)), name


@pytest.mark.parametrize(
    "head",
    [
        "# districts = 5", '# scenario = ["a"]', '# note = "\\u001b"', "# more = 1", "# shifts = 3",
        "# scenario = 1", '# [shifts."a\\u0000"]\n# start = "08:00"\n# hours = 1.0',
    ],
)  # fmt: skip
def test_heads_of_plans(head: str, tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    city = City.build(scenario)
    columns = "role,department,place,place_zh,shift,number,base,offset"
    (tmp_path / "plan.csv").write_text(f"# sim_plan = 1\n{head}\n{columns}\n", "utf-8")
    with pytest.raises(InputError, match=r"plan\.csv"):
        PlanFile.read(tmp_path / "plan.csv").plan(scenario, city)


@pytest.mark.parametrize("cell", ["²", "--1", "1" * 5000, "", "٣", "1_0", "nan", "1e3"])
@pytest.mark.parametrize("column", range(1, 6))
def test_routes(column: int, cell: str, tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    city = City.build(scenario)
    row = [city.district_code[0], "0", "0", "1", "0", "1", "0"]
    row[column] = cell
    text = "district,grid,leg,of,start,cells,cross_m\n" + ",".join(row)
    (tmp_path / "routes.csv").write_text(text, "utf-8")
    with pytest.raises(InputError, match="row 2"):
        read_routes(tmp_path / "routes.csv", scenario, city)


def test_rosters_come_back(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("name,team\n'=cmd(),\n'-Li,\n", "utf-8")
    people = read_people(path, load_rules(), ["day"])
    assert [worker.name for worker in people[""]] == ["=cmd()", "-Li"]
    path.write_text("worker,date,shift\n'=cmd(),2018-01-01,day\n", "utf-8")
    assert list(read_history(path, ["day"])) == ["=cmd()"]
    path.write_text("name,team\na\x1bb,\n", "utf-8")
    with pytest.raises(InputError, match="control characters"):
        read_people(path, load_rules(), ["day"])


# --- checkpoints: code is named by the user

MINE = """
from pathlib import Path
from sim.policy import Fifo

Path("{mark}").touch()


class Mine(Fifo):
    name = "mine"
"""


def test_resume_runs_no_code_of_a_folder(tmp_path: Path) -> None:
    mine, mark = tmp_path / "mine.py", tmp_path / "mark"
    mine.write_text(MINE.format(mark=mark), "utf-8")
    scenario = tiny(tmp_path / "a", ["time.days=1"])
    run = sim.prepare(scenario, policy=f"{mine}:Mine")
    Checkpoint(tmp_path / "run", run, f"{mine}:Mine")
    evil = tmp_path / "evil.py"
    evil.write_text(MINE.format(mark=mark).replace("mine", "evil"), "utf-8")
    mark.unlink()
    assert "name your own again" in refused("resume", tmp_path / "run")
    facts = json.loads((tmp_path / "run" / "checkpoint.json").read_text("utf-8"))
    (tmp_path / "run" / "checkpoint.json").write_text(
        json.dumps(facts | {"policy": f"{evil}:Mine"}), "utf-8"
    )
    assert "name your own again" in refused("resume", tmp_path / "run")
    assert not mark.exists()
    other = tmp_path / "other.py"
    other.write_text(mine.read_text("utf-8") + "\n# changed\n", "utf-8")
    assert "unchanged" in refused("resume", tmp_path / "run", "--policy", f"{other}:Mine")
    assert "unchanged" in refused("resume", tmp_path / "run", "--policy", "fifo")
    again, _ = resume(tmp_path / "run", f"{mine}:Mine")
    again.run()
    assert len(again.outcome()) == len(sim.simulate(scenario, policy=f"{mine}:Mine"))


def test_resume_keeps_to_the_policy(tmp_path: Path) -> None:
    Checkpoint(tmp_path / "run", sim.prepare(tiny(tmp_path / "a"), policy="edd"), "edd")
    resume(tmp_path / "run", "edd")
    assert "edd, as the run began" in refused("resume", tmp_path / "run", "--policy", "fifo")
    precious = tmp_path / "precious"
    precious.mkdir()
    (tmp_path / "run" / "parts" / "more").symlink_to(precious)
    assert "no links" in refused("resume", tmp_path / "run")


def test_parts_of_checkpoints(tmp_path: Path) -> None:
    run = sim.prepare(tiny(tmp_path / "a", ["time.days=2"]))
    saved = Checkpoint(tmp_path / "run", run, "priority")
    run.run(150_000.0)
    saved.save()
    assert cli("resume", tmp_path / "run", "--json").exit_code == 0
    (part, *_) = sorted(tmp_path.glob("run/parts/visits/*.parquet"))
    whole = pq.read_table(part)
    for column, value in (("crew", 10**6), ("ticket", -5), ("end", -1.0)):
        frame = whole.to_pandas()
        frame.loc[0, column] = np.array(value).astype(frame[column].dtype)
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), part)
        again, _ = resume(tmp_path / "run")
        outcome = again.outcome()
        check_outcome(outcome, tmp_path / "run")
        with pytest.raises(InputError, match=rf"visits\.{column}"):
            outcome.visits[column]
    pq.write_table(whole.drop_columns("work"), part)
    assert "column work" in cli("resume", tmp_path / "run", "--json").stderr


@pytest.mark.parametrize("value", [None, [], {}, "x", -1, 1.5, True, 10**17])
@pytest.mark.parametrize(
    "field", ["format", "content_hash", "policy", "policy_digest", "seed", "replication", "check"]
)
def test_facts_of_checkpoints(field: str, value: object, tmp_path: Path) -> None:
    facts: dict[str, Any] = {
        "format": 6, "content_hash": "a", "policy": "fifo", "policy_digest": "", "seed": 1,
        "replication": 0, "check": False,
    }  # fmt: skip
    (tmp_path / "state.npz").touch()
    (tmp_path / "checkpoint.json").write_text(json.dumps(facts | {field: value}), "utf-8")
    with pytest.raises(InputError):
        resume(tmp_path)


# --- results


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("result")
    outcome = sim.simulate(tiny(folder / "tiny", ["time.days=1"]))
    return store.write(outcome, folder / "out")


def copied(result: Path, to: Path) -> Path:
    to.mkdir()
    for file in result.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


def both_refuse(folder: Path) -> set[str]:
    """Return the fields by which a result is refused, read whole and exported."""
    fields = set()
    with pytest.raises(InputError) as caught:
        store.read(folder)
    fields.add(caught.value.field)
    for format in FORMATS:
        with pytest.raises(InputError) as caught:
            export(folder, format, folder / "log", overwrite=True)
        fields.add(caught.value.field)
        assert not (folder / "log").exists()
    return fields


@pytest.mark.parametrize("value", [None, [], {}, "", -1, 1.5, True, 10**17, float("nan")])
@pytest.mark.parametrize(
    "field",
    ["scenario", "districts", "seed", "until", "events", "tickets", "plans_from", "figures"],
)
def test_run_json(field: str, value: Any, result: Path, tmp_path: Path) -> None:
    fits = {"plans_from": [], "figures": {}, "districts": []}
    if value == fits.get(field, 0 if field != "scenario" else "") or (field, value) in (
        ("until", 1.5), ("events", 10**17), ("scenario", ""),
    ):  # fmt: skip
        pytest.skip("which it may be")
    folder = copied(result, tmp_path / "r")
    facts = json.loads((folder / "run.json").read_text("utf-8"))
    facts["run"][field] = value
    (folder / "run.json").write_text(json.dumps(facts), "utf-8")
    assert both_refuse(folder) == {f"run.{field}"}


def wrong_columns() -> list[tuple[str, str, Any]]:
    cases: list[tuple[str, str, Any]] = [
        ("tickets", name, value)
        for name, values in {
            "category": (-1, 8), "district": (-1, 2), "town": (5,), "grid": (-1, 14),
            "channel": (7,), "citizen": (-1,), "state": (13,), "unit": (-2, 99), "worker": (999,),
            "priority": (0, 5), "level": (4,), "satisfied": (2,), "attempts": (-1,),
            "closed": (np.inf, -1.0, 1e300), "due_close": (-1.0,),
        }.items()
        for value in values
    ]  # fmt: skip
    cases += [
        (log, name, value)
        for log, names in LOGS.items()
        for name in names
        for value in ((-1, 2**30) if names[name] != "f8" else (np.inf, -5.0))
        if not (names[name] == "i1" and value > 99)
    ]
    return cases


@pytest.mark.parametrize(("table", "column", "value"), wrong_columns())
def test_what_columns_hold(
    table: str, column: str, value: Any, result: Path, tmp_path: Path
) -> None:
    folder = copied(result, tmp_path / "r")
    path = folder / f"{table}.parquet"
    frame = pq.read_table(path).to_pandas()
    frame.loc[len(frame) // 2, column] = np.array(value).astype(frame[column].dtype)
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)
    with pytest.raises(InputError) as caught:
        store.read(folder)
    assert caught.value.field == f"{table}.{column}"
    for format in FORMATS:  # which read only what they tell
        try:
            export(folder, format, folder / "log", overwrite=True)
        except InputError as error:
            assert error.field == f"{table}.{column}"


@pytest.mark.parametrize("table", ["tickets", *LOGS])
@pytest.mark.parametrize("how", ["missing", "more", "text", "float", "null", "twice", "torn"])
def test_what_columns_are(how: str, table: str, result: Path, tmp_path: Path) -> None:
    folder = copied(result, tmp_path / "r")
    path = folder / f"{table}.parquet"
    found = pq.read_table(path)
    at = next(i for i, kind in enumerate(found.schema.types) if pa.types.is_integer(kind))
    name, column = found.schema.names[at], found.column(at)
    if how == "missing":
        found = found.remove_column(at)
    elif how == "more":
        found = found.append_column("extra", column)
    elif how == "text":
        found = found.set_column(at, name, column.cast(pa.string()))
    elif how == "float":
        found = found.set_column(at, name, column.cast(pa.float64(), safe=False))
    elif how == "null":
        found = found.set_column(at, name, pa.array([None, *column.to_pylist()[1:]], column.type))
    elif how == "twice":
        found = found.append_column(name, column)
    pq.write_table(found, path)
    if how == "torn":
        whole = bytearray(path.read_bytes())
        whole[8 : len(whole) // 2] = bytes(len(whole) // 2 - 8)
        path.write_bytes(whole)
    with pytest.raises(InputError):
        store.read(folder)
    for format in FORMATS:
        try:
            export(folder, format, folder / "log", overwrite=True)
        except InputError:
            continue
        assert how in ("null", "torn")  # in a column that the log does not tell


@pytest.mark.parametrize(
    "name", ["worker_grid", "worker_offset", "part_time", "town_posts", "unit_of", "crew_xy"]
)
@pytest.mark.parametrize("how", ["missing", "short", "type", "below", "above", "object"])
def test_plans_of_results(name: str, how: str, result: Path, tmp_path: Path) -> None:
    folder = copied(result, tmp_path / "r")
    with np.load(folder / "plan.npz") as kept:
        arrays = dict(kept)
    array = arrays[name]
    real = array.dtype.kind == "f"
    changed: dict[str, Any] = {
        "short": array[:-1],
        "type": array.astype("f4"),
        "below": np.where(True, np.nan if real else -7, array).astype(array.dtype),
        "above": np.where(True, np.inf if real else 2**31 - 1, array).astype(array.dtype),
        "object": array.astype(object),
    }
    del arrays[name]
    if how != "missing":
        arrays[name] = changed[how]
    np.savez(folder / "plan.npz", **arrays)
    fields = both_refuse(folder)
    assert len(fields) == 1
    assert fields <= {name, "worker_shift", "crew_unit", "crew_shift", "worker_offset", "crew_xy",
                      "npz"}  # fmt: skip


@pytest.mark.parametrize("name", ["hotline_posts", "town_posts", "district_posts"])
def test_plans_of_more_people_than_fit(name: str, result: Path, tmp_path: Path) -> None:
    folder = copied(result, tmp_path / "r")
    with np.load(folder / "plan.npz") as kept:
        arrays = dict(kept)
    arrays[name] = np.full_like(arrays[name], 10**9)
    np.savez(folder / "plan.npz", **arrays)
    assert both_refuse(folder) == {name}


def test_rows_of_parts_are_a_numbering(result: Path, tmp_path: Path) -> None:
    folder = copied(result, tmp_path / "r")
    found = pq.read_table(folder / "tickets.parquet")
    (folder / "tickets.parquet").unlink()
    (folder / "tickets").mkdir()
    for rows in (np.zeros(len(found), "i8"), np.arange(1, len(found) + 1)):
        part = found.append_column("row", pa.array(rows))
        pq.write_table(part, folder / "tickets" / "part-00000.parquet")
        with pytest.raises(InputError, match="row"):
            store.read(folder).tickets["key"]
        with pytest.raises(InputError, match="row"):
            export(folder, "csv", folder / "log", overwrite=True)
