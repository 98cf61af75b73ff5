"""What is measured of one replication: a tidy table of a few kilobytes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.clock import DAY
from sim.engine.outcome import LOGS, Outcome
from sim.experiment.bound import limits
from sim.measure.fold import gather
from sim.measure.kpis import Kpis, kpis, percentiles
from sim.measure.tables import known
from sim.measure.use import use
from sim.model.cost import plan_cost

if TYPE_CHECKING:
    import pandas as pd

CITY = "city"
"""The name in column ``district`` of what is measured of all districts together."""

SHARES = (*range(5, 100, 5), 99)
"""Percentiles of the times until arrival and closing that are kept, for ECDFs."""

BOUND = "bound."
"""Before a metric's name: the best that any dispatch could have made of it in the run."""

POLICY = "policy."
"""Before the name of a figure that the policy tells of its own work; not of the city's."""

COST_UNIT = "yuan/week"

_URGENT = ("arrive.mean", "arrive.p50", "arrive.p90", "arrive.on_time", "close.p90")


def measure(outcome: Outcome, warm_up: float = 0.0, bound: bool = False) -> pd.DataFrame:
    """Measure a replication.

    Parameters
    ----------
    outcome : Outcome
    warm_up : float
        Matters that arose before it are left out, and so is what staff did before it, s.
    bound : bool
        Whether to bound what any dispatch could have made of it, as ``bound.*``, for the metrics
        in `sim.experiment.bound.METRICS`.

    Returns
    -------
    pandas.DataFrame
        ``district, metric, value, unit, n``; the district ``city`` is all of them. Besides the
        KPIs: ``urgent.*`` of the matters of priority 1, percentiles of the times until arrival
        and closing, the use of staff, ``staff_h``: the paid hours of all roles, and where the
        scenario has costs ``staff_cost``: those of the plan, yuan a week, without overtime; and
        ``policy.*``: what the policy tells of its own work, over the whole run.
    """
    import pandas as pd

    counted = _after(outcome, warm_up)
    columns = ["district", "metric", "value", "unit", "n"]
    gather(counted, [(Kpis, ("district",))])
    city = kpis(counted).assign(district=CITY)
    places = kpis(counted, "district").rename(columns={"name": "district"})
    both = pd.concat([city, places], ignore_index=True)
    if warm_up > 0:  # the run was longer than what is counted of it
        daily = both["unit"] == "1/d"
        both.loc[daily, "value"] *= outcome.until / (outcome.until - warm_up)
    urgent = kpis(counted.where("tickets", lambda t: t["priority"] <= 1))
    urgent = urgent[urgent["metric"].isin(_URGENT)].assign(district=CITY)
    urgent["metric"] = "urgent." + urgent["metric"]
    limited = []
    for one in limits(outcome, warm_up) if bound else ():
        limited.append((CITY, one.metric, one.value, one.unit, one.n))
        limited.append((CITY, BOUND + one.metric, one.bound, one.unit, one.n))
    told = [(CITY, POLICY + name, *figure, 0) for name, figure in outcome.figures.items()]
    rows = pd.DataFrame(
        [*_percentiles(counted), *_staff(outcome, warm_up), *limited, *told], columns=columns
    )
    new = rows[~rows["metric"].isin(city["metric"])]
    return pd.concat([both[columns], urgent[columns], new], ignore_index=True)


def _after(outcome: Outcome, warm_up: float) -> Outcome:
    if warm_up <= 0:
        return outcome
    return outcome.where("tickets", lambda t: t["arisen"] >= warm_up)


def _percentiles(outcome: Outcome) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for name in ("arrive", "close"):
        values, n = percentiles(outcome, name, [share / 100 for share in SHARES])
        for share, value in zip(SHARES, values, strict=True):
            rows.append((CITY, f"{name}.p{share:02d}", float(value), "s", n))
    return rows


def _staff(outcome: Outcome, warm_up: float) -> list[tuple[Any, ...]]:
    hours = ["duty_h", "busy_h", "overtime_h"]
    total = use(outcome).groupby("role", sort=False)[hours].sum()
    if warm_up > 0:
        total -= use(_until(outcome, warm_up)).groupby("role", sort=False)[hours].sum()
    rows: list[tuple[Any, ...]] = []
    for role, row in total.iterrows():
        busy = row["busy_h"] / row["duty_h"] if row["duty_h"] > 0 else np.nan
        rows.append((CITY, f"{role}.utilisation", busy, "share", 0))
        rows.append((CITY, f"{role}.duty_h", row["duty_h"], "h", 0))
        rows.append((CITY, f"{role}.overtime_h", row["overtime_h"], "h", 0))
    paid = float(total["duty_h"].sum() + total["overtime_h"].sum())
    rows.append((CITY, "staff_h", paid, "h", 0))
    if outcome.scenario.costs is not None:
        cost = plan_cost(outcome.scenario, outcome.plan).total
        rows.append((CITY, "staff_cost", cost, COST_UNIT, 0))
    visits = outcome.visits
    there = known(visits["arrive"]) & (visits["start"] >= warm_up)
    way = (visits["arrive"] - visits["start"])[there]
    mean = float(way.mean()) if len(way) else np.nan
    days = (outcome.until - warm_up) / DAY
    rows.append((CITY, "crews.travel.mean", mean, "s", len(way)))
    rows.append((CITY, "crews.visits_per_day", len(way) / days, "1/d", len(way)))
    return rows


def _until(outcome: Outcome, time: float) -> Outcome:
    for log in LOGS:
        outcome = outcome.where(log, lambda t: t["start"] < time)
    return replace(outcome, until=time)
