"""Results on disk: Parquet tables with the scenario, the seed and the versions beside them."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator
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
from sim.errors import InputError, WriteError
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
from sim.measure.tables import GROUPS, PLACES
from sim.measure.use import Used, use, use_by_hour
from sim.model.plan import Plan
from sim.model.planarrays import read_plan_arrays
from sim.policy import PolicyFigure
from sim.reading import kind_of, read_toml
from sim.scenario import Scenario, load, to_toml
from sim.writing import check_folder, new_folder

SCENARIO = "scenario.toml"


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
        If the folder is there already, or cannot be written.
    """
    target = Path(directory)
    check_target(target, overwrite)

    def unchanged() -> None:
        try:
            check_target(target, overwrite)
        except InputError as error:
            raise WriteError(target, "written", error.allowed, "a place that can be") from None

    with new_folder(target, unchanged) as folder:
        for part in PARTS:
            _write_table(getattr(outcome, part), folder, part)
        write_inputs(outcome.scenario, outcome.plan, folder)
        if len(outcome.plans) > 1:  # the plan above has everybody
            for number, (_, plan) in enumerate(outcome.plans):
                write_plan_arrays(plan, folder / _plan_file(number))
        _write_kpis(outcome, folder)
        said = json.dumps(provenance(outcome), indent=1, ensure_ascii=False)
        (folder / MARK).write_text(said, encoding="utf-8")
        if extra is not None:
            extra(folder)
    return target


def write_inputs(scenario: Scenario, plan: Plan, folder: Path) -> None:
    """Write what a run starts from: the scenario with its tables and files, and the plan."""
    write_plan_arrays(plan, folder / PLAN)
    names = input_names(scenario)
    text = to_toml(scenario, lambda path: names[path])
    (folder / SCENARIO).write_text(text, encoding="utf-8")
    for source, name in names.items():
        shutil.copyfile(source, folder / name)


def input_names(scenario: Scenario) -> dict[Path, str]:
    """Return how a scenario's files are called in a result: none as another, or as one of ours."""
    names: dict[Path, str] = {}
    for source in (*scenario.source_files[-3:], *scenario.attached.values()):
        taken = {name.casefold() for name in names.values()}
        name, number = source.name, 1
        while name.casefold() in taken or _OURS.fullmatch(name.casefold()):
            number += 1
            name = f"input-{number}-{source.name}"
        names.setdefault(source, name)
    return names


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
        If nothing can be written there, or what is there may not be replaced: it is no result,
        or holds something that no result has.
    """
    check_folder(target)
    if not target.is_dir() or not any(target.iterdir()):
        return
    if kind_of(target / MARK) != "a file":
        raise InputError("command line", "out", str(target), "a new folder; this is something else")
    if not overwrite:
        raise InputError(
            "command line", "out", str(target), "a new folder, or --overwrite to replace the result"
        )
    read_run(target)
    foreign = _foreign(target)
    if foreign is not None:
        allowed = f"a folder with a result alone; {foreign} is not of it, and would be lost"
        raise InputError("command line", "out", str(target), allowed)


_TABLES = "|".join(PARTS)
_OURS = re.compile(
    rf"run\.json|scenario\.toml|plan(-\d+)?\.npz|({_TABLES})(\.parquet|/part-\d+\.parquet)?"
    r"|kpis\.(csv|parquet)|counters\.parquet|use\.csv|use_by_hour\.parquet"
    r"|events\.(csv|xes|jsonocel)|plots(/[\w-]+\.png)?"
)
"""What a result has in it, beside the files of its scenario."""


def _foreign(folder: Path) -> str | None:
    """Return the first thing in a result's folder that is not of the result."""
    inputs = set(_texts(read_toml(folder / SCENARIO)))
    for place, folders, files in os.walk(folder):
        for name in sorted((*folders, *files)):
            path = Path(place) / name
            within = str(path.relative_to(folder))
            if path.is_symlink() or not (_OURS.fullmatch(within) or within in inputs):
                return within
    return None


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, (dict, list)):
        for item in tree.values() if isinstance(tree, dict) else tree:
            yield from _texts(item)


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
    scenario = load(folder / SCENARIO)
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
        begins=run.begins,
        events=run.events,
        plans=plans,
        figures={name: PolicyFigure(*told) for name, told in run.figures.items()},
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
            "begins": outcome.begins,
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
    return [ALL, (Flow, "town", HOUR), *((Used, by) for by in PLACES), (Used, "city", True)]


def _write_kpis(outcome: Outcome, folder: Path) -> None:
    import pandas as pd

    gather(outcome, requests())
    tidy = pd.concat([kpis(outcome, by) for by in GROUPS], ignore_index=True)
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
