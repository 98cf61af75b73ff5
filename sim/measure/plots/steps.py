"""Tickets by step over time, and the command centre's counters."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.clock import DAY, HOUR
from sim.engine.outcome import Outcome
from sim.measure.catalogue import KPIS
from sim.measure.counters import COUNTERS, Flow, counters, instants, pass_by
from sim.measure.fold import Request, gather
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
from sim.measure.tables import known

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


class OpenBySteps:
    """When tickets came to wait for each step, and no longer: `passed`, int32 [7, instants].

    A ticket that was reopened is counted where its last time through stands.
    """

    logs = False

    def __init__(self, outcome: Outcome, every: float) -> None:
        self._at = instants(outcome, every)
        self.passed = np.zeros((len(_BANDS) + 1, len(self._at)), dtype=np.int32)

    def add(self, piece: Outcome) -> None:
        """Count the tickets of a piece."""
        t = piece.tickets
        edge = t["closed"]
        edges = [edge]
        # a step is over at its own time, or at that of a later one
        for column in ("handled", "finished", "dispatched", "signed", "triaged"):
            edge = np.fmin(t[column], edge)
            edges.insert(0, edge)
        accepted, one = t["accepted"], np.zeros(len(piece), dtype=np.int64)
        # a ticket is nowhere before it is there
        edges = [accepted, *(np.maximum(edge, accepted) for edge in edges)]
        for out, times in zip(self.passed, edges, strict=True):
            pass_by(times, known(accepted), one, self._at, out[None])

    def merge(self, other: OpenBySteps) -> None:
        """Add the tickets of another."""
        self.passed += other.passed

    def open(self) -> list[np.ndarray[Any, Any]]:
        """Return the open tickets at each instant, by what they wait for."""
        count = np.cumsum(self.passed, axis=1, dtype=np.int64)
        return [before - after for before, after in pairwise(count)]


def folds(outcome: Outcome) -> list[Request]:
    """Return what the two pictures rest on."""
    return [(OpenBySteps, _every(outcome)), (Flow, "town", _every(outcome))]


def plot_steps(outcome: Outcome, ax: Axes | None = None) -> Any:
    """Draw the open tickets over time, stacked by what they wait for."""
    with style():
        figure, ax = new(ax)
        at = instants(outcome, _every(outcome))
        waiting: OpenBySteps
        (waiting,) = gather(outcome, [(OpenBySteps, _every(outcome))])
        bands = waiting.open()
        ax.stackplot(
            at / DAY,
            *bands,
            labels=[both(english, chinese) for english, chinese, _ in _BANDS],
            colors=[colour for _, _, colour in _BANDS],
            alpha=0.85,
            linewidth=0,
        )
        day_axis(ax, outcome)
        count_axis(ax, KPIS["backlog"].english, KPIS["backlog"].chinese)
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
