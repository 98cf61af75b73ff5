"""Pictures of patrol routes: one as a diagram, all of a town on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.measure.plots.maps import path_of, scale_bar
from sim.measure.plots.style import BLUE, GREY, INK, RED, both, new, style
from sim.model.routes import LOOP, Route, Routes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HOT = 1.5  # times the mean


def plot_route(
    city: City,
    grid: int,
    route: Route,
    density: NDArray[np.float64] | None = None,
    ax: Axes | None = None,
) -> Any:
    """Draw a grid's route about its loop: each pass lies a little further out than the last.

    Parameters
    ----------
    grid : int
        Its number in the city.
    density : float64 [cells], optional
        Share of the grid's matters on each cell: the loop is redder where more happens.
    """
    with style():
        figure, ax = new(ax, 8, 7)
        radius = city.grid_loop_m[grid] / (2 * np.pi)
        cells = route.of if density is None else len(density)
        heat = np.ones(cells) / cells if density is None else density
        for cell in range(cells):
            angle = 2 * np.pi * np.linspace(cell, cell + 1, 20) / cells
            ax.plot(
                radius * np.cos(angle),
                radius * np.sin(angle),
                color=RED if heat[cell] > _HOT / cells else "#D8D8D8",
                linewidth=4 + 10 * min(heat[cell] * cells / 10, 1),
                solid_capstyle="butt",
                zorder=1,
            )
        _walk(ax, route, radius)
        passes = route.passes()
        ax.text(
            0,
            0,
            both(
                f"{len(route.legs)} legs, every place passed\n{passes.min()} to "
                f"{passes.max()} times a cycle",
                f"每轮经过 {passes.min()}–{passes.max()} 次",
                "\n",
            ),
            ha="center",
            va="center",
            color=GREY,
        )
        ax.set_aspect("equal")
        ax.axis("off")
        ax.margins(0.08)
        if heat.max() > _HOT / cells:
            ax.plot([], [], color=RED, linewidth=6, label=both("hot stretch", "高发路段"))
        ax.legend(loc="upper right")
        ax.text(
            0.5,
            0,
            both(f"loop of {city.grid_loop_m[grid]:,.0f} m, drawn as a circle", "巡查环线示意"),
            transform=ax.transAxes,
            ha="center",
            fontsize=8,
            color=GREY,
        )
        district = int(city.grid_district[grid])
        own = grid - int(np.searchsorted(city.grid_district, district))
        place = both(city.district_name[district], city.district_name_zh[district])
        ax.set_title(both(f"Patrol route of grid {own}, {place}", "网格巡查路线", "  "))
        return figure


def plot_routes(city: City, town: int, routes: Routes, ax: Axes | None = None) -> Any:
    """Draw the loops of a town's grids on the map, by how often a cycle passes each part.

    Parameters
    ----------
    town : int
        Its number in the city.
    routes : dict
        By district's code and number of the grid in its district; the others walk their loop.
    """
    from matplotlib.collections import LineCollection, PathCollection

    district = int(city.town_district[town])
    first = int(np.searchsorted(city.grid_district, district))
    grids = np.flatnonzero(city.grid_town == town)
    cells = city.grid_cells(district)
    lines, passes = [], []
    for grid in grids.tolist():
        route = routes.get((city.district_code[district], grid - first), LOOP)
        angle = 2 * np.pi * np.linspace(0, 1, max(60 // route.of, 2) * route.of + 1)
        radius = city.grid_loop_m[grid] / (2 * np.pi)
        circle = city.grid_xy[grid] + radius * np.stack((np.cos(angle), np.sin(angle)), axis=1)
        lines += [circle[i : i + 2] for i in range(len(circle) - 1)]
        count = route.passes()
        passes += np.repeat(count, (len(circle) - 1) // route.of).tolist()
    with style():
        figure, ax = new(ax, 9, 7)
        ax.add_collection(
            PathCollection(
                [path_of(cells[grid - first]) for grid in grids.tolist()],
                facecolor="#FAFAF7",
                edgecolor="#C8C8C8",
                linewidth=0.6,
            )
        )
        order = np.argsort(passes, kind="stable")  # what is passed more often on top
        often = np.array(passes)[order]
        walked = LineCollection(
            [lines[i] for i in order.tolist()],
            array=often,
            cmap="plasma_r",
            linewidths=np.where(often > 1, 2.6, 1.1),
        )
        walked.set_clim(0.5, max(often.max() + 0.5, 2.5))
        ax.add_collection(walked)
        ax.set_aspect("equal")
        ax.autoscale_view()
        ax.axis("off")
        scale_bar(ax)
        label = both("passes a cycle", "每轮经过次数")
        figure.colorbar(walked, ax=ax, shrink=0.6, label=label)
        name = both(city.town_name[town], city.town_name_zh[town])
        ax.set_title(both(f"Patrol routes of {name}", "巡查路线", "  "))
        return figure


def _walk(ax: Axes, route: Route, radius: float) -> None:
    """Draw the legs one outside the other, with an arrow on each, and the crossings."""
    away = radius * 1.06
    step = radius * 0.35 / max(len(route.legs), 4)
    ends: list[tuple[float, float]] = []
    begin = None
    for n, leg in enumerate(route.legs):
        angle = 2 * np.pi * np.linspace(leg.start, leg.start + leg.cells, 240) / route.of
        out = away + step * (n + np.linspace(0, 1, 240))
        x, y = out * np.cos(angle), out * np.sin(angle)
        if ends and leg.cross_m > 0:
            ax.plot(*zip(ends[-1], (x[0], y[0]), strict=True), ":", color=GREY)
        ax.plot(x, y, color=BLUE, linewidth=1.6, zorder=3)
        ax.annotate(
            "",
            (x[121], y[121]),
            (x[117], y[117]),
            arrowprops={"arrowstyle": "-|>", "color": BLUE, "lw": 0, "mutation_scale": 18},
            zorder=3,
        )
        begin = begin or (float(x[0]), float(y[0]))
        ends.append((float(x[-1]), float(y[-1])))
    assert begin is not None
    ax.plot(*begin, "o", color=INK, markersize=7, zorder=4, label=both("start", "起点"))
