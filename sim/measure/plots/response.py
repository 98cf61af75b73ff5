"""Response by department."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.outcome import Outcome
from sim.measure.catalogue import KPIS, MEASURES
from sim.measure.kpis import table
from sim.measure.plots.style import BLUE, GREY, ORANGE, both, head, new, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_TICKS = {
    60: "1 min",
    600: "10 min",
    3600: "1 h",
    4 * 3600: "4 h",
    86400: "1 d",
    3 * 86400: "3 d",
    7 * 86400: "7 d",
    21 * 86400: "21 d",
}


_UNSEEN = 40 * 86400.0
"""Where an arrow stands for what was not seen, s."""


def _seen(seconds: np.ndarray) -> np.ndarray:
    """Return durations, NaN where they are longer than was seen."""
    return np.where(np.isinf(seconds), np.nan, seconds)


def plot_response(outcome: Outcome, ax: Axes | None = None) -> Any:
    """Draw how long until someone is there, and until it is closed: median to 90th percentile."""
    wide = table(outcome, "department")
    wide = wide[wide["close.p50"].notna() | wide["arrive.p50"].notna()]
    wide = wide.sort_values("arrive.p50", ascending=False)
    bodies = outcome.scenario.departments
    with style():
        figure, ax = new(ax, 9, 0.36 * len(wide) + 2.2)
        rows = np.arange(len(wide))
        for metric, colour, shift in (("arrive", ORANGE, 0.15), ("close", BLUE, -0.15)):
            label = both(MEASURES[metric].english, MEASURES[metric].chinese)
            low, high = (np.maximum(wide[f"{metric}.{p}"].to_numpy(), 20) for p in ("p50", "p90"))
            last = np.fmin(high, _UNSEEN)  # what was not seen reaches to the edge
            ax.hlines(
                rows + shift, np.fmin(low, _UNSEEN), last, color=colour, linewidth=3, alpha=0.6
            )
            ax.plot(_seen(low), rows + shift, "o", color=colour, markersize=5, label=label)
            ax.plot(_seen(high), rows + shift, "|", color=colour, markersize=9, markeredgewidth=2)
            there = np.where(np.isinf(high), _UNSEEN, np.nan)
            ax.plot(there, rows + shift, ">", color=colour, markersize=5)
        names = [both(bodies[name].name_en, bodies[name].name_zh) for name in wide.index]
        ax.set_yticks(rows, names)
        ax.set_xscale("log")
        ax.set_xticks(list(_TICKS), list(_TICKS.values()))
        ax.minorticks_off()
        ax.grid(axis="y", visible=False)
        ax.set_ylim(-0.7, len(wide) - 0.3)
        _column(ax, 56, "arrive.on_time", 100 * wide["arrive.on_time"], " %")
        _column(ax, 92, "backlog", wide["backlog"])
        ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.07), ncol=2)
        ax.set_xlabel(
            "since acceptance, of those not answered on the telephone; "
            "dot: half, bar: 9 in 10, arrow: not seen",
            fontsize=8,
        )
        head(ax, outcome, "Response by department", "各部门响应时间")
        return figure


def _column(ax: Axes, offset: float, metric: str, values: pd.Series, unit: str = "") -> None:
    """Write figures to the right of the axes, one a row, so many points away."""
    name = both(KPIS[metric].english.replace(" ", "\n", 1), KPIS[metric].chinese, "\n")
    look: Any = {
        "xytext": (offset, 0),
        "textcoords": "offset points",
        "ha": "right",
        "fontsize": 8,
        "color": GREY,
    }
    ax.annotate(name, (1, 1), xycoords="axes fraction", va="bottom", **look)
    for row, value in enumerate(values):
        text = "–" if np.isnan(value) else f"{value:,.0f}{unit}"
        ax.annotate(text, (1, row), xycoords=("axes fraction", "data"), va="center", **look)
