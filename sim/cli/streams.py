"""Standard streams that never end a run: what cannot be told is lost, what is kept is not."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

UNTOLD = 74
"""Exit code where all went well but stdout could not be written to, as sysexits has it."""
UNREAD = 141
"""Exit code where whoever read stdout has seen enough, as shells have it."""


class Patient(io.RawIOBase):
    """Writes to a file descriptor; what fails is noted, and no reason to stop.

    Parameters
    ----------
    handle : int
    trouble : OSError, optional
        What is known to be wrong with it.
    """

    def __init__(self, handle: int, trouble: OSError | None = None) -> None:
        self.handle, self.trouble = handle, trouble

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self.handle

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return self.trouble is None and os.isatty(self.handle)

    def write(self, data: object) -> int:
        """Write what can be written; all of it counts as written."""
        size = memoryview(data).nbytes  # type: ignore[arg-type]
        if self.trouble is not None:
            return size
        try:
            return os.write(self.handle, data)  # type: ignore[arg-type]
        except OSError as error:
            self.trouble = error
            return size


@contextmanager
def patient_streams() -> Iterator[Patient | None]:
    r"""Let no print within the block fail, whatever stdout and stderr are.

    Signs that a stream's encoding does not have are written as ``\u4e2d``.

    Yields
    ------
    Patient or None
        What stdout writes to; None where it is not the process's own.
    """
    own = sys.stdout is sys.__stdout__ and sys.stderr is sys.__stderr__
    if not own:
        yield None
        return
    before = sys.stdout, sys.stderr
    closed = [_taken(handle) for handle in (0, 1, 2)]
    out = Patient(1, closed[1])
    sys.stdout = _text(out, before[0])
    sys.stderr = _text(Patient(2, closed[2]), before[1], line_buffering=True)
    try:
        yield out
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _taken(handle: int) -> OSError | None:
    """Fill a place that is closed: the next file to be opened would get what is printed."""
    try:
        os.fstat(handle)
    except OSError as error:
        null = os.open(os.devnull, os.O_RDWR)
        if null != handle:
            os.dup2(null, handle)
            os.close(null)
        return OSError(errno.EBADF, error.strerror)
    return None


def _text(raw: Patient, like: TextIO | None, *, line_buffering: bool = False) -> TextIO:
    if like is not None:
        like.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding="utf-8" if like is None else like.encoding,
        errors="backslashreplace",
        line_buffering=line_buffering or raw.isatty(),
    )
