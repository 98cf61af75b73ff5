"""A scenario as text again: resolved, compared, and as a JSON schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sim.scenario.schema import Scenario


def resolved(scenario: Scenario) -> dict[str, Any]:
    """Return the scenario as plain tables, overlays and overrides merged."""
    return scenario.model_dump(mode="python", exclude_none=True)


def to_toml(scenario: Scenario, beside: bool = False) -> str:
    """Write the resolved scenario as TOML, each field's source in ``[sources]``.

    Parameters
    ----------
    beside : bool
        Whether to name the tables' files as lying in the same folder, rather than by absolute
        paths, with which the text can be loaded from anywhere.
    """
    content = resolved(scenario)
    files = [path.name if beside else str(path) for path in scenario.source_files[-3:]]
    area, tables = content["area"], content["tables"]
    area["districts"], area["boundaries"], tables["categories"] = files
    content["sources"] = {
        figure.path: {
            "basis": figure.basis if figure.basis != "command line" else "assumed",
            "note": figure.note,
        }
        for figure in scenario.figures
        if not figure.path.startswith("categories.")
    }
    scalars = {k: v for k, v in content.items() if not isinstance(v, (dict, list, tuple))}
    lines = [f"{key} = {_value(value)}" for key, value in scalars.items()]
    for key, value in content.items():
        if key not in scalars:
            lines += _section(key, value)
    return "\n".join(lines) + "\n"


def diff(a: Scenario, b: Scenario) -> list[tuple[str, Any, Any]]:
    """List the fields in which two scenarios differ, as ``(path, in a, in b)``; None: absent."""
    left, right = dict(_flat(_whole(a))), dict(_flat(_whole(b)))
    paths = list(left) + [path for path in right if path not in left]
    return [
        (path, left.get(path), right.get(path))
        for path in paths
        if left.get(path) != right.get(path)
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


def _section(path: str, value: Any) -> list[str]:
    """Write a table, or a list of tables."""
    if isinstance(value, (list, tuple)):
        if not any(isinstance(item, dict) for item in value):
            return []
        lines = []
        for item in value:
            lines += ["", f"[[{path}]]", *(f"{_key(k)} = {_value(v)}" for k, v in item.items())]
        return lines
    lines = ["", f"[{path}]"]
    tables = {} if path == "sources" else {k: v for k, v in value.items() if isinstance(v, dict)}
    lines += [f"{_key(k)} = {_value(v)}" for k, v in value.items() if k not in tables]
    for key, item in tables.items():
        lines += _section(f"{path}.{_key(key)}", item)
    return lines


def _key(key: str) -> str:
    plain = key.replace("_", "").replace("-", "")
    return key if plain.isascii() and plain.isalnum() else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return str(value)
