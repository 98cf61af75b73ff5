"""The record of a run with its measures at hand: what `import sim` gives as an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from sim.clock import DAY, HOUR
from sim.engine.outcome import Outcome

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sim.measure.intervals import Interval
    from sim.measure.summary import Summary


class MeasuredOutcome(Outcome):
    """The record of one run, and what it amounts to; see `sim.engine.outcome.Outcome`.

    Attributes
    ----------
    plot : OutcomePlots
        Its pictures by name, such as ``outcome.plot.map()``.
    """

    def kpis(self, by: str = "city", measures: Sequence[str] = ()) -> pd.DataFrame:
        """Return measures of tickets as a tidy table.

        Parameters
        ----------
        by : str
            ``city``, ``district``, ``town``, ``department``, ``category``, ``family``,
            ``priority`` or ``hour`` of arising: all measures that mean something by it.
        measures : sequence of str
            These instead, such as ``arrive.p90@department=police`` or
            ``close.on_time.worst@district``; see `sim.measure.query`.

        Returns
        -------
        pandas.DataFrame
            ``by, name, name_zh, metric, value, unit, n``: a row a group and measure.

        Raises
        ------
        InputError
            If there is no such grouping, measure or group, or one means nothing by the other.
        """
        from sim.measure.kpis import kpis

        return kpis(self, by, measures)

    def table(self, by: str = "city") -> pd.DataFrame:
        """Return all measures of tickets as a wide table.

        Returns
        -------
        pandas.DataFrame
            A row a group, a column a measure; ``attrs["units"]`` has the unit of each column.
        """
        from sim.measure.catalogue import KPIS
        from sim.measure.kpis import table

        wide = table(self, by)
        wide.attrs["units"] = {metric: KPIS[metric].unit for metric in wide}
        return wide

    def counters(self, by: str = "city", every: float = HOUR) -> pd.DataFrame:
        """Count tickets over time, as the command centre's screen does.

        Parameters
        ----------
        by : str
        every : float
            Between instants, s.

        Returns
        -------
        pandas.DataFrame
            A row an instant and group; ``attrs["units"]`` has the unit of each column.
        """
        from sim.measure.counters import COUNTERS, counters

        found = counters(self, by, every)
        found.attrs["units"] = {"time": "s", **dict.fromkeys(COUNTERS, "tickets")}
        return found

    def staff(self, by: str = "city") -> pd.DataFrame:
        """Return what staff did: posts, hours on duty, what those went into, and overtime.

        Parameters
        ----------
        by : str
            ``city``, ``district`` or ``town``.

        Returns
        -------
        pandas.DataFrame
            See `sim.measure.use.use`; ``attrs["units"]`` has the unit of each column.
        """
        from sim.measure.use import HOURS, use

        found = use(self, by)
        found.attrs["units"] = {"posts": "posts", **dict.fromkeys(HOURS, "h")}
        return found

    def summary(self) -> Summary:
        """Return what a planner wants to know, for a notebook or a terminal.

        Returns
        -------
        Summary
            It shows itself; ``facts`` has all figures by name.
        """
        from sim.measure.summary import summary

        return summary(self)

    def sooner_than(self, before: Outcome, within_h: float = 24.0) -> Interval:
        """Return by how much sooner matters are discovered than in another run, h, with 95 %.

        Parameters
        ----------
        before : Outcome
            A run that met the same matters.
        within_h : float
            Of matters that lie longer, so many hours count.

        Raises
        ------
        ValueError
            If the runs did not meet the same matters, or fewer than two grids have any.
        """
        from sim.measure.discovery import discovery_saved

        return discovery_saved(before, self, within_h)

    def fewer_requests_than(self, before: Outcome) -> Interval:
        """Return how many requests fewer reach 12345 and 110 than in another run, with 95 %.

        Raises
        ------
        ValueError
            If the runs did not meet the same matters.
        """
        from sim.measure.discovery import requests_saved

        return requests_saved(before, self)

    def save(self, folder: str | Path, *, plots: bool = True, overwrite: bool = False) -> None:
        """Write tables, measures and pictures, as `sim run --out` does.

        Parameters
        ----------
        folder : str or Path
            New, or an earlier result with ``overwrite``.

        Raises
        ------
        InputError
            If something else is there, or it cannot be written.
        """
        from sim.measure import store
        from sim.measure.plots import save_all

        place = Path(folder)
        store.check_target(place, overwrite)

        def pictures(part: Path) -> None:
            save_all(self, part / "plots")

        store.write(self, place, overwrite=overwrite, extra=pictures if plots else None)

    @property
    def plot(self) -> OutcomePlots:
        """Its pictures by name."""
        return OutcomePlots(self)

    def __repr__(self) -> str:
        days = f"{self.until / DAY:g} day{'s' * (self.until != DAY)}"
        return (
            f"<Outcome of {self.scenario.name}: {len(self):,} matters in {days}, "
            f"policy {self.policy}, engine {self.engine}, "
            f"seed {self.seed}, replication {self.replication}>"
        )

    def _repr_html_(self) -> str:
        return escape(repr(self)[1:-1])


class OutcomePlots:
    """The pictures of an outcome, each a matplotlib figure.

    Parameters
    ----------
    outcome : Outcome
    """

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def __call__(self, name: str) -> Figure:
        """Draw a picture by its name.

        Raises
        ------
        InputError
            If there is none of that name.
        """
        from sim.errors import InputError, one_of
        from sim.measure.plots import PLOTS

        if name not in PLOTS:
            raise InputError("plot", "name", name, one_of(name, PLOTS))
        return PLOTS[name](self._outcome)

    def steps(self) -> Figure:
        """Draw how long the eight steps take."""
        return self("steps")

    def counters(self) -> Figure:
        """Draw the command centre's counters over time."""
        return self("counters")

    def map(self) -> Figure:
        """Draw where tickets are open."""
        return self("map")

    def response(self) -> Figure:
        """Draw how soon somebody is there."""
        return self("response")

    def use(self) -> Figure:
        """Draw how busy staff on duty is, hour by hour."""
        return self("use")

    def crews(self) -> Figure:
        """Draw where the crews of the busiest unit went on its busiest day."""
        return self("crews")
