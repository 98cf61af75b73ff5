"""A scenario as text again: resolved, compared, and as a JSON schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tomli_w

from sim.scenario.schema import Scenario, set_at


def resolved(scenario: Scenario) -> dict[str, Any]:
    """Return the scenario as plain tables, overlays and overrides merged."""
    return scenario.model_dump(mode="python", exclude_none=True)


def to_toml(scenario: Scenario, named: Callable[[Path], str] = str) -> str:
    """Write the resolved scenario as TOML, each field's source in ``[sources]``.

    Parameters
    ----------
    named : callable
        Given the path of a table's file, returns how to name it; by its absolute path the text
        can be loaded from anywhere.
    """
    content = resolved(scenario)
    files = [named(path) for path in scenario.source_files[-3:]]
    area, tables = content["area"], content["tables"]
    area["districts"], area["boundaries"], tables["categories"] = files
    for field, file in scenario.attached.items():
        set_at(content, field, named(file))
    content["sources"] = {
        figure.path: {
            "basis": figure.basis if figure.basis != "command line" else "assumed",
            "note": figure.note,
        }
        for figure in scenario.figures
        if not figure.path.startswith(("categories.", "district_table."))
    }
    return tomli_w.dumps(content)


def diff(a: Scenario, b: Scenario) -> list[tuple[str, Any, Any]]:
    """List the fields in which two scenarios differ, as ``(path, in a, in b)``; None: absent."""
    left, right = dict(_flat(_whole(a))), dict(_flat(_whole(b)))
    paths = list(left) + [path for path in right if path not in left]

    def said(flat: dict[str, Any], path: str) -> Any:
        return None if flat.get(path) == () else flat.get(path)  # an empty list says nothing

    return [
        (path, said(left, path), said(right, path))
        for path in paths
        if said(left, path) != said(right, path)
    ]


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a resolved scenario file."""
    schema = Scenario.model_json_schema()
    for name, field in Scenario.model_fields.items():
        if field.exclude:
            schema["properties"].pop(name, None)
    used = json.dumps(schema["properties"])
    # definitions only the excluded fields needed
    while True:
        kept = {
            name: body
            for name, body in schema["$defs"].items()
            if f'#/$defs/{name}"' in used
            or any(
                f'#/$defs/{name}"' in json.dumps(b) for n, b in schema["$defs"].items() if n != name
            )
        }
        if len(kept) == len(schema["$defs"]):
            return schema
        schema["$defs"] = kept


def _whole(scenario: Scenario) -> dict[str, Any]:
    content = resolved(scenario)
    # a file is what it says, wherever it lies
    hashes = [digest[:12] for digest in scenario.table_hashes]
    area, tables = content["area"], content["tables"]
    area["districts"], area["boundaries"], tables["categories"] = hashes
    for field, digest in scenario.attached_hashes.items():
        set_at(content, field, digest[:12])
    content["categories"] = {row.id: row.model_dump(exclude={"id"}) for row in scenario.categories}
    content["district_table"] = {
        row.name_en: row.model_dump(exclude={"name_en"}) for row in scenario.district_table
    }
    return content


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)) and any(isinstance(item, dict) for item in value):
        for i, item in enumerate(value):
            yield from _flat(item, f"{path}.{i}")
    else:
        yield path, value
