"""One look for all plots: quiet, colour-blind safe, Chinese beside English where a font has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sim.clock import DAY
from sim.engine.outcome import Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's palette, which the colour-blind can tell apart
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, GREY = "#CC79A7", "#56B4E9", "#F0E442", "#8A8A8A"
INK, PALE, SHADE = "#222222", "#E8E8E8", "#F2F2F2"

_CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Noto Sans CJK JP",
    "PingFang SC",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Zen Hei",
    "Arial Unicode MS",
)


@lru_cache(maxsize=1)
def chinese_font() -> str | None:
    """Return an installed font that has Chinese, or None."""
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _CHINESE if name in installed), None)


def both(english: str, chinese: str, between: str = " ") -> str:
    """Return both names, or the English alone where no font has Chinese."""
    return f"{english}{between}{chinese}" if chinese_font() else english


@contextmanager
def style() -> Iterator[None]:
    """Use the common look within a block."""
    import matplotlib as mpl

    font = chinese_font()
    look: Any = {
        "font.family": [*(["DejaVu Sans"]), *([font] if font else [])],
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": GREY,
        "axes.labelcolor": INK,
        "axes.titlelocation": "left",
        "axes.titlesize": 12,
        "axes.titleweight": "bold",
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": PALE,
        "grid.linewidth": 0.8,
        "xtick.color": INK,
        "ytick.color": INK,
        "legend.frameon": False,
        "figure.constrained_layout.use": True,
        "figure.dpi": 110,
        "savefig.dpi": 150,
        "text.parse_math": False,  # a name with $ is a name
    }
    with mpl.rc_context(look):
        yield


def new(ax: Axes | None, width: float = 9.0, height: float = 5.0) -> tuple[Any, Axes]:
    """Return the figure and axes to draw on, new ones unless given."""
    if ax is not None:
        return ax.figure, ax
    from sim.measure.plots.picture import Picture

    figure = Picture(width, height)
    return figure, figure.add_subplot()


def head(ax: Axes, outcome: Outcome, english: str, chinese: str) -> None:
    """Put the title, and below it what it rests on: scenario, policy, engine, seed."""
    ax.set_title(both(english, chinese, "  "), pad=21)
    days = outcome.until / DAY
    span = f"{days:.3g} {'day' if days == 1 else 'days'}"
    subtitle(
        ax,
        f"{outcome.scenario.name}, {span}, policy {outcome.policy}, "
        f"engine {outcome.engine}, seed {outcome.seed}, replication {outcome.replication}",
    )


def subtitle(ax: Axes, text: str) -> None:
    """Put a line between the title and the picture."""
    ax.annotate(
        text,
        (0, 1),
        (0, 8),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=8,
        color=GREY,
    )


def day_axis(ax: Axes, outcome: Outcome) -> None:
    """Label the x axis, in days since the start, with dates; weekends are shaded."""
    from datetime import timedelta

    days = max(outcome.until / DAY, 1e-9)
    step = next((s for s in (0.25, 1, 2, 7, 14, 28, 56) if days / s <= 10), 91)
    ticks = [i * step for i in range(int(days / step) + 1)]
    start = outcome.scenario.time.start
    names = []
    for tick in ticks:
        date = start + timedelta(days=int(tick))
        hour = round(tick % 1 * 24)
        names.append(f"{date:%a}\n{date:%d %b}" if hour == 0 else f"{hour:02d}:00")
    ax.set_xticks(ticks, names)
    if days <= 100:
        for day in range(int(days) + 1):
            if (start + timedelta(days=day)).weekday() >= 5:
                ax.axvspan(day, day + 1, color=SHADE, zorder=0, linewidth=0)
    ax.set_xlim(0, days)


def count_axis(ax: Axes, english: str, chinese: str) -> None:
    """Let the y axis count from 0, thousands set apart."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    ax.set_ylabel(both(english, chinese))
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
