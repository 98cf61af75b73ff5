"""Files of others are read here, and here alone: what they hold is data, and bounded.

Each reader takes regular files only, up to a size, and gives every failure as one `InputError`
that names the file. A fault is told by its place; the file's own lines are not quoted.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
import tomllib
import zipfile
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from sim.cells import unguarded
from sim.errors import InputError
from sim.processors import memory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pyarrow.parquet import ParquetFile
    from pydantic import BaseModel

Said = TypeVar("Said", bound="BaseModel")

LIMIT = 1 << 28
"""The most bytes of a text file, 256 MiB: a road net of a large city has some 100."""

ARRAYS_LIMIT = 1 << 34
"""The most bytes of a file of arrays, unpacked, 16 GiB."""

DEPTH = 32
"""How deep tables and lists may be nested."""

DIGITS = 18
"""The most digits of a whole number: more do not fit into 64 bits."""

COMMAND_LINE = "command line"

_STEERS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def is_plain(text: str) -> bool:
    """Tell whether a text is one line without control characters, which XML may hold, too."""
    return text.isprintable() or not _STEERS.search(text)


def kind_of(path: Path) -> str | None:
    """Return what is there: ``a file``, ``a folder``, ``a device`` ...; None: nothing.

    A name that no file can have is no error.
    """
    try:
        return _kind(path.stat().st_mode)
    except (OSError, ValueError):
        return None


def check_no_links(folder: Path) -> None:
    """Check that a folder in which something is to be written leads nowhere else.

    Raises
    ------
    InputError
        Naming the first link in it: what is written there would end up where it points to.
    """
    for place, folders, files in os.walk(folder):
        for name in sorted((*folders, *files)):
            if os.path.islink(found := os.path.join(place, name)):  # noqa: PTH114, PTH118
                raise InputError(folder, "link", found, "files and folders of its own, no links")


def open_regular(
    path: Path, asked_by: Path | str = COMMAND_LINE, field: str = "file"
) -> io.BufferedReader:
    """Open a regular file to read its bytes.

    Parameters
    ----------
    path : Path
    asked_by : Path or str
        Who named the file, and in which ``field``: for the message where it cannot be read.

    Raises
    ------
    InputError
        If it is not there, or is no regular file (a folder, a device, a pipe).
    """
    try:
        # without waiting: a pipe that nobody writes into would hold for ever
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise _unreadable(path, asked_by, field, error) from None
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    raise InputError(asked_by, field, str(path), f"a regular file; this is {_kind(mode)}")


def read_bytes(
    path: Path,
    asked_by: Path | str = COMMAND_LINE,
    field: str = "file",
    limit: int = LIMIT,
) -> bytes:
    """Read a regular file as it is.

    Parameters
    ----------
    path, asked_by, field
        As `open_regular` takes them.
    limit : int
        The most bytes it may have.

    Raises
    ------
    InputError
        As `open_regular` does, and if it is too large.
    """
    with open_regular(path, asked_by, field) as file:
        try:
            content = file.read(limit + 1) or b""  # of the kernel's: None, nothing yet
        except OSError as error:
            raise _unreadable(path, asked_by, field, error) from None
    if len(content) > limit:
        raise InputError(asked_by, field, str(path), f"a file of at most {limit >> 20} MiB")
    return content


def read_text(
    path: Path,
    asked_by: Path | str = COMMAND_LINE,
    field: str = "file",
    limit: int = LIMIT,
) -> str:
    """Read a UTF-8 file, its line ends made plain and a byte order mark taken off.

    Raises
    ------
    InputError
        As `read_bytes` does, and if it is not UTF-8.
    """
    try:
        text = read_bytes(path, asked_by, field, limit).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(path, f"byte {error.start}", error.object[error.start], "UTF-8") from None
    return text.replace("\r\n", "\n")


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
        raise InputError(path, kind, _reason(error), f"valid {kind}") from None
    return content


def read_arrays(
    path: Path,
    asked_by: Path | str = COMMAND_LINE,
    field: str = "file",
    limit: int = ARRAYS_LIMIT,
) -> dict[str, NDArray[Any]]:
    """Read the arrays of an ``.npz`` file: plain numbers and text, never objects.

    Parameters
    ----------
    limit : int
        The most bytes of all arrays together, unpacked; half of this machine's memory, if that
        is less: a small file can hold very many zeros. Memory is taken only for what the file
        holds, whatever its headers claim.

    Raises
    ------
    InputError
        If it is no such file, torn, or too large.
    """
    with open_regular(path, asked_by, field) as file:
        try:
            return _arrays(path, file, min(limit, int(min(memory() / 2, ARRAYS_LIMIT))))
        except InputError:
            raise
        except Exception as error:  # whatever a torn archive raises: a dozen kinds are known
            raise InputError(path, "npz", _reason(error), "whole arrays of numbers") from None


def _arrays(path: Path, file: io.BufferedReader, limit: int) -> dict[str, NDArray[Any]]:
    import numpy as np
    from numpy.lib import format as npy

    arrays: dict[str, NDArray[Any]] = {}
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > limit:
            raise InputError(path, "npz", "too large", f"at most {limit >> 20} MiB unpacked")
        for member in members:
            name = member.filename.removesuffix(".npy")
            if name == member.filename or name in arrays:
                raise InputError(path, "npz", member.filename, "each array once, as NAME.npy")
            with archive.open(member) as stream:
                shape, dtype = _header(npy, stream)
                if dtype.hasobject or dtype.fields or dtype.itemsize == 0:
                    raise InputError(path, name, str(dtype), "plain numbers or text")
                if prod(shape) * dtype.itemsize != member.file_size - stream.tell():
                    raise InputError(path, name, str(shape), "the shape of what follows")
            with archive.open(member) as stream:
                array = npy.read_array(stream, allow_pickle=False)
            arrays[name] = np.asarray(array, order="C")  # kernels take no other
    return arrays


def _header(npy: Any, stream: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(stream)
    return shape, dtype


def open_parquet(
    path: Path, asked_by: Path | str = COMMAND_LINE, field: str = "file"
) -> ParquetFile:
    """Open a Parquet file whose facts hold: its columns are plain numbers, flags or text.

    Raises
    ------
    InputError
        If it is no such file, torn, or claims more rows than its bytes can hold.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    open_regular(path, asked_by, field).close()
    try:
        file = ParquetFile(path)
        schema, facts = file.schema_arrow, file.metadata
        groups = [facts.row_group(i) for i in range(facts.num_row_groups)]
        size = sum(group.total_byte_size for group in groups)
    except Exception as error:  # Arrow's own, OSError and others
        raise InputError(path, "Parquet", _reason(error), "a whole Parquet file") from None
    for column in schema:
        kind = column.type
        text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if not (pa.types.is_primitive(kind) or text):
            raise InputError(path, f"column {column.name}", str(kind), "plain numbers or text")
    # a constant column takes next to nothing, however many rows it is said to have
    most = min((1 << 31) - 1, (1 << 20) + 64 * path.stat().st_size)
    if not (0 <= facts.num_rows <= most and 0 <= size <= ARRAYS_LIMIT):
        raise InputError(path, "rows", facts.num_rows, "a table that fits into memory")
    return file


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


_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_KINDS = (
    (stat.S_ISREG, "a file"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def _kind(mode: int) -> str:
    return next((name for of, name in _KINDS if of(mode)), "something else")


def _unreadable(path: Path, asked_by: Path | str, field: str, error: Exception) -> InputError:
    return InputError(asked_by, field, str(path), f"a file that can be read ({_reason(error)})")


def _reason(error: Exception) -> str:
    """Return what the system or a library says of a failure, in one line."""
    said = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return " ".join((said or type(error).__name__).split())


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
