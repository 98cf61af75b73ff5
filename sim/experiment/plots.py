"""Pictures of an experiment: differences, distributions, cost against service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.difference import Difference
from sim.experiment.measures import value_of
from sim.experiment.words import metric_name
from sim.measure.catalogue import CURVES, METRICS, SHARES, TARGETS
from sim.measure.plots.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    YELLOW,
    both,
    new,
    style,
)
from sim.measure.query import CITY, Query

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_COLOURS = (INK, BLUE, ORANGE, GREEN, PURPLE, SKY, RED, YELLOW)
_TICKS = {60: "1 min", 600: "10 min", 3600: "1 h", 4 * 3600: "4 h", 86400: "1 d", 7 * 86400: "7 d"}


def plot_differences(_metrics: pd.DataFrame, found: Sequence[Difference]) -> Any:
    """Draw each arm's difference from the baseline with its interval, a panel a metric."""
    metrics = list(dict.fromkeys(one.metric for one in found))
    arms = list(dict.fromkeys(one.arm for one in found))
    with style():
        from sim.measure.plots.picture import Picture

        columns = min(len(metrics), 2)
        rows = -(-len(metrics) // columns)
        figure = Picture(5.2 * columns, rows * (0.36 * len(arms) + 1.5) + 0.5)
        panels = figure.subplots(rows, columns, squeeze=False, sharey=True)
        for ax, metric in zip(panels.flat, metrics, strict=False):
            _panel(ax, [one for one in found if one.metric == metric], arms)
        for ax in list(panels.flat)[len(metrics) :]:
            ax.set_visible(False)
        baseline = found[0].baseline if found else ""
        confidence = both("all intervals hold at once", "同时成立的区间")
        figure.suptitle(
            f"{both('Paired differences from', '配对差')} {baseline}; {confidence}",
            fontsize=10,
            x=0.01,
            ha="left",
        )
        return figure


def _panel(ax: Axes, found: Sequence[Difference], arms: Sequence[str]) -> None:
    points = found[0].unit == "share" or any(np.isnan(one.relative.low) for one in found)
    for one in found:
        row = len(arms) - 1 - arms.index(one.arm)
        shown = one.difference if points else one.relative
        scale = 100.0 if one.unit == "share" or not points else 1.0
        middle, low, high = (scale * value for value in shown)
        colour = GREEN if one.better else RED if one.worse else BLUE if one.seen else GREY
        ax.hlines(row, low, high, color=colour, linewidth=3, alpha=0.7)
        ax.plot(middle, row, "o", color=colour, markersize=6)
    ax.axvline(0, color=INK, linewidth=1)
    ax.set_yticks(range(len(arms)), list(reversed(arms)))
    ax.set_ylim(-0.6, len(arms) - 0.4)
    ax.grid(axis="y", visible=False)
    ax.set_title(both(*metric_name(found[0].metric)), fontsize=10)
    unit = "points" if found[0].unit == "share" else found[0].unit if points else "%"
    ax.set_xlabel(unit, fontsize=9)


def plot_ecdf(metrics: pd.DataFrame, _found: Sequence[Difference] = ()) -> Any:
    """Draw what share of tickets is arrived at, and closed, within a time, for each arm.

    Means over replications of each percentile; the band of the first arm reaches from the least
    to the greatest.
    """
    arms = list(dict.fromkeys(metrics["arm"]))
    city = metrics[metrics["by"] == CITY]
    percent = [100 * share for share in SHARES]
    with style():
        from sim.measure.plots.picture import Picture

        figure = Picture(10.4, 4.6)
        panels = figure.subplots(1, len(CURVES))
        for ax, (declared, curve) in zip(panels, CURVES.items(), strict=True):
            for number, arm in enumerate(arms):
                rows = city[city["arm"] == arm]
                wide = rows.pivot_table(index="replication", columns="metric", values="value")
                wanted = [one.name for one in curve]
                times = np.maximum(wide.reindex(columns=wanted).to_numpy(), 30)
                times[np.isinf(times)] = np.nan  # not seen in every replication
                colour = _COLOURS[number % len(_COLOURS)]
                ax.plot(times.mean(axis=0), percent, color=colour, label=arm, linewidth=1.8)
                if number == 0:
                    ax.fill_betweenx(
                        percent, times.min(axis=0), times.max(axis=0), color=colour, alpha=0.12
                    )
            ax.set_xscale("log")
            ax.set_xticks(list(_TICKS), list(_TICKS.values()))
            ax.minorticks_off()
            ax.set_ylim(0, 100)
            ax.set_ylabel(both("% of tickets", "工单占比"))
            ax.set_title(both(declared.english, declared.chinese))
        panels[0].legend(fontsize=8)
        return figure


def plot_trade_off(metrics: pd.DataFrame, found: Sequence[Difference] = ()) -> Any:
    """Draw cost against service, the first target; bars: 95 %.

    Cost is that of the plan, yuan a week, where arms differ in it and every scenario has costs;
    otherwise the paid hours of a replication.
    """
    from sim.measure.intervals import mean_interval

    target = found[0].metric if found else TARGETS[0]
    query, unit = Query.parse(target), found[0].unit if found else METRICS[target].unit
    arms = list(dict.fromkeys(metrics["arm"]))
    scale, shown = {"s": (3600, "h"), "share": (0.01, "%")}.get(unit, (1, unit))
    city = metrics[metrics["by"] == CITY]
    priced = city[city["metric"] == "staff_cost"].groupby("arm")["value"].mean()
    in_yuan = set(priced.index) == set(arms) and priced.nunique() > 1
    hours = city[city["metric"] == "staff_h"].groupby("arm")["value"].mean()
    word, zh = ("million", "百万元") if priced.max() >= 1e6 else ("thousand", "千元")
    cost = priced / (1e6 if word == "million" else 1e3) if in_yuan else hours
    with style():
        figure, ax = new(None, 7.5, 4.8)
        for number, arm in enumerate(arms):
            rows = metrics[metrics["arm"] == arm]
            told = [value_of(table, query) for _, table in rows.groupby("replication")]
            value = np.array([one for one in told if one is not None], dtype=float) / scale
            value = value[np.isfinite(value)]
            if len(value) < 2:
                continue
            service = mean_interval(value)
            colour = _COLOURS[number % len(_COLOURS)]
            reach = [[service.estimate - service.low], [service.high - service.estimate]]
            ax.errorbar(cost[arm], service.estimate, yerr=reach, fmt="o", color=colour, label=arm)
        ax.margins(x=0.1)
        least, most = ax.get_xlim()
        room = max(0.01 * most - (most - least), 0) / 2  # less than a percent is no difference
        ax.set_xlim(least - room, most + room)
        ax.ticklabel_format(axis="x", useOffset=False)
        if in_yuan:
            cost_of = METRICS["staff_cost"]
            names = f"{cost_of.english}, {word} yuan a week", f"{cost_of.chinese}（{zh}）"
        else:
            names = METRICS["staff_h"].english, METRICS["staff_h"].chinese
        ax.set_xlabel(both(*names))
        ax.set_ylabel(f"{both(*metric_name(target))}, {shown}")
        ax.set_title(both("Cost and service", "成本与服务"))
        ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
        return figure


PLOTS: dict[str, Callable[[pd.DataFrame, Sequence[Difference]], Any]] = {
    "differences": plot_differences,
    "ecdf": plot_ecdf,
    "trade-off": plot_trade_off,
}
"""Pictures by name; each takes the metrics and the differences."""
