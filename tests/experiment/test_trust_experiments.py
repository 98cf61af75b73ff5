"""Experiments that are handed over make the program do nothing but read data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny import tiny

from sim.api.experiments import compare
from sim.errors import InputError
from sim.experiment.executor import Serial
from sim.experiment.facts import read_facts
from sim.experiment.report import write_report
from sim.experiment.results import write as write_results


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("experiment")
    scenario = tiny(folder / "tiny", ["time.days=1"])
    out = folder / "out"
    found = compare(
        scenario, ["fifo", "edd"], replications=2, executor=Serial(), out=out, bound=True
    )
    write_results(found, out, plots=False)
    return out


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the places of all values in nested tables; of a list the first item's."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += paths(item, (*path, key))
    elif isinstance(value, list) and value:
        found += paths(value[0], (*path, 0))
    return found


def test_each_field_of_experiment_json(experiment: Path, tmp_path: Path) -> None:
    text = (experiment / "experiment.json").read_text("utf-8")
    tried = 0
    (tmp_path / "sources.csv").write_bytes((experiment / "sources.csv").read_bytes())
    for place in paths(json.loads(text)):
        for value in (None, 7, -1.5, True, "x", [], {}, [None], {"a": None}, 10**17):
            said = json.loads(text)
            node = said
            for key in place[:-1]:
                node = node[key]
            node[place[-1]] = value
            (tmp_path / "experiment.json").write_text(json.dumps(said), "utf-8")
            tried += 1
            try:
                write_report(tmp_path)
            except InputError as error:
                assert error.file.endswith("experiment.json")
                assert str(place[0]) in error.field
    assert tried > 500


def test_reports_escape_everything(experiment: Path, tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
    said = json.loads((experiment / "experiment.json").read_text("utf-8"))

    def spoiled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: spoiled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [spoiled(item) for item in value]
        return hostile if isinstance(value, str) else value

    said = spoiled(said)
    said["settings"]["precision"] = hostile
    said["selection"] = {
        "best": hostile, "metric": hostile, "unit": hostile, "probability": 0.9,
        "indifference": 1.0, "dropped": {hostile: 1}, "replications": 2, "complete": True,
    }  # fmt: skip
    said["failed"] = [{"arm": hostile, "replication": 1, "message": hostile}]
    said["versions"] = {hostile: hostile}
    (tmp_path / "experiment.json").write_text(json.dumps(said), "utf-8")
    rows = [{"path": hostile, "value": hostile, "basis": hostile, "note": hostile}]
    pd.DataFrame(rows).to_csv(tmp_path / "sources.csv", index=False)
    page = write_report(tmp_path).read_text("utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;") > 20


def test_reports_write_where_they_are_asked(experiment: Path, tmp_path: Path) -> None:
    for name in ("experiment.json", "sources.csv"):
        (tmp_path / name).write_bytes((experiment / name).read_bytes())
    (tmp_path / ".report.html.tmp").symlink_to(tmp_path / "precious")
    with pytest.raises(InputError, match="no links"):
        write_report(tmp_path)
    assert not (tmp_path / "precious").exists()


@pytest.mark.parametrize(
    ("policies", "changes"),
    [(["edd", "fifo"], {}), (["fifo", "nearest"], {}), (["fifo", "edd"], {"seed": 8}),
     (["fifo", "edd"], {"set": "staff_scale.crews=0.5"})],
)  # fmt: skip
def test_one_folder_one_comparison(
    policies: list[str], changes: dict[str, Any], experiment: Path, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in experiment.rglob("*") if path.is_file()}
    scenario = tiny(tmp_path, ["time.days=1", *([changes["set"]] if "set" in changes else [])])
    with pytest.raises(InputError, match="another comparison"):
        compare(
            scenario, policies, replications=2, seed=changes.get("seed"), executor=Serial(),
            out=experiment,
        )  # fmt: skip
    assert before == {path: path.read_bytes() for path in experiment.rglob("*") if path.is_file()}
    assert read_facts(experiment)["settings"]["seed"] == 7


@pytest.mark.parametrize("how", ["key", "sha256", "columns", "type", "null", "text"])
def test_parts(how: str, tmp_path: Path) -> None:
    from hashlib import sha256

    from sim.experiment.arm import Arm
    from sim.experiment.parts import Parts
    from sim.experiment.replication import Replication, replicate

    task = Replication(Arm("fifo", tiny(tmp_path / "a", ["time.days=1"]), "fifo"), 7, 0)
    parts = Parts(tmp_path / "parts")
    result = replicate(task)
    parts.keep(task, result)
    (table,) = tmp_path.glob("parts/*/*.parquet")
    (manifest,) = tmp_path.glob("parts/*/*.json")
    said = json.loads(manifest.read_text("utf-8"))
    if how in said:
        said[how] = None
    else:
        {
            "columns": result.drop(columns="n"),
            "type": result.assign(n="x"),
            "null": result.assign(metric=None),
            "text": result.assign(value="x"),
        }[how].to_parquet(table, index=False)
        said["sha256"] = sha256(table.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(said), "utf-8")
    with pytest.raises(InputError, match=how if how in said else "column"):
        parts.find(task)
