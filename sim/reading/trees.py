"""TOML, JSON, tables and XML: bounded in depth and in digits."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from sim.cells import unguarded
from sim.errors import InputError
from sim.reading.files import COMMAND_LINE, LIMIT, read_bytes, read_text, reason_of

if TYPE_CHECKING:
    from pydantic import BaseModel

Said = TypeVar("Said", bound="BaseModel")

DEPTH = 32
"""How deep tables and lists may be nested."""

DIGITS = 18
"""The most digits of a whole number: more do not fit into 64 bits."""

_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def parse_toml(text: str, path: Path | str) -> dict[str, Any]:
    """Read TOML; ``path`` is for messages.

    Raises
    ------
    InputError
        With line and column where it is not TOML, and for what is nested too deep or is too
        large a number.
    """
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(path, "TOML", str(error), "valid TOML") from None
    except RecursionError:
        raise _too_deep(path, "TOML") from None
    except ValueError:  # the interpreter's own limit of digits
        raise _too_long(path, "TOML") from None
    _check(tree, path, "TOML")
    return tree


def read_toml(
    path: Path, asked_by: Path | str = COMMAND_LINE, field: str = "scenario"
) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    InputError
        As `read_text` and `parse_toml` do.
    """
    return parse_toml(read_text(path, asked_by, field), path)


def parse_json(text: str, path: Path | str, kind: str = "JSON", *, nan: bool = False) -> Any:
    """Read JSON.

    Parameters
    ----------
    text : str
    path : Path or str
        For messages.
    kind : str
        What it should be, such as ``GeoJSON``.
    nan : bool
        Whether ``NaN`` and ``Infinity``, which are not JSON, are numbers.

    Raises
    ------
    InputError
        With line and column where it is not JSON, and for what is nested too deep or is too
        large a number.
    """

    def no_number(word: str) -> NoReturn:
        raise InputError(path, kind, word, "finite numbers")

    try:
        tree = json.loads(text, parse_int=_whole, parse_constant=None if nan else no_number)
    except InputError:
        raise
    except json.JSONDecodeError as error:
        raise InputError(
            path, kind, f"{error.msg} (line {error.lineno}, column {error.colno})", f"valid {kind}"
        ) from None
    except RecursionError:
        raise _too_deep(path, kind) from None
    except ValueError:
        raise _too_long(path, kind) from None
    _check(tree, path, kind)
    if _HALF.search(text):  # half of a pair: no text that can be written anywhere
        try:
            json.dumps(tree, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise InputError(path, kind, "half a character", "whole characters") from None
    return tree


def read_json(
    path: Path,
    asked_by: Path | str = COMMAND_LINE,
    field: str = "file",
    kind: str = "JSON",
    *,
    nan: bool = False,
    limit: int = LIMIT,
) -> Any:
    """Read a JSON file.

    Raises
    ------
    InputError
        As `read_text` and `parse_json` do.
    """
    return parse_json(read_text(path, asked_by, field, limit), path, kind, nan=nan)


def parse_csv(text: str, path: Path | str) -> list[list[str]]:
    """Read comma-separated values into rows of cells; ``path`` is for messages.

    What `sim.cells.guarded` put before a name is taken off.

    Raises
    ------
    InputError
        With the line where a cell does not end, is too long or holds what is no text.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise InputError(
            path, f"line {reader.line_num}", str(error), "comma-separated values"
        ) from None
    return [[unguarded(cell) for cell in row] for row in rows] if "'" in text else rows


def read_csv(
    path: Path, asked_by: Path | str = COMMAND_LINE, field: str = "file"
) -> list[list[str]]:
    """Read a CSV file into rows of cells.

    Raises
    ------
    InputError
        As `read_text` and `parse_csv` do.
    """
    return parse_csv(read_text(path, asked_by, field), path)


def read_xml(
    path: Path, asked_by: Path | str = COMMAND_LINE, field: str = "file", kind: str = "XML"
) -> bytes:
    """Read an XML file and check it, for a parser that takes bytes.

    Raises
    ------
    InputError
        As `read_bytes` does, with line and column where it is not XML, and for what is nested
        too deep or declares a type of its own, by which a small file can say a very long one.
    """
    from xml.parsers import expat

    content = read_bytes(path, asked_by, field)
    parser, depth = expat.ParserCreate(), 0

    def doctype(*_: object) -> None:
        raise InputError(path, kind, "DOCTYPE", f"{kind} without a document type")

    def start(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH:
            raise _too_deep(path, kind)

    def end(*_: object) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise InputError(path, kind, str(error), f"valid {kind}") from None
    except (ValueError, LookupError) as error:  # an encoding that there is not
        if isinstance(error, InputError):
            raise
        raise InputError(path, kind, reason_of(error), f"valid {kind}") from None
    return content


def checked(model: type[Said], said: object, path: Path | str, *within: str) -> Said:
    """Check what a JSON file says against a model of it.

    Parameters
    ----------
    model : type of pydantic model
    said : object
        As `read_json` gives it.
    path : Path or str
        For messages.
    *within : str
        Before the field's name: where in the file it stands.

    Raises
    ------
    InputError
        Naming the first field that is not as it should be.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join((*within, *(str(part) for part in first["loc"])))
        missing = first["type"] == "missing"
        allowed = "a value; this field is required" if missing else str(first["msg"])
        value = None if missing else first["input"]
        raise InputError(
            path, field or "content", value, allowed[:1].lower() + allowed[1:]
        ) from None


def _whole(word: str) -> int:
    """Read a whole number of JSON that fits into 64 bits."""
    if len(word) > DIGITS + 1:
        raise ValueError(word)
    return int(word)


def _too_deep(path: Path | str, kind: str) -> InputError:
    return InputError(path, kind, "nested too deep", f"at most {DEPTH} levels")


def _too_long(path: Path | str, kind: str) -> InputError:
    return InputError(path, kind, "a number too long", f"whole numbers of at most {DIGITS} digits")


def _check(tree: Any, path: Path | str, kind: str) -> None:
    """Refuse what is nested too deep, and whole numbers that are too large.

    Level by level, so that nothing is too deep for the check itself.
    """
    level: list[Any] = [[tree]]
    for _ in range(DEPTH + 1):
        values = [v for node in level for v in (node.values() if type(node) is dict else node)]
        if any(type(v) is int and abs(v) >= 10**DIGITS for v in values):
            raise _too_long(path, kind)
        level = [v for v in values if type(v) is dict or type(v) is list]
        if not level:
            return
    raise _too_deep(path, kind)
