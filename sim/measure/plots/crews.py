"""A department's day: where its crews went, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.clock import DAY, HOUR, MINUTE
from sim.engine.outcome import Outcome
from sim.measure.plots.maps import path_of, scale_bar
from sim.measure.plots.style import GREY, INK, both, style, subtitle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Ints = NDArray[np.int64]

_SHOWN = 12
"""Crews in colours of their own, those with the most visits; the others are grey."""


def plot_crews(
    outcome: Outcome,
    department: int | None = None,
    district: int | None = None,
    day: int | None = None,
) -> Any:
    """Draw the ways of a department's crews in one district on one day, and their hours.

    A crew that is sent on the instant its work is over goes from place to place, any other is
    drawn from its base, and a matter lies in the middle of its grid.

    Parameters
    ----------
    outcome : Outcome
    department, district, day : int, optional
        By number; days from 0. Where one is not given, that with the most visits.
    """
    from sim.measure.plots.picture import Picture

    found = _visits(outcome, department, district, day)
    if found is None:
        figure = Picture(7, 1.5)
        figure.text(0.5, 0.5, both("No crew arrived anywhere.", "无处置队到场"), ha="center")
        return figure
    rows, (department, district, day) = found
    crews, busy = np.unique(outcome.visits["crew"][rows], return_counts=True)
    shown = crews[np.argsort(-busy, kind="stable")][:_SHOWN]
    with style():
        from matplotlib import colormaps

        figure = Picture(14, 7.2)
        where, when = figure.subplots(1, 2, width_ratios=(3, 2))
        spread = colormaps["turbo"](np.linspace(0.04, 0.94, len(shown)))
        colours = dict(zip(shown.tolist(), spread, strict=True))
        _map(where, outcome, district)
        for crew in sorted(crews.tolist(), key=lambda crew: crew in colours):
            own = rows[outcome.visits["crew"][rows] == crew]
            _way(where, outcome, crew, own, colours.get(crew))
        where.set_aspect("equal")
        where.autoscale_view()
        where.axis("off")
        scale_bar(where)
        _hours(when, outcome, rows, shown, colours, day)
        _words(where, outcome, rows, len(crews), (department, district, day))
        return figure


def _visits(
    outcome: Outcome, department: int | None, district: int | None, day: int | None
) -> tuple[Ints, tuple[int, int, int]] | None:
    """Return the visits that are drawn, and of which department, district and day; if any."""
    visits, plan = outcome.visits, outcome.plan
    unit = visits["unit"]
    keys = (
        plan.unit_department[unit].astype(np.int64),
        plan.unit_district[unit].astype(np.int64),
        (visits["start"] // DAY).astype(np.int64),
    )
    among = ~np.isnan(visits["arrive"])
    for key, given in zip(keys, (department, district, day), strict=True):
        if given is not None:
            among &= key == given
    if not among.any():
        return None
    sizes = tuple(int(key.max()) + 1 for key in keys)
    group = np.ravel_multi_index(keys, sizes)
    most = np.bincount(group[among]).argmax()
    rows = np.flatnonzero(among & (group == most))
    a, b, c = (int(part) for part in np.unravel_index(most, sizes))
    return rows[np.argsort(visits["start"][rows], kind="stable")], (a, b, c)


def _map(ax: Axes, outcome: Outcome, district: int) -> None:
    from matplotlib.collections import PathCollection

    cells = outcome.city.grid_cells(district)
    for shapes, fill, edge, width in (
        (cells, "#FAFAF7", "#E2E2E2", 0.3),
        ([outcome.city.district_border[district]], "none", INK, 1.0),
    ):
        paths = [path_of(shape) for shape in shapes]
        ax.add_collection(PathCollection(paths, facecolor=fill, edgecolor=edge, linewidth=width))


def _way(ax: Axes, outcome: Outcome, crew: int, rows: Ints, colour: Any) -> None:
    """Draw where a crew went: visit by visit, from its base or from the visit before."""
    start, end = outcome.visits["start"][rows], outcome.visits["end"][rows]
    base = outcome.plan.crew_xy[crew]
    places = outcome.city.grid_xy[outcome.tickets["grid"][outcome.visits["ticket"][rows]]]
    sent_on = np.concatenate(([False], start[1:] == end[:-1]))
    before = np.where(sent_on[:, None], np.concatenate((base[None], places[:-1])), base)
    plain = {"color": "#C4C4C4", "linewidth": 0.7, "zorder": 1}
    bright = {"color": colour, "linewidth": 1.6, "zorder": 2}
    for a, b in zip(before, places, strict=True):
        ax.plot(*zip(a, b, strict=True), **(plain if colour is None else bright))
    if colour is not None:
        ax.plot(*places.T, "o", color=colour, markersize=4, zorder=3)
    ax.plot(*base, "s", color=INK, markersize=6, zorder=4)


def _hours(
    ax: Axes, outcome: Outcome, rows: Ints, shown: Ints, colours: dict[int, Any], day: int
) -> None:
    """Draw when the shown crews were under way (pale) and on site."""
    for line, crew in enumerate(shown.tolist()):
        own = rows[outcome.visits["crew"][rows] == crew]
        start, arrive, end = (
            np.nan_to_num(outcome.visits[name][own], nan=outcome.until) / HOUR - 24 * day
            for name in ("start", "arrive", "end")
        )
        ax.barh([line] * len(own), arrive - start, 0.7, start, color=colours[crew], alpha=0.35)
        ax.barh([line] * len(own), end - arrive, 0.7, arrive, color=colours[crew])
    ax.set_yticks(range(len(shown)), [str(crew) for crew in shown.tolist()])
    ax.set_ylabel(both("crew", "处置队编号"))
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set_xlim(*np.clip(ax.get_xlim(), 0, 36))
    ax.set_xlabel(both("hour; pale: under way, full: on site", "时刻；浅色：在途，深色：现场"))
    ax.set_title(both(f"The {len(shown)} with the most visits", "出动最多的处置队", "  "))


def _words(ax: Axes, outcome: Outcome, rows: Ints, crews: int, of: tuple[int, int, int]) -> None:
    from datetime import timedelta

    department, district, day = of
    body = list(outcome.scenario.departments.values())[department]
    city = outcome.city
    place = both(city.district_name[district], city.district_name_zh[district])
    date = outcome.scenario.time.start + timedelta(days=day)
    ax.set_title(f"{both(body.name_en, body.name_zh)}, {place}, {date}", pad=21)
    travel = outcome.visits["arrive"][rows] - outcome.visits["start"][rows]
    subtitle(
        ax,
        f"{len(rows):,} visits of {crews} crews, {travel.mean() / MINUTE:.1f} min under way on "
        f"average; {outcome.scenario.name}, policy {outcome.policy}, seed {outcome.seed}",
    )
    bases = both("Squares: bases", "驻地")
    note = f"{bases}. Ways are drawn straight, from the base unless a crew is sent on from a site."
    ax.text(0, 0, note, fontsize=7, color=GREY, va="top", transform=ax.transAxes)
