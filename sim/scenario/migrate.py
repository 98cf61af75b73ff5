"""Bringing a scenario file of an earlier version, and its tables, to this one.

Names alone change: comments, order, line ends and all else stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import InputError
from sim.reading import parse_csv, parse_toml, read_bytes
from sim.scenario.finding import find, shipped_names
from sim.scenario.renamed import COLUMNS, FIELDS
from sim.scenario.schema import ATTACHED, SCHEMA_VERSION, TABLES
from sim.scenario.tomlkeys import keys_of
from sim.writing import check_file, check_folder, new_file, writable

_MARK = b"\xef\xbb\xbf"
_TABLE = "tables.categories"


@dataclass(frozen=True)
class Rewritten:
    """A file as it is in this version.

    Attributes
    ----------
    file, target : Path
        Where it was read, and where it belongs.
    content : bytes
    changes : tuple of str
        What is different, a line each; none: it is copied.
    """

    file: Path
    target: Path
    content: bytes
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Migration:
    """What brings a scenario to this version: nothing is written yet.

    Attributes
    ----------
    files : tuple of Rewritten
        Those to be written, the scenario file last.
    older : tuple of Path
        Scenario files that it extends and that are of an earlier version themselves.
    """

    files: tuple[Rewritten, ...]
    older: tuple[Path, ...]

    def write(self) -> None:
        """Write the files, each whole or not at all."""
        for one in self.files:
            with writable(one.target):
                one.target.parent.mkdir(parents=True, exist_ok=True)
            with new_file(one.target) as part:
                part.write_bytes(one.content)


def migration_of(file: Path, out: Path | None = None) -> Migration:
    """Read a scenario file and its tables, and find what is to be changed.

    Parameters
    ----------
    file : Path
    out : Path, optional
        A folder to write to instead: the scenario, and all files that it names beside it.

    Raises
    ------
    InputError
        If it is no scenario file of version 1 or this one; with ``out``, if a file that it names
        lies elsewhere, or something is in the way there.
    """
    text, tree = _read(file)
    if out is not None:
        check_folder(out)
    found = []
    base = tree.get("extends")
    if out is not None and isinstance(base, str) and base not in shipped_names():
        allowed = "with --out a scenario that comes with the package; else migrate in place"
        raise InputError(file, "extends", base, allowed)
    for field, name in _named(tree):
        place = file.parent / name
        content, changes = _table(place, file) if field == _TABLE else (b"", ())
        if out is not None:
            elsewhere = Path(name).is_absolute()
            if ".." in Path(name).parts or (elsewhere and changes):
                raise InputError(file, field, name, "a file beside it; or no --out")
            if not elsewhere:
                content = content or read_bytes(place, file, field)
                found.append(Rewritten(place, _free(out / name), content, changes))
        elif changes:
            found.append(Rewritten(place, place, content, changes))
    content, changes = _scenario(file, text, tree)
    if out is not None or changes:
        target = file if out is None else _free(out / file.name)
        found.append(Rewritten(file, target, content, changes))
    return Migration(tuple(found), tuple(_older(file, tree)))


def _free(target: Path) -> Path:
    if target.exists():
        raise InputError("command line", "out", str(target), "a folder without a file of this name")
    if target.parent.is_dir():
        check_file(target)
    return target


def _read(file: Path) -> tuple[str, dict[str, Any]]:
    """Read a scenario file as it is, line ends and all."""
    content = read_bytes(file, field="scenario").removeprefix(_MARK)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise InputError(file, f"byte {error.start}", content[error.start], "UTF-8") from None
    tree = parse_toml(text, file)
    version = tree.get("schema_version", 1)
    if type(version) is not int or not 1 <= version <= SCHEMA_VERSION:
        allowed = f"a scenario file of version 1 to {SCHEMA_VERSION}"
        raise InputError(file, "schema_version", version, allowed)
    if not {"schema_version", "extends"} & tree.keys():
        raise InputError(file, "schema_version", None, "a scenario file, which has one or extends")
    return text, tree


def _scenario(file: Path, text: str, tree: dict[str, Any]) -> tuple[bytes, tuple[str, ...]]:
    """Return a scenario file with the names of this version."""
    new: list[tuple[int, int, str]] = []
    changes = []
    for key in keys_of(text):
        path = ".".join(key.path)
        if path == "schema_version" and tree["schema_version"] != SCHEMA_VERSION and key.value:
            new.append((*key.value, str(SCHEMA_VERSION)))
            changes.append(f"schema_version: {tree['schema_version']} → {SCHEMA_VERSION}")
        elif path in FIELDS:
            new.append((key.start, key.end, FIELDS[path].rpartition(".")[2]))
            changes.append(f"{path} → {FIELDS[path]}")
        elif key.path[0] == "sources" and len(key.path) == 2 and key.path[1] in FIELDS:
            new.append((key.start, key.end, f'"{FIELDS[key.path[1]]}"'))
    for begin, end, word in sorted(new, reverse=True):
        text = text[:begin] + word + text[end:]
    parse_toml(text, file)  # both names side by side become one twice
    mark = _MARK if read_bytes(file).startswith(_MARK) else b""
    return mark + text.encode(), tuple(dict.fromkeys(changes))


def _table(place: Path, asked_by: Path) -> tuple[bytes, tuple[str, ...]]:
    """Return a table of categories with the columns of this version: its first line alone."""
    content = read_bytes(place, asked_by, _TABLE)
    first, ending, rest = content.partition(b"\n")
    try:
        header = parse_csv(first.removeprefix(_MARK).decode(), place)
    except UnicodeDecodeError:
        raise InputError(place, "header", "other bytes", "UTF-8") from None
    old = [cell.strip() for row in header for cell in row if cell.strip() in COLUMNS]
    for name in old:
        first = re.sub(rb"\b%s\b" % name.encode(), COLUMNS[name].encode(), first)
    return first + ending + rest, tuple(f"column {name} → {COLUMNS[name]}" for name in old)


def _named(tree: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the fields of a scenario file that name a file."""
    for field in (*TABLES, *ATTACHED):
        at: Any = tree
        for part in field.split("."):
            at = at.get(part) if isinstance(at, dict) else None
        if isinstance(at, str):
            yield field, at


def _older(file: Path, tree: dict[str, Any]) -> Iterator[Path]:
    """Yield the scenario files that one extends and that are of an earlier version."""
    seen = {file.resolve()}
    while isinstance(base := tree.get("extends"), str):
        file = find(base, beside=file, field="extends")
        if file in seen:
            return
        seen.add(file)
        _, tree = _read(file)
        if tree.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
            yield file
