"""Calibration: what the assumed figures must be for runs to show the published ones.

Two things can only be found by running the model. How many matters must arise so that as many
requests as were published reach 12345 and 110: of the matters that a citizen would report, some
are found by somebody else first, and that share (column ``reported`` of the categories) depends
on patrol, observers and cameras. And the closing rate at the end of a period, which depends on how
long requests stay open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.cells import csv_text
from sim.clock import DAY, WEEK
from sim.engine import find_engine
from sim.engine.outcome import Outcome
from sim.errors import InputError
from sim.measure.intervals import Interval, stratified_interval
from sim.measure.rows import hotline, police
from sim.measure.tables import Bools, known
from sim.reading import read_csv
from sim.scenario import Scenario, restrict
from sim.workload.channel import Channel

if TYPE_CHECKING:
    import pandas as pd

FOLLOW_WEEKS = 3
"""How long requests are followed at least: the longest deadline for closing is 21 days."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What a sample of days and districts shows, each with its 95 % interval.

    Attributes
    ----------
    reported : pandas.DataFrame
        ``category, assumed, measured, low, high, n``: the share of the matters that a citizen
        would report which do become a request, and of how many.
    hotline, police : Interval
        Requests over those published, per day.
    open_s : Interval
        How long a request of 12345 stays open on average, s.
    period_s : float
        Length of the published period, s.
    districts : dict
        The same of each single district, by its English name; empty if there is only one.
    """

    reported: pd.DataFrame
    hotline: Interval
    police: Interval
    open_s: Interval
    period_s: float
    districts: dict[str, Calibration] = field(default_factory=dict)

    @property
    def closing_rate(self) -> Interval:
        """Share of the period's requests that are closed at its end.

        By Little's law, requests open at the end are the arrival rate times the time a request
        stays open: of those of a period T, W / T.
        """
        mean, high, low = (1 - span / self.period_s for span in self.open_s)
        return Interval(mean, max(low, 0.0), min(high, 1.0))


def calibrate(
    scenario: Scenario,
    districts: Sequence[str] = (),
    *,
    weeks: int = 5,
    seed: int | None = None,
    engine: str = "compiled",
    progress: Callable[[float], None] | None = None,
) -> Calibration:
    """Run districts one by one, and compare them with what was published.

    Each district meets days of its own (its place in the table is the replication): what they
    show are independent samples, and each counts by its share of the published requests.

    Parameters
    ----------
    districts : sequence of str
        All of the scenario's by default.
    weeks : int
        How long each is run. Volumes are those after the first week, when matters that lie for
        days are reported as steadily as they arise; how long requests stay open is that of all
        but the last `FOLLOW_WEEKS`.

    Raises
    ------
    InputError
        If there are too few weeks, or no such district.
    """
    if not FOLLOW_WEEKS + 2 <= weeks <= scenario.time.days // 7:
        most = scenario.time.days // 7
        allowed = f"at least {FOLLOW_WEEKS + 2}, and no more than the scenario's {most}"
        raise InputError("command line", "weeks", weeks, allowed)
    whole = restrict(scenario, days=7 * weeks, districts=districts)
    table = [row.name_en for row in whole.district_table]
    names = whole.area.include or tuple(table)
    samples = {}
    for done, name in enumerate(names):
        simulation = find_engine(engine)(
            restrict(whole, districts=[name]), seed=seed, replication=table.index(name)
        )
        simulation.run(progress=progress and _part(progress, done, len(names)))
        samples[name] = _Sample.of(simulation.outcome(), weeks)
    each = {name: _sum_up(scenario, [sample]) for name, sample in samples.items()}
    together = _sum_up(scenario, list(samples.values()))
    return replace(together, districts=each) if len(each) > 1 else together


def _part(progress: Callable[[float], None], done: int, of: int) -> Callable[[float], None]:
    return lambda share: progress((done + share) / of)


def with_reported(path: Path, reported: pd.DataFrame) -> str:
    """Return a table of categories with its column ``reported`` as measured, three digits."""
    share = dict(zip(reported["category"], reported["measured"], strict=True))
    header, *rows = (row for row in read_csv(path) if row)
    name, column = header.index("id"), header.index("reported")
    for row in rows:
        if not np.isnan(found := share[row[name].strip()]):
            row[column] = f"{found:.3g}"
    return csv_text([header, *rows])


@dataclass(frozen=True, eq=False)
class _Sample:
    """One district: matters by category, ratios and open times by week, published totals."""

    citizens: NDArray[np.int64]
    requests: NDArray[np.int64]
    hotline: NDArray[np.float64]
    police: NDArray[np.float64]
    open_s: NDArray[np.float64]
    hotline_total: int
    police_total: int

    @classmethod
    def of(cls, outcome: Outcome, weeks: int) -> _Sample:
        scenario, city, t = outcome.scenario, outcome.city, outcome.tickets
        size = len(scenario.categories)
        # matters of the first weeks: their citizens have lost patience by the end
        old = (t["arisen"] < (weeks - 1) * WEEK) & (t["citizen"] != Channel.NONE)
        asked = known(t["requested"])

        def volumes(rows: Bools, total: int) -> NDArray[np.float64]:
            week = (t["requested"][rows] // WEEK).astype(np.int64)
            expected = total / scenario.totals.period_days * 7
            return np.bincount(week, minlength=weeks)[1:weeks] / expected

        hotline_total, police_total = int(city.hotline_requests[0]), int(city.police_calls[0])
        request = hotline(outcome)
        span = np.fmin(t["closed"], outcome.until) - t["requested"]
        # what came when the matter was a ticket already is not open for itself
        span = np.where(span < 0, 0, span)
        week = np.where(request, np.nan_to_num(t["requested"]) // WEEK, weeks).astype(np.int64)
        return cls(
            np.bincount(t["category"][old], minlength=size),
            np.bincount(t["category"][old & asked], minlength=size),
            volumes(request, hotline_total),
            volumes(police(outcome), police_total),
            np.array([span[week == w].mean() for w in range(weeks - FOLLOW_WEEKS)]),
            hotline_total,
            police_total,
        )


def _sum_up(scenario: Scenario, samples: list[_Sample]) -> Calibration:
    import pandas as pd

    citizens = np.sum([s.citizens for s in samples], axis=0)
    requests = np.sum([s.requests for s in samples], axis=0)
    share, low, high = wilson(requests, citizens)
    reported = pd.DataFrame(
        {
            "category": [c.id for c in scenario.categories],
            "assumed": [c.reported for c in scenario.categories],
            "measured": share,
            "low": low,
            "high": high,
            "n": citizens,
        }
    )
    by_hotline = [s.hotline_total for s in samples]
    return Calibration(
        reported,
        stratified_interval([s.hotline for s in samples], by_hotline),
        stratified_interval([s.police for s in samples], [s.police_total for s in samples]),
        stratified_interval([s.open_s for s in samples], by_hotline),
        scenario.totals.period_days * DAY,
    )


def wilson(hits: Any, n: Any) -> tuple[Any, Any, Any]:
    """Return shares with Wilson's 95 % interval (Wilson, JASA 22, 1927); NaN where n is 0."""
    z = 1.959963984540054
    hits, n = np.asarray(hits, dtype=float), np.asarray(n, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = hits / n
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # at the ends the formula gives exactly 0 and 1, but for rounding
    return share, np.fmin(middle - reach, share), np.fmax(middle + reach, share)
