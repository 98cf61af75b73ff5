"""The record of what is over: tickets, visits, stops, services, in pieces as they come."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcome import LOGS, TICKETS, Columns, in_order
from sim.engine.stored import ROW, Cache, PartWriter, StoredColumns
from sim.model.state import State
from sim.writing import scratch_of

Pieces = list[NDArray[Any]]
_PART = 1_000_000  # rows of a log's part, about


class Record:
    """What has been moved out of the arrays so far, in memory or on disk.

    Parameters
    ----------
    on_disk : bool
        Whether pieces go to Parquet parts in a temporary folder.
    """

    def __init__(self, on_disk: bool) -> None:
        self.tickets: list[Columns] = []
        self.logs: dict[str, Pieces] = {name: [] for name in LOGS}
        self.counts = np.zeros(len(State), dtype=np.int64)
        self.writer: PartWriter | None = None
        if on_disk:
            self.writer = PartWriter(scratch_of(self))

    def keep_beside(self, folder: Path) -> None:
        """Write to a folder within another from now on, if at all; it goes with the record.

        Raises
        ------
        ValueError
            If there is something in the record already.
        """
        if self.writer is not None:
            self._check_empty()
            self.writer = PartWriter(scratch_of(self, folder))

    def keep_in(self, folder: Path) -> None:
        """Write to a folder from now on; it stays when the record is gone.

        Raises
        ------
        ValueError
            If there is something in the record already.
        """
        self._check_empty()
        self.writer = PartWriter(folder, durable=True)

    def _check_empty(self) -> None:
        if self.counts.any() or any(self.logs.values()):
            raise ValueError("a record is kept in one place from its beginning")

    def flush(self) -> dict[str, int]:
        """Write all there is to parts, wait until it is on disk, and return how many there are."""
        assert self.writer is not None
        for name in LOGS:
            if self.logs[name]:
                self._flush(self.writer, name)
        self.writer.finish()
        return {table: len(parts) for table, parts in self.writer.parts.items()}

    def go_on(self, parts: Mapping[str, int], counts: list[int]) -> None:
        """Go on behind the first parts of each table; what came after them is forgotten."""
        assert self.writer is not None
        self.writer.go_on(parts, {"tickets": {ROW: "i8", **TICKETS}, **LOGS})
        self.counts = np.array(counts, dtype=np.int64)

    def add_tickets(self, tickets: Columns) -> None:
        """Add tickets that are over."""
        self.counts += np.bincount(tickets["state"], minlength=len(State))
        if self.writer is None:
            self.tickets.append(tickets)
        elif len(tickets[ROW]):
            self.writer.write("tickets", tickets)

    def add_logs(self, logs: dict[str, NDArray[Any]]) -> None:
        """Add what resources did."""
        for name, entries in logs.items():
            if len(entries):
                self.logs[name].append(entries)
            if self.writer is not None and sum(map(len, self.logs[name])) > _PART:
                self._flush(self.writer, name)

    def _flush(self, writer: PartWriter, log: str) -> None:
        pieces, self.logs[log] = self.logs[log], []
        writer.write(log, lambda: in_order(log, _columns(log, pieces)))

    def columns(
        self, present: Columns, visits: NDArray[Any]
    ) -> dict[str, Mapping[str, NDArray[Any]]]:
        """Return the parts of an `Outcome`.

        Parameters
        ----------
        present : columns
            Of the tickets that are still in the arrays.
        visits : records
            Visits that are not over.
        """
        if self.writer is not None:
            return self._stored(self.writer, present, visits)
        tickets = [*self.tickets, present]
        order = np.argsort(np.concatenate([piece[ROW] for piece in tickets]))
        out: dict[str, Mapping[str, NDArray[Any]]] = {
            "tickets": {
                name: np.concatenate([piece[name] for piece in tickets])[order]
                for name in present
                if name != ROW
            }
        }
        for name in LOGS:
            pieces = self.logs[name] + ([visits] if name == "visits" else [])
            out[name] = in_order(name, _columns(name, pieces))
        return out

    def _stored(
        self, writer: PartWriter, present: Columns, visits: NDArray[Any]
    ) -> dict[str, Mapping[str, NDArray[Any]]]:
        """Write what is left beside the parts, as they are now; the run may go on afterwards."""
        now = writer.beside()
        now.write("tickets", present)
        for name in LOGS:
            pieces = self.logs[name] + ([visits] if name == "visits" else [])
            now.write(name, in_order(name, _columns(name, pieces)))
        writer.finish()
        now.finish()
        cache = Cache()
        return {
            name: StoredColumns([*writer.parts.get(name, []), *now.parts[name]], cache)
            for name in ("tickets", *LOGS)
        }


def _columns(log: str, pieces: Pieces) -> Columns:
    """Put a log's pieces together."""
    return {
        column: np.concatenate([piece[column] for piece in pieces], dtype=kind)
        if pieces
        else np.zeros(0, kind)
        for column, kind in LOGS[log].items()
    }
