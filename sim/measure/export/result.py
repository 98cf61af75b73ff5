"""A result on disk, read piece by piece: its tables need not fit into memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.engine.outcome import Columns
from sim.engine.stored import ROW
from sim.errors import InputError
from sim.measure.checks import MARK, PLAN, Checks, Range, Run, columns_of, parts_of, read_run
from sim.model.plan import Plan
from sim.model.planarrays import read_plan_arrays
from sim.reading import kind_of, open_parquet
from sim.scenario import Scenario, load

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

_READ = 65_536  # rows at a time


@dataclass(frozen=True, eq=False)
class Result:
    """The facts of a result that `sim.measure.store.write` wrote; its tables stay on disk.

    Attributes
    ----------
    folder : Path
    run : Run
        What stands in ``run.json`` of the run: scenario, seed, policy, until ...
    scenario, plan, city : Scenario, Plan, City
    """

    folder: Path
    run: Run
    scenario: Scenario
    plan: Plan
    city: City

    @classmethod
    def open(cls, directory: str | Path) -> Result:
        """Open a result.

        Raises
        ------
        InputError
            If the folder holds none, or not all of it: naming file and field.
        """
        folder = Path(directory)
        if kind_of(folder / MARK) != "a file":
            raise InputError(
                "command line", "result", str(folder), "a folder that `sim run --out` wrote"
            )
        run = read_run(folder)
        scenario = load(folder / "scenario.toml")
        city = City.build(scenario)
        return cls(folder, run, scenario, read_plan_arrays(folder / PLAN, scenario, city), city)

    @property
    def until(self) -> float:
        """The instant up to which it was run, s."""
        return self.run.until

    @cached_property
    def _columns(self) -> dict[str, dict[str, Range]]:
        return columns_of(self.scenario, self.city, self.plan, self.run.tickets)

    def rows(self, part: str, columns: Sequence[str]) -> Iterator[Columns]:
        """Read a table in batches.

        Parameters
        ----------
        part : str
            ``tickets``, ``visits``, ``stops`` or ``services``: one Parquet file, or a folder of
            part files with a column ``row``.
        columns : sequence of str
            Those that are wanted.

        Yields
        ------
        dict of arrays
            The columns, and ``row``, the rows' numbers in the table.
        """
        begun, seen = 0, _Seen()
        paths, rows = parts_of(self.folder, part)
        if part == "tickets" and rows != self.run.tickets:
            allowed = f"{rows}, as the table has"
            raise InputError(self.folder / MARK, "run.tickets", self.run.tickets, allowed)
        checks = Checks(self.folder, part, self._columns[part], rows)
        checks.schema(paths)
        for path in paths:
            with open_parquet(path) as file:
                numbered = ["row"] if "row" in file.schema_arrow.names else []
                for batch in _batches(file, path, [*columns, *numbered]):
                    out = {
                        name: checks.values(name, batch[name].to_numpy(zero_copy_only=False))
                        for name in batch.schema.names
                    }
                    if numbered:
                        seen.add(path, out["row"], rows)
                    out.setdefault("row", np.arange(begun, begun + len(batch)))
                    begun += len(batch)
                    yield out

    def slices(
        self,
        columns: dict[str, tuple[str, ...]],
        scratch: Path,
        size: int,
        progress: Callable[[float], None],
    ) -> Iterator[dict[str, Columns]]:
        """Bring the rows of all tables together that belong to the same tickets.

        They are sorted into scratch files, one for each stretch of tickets: memory holds a
        stretch, however long the tables are.

        Parameters
        ----------
        columns : dict of tuples
            The tables and their columns; ``tickets`` and those with a column ``ticket``.
        scratch : Path
            A folder on a disk with room for it.
        size : int
            Tickets in a stretch.
        progress : callable
            Told the share that is done.

        Yields
        ------
        dict of dicts of arrays
            By table; sorted by ticket, then by the order in the table.
        """
        with tempfile.TemporaryDirectory(prefix=".export-", dir=scratch) as temporary:
            folder = Path(temporary)
            kinds: dict[str, np.dtype[Any]] = {}
            done, total = 0, max(sum(parts_of(self.folder, part)[1] for part in columns), 1)
            stretches: set[int] = set()
            for part, names in columns.items():
                for batch in self.rows(part, names):
                    done += len(batch["row"])
                    records = _records(batch)
                    kinds.setdefault(part, records.dtype)
                    ticket = records["row" if part == "tickets" else "ticket"]
                    for stretch, chosen in _split(ticket // size):
                        if part == "tickets":
                            stretches.add(stretch)
                        with (folder / f"{part}-{stretch}").open("ab") as file:
                            file.write(records[chosen].tobytes())
                    progress(0.3 * done / total)
            for number, stretch in enumerate(sorted(stretches), start=1):
                yield {
                    part: _sorted(folder / f"{part}-{stretch}", kinds.get(part), names, part)
                    for part, names in columns.items()
                }
                progress(0.3 + 0.7 * number / len(stretches))


class _Seen:
    """Which rows have been read: each may come once."""

    def __init__(self) -> None:
        self._rows = np.zeros(0, dtype=bool)

    def add(self, path: Path, row: NDArray[np.int64], rows: int) -> None:
        if not len(self._rows):
            self._rows = np.zeros(rows, dtype=bool)
        if self._rows[row].any() or len(np.unique(row)) < len(row):
            raise InputError(path, ROW, "a number twice", "each row once")
        self._rows[row] = True


def _batches(file: ParquetFile, path: Path, columns: list[str]) -> Iterator[Any]:
    """Read rows in batches; a torn file is one message."""
    import pyarrow as pa

    try:
        yield from file.iter_batches(_READ, columns=columns)
    except (pa.ArrowException, KeyError, OSError) as error:
        reason = " ".join(str(error).split())
        raise InputError(path, "rows", reason, "a whole Parquet file") from None


def _records(columns: Columns) -> NDArray[Any]:
    kind = np.dtype([(name, column.dtype) for name, column in columns.items()])
    records = np.empty(len(columns["row"]), dtype=kind)
    for name, column in columns.items():
        records[name] = column
    return records


def _split(groups: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Tell apart the places of each group's members, in their order."""
    if not len(groups):
        return
    order = np.argsort(groups, kind="stable")
    ends = np.flatnonzero(np.diff(groups[order], append=-1)) + 1
    for begin, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        yield int(groups[order[begin]]), order[begin:end]


def _sorted(path: Path, kind: np.dtype[Any] | None, names: tuple[str, ...], part: str) -> Columns:
    if kind is None or not path.is_file():
        return {name: np.empty(0) for name in (*names, "row")}
    records = np.fromfile(path, dtype=kind)
    path.unlink()
    keys = (records["row"],) if part == "tickets" else (records["row"], records["ticket"])
    records = records[np.lexsort(keys)]
    return {name: np.ascontiguousarray(records[name]) for name in kind.names or ()}
