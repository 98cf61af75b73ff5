"""The map: where tickets are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.outcome import Outcome
from sim.measure.plots.style import GREY, INK, both, head, new, style
from sim.measure.tables import known

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_APPROXIMATE = {"Gusu", "SIP"}


def plot_map(outcome: Outcome, ax: Axes | None = None) -> Any:
    """Draw the districts with their open tickets per 1,000 residents; a single one by grids."""
    from matplotlib.collections import PathCollection
    from matplotlib.path import Path

    city, t = outcome.city, outcome.tickets
    is_open = known(t["accepted"]) & ~known(t["closed"])
    single = len(city.district_name) == 1
    with style():
        figure, ax = new(ax, 9, 8)
        if single:
            count = np.bincount(t["grid"][is_open], minlength=len(city.grid_xy))
            shapes = city.grid_cells(0)
            value = count.astype(float)
            label = both("open tickets in the grid", "网格未办结工单")
        else:
            count = np.bincount(t["district"][is_open], minlength=len(city.district_name))
            shapes = list(city.district_border)
            value = 1000 * count / np.maximum(city.district_population, 1)
            label = both("open tickets per 1,000 residents", "每千人未办结工单")
        paths = [_path(shape, Path) for shape in shapes]
        areas = PathCollection(
            paths,
            array=value,
            cmap="YlGnBu",
            edgecolor="#B0B0B0" if single else INK,
            linewidth=0.3 if single else 0.8,
        )
        areas.set_clim(0, max(float(np.quantile(value, 0.99)) if len(value) else 0, 1e-9))
        ax.add_collection(areas)
        if single:
            border = PathCollection(
                [_path(city.district_border[0], Path)],
                facecolor="none",
                edgecolor=INK,
                linewidth=1.2,
            )
            ax.add_collection(border)
        else:
            ax.plot(*city.town_xy.T, ".", color="white", markersize=3, alpha=0.7)
            for (x, y), name, zh, n in zip(
                city.district_xy, city.district_name, city.district_name_zh, count, strict=True
            ):
                ax.annotate(
                    f"{both(name, zh, chr(10))}\n{n:,}",
                    (x, y),
                    ha="center",
                    va="center",
                    fontsize=8,
                    bbox={"boxstyle": "round,pad=0.2", "fc": "white", "ec": "none", "alpha": 0.75},
                )
        ax.set_aspect("equal")
        ax.autoscale_view()
        ax.axis("off")
        _scale_bar(ax)
        figure.colorbar(areas, ax=ax, shrink=0.6, label=label)
        name = both(city.district_name[0], city.district_name_zh[0]) if single else ""
        head(ax, outcome, f"Where tickets are open {name}".strip(), "未办结工单分布")
        if _APPROXIMATE & set(city.district_name):
            ax.text(
                0,
                0,
                "The border between Gusu and SIP is an approximation.",
                transform=ax.transAxes,
                fontsize=7,
                color=GREY,
                va="top",
            )
        return figure


def _path(shape: Any, path: Any) -> Any:
    """Turn a polygon, or several, with holes, into one matplotlib path."""
    if shape.geom_type == "GeometryCollection":
        shape = shape.buffer(0)
    polygons = list(shape.geoms) if hasattr(shape, "geoms") else [shape]
    rings = [ring for p in polygons for ring in (p.exterior, *p.interiors)]
    return path.make_compound_path(*(path(np.asarray(r.coords), closed=True) for r in rings))


def _scale_bar(ax: Axes) -> None:
    """Draw a bar of a round length in the lower right."""
    low, high = ax.get_xlim()
    bottom, top = ax.get_ylim()
    width = high - low
    length = next(s for s in (50e3, 20e3, 10e3, 5e3, 2e3, 1e3, 500, 1) if s <= width / 4)
    x, y = high - length - 0.02 * width, bottom + 0.02 * (top - bottom)
    ax.plot([x, x + length], [y, y], color=INK, linewidth=2, solid_capstyle="butt")
    text = f"{length / 1000:g} km"
    ax.text(x + length / 2, y, text, ha="center", va="bottom", fontsize=8, color=INK)
