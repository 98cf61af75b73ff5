"""Event logs for process mining: the eight steps of every ticket, streamed to a file."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, cast

from sim.engine.outcome import Columns
from sim.errors import InputError, one_of
from sim.measure.export.csv import write_csv
from sim.measure.export.events import COLUMNS, Events, events_of
from sim.measure.export.ocel import write_ocel
from sim.measure.export.result import Result
from sim.measure.export.xes import write_xes
from sim.writing import check_file, new_file, scratch_folder, writable

Writer = Callable[[Result, Iterator[tuple[Columns, Events]], IO[bytes]], int]

FORMATS: dict[str, tuple[Writer, str]] = {
    "csv": (write_csv, ".csv"),
    "xes": (write_xes, ".xes"),
    "ocel": (write_ocel, ".jsonocel"),
}
"""The formats by name: what writes them, and the usual ending of the file."""

_STRETCH = 8_192  # tickets in memory at once

__all__ = ["FORMATS", "export"]


def export(
    directory: str | Path,
    format: str = "csv",
    out: str | Path | None = None,
    *,
    overwrite: bool = False,
    progress: Callable[[float], None] = lambda _share: None,
) -> tuple[Path, int]:
    """Write what happened in a run as an event log.

    Memory stays the same however long the run was; beside the file there must be room on the
    disk for about as much as its tables hold.

    Parameters
    ----------
    directory : str or Path
        What `sim.measure.store.write` wrote.
    format : str
        ``csv``, ``xes`` (IEEE 1849-2016) or ``ocel`` (OCEL 2.0 as JSON).
    out : str or Path, optional
        The file, there only once all of it is; gzipped where the name ends in ``.gz``. By
        default ``events`` in the folder, with the usual ending.
    overwrite : bool
        Whether a file that is there already may be replaced.
    progress : callable
        Told the share that is done.

    Returns
    -------
    Path, int
        The file, and the number of events.

    Raises
    ------
    InputError
        If there is no such format or result, or the file may not be written.
    """
    if format not in FORMATS:
        raise InputError("command line", "format", format, one_of(format, FORMATS))
    result = Result.open(directory)
    writer, ending = FORMATS[format]
    target = Path(out) if out is not None else result.folder / f"events{ending}"
    with writable(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
    check_file(target, overwrite)
    with (
        scratch_folder(target.parent) as scratch,
        new_file(target) as part,
        _open(part, target.name.endswith(".gz")) as file,
    ):
        count = writer(result, _events(result, scratch, progress), file)
    return target, count


def _open(path: Path, compressed: bool) -> AbstractContextManager[IO[bytes]]:
    if compressed:
        return cast(IO[bytes], gzip.open(path, "wb", compresslevel=6))
    return path.open("wb")


def _events(
    result: Result, scratch: Path, progress: Callable[[float], None]
) -> Iterator[tuple[Columns, Events]]:
    for tables in result.slices(COLUMNS, scratch, _STRETCH, progress):
        yield tables["tickets"], events_of(tables, result.until)
