"""Tours over the places they serve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measure.plots.style import INK, both, new, style
from sim.routing.instance import NOWHERE, Instance

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_tours(
    instance: Instance, tours: Sequence[Sequence[int]], title: str, ax: Axes | None = None
) -> Any:
    """Draw each tour in a colour of its own; ways from and to the depots are dotted.

    Parameters
    ----------
    instance : Instance
        With coordinates.
    tours : sequence of sequences of int
        The stops of each vehicle.
    title : str
        What it shows.
    ax : Axes, optional
        Where to draw; a new figure by default.
    """
    from matplotlib import colormaps

    assert instance.xy is not None, "an instance without coordinates"
    xy = instance.xy
    driven = [(vehicle, tour) for vehicle, tour in enumerate(tours) if tour]
    # neighbours in the list differ: tours that lie side by side are often found one by one
    colours = colormaps["turbo"](np.linspace(0.03, 0.92, max(len(driven), 1)))[
        np.argsort(np.arange(len(driven)) * 0.618034 % 1.0)
    ]
    with style():
        figure, ax = new(ax, 8, 8)
        for colour, (vehicle, tour) in zip(colours, driven, strict=True):
            stops = xy[list(tour)]
            ax.plot(*stops.T, "-o", color=colour, markersize=4, linewidth=1.6)
            for stop, depot in (
                (tour[0], instance.start[vehicle]),
                (tour[-1], instance.end[vehicle]),
            ):
                if depot != NOWHERE:
                    ax.plot(*xy[[depot, stop]].T, ":", color=colour, linewidth=0.9, zorder=1)
        ax.plot(*xy[len(instance) :].T, "s", color=INK, markersize=8)
        ax.set_aspect("equal")
        ax.set_axis_off()
        ax.set_title(f"{title} · {both(f'{len(driven)} tours', f'{len(driven)} 条路线')}")
    return figure
