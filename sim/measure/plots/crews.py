"""A department's day: where its crews went, and when."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.clock import DAY, HOUR, MINUTE
from sim.engine.outcome import Outcome, rows_of
from sim.measure.fold import gather
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
    visits, (department, district, day) = found
    crews, busy = np.unique(visits.crew, return_counts=True)
    shown = crews[np.argsort(-busy, kind="stable")][:_SHOWN]
    with style():
        from matplotlib import colormaps

        figure = Picture(14, 7.2)
        where, when = figure.subplots(1, 2, width_ratios=(3, 2))
        spread = colormaps["turbo"](np.linspace(0.04, 0.94, len(shown)))
        colours = dict(zip(shown.tolist(), spread, strict=True))
        _map(where, outcome, district)
        for crew in sorted(crews.tolist(), key=lambda crew: crew in colours):
            _way(where, outcome, crew, visits.of(crew), colours.get(crew))
        where.set_aspect("equal")
        where.autoscale_view()
        where.axis("off")
        scale_bar(where)
        _hours(when, outcome.until, visits, shown, colours, day)
        _words(where, outcome, visits, len(crews), (department, district, day))
        return figure


class Busiest:
    """How many visits arrived, by department, district and day: `count`, int64."""

    logs = True

    def __init__(self, outcome: Outcome) -> None:
        self._plan = outcome.plan
        days = int(outcome.until // DAY) + 1
        departments, districts = len(outcome.scenario.departments), len(outcome.city.district_name)
        self.count = np.zeros((departments, districts, days), dtype=np.int64)

    def add(self, piece: Outcome) -> None:
        """Count the visits of a piece."""
        rows = ~np.isnan(piece.visits["arrive"])
        unit, start = piece.visits["unit"][rows], piece.visits["start"][rows]
        at = self._plan.unit_department[unit], self._plan.unit_district[unit]
        np.add.at(self.count, (*at, (start // DAY).astype(np.int64)), 1)

    def merge(self, other: Busiest) -> None:
        """Add the visits of another."""
        self.count += other.count


@dataclass(frozen=True, eq=False)
class _Visits:
    """Visits in order of their start: columns as in the log, and the grid of each's matter."""

    crew: Ints
    start: NDArray[np.float64]
    arrive: NDArray[np.float64]
    end: NDArray[np.float64]
    grid: Ints

    def __len__(self) -> int:
        return len(self.crew)

    def of(self, crew: int) -> _Visits:
        """Return those of one crew."""
        rows = self.crew == crew
        return _Visits(*(getattr(self, field.name)[rows] for field in fields(self)))


def _visits(
    outcome: Outcome, department: int | None, district: int | None, day: int | None
) -> tuple[_Visits, tuple[int, int, int]] | None:
    """Return the visits that are drawn, and of which department, district and day; if any."""
    busiest: Busiest
    (busiest,) = gather(outcome, [(Busiest,)])
    count = np.zeros_like(busiest.count)
    asked = tuple(slice(None) if one is None else one for one in (department, district, day))
    count[asked] = busiest.count[asked]
    if not count.any():
        return None
    of = tuple(int(place) for place in np.unravel_index(count.argmax(), count.shape))
    found = []
    for piece in outcome.log_pieces():
        visits, plan = piece.visits, outcome.plan
        if rows_of(visits):
            unit, start = visits["unit"], visits["start"]
            keys = plan.unit_department[unit], plan.unit_district[unit], start // DAY
            rows = np.logical_and.reduce([key == one for key, one in zip(keys, of, strict=True)])
            rows &= ~np.isnan(visits["arrive"])
            names = ("crew", "start", "arrive", "end", "ticket")
            found.append([visits[name][rows] for name in names])
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    order = np.argsort(columns[1], kind="stable")
    crew, start, arrive, end, ticket = (column[order] for column in columns)
    grid = outcome.of_tickets("grid", ticket)
    return _Visits(crew, start, arrive, end, grid), (of[0], of[1], of[2])


def _map(ax: Axes, outcome: Outcome, district: int) -> None:
    from matplotlib.collections import PathCollection

    cells = outcome.city.grid_cells(district)
    for shapes, fill, edge, width in (
        (cells, "#FAFAF7", "#E2E2E2", 0.3),
        ([outcome.city.district_border[district]], "none", INK, 1.0),
    ):
        paths = [path_of(shape) for shape in shapes]
        ax.add_collection(PathCollection(paths, facecolor=fill, edgecolor=edge, linewidth=width))


def _way(ax: Axes, outcome: Outcome, crew: int, visits: _Visits, colour: Any) -> None:
    """Draw where a crew went: visit by visit, from its base or from the visit before."""
    base, places = outcome.plan.crew_xy[crew], outcome.city.grid_xy[visits.grid]
    sent_on = np.concatenate(([False], visits.start[1:] == visits.end[:-1]))
    before = np.where(sent_on[:, None], np.concatenate((base[None], places[:-1])), base)
    plain = {"color": "#C4C4C4", "linewidth": 0.7, "zorder": 1}
    bright = {"color": colour, "linewidth": 1.6, "zorder": 2}
    for a, b in zip(before, places, strict=True):
        ax.plot(*zip(a, b, strict=True), **(plain if colour is None else bright))
    if colour is not None:
        ax.plot(*places.T, "o", color=colour, markersize=4, zorder=3)
    ax.plot(*base, "s", color=INK, markersize=6, zorder=4)


def _hours(
    ax: Axes, until: float, visits: _Visits, shown: Ints, colours: dict[int, Any], day: int
) -> None:
    """Draw when the shown crews were under way (pale) and on site."""
    for line, crew in enumerate(shown.tolist()):
        own = visits.of(crew)
        start, arrive, end = (
            np.nan_to_num(times, nan=until) / HOUR - 24 * day
            for times in (own.start, own.arrive, own.end)
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


def _words(
    ax: Axes, outcome: Outcome, visits: _Visits, crews: int, of: tuple[int, int, int]
) -> None:
    from datetime import timedelta

    department, district, day = of
    body = list(outcome.scenario.departments.values())[department]
    city = outcome.city
    place = both(city.district_name[district], city.district_name_zh[district])
    date = outcome.scenario.time.start + timedelta(days=day)
    ax.set_title(f"{both(body.name_en, body.name_zh)}, {place}, {date}", pad=21)
    travel = visits.arrive - visits.start
    subtitle(
        ax,
        f"{len(visits):,} visits of {crews} crews, {travel.mean() / MINUTE:.1f} min under way on "
        f"average; {outcome.scenario.name}, policy {outcome.policy}, seed {outcome.seed}",
    )
    bases = both("Squares: bases", "驻地")
    note = f"{bases}. Ways are drawn straight, from the base unless a crew is sent on from a site."
    ax.text(0, 0, note, fontsize=7, color=GREY, va="top", transform=ax.transAxes)
