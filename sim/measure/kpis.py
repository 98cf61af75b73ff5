"""Key performance indicators: what an outcome amounts to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.clock import DAY
from sim.engine.outcome import Outcome
from sim.measure.tables import Bools, Floats, group_of, hotline, known, police
from sim.model.state import Level, State
from sim.workload.channel import Channel

if TYPE_CHECKING:
    import pandas as pd

CHANNELS = {
    "patrol": Channel.PATROL,
    "eyes": Channel.EYES,
    "camera": Channel.CAMERA,
    "hotline_call": Channel.HOTLINE,
    "hotline_online": Channel.ONLINE,
    "police": Channel.POLICE,
}

Add = Callable[[str, str, Floats, NDArray[np.int64]], None]


def kpis(outcome: Outcome, by: str = "city") -> pd.DataFrame:
    """Compute all KPIs, told apart by place, department, category or hour.

    Durations are of the tickets for which they are over; ``n`` says how many those are, and
    ``open`` beside them how many are not over yet, so that nobody takes the quick ones for all.
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

    found = figures(outcome, by)
    _, names, names_zh = group_of(outcome, by)
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


def figures(outcome: Outcome, by: str = "city") -> dict[str, tuple[str, Floats, NDArray[np.int64]]]:
    """Compute all KPIs as plain arrays, for who needs them thousands of times.

    Returns
    -------
    dict
        By metric: unit, value and n of each group, float64 and int64 [groups], in the order of
        `sim.measure.tables.group_of`.
    """
    group, names, _ = group_of(outcome, by)
    found: dict[str, tuple[str, Floats, NDArray[np.int64]]] = {}

    def add(metric: str, unit: str, value: Floats, n: NDArray[np.int64]) -> None:
        found[metric] = (unit, np.asarray(value, dtype=float), n)

    counter = _Counter(group, len(names))
    _volumes(outcome, counter, add)
    _calls(outcome, counter, add)
    _times(outcome, counter, add)
    _promises(outcome, counter, add)
    _quality(outcome, counter, add)
    return found


def table(outcome: Outcome, by: str = "district") -> pd.DataFrame:
    """Return the KPIs with a row for each group and a column for each metric."""
    tidy = kpis(outcome, by)
    wide = tidy.pivot_table(
        index="name", columns="metric", values="value", sort=False, dropna=False
    )
    return wide.reindex(columns=list(dict.fromkeys(tidy["metric"])))


class _Counter:
    """Counts and quantiles by group, without a loop over tickets."""

    def __init__(self, group: NDArray[np.int64], size: int) -> None:
        self.group, self.size = group, size

    def count(self, rows: Bools) -> NDArray[np.int64]:
        if self.size == 1:
            return np.array([np.count_nonzero(rows)])
        out = np.zeros(self.size, dtype=np.int64)
        _count(self.group, rows, out)
        return out

    def share(self, part: Bools, whole: Bools) -> tuple[Floats, NDArray[np.int64]]:
        n = self.count(whole)
        hit = self.count(part & whole)
        return np.divide(hit, n, out=np.full(self.size, np.nan), where=n > 0), n

    def mean(self, values: Floats, rows: Bools) -> Floats:
        n = self.count(rows)
        total = np.zeros(self.size)
        _add_up(self.group, values, rows, total)
        return np.divide(total, n, out=np.full(self.size, np.nan), where=n > 0)

    def quantiles(self, values: Floats, rows: Bools, shares: tuple[float, ...]) -> list[Floats]:
        """Return the smallest value that at least this share does not exceed, by group."""
        group, value = self.group[rows], values[rows]
        if self.size > 1:  # groups one after another; within each, only what is asked is sorted
            value = value[np.argsort(group.astype(np.int16), kind="stable")]
        n = np.bincount(group, minlength=self.size)
        last = np.cumsum(n)
        out = np.full((len(shares), self.size), np.nan)
        for i in np.flatnonzero(n):
            places = [max(int(np.ceil(share * n[i])) - 1, 0) for share in shares]
            out[:, i] = np.partition(value[last[i] - n[i] : last[i]], places)[places]
        return list(out)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _count(group, rows, out) -> None:  # type: ignore[no-untyped-def]
    """Count the rows of each group, with no copy of any column."""
    for i in range(len(rows)):
        out[group[i]] += rows[i]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _add_up(group, values, rows, out) -> None:  # type: ignore[no-untyped-def]
    """Sum the rows of each group up."""
    for i in range(len(rows)):
        if rows[i]:
            out[group[i]] += values[i]


def _volumes(outcome: Outcome, counter: _Counter, add: Add) -> None:
    t = outcome.tickets
    days = outcome.until / DAY
    every = np.ones(len(outcome), dtype=bool)

    def volume(metric: str, rows: Bools) -> None:
        n = counter.count(rows)
        add(metric, "1", n.astype(float), n)

    volume("matters", every)
    volume("tickets", known(t["accepted"]))
    for name, channel in CHANNELS.items():
        volume(f"tickets.{name}", known(t["accepted"]) & (t["channel"] == channel))
    for name, rows in (("hotline", hotline(outcome)), ("police", police(outcome))):
        n = counter.count(rows)
        add(f"{name}.requests", "1", n.astype(float), n)
        add(f"{name}.requests_per_day", "1/d", n / days, n)
    volume("on_the_spot", t["on_spot"])
    volume("duplicates", t["duplicate"])
    for state in (State.UNDISCOVERED, State.VANISHED):
        volume(f"state.{state.name.lower()}", t["state"] == state)
    is_open = known(t["accepted"]) & ~known(t["closed"])
    volume("backlog", is_open)
    for state in State:
        if state not in (State.UNDISCOVERED, State.VANISHED, State.CLOSED):
            volume(f"backlog.{state.name.lower()}", t["state"] == state)
    volume("backlog.overdue", is_open & (t["due_close"] <= outcome.until))


def _calls(outcome: Outcome, counter: _Counter, add: Add) -> None:
    t = outcome.tickets
    called = (t["citizen"] == Channel.HOTLINE) & known(t["called"])
    answered = called & known(t["answered"])
    settled = answered | (called & t["abandoned"])
    n = counter.count(called)
    add("hotline.callers", "1", n.astype(float), n)
    wait = t["answered"] - t["called"]
    # the wait of who called again is counted from the first call
    quick = answered & (wait <= 20)
    add("hotline.answered", "share", *counter.share(answered, settled))
    add("hotline.answered_20s", "share", *counter.share(quick, settled))
    add("hotline.wait.mean", "s", counter.mean(wait, answered), counter.count(answered))
    calls: Floats = np.bincount(
        counter.group[called], weights=t["attempts"][called], minlength=counter.size
    ).astype(float)
    add("hotline.calls", "1", calls, n)
    add("hotline.lost", "share", *counter.share(t["abandoned"].astype(bool), settled))


_SPANS = (
    ("discovery", "arisen", "discovered"),
    ("sign", "triaged", "signed"),
    ("arrive", "accepted", "arrived"),
    ("close", "accepted", "closed"),
)


def _times(outcome: Outcome, counter: _Counter, add: Add) -> None:
    t = outcome.tickets
    for name, start, end in _SPANS:
        begun = known(t[start])
        if name == "discovery":
            begun = begun & (t["state"] != State.VANISHED)
        elif name != "close":  # not each ticket needs these: only of those who got to it
            begun = begun & (known(t[end]) | _on_the_way(outcome, end))
        over = begun & known(t[end])
        span = t[end] - t[start]
        n = counter.count(over)
        add(f"{name}.mean", "s", counter.mean(span, over), n)
        for share, values in zip(
            (50, 90, 95), counter.quantiles(span, over, (0.5, 0.9, 0.95)), strict=True
        ):
            add(f"{name}.p{share}", "s", values, n)
        waiting = counter.count(begun & ~over)
        add(f"{name}.open", "1", waiting.astype(float), waiting)


def _on_the_way(outcome: Outcome, step: str) -> Bools:
    """Tell which tickets have a step still before them."""
    before = {
        "signed": (State.AT_CENTRE, State.UNSIGNED),
        "arrived": (State.AT_CENTRE, State.UNSIGNED, State.WAITING, State.TRAVELLING),
    }[step]
    return np.isin(outcome.tickets["state"], before)


def _promises(outcome: Outcome, counter: _Counter, add: Add) -> None:
    t = outcome.tickets
    for name, done, due in (
        ("sign", "signed", "due_sign"),
        ("arrive", "arrived", "due_arrive"),
        ("close", "closed", "due_close"),
    ):
        met, missed = on_time(outcome, done, due)
        add(f"{name}.on_time", "share", *counter.share(met, met | missed))
    accepted, closed = known(t["accepted"]), known(t["closed"])
    add("closing_rate", "share", *counter.share(closed, accepted))
    add("closing_rate.hotline", "share", *counter.share(closed, hotline(outcome)))


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


def _quality(outcome: Outcome, counter: _Counter, add: Add) -> None:
    t = outcome.tickets
    accepted, closed = known(t["accepted"]), known(t["closed"])
    checked = known(t["checked"]) & ~t["on_spot"]
    add("reopened", "share", *counter.share(t["reopened"] > 0, checked))
    add("sent_back", "share", *counter.share(t["sent_back"] > 0, known(t["triaged"])))
    for level in (Level.REMINDER, Level.DISTRICT, Level.CITY):
        name = f"supervised.{level.name.lower()}"
        add(name, "share", *counter.share(t["level"] >= level, accepted))
    asked = t["satisfied"] >= 0
    add("satisfied", "share", *counter.share(t["satisfied"] == 1, asked))
    met, missed = on_time(outcome, "closed", "due_close")
    punctual, n = counter.share(met, met | missed)
    sound, _ = counter.share(t["reopened"] == 0, closed)
    content, _ = counter.share(t["satisfied"] == 1, asked)
    # the appraisal: as much for being on time as for work that holds and citizens content
    parts = np.array([punctual, sound, content])
    weight = np.where(np.isnan(parts), 0, np.array([[0.5], [0.25], [0.25]]))
    total = weight.sum(axis=0)
    score = np.divide(
        np.nansum(weight * np.nan_to_num(parts), axis=0),
        total,
        out=np.full(counter.size, np.nan),
        where=total > 0,
    )
    add("evaluation", "share", score, n)
