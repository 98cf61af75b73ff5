"""Loading a scenario: layers, overrides, tables, sources, and one message for bad input."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from sim.errors import InputError, one_of
from sim.reading import COMMAND_LINE, read_text, read_toml
from sim.scenario import renamed
from sim.scenario.base import strictly
from sim.scenario.boundaries import boundaries
from sim.scenario.daysoff import with_days_off
from sim.scenario.finding import find
from sim.scenario.layers import Overrides, Tree, leaves, merged, override_tree, tagged, untagged
from sim.scenario.renamed import migration
from sim.scenario.schema import (
    ATTACHED,
    SCHEMA_VERSION,
    TABLES,
    Scenario,
    check_categories,
    check_names,
    check_references,
)
from sim.scenario.sources import (
    CHOICES,
    NEED_NONE,
    Figure,
    Leaf,
    check_fields,
    is_figure,
    trace,
)
from sim.scenario.tables import Category, DistrictRow, read_table

_FILLED = {
    "categories",
    "district_table",
    "boundaries_path",
    "figures",
    "source_files",
    "set_by",
    "table_hashes",
    "attached",
    "attached_hashes",
}


def load(name: str | Path, overrides: Overrides = MappingProxyType({})) -> Scenario:
    """Load a scenario.

    Parameters
    ----------
    name : str or Path
        A TOML file, or the name of a scenario that comes with the package.
    overrides : mapping
        Values by dotted key, which lie over the file as one that extends it would; see
        `sim.scenario.layers`.

    Returns
    -------
    Scenario
        Validated and frozen.

    Raises
    ------
    InputError
        One message: file, field, value and what is allowed.
    """
    path = find(name)
    layers = _layers(path)
    sources: dict[Path, Any] = {}
    trees = []
    for file, data in layers:
        check_version(file, data)
        entries = data.pop("sources", {})
        if not isinstance(entries, dict):
            raise InputError(file, "sources", entries, "a table")
        sources[file] = entries
        data.pop("extends", None)
        trees.append(tagged(data, file))
    said = [path for one in trees for path, _ in leaves(one)]
    tree = reduce(merged, [*trees, override_tree(overrides)])
    plain = untagged(tree)
    if _FILLED & plain.keys():
        field = min(_FILLED & plain.keys())
        raise InputError(path, field, plain[field], "no such field in a scenario file")
    if "schema_version" not in plain:
        raise InputError(path, "schema_version", None, f"{SCHEMA_VERSION}")
    scenario = _validate(plain, tree, path)

    texts: dict[str, str] = {}
    places: dict[str, Path] = {}
    said_by = dict(leaves(tree))
    for field in TABLES:
        places[field], texts[field] = _read(said_by[field], field)
    named = {f: said_by[f] for f in ATTACHED if f in said_by and said_by[f].value is not None}
    attached = {field: _read(leaf, field) for field, leaf in named.items()}

    districts = read_table(
        places["area.districts"], texts["area.districts"], DistrictRow, "name_en"
    )
    categories = read_table(places["tables.categories"], texts["tables.categories"], Category, "id")
    boundaries(texts["area.boundaries"], places["area.boundaries"], districts)
    check_fields(
        sources, [*said, *_paths(Scenario), *(path for path, _ in leaves(_content(scenario)))]
    )
    traced = tuple(trace(leaves(tree), sources))
    set_by = {field: leaf.file or COMMAND_LINE for field, leaf in said_by.items()}
    # deadlines in working days reach beyond the run
    scenario, looked_up = with_days_off(
        scenario.model_copy(update={"categories": categories}), set_by.get("time.calendar", path)
    )
    traced = (*traced, *looked_up)
    figures = (
        *traced,
        *_defaults(scenario, traced),
        *_rows("district_table", districts, "name_en", places["area.districts"]),
        *_rows("categories", categories, "id", places["tables.categories"]),
    )
    scenario = scenario.model_copy(
        update={
            "district_table": districts,
            "boundaries_path": places["area.boundaries"],
            "figures": figures,
            "source_files": (
                *(file for file, _ in layers),
                *(file for file, _ in attached.values()),
                *places.values(),
            ),
            "set_by": set_by,
            "table_hashes": tuple(_digest(text) for text in texts.values()),
            "attached": {field: file for field, (file, _) in attached.items()},
            "attached_hashes": {field: _digest(text) for field, (_, text) in attached.items()},
        }
    )
    try:
        check_references(scenario, path)
    except InputError as error:
        loc = [
            int(part) if part.isascii() and part.isdigit() else part
            for part in re.split(r"[.\[\]]+", error.field)
        ]
        at_fault = _file_of(tree, [*loc, error.value]) or path
        raise InputError(at_fault, error.field, error.value, error.allowed) from None
    check_names(scenario, places["area.districts"], places["tables.categories"])
    check_categories(scenario, places["tables.categories"])
    return scenario


def check_version(file: Path, data: Tree) -> None:
    """Check that a scenario file, if it says so, is of this version.

    Raises
    ------
    InputError
        If it is not, with what brings one of an earlier version to this one.
    """
    version = data.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION or isinstance(version, bool):
        earlier = type(version) is int and 0 < version < SCHEMA_VERSION
        allowed = f"{SCHEMA_VERSION}" + (f"; {migration(file)}" if earlier else "")
        raise InputError(file, "schema_version", version, allowed)


def _read(leaf: Leaf, field: str) -> tuple[Path, str]:
    """Read a file that a field names, beside the file that does so."""
    base = leaf.file.parent if leaf.file is not None else Path.cwd()
    path = base / str(leaf.value)
    return path, read_text(path, leaf.file or COMMAND_LINE, field)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _layers(path: Path) -> list[tuple[Path, Tree]]:
    """Read the scenario and those it extends, the deepest first."""
    layers: list[tuple[Path, Tree]] = []
    while True:
        if any(path == seen for seen, _ in layers):
            chain = " -> ".join(p.name for p, _ in layers)
            raise InputError(layers[-1][0], "extends", path.name, f"no circle ({chain})")
        data = read_toml(path)
        layers.append((path, data))
        if "extends" not in data:
            return layers[::-1]
        base = data["extends"]
        if not isinstance(base, str) or not base:
            raise InputError(path, "extends", base, "the name or path of a scenario")
        path = find(base, beside=path, field="extends")


def _content(scenario: Scenario) -> Any:
    return tagged(scenario.model_dump(mode="python", exclude_none=True), None)


def _defaults(scenario: Scenario, traced: Sequence[Figure]) -> Iterator[Figure]:
    """List the figures that no file sets: those of the program, which change nothing."""
    known = {figure.path for figure in traced}
    for path, leaf in leaves(_content(scenario)):
        said = is_figure(leaf.value) or path in CHOICES
        if said and path not in known and path not in NEED_NONE:
            yield Figure(path, leaf.value, "assumed", "neutral default: changes nothing", "default")


def _rows(
    table: str, rows: Sequence[Category | DistrictRow], key: str, file: Path
) -> Iterator[Figure]:
    """List the rows of a table, each with the source that it names itself."""
    for row in rows:
        numbers = sum(is_figure(value) for value in row.model_dump().values())
        path = f"{table}.{getattr(row, key)}"
        yield Figure(path, f"{numbers} figures", row.basis, row.source, file.name)


def _validate(plain: Tree, tree: Tree, path: Path) -> Scenario:
    try:
        return strictly(Scenario, plain)
    except ValidationError as error:
        errors = error.errors()
        first = min(errors, key=_telling)
        more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise InputError(
            _file_of(tree, first["loc"]) or path,
            _path(first["loc"]),
            None if first["type"] == "missing" else first["input"],
            _allowed(first) + more,
        ) from None


def _telling(error: Any) -> int:
    """Return how soon an error is told: what has another name now, is unknown, is wrong."""
    if _path(error["loc"]) in renamed.FIELDS:
        return 0
    return 1 if error["type"] == "extra_forbidden" else 2


def _path(loc: Sequence[int | str]) -> str:
    return ".".join(map(str, loc))


def _file_of(tree: Any, loc: Sequence[Any]) -> Path | str | None:
    """Find the file that set what an error is about."""
    for part in loc:
        if isinstance(tree, Leaf) or part not in (
            tree if isinstance(tree, dict) else range(len(tree))
        ):
            break
        tree = tree[part]
    files = {leaf.file for _, leaf in leaves(tree)}
    if len(files) != 1:
        return None
    return files.pop() or COMMAND_LINE


def _allowed(error: Any) -> str:
    """Say in words what is allowed where pydantic found an error."""
    if error["type"] == "missing":
        return "a value; this field is required"
    if error["type"] == "extra_forbidden":
        path = _path(error["loc"])
        if path in renamed.FIELDS:
            return f"{renamed.FIELDS[path].rpartition('.')[2]}, as it is called now"
        *above, name = error["loc"]
        return f"no field of this name, but {one_of(name, _fields_at(above))}"
    message = str(error["msg"])
    return message[0].lower() + message[1:]


def _fields_at(loc: Sequence[int | str]) -> list[str]:
    """List the fields of the model at a place of the scenario."""
    model: type[BaseModel] = Scenario
    for part in loc:
        field = model.model_fields.get(str(part)) if isinstance(part, str) else None
        if field is None:  # a key of a table, or an index: the model is the same
            continue
        found = _model_in(field.annotation)
        if found is not None:
            model = found
    more = ["extends", "sources"] if model is Scenario else []
    return [*(name for name in model.model_fields if name not in _FILLED), *more]


def _paths(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """List the fields that each scenario may have, whether it has them or not."""
    for name, field in model.model_fields.items():
        if name not in _FILLED:
            yield path + name
            for inner in (field.annotation, *get_args(field.annotation)):
                if isinstance(inner, type) and issubclass(inner, BaseModel):
                    yield from _paths(inner, f"{path}{name}.")


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
