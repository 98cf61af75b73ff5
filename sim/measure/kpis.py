"""Key performance indicators: what an outcome amounts to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.clock import DAY
from sim.engine.outcome import Outcome
from sim.measure.fold import Request, gather
from sim.measure.tables import (
    SENT_OUT,
    Bools,
    Floats,
    coarser,
    group_of,
    groups,
    hotline,
    known,
    police,
)
from sim.measure.tally import Tally
from sim.model.state import Level, State
from sim.workload.channel import Channel

if TYPE_CHECKING:
    import pandas as pd

CHANNELS = {
    "patrol": Channel.PATROL,
    "observers": Channel.OBSERVER,
    "camera": Channel.CAMERA,
    "hotline_call": Channel.HOTLINE,
    "hotline_online": Channel.ONLINE,
    "police": Channel.POLICE,
}

Figures = dict[str, tuple[str, Floats, NDArray[np.int64]]]
"""By metric: unit, value and n of each group."""

_SOUND = "sound"  # work that was not reopened: of the appraisal only


def kpis(outcome: Outcome, by: str = "city") -> pd.DataFrame:
    """Compute all KPIs, told apart by place, department, category or hour.

    Durations are of the tickets for which they are over; ``n`` says how many those are, and
    ``open`` beside them how many are not over yet, so that nobody takes the quick ones for all.
    Means are exact, percentiles within 1 % (`sim.measure.durations`).
    A deadline counts as met or missed once it is over: a ticket that is still in time is in
    neither. Shares without cases are NaN.

    Parameters
    ----------
    outcome : Outcome
    by : str
        One of `sim.measure.tables.GROUPS`.

    Returns
    -------
    pandas.DataFrame
        Tidy: ``by, name, name_zh, metric, value, unit, n``.
    """
    import pandas as pd

    names, names_zh = groups(outcome, by)
    found = figures(outcome, by)
    return pd.DataFrame(
        {
            "by": by,
            "name": names * len(found),
            "name_zh": names_zh * len(found),
            "metric": np.repeat(list(found), len(names)),
            "value": np.concatenate([value for _, value, _ in found.values()]),
            "unit": np.repeat([unit for unit, _, _ in found.values()], len(names)),
            "n": np.concatenate([n for _, _, n in found.values()]),
        }
    )


def figures(outcome: Outcome, by: str = "city") -> Figures:
    """Compute all KPIs as plain arrays, for who needs them thousands of times.

    Returns
    -------
    dict
        By metric: unit, value and n of each group, float64 and int64 [groups], in the order of
        `sim.measure.tables.groups`.
    """
    return figures_by(outcome, (by,))[by]


def figures_by(outcome: Outcome, bys: Sequence[str]) -> dict[str, Figures]:
    """Compute all KPIs in several groupings, and look at each ticket once."""
    counted: Kpis
    (counted,) = gather(outcome, [request(outcome, bys)])
    return {by: _figures(outcome, counted, by) for by in bys}


class Kpis:
    """A tally of the tickets in some groupings, one behind the other.

    Parameters
    ----------
    outcome : Outcome
    bases : tuple of str
        Of `sim.measure.tables.GROUPS`, or `sim.measure.tables.SENT_OUT`.
    """

    logs = False

    def __init__(self, outcome: Outcome, bases: tuple[str, ...]) -> None:
        self.sizes = {base: len(groups(outcome, base)[0]) for base in bases}
        self.tally = Tally(sum(self.sizes.values()))

    def add(self, piece: Outcome) -> None:
        """Count the tickets of a piece."""
        nowhere, first = sum(self.sizes.values()), 0
        cell = np.empty((len(piece), len(self.sizes)), dtype=np.int32)
        for column, (base, size) in enumerate(self.sizes.items()):
            group = group_of(piece, base)
            cell[:, column] = np.where(group >= 0, group + first, nowhere)
            first += size
        self.tally.begin(cell)
        for count in (_volumes, _calls, _times, _deadlines, _quality):
            count(piece, self.tally)

    def merge(self, other: Kpis) -> None:
        """Add the tickets of another."""
        self.tally.merge(other.tally)

    def group(self, outcome: Outcome, by: str) -> NDArray[np.int64] | None:
        """Return the group of each cell; -1: of none; None if this tells no such groups apart."""
        first = 0
        for base, size in self.sizes.items():
            of = coarser(outcome, base, by)
            if of is not None:
                out = np.full(sum(self.sizes.values()), -1)
                out[first : first + size] = of
                return out
            first += size
        return None


ALL: Request = (Kpis, ("town", "category", "hour", SENT_OUT))
"""The request for KPIs in every grouping."""


def request(outcome: Outcome, bys: Sequence[str]) -> Request:
    """Return the request for KPIs in some groupings: one that was answered, where it tells them."""
    for answered, fold in outcome.folds.items():
        if isinstance(fold, Kpis) and all(fold.group(outcome, by) is not None for by in bys):
            return answered
    return Kpis, tuple(dict.fromkeys(bys))


def _figures(outcome: Outcome, counted: Kpis, by: str) -> Figures:
    """Return the figures of groups of cells."""
    group, size = counted.group(outcome, by), len(groups(outcome, by)[0])
    assert group is not None
    found: Figures = {}
    for metric, entry in counted.tally.entries.items():
        value, n = entry.figure(group, size)
        found[metric] = (entry.unit, value, n)
        if metric.endswith(".requests"):
            found[f"{metric}_per_day"] = ("1/d", value / (outcome.until / DAY), n)
        name = metric.removesuffix(".mean")
        if name in counted.tally.durations:
            shares = (0.5, 0.9, 0.95)
            quantiles = counted.tally.durations[name].quantiles(shares, group, size)
            for share, values in zip(shares, quantiles, strict=True):
                found[f"{name}.p{100 * share:.0f}"] = (entry.unit, values, n)
    # the appraisal: as much for being on time as for work that holds and citizens content
    _, punctual, n = found["close.on_time"]
    parts = np.array([punctual, found.pop(_SOUND)[1], found["satisfied"][1]])
    weight = np.where(np.isnan(parts), 0, np.array([[0.5], [0.25], [0.25]]))
    total = weight.sum(axis=0)
    score = np.divide(
        np.nansum(weight * np.nan_to_num(parts), axis=0),
        total,
        out=np.full(size, np.nan),
        where=total > 0,
    )
    found["evaluation"] = ("share", score, n)
    return found


def percentiles(outcome: Outcome, name: str, shares: Sequence[float]) -> tuple[Floats, int]:
    """Return durations that shares of all tickets do not exceed, and of how many there are any.

    Parameters
    ----------
    outcome : Outcome
    name : str
        ``discovery``, ``sign``, ``arrive`` or ``close``.
    shares : sequence of float
        From 0 to 1.

    Returns
    -------
    float64 [shares], int
        s, within 1 %; NaN where there are none.
    """
    counted: Kpis
    (counted,) = gather(outcome, [request(outcome, ("city",))])
    group = counted.group(outcome, "city")
    assert group is not None
    _, n = counted.tally.entries[f"{name}.mean"].figure(group, 1)
    return counted.tally.durations[name].quantiles(shares, group, 1)[:, 0], int(n[0])


def table(outcome: Outcome, by: str = "district") -> pd.DataFrame:
    """Return the KPIs with a row for each group and a column for each metric."""
    return wide(figures(outcome, by), groups(outcome, by)[0])


def wide(found: Figures, names: Sequence[str]) -> pd.DataFrame:
    """Return figures with a row for each group and a column for each metric."""
    import pandas as pd

    values = {metric: value for metric, (_, value, _) in found.items()}
    return pd.DataFrame(values, index=pd.Index(names, name="name"))


def _volumes(outcome: Outcome, tally: Tally) -> None:
    t = outcome.tickets
    accepted = known(t["accepted"])
    tally.count("matters", np.ones(len(outcome), dtype=bool))
    tally.count("tickets", accepted)
    tally.count_codes(
        {channel: f"tickets.{name}" for name, channel in CHANNELS.items()}, t["channel"], accepted
    )
    tally.count("hotline.requests", hotline(outcome))
    tally.count("police.requests", police(outcome))
    tally.count("on_the_spot", t["on_spot"])
    tally.count("duplicates", t["duplicate"])
    ends = (State.UNDISCOVERED, State.VANISHED)
    tally.count_codes({state: f"state.{state.name.lower()}" for state in ends}, t["state"])
    is_open = accepted & ~known(t["closed"])
    tally.count("backlog", is_open)
    steps = [state for state in State if state not in (*ends, State.CLOSED)]
    tally.count_codes({state: f"backlog.{state.name.lower()}" for state in steps}, t["state"])
    tally.count("backlog.overdue", is_open & (t["due_close"] <= outcome.until))


def _calls(outcome: Outcome, tally: Tally) -> None:
    t = outcome.tickets
    called = (t["citizen"] == Channel.HOTLINE) & known(t["called"])
    answered = called & known(t["answered"])
    settled = answered | (called & t["abandoned"])
    wait = t["answered"] - t["called"]
    # the wait of who called again is counted from the first call
    quick = answered & (wait <= 20)
    tally.count("hotline.callers", called)
    tally.share("hotline.answered", answered, settled)
    tally.share("hotline.answered_20s", quick, settled)
    tally.mean("hotline.wait.mean", wait, answered)
    tally.add_up("hotline.calls", t["attempts"], called)
    tally.share("hotline.lost", t["abandoned"].astype(bool), settled)


_SPANS = (
    ("discovery", "arisen", "discovered"),
    ("sign", "triaged", "signed"),
    ("arrive", "accepted", "arrived"),
    ("close", "accepted", "closed"),
)


def _times(outcome: Outcome, tally: Tally) -> None:
    t = outcome.tickets
    for name, start, end in _SPANS:
        begun = known(t[start])
        if name == "discovery":
            begun = begun & (t["state"] != State.VANISHED)
        elif name != "close":  # not each ticket needs these: only of those who got to it
            begun = begun & (known(t[end]) | _on_the_way(outcome, end))
        over = begun & known(t[end])
        span = t[end] - t[start]
        tally.mean(f"{name}.mean", span, over)
        tally.last(name, span, over, outcome.until - t[start], begun)
        tally.count(f"{name}.open", begun & ~over)


def _on_the_way(outcome: Outcome, step: str) -> Bools:
    """Tell which tickets have a step still before them."""
    before = {
        "signed": (State.AT_CENTRE, State.UNSIGNED),
        "arrived": (State.AT_CENTRE, State.UNSIGNED, State.WAITING, State.TRAVELLING),
    }[step]
    return np.isin(list(State), before)[outcome.tickets["state"]]


def _deadlines(outcome: Outcome, tally: Tally) -> None:
    t = outcome.tickets
    for name, done, due in (
        ("sign", "signed", "due_sign"),
        ("arrive", "arrived", "due_arrive"),
        ("close", "closed", "due_close"),
    ):
        met, missed = on_time(outcome, done, due)
        tally.share(f"{name}.on_time", met, met | missed)
    accepted, closed = known(t["accepted"]), known(t["closed"])
    tally.share("closing_rate", closed, accepted)
    tally.share("closing_rate.hotline", closed, hotline(outcome))


def on_time(outcome: Outcome, done: str, due: str) -> tuple[Bools, Bools]:
    """Tell which tickets met a deadline, and which missed it.

    One that is not done and not due yet is in neither; nor is one that never needed the step,
    such as a visit for what was answered on the telephone.
    """
    t = outcome.tickets
    finished = known(t[done])
    met = finished & (t[done] <= t[due])
    still_open = ~known(t["closed"]) & known(t["accepted"]) & ~finished
    missed = (finished & (t[done] > t[due])) | (still_open & (t[due] <= outcome.until))
    return met, missed


def _quality(outcome: Outcome, tally: Tally) -> None:
    t = outcome.tickets
    accepted, closed = known(t["accepted"]), known(t["closed"])
    checked = known(t["checked"]) & ~t["on_spot"]
    tally.share("reopened", t["reopened"] > 0, checked)
    tally.share("sent_back", t["sent_back"] > 0, known(t["triaged"]))
    for level in (Level.REMINDER, Level.DISTRICT, Level.CITY):
        tally.share(f"supervised.{level.name.lower()}", t["level"] >= level, accepted)
    tally.share("satisfied", t["satisfied"] == 1, t["satisfied"] >= 0)
    tally.share(_SOUND, t["reopened"] == 0, closed)
