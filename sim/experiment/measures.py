"""What is measured of one replication: a tidy table of a few kilobytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.clock import DAY
from sim.engine.outcome import Outcome
from sim.experiment.bound import limits
from sim.measure.catalogue import BOUNDS, CURVES, METRICS, SHARES, URGENTS
from sim.measure.fold import gather
from sim.measure.kpis import Kpis, figures, kpis, percentiles
from sim.measure.metric import POLICY, Gauge, Mean, PerDay, Span
from sim.measure.query import CITY, Query
from sim.measure.steady import overloads
from sim.measure.tables import URGENT
from sim.measure.use import totals, use
from sim.model.cost import plan_cost

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["by", "name", "metric", "value", "unit", "n"]

_Row = tuple[str, str, str, float, str, int]


def measure(outcome: Outcome, bound: bool = False, by: Sequence[str] = ()) -> pd.DataFrame:
    """Measure a replication.

    Parameters
    ----------
    outcome : Outcome
    bound : bool
        Whether to bound what any dispatch could have made of it, as ``bound.*``, for the metrics
        in `sim.measure.catalogue.BOUNDS`.
    by : sequence of str
        Of `sim.measure.tables.GROUPS`: by what KPIs are told apart besides districts.

    Returns
    -------
    pandas.DataFrame
        ``by, name, metric, value, unit, n``; by ``city`` it is all of them. Besides the
        KPIs: ``urgent.*`` of the matters of priority 1, percentiles of the times until arrival
        and closing, the use of staff, ``staff_h``: the paid hours of all roles, and where the
        scenario has costs ``staff_cost``: those of the plan, yuan a week, without overtime; and
        ``policy.*``: what the policy tells of its own work, over the whole run.
    """
    import pandas as pd

    gather(outcome, [(Kpis, tuple(dict.fromkeys(("district", "priority", *by))))])
    tables = [kpis(outcome, one)[COLUMNS] for one in dict.fromkeys((CITY, "district", *by))]
    both = pd.concat(tables, ignore_index=True)
    limited = []
    for one in limits(outcome) if bound else ():
        limited.append(_row(one.metric, one.value, one.n))
        limited.append(_row(BOUNDS[one.metric].name, one.bound, one.n))
    told = [(CITY, CITY, POLICY + name, *figure, 0) for name, figure in outcome.figures.items()]
    rows = [*_curves(outcome), *_staff(outcome), *limited, *told]
    here = set(tables[0]["metric"])
    new = [*_urgent(outcome), *(row for row in rows if row[2] not in here)]
    return pd.concat([both, pd.DataFrame(new, columns=COLUMNS)], ignore_index=True)


def value_of(table: pd.DataFrame, query: Query) -> float | None:
    """Return the single figure that a query asks of a replication's table; None: not measured."""
    found = table[(table["metric"] == query.metric.name) & (table["by"] == query.by)]
    if found.empty or (query.name and query.name not in found["name"].array):
        return None
    columns = (found[column].to_numpy() for column in ("value", "n"))
    _, value, _ = query.pick(list(found["name"]), *columns)
    return float(value[0])


def _row(metric: str, value: float, n: int = 0) -> _Row:
    """Return a figure of the whole city."""
    return CITY, CITY, metric, float(value), METRICS[metric].unit, n


def _urgent(outcome: Outcome) -> list[_Row]:
    found = figures(outcome, URGENT)
    return [
        _row(metric.name, found[name][1][0], int(found[name][2][0]))
        for name, metric in URGENTS.items()
    ]


def _curves(outcome: Outcome) -> list[_Row]:
    rows = []
    for declared, curve in CURVES.items():
        values, n = percentiles(outcome, declared.name, SHARES)
        rows += [_row(one.name, value, n) for one, value in zip(curve, values, strict=True)]
    return rows


def _staff(outcome: Outcome) -> list[_Row]:
    """Measure staff, the plan and the ways of crews, as far as they are there to be measured."""
    total = totals(use(outcome))
    found = {
        (str(role), figure): float(value)
        for role, row in total.iterrows()
        for figure, value in row.items()
    }
    found["all", "paid_h"] = float(total["duty_h"].sum() + total["overtime_h"].sum())
    found["pools", "overloaded"] = float(len(overloads(outcome)))
    if outcome.scenario.costs is not None:
        found["plan", "cost"] = plan_cost(outcome.scenario, outcome.plan).total
    rows = []
    for name, metric in METRICS.items():
        match metric.formula:
            case Gauge(of, figure) if (of, figure) in found:
                rows.append(_row(name, found[of, figure]))
            case Mean(Span(log="visits") as span):
                way = _took(outcome, span)
                rows.append(_row(name, way.mean() if len(way) else np.nan, len(way)))
            case PerDay(Mean(Span(log="visits") as span)):
                n = len(_took(outcome, span))
                rows.append(_row(name, n / (outcome.until / DAY), n))
    return rows


def _took(outcome: Outcome, span: Span) -> np.ndarray:
    """Return how long each row of a log took that came to its end in what is measured, s."""
    log = getattr(outcome, span.log)
    begun, ended = log[span.begins], log[span.ends[0]]
    return (ended - begun)[ended >= 0]
