"""The text of a VRPLIB file: which keys and sections there are, and their rows, strictly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError, suggestion

Floats = NDArray[np.float64]

EITHER = (
    "CAPACITY",
    "SERVICE_TIME",
    "VEHICLES_DEPOT",
    "VEHICLES_FIXED_COST",
    "VEHICLES_MAX_DISTANCE",
    "VEHICLES_MAX_DURATION",
    "VEHICLES_UNIT_DISTANCE_COST",
)
"""A value for all, or a section with a row for each."""
KEYS = (
    "NAME",
    "COMMENT",
    "TYPE",
    "DIMENSION",
    "VEHICLES",
    "DISTANCE",
    "EDGE_WEIGHT_TYPE",
    "EDGE_WEIGHT_FORMAT",
    "NODE_COORD_TYPE",
    "DISPLAY_DATA_TYPE",
    *EITHER,
)
"""Keys that are read; of NAME, COMMENT and DISPLAY_DATA_TYPE nothing hangs."""
SECTIONS = (
    "NODE_COORD",
    "DISPLAY_DATA",
    "EDGE_WEIGHT",
    "DEMAND",
    "LINEHAUL",
    "DEPOT",
    "TIME_WINDOW",
    "PRIZE",
    "VEHICLES_ALLOWED_CLIENTS",
    *EITHER,
)
"""Sections that are read, without ``_SECTION``."""
OTHERS = {
    "BACKHAUL": "loads to bring back",
    "PICKUP": "loads to bring back",
    "DELIVERY": "loads to bring from stop to stop",
    "PICKUP_AND_DELIVERY": "loads to bring from stop to stop",
    "RELEASE_TIME": "loads that are not there at first",
    "MUTUALLY_EXCLUSIVE_GROUP": "groups of stops of which one is served",
    "GTSP_SET": "groups of stops of which one is served",
    "GTSP_SETS": "groups of stops of which one is served",
    "GVRP_SET": "groups of stops of which one is served",
    "VEHICLES_RELOAD_DEPOT": "vehicles that load again",
    "VEHICLES_MAX_RELOADS": "vehicles that load again",
    "VEHICLES_PROFILE": "ways that differ by vehicle",
    "FIXED_EDGES": "ways that must be taken",
    "EDGE_DATA": "ways between some places only",
    "EDGE_DATA_FORMAT": "ways between some places only",
    "TOUR": "given tours",
    "DRAFT_LIMIT": "loads that a place allows",
    "DRAFT_LIMITS": "loads that a place allows",
    "STANDTIME": "work by depot",
    "DURATION": "the dynamic dialect",
    "TIME_AVAIL": "the dynamic dialect",
    "VISIT_LOCATION": "the dynamic dialect",
    "LOCATION_COORD": "the dynamic dialect",
    "DEPOT_LOCATION": "the dynamic dialect",
    "DEPOT_TIME_WINDOW": "the dynamic dialect",
    "DEPOTS": "the dynamic dialect",
    "NUM_DEPOTS": "the dynamic dialect",
    "NUM_CAPACITIES": "the dynamic dialect",
    "NUM_VISITS": "the dynamic dialect",
    "NUM_LOCATIONS": "the dynamic dialect",
    "NUM_VEHICLES": "the dynamic dialect",
    "STATIONS": "vehicles that charge",
    "STATIONS_COORD": "vehicles that charge",
    "ENERGY_CAPACITY": "vehicles that charge",
    "ENERGY_CONSUMPTION": "vehicles that charge",
    "SALESMEN": "several salesmen",
    "PERIOD": "several days",
    "RISK_THRESHOLD": "a limit of risk",
    "SCALE": "other units of distance",
}
"""Known keys and sections of problems that are not solved here."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,15}", re.ASCII)


class Row(NamedTuple):
    """A line of a section."""

    line: int
    text: str


@dataclass
class Text:
    """A VRPLIB file, taken apart.

    Attributes
    ----------
    path : Path
    keys : dict of str
        Values by key.
    sections : dict of lists of Row
        Lines by section, without ``_SECTION``.
    """

    path: Path
    keys: dict[str, str] = field(default_factory=dict)
    sections: dict[str, list[Row]] = field(default_factory=dict)

    def error(self, where: str, value: object, allowed: str) -> InputError:
        """Return the message that refuses what stands somewhere in the file."""
        return InputError(self.path, where, value, allowed)

    def number(self, key: str, least: float = 0.0) -> float | None:
        """Return the number of a key, or None where there is none."""
        text = self.keys.get(key)
        if text is None:
            return None
        value = number(text)
        if value is None or value < least:
            raise self.error(key, text, f"one finite number of at least {least:g}")
        return value

    def whole(self, key: str) -> int | None:
        """Return the whole number, of at least 1, of a key; None where there is none."""
        text = self.keys.get(key)
        if text is None:
            return None
        value = whole(text)
        if value is None or value < 1:
            raise self.error(key, text, "a whole number of at least 1")
        return value

    def rows(self, section: str, count: int, what: str) -> Iterator[tuple[int, Row, list[str]]]:
        """Iterate over a section by the numbers of its rows: index from 0, row, other words.

        Raises
        ------
        InputError
            If not each number from 1 to ``count`` has one row; ``what`` it is that has.
        """
        seen: dict[int, Row] = {}
        words: dict[int, list[str]] = {}
        for row in self.sections[section]:
            first, *others = row.text.split()
            index = whole(first)
            if index is None or not 1 <= index <= count:
                allowed = f"rows that begin with the number of a {what}, from 1 to {count}"
                raise self.error(f"{section}_SECTION line {row.line}", row.text, allowed)
            if index in seen:
                allowed = f"one row for each {what}; line {seen[index].line} has {index} too"
                raise self.error(f"{section}_SECTION line {row.line}", row.text, allowed)
            seen[index], words[index] = row, others
        for index in range(1, count + 1):
            if index not in seen:
                raise self.error(f"{section}_SECTION row {index}", None, f"a row for each {what}")
            yield index - 1, seen[index], words[index]

    def table(
        self, section: str, count: int, what: str, width: int = 1, least: float = 0.0
    ) -> Floats:
        """Return a section of numbers by the numbers of its rows, [count, width].

        Raises
        ------
        InputError
            As `rows` does, and for what is no number, or below ``least``.
        """
        found = []
        for index, _row, words in self.rows(section, count, what):
            where = f"{section}_SECTION row {index + 1}"
            values = [number(word) for word in words]
            for word, value in zip(words, values, strict=True):
                if value is None or value < least:
                    limit = "" if least == -np.inf else f" of at least {least:g}"
                    raise self.error(where, word, f"finite numbers{limit}")
            if len(values) != width:
                raise self.error(
                    where, " ".join(words), f"{width} number{'s'[: width > 1]} in each row"
                )
            found.append(values)
        return np.array(found, dtype=np.float64).reshape(count, width)

    def stream(self, section: str) -> Floats:
        """Return all numbers of a section, one after the other, whatever lines they stand on."""
        parts = []
        for row in self.sections[section]:
            words = row.text.split()
            try:
                if not row.text.isascii() or "_" in row.text:  # Python would take more
                    raise ValueError
                part = np.array(words, dtype=np.float64)
            except ValueError:
                part = np.array([np.nan])
            if not np.isfinite(part).all():
                bad = next((word for word in words if number(word) is None), row.text)
                raise self.error(f"{section}_SECTION line {row.line}", bad, "finite numbers")
            parts.append(part)
        return np.concatenate(parts) if parts else np.zeros(0)


def number(word: str) -> float | None:
    """Return a finite number written in plain decimals, or None for anything else."""
    value = float(word) if _NUMBER.fullmatch(word) else np.inf
    return value if np.isfinite(value) else None


def whole(word: str) -> int | None:
    """Return a whole number of at most 15 digits, or None for anything else."""
    return int(word) if _WHOLE.fullmatch(word) else None


def take_apart(path: Path, text: str) -> Text:
    """Take a VRPLIB file apart.

    Only a line that begins with a letter is a key or the name of a section; what follows a key's
    colon is its value, whatever it says.

    Raises
    ------
    InputError
        For what is neither, stands twice, or belongs to a problem that is not solved here.
    """
    found = Text(path)
    rows: list[Row] | None = None
    for line, raw in enumerate(text.replace("\r", "\n").split("\n"), 1):
        content = raw.strip()
        if content.upper() == "EOF":
            break
        if content.startswith("#"):  # PyVRP's dialect has remarks
            continue
        if content and not (content[0].isalpha() or content[0] == "_"):
            if rows is None:
                raise found.error(
                    f"line {line}", content, "a key with its value, or a section's name"
                )
            rows.append(Row(line, content))
        elif content:
            rows = _begin(found, line, content)
    if not found.keys and not found.sections:
        raise found.error("file", text[:40], "VRPLIB's format, or a table of Solomon's")
    for name in EITHER:
        if name in found.keys and name in found.sections:
            raise found.error(
                f"{name}_SECTION", found.keys[name], f"{name} or this section, not both"
            )
    return found


def _begin(found: Text, line: int, content: str) -> list[Row] | None:
    """Take in a key, or begin a section and return where its rows go."""
    name, colon, value = content.partition(":")
    name, value = name.strip().upper(), value.strip()
    bare = name.removesuffix("_SECTION")
    if bare != name and bare in SECTIONS:
        if value:
            raise found.error(f"line {line}", content, "nothing after the name of a section")
        if bare in found.sections:
            raise found.error(name, f"line {line}", "each section once")
        return found.sections.setdefault(bare, [])
    if bare == name and name in KEYS:
        if not colon:
            raise found.error(f"line {line}", content, f"a value as `{name} : value`")
        if name in found.keys and name != "COMMENT":
            raise found.error(name, value, f"each key once; it was {found.keys[name]} before")
        found.keys[name] = value
        return None
    if bare in OTHERS:
        raise found.error(name, value or f"line {line}", f"{OTHERS[bare]} are not solved here")
    if not found.keys and not found.sections:
        raise found.error("file", content[:40], "VRPLIB's format, or a table of Solomon's")
    known = (*KEYS, *(f"{section}_SECTION" for section in SECTIONS))
    hint = suggestion(name, known)
    raise found.error(name, value or f"line {line}", f"keys and sections that are known{hint}")
