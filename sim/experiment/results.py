"""Results of an experiment on disk: tidy tables, facts, pictures."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sim.cells import frame_text
from sim.experiment.arm import Arm
from sim.experiment.compare import Comparison
from sim.experiment.facts import FORMAT, MARK
from sim.experiment.plots import PLOTS
from sim.experiment.replication import program_digest
from sim.writing import new_file, writable, write_text


def facts(found: Comparison) -> dict[str, Any]:
    """Return what an experiment found and rests on, as plain data."""
    scenarios = {arm.scenario.content_hash: arm.scenario for arm in found.arms}
    base = found.arms[0].scenario
    return {
        "format": FORMAT,
        "question": found.question,
        "verdict": found.verdict,
        "settings": found.settings,
        "exact": found.exact,
        "scenario": base.name,
        "title": [base.title_en, base.title_zh],
        "days": base.time.days,
        "districts": list(base.area.include) or [row.name_en for row in base.district_table],
        "arms": [_arm(arm) for arm in found.arms],
        "scenarios": sorted(scenarios),
        "differences": json.loads(found.table.to_json(orient="records")),
        "headroom": [one.row() for one in found.headroom],
        "policies": {
            arm: {name: figure._asdict() for name, figure in told.items()}
            for arm, told in found.told.items()
        },
        "selection": None if found.selection is None else asdict(found.selection),
        "failed": [
            {"arm": one.arm, "replication": one.replication, "message": one.message}
            for one in found.failed
        ],
        "program": program_digest(),
        "versions": {
            "python": platform.python_version(),
            **{
                name: version(name)
                for name in ("suzhou-dispatch", "simpy", "numpy", "scipy", "pandas", "pyarrow")
            },
        },
    }


def _arm(arm: Arm) -> dict[str, str]:
    names = {f"{name}_name": label for name, label in arm.names.items()}
    return {"label": arm.label, **names, **arm.fingerprint}


def write(
    found: Comparison,
    folder: Path,
    *,
    plots: bool = True,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[float], None] | None = None,
) -> list[str]:
    """Write tables and facts into the experiment's folder, then pictures of them.

    Each file is replaced as a whole; of the tables, `MARK` comes last.

    Parameters
    ----------
    stopped : callable
        True leaves out the pictures that are not drawn yet.

    Returns
    -------
    list of str
        The pictures that were left out.
    """
    import pandas as pd

    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
    tidy = found.metrics.drop(columns="arm")
    with new_file(folder / "metrics.parquet") as part:
        tidy.to_parquet(part, index=False)
    sources = pd.DataFrame([asdict(one) for one in found.arms[0].scenario.figures])
    for name, table in (("metrics", tidy), ("differences", found.table), ("sources", sources)):
        write_text(folder / f"{name}.csv", frame_text(table))
    text = json.dumps(facts(found), indent=1, ensure_ascii=False, allow_nan=False, default=_plain)
    write_text(folder / MARK, text)
    names = list(PLOTS) if plots else []
    with writable(folder):
        (folder / "plots").mkdir(exist_ok=True)
    for done, name in enumerate(names):
        if stopped():
            return names[done:]
        figure = PLOTS[name](found.metrics, found.differences)
        with new_file(folder / "plots" / f"{name}.png") as part:
            figure.savefig(part)
        if progress is not None:
            progress((done + 1) / len(names))
    return []


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
