"""Columns on disk: Parquet parts, written as they come, and read column by column when asked for.

The nine months of the whole city are some eighteen million tickets: more than fits into memory
beside what is computed from them.
"""

from __future__ import annotations

import shutil
import tempfile
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.processors import processors
from sim.reading import open_parquet
from sim.writing import new_file, writable

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

ROW = "row"
"""The column that says where a row stands, where the parts do not have them in order."""

_AHEAD = 2  # parts that may wait for the disk: what they hold is in memory

_CACHE = 2_500_000_000  # bytes of columns kept in memory, all tables of a run together


_WHILE_RUNNING = "so-far-"

Part = Mapping[str, NDArray[Any]]
Check = Callable[[str, NDArray[Any]], NDArray[Any]]


def read_column(
    file: ParquetFile, path: Path, name: str, check: Check | None = None
) -> NDArray[Any]:
    """Read a column of a Parquet file.

    Parameters
    ----------
    path : Path
        The file's, for messages.
    check : callable, optional
        Given the column's name and values, lets them through.

    Raises
    ------
    InputError
        If the file is torn.
    """
    import pyarrow as pa

    try:
        whole = file.read(columns=[name], use_threads=False)[name]
        column: NDArray[Any] = whole.to_numpy(zero_copy_only=False)
    except (pa.ArrowException, KeyError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise InputError(path, f"column {name}", reason, "a whole Parquet file") from None
    return column if check is None else check(name, column)


def write_part(columns: Part, path: Path) -> None:
    """Write columns as one Parquet file, times and numbers encoded for what they are.

    LZ4 without statistics takes two thirds of zstd's time, and a quarter more room.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: pa.array(column) for name, column in columns.items()})
    times = [f.name for f in table.schema if pa.types.is_floating(f.type)]
    whole = [f.name for f in table.schema if pa.types.is_integer(f.type)]
    encoding = dict.fromkeys(times, "BYTE_STREAM_SPLIT") | dict.fromkeys(
        whole, "DELTA_BINARY_PACKED"
    )
    pq.write_table(
        table,
        path,
        compression="lz4",
        use_dictionary=False,
        write_statistics=False,
        column_encoding=encoding,
    )


def check_part(path: Path, columns: Mapping[str, str]) -> None:
    """Check that a part has the columns of its table, in their order and of their types.

    Raises
    ------
    InputError
        Naming the file, and the first column that is not as it should be.
    """
    schema = open_parquet(path).schema_arrow
    found = {name: schema.field(name).type.to_pandas_dtype() for name in schema.names}
    for name, kind in columns.items():
        if name not in found or np.dtype(found[name]) != np.dtype(kind):
            raise InputError(path, f"column {name}", str(found.get(name)), str(np.dtype(kind)))
    if list(found) != list(columns):
        raise InputError(path, "columns", ", ".join(found), ", ".join(columns))


def _make_part(columns: Part | Callable[[], Part], path: Path, durable: bool) -> None:
    with new_file(path, durable=durable) as part:
        write_part(columns() if callable(columns) else columns, part)


class Cache:
    """Columns that were read, the longest unused dropped first."""

    def __init__(self, room: int = _CACHE) -> None:
        self.room = room
        self._kept: OrderedDict[tuple[int, str], NDArray[Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[int, str]) -> NDArray[Any] | None:
        """Return a column that is kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: tuple[int, str], column: NDArray[Any]) -> None:
        """Keep a column."""
        with self._lock:
            self._kept[key] = column
            while sum(c.nbytes for c in self._kept.values()) > self.room and len(self._kept) > 1:
                self._kept.popitem(last=False)


_numbers = count()


class OnDemand(Mapping[str, NDArray[Any]], ABC):
    """A table whose columns are read, or made, when they are asked for."""

    @property
    @abstractmethod
    def rows(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def pieces(self) -> Iterator[Part]:
        """Yield the rows some at a time, for what asks for no order."""

    def __len__(self) -> int:
        return sum(1 for _ in self)


class StoredColumns(OnDemand):
    """A table's columns, in Parquet parts.

    Parameters
    ----------
    parts : list of Path
        With the same columns each; those with a column ``row`` are put in its order.
    cache : Cache
        Shared by the tables of a run.
    check : callable, optional
        Given a column's name and values, lets them through: for parts of somebody else.
    """

    def __init__(
        self, parts: list[Path], cache: Cache | None = None, check: Check | None = None
    ) -> None:
        self.parts = parts
        self._cache = Cache() if cache is None else cache
        self.check = check
        self._number = next(_numbers)  # no other table has it, not even after this one is gone
        names: list[str] = []
        if parts:
            with open_parquet(parts[0]) as file:
                names = file.schema_arrow.names
        self._ordered = ROW in names
        self._names = [name for name in names if name != ROW]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._names:
            raise KeyError(name)
        key = (self._number, name)
        column = self._cache.get(key)
        if column is None:
            column = self._read(name)
            if self._ordered:
                column = self._in_order(column)
            self._cache.put(key, column)
        return column

    @cached_property
    def rows(self) -> int:
        """How many rows there are, as the parts' own heads say."""
        many = 0
        for part in self.parts:
            with open_parquet(part) as file:
                many += file.metadata.num_rows
        return many

    def take(self, name: str, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return a column's values in some rows, and read it part by part."""
        wanted, place = np.unique(rows, return_inverse=True)
        out: NDArray[Any] | None = None
        first = 0
        for part in self.parts:
            piece = _StoredPart(part, self.check)
            column = piece[name]
            here = piece[ROW] if self._ordered else np.arange(first, first + len(column))
            first += len(column)
            at = np.searchsorted(wanted, here)
            found = at < len(wanted)
            found[found] = wanted[at[found]] == here[found]
            out = np.empty(len(wanted), column.dtype) if out is None else out
            out[at[found]] = column[found]
        assert out is not None, "a table of no parts"
        return out[place]

    def pieces(self) -> Iterator[Part]:
        """Yield the rows part by part, as they lie on disk, for what asks for no order."""
        return (_StoredPart(part, self.check) for part in self.parts)

    def with_rows(self) -> Iterator[Part]:
        """Yield the parts with the column that says where their rows stand."""
        for part in self.parts:
            piece = _StoredPart(part, self.check)
            yield {name: piece[name] for name in (ROW, *self._names)}

    def _in_order(self, column: NDArray[Any]) -> NDArray[Any]:
        key = (self._number, ROW)
        row = self._cache.get(key)
        if row is None:
            row = self._read(ROW).astype(np.int32)
            if self.check is not None and not (np.bincount(row, minlength=len(row)) == 1).all():
                raise InputError(self.parts[0].parent, ROW, "a number twice", "each row once")
            self._cache.put(key, row)
        out = np.empty_like(column)
        out[row] = column
        return out

    def _read(self, name: str) -> NDArray[Any]:
        def read(part: Path) -> NDArray[Any]:
            with open_parquet(part) as file:
                return read_column(file, part, name, self.check)

        with ThreadPoolExecutor(processors()) as pool:
            return np.concatenate(list(pool.map(read, self.parts)))


class _StoredPart(OnDemand):
    """The columns of one part; each is read once."""

    def __init__(self, path: Path, check: Check | None = None) -> None:
        self._path, self._check = path, check
        self._kept: dict[str, NDArray[Any]] = {}

    @cached_property
    def _file(self) -> Any:
        return open_parquet(self._path)  # when it is read: a long run has thousands of parts

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._file.schema_arrow.names if name != ROW)

    @property
    def rows(self) -> int:
        """How many rows the part's own head says there are."""
        return int(self._file.metadata.num_rows)

    def pieces(self) -> Iterator[Part]:
        """Yield the part."""
        yield self

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._kept:
            self._kept[name] = read_column(self._file, self._path, name, self._check)
        return self._kept[name]


class Chosen(OnDemand):
    """Some rows of a table, chosen piece by piece as they are asked for.

    Parameters
    ----------
    pieces : callable
        Returns the table's pieces.
    keep : callable
        Tells of a piece which rows are meant, bool [N].
    """

    def __init__(
        self,
        pieces: Callable[[], Iterator[Part]],
        keep: Callable[[Part], NDArray[np.bool_]],
    ) -> None:
        self._pieces, self._keep = pieces, keep

    def __iter__(self) -> Iterator[str]:
        return iter(next(self._pieces()))

    @cached_property
    def rows(self) -> int:
        """How many rows are meant; reads what tells them."""
        return sum(int(np.count_nonzero(self._keep(piece))) for piece in self._pieces())

    def pieces(self) -> Iterator[Part]:
        """Yield what is meant of each piece."""
        for piece in self._pieces():
            yield _ChosenPart(piece, self._keep(piece))

    def __getitem__(self, name: str) -> NDArray[Any]:
        return np.concatenate([piece[name] for piece in self.pieces()])


class _ChosenPart(OnDemand):
    """Some rows of a piece; each column is cut once."""

    def __init__(self, piece: Part, which: NDArray[np.bool_]) -> None:
        self._piece, self._which = piece, which
        self._kept: dict[str, NDArray[Any]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._piece)

    @cached_property
    def rows(self) -> int:
        """How many rows are meant."""
        return int(np.count_nonzero(self._which))

    def pieces(self) -> Iterator[Part]:
        """Yield the piece."""
        yield self

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._kept:
            self._kept[name] = self._piece[name][self._which]
        return self._kept[name]


class PartWriter:
    """Writes parts in the background, one behind the other.

    Parameters
    ----------
    folder : Path
        For one folder a table.
    durable : bool
        Whether they must outlive a power cut.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder, self.durable = folder, durable
        self.parts: dict[str, list[Path]] = {}
        self._thread = ThreadPoolExecutor(1, "parts")
        self._pending: list[Future[None]] = []

    def write(self, table: str, columns: Part | Callable[[], Part]) -> None:
        """Add a part to a table, or what makes it; waits where the disk is far behind."""
        parts = self.parts.setdefault(table, [])
        path = self._part(table, len(parts))
        with writable(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        parts.append(path)
        while len(self._pending) >= _AHEAD:
            self._pending.pop(0).result()
        self._pending.append(self._thread.submit(_make_part, columns, path, self.durable))

    def go_on(self, parts: Mapping[str, int], columns: Mapping[str, Mapping[str, str]]) -> None:
        """Go on behind the first parts of each table; later ones are removed.

        Nothing is removed but parts, and nothing beyond a link.

        Parameters
        ----------
        parts : mapping
            How many parts of each table count.
        columns : mapping
            The columns that they must have, with their types.

        Raises
        ------
        InputError
            If one of them is missing, or has other columns.
        """
        self.parts = {
            table: [self._part(table, number) for number in range(many)]
            for table, many in parts.items()
        }
        for table, files in self.parts.items():
            for file in files:
                check_part(file, columns[table])
        for folder in self.folder.iterdir():
            if folder.is_symlink() or not folder.is_dir():
                continue
            if folder.name.startswith(_WHILE_RUNNING):
                shutil.rmtree(folder)
            for part in folder.glob("part-*.parquet") if folder.name in columns else ():
                if part not in self.parts.get(folder.name, ()):
                    part.unlink()

    def _part(self, table: str, number: int) -> Path:
        return self.folder / table / f"part-{number:05}.parquet"

    def beside(self) -> PartWriter:
        """Return a writer of what is so far, while the run goes on."""
        with writable(self.folder):
            return PartWriter(Path(tempfile.mkdtemp(prefix=_WHILE_RUNNING, dir=self.folder)))

    def finish(self) -> None:
        """Wait until all is on disk."""
        while self._pending:
            self._pending.pop(0).result()
