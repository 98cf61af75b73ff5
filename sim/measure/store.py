"""Results on disk: Parquet tables with the scenario, the seed and the versions beside them."""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from sim.cells import frame_text
from sim.city.city import City
from sim.clock import HOUR
from sim.engine.outcome import Outcome, Table
from sim.engine.stored import Cache, StoredColumns, write_part
from sim.errors import InputError
from sim.measure.checks import (
    FORMAT,
    MARK,
    PARTS,
    PLAN,
    Checks,
    Run,
    columns_of,
    parts_of,
    read_run,
)
from sim.measure.counters import Flow, counters
from sim.measure.fold import Request, gather
from sim.measure.kpis import ALL, kpis
from sim.measure.tables import PLACES
from sim.measure.use import Busy, use, use_by_hour
from sim.model.plan import Plan
from sim.model.planarrays import read_plan_arrays
from sim.policy import Figure
from sim.reading import kind_of
from sim.scenario import Scenario, load, to_toml


def write(
    outcome: Outcome,
    directory: str | Path,
    *,
    overwrite: bool = False,
    extra: Callable[[Path], None] | None = None,
) -> Path:
    """Write an outcome with its KPIs; the folder is there only once all of it is.

    Parameters
    ----------
    directory : str or Path
        To be made.
    overwrite : bool
        Whether an earlier result there may be replaced; nothing else ever is.
    extra : callable, optional
        Puts further files, such as plots, into the folder before it is shown.

    Raises
    ------
    InputError
        If the folder is there already.
    """
    target = Path(directory)
    check_target(target, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as temporary:
        folder = Path(temporary) / "result"
        folder.mkdir()
        for part in PARTS:
            _write_table(getattr(outcome, part), folder, part)
        write_inputs(outcome.scenario, outcome.plan, folder)
        if len(outcome.plans) > 1:  # the plan above has everybody
            for number, (_, plan) in enumerate(outcome.plans):
                write_plan_arrays(plan, folder / _plan_file(number))
        _write_kpis(outcome, folder)
        (folder / MARK).write_text(json.dumps(provenance(outcome), indent=1, ensure_ascii=False))
        if extra is not None:
            extra(folder)
        if target.exists():
            shutil.rmtree(target)
        folder.rename(target)
    return target


def write_inputs(scenario: Scenario, plan: Plan, folder: Path) -> None:
    """Write what a run starts from: the scenario with its tables and files, and the plan."""
    write_plan_arrays(plan, folder / PLAN)
    (folder / "scenario.toml").write_text(to_toml(scenario, beside=True), encoding="utf-8")
    for source in (*scenario.source_files[-3:], *scenario.attached.values()):
        shutil.copyfile(source, folder / source.name)


def write_plan_arrays(plan: Plan, path: Path) -> None:
    """Write a plan, lossless."""
    np.savez_compressed(path, **{f.name: getattr(plan, f.name) for f in fields(Plan)})


def _plan_file(number: int) -> str:
    return f"plan-{number}.npz"


def check_target(target: Path, overwrite: bool) -> None:
    """Check that a result may be written to a folder, before the work is done.

    Raises
    ------
    InputError
        If it is there already and may not be replaced.
    """
    if not target.exists():
        return
    if not (target / MARK).is_file():
        if target.is_dir() and not any(target.iterdir()):
            return
        raise InputError("command line", "out", str(target), "a new folder; this is something else")
    if not overwrite:
        raise InputError(
            "command line", "out", str(target), "a new folder, or --overwrite to replace the result"
        )


def read(directory: str | Path) -> Outcome:
    """Read an outcome back, the same to the bit.

    What it says is checked: a column that lies in parts as it is asked for.

    Raises
    ------
    InputError
        If the folder holds no result of this format, or not all of it: naming file and field.
    """
    folder = Path(directory)
    if kind_of(folder / MARK) != "a file":
        raise InputError("command line", "result", str(folder), f"a folder with {MARK}")
    run = read_run(folder)
    scenario = load(folder / "scenario.toml")
    city = City.build(scenario)
    plan = read_plan_arrays(folder / PLAN, scenario, city)
    plans = tuple(
        (time, read_plan_arrays(folder / _plan_file(number), scenario, city))
        for number, time in enumerate(run.plans_from)
    )
    return Outcome(
        scenario=scenario,
        city=city,
        plan=plan,
        policy=run.policy,
        engine=run.engine,
        seed=run.seed,
        replication=run.replication,
        until=run.until,
        events=run.events,
        plans=plans,
        figures={name: Figure(*told) for name, told in run.figures.items()},
        **_read_tables(folder, run, columns_of(scenario, city, plan, run.tickets)),
    )


def provenance(outcome: Outcome) -> dict[str, Any]:
    """Return what a result rests on: scenario, seed, versions."""
    packages = [
        "suzhou-dispatch",
        "simpy",
        "numba",
        "numpy",
        "scipy",
        "shapely",
        "pandas",
        "pyarrow",
    ]
    changed = {"plans_from": [time for time, _ in outcome.plans]} if outcome.plans[1:] else {}
    return {
        "format": FORMAT,
        "run": {
            "scenario": outcome.scenario.name,
            "content_hash": outcome.scenario.content_hash,
            "districts": list(outcome.city.district_name),
            "days": outcome.until / 86400,
            "seed": outcome.seed,
            "replication": outcome.replication,
            "policy": outcome.policy,
            "engine": outcome.engine,
            "until": outcome.until,
            "events": outcome.events,
            "tickets": len(outcome),
            **changed,
            **({"figures": outcome.figures} if outcome.figures else {}),
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in packages},
        },
    }


def requests() -> list[Request]:
    """Return what the tables of KPIs rest on, for one pass."""
    return [ALL, (Flow, "town", HOUR), *((Busy, by) for by in (*PLACES, "hour"))]


def _write_kpis(outcome: Outcome, folder: Path) -> None:
    import pandas as pd

    gather(outcome, requests())
    groups = ("city", "district", "town", "department", "category", "family", "hour")
    tidy = pd.concat([kpis(outcome, by) for by in groups], ignore_index=True)
    tidy.to_parquet(folder / "kpis.parquet", compression="zstd", index=False)
    shown = tidy[tidy["by"].isin(("city", "district", "department"))]
    (folder / "kpis.csv").write_text(frame_text(shown), encoding="utf-8")
    by_place = [counters(outcome, by).assign(by=by) for by in PLACES]
    pd.concat(by_place, ignore_index=True).to_parquet(
        folder / "counters.parquet", compression="zstd", index=False
    )
    used = [use(outcome, by).assign(by=by) for by in PLACES]
    table = frame_text(pd.concat(used, ignore_index=True))
    (folder / "use.csv").write_text(table, encoding="utf-8")
    use_by_hour(outcome).to_parquet(folder / "use_by_hour.parquet", index=False)


def _write_table(table: Table, folder: Path, name: str) -> None:
    """Write a table as one file; one that is on disk already, as a folder of its parts."""
    if not isinstance(table, StoredColumns):
        write_part(table, folder / f"{name}.parquet")
        return
    (folder / name).mkdir()
    for number, part in enumerate(table.parts):
        _place(part, folder / name / f"part-{number:05}.parquet")


def _place(part: Path, path: Path) -> None:
    """Give a part, which is never written to again, another name; or copy it to another disk."""
    try:
        path.hardlink_to(part)
    except OSError:
        shutil.copyfile(part, path)


def _read_tables(folder: Path, run: Run, columns: dict[str, Any]) -> dict[str, Table]:
    """Read the tables: of one that lies in parts, each column as it is asked for."""
    cache = Cache()
    tables: dict[str, Table] = {}
    for name in PARTS:
        parts, rows = parts_of(folder, name)
        if name == "tickets" and rows != run.tickets:
            raise InputError(folder / MARK, "run.tickets", run.tickets, f"{rows}, as the table has")
        checks = Checks(folder, name, columns[name], rows)
        checks.schema(parts)
        stored = StoredColumns(parts, cache, checks.values)
        whole = not (folder / name).is_dir()
        tables[name] = dict(stored) if whole else stored
    return tables
