"""Paired differences between arms that met the same matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.measure.intervals import Interval, bootstrap_mean, mean_interval
from sim.measure.query import Query

if TYPE_CHECKING:
    import pandas as pd

ENOUGH = 10
"""From how many pairs on the bootstrap is used: fewer do not show how skewed they are."""


@dataclass(frozen=True)
class Difference:
    """An arm against the baseline in one metric.

    Attributes
    ----------
    metric, unit, arm, baseline : str
    n : int
        Pairs of replications in which both had a case. Where a percentile was not reached in one
        of them, none can be left out: the worst would be. Then no difference is told, unless both
        are the same throughout.
    mean, base : Interval
        Of the arm and of the baseline alone, by Student, each at the confidence asked for.
    difference : Interval
        Arm less baseline, at a confidence such that all differences of the experiment hold at
        once (Bonferroni).
    relative : Interval
        The same over the baseline's mean, as that was measured; NaN where that is 0.
    p_value, p_holm : float
        Of the paired t test, and corrected for all comparisons by Holm's step-down rule.
    method : str
        ``Student``, or ``bootstrap-t`` for quantiles and between groups, whose differences are
        skewed, where there are `ENOUGH` pairs to draw from.
    pairing : float
        How many times more replications independent runs would need for an interval as short:
        the variance of independent pairs over that of the pairs that met the same matters.
    """

    metric: str
    unit: str
    arm: str
    baseline: str
    n: int
    mean: Interval
    base: Interval
    difference: Interval
    relative: Interval
    p_value: float
    p_holm: float
    method: str
    pairing: float

    @property
    def seen(self) -> bool:
        """Whether the interval of the difference leaves out 0."""
        return self.difference.low > 0 or self.difference.high < 0

    @property
    def better(self) -> bool:
        """Whether what was seen is for the better."""
        return self.seen and self.difference.estimate * Query.parse(self.metric).better > 0

    @property
    def worse(self) -> bool:
        """Whether what was seen is for the worse."""
        return self.seen and self.difference.estimate * Query.parse(self.metric).better < 0


def differences(
    values: dict[str, pd.DataFrame],
    units: dict[str, str],
    *,
    baseline: str,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[Difference]:
    """Compare all arms with the baseline, in all metrics.

    Parameters
    ----------
    values : dict of DataFrame
        By metric, as `sim.measure.query` has it: a row a replication, a column an arm.
    confidence : float
        With which all intervals of differences hold at once.
    seed : int
        Of the bootstrap.
    """
    count = sum(len(table.columns) - 1 for table in values.values())
    each = 1 - (1 - confidence) / max(count, 1)
    found: list[Difference] = []
    for metric, table in values.items():
        for arm in table.columns:
            if arm != baseline:
                pairs = table[[arm, baseline]].dropna().to_numpy()
                made = _difference(metric, pairs, confidence, each, seed)
                found.append(Difference(metric, units[metric], arm, baseline, len(pairs), *made))
    p_values = holm([one.p_value for one in found])
    return [
        Difference(**{**vars(one), "p_holm": float(p)})
        for one, p in zip(found, p_values, strict=True)
    ]


def _difference(
    metric: str, pairs: NDArray[np.float64], confidence: float, each: float, seed: int
) -> tuple[Interval, Interval, Interval, Interval, float, float, str, float]:
    from scipy.stats import t

    skewed = Query.parse(metric).skewed and len(pairs) >= ENOUGH
    method = "bootstrap-t" if skewed else "Student"
    nothing = Interval(np.nan, np.nan, np.nan)
    if len(pairs) < 2:
        return nothing, nothing, nothing, nothing, np.nan, np.nan, method, np.nan
    a, b = pairs.T
    if not np.isfinite(pairs).all():
        same = np.array_equal(a, b)
        apart = Interval(0.0, 0.0, 0.0) if same else nothing
        mean, base = (_mean(one, confidence) for one in (a, b))
        return mean, base, apart, apart, 1.0 if same else np.nan, np.nan, method, np.nan
    gap = a - b
    error = gap.std(ddof=1) / len(gap) ** 0.5
    difference = bootstrap_mean(gap, seed, each) if skewed else mean_interval(gap, each)
    scale = abs(float(b.mean()))
    relative = Interval(*(value / scale for value in difference)) if scale > 0 else nothing
    if error > 0:
        p_value = float(2 * t.sf(abs(gap.mean()) / error, len(gap) - 1))
        pairing = float((a.var(ddof=1) + b.var(ddof=1)) / gap.var(ddof=1))
    else:
        p_value, pairing = (1.0 if gap[0] == 0 else 0.0), np.inf
    return (
        mean_interval(a, confidence),
        mean_interval(b, confidence),
        difference,
        relative,
        p_value,
        np.nan,
        method,
        pairing,
    )


def _mean(values: NDArray[np.float64], confidence: float) -> Interval:
    """Return the interval of a mean; infinite, without one, where any of the values is."""
    if np.isfinite(values).all():
        return mean_interval(values, confidence)
    return Interval(np.inf, np.nan, np.nan)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Correct p-values for their number (Holm, Scandinavian Journal of Statistics 6, 1979).

    Parameters
    ----------
    p_values : array of float [m]
        NaN where there was nothing to compare; those stay, and do not count.
    """
    p = np.asarray(p_values, dtype=float)
    corrected = np.full(p.shape, np.nan)
    order = np.argsort(p, kind="stable")
    order = order[~np.isnan(p[order])]
    factors = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(factors * p[order]), 1.0)
    return corrected


def difference_table(found: Sequence[Difference]) -> pd.DataFrame:
    """Return the differences as a table, a row each, intervals as ``_low`` and ``_high``."""
    import pandas as pd

    rows = []
    for one in found:
        row: dict[str, object] = {
            "metric": one.metric,
            "unit": one.unit,
            "arm": one.arm,
            "baseline": one.baseline,
            "n": one.n,
        }
        for name in ("mean", "base", "difference", "relative"):
            interval: Interval = getattr(one, name)
            row |= {name: interval.estimate, f"{name}_low": interval.low}
            row[f"{name}_high"] = interval.high
        row |= {"p_value": one.p_value, "p_holm": one.p_holm, "seen": one.seen}
        row |= {
            "better": one.better,
            "worse": one.worse,
            "method": one.method,
            "pairing": one.pairing,
        }
        rows.append(row)
    return pd.DataFrame(rows)
