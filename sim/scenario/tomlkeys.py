"""Where the keys of a TOML text stand, so that one can be renamed and all else stays as it is."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from sim.reading import parse_toml

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED = re.compile(r"'[^'\n]*'|\"(?:[^\"\\\n]|\\.)*\"")
_LONG = re.compile(r"'''.*?'{3,5}|\"\"\"(?:[^\\]|\\.)*?\"{3,5}", re.S)
_SCALAR = re.compile(r"[^,\]}#\r\n]+")
_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


@dataclass(frozen=True)
class Key:
    """A part of a key, as it stands in the text.

    Attributes
    ----------
    path : tuple of str
        The names from the top to this one; elements of a list of tables are not numbered.
    start, end : int
        Its place in the text, quotes and all.
    value : tuple of int, optional
        Where its value stands, if it is the last part of a key with one.
    """

    path: tuple[str, ...]
    start: int
    end: int
    value: tuple[int, int] | None = None


def keys_of(text: str) -> Iterator[Key]:
    """Yield all keys of a text that is valid TOML, in no order.

    Parameters
    ----------
    text : str
        As `tomllib` takes it; what it refuses is not looked for here.
    """
    table: tuple[str, ...] = ()
    at = _after(_BLANK, text, 0)
    while at < len(text):
        if text[at] == "[":
            width = 2 if text.startswith("[[", at) else 1
            parts, at = _key(text, _after(_SPACE, text, at + width), ())
            table = parts[-1].path
            yield from parts
            at += width
        else:
            at = yield from _pair(text, at, table)
        at = _after(_BLANK, text, at)


def _pair(text: str, at: int, table: tuple[str, ...]) -> Generator[Key, None, int]:
    """Yield the parts of ``key = value``, and the keys in its value; return where it ends."""
    parts, at = _key(text, at, table)
    begin = _after(_SPACE, text, at + 1)  # behind the equals sign
    end = yield from _value(text, begin, parts[-1].path)
    last = parts[-1]
    yield from parts[:-1]
    yield Key(last.path, last.start, last.end, (begin, end))
    return end


def _key(text: str, at: int, table: tuple[str, ...]) -> tuple[list[Key], int]:
    """Return the parts of a dotted key, and where what follows it begins."""
    parts: list[Key] = []
    path = table
    while True:
        found = _BARE.match(text, at) or _QUOTED.match(text, at)
        assert found is not None, f"no key at {at}"
        word = found.group()
        path = (*path, word if word[0] not in "'\"" else parse_toml(f"k = {word}", "key")["k"])
        parts.append(Key(path, found.start(), found.end()))
        at = _after(_SPACE, text, found.end())
        if text[at] != ".":
            return parts, at
        at = _after(_SPACE, text, at + 1)


def _value(text: str, at: int, path: tuple[str, ...]) -> Generator[Key, None, int]:
    """Yield the keys within a value, and return where it ends."""
    first = text[at]
    if first in "[{":
        at = _after(_BLANK, text, at + 1)
        while text[at] not in "]}":
            at = yield from (_value if first == "[" else _pair)(text, at, path)
            at = _after(_BLANK, text, at)
            if text[at] == ",":
                at = _after(_BLANK, text, at + 1)
        return at + 1
    found = _LONG.match(text, at) or _QUOTED.match(text, at) or _SCALAR.match(text, at)
    assert found is not None, f"no value at {at}"
    return at + len(found.group().rstrip())


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()
