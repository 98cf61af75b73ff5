"""Key performance indicators: what an outcome amounts to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.clock import DAY
from sim.engine.outcome import Outcome
from sim.errors import InputError
from sim.measure.catalogue import KPIS, MEASURES
from sim.measure.fold import Request, gather
from sim.measure.metric import QUANTILES, Formula, PerDay, Quantile, Score, Span
from sim.measure.query import CITY, Query
from sim.measure.tables import Floats, check_grouping, coarser, group_of, groups
from sim.measure.tally import Tally
from sim.several import several

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]

Figures = dict[str, tuple[str, Floats, Ints]]
"""By metric: unit, value and n of each group."""


def kpis(outcome: Outcome, by: str = CITY, measures: Sequence[str] = ()) -> pd.DataFrame:
    """Compute KPIs, told apart by place, department, category, priority or hour.

    What is measured lies from 0 to before the end of the run; what happened in a warm-up before it
    counts only as far as it reaches into it. Durations leave out nobody who has not come to an end:
    the mean is the time that all spent in a state, for each that entered it (n), percentiles are
    those of all who were seen in it (n), within 1 % (`sim.measure.survival`), inf where so many
    have not been seen to leave; ``open`` says how many were in it at the end. Due shares are of
    all that fell due. Shares and durations without cases are NaN.

    Parameters
    ----------
    outcome : Outcome
    by : str
        One of `sim.measure.tables.GROUPS`; all KPIs that mean something by it.
    measures : sequence of str
        These instead, each as `sim.measure.query` has it: ``arrive.p90@department=police``,
        ``close.on_time.worst@district``; without a grouping they are told apart by ``by``.

    Returns
    -------
    pandas.DataFrame
        Tidy: ``by, name, name_zh, metric, value, unit, n``.

    Raises
    ------
    InputError
        If there is no such grouping, measure or group, or a measure means nothing by a grouping.
    """
    import pandas as pd

    check_grouping(by)
    asked = [
        Query.parse(text, "measures", by).within(outcome.scenario, outcome.city, "measures")
        for text in several(measures)
    ] or [Query(metric, by) for metric in KPIS.values() if by in metric.groups]
    found = figures_by(outcome, list(dict.fromkeys(query.by for query in asked)))
    columns: dict[str, list[str]] = {
        column: [] for column in ("by", "name", "name_zh", "metric", "unit")
    }
    values, cases = [], []
    for query in asked:
        names, names_zh = groups(outcome, query.by)
        chosen, value, n = query.pick(names, *figures_of(query, found[query.by]))
        many = len(value)
        if query.between:  # a figure of the whole
            columns["name"].append(CITY)
            columns["name_zh"] += groups(outcome, CITY)[1]
        else:
            columns["name"] += chosen
            columns["name_zh"] += [names_zh[names.index(name)] for name in chosen]
        columns["by"] += [CITY if query.between else query.by] * many
        columns["metric"] += [str(query) if query.between else query.metric.name] * many
        columns["unit"] += [query.unit] * many
        values.append(value)
        cases.append(n)
    table = {**columns, "value": np.concatenate(values), "n": np.concatenate(cases)}
    return pd.DataFrame(table)[["by", "name", "name_zh", "metric", "value", "unit", "n"]]


def figures_of(query: Query, found: Figures) -> tuple[Floats, Ints]:
    """Return the value and n of all groups of a query's metric.

    Raises
    ------
    InputError
        If it is no KPI: experiments measure the others.
    """
    if query.metric.name not in found:
        allowed = "a measure of tickets; `sim compare` has those of staff, plan and policy"
        raise InputError("command line", "measures", query.metric.name, allowed)
    _, value, n = found[query.metric.name]
    return value, n


def figures(outcome: Outcome, by: str = CITY) -> Figures:
    """Compute all KPIs as plain arrays, for who needs them thousands of times.

    Returns
    -------
    dict
        By metric: unit, value and n of each group, float64 and int64 [groups], in the order of
        `sim.measure.tables.groups`.
    """
    return figures_by(outcome, (by,))[by]


def figures_by(outcome: Outcome, bys: Sequence[str]) -> dict[str, Figures]:
    """Compute all KPIs in several groupings, and look at each ticket once."""
    counted: Kpis
    (counted,) = gather(outcome, [request(outcome, bys)])
    return {by: _figures(outcome, counted, by) for by in bys}


def _counted() -> tuple[Formula, ...]:
    """Return what has to be counted for all KPIs: none that is made of others."""
    found: dict[Formula, None] = {}
    left = [metric.formula for metric in KPIS.values()]
    while left:
        formula = left.pop(0)
        if isinstance(formula, Score):
            left += [part for part, _ in formula.parts]
        elif isinstance(formula, PerDay):
            left.append(formula.of)
        elif formula is not None:
            found[formula] = None
    return tuple(found)


_FORMULAS = _counted()


class Kpis:
    """A tally of the tickets in some groupings, one behind the other.

    Parameters
    ----------
    outcome : Outcome
    bases : tuple of str
        Of `sim.measure.tables.GROUPS`.
    """

    logs = False

    def __init__(self, outcome: Outcome, bases: tuple[str, ...]) -> None:
        self.sizes = {base: len(groups(outcome, base)[0]) for base in bases}
        self.tally = Tally(sum(self.sizes.values()), _FORMULAS)

    def add(self, piece: Outcome) -> None:
        """Count the tickets of a piece."""
        nowhere, first = sum(self.sizes.values()), 0
        cell = np.empty((len(piece), len(self.sizes)), dtype=np.int32)
        for column, (base, size) in enumerate(self.sizes.items()):
            group = group_of(piece, base)
            cell[:, column] = np.where(group >= 0, group + first, nowhere)
            first += size
        self.tally.add(piece, cell)

    def merge(self, other: Kpis) -> None:
        """Add the tickets of another."""
        self.tally.merge(other.tally)

    def group(self, outcome: Outcome, by: str) -> Ints | None:
        """Return the group of each cell; -1: of none; None if this tells no such groups apart."""
        first = 0
        for base, size in self.sizes.items():
            of = coarser(outcome, base, by)
            if of is not None:
                out = np.full(sum(self.sizes.values()), -1)
                out[first : first + size] = of
                return out
            first += size
        return None


ALL: Request = (Kpis, ("town", "category", "hour"))
"""The request for KPIs in every grouping."""


def request(outcome: Outcome, bys: Sequence[str]) -> Request:
    """Return the request for KPIs in some groupings: one that was answered, where it tells them."""
    for answered, fold in outcome.folds.items():
        if isinstance(fold, Kpis) and all(fold.group(outcome, by) is not None for by in bys):
            return answered
    return Kpis, tuple(dict.fromkeys(bys))


def _figures(outcome: Outcome, counted: Kpis, by: str) -> Figures:
    """Return the figures of groups of cells."""
    group, size = counted.group(outcome, by), len(groups(outcome, by)[0])
    assert group is not None
    tally, days = counted.tally, outcome.until / DAY
    quantiles = {
        span: durations.quantiles(QUANTILES, group, size)
        for span, durations in tally.durations.items()
    }
    made: dict[Formula, tuple[Floats, Ints]] = {
        formula: entry.figure(group, size) for formula, entry in tally.entries.items()
    }

    def figure(formula: Formula) -> tuple[Floats, Ints]:
        if isinstance(formula, Quantile):
            values, n = quantiles[formula.span]
            return values[QUANTILES.index(formula.share)], n
        if isinstance(formula, PerDay):
            _, n = made[formula.of]
            return n / days, n
        if isinstance(formula, Score):
            return _score([made[part] for part, _ in formula.parts], formula)
        return made[formula]

    return {
        name: (metric.unit, *figure(metric.formula))
        for name, metric in KPIS.items()
        if metric.formula is not None
    }


def _score(parts: Sequence[tuple[Floats, Ints]], formula: Score) -> tuple[Floats, Ints]:
    """Return shares, weighted, without those that have no case; the n is that of the first."""
    share = np.array([value for value, _ in parts])
    weight = np.where(np.isnan(share), 0, np.array([[part] for _, part in formula.parts]))
    total = weight.sum(axis=0)
    score = np.divide(
        np.nansum(weight * np.nan_to_num(share), axis=0),
        total,
        out=np.full(share.shape[1], np.nan),
        where=total > 0,
    )
    return score, parts[0][1]


def percentiles(outcome: Outcome, name: str, shares: Sequence[float]) -> tuple[Floats, int]:
    """Return by when shares of all tickets came to the end of a span, and of how many it is.

    Parameters
    ----------
    outcome : Outcome
    name : str
        A measure with percentiles: ``discovery``, ``sign``, ``arrive`` or ``close``.
    shares : sequence of float
        From 0 to 1.

    Returns
    -------
    float64 [shares], int
        s, within 1 %; inf where so many were not seen to; NaN where there are none.
    """
    span = MEASURES[name].formula
    assert isinstance(span, Span), name
    counted: Kpis
    (counted,) = gather(outcome, [request(outcome, (CITY,))])
    group = counted.group(outcome, CITY)
    assert group is not None
    values, n = counted.tally.durations[span].quantiles(shares, group, 1)
    return values[:, 0], int(n[0])


def table(outcome: Outcome, by: str = "district") -> pd.DataFrame:
    """Return the KPIs with a row for each group and a column for each metric that means something.

    Parameters
    ----------
    by : str
        One of `sim.measure.tables.GROUPS`.
    """
    found = figures(outcome, by)
    meant = {name: found[name] for name, one in KPIS.items() if by in one.groups}
    return wide(meant, groups(outcome, by)[0])


def wide(found: Figures, names: Sequence[str]) -> pd.DataFrame:
    """Return figures with a row for each group and a column for each metric."""
    import pandas as pd

    values = {metric: value for metric, (_, value, _) in found.items()}
    return pd.DataFrame(values, index=pd.Index(names, name="name"))
