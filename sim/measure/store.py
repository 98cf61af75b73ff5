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

from sim.city.city import City
from sim.clock import HOUR
from sim.engine.outcome import Outcome, Table
from sim.engine.stored import Cache, StoredColumns, write_part
from sim.errors import InputError
from sim.measure.counters import Flow, counters
from sim.measure.fold import Request, gather
from sim.measure.kpis import ALL, kpis
from sim.measure.tables import PLACES
from sim.measure.use import Busy, use, use_by_hour
from sim.model.plan import Plan
from sim.policy import Figure
from sim.scenario import Scenario, load, to_toml

FORMAT = 1
_PARTS = ("tickets", "visits", "stops", "services")
_MARK = "run.json"
_PLAN = "plan.npz"


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
        for part in _PARTS:
            _write_table(getattr(outcome, part), folder, part)
        write_inputs(outcome.scenario, outcome.plan, folder)
        if len(outcome.plans) > 1:  # the plan above has everybody
            for number, (_, plan) in enumerate(outcome.plans):
                write_plan_arrays(plan, folder / _plan_file(number))
        _write_kpis(outcome, folder)
        (folder / _MARK).write_text(json.dumps(provenance(outcome), indent=1, ensure_ascii=False))
        if extra is not None:
            extra(folder)
        if target.exists():
            shutil.rmtree(target)
        folder.rename(target)
    return target


def write_inputs(scenario: Scenario, plan: Plan, folder: Path) -> None:
    """Write what a run starts from: the scenario with its tables and files, and the plan."""
    write_plan_arrays(plan, folder / _PLAN)
    (folder / "scenario.toml").write_text(to_toml(scenario, beside=True), encoding="utf-8")
    for source in (*scenario.source_files[-3:], *scenario.attached.values()):
        shutil.copyfile(source, folder / source.name)


def write_plan_arrays(plan: Plan, path: Path) -> None:
    """Write a plan, lossless."""
    np.savez_compressed(path, **{f.name: getattr(plan, f.name) for f in fields(Plan)})


def _plan_file(number: int) -> str:
    return f"plan-{number}.npz"


def read_plan_arrays(folder: Path, name: str = _PLAN) -> Plan:
    """Read the plan that `write_inputs` wrote, or another of that form."""
    with np.load(folder / name) as arrays:
        return Plan(**{f.name: arrays[f.name] for f in fields(Plan)})


def check_target(target: Path, overwrite: bool) -> None:
    """Check that a result may be written to a folder, before the work is done.

    Raises
    ------
    InputError
        If it is there already and may not be replaced.
    """
    if not target.exists():
        return
    if not (target / _MARK).is_file():
        if target.is_dir() and not any(target.iterdir()):
            return
        raise InputError("command line", "out", str(target), "a new folder; this is something else")
    if not overwrite:
        raise InputError(
            "command line", "out", str(target), "a new folder, or --overwrite to replace the result"
        )


def read(directory: str | Path) -> Outcome:
    """Read an outcome back, the same to the bit.

    Raises
    ------
    InputError
        If the folder holds no result of this format.
    """
    folder = Path(directory)
    mark = folder / _MARK
    if not mark.is_file():
        raise InputError("command line", "result", str(folder), f"a folder with {_MARK}")
    try:
        facts = json.loads(mark.read_text(encoding="utf-8"))
        if facts["format"] != FORMAT:
            raise InputError(mark, "format", facts["format"], f"{FORMAT}")
        scenario = load(folder / "scenario.toml")
        cache = Cache()
        parts = {part: _read_table(folder, part, cache) for part in _PARTS}
        run = facts["run"]
        plans = tuple(
            (time, read_plan_arrays(folder, _plan_file(number)))
            for number, time in enumerate(run.get("plans_from", ()))
        )
        return Outcome(
            scenario=scenario,
            city=City.build(scenario),
            plan=read_plan_arrays(folder),
            policy=run["policy"],
            engine=run["engine"],
            seed=run["seed"],
            replication=run["replication"],
            until=run["until"],
            events=run["events"],
            plans=plans,
            figures={name: Figure(*told) for name, told in run.get("figures", {}).items()},
            **parts,
        )
    except (ValueError, KeyError, TypeError, OSError) as error:
        if isinstance(error, InputError):
            raise
        reason = f"{type(error).__name__}: {error}"
        raise InputError(folder, "result", reason, "a complete result") from None


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
    tidy[tidy["by"].isin(("city", "district", "department"))].to_csv(
        folder / "kpis.csv", index=False
    )
    by_place = [counters(outcome, by).assign(by=by) for by in PLACES]
    pd.concat(by_place, ignore_index=True).to_parquet(
        folder / "counters.parquet", compression="zstd", index=False
    )
    used = [use(outcome, by).assign(by=by) for by in PLACES]
    pd.concat(used, ignore_index=True).to_csv(folder / "use.csv", index=False)
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


def _read_table(folder: Path, name: str, cache: Cache) -> Table:
    """Read a table: all of it, or where it lies in parts, its columns as they are asked for."""
    if (folder / name).is_dir():
        return StoredColumns(sorted((folder / name).glob("*.parquet")), cache)
    import pyarrow.parquet as pq

    table = pq.read_table(folder / f"{name}.parquet")
    return {
        column: np.asarray(table[column].to_numpy(zero_copy_only=False))
        for column in table.column_names
    }
