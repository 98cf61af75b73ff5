"""All plots of an outcome."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.engine.outcome import Outcome
from sim.measure.fold import Request, gather
from sim.measure.kpis import ALL
from sim.measure.plots import steps
from sim.measure.plots.crews import Busiest, plot_crews
from sim.measure.plots.maps import OpenByGrid, plot_map
from sim.measure.plots.response import plot_response
from sim.measure.plots.staff import plot_use
from sim.measure.plots.steps import plot_counters, plot_steps
from sim.measure.use import Used
from sim.writing import new_file

PLOTS: dict[str, Callable[[Outcome], Any]] = {
    "steps": plot_steps,
    "counters": plot_counters,
    "map": plot_map,
    "response": plot_response,
    "use": plot_use,
    "crews": plot_crews,
}
"""Plots by name."""


def requests(outcome: Outcome) -> list[Request]:
    """Return what all plots rest on, for one pass."""
    return [ALL, *steps.folds(outcome), (OpenByGrid,), (Used, "city", True), (Busiest,)]


def save_all(
    outcome: Outcome,
    directory: str | Path,
    progress: Callable[[float], None] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Path]:
    """Draw every plot into a folder, as PNG.

    Parameters
    ----------
    progress : callable, optional
        Told the share done.
    stopped : callable
        True leaves out what is not drawn yet.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    gather(outcome, requests(outcome))
    for done, (name, plot) in enumerate(PLOTS.items(), start=1):
        if stopped():
            break
        with new_file(folder / f"{name}.png") as part:
            plot(outcome).savefig(part, dpi=150)
        paths.append(folder / f"{name}.png")
        if progress is not None:
            progress(done / len(PLOTS))
    return paths
