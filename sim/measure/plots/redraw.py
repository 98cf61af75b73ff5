"""The map of a town's grids, as they are and drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.measure.plots.maps import path_of, scale_bar
from sim.measure.plots.style import INK, both, style


def plot_grids(
    cells: Sequence[Any],
    load: NDArray[np.float64],
    before: NDArray[np.int64],
    after: NDArray[np.int64],
    name: tuple[str, str],
) -> Any:
    """Draw a town's grids by residents, a mean grid being 1, before and after.

    Parameters
    ----------
    cells : shapely geometries [A]
        The pieces of which grids are made.
    load : float64 [A]
        Residents of each piece; a mean grid has 1.
    before, after : int64 [A]
        The grid of each piece.
    name : (str, str)
        The town's, English and Chinese.
    """
    import shapely
    from matplotlib.collections import PathCollection

    from sim.measure.plots.picture import Picture

    with style():
        figure = Picture(12, 6)
        left, right = figure.subplots(1, 2)
        for ax, grid, english, chinese in (
            (left, before, "as they are", "现状"),
            (right, after, "drawn anew", "重划"),
        ):
            shapes = [
                shapely.union_all([cells[a] for a in np.flatnonzero(grid == g).tolist()])
                for g in np.unique(grid)
            ]
            areas = PathCollection(
                [path_of(shape) for shape in shapes],
                array=np.bincount(grid, weights=load),
                cmap="RdBu_r",
                edgecolor=INK,
                linewidth=0.6,
            )
            areas.set_clim(0.5, 1.5)
            ax.add_collection(areas)
            ax.set_aspect("equal")
            ax.autoscale_view()
            ax.axis("off")
            scale_bar(ax)
            ax.set_title(f"{both(*name)}: {both(english, chinese)}")
        label = both("residents; a mean grid has 1", "人口（均值为 1）")
        figure.colorbar(areas, ax=[left, right], shrink=0.7, label=label, extend="both")
        return figure
