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
from sim.engine.outcome import Columns, Outcome
from sim.errors import InputError
from sim.measure.counters import counters
from sim.measure.kpis import kpis
from sim.measure.use import use, use_by_hour
from sim.model.plan import Plan
from sim.scenario import load, to_toml

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
            _write_columns(getattr(outcome, part), folder / f"{part}.parquet")
        plan = {f.name: getattr(outcome.plan, f.name) for f in fields(Plan)}
        np.savez_compressed(folder / _PLAN, **plan)
        _write_kpis(outcome, folder)
        (folder / "scenario.toml").write_text(
            to_toml(outcome.scenario, beside=True), encoding="utf-8"
        )
        tables = outcome.scenario.source_files[-3:]
        for source in (*tables, *outcome.scenario.attached.values()):
            shutil.copyfile(source, folder / source.name)
        (folder / _MARK).write_text(json.dumps(provenance(outcome), indent=1, ensure_ascii=False))
        if extra is not None:
            extra(folder)
        if target.exists():
            shutil.rmtree(target)
        folder.rename(target)
    return target


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
        parts = {part: _read_columns(folder / f"{part}.parquet") for part in _PARTS}
        run = facts["run"]
        with np.load(folder / _PLAN) as arrays:
            plan = Plan(**{f.name: arrays[f.name] for f in fields(Plan)})
        return Outcome(
            scenario=scenario,
            city=City.build(scenario),
            plan=plan,
            policy=run["policy"],
            engine=run["engine"],
            seed=run["seed"],
            replication=run["replication"],
            until=run["until"],
            events=run["events"],
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
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in packages},
        },
    }


def _write_kpis(outcome: Outcome, folder: Path) -> None:
    import pandas as pd

    groups = ("city", "district", "town", "department", "category", "family", "hour")
    tidy = pd.concat([kpis(outcome, by) for by in groups], ignore_index=True)
    tidy.to_parquet(folder / "kpis.parquet", compression="zstd", index=False)
    tidy[tidy["by"].isin(("city", "district", "department"))].to_csv(
        folder / "kpis.csv", index=False
    )
    by_place = [counters(outcome, by).assign(by=by) for by in ("city", "district", "town")]
    pd.concat(by_place, ignore_index=True).to_parquet(
        folder / "counters.parquet", compression="zstd", index=False
    )
    use(outcome).to_csv(folder / "use.csv", index=False)
    use_by_hour(outcome).to_parquet(folder / "use_by_hour.parquet", index=False)


def _write_columns(columns: Columns, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: pa.array(column) for name, column in columns.items()})
    times = [f.name for f in table.schema if pa.types.is_floating(f.type)]
    whole = [f.name for f in table.schema if pa.types.is_integer(f.type)]
    encoding = dict.fromkeys(times, "BYTE_STREAM_SPLIT") | dict.fromkeys(
        whole, "DELTA_BINARY_PACKED"
    )
    pq.write_table(table, path, compression="zstd", use_dictionary=False, column_encoding=encoding)


def _read_columns(path: Path) -> Columns:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return {
        name: np.asarray(table[name].to_numpy(zero_copy_only=False)) for name in table.column_names
    }
