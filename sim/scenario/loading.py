"""Loading a scenario: layers, overrides, tables, sources, and one message for bad input."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from sim.errors import InputError, suggestion
from sim.reading import COMMAND_LINE, DEPTH, parse_toml, read_text, read_toml
from sim.scenario.base import strictly
from sim.scenario.boundaries import boundaries
from sim.scenario.finding import find
from sim.scenario.schema import (
    ATTACHED,
    SCHEMA_VERSION,
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

Tree = dict[str, Any]
_FILES = (("area", "districts"), ("area", "boundaries"), ("tables", "categories"))
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


def load(name: str | Path, overrides: Sequence[str] = ()) -> Scenario:
    """Load a scenario.

    Parameters
    ----------
    name : str or Path
        A TOML file, or the name of a scenario that comes with the package.
    overrides : sequence of str
        ``key=value`` with a dotted key, such as ``hotline.talk_mean_s=240``; the value as in
        TOML, bare words are strings.

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
        entries = data.pop("sources", {})
        if not isinstance(entries, dict):
            raise InputError(file, "sources", entries, "a table")
        sources[file] = entries
        data.pop("extends", None)
        trees.append(_tag(data, file))
    tree = reduce(_merge, trees)
    said = [path for one in trees for path, _ in _leaves(one)]
    for override in overrides:
        _override(tree, override)

    plain = _untag(tree)
    if _FILLED & plain.keys():
        field = min(_FILLED & plain.keys())
        raise InputError(path, field, plain[field], "no such field in a scenario file")
    version = plain.get("schema_version")
    if version != SCHEMA_VERSION:
        raise InputError(path, "schema_version", version, f"{SCHEMA_VERSION}")
    scenario = _validate(plain, tree, path)

    texts: dict[str, str] = {}
    places: dict[str, Path] = {}
    for section, field in _FILES:
        dotted = f"{section}.{field}"
        places[dotted], texts[dotted] = _read(tree[section][field], dotted)
    leaves = dict(_leaves(tree))
    named = {f: leaves[f] for f in ATTACHED if f in leaves and leaves[f].value is not None}
    attached = {field: _read(leaf, field) for field, leaf in named.items()}

    districts = read_table(
        places["area.districts"], texts["area.districts"], DistrictRow, "name_en"
    )
    categories = read_table(places["tables.categories"], texts["tables.categories"], Category, "id")
    boundaries(texts["area.boundaries"], places["area.boundaries"], districts)
    check_fields(
        sources, [*said, *_paths(Scenario), *(path for path, _ in _leaves(_content(scenario)))]
    )
    traced = tuple(trace(_leaves(tree), sources))
    figures = (
        *traced,
        *_defaults(scenario, traced),
        *_rows("district_table", districts, "name_en", places["area.districts"]),
        *_rows("categories", categories, "id", places["tables.categories"]),
    )
    scenario = scenario.model_copy(
        update={
            "categories": categories,
            "district_table": districts,
            "boundaries_path": places["area.boundaries"],
            "figures": figures,
            "source_files": (
                *(file for file, _ in layers),
                *(file for file, _ in attached.values()),
                *places.values(),
            ),
            "set_by": {field: leaf.file or COMMAND_LINE for field, leaf in leaves.items()},
            "table_hashes": tuple(_digest(text) for text in texts.values()),
            "attached": {field: file for field, (file, _) in attached.items()},
            "attached_hashes": {field: _digest(text) for field, (_, text) in attached.items()},
        }
    )
    try:
        check_references(scenario, path)
    except InputError as error:
        loc = [
            int(part) if _below(part, 10**9) else part
            for part in re.split(r"[.\[\]]+", error.field)
        ]
        at_fault = _file_of(tree, [*loc, error.value]) or path
        raise InputError(at_fault, error.field, error.value, error.allowed) from None
    check_names(scenario, places["area.districts"], places["tables.categories"])
    check_categories(scenario, places["tables.categories"])
    return scenario


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


def _tag(value: Any, file: Path | None) -> Any:
    """Wrap every value that is neither a table nor a list of tables in a `Leaf`."""
    if isinstance(value, dict):
        return {key: _tag(item, file) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and value and all(isinstance(v, dict) for v in value):
        return [_tag(item, file) for item in value]
    return Leaf(value, file)


def _untag(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _untag(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_untag(item) for item in value]
    return value.value


def _merge(below: Any, above: Any) -> Any:
    """Merge tables deeply; everything else is replaced."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    merged = dict(below)
    for key, item in above.items():
        merged[key] = _merge(merged[key], item) if key in merged else item
    return merged


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Leaf]]:
    if isinstance(value, Leaf):
        yield path, value
        return
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield from _leaves(item, f"{path}.{key}" if path else str(key))


def _content(scenario: Scenario) -> Any:
    return _tag(scenario.model_dump(mode="python", exclude_none=True), None)


def _defaults(scenario: Scenario, traced: Sequence[Figure]) -> Iterator[Figure]:
    """List the figures that no file sets: those of the program, which change nothing."""
    known = {figure.path for figure in traced}
    for path, leaf in _leaves(_content(scenario)):
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


def _override(tree: Tree, text: str) -> None:
    """Set one leaf of the merged tree from ``key=value``."""
    key, separator, word = text.partition("=")
    key, word = key.strip(), word.strip()
    if not separator or not all(key.split(".")) or key.count(".") > DEPTH:
        raise InputError(COMMAND_LINE, "--set", text, "key=value with a dotted key")
    try:
        value = parse_toml(f"value = {word}", COMMAND_LINE)["value"]
    except InputError:
        value = word
    if key in ("extends", "schema_version") or key.startswith("sources"):
        raise InputError(COMMAND_LINE, f"--set {key}", word, "a field of the scenario's content")
    node: Any = tree
    *parents, last = key.split(".")
    for depth, part in enumerate(parents):
        if isinstance(node, list) and _below(part, len(node)):
            node = node[int(part)]
        elif isinstance(node, dict):
            node = node.setdefault(part, {})
        else:
            node = None
        if not isinstance(node, (dict, list)):
            raise InputError(
                COMMAND_LINE,
                f"--set {key}",
                word,
                f"a field; {'.'.join(parents[: depth + 1])} has none",
            )
    if isinstance(node, list):
        if not _below(last, len(node)):
            raise InputError(COMMAND_LINE, f"--set {key}", word, f"an index below {len(node)}")
        node[int(last)] = _tag(value, None)
    else:
        node[last] = _tag(value, None)


def _below(word: str, size: int) -> bool:
    """Return whether a word is an index of a list."""
    return word.isascii() and word.isdigit() and len(word) < 10 and int(word) < size


def _validate(plain: Tree, tree: Tree, path: Path) -> Scenario:
    try:
        return strictly(Scenario, plain)
    except ValidationError as error:
        first = error.errors()[0]
        more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise InputError(
            _file_of(tree, first["loc"]) or path,
            ".".join(str(part) for part in first["loc"]),
            None if first["type"] == "missing" else first["input"],
            _allowed(first) + more,
        ) from None


def _file_of(tree: Any, loc: Sequence[Any]) -> Path | str | None:
    """Find the file that set what an error is about."""
    for part in loc:
        if isinstance(tree, Leaf) or part not in (
            tree if isinstance(tree, dict) else range(len(tree))
        ):
            break
        tree = tree[part]
    files = {leaf.file for _, leaf in _leaves(tree)}
    if len(files) != 1:
        return None
    return files.pop() or COMMAND_LINE


def _allowed(error: Any) -> str:
    """Say in words what is allowed where pydantic found an error."""
    if error["type"] == "missing":
        return "a value; this field is required"
    if error["type"] == "extra_forbidden":
        known = _fields_at(error["loc"][:-1])
        return f"no field of this name; known are {', '.join(known)}" + suggestion(
            str(error["loc"][-1]), known
        )
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
    return [name for name in model.model_fields if name not in _FILLED]


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
