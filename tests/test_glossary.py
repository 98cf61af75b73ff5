"""One name for each thing: the glossary's terms are where it says, and old words are nowhere."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from pydantic import BaseModel

import sim
from sim.cli import main
from sim.engine.outcome import LOGS, TICKETS
from sim.measure.catalogue import METRICS
from sim.scenario import Category, Scenario

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if line.startswith("|") and not line.startswith(("| term", "| ---"))
]
PLACES = sorted({place for row in ROWS for place in re.findall(r"`([^`]+)`", row[-1])})


def commands(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", found) for inner, found in commands(command))


def is_field(model: Any, path: list[str]) -> bool:
    """Return whether a dotted path leads to a field; tables of tables have names in between."""
    if not path:
        return True
    models = [
        model,
        *get_args(model),
        *(inner for arg in get_args(model) for inner in get_args(arg)),
    ]
    return any(
        path[0] in found.model_fields and is_field(found.model_fields[path[0]].annotation, path[1:])
        for found in models
        if isinstance(found, type) and issubclass(found, BaseModel)
    )


def is_python(place: str) -> bool:
    parts = place.split(".")
    if parts[0] == "outcome":
        return hasattr(sim.Outcome, parts[1])
    for size in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:size]))
        except ImportError:
            continue
        for part in parts[size:]:
            found = getattr(found, part, None)
        return found is not None
    return False


def exists(place: str) -> bool:
    if place.startswith("--"):
        return any(
            place in opt.split("/") or place in (*param.opts, *param.secondary_opts)
            for _, command in commands(main)
            for param in command.params
            for opt in param.opts
        )
    if place.startswith("sim "):
        return place.removeprefix("sim ") in dict(commands(main))
    first, *rest = place.split(".")
    tables = {"tickets": TICKETS, **LOGS, "categories": Category.model_fields}
    if first in tables and all(part in tables[first] for part in rest):
        return True
    if place in METRICS or place == "sources":
        return True
    return is_field(Scenario, [first, *rest]) or (first in ("sim", "outcome") and is_python(place))


def test_each_term_stands_once_in_both_languages() -> None:
    assert len(ROWS) > 50
    assert all(len(row) == 4 and all(row) for row in ROWS)
    for column in (0, 1):
        names = [row[column] for row in ROWS]
        assert len(set(names)) == len(names)
    assert all(re.search(r"[\u4e00-\u9fff]", row[1]) for row in ROWS)
    assert all("`" in row[3] for row in ROWS)


@pytest.mark.parametrize("place", PLACES)
def test_a_term_is_where_the_glossary_says(place: str) -> None:
    assert exists(place), place


def test_what_is_nowhere_is_found_to_be() -> None:
    for place in (
        "--pollicy",
        "sim rnu",
        "tickets.eyes",
        "hotline.eyes",
        "sim.Citty",
        "close.on_tim",
    ):
        assert not exists(place)


FORBIDDEN = {
    r"promis(e|es|ed|ing)": "deadline, or target",
    r"eyes?": "part-time observers",
    r"(tell|tells|told|telling) whether": "return whether",
    r"call(s|ing)? back": "call-back",
}
KNOWN = {
    ("tests", r"np\.eye\("),
    ("sim", r"np\.eye\("),
    ("sim/scenario/renamed.py", ".*"),  # what names were
    ("sim/measure/finding.py", r'"tickets\.eyes"'),
    ("tests/measure/test_catalogue.py", r'"tickets\.eyes"'),
    ("tests/scenario/test_migrate.py", ".*"),
    ("tests/scenario/test_layers.py", "part_time_eyes"),
    ("tests/test_glossary.py", ".*"),
}


@pytest.mark.parametrize("word", FORBIDDEN)
def test_old_words_are_nowhere(word: str) -> None:
    """In code, messages, tables and texts: the glossary's word stands there instead."""
    pattern = re.compile(rf"(?<![A-Za-z])(?:{word})(?![A-Za-z])", re.I)
    files = [
        file
        for folder in ("sim", "docs", "notebooks", "scenarios", "tests", "benchmarks")
        for file in sorted((ROOT / folder).rglob("*"))
        if file.suffix in (".py", ".md", ".toml", ".csv", ".ipynb")
        and "_scenarios" not in file.parts
    ]
    found = []
    for file in [ROOT / "README.md", *files]:
        name = file.relative_to(ROOT).as_posix()
        known = [re.compile(text) for start, text in KNOWN if name.startswith(start)]
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            left = line
            for one in known:
                left = one.sub("", left)
            found += [f"{name}:{number}: {line.strip()}"] if pattern.search(left) else []
    assert not found, f"say {FORBIDDEN[word]}:\n" + "\n".join(found)
