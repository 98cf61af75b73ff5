"""Arms in which some staff cannot keep up: said, since their figures have no steady state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measure.query import CITY

if TYPE_CHECKING:
    import pandas as pd

OVERLOADED = "pools.overloaded"


def unsteady_verdict(metrics: pd.DataFrame) -> list[str]:
    """Name the arms with overloaded pools, and how many there are on average.

    Parameters
    ----------
    metrics : pandas.DataFrame
        See `sim.experiment.experiment.Experiment.metrics`.
    """
    rows = metrics[(metrics["metric"] == OVERLOADED) & (metrics["by"] == CITY)]
    mean = rows.groupby("arm", sort=False)["value"].mean()
    return [
        f"no steady state: {count:.3g} pools of {arm} have more to do than hours; what waits there "
        "grows with the length of the run, and so do figures"
        for arm, count in mean.items()
        if count > 0
    ]
