"""The record of what is over: tickets, visits, stops, services, in pieces as they come.

Of a warm-up only what still matters at time 0 is kept, in memory until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.compiled_engine.layout import ENTRIES
from sim.engine.outcome import LOGS, TICKETS, Columns, in_order
from sim.engine.state import RunState
from sim.engine.stored import ROW, Cache, PartWriter, StoredColumns
from sim.engine.window import Rows, may_matter, reaches_in
from sim.errors import InputError
from sim.model.parameters import Parameters
from sim.model.state import Does, State, StopKind
from sim.writing import scratch_of

Pieces = list[NDArray[Any]]
_TABLES = {"tickets": {ROW: "i8", **TICKETS}, **LOGS}
_PART = 1_000_000  # rows of a log's part, about


class Record:
    """What has been moved out of the arrays so far, in memory or on disk.

    Parameters
    ----------
    on_disk : bool
        Whether pieces go to Parquet parts in a temporary folder.
    warming : Parameters, optional
        Those of the run, where a warm-up comes first of which not all is kept.

    Attributes
    ----------
    counts : int64 [states]
        How many tickets were added, by state, since the beginning or time 0, kept or not.
    rows : Rows
        From time 0 on: which row each matter has.
    """

    def __init__(self, on_disk: bool, warming: Parameters | None = None) -> None:
        self.tickets: list[Columns] = []
        self.logs: dict[str, Pieces] = {name: [] for name in LOGS}
        self.counts = np.zeros(len(State), dtype=np.int64)
        self.rows = Rows()
        self._warming = warming
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
        """Write what may be to parts, wait until it is on disk, and return how many there are."""
        assert self.writer is not None
        for name in LOGS:
            if self.logs[name] and self._warming is None:
                self._flush(self.writer, name)
        self.writer.finish()
        return {table: len(parts) for table, parts in self.writer.parts.items()}

    def state(self) -> tuple[Columns, int]:
        """Return what is not in parts: of a warm-up what is kept so far, and the rows since.

        Returns
        -------
        dict of arrays, int
            ``record.kept`` and columns such as ``record.visits.crew``; from which number on every
            matter has a row.
        """
        arrays: Columns = {"record.kept": self.rows.kept}
        if self._warming is not None:
            for table, columns in _TABLES.items():
                pieces: list[Any] = self.tickets if table == "tickets" else self.logs[table]
                for name, kind in columns.items():
                    held = [piece[name] for piece in pieces]
                    whole = np.concatenate(held, dtype=kind) if held else np.zeros(0, kind)
                    arrays[f"record.{table}.{name}"] = whole
        return arrays, self.rows.first

    def go_on(
        self, parts: Mapping[str, int], counts: list[int], arrays: Columns, first: int, now: float
    ) -> None:
        """Go on behind the first parts of each table; what came after them is forgotten.

        Parameters
        ----------
        arrays, first
            What `state` returned.
        now : float
            When that was, s.

        Raises
        ------
        InputError
            If a part or a column is missing, or is of another type.
        """
        assert self.writer is not None
        self.writer.go_on(parts, _TABLES)
        self.counts = np.array(counts, dtype=np.int64)
        kept = _column(arrays, "record.kept", "i8")
        if len(kept) and (kept[0] < 0 or kept[-1] >= first or (np.diff(kept) <= 0).any()):
            raise InputError("state", "record.kept", len(kept), f"numbers below {first}, in order")
        self.rows = Rows(first, kept)
        if now >= 0:
            self._warming = None
        if self._warming is None:
            return
        for table, columns in _TABLES.items():
            found = {n: _column(arrays, f"record.{table}.{n}", k) for n, k in columns.items()}
            size = len(next(iter(found.values())))
            if any(len(column) != size for column in found.values()):
                raise InputError("state", f"record.{table}", size, "columns of one length")
            if table == "tickets":
                self.tickets = [found]
            else:
                entries = np.zeros(size, ENTRIES[table])
                for name, column in found.items():
                    entries[name] = column
                self.logs[table] = [entries]

    def begin(self, numbers: NDArray[np.int64], first: int) -> None:
        """Let time 0 come: what is kept of a warm-up gets its rows, and it is counted anew.

        Parameters
        ----------
        numbers : int64 array
            The matters that are in the arrays.
        first : int
            The number of the next matter that will be.
        """
        self.counts[:] = 0
        if self._warming is None:
            return
        self.rows, self._warming = self._rows(numbers, first), None
        tickets, self.tickets = self.tickets, []
        logs, self.logs = self.logs, {name: [] for name in LOGS}
        for piece in tickets:
            self._put(piece)
        for name, pieces in logs.items():
            self.logs[name] = [_renumbered(piece, self.rows) for piece in pieces]

    def over(self, parameters: Parameters, now: float, named: NDArray[np.int64]) -> Columns:
        """Return the tickets that are over and matter from an instant on, by number.

        Parameters
        ----------
        named : int64 array
            Numbers of tickets for which somebody is under way: they are among them.
        """
        pieces: Iterable[Mapping[str, NDArray[Any]]] = self.tickets
        if self.writer is not None and self._warming is None:
            self.writer.finish()
            pieces = StoredColumns(self.writer.parts.get("tickets", []), Cache()).with_rows()
        found: list[Columns] = []
        for piece in pieces:
            columns = {name: piece[name] for name in _TABLES["tickets"]}
            if self._warming is None:
                columns[ROW] = self.rows.numbers(columns[ROW])
            stays = may_matter(columns, parameters, now) | np.isin(columns[ROW], named)
            found.append({name: column[stays] for name, column in columns.items()})
        found = found or [{name: np.zeros(0, kind) for name, kind in _TABLES["tickets"].items()}]
        out = {name: np.concatenate([one[name] for one in found]) for name in found[0]}
        order = np.argsort(out[ROW])
        return {"number" if n == ROW else n: column[order] for n, column in out.items()}

    def begin_from(
        self, state: RunState, numbers: NDArray[np.int64], parameters: Parameters
    ) -> None:
        """Begin with what a state says is over, and with what is under way in it.

        Parameters
        ----------
        numbers : int64 array
            The matters of the state that are not over.
        """
        over = {ROW if name == "number" else name: c for name, c in state.over.items()}
        logs = under_way(state, parameters)
        if self._warming is not None and state.now < 0:
            self.tickets = [over]
            self.add_logs(logs)
            return
        self._warming = None
        kept = np.sort(np.concatenate([numbers, over[ROW]]))
        self.rows = Rows(state.next_number, kept)
        self._put(over)
        self.add_logs({n: log[reaches_in(log["end"], state.now)] for n, log in logs.items()})

    def _rows(self, numbers: NDArray[np.int64], first: int) -> Rows:
        over = [piece[ROW] for piece in self.tickets]
        return Rows(first, np.sort(np.concatenate([numbers, *over])))

    def add_tickets(self, tickets: Columns) -> None:
        """Add tickets that are over, after what was done for them."""
        self.counts += np.bincount(tickets["state"], minlength=len(State))
        if self._warming is None:
            self._put(tickets)
            return
        stays = may_matter(tickets, self._warming)
        for pieces in self.logs.values():
            for piece in pieces:
                stays |= np.isin(tickets[ROW], piece["ticket"])
        if stays.any():
            self.tickets.append({name: column[stays] for name, column in tickets.items()})

    def _put(self, tickets: Columns) -> None:
        tickets = tickets | {ROW: self.rows.of(tickets[ROW])}
        if self.writer is None:
            self.tickets.append(tickets)
        elif len(tickets[ROW]):
            self.writer.write("tickets", tickets)

    def add_logs(self, logs: dict[str, NDArray[Any]]) -> None:
        """Add what resources did."""
        for name, entries in logs.items():
            if self._warming is None:
                mine = _renumbered(entries, self.rows)
            else:
                mine = entries[reaches_in(entries["end"])]
            if len(mine):
                self.logs[name].append(mine)
            big = sum(map(len, self.logs[name])) > _PART
            if self.writer is not None and big and self._warming is None:
                self._flush(self.writer, name)

    def _flush(self, writer: PartWriter, log: str) -> None:
        pieces, self.logs[log] = self.logs[log], []
        writer.write(log, lambda: in_order(log, _columns(log, pieces)))

    def columns(
        self, present: Columns, visits: NDArray[Any], numbers: NDArray[np.int64], first: int
    ) -> dict[str, Mapping[str, NDArray[Any]]]:
        """Return the parts of an `Outcome`.

        Parameters
        ----------
        present : columns
            Of the tickets that are still in the arrays.
        visits : records
            Visits that are not over.
        numbers, first
            As in `begin`: before time 0 matters have rows as if it came now.
        """
        rows = self.rows if self._warming is None else self._rows(numbers, first)
        present, visits = present | {ROW: rows.of(present[ROW])}, _renumbered(visits, rows)
        if self.writer is not None and self._warming is None:
            return self._stored(self.writer, present, visits)
        over, logs = self.tickets, self.logs
        if self._warming is not None:
            over = [piece | {ROW: rows.of(piece[ROW])} for piece in over]
            logs = {name: [_renumbered(p, rows) for p in pieces] for name, pieces in logs.items()}
        tickets = [*over, present]
        order = np.argsort(np.concatenate([piece[ROW] for piece in tickets]))
        out: dict[str, Mapping[str, NDArray[Any]]] = {
            "tickets": {
                name: np.concatenate([piece[name] for piece in tickets])[order]
                for name in present
                if name != ROW
            }
        }
        for name in LOGS:
            pieces = logs[name] + ([visits] if name == "visits" else [])
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


def under_way(state: RunState, parameters: Parameters) -> dict[str, NDArray[Any]]:
    """Return the entries of stops and services that are not over in a state."""
    asked = state.requests
    served = np.flatnonzero(~np.isnan(asked["end"]))
    services = np.zeros(len(served), ENTRIES["services"])
    for name in ("desk", "arrive", "start", "end"):
        services[name] = asked[name][served]
    services["ticket"] = asked["number"][served]

    workers, matters = state.workers, state.matters
    busy = np.flatnonzero(workers["does"] != Does.WALK)
    does, ticket = workers["does"][busy], workers["ticket"][busy]
    simple = np.isin(ticket, matters["number"][matters["simple"]])
    stops = np.zeros(len(busy), ENTRIES["stops"])
    stops["worker"], stops["ticket"] = busy, ticket
    stops["kind"] = np.select(
        [does == Does.LOOK, does >= Does.GO, simple],
        [StopKind.CHECK, StopKind.JOB, StopKind.SPOT],
        StopKind.RECORD,
    )
    stops["start"], stops["end"] = workers["begun"][busy], workers["ends"][busy]
    stops["way"] = np.where(does >= Does.GO, workers["way"][busy], 0.0)
    stops["way"] = np.where(stops["kind"] == StopKind.JOB, workers["way"][busy], 0.0)
    return {"stops": stops, "services": services}


def _column(arrays: Columns, name: str, kind: str) -> NDArray[Any]:
    """Return an array of a state that was read."""
    found = arrays.get(name)
    if found is None or found.dtype != np.dtype(kind) or found.ndim != 1:
        said = None if found is None else f"{found.dtype} {found.shape}"
        raise InputError("state", name, said, f"a row of {np.dtype(kind)}")
    return found


def _renumbered(entries: NDArray[Any], rows: Rows) -> NDArray[Any]:
    """Return entries of a log with rows in place of numbers, a copy."""
    entries = entries.copy()
    entries["ticket"] = rows.of(entries["ticket"])
    return entries


def _columns(log: str, pieces: Pieces) -> Columns:
    """Put a log's pieces together."""
    return {
        column: np.concatenate([piece[column] for piece in pieces], dtype=kind)
        if pieces
        else np.zeros(0, kind)
        for column, kind in LOGS[log].items()
    }
