"""Use of staff by hour of day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.outcome import Outcome
from sim.measure.plots.style import both, head, new, style
from sim.measure.use import use_by_hour

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_use(outcome: Outcome, ax: Axes | None = None) -> Any:
    """Draw the share of staff on duty at work, under way or waiting, by kind and hour of day."""
    from matplotlib.ticker import PercentFormatter

    table = use_by_hour(outcome)
    names = list(dict.fromkeys(table["name"]))
    zh = dict(zip(table["name"], table["name_zh"], strict=True))
    busy = (table["work"] + table["travel"] + table["wait"]).to_numpy().reshape(len(names), 24)
    duty = table["on_duty"].to_numpy().reshape(len(names), 24)
    share = np.divide(busy, duty, out=np.full_like(busy, np.nan), where=duty > 1e-9)
    with style():
        figure, ax = new(ax, 10, 0.34 * len(names) + 2)
        image = ax.imshow(share, aspect="auto", cmap="YlOrRd", vmin=0, vmax=1)
        ax.set_facecolor("#F4F4F4")
        for row, column in zip(*np.nonzero(np.isfinite(share)), strict=True):
            value = share[row, column]
            ax.text(
                column,
                row,
                f"{100 * value:.0f}",
                ha="center",
                va="center",
                fontsize=7,
                color="white" if value > 0.6 else "#444444",
            )
        ax.set_yticks(range(len(names)), [both(name, zh[name]) for name in names])
        ax.set_xticks(range(0, 24, 2), [f"{h:02d}" for h in range(0, 24, 2)])
        ax.set_xlabel(both("hour of day (empty: nobody on duty)", "时刻"))
        ax.grid(visible=False)
        ax.tick_params(length=0)
        figure.colorbar(
            image,
            ax=ax,
            shrink=0.5,
            format=PercentFormatter(1.0),
            label=both("at work or under way, of those on duty", "在岗忙碌率"),
        )
        head(ax, outcome, "Use of staff by hour", "各时段人员使用")
        return figure
