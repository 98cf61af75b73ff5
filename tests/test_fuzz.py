"""Files spoiled at random: each reader reads them, or refuses them in one message."""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import tiny, write

import sim
from sim.api.experiments import compare
from sim.city.city import City
from sim.city.geometry import Projection
from sim.city.roadfile import read_roads
from sim.engine.stored import read_column
from sim.errors import InputError, InputWarning
from sim.experiment.executor import Serial
from sim.experiment.report import write_report
from sim.experiment.results import write as write_results
from sim.measure import store
from sim.measure.checkpoint import Checkpoint, resume
from sim.measure.export import export
from sim.model.planfile import write_plan
from sim.model.routes import LOOP, read_routes, write_routes
from sim.model.setup import Setup
from sim.model.staffing import base_plan
from sim.optimize.roster import load_rules
from sim.optimize.roster.tables_in import read_history, read_people, read_requests
from sim.reading import open_parquet, parse_csv, parse_json, parse_toml, read_arrays
from sim.scenario import load

pytestmark = pytest.mark.slow

often = settings(
    max_examples=400,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
seldom = settings(often, max_examples=120)
seeds = st.integers(0, 2**32 - 1)

ODD = [
    None, True, False, 0, -1, 1, 7, 2**31, 2**63, 10**17, 1e308, -1e-9, 0.5, float("nan"),
    float("inf"), "", "x", "²", "=1+1", "a\0b", "\x1b[2J", "\ud800", "../..", "x" * 200,
    "/dev/zero", [], [None], [[]], [1, 2], ["a"], {}, {"a": None}, {"type": "x"},
    [{}], "2018-01-01", "nan", "1e999", "0x10", "9" * 400, "a;b", "<b>",
]  # fmt: skip
PIECES = [
    b"\0", b"\xff", b'"', b"'", b",", b"\n", b"\r", b"[", b"]", b"{", b"}", b"=", b"#", b"-",
    b"9" * 30, b"1e400", b"nan", b"\xef\xbb\xbf", "²".encode(), "\u2028".encode(), b"\x1b", b";",
    b"x" * 140_000, b"[" * 200, b"<", b">", b"&", b"\\u0000", b"\\ud800",
]  # fmt: skip


def spoiled(whole: bytes, seed: int) -> bytes:
    """Change bytes in one to four places, as torn, edited or hostile files are."""
    draw, data = random.Random(seed), bytearray(whole)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(data) + 1)
        end = min(len(data), at + draw.choice((0, 1, 1, 8, 200)))
        how = draw.randrange(6)
        if how == 0:
            data[at:end] = draw.choice(PIECES)
        elif how == 1:
            del data[at:end]
        elif how == 2:
            data[at:at] = data[end : end + draw.choice((1, 20, 500))]
        elif how == 3:
            del data[at:]
        elif how == 4:
            data[at:end] = draw.randbytes(end - at)
        elif data:
            data[at % len(data)] ^= 1 << draw.randrange(8)
    return bytes(data)


def changed(tree: Any, seed: int) -> Any:
    """Put something odd in some place of nested tables, take it out, or add to it."""
    draw = random.Random(seed)
    tree = json.loads(json.dumps(tree))
    for _ in range(draw.choice((1, 1, 1, 2, 5))):
        node = tree
        while isinstance(node, (dict, list)) and node:
            key = draw.choice(list(node) if isinstance(node, dict) else range(len(node)))
            inner = node[key]
            if not isinstance(inner, (dict, list)) or not inner or draw.random() < 0.25:
                how = draw.randrange(8)
                if how == 0:
                    del node[key]
                elif how == 1 and isinstance(node, dict):
                    node[draw.choice(("extra", "=x", "a\x1b", "", "²"))] = deepcopy(
                        draw.choice(ODD)
                    )
                else:
                    node[key] = deepcopy(draw.choice(ODD))
                break
            node = inner
    return tree


def quiet(call: Callable[[], object]) -> bool:
    """Return whether a call goes through; whatever is wrong, it is told in one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InputWarning)
            call()
    except InputError as error:
        line = str(error)
        assert line.isprintable()
        assert len(line) < 20_000
        return False
    return True


@often
@given(seeds)
def test_texts(seed: int) -> None:
    draw = random.Random(seed)
    text = "".join(draw.choice(PIECES).decode("utf-8", "replace")[:400] for _ in range(20))
    for parse in (parse_toml, parse_json, parse_csv):
        quiet(lambda parse=parse: parse(text, "a"))


@often
@given(seeds)
@pytest.mark.parametrize(
    "name", ["tiny.toml", "categories.csv", "districts.csv", "districts.geojson"]
)
def test_files_of_scenarios(name: str, tmp_path: Path, seed: int) -> None:
    path = write(tmp_path)
    (tmp_path / name).write_bytes(spoiled((tmp_path / name).read_bytes(), seed))
    quiet(lambda: load(path))


@often
@given(seeds)
def test_fields_of_scenarios(tmp_path: Path, seed: int) -> None:
    import tomli_w

    path = write(tmp_path)
    tree = parse_toml(path.read_text("utf-8"), path)
    tree["time"]["start"] = "2018-01-01"
    try:
        text = tomli_w.dumps(changed(tree, seed))
        path.write_text(text, "utf-8")
    except (TypeError, UnicodeEncodeError, ValueError):  # TOML has no null
        return
    quiet(lambda: load(path))


@often
@given(seeds)
def test_rules(tmp_path: Path, seed: int) -> None:
    text = (Path(sim.__file__).parents[1] / "scenarios/labour/china.toml").read_bytes()
    (tmp_path / "rules.toml").write_bytes(spoiled(text, seed))
    quiet(lambda: load_rules(tmp_path / "rules.toml"))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, City]:
    scenario = tiny(tmp_path_factory.mktemp("city"))
    return scenario, City.build(scenario)


@often
@given(seeds)
@pytest.mark.parametrize("kind", ["plan", "routes"])
def test_plans_and_routes(kind: str, city: tuple[Any, City], tmp_path: Path, seed: int) -> None:
    scenario, built = city
    path = tmp_path / "table.csv"
    if kind == "plan":
        write_plan(path, scenario, built, base_plan(scenario, built))
    else:
        write_routes({(built.district_code[0], n): LOOP for n in range(5)}, path)
    path.write_bytes(spoiled(path.read_bytes(), seed))
    if kind == "plan":
        quiet(lambda: Setup.of(scenario, plan=path))
    else:
        quiet(lambda: read_routes(path, scenario, built))


ROSTER = {
    "people": "name,team,contract,skills,shifts\nLi,a,,s;t,day\n'=Wang,,,,\n",
    "requests": "worker,kind,first,last,shift,fixed,weight\nLi,off,2018-01-01,,,yes,3\n",
    "history": "worker,date,shift\nLi,2018-01-01,off\nLi,2018-01-02,day\n",
}


@often
@given(seeds)
@pytest.mark.parametrize("kind", list(ROSTER))
def test_rosters(kind: str, tmp_path: Path, seed: int) -> None:
    from datetime import date

    path = tmp_path / "table.csv"
    path.write_bytes(spoiled(ROSTER[kind].encode(), seed))
    rules = load_rules()
    read = {
        "people": lambda: read_people(path, rules, ["day"]),
        "requests": lambda: read_requests(path, ["Li"], ["day"], date(2018, 1, 1)),
        "history": lambda: read_history(path, ["day"]),
    }[kind]
    quiet(read)


@often
@given(seeds)
def test_npz(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "a.npz"
    save = np.savez if seed % 2 else np.savez_compressed
    save(path, x=np.arange(50), y=np.zeros((3, 4)), words=np.array(["a", "bc"]))
    path.write_bytes(spoiled(path.read_bytes(), seed))
    quiet(lambda: read_arrays(path))


@often
@given(seeds)
@pytest.mark.parametrize("compression", ["none", "lz4", "zstd"])
def test_parquet(compression: str, tmp_path: Path, seed: int) -> None:
    path = tmp_path / "a.parquet"
    columns = {"i": np.arange(500), "f": np.linspace(0, 1, 500), "s": ["a", "b"] * 250}
    pq.write_table(pa.table(columns), path, compression=compression)
    path.write_bytes(spoiled(path.read_bytes(), seed))

    def read() -> None:
        with open_parquet(path) as file:
            for name in file.schema_arrow.names:
                read_column(file, path, name)

    quiet(read)


GRAPHML = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="node" attr.name="x" attr.type="double"/>
<key id="d1" for="node" attr.name="y" attr.type="double"/>
<key id="d2" for="edge" attr.name="length" attr.type="double"/>
<key id="d3" for="edge" attr.name="highway" attr.type="string"/>
<graph edgedefault="directed">
<node id="1"><data key="d0">120.6</data><data key="d1">31.3</data></node>
<node id="2"><data key="d0">120.7</data><data key="d1">31.4</data></node>
<edge source="1" target="2"><data key="d2">100</data><data key="d3">['a', 'b']</data></edge>
</graph></graphml>"""


@often
@given(seeds)
@pytest.mark.parametrize("name", ["a.graphml", "a.geojson"])
def test_roads(name: str, tmp_path: Path, seed: int) -> None:
    line = {
        "type": "Feature",
        "properties": {"highway": "primary", "oneway": "yes"},
        "geometry": {"type": "LineString", "coordinates": [[120.6, 31.3], [120.7, 31.4]]},
    }
    tree = {"type": "FeatureCollection", "features": [line, line]}
    text = json.dumps(changed(tree, seed) if seed % 2 else tree)
    whole = (GRAPHML if name == "a.graphml" else text).encode("utf-8", "replace")
    (tmp_path / name).write_bytes(
        whole if seed % 2 and name != "a.graphml" else spoiled(whole, seed)
    )
    quiet(lambda: read_roads(tmp_path / name, Projection(120.6, 31.3)))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("result")
    outcome = sim.simulate(tiny(folder / "tiny", ["time.days=1"]))
    return store.write(outcome, folder / "out")


def copied(result: Path, to: Path) -> None:
    to.mkdir(exist_ok=True)
    for file in result.iterdir():
        (to / file.name).write_bytes(file.read_bytes())


@seldom
@given(seeds)
@pytest.mark.parametrize("name", ["run.json", "plan.npz", "tickets.parquet", "services.parquet"])
def test_results(name: str, result: Path, tmp_path: Path, seed: int) -> None:
    copied(result, tmp_path / "r")
    path = tmp_path / "r" / name
    if name == "run.json" and seed % 2:
        tree = changed(json.loads(path.read_text("utf-8")), seed)
        path.write_text(json.dumps(tree), "utf-8")
    elif name.endswith("parquet") and seed % 2:
        path.write_bytes(spoiled_rows(path, seed))
    else:
        path.write_bytes(spoiled(path.read_bytes(), seed))
    quiet(lambda: store.read(tmp_path / "r"))
    for format in ("csv", "xes", "ocel"):
        quiet(lambda f=format: export(tmp_path / "r", f, tmp_path / "log", overwrite=True))


def spoiled_rows(path: Path, seed: int) -> bytes:
    """Change some cells of a table, in its own types."""
    draw, table = random.Random(seed), pq.read_table(path)
    for _ in range(draw.randint(1, 3)):
        at, row = draw.randrange(table.num_columns), draw.randrange(table.num_rows)
        column = table.column(at).to_numpy().copy()
        extremes = {"f": [np.nan, np.inf, -1.0, 1e300, 0.0, 1e10], "b": [True, False]}
        values = extremes.get(column.dtype.kind, [-(2**7), -2, -1, 0, 1, 2**7 - 1])
        column[row] = draw.choice(values)
        table = table.set_column(at, table.schema.names[at], pa.array(column))
    out = pa.BufferOutputStream()
    pq.write_table(table, out)
    return bytes(out.getvalue())


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("experiment")
    scenario = tiny(folder / "tiny", ["time.days=1"])
    found = compare(scenario, ["fifo", "edd"], replications=2, executor=Serial(), bound=True)
    write_results(found, folder / "out", plots=False)
    return folder / "out"


@often
@given(seeds)
@pytest.mark.parametrize("name", ["experiment.json", "sources.csv"])
def test_experiments(name: str, experiment: Path, tmp_path: Path, seed: int) -> None:
    for file in ("experiment.json", "sources.csv"):
        (tmp_path / file).write_bytes((experiment / file).read_bytes())
    path = tmp_path / name
    if name == "experiment.json" and seed % 4:
        tree = changed(json.loads(path.read_text("utf-8")), seed)
        path.write_text(json.dumps(tree), "utf-8")
    else:
        path.write_bytes(spoiled(path.read_bytes(), seed))
    if quiet(lambda: write_report(tmp_path)):
        page = (tmp_path / "report.html").read_text("utf-8")
        assert "<script" not in page


@seldom
@given(seeds)
@pytest.mark.parametrize("name", ["checkpoint.json", "plan.npz", "scenario.toml"])
def test_checkpoints(
    name: str, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, seed: int
) -> None:
    folder = tmp_path / "run"
    if not folder.exists():
        Checkpoint(folder, sim.prepare(tiny(tmp_path / "tiny", ["time.days=1"])), "priority")
        (tmp_path / "whole").write_bytes((folder / name).read_bytes())
    whole = (tmp_path / "whole").read_bytes()
    if name == "checkpoint.json" and seed % 2:
        tree = changed(json.loads(whole), seed)
        (folder / name).write_text(json.dumps(tree), "utf-8")
    else:
        (folder / name).write_bytes(spoiled(whole, seed))
    quiet(lambda: resume(folder))
