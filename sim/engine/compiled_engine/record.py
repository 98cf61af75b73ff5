"""The record of what is over: tickets, visits, stops, services, in pieces as they come."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.compiled_engine.matters import ticket_columns
from sim.engine.outcome import LOGS, Columns, in_order
from sim.model.state import State

Pieces = list[NDArray[Any]]


class Record:
    """What has been moved out of the arrays so far."""

    def __init__(self) -> None:
        self.tickets: Pieces = []
        self.logs: dict[str, Pieces] = {name: [] for name in LOGS}
        self.counts = np.zeros(len(State), dtype=np.int64)

    def add_tickets(self, tickets: NDArray[Any]) -> None:
        """Add tickets that are over."""
        self.counts += np.bincount(tickets["state"], minlength=len(State))
        self.tickets.append(tickets)

    def add_logs(self, logs: dict[str, NDArray[Any]]) -> None:
        """Add what resources did."""
        for name, entries in logs.items():
            if len(entries):
                self.logs[name].append(entries)

    def columns(
        self, present: NDArray[Any], visits: NDArray[Any], priority: NDArray[np.int8]
    ) -> dict[str, Columns]:
        """Return the parts of an `Outcome`.

        Parameters
        ----------
        present : records
            Tickets that are still in the arrays.
        visits : records
            Visits that are not over.
        priority : int8 [C]
            Of each category.
        """
        tickets = np.concatenate((*self.tickets, present))
        tickets = tickets[np.argsort(tickets["id"])]
        out = {"tickets": ticket_columns(tickets, priority)}
        for name, columns in LOGS.items():
            pieces = self.logs[name] + ([visits] if name == "visits" else [])
            out[name] = in_order(
                name,
                {
                    column: np.concatenate([piece[column] for piece in pieces]).astype(kind)
                    if pieces
                    else np.zeros(0, kind)
                    for column, kind in columns.items()
                },
            )
        return out
