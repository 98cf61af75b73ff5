"""A result on disk, read piece by piece: its tables need not fit into memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.engine.outcome import Columns
from sim.errors import InputError
from sim.model.plan import Plan
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
    run : dict
        What stands in ``run.json`` of the run: scenario, seed, policy, until ...
    scenario, plan : Scenario, Plan
    """

    folder: Path
    run: dict[str, Any]
    scenario: Scenario
    plan: Plan

    @classmethod
    def open(cls, directory: str | Path) -> Result:
        """Open a result.

        Raises
        ------
        InputError
            If the folder holds none, or not all of it.
        """
        folder = Path(directory)
        mark = folder / "run.json"
        if not mark.is_file():
            raise InputError(
                "command line", "result", str(folder), "a folder that `sim run --out` wrote"
            )
        try:
            run = json.loads(mark.read_text(encoding="utf-8"))["run"]
            with np.load(folder / "plan.npz") as arrays:
                plan = Plan(**{f.name: arrays[f.name] for f in fields(Plan)})
            scenario = load(folder / "scenario.toml")
        except InputError:
            raise
        except (ValueError, KeyError, TypeError, OSError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise InputError(folder, "result", reason, "a complete result") from None
        return cls(folder, run, scenario, plan)

    @property
    def until(self) -> float:
        """The instant up to which it was run, s."""
        return float(self.run["until"])

    @cached_property
    def city(self) -> City:
        """Where it was run."""
        return City.build(self.scenario)

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
        begun = 0
        for file in self._files(part):
            numbered = ["row"] if "row" in file.schema_arrow.names else []
            for batch in file.iter_batches(_READ, columns=[*columns, *numbered]):
                out = {
                    name: batch[name].to_numpy(zero_copy_only=False) for name in batch.schema.names
                }
                out.setdefault("row", np.arange(begun, begun + len(batch)))
                begun += len(batch)
                yield out

    def _files(self, part: str) -> Iterator[ParquetFile]:
        """Open the files of a table one after the other."""
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile

        whole = self.folder / f"{part}.parquet"
        paths = [whole] if whole.is_file() else sorted((self.folder / part).glob("*.parquet"))
        if not paths:
            raise InputError(self.folder, part, None, f"a complete result, with its {part}")
        for path in paths:
            try:
                with ParquetFile(path) as file:
                    yield file
            except (pa.ArrowException, KeyError, OSError) as error:
                raise InputError(path, part, str(error), "a complete result") from None

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
            lengths = [f.metadata.num_rows for part in columns for f in self._files(part)]
            done, total = 0, max(sum(lengths), 1)
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
