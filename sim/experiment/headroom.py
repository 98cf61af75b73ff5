"""How much headroom the bound leaves, over replications, and how much of it each arm takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.experiment.words import amount, interval_text, metric_name
from sim.measure.catalogue import BOUNDS, METRICS
from sim.measure.intervals import Interval, mean_interval
from sim.measure.query import CITY

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Headroom:
    """An arm in one metric that has a bound.

    Attributes
    ----------
    metric, unit, arm, baseline : str
    n : int
        Replications.
    mean, bound : Interval
        What the arm reached, and the bound of its own runs, at the confidence asked for.
    closed : Interval
        What share of the way from the baseline to the bound of the baseline's runs the arm goes:
        a ratio of means over the replications, with Student's interval of its linear
        approximation; NaN for the baseline, and where the baseline is at its bound.
    """

    metric: str
    unit: str
    arm: str
    baseline: str
    n: int
    mean: Interval
    bound: Interval
    closed: Interval

    def row(self) -> dict[str, Any]:
        """Return it with intervals as ``_low`` and ``_high``, None for NaN."""
        found: dict[str, Any] = {
            "metric": self.metric, "unit": self.unit, "arm": self.arm, "n": self.n,
        }  # fmt: skip
        for name in ("mean", "bound", "closed"):
            for end, value in zip(("", "_low", "_high"), getattr(self, name), strict=True):
                found[name + end] = None if isnan(value) else float(value)
        return found


def measure_headroom(
    metrics: pd.DataFrame, arms: Sequence[str], count: int, confidence: float = 0.95
) -> list[Headroom]:
    """Set arms against the bound; nothing if no bound was measured.

    Parameters
    ----------
    metrics : pandas.DataFrame
        See `Experiment.metrics`.
    arms : sequence of str
        The first is the baseline.
    count : int
        Replications from this one on are left out.
    """
    city = metrics[(metrics["by"] == CITY) & (metrics["replication"] < count)]
    found = []
    for metric, limit in BOUNDS.items():
        both = metric, limit.name
        rows = city[city["metric"].isin(both)]
        if not (rows["metric"] == limit.name).any():
            continue
        wide = rows.pivot_table(index="replication", columns=["arm", "metric"], values="value")
        base, best = (wide.get((arms[0], name)) for name in both)
        for arm in arms:
            own, bound = (wide.get((arm, name)) for name in both)
            if any(column is None for column in (base, best, own, bound)):
                continue
            values = np.column_stack([base, best, own, bound])
            values = values[~np.isnan(values).any(axis=1)]
            if len(values) < 2:
                continue
            b, far, a, mine = values.T
            found.append(
                Headroom(
                    metric, limit.unit, arm, arms[0], len(values),
                    mean_interval(a, confidence), mean_interval(mine, confidence),
                    _nothing() if arm == arms[0] else _closed(a - b, far - b, confidence),
                )
            )  # fmt: skip
    return found


def _nothing() -> Interval:
    return Interval(np.nan, np.nan, np.nan)


def _closed(gain: NDArray[np.float64], gap: NDArray[np.float64], confidence: float) -> Interval:
    """Return the ratio of the means (Law, *Simulation Modeling and Analysis*, section 9.6)."""
    if abs(gap.mean()) <= 1e-9 * max(abs(gap).max(), 1e-9) or not gap.any():
        return _nothing()
    ratio = gain.mean() / gap.mean()
    spread = mean_interval((gain - ratio * gap) / gap.mean(), confidence)
    return Interval(ratio, ratio - spread.half_width, ratio + spread.half_width)


def headroom_verdict(found: Sequence[Headroom]) -> list[str]:
    """Say for each metric how far the best could be, and who comes nearest."""
    said = []
    for metric in dict.fromkeys(one.metric for one in found):
        here = [one for one in found if one.metric == metric]
        base, name = here[0], metric_name(metric)[0]
        end = "at most" if METRICS[metric].better > 0 else "at least"
        text = (
            f"{name}: with the tickets as they became ready under {base.baseline} "
            f"({amount(base.mean.estimate, base.unit)}), the best dispatch could have "
            f"{end} {interval_text(base.bound, base.unit)}"
        )
        others = [one for one in here if not np.isnan(one.closed.low)]
        if others:
            best = max(others, key=lambda one: one.closed.estimate)
            if best.closed.estimate > 0:
                share = " to ".join(f"{100 * end:.0f}" for end in best.closed[1:])
                text += (
                    f"; {best.arm} comes nearest and closes {100 * best.closed.estimate:.0f} % "
                    f"[{share} %] of the gap"
                ).replace("-", "−")
            else:
                text += "; no other comes nearer"
        said.append(text)
    return said
