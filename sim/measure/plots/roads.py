"""The map of a road net."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.city.city import City
from sim.city.roads import RoadNet
from sim.measure.plots.maps import path_of, scale_bar
from sim.measure.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, both, new, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# the widest last, so that it lies on top
_LOOK = {
    "tertiary": (GREY, 0.7, "支路"),
    "secondary": (GREEN, 1.2, "次干路"),
    "primary": (ORANGE, 1.8, "主干路"),
    "trunk": (PURPLE, 2.0, "快速路"),
    "motorway": (BLUE, 2.4, "高速公路"),
    "link": (RED, 1.8, "桥梁或渡口"),
}


def plot_roads(city: City, district: int, net: RoadNet, ax: Axes | None = None) -> Any:
    """Draw a district's roads by class, with the towns."""
    from matplotlib.collections import LineCollection, PathCollection

    with style():
        figure, ax = new(ax, 9, 8)
        border = city.district_border[district]
        ax.add_collection(
            PathCollection([path_of(border)], facecolor="#FAFAF7", edgecolor=INK, linewidth=1.0)
        )
        kind = np.array([name.removesuffix("_link") for name in net.kind.tolist()])
        for name in [*sorted(set(kind) - set(_LOOK)), *(n for n in _LOOK if n in kind)]:
            colour, width, chinese = _LOOK.get(name, ("#B8B8B8", 0.5, ""))
            rows = kind == name
            lines = np.stack((net.xy[net.tail[rows]], net.xy[net.head[rows]]), axis=1)
            ax.add_collection(
                LineCollection(
                    list(lines), colors=colour, linewidths=width, label=both(name, chinese).strip()
                )
            )
        towns = city.town_xy[city.town_district == district]
        ax.plot(*towns.T, "o", color=INK, markersize=5, label=both("town", "镇（街道）"))
        ax.set_aspect("equal")
        ax.autoscale_view()
        ax.axis("off")
        scale_bar(ax)
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        place = both(city.district_name[district], city.district_name_zh[district])
        origin = both("generated, assumed", "生成路网（假设）") if net.origin == "generated" else ""
        ax.set_title(both(f"Roads of {place}", "路网", "  "))
        ax.text(0, 0, origin or net.origin, transform=ax.transAxes, fontsize=8, color=GREY)
        return figure
