"""The command centre's counters over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from sim.clock import HOUR
from sim.engine.outcome import Outcome
from sim.measure.fold import gather
from sim.measure.tables import PLACES, Floats, coarser, group_of, groups, known

if TYPE_CHECKING:
    import pandas as pd

COUNTERS = {
    "tickets": ("tickets in all", "工单总数"),
    "unsigned": ("waiting to be signed for", "待签收"),
    "in_hand": ("in hand", "处置中"),
    "closed": ("closed", "已办结"),
    "overdue": ("overdue", "超期"),
}
"""What the command centre's screen shows at all times."""


def instants(outcome: Outcome, every: float = HOUR) -> Floats:
    """Return the instants from 0 to the end of the run, s."""
    whole = np.arange(0.0, outcome.until, every)
    return np.append(whole, outcome.until)


def counters(outcome: Outcome, by: str = "city", every: float = HOUR) -> pd.DataFrame:
    """Count tickets over time, as the command centre's screen does.

    A ticket is there from its acceptance; it waits to be signed for until its department has
    signed, is in hand until it closes, and is overdue from its deadline for closing until it
    closes.

    Parameters
    ----------
    by : str
        ``city``, ``district``, ``town`` or another group.
    every : float
        Between instants, s.

    Returns
    -------
    pandas.DataFrame
        ``time`` (s), ``name``, and a column for each counter.
    """
    import pandas as pd

    at, (names, _) = instants(outcome, every), groups(outcome, by)
    base = "town" if by in PLACES else by
    flow: Flow
    (flow,) = gather(outcome, [(Flow, base, every)])
    of = coarser(outcome, base, by)
    assert of is not None, by
    passed = np.zeros((len(_COUNTED), len(names), len(at)), dtype=np.int64)
    for out, some in zip(passed, flow.passed, strict=True):
        np.add.at(out, of, some)
    count = dict(zip(_COUNTED, np.cumsum(passed, axis=2), strict=True))
    return pd.DataFrame(
        {
            "time": np.tile(at, len(names)),
            "name": np.repeat(names, len(at)),
            "tickets": count["tickets"].ravel(),
            "unsigned": (count["tickets"] - count["signed"]).ravel(),
            "in_hand": (count["signed"] - count["closed"]).ravel(),
            "closed": count["closed"].ravel(),
            "overdue": (count["overdue"] - count["settled"]).ravel(),
        }
    )


_COUNTED = ("tickets", "signed", "closed", "overdue", "settled")
"""What counters are made of: tickets that had come to be so."""


class Flow:
    """When tickets came to be accepted, signed for, closed, overdue and no longer overdue.

    Parameters
    ----------
    outcome : Outcome
    by : str
        One of `sim.measure.tables.GROUPS`.
    every : float
        Between instants, s.

    Attributes
    ----------
    passed : int32 [5, groups, instants]
        How many after the instant before, and at the latest at each.
    """

    logs = False

    def __init__(self, outcome: Outcome, by: str, every: float) -> None:
        self._by, self._at = by, instants(outcome, every)
        size = len(groups(outcome, by)[0])
        self.passed = np.zeros((len(_COUNTED), size, len(self._at)), dtype=np.int32)

    def add(self, piece: Outcome) -> None:
        """Count the tickets of a piece."""
        t, group = piece.tickets, group_of(piece, self._by)
        accepted, closed = t["accepted"], t["closed"]
        signed = np.fmin(t["signed"], closed)  # what closes unsigned waits no longer
        overdue = np.where(known(closed) & (closed <= t["due_close"]), np.nan, t["due_close"])
        settled = np.where(known(overdue), closed, np.nan)
        there = known(accepted)
        for out, times in zip(
            self.passed, (accepted, signed, closed, overdue, settled), strict=True
        ):
            pass_by(times, there, group, self._at, out)

    def merge(self, other: Flow) -> None:
        """Add the tickets of another."""
        self.passed += other.passed


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def pass_by(times, rows, group, at, out) -> None:  # type: ignore[no-untyped-def]
    """Count times by group and the first instant, of even ones and the last, at or after each.

    Parameters
    ----------
    times, rows, group : float64, bool, int64 [N]
        s; NaN and what is after the last instant count nowhere.
    at : float64 [instants]
        s, from 0 on at even distances; the last may come sooner.
    out : int32 [groups, instants]
        What is counted is added to it.
    """
    last = len(at) - 1
    every = at[1] - at[0] if last > 1 else at[last]
    for i in range(len(times)):
        if rows[i] and times[i] <= at[last]:
            k = min(int(times[i] / every), last) if times[i] > 0 else 0
            while k > 0 and at[k - 1] >= times[i]:
                k -= 1
            while at[k] < times[i]:
                k += 1
            out[group[i], k] += 1
