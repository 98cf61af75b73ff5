"""Layers of a scenario: trees of values that know which file set them, laid over each other."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from sim.errors import InputError, InputWarning
from sim.reading import COMMAND_LINE, DEPTH, parse_toml
from sim.scenario.sources import Leaf

Tree = dict[str, Any]
Overrides = Mapping[str, object]
"""Values by dotted key; a mapping as a value is a table, and its keys are names as they are."""


def tagged(value: Any, file: Path | None) -> Any:
    """Wrap every value that is neither a table nor a list of tables in a `Leaf`."""
    if isinstance(value, Mapping):
        return {str(key): tagged(item, file) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and value and all(isinstance(v, Mapping) for v in value):
        return [tagged(item, file) for item in value]
    return Leaf(value, file)


def untagged(value: Any) -> Any:
    """Return a tree with plain values."""
    if isinstance(value, dict):
        return {key: untagged(item) for key, item in value.items()}
    if isinstance(value, list):
        return [untagged(item) for item in value]
    return value.value


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Leaf]]:
    """Yield each leaf with its dotted path."""
    if isinstance(value, Leaf):
        yield path, value
        return
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield from leaves(item, f"{path}.{key}" if path else str(key))


def merged(below: Any, above: Any, path: str = "") -> Any:
    """Lay a tree over another: tables merge deeply, everything else is replaced.

    A table over a list of tables merges into those that its keys number; a list of tables that
    takes the place of others says so, and a table that changes nothing.

    Raises
    ------
    InputError
        If a key over a list of tables is no number of one.
    """
    if isinstance(below, dict) and isinstance(above, dict):
        if below and not above and path:
            _note(f"{path}: an empty table changes nothing")
        both = dict(below)
        for key, item in above.items():
            both[key] = merged(both[key], item, _join(path, key)) if key in both else item
        return both
    if not isinstance(below, list):
        return above
    numbers = {str(i): i for i in range(len(below))}
    if isinstance(above, dict):
        for key in above.keys() - numbers.keys():
            said_by = {leaf.file for _, leaf in leaves(above[key])}.pop() or COMMAND_LINE
            raise InputError(said_by, path, key, f"an index below {len(below)}")
        return [
            merged(item, above[key], _join(path, key)) if key in above else item
            for key, item in zip(numbers, below, strict=True)
        ]
    count = len(above) if isinstance(above, list) else 0
    _note(f"{path}: all {len(below)} are replaced, by {count}; {path}.0 alone changes the first")
    return above


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _note(text: str) -> None:
    warnings.warn(text, InputWarning, stacklevel=4)


def override_tree(overrides: Overrides) -> Tree:
    """Return what overrides say as one tree, which lies over the files.

    Raises
    ------
    InputError
        If they are no mapping, or a key is not dotted names or is not of the content.
    """
    if not isinstance(overrides, Mapping):
        raise InputError(COMMAND_LINE, "overrides", overrides, 'a mapping: {"time.days": 1}')
    trees = []
    for key, value in overrides.items():
        parts = key.split(".") if isinstance(key, str) else []
        if not all(parts) or not 0 < len(parts) <= DEPTH:
            raise InputError(COMMAND_LINE, "overrides", key, "a dotted key, such as time.days")
        tree = tagged(_plain(value), None)
        for part in reversed(parts):
            tree = {part: tree}
        trees.append(tree)
    whole: Tree = reduce(merged, trees, {})
    for field in ("extends", "schema_version", "sources"):
        if field in whole:
            value = untagged(whole[field])
            raise InputError(COMMAND_LINE, field, value, "a field of the scenario's content")
    return whole


def parse_override(text: str) -> Overrides:
    """Read ``KEY=VALUE``, as a line of TOML has it; a bare word is a string.

    Raises
    ------
    InputError
        If it is not of this form.
    """
    key, equals, word = (part.strip() for part in text.partition("="))
    if not equals or not all(key.split(".")):
        raise InputError(COMMAND_LINE, "--set", text, "key=value with a dotted key")
    return {key: parse_value(word, f"--set {key}")}


def parse_value(word: str, field: str) -> object:
    """Read a value as TOML has it; a bare word is a string.

    Raises
    ------
    InputError
        If it begins as a table, a list or a string of TOML does, and is none.
    """
    try:
        (value,) = parse_toml(f"value = {word}", COMMAND_LINE).values()
    except (InputError, ValueError):
        if word[:1] in ("{", "[", '"', "'"):
            raise InputError(COMMAND_LINE, field, word, "a value as TOML has it") from None
        return word
    return value


def parse_overrides(texts: Sequence[str]) -> Overrides:
    """Read several of ``KEY=VALUE``, each over those before it.

    Raises
    ------
    InputError
        If one is not of this form.
    """
    return together(*(parse_override(text) for text in texts))


def together(*overrides: Overrides) -> Overrides:
    """Return overrides laid over each other, the first one at the bottom."""
    whole: Overrides = untagged(reduce(merged, map(override_tree, overrides), {}))
    return whole


def _plain(value: Any) -> Any:
    """Return a value as TOML would give it: NumPy's numbers and paths are no others."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Real) and not isinstance(value, (bool, int, float)):
        return int(value) if isinstance(value, Integral) else float(value)
    return value
