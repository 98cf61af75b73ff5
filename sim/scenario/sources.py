"""Where each figure is from: `published`, `measured` or `assumed`."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import InputError, one_of
from sim.reading import COMMAND_LINE, is_plain

NEED_NONE = {"schema_version", "seed"}
CHOICES = {"area.grids", "patrol.routes", "travel.model", "travel.roads.file"}
"""Words that say on what a scenario rests, as figures do."""
BASES = ("published", "measured", "assumed")


@dataclass(frozen=True)
class Figure:
    """A figure of a scenario and its source.

    Attributes
    ----------
    path : str
        Dotted path of the field; a row of a table is ``categories.<id>``.
    value : object
        Its value; for a row of a table, how many figures the row has.
    basis : str
        ``published``, ``measured``, ``assumed`` or ``command line``.
    note : str
        On what it rests.
    file : str
        The file that set it.
    """

    path: str
    value: Any
    basis: str
    note: str
    file: str


@dataclass(frozen=True)
class Leaf:
    """A value of a TOML file, with the file that set it."""

    value: Any
    file: Path | None
    """None: the command line."""


def is_figure(value: object) -> bool:
    """Whether a value is a figure, which needs a source: a number, a date, or a list of them."""
    if isinstance(value, bool):
        return False
    if isinstance(value, (list, tuple)):
        return any(is_figure(item) for item in value)
    return isinstance(value, (int, float, datetime.date))


def trace(
    leaves: Iterator[tuple[str, Leaf]], sources: Mapping[Path, Mapping[str, Any]]
) -> Iterator[Figure]:
    """Give each figure its source: the longest path in the ``[sources]`` of the file that set it.

    Raises
    ------
    InputError
        If a figure has none, or a source is not what it should be.
    """
    for file, entries in sources.items():
        for path, entry in entries.items():
            _check_entry(file, path, entry)
    for path, leaf in leaves:
        if path in NEED_NONE or not (is_figure(leaf.value) or path in CHOICES):
            continue
        if leaf.file is None:
            yield Figure(path, leaf.value, COMMAND_LINE, "set for this run", COMMAND_LINE)
            continue
        entries = sources.get(leaf.file, {})
        fitting = [p for p in entries if path == p or path.startswith(p + ".")]
        if not fitting:
            line = f'"{path}" = {{ basis = "assumed", note = "on what it rests" }}'
            raise InputError(
                leaf.file, path, leaf.value, f"a figure with a source; put under [sources]: {line}"
            )
        entry = entries[max(fitting, key=len)]
        yield Figure(path, leaf.value, entry["basis"], entry["note"], leaf.file.name)


def check_fields(sources: Mapping[Path, Mapping[str, Any]], fields: Iterable[str]) -> None:
    """Check that sources are given for what there is: a mistyped one would do nothing.

    Parameters
    ----------
    sources : mapping
        The ``[sources]`` of each file.
    fields : iterable of str
        Dotted paths of all fields.

    Raises
    ------
    InputError
        Naming the first that is no field, nor a part of one from the left.
    """
    known = {
        ".".join(parts[:size])
        for parts in (path.split(".") for path in fields)
        for size in range(1, len(parts) + 1)
    }
    for file, entries in sources.items():
        for path in entries:
            if path not in known:
                raise InputError(file, "sources", path, f"a field, {one_of(path, sorted(known))}")


def _check_entry(file: Path, path: str, entry: object) -> None:
    field = f'sources."{path}"'
    if not isinstance(entry, dict) or set(entry) != {"basis", "note"}:
        raise InputError(file, field, entry, 'a table { basis = "…", note = "…" }')
    if entry["basis"] not in BASES:
        raise InputError(file, f"{field}.basis", entry["basis"], one_of(entry["basis"], BASES))
    note = entry["note"]
    if not isinstance(note, str) or not note.strip() or not is_plain(note.replace("\n", " ")):
        raise InputError(file, f"{field}.note", entry["note"], "words on what the figure rests")
