"""Tickets by step over time, and the command centre's counters."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.clock import DAY, HOUR
from sim.engine.outcome import Outcome
from sim.measure.counters import COUNTERS, counters, instants, reached
from sim.measure.plots.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    YELLOW,
    both,
    count_axis,
    day_axis,
    head,
    new,
    style,
)
from sim.measure.tables import Floats, known

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BANDS = (
    ("with the centres", "受理分流", PURPLE),
    ("to be signed for", "待签收", YELLOW),
    ("waiting for a crew", "待派员", RED),
    ("crew on its way or on site", "现场处置", ORANGE),
    ("being settled", "办理中", SKY),
    ("waiting for the check", "待核查", GREEN),
)


def _every(outcome: Outcome) -> float:
    return HOUR / 4 if outcome.until <= 3 * DAY else HOUR


def open_by_step(outcome: Outcome, at: Floats) -> list[np.ndarray[Any, Any]]:
    """Count the open tickets by what they wait for, at each instant.

    A ticket that was reopened is counted where its last time through stands.
    """
    t = outcome.tickets
    closed = t["closed"]

    def first(column: str, later: Floats) -> Floats:
        """When a step was over: at its own time, or at that of a later one."""
        return np.fmin(t[column], later)

    checked = closed
    handled = first("handled", checked)
    finished = first("finished", handled)
    dispatched = first("dispatched", finished)
    signed = first("signed", dispatched)
    triaged = first("triaged", signed)
    edges = [t["accepted"], triaged, signed, dispatched, finished, handled, checked]
    # a ticket is nowhere before it is there
    edges = [np.fmax(edge, t["accepted"]) if i else edge for i, edge in enumerate(edges)]
    everybody = np.zeros(len(outcome), dtype=np.int64)
    there = known(t["accepted"])
    passed = [
        reached(_never(e, outcome, i), there, everybody, 1, at)[0] for i, e in enumerate(edges)
    ]
    return [before - after for before, after in pairwise(passed)]


def _never(edge: Floats, outcome: Outcome, number: int) -> Floats:
    """Undo what `fmax` made of a step that is not over: NaN again."""
    if number == 0:
        return edge
    columns = ("triaged", "signed", "dispatched", "finished", "handled", "closed")
    later = np.array([known(outcome.tickets[c]) for c in columns[number - 1 :]]).any(axis=0)
    return np.where(later, edge, np.nan)


def plot_steps(outcome: Outcome, ax: Axes | None = None) -> Any:
    """Draw the open tickets over time, stacked by what they wait for."""
    with style():
        figure, ax = new(ax)
        at = instants(outcome, _every(outcome))
        bands = open_by_step(outcome, at)
        ax.stackplot(
            at / DAY,
            *bands,
            labels=[both(english, chinese) for english, chinese, _ in _BANDS],
            colors=[colour for _, _, colour in _BANDS],
            alpha=0.85,
            linewidth=0,
        )
        day_axis(ax, outcome)
        count_axis(ax, "open tickets", "未办结工单")
        handles, labels = ax.get_legend_handles_labels()
        ax.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5))
        head(ax, outcome, "Open tickets by step", "各环节未办结工单")
        return figure


def plot_counters(outcome: Outcome) -> Any:
    """Draw the command centre's counters over time: what is open above, all of it below."""
    from sim.measure.plots.picture import Picture

    with style():
        figure = Picture(9, 6.5)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        table = counters(outcome, every=_every(outcome))
        days = table["time"] / DAY
        for ax, lines in (
            (upper, (("in_hand", BLUE), ("unsigned", ORANGE), ("overdue", RED))),
            (lower, (("tickets", GREY), ("closed", GREEN))),
        ):
            for name, colour in lines:
                last = f"{both(*COUNTERS[name])}: {table[name].iloc[-1]:,}"
                ax.plot(days, table[name], color=colour, label=last, linewidth=1.8)
            day_axis(ax, outcome)
            count_axis(ax, "tickets", "工单")
            ax.legend(loc="upper left", title=both("at the end", "期末"), alignment="left")
        lower.fill_between(days, table["closed"], table["tickets"], color=GREY, alpha=0.15)
        head(upper, outcome, "The command centre's counters", "指挥中心大屏指标")
        return figure
