"""Plots that people want to look at; each returns a matplotlib figure."""

from sim.measure.plots.crews import plot_crews
from sim.measure.plots.gallery import PLOTS, save_all
from sim.measure.plots.maps import plot_map
from sim.measure.plots.response import plot_response
from sim.measure.plots.staff import plot_use
from sim.measure.plots.steps import plot_counters, plot_steps

__all__ = [
    "PLOTS",
    "plot_counters",
    "plot_crews",
    "plot_map",
    "plot_response",
    "plot_steps",
    "plot_use",
    "save_all",
]
