"""Files as they are: regular ones alone, up to a size."""

from __future__ import annotations

import io
import os
import re
import stat
from pathlib import Path

from sim.errors import InputError

LIMIT = 1 << 28
"""The most bytes of a text file, 256 MiB: a road net of a large city has some 100."""

COMMAND_LINE = "command line"

_STEERS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)

_KINDS = (
    (stat.S_ISREG, "a file"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def is_plain(text: str) -> bool:
    """Return whether a text is one line without control characters, which XML may hold, too."""
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
        raise unreadable(path, asked_by, field, error) from None
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
            raise unreadable(path, asked_by, field, error) from None
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


def _kind(mode: int) -> str:
    return next((name for of, name in _KINDS if of(mode)), "something else")


def unreadable(path: Path, asked_by: Path | str, field: str, error: Exception) -> InputError:
    """Return what is said of a file that cannot be read."""
    return InputError(asked_by, field, str(path), f"a file that can be read ({reason_of(error)})")


def reason_of(error: Exception) -> str:
    """Return what the system or a library says of a failure, in one line."""
    said = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return " ".join((said or type(error).__name__).split())
