"""Writing rosters: tables, calendars and pictures, complete or not at all."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.cells import frame_text
from sim.errors import InputError
from sim.filename import file_name
from sim.optimize.roster.calendars import calendar
from sim.optimize.roster.roster import Roster
from sim.optimize.roster.tables_out import cover_table, duty_table, wide_table, worker_table
from sim.reading import kind_of, read_json
from sim.writing import check_folder, new_folder

MARK = "roster.json"
FORMAT = 1
PICTURES = 12
"""Of a whole plan only the first so many rosters get a picture."""

_SAID = {"rosters", "people", "posts", "violations", "teams"}
_OURS = re.compile(
    r"roster\.json|(roster|table|cover|workers)\.csv|calendars(/[^/]+\.ics)?|plots(/[^/]+\.png)?"
)


def check_target(out: Path, overwrite: bool) -> None:
    """Refuse a folder that is not ours to write.

    Raises
    ------
    InputError
        If nothing can be written there, or there is something already that is not just an
        earlier roster to be overwritten.
    """
    check_folder(out)
    if not out.is_dir() or not any(out.iterdir()):
        return
    if kind_of(out / MARK) != "a file":
        raise InputError("command line", "out", str(out), "a new folder, or one with a roster")
    if not overwrite:
        raise InputError("command line", "out", str(out), "a new folder, or --overwrite")
    said = read_json(out / MARK)
    facts = said if isinstance(said, dict) else {}
    form = facts.get("format", FORMAT if facts.keys() >= _SAID else None)  # of before it was said
    if form != FORMAT or isinstance(form, bool):
        raise InputError(out / MARK, "format", form, f"{FORMAT}, and what a roster says")
    for place, folders, files in os.walk(out):
        for name in sorted((*folders, *files)):
            path = Path(place) / name
            within = str(path.relative_to(out))
            if path.is_symlink() or not _OURS.fullmatch(within):
                allowed = f"a folder with a roster alone; {within} is not of it, and would be lost"
                raise InputError("command line", "out", str(out), allowed)


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
    with new_folder(out, lambda: check_target(out, overwrite)) as part:
        for name, table in (
            ("roster", duty_table(rosters)),
            ("table", wide_table(rosters)),
            ("cover", cover_table(rosters)),
            ("workers", worker_table(rosters)),
        ):
            (part / f"{name}.csv").write_text(frame_text(table), encoding="utf-8")
        text = json.dumps({"format": FORMAT, **facts}, ensure_ascii=False, indent=1)
        (part / MARK).write_text(text, encoding="utf-8")
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
