"""The map: where tickets are open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcome import Outcome
from sim.measure.fold import gather
from sim.measure.plots.style import GREY, INK, both, head, new, style
from sim.measure.tables import Floats, known

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.path import Path

    from sim.city.city import City
    from sim.measure.use import Ints

_APPROXIMATE = {"Gusu", "SIP"}


class OpenByGrid:
    """How many tickets are open in each grid: `count`, int64 [grids]."""

    logs = False

    def __init__(self, outcome: Outcome) -> None:
        self.count = np.zeros(len(outcome.city.grid_xy), dtype=np.int64)

    def add(self, piece: Outcome) -> None:
        """Count the tickets of a piece."""
        t = piece.tickets
        is_open = known(t["accepted"]) & ~known(t["closed"])
        np.add.at(self.count, t["grid"][is_open], 1)

    def merge(self, other: OpenByGrid) -> None:
        """Add the tickets of another."""
        self.count += other.count

    def by(self, place: NDArray[np.int32], places: int) -> Ints:
        """Return how many are open in each place: that of each grid, int32 [grids]."""
        return np.bincount(place, self.count, places).astype(np.int64)


def plot_map(outcome: Outcome, ax: Axes | None = None) -> Any:
    """Draw where tickets are open.

    Of several districts the towns, by open tickets per 1,000 residents; of a single one the
    grids, by open tickets. The labels count those of each district, or of each town.
    """
    city = outcome.city
    is_open: OpenByGrid
    (is_open,) = gather(outcome, [(OpenByGrid,)])
    single = len(city.district_name) == 1
    cells = [city.grid_cells(d) for d in range(len(city.district_name))]
    towns = _towns(city, [cell for part in cells for cell in part])
    in_town = is_open.by(city.grid_town, len(towns))
    with style():
        figure, ax = new(ax, _width(city, 8), 8)
        if single:
            value = is_open.count.astype(float)
            areas = _areas(ax, cells[0], value, "#B0B0B0", 0.3)
            areas.set_clim(0, max(float(np.quantile(value, 0.99)), 1))
            _areas(ax, towns, None, INK, 1.2)
            names = [name.removeprefix(f"{city.district_name[0]} ") for name in city.town_name]
            _labels(ax, towns, names, in_town)
            label = both("open tickets in the grid", "网格未办结工单")
        else:
            areas = _areas(
                ax, towns, 1000 * in_town / np.maximum(city.town_population, 1), "#B0B0B0", 0.4
            )
            _areas(ax, city.district_border, None, INK, 1.2)
            names = [
                both(name, zh, chr(10))
                for name, zh in zip(city.district_name, city.district_name_zh, strict=True)
            ]
            count = is_open.by(city.grid_district, len(names))
            _labels(ax, city.district_border, names, count)
            label = both("open tickets per 1,000 residents of the town", "每千人未办结工单")
        ax.set_aspect("equal")
        ax.autoscale_view()
        ax.axis("off")
        scale_bar(ax)
        figure.colorbar(areas, ax=ax, shrink=0.6, label=label)
        where = f"in {city.district_name[0]}, by town and grid" if single else "by town"
        head(ax, outcome, f"Where tickets are open {where}", "未办结工单分布")
        note = "Towns and grids are laid by the model within the districts' borders."
        if _APPROXIMATE & set(city.district_name):
            note += " The border between Gusu and SIP is an approximation."
        ax.text(0, 0, note, fontsize=7, color=GREY, va="top", transform=ax.transAxes)
        return figure


def _towns(city: City, cells: Sequence[Any]) -> list[Any]:
    """Return the towns as areas: those of their grids together."""
    import shapely

    town = np.asarray(city.grid_town)
    return [
        shapely.union_all([cells[grid] for grid in np.flatnonzero(town == number).tolist()])
        for number in range(len(city.town_name))
    ]


def _areas(
    ax: Axes, shapes: Sequence[Any], value: Floats | None, edge: str, width: float
) -> PathCollection:
    """Draw areas, filled by their values or only outlined."""
    from matplotlib.collections import PathCollection

    fill: dict[str, Any] = (
        {"facecolor": "none"} if value is None else {"array": value, "cmap": "YlGnBu"}
    )
    areas = PathCollection([path_of(s) for s in shapes], edgecolor=edge, linewidth=width, **fill)
    ax.add_collection(areas)
    return areas


def _width(city: City, height: float) -> float:
    """Return the width of a picture in which the map leaves no empty sides."""
    boxes = np.array([border.bounds for border in city.district_border])
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    return float(np.clip((height - 1) * (east - west) / (north - south) + 1.6, 6.5, 14))


def _labels(ax: Axes, areas: Sequence[Any], names: Sequence[str], counts: Ints) -> None:
    """Write names and counts where the areas are widest."""
    from shapely.ops import polylabel

    for area, name, n in zip(areas, names, counts, strict=True):
        largest = max(getattr(area, "geoms", [area]), key=lambda part: part.area)
        ax.annotate(
            f"{name}\n{n:,}",
            polylabel(largest, tolerance=200).coords[0],
            ha="center",
            va="center",
            fontsize=8,
            bbox={"boxstyle": "round,pad=0.2", "fc": "white", "ec": "none", "alpha": 0.75},
        )


def path_of(shape: Any) -> Path:
    """Turn a polygon, or several, with holes, into one matplotlib path."""
    from matplotlib.path import Path

    if shape.geom_type == "GeometryCollection":
        shape = shape.buffer(0)
    polygons = list(shape.geoms) if hasattr(shape, "geoms") else [shape]
    rings = [ring for p in polygons for ring in (p.exterior, *p.interiors)]
    return Path.make_compound_path(*(Path(np.asarray(r.coords), closed=True) for r in rings))


def scale_bar(ax: Axes) -> None:
    """Draw a bar of a round length in the lower right."""
    low, high = ax.get_xlim()
    bottom, top = ax.get_ylim()
    width = high - low
    length = next(s for s in (50e3, 20e3, 10e3, 5e3, 2e3, 1e3, 500, 1) if s <= width / 4)
    x, y = high - length - 0.02 * width, bottom + 0.02 * (top - bottom)
    ax.plot([x, x + length], [y, y], color=INK, linewidth=2, solid_capstyle="butt")
    text = f"{length / 1000:g} km"
    ax.text(x + length / 2, y, text, ha="center", va="bottom", fontsize=8, color=INK)
