"""Metrics and differences in plain language."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.errors import InputError
from sim.experiment.difference import Difference
from sim.measure.intervals import Interval
from sim.measure.query import Query
from sim.measure.summary import duration


def metric_name(metric: str) -> tuple[str, str]:
    """Return what a metric is called, in English and Chinese; of an unknown one what it says."""
    try:
        query = Query.parse(metric)
    except InputError:  # a result that somebody else has written
        return metric, ""
    return query.english, query.chinese


def amount(value: float, unit: str) -> str:
    """Write a value in a unit one would say."""
    if np.isnan(value):
        return "–"
    if unit == "s":
        return duration(value) if value >= 0 else f"−{duration(-value)}"
    if unit == "share":
        return f"{100 * value:.1f} %"
    figure = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{figure} {unit}".removesuffix(" 1")


def interval_text(interval: Interval, unit: str) -> str:
    """Write an estimate with its interval."""
    if np.isnan(interval.low):
        return amount(interval.estimate, unit)
    low, high = amount(interval.low, unit), amount(interval.high, unit)
    return f"{amount(interval.estimate, unit)} [{low}, {high}]"


def gap_text(interval: Interval, unit: str) -> str:
    """Write a difference with its interval; of shares in points."""
    if unit != "share" or np.isnan(interval.low):
        return interval_text(interval, unit)
    middle, low, high = (f"{100 * value:.2f}".replace("-", "−") for value in interval)
    return f"{middle} points [{low}, {high}]"


def _by(one: Difference, size: bool) -> str:
    """Write how far apart: in percent of the baseline, shares in points."""
    points = one.unit == "share" or np.isnan(one.relative.low)
    interval = one.difference if points else one.relative
    scale = 100.0 if one.unit == "share" or not points else 1.0
    unit = "points" if one.unit == "share" else f"{one.unit}" if points else "%"
    figures = [scale * value for value in interval]
    if size and figures[0] < 0:
        figures = [-figures[0], -figures[2], -figures[1]]
    spread = max(figures[2] - figures[1], 1e-12)
    digits = int(min(max(np.ceil(0.5 - np.log10(spread)), 0), 3))
    # no minus before a zero
    rounded = (round(value, digits) + 0.0 for value in figures)
    middle, low, high = (f"{value:.{digits}f}".replace("-", "−") for value in rounded)
    return f"{middle} {unit} [{low}, {high}]"


def sentence(one: Difference) -> str:
    """Say what was found of one arm in one metric."""
    name = metric_name(one.metric)[0]
    unseen = [
        who for who, mean in ((one.arm, one.mean), (one.baseline, one.base)) if np.isinf(mean[0])
    ]
    if unseen and np.isnan(one.difference.low):
        return f"{name}: not reached in every replication of {' and '.join(unseen)}"
    if np.isnan(one.difference.low):
        return f"{name}: too few cases to tell {one.arm} from {one.baseline}"
    if one.seen:
        side = "is below" if one.difference.estimate < 0 else "is above"
        verb = "beats" if one.better else "is worse than" if one.worse else side
        return f"{one.arm} {verb} {one.baseline} on {name} by {_by(one, size=True)}"
    if one.difference.low == one.difference.high == 0:
        return f"{name}: {one.arm} and {one.baseline} are the same in every replication"
    return f"{name}: no difference seen between {one.arm} and {one.baseline} ({_by(one, False)})"


def verdict(found: Sequence[Difference]) -> list[str]:
    """Say what was found, what was seen first."""
    return [sentence(one) for one in sorted(found, key=lambda one: not one.seen)]
