"""The command centre's counters over time, and the eight steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.clock import HOUR
from sim.engine.outcome import Outcome
from sim.measure.tables import Bools, Floats, group_of, groups, known

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

STEPS = {
    "discovery": ("discovered", "发现"),
    "acceptance": ("accepted", "受理"),
    "triage": ("triaged", "分流"),
    "handling": ("handled", "处置"),
    "tracking": ("tracked", "跟踪"),
    "supervision": ("supervised", "督办"),
    "feedback": ("checked", "反馈"),
    "evaluation": ("closed", "评价"),
}
"""The eight steps: the column that holds each one's time, and its Chinese name."""


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

    at = instants(outcome, every)
    group, (names, _) = group_of(outcome, by), groups(outcome, by)
    t = outcome.tickets
    accepted, closed = t["accepted"], t["closed"]
    signed = np.fmin(t["signed"], closed)  # what closes unsigned waits no longer
    overdue = np.where(known(closed) & (closed <= t["due_close"]), np.nan, t["due_close"])
    settled = np.where(known(overdue), closed, np.nan)
    there = known(accepted)
    count = {
        name: reached(times, there, group, len(names), at)
        for name, times in (
            ("tickets", accepted),
            ("signed", signed),
            ("closed", closed),
            ("overdue", overdue),
            ("settled", settled),
        )
    }
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


def reached(
    times: Floats, rows: Bools, group: NDArray[np.int64], groups: int, at: Floats
) -> NDArray[np.int64]:
    """Count, by group, the times that lie at or before each instant; int64 [groups, instants]."""
    rows = rows & known(times)
    place = np.searchsorted(at, times[rows], side="left")
    flat = group[rows] * (len(at) + 1) + place
    first = np.bincount(flat, minlength=groups * (len(at) + 1)).reshape(groups, len(at) + 1)
    return np.asarray(np.cumsum(first[:, :-1], axis=1))


def eight_steps(outcome: Outcome) -> pd.DataFrame:
    """Return one row for each ticket with the times of its eight steps, s; NaN: not (yet).

    Tracking begins with triage; supervision is only for those near or past their deadline.
    """
    import pandas as pd

    t = outcome.tickets
    rows = known(t["accepted"])
    frame = pd.DataFrame({step: t[column][rows] for step, (column, _) in STEPS.items()})
    frame.insert(0, "key", t["key"][rows])
    frame.attrs["zh"] = {step: zh for step, (_, zh) in STEPS.items()}
    return frame


def steps_over_time(outcome: Outcome, every: float = HOUR) -> pd.DataFrame:
    """Count how many tickets had passed each of the eight steps at each instant."""
    import pandas as pd

    at = instants(outcome, every)
    t = outcome.tickets
    everybody = np.zeros(len(outcome), dtype=np.int64)
    there = known(t["accepted"])
    table = {"time": at}
    for step, (column, _) in STEPS.items():
        table[step] = reached(t[column], there, everybody, 1, at)[0]
    return pd.DataFrame(table)
