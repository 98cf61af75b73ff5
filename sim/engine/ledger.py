"""The ledger: how many matters are in each state, and the check that none is lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.errors import InvariantError
from sim.model.state import State

_FROM_HIDDEN = {State.RECORDING, State.AT_CENTRE, State.UNSIGNED, State.CLOSED, State.VANISHED}

MOVES: dict[State, set[State]] = {
    State.UNDISCOVERED: _FROM_HIDDEN | {State.CALLING},
    State.CALLING: _FROM_HIDDEN | {State.REGISTERED, State.UNDISCOVERED},
    State.REGISTERED: _FROM_HIDDEN,
    State.RECORDING: {State.AT_CENTRE, State.CLOSED},
    State.AT_CENTRE: {State.UNSIGNED, State.WAITING},
    State.UNSIGNED: {State.AT_CENTRE, State.WAITING},
    State.WAITING: {State.TRAVELLING, State.UNSIGNED},  # its gridworkers were withdrawn
    State.TRAVELLING: {State.ON_SITE},
    State.ON_SITE: {State.SETTLING, State.CHECKING},
    State.SETTLING: {State.CHECKING},
    State.CHECKING: {State.CLOSED, State.WAITING, State.UNSIGNED},
    State.CLOSED: set(),
    State.VANISHED: set(),
}
"""From each state, the states that may follow."""


class Ledger:
    """Counts of matters by district and state, kept as they move.

    Parameters
    ----------
    districts : int
        Number of districts.
    check : bool
        Whether a move that the model does not have is refused.
    """

    def __init__(self, districts: int, check: bool = False) -> None:
        self.counts = [[0] * len(State) for _ in range(districts)]
        self.overdue = [0] * districts
        self.arisen = 0
        self._check = check

    def enter(self, district: int) -> None:
        """Count a matter that arises."""
        self.counts[district][State.UNDISCOVERED] += 1
        self.arisen += 1

    def move(self, district: int, old: int, new: int) -> None:
        """Count a matter that goes from one state to another."""
        row = self.counts[district]
        row[old] -= 1
        row[new] += 1
        if self._check and State(new) not in MOVES[State(old)]:
            raise InvariantError(f"no matter goes from {State(old).name} to {State(new).name}")

    def forget(self, district: int, state: int) -> None:
        """Count a matter that is over no more."""
        self.counts[district][state] -= 1
        self.arisen -= 1

    def balance(self) -> None:
        """Check that the matters in all states are those that arose.

        Raises
        ------
        InvariantError
            If one was lost or counted twice.
        """
        total = sum(map(sum, self.counts))
        if total != self.arisen or min(map(min, self.counts)) < 0:
            raise InvariantError(f"{self.arisen} matters arose, the ledger has {self.counts}")

    def recount(self, district: Sequence[int], state: Sequence[int]) -> None:
        """Check the counts against the states of all matters; below 0: not arisen yet.

        Raises
        ------
        InvariantError
            If they differ.
        """
        place, now = np.asarray(district), np.asarray(state)
        arisen = now >= 0
        found = np.zeros((len(self.counts), len(State)), dtype=np.int64)
        np.add.at(found, (place[arisen], now[arisen]), 1)
        if not np.array_equal(found, np.array(self.counts)):
            raise InvariantError(f"the ledger has {self.counts}, the tickets {found.tolist()}")

    def array(self) -> NDArray[np.int64]:
        """Return the counts, int64 [D, states]."""
        return np.array(self.counts, dtype=np.int64)
