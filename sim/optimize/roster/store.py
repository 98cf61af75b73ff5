"""Writing rosters: tables, calendars and pictures, complete or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.cells import frame_text
from sim.errors import InputError
from sim.filename import file_name
from sim.optimize.roster.calendars import calendar
from sim.optimize.roster.roster import Roster
from sim.optimize.roster.tables import cover_table, duty_table, wide_table, worker_table

PICTURES = 12
"""Of a whole plan only the first so many rosters get a picture."""


def check_target(out: Path, overwrite: bool) -> None:
    """Refuse a folder that is not ours to write.

    Raises
    ------
    InputError
        If there is something already, and it is not an earlier roster to be overwritten.
    """
    if not out.exists():
        return
    earlier = (out / "roster.json").is_file()
    if not out.is_dir() or (any(out.iterdir()) and not earlier):
        raise InputError("command line", "out", str(out), "a new folder, or one with a roster")
    if earlier and not overwrite:
        raise InputError("command line", "out", str(out), "a new folder, or --overwrite")


def write(
    out: Path,
    rosters: Sequence[Roster],
    facts: Mapping[str, Any],
    *,
    timezone: str,
    titles: Mapping[str, str],
    overwrite: bool = False,
    progress: Callable[[float], None] = lambda _share: None,
) -> None:
    """Write rosters into a folder.

    Parameters
    ----------
    out : Path
        ``roster.csv`` (a row for each worker and day), ``table.csv`` (a column for each day),
        ``cover.csv``, ``workers.csv``, ``roster.json``, ``calendars/*.ics``, ``plots/*.png``.
    titles : mapping
        Chinese names of the teams.
    """
    from sim.optimize.roster.picture import plot_roster

    check_target(out, overwrite)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        part.chmod(0o755)
        for name, table in (
            ("roster", duty_table(rosters)),
            ("table", wide_table(rosters)),
            ("cover", cover_table(rosters)),
            ("workers", worker_table(rosters)),
        ):
            (part / f"{name}.csv").write_text(frame_text(table), encoding="utf-8")
        text = json.dumps(facts, ensure_ascii=False, indent=1)
        (part / "roster.json").write_text(text, encoding="utf-8")
        (part / "calendars").mkdir()
        (part / "plots").mkdir()
        for n, roster in enumerate(rosters):
            name = file_name(roster.problem.team.replace("/", "-of-").replace(" ", "-"))
            zh = titles.get(roster.problem.team, "")
            title = f"{roster.problem.team} {zh}".strip()
            content = calendar(roster, timezone, title).to_ical()
            (part / "calendars" / f"{name}.ics").write_bytes(content)
            if n < PICTURES:
                plot_roster(roster, zh).savefig(part / "plots" / f"{name}.png")
            progress((n + 1) / len(rosters))
        if out.exists():
            shutil.rmtree(out)
        part.replace(out)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
