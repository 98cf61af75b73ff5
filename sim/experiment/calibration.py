"""Calibration: runs of the whole city held against what was published of it.

Two figures of a scenario can only be found by running the model. How many matters must arise so
that as many requests as were published reach 12345 and 110: of the matters that a citizen would
report, some are found by somebody else first, or their caller gives up, and that share (column
``reported`` of the categories) depends on patrol, observers, cameras and the hotline's posts. And
how long requests stay open, on which the published closing rate depends. What else was published
(``[published]`` of the scenario) is compared beside them: it says whether a figure was fitted to
it, or left to check.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.cells import csv_text
from sim.clock import DAY, WEEK
from sim.engine import find_engine
from sim.engine.outcome import Outcome
from sim.errors import InputError
from sim.measure.catalogue import find
from sim.measure.intervals import Interval, mean_interval
from sim.measure.kpis import figures
from sim.measure.rows import with_citizen
from sim.measure.tables import known
from sim.reading import read_csv
from sim.scenario import Scenario, restrict
from sim.scenario.world import Published
from sim.workload.channel import Channel

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Calibration:
    """What runs show beside what was published, with 95 % intervals.

    Attributes
    ----------
    reported : pandas.DataFrame
        ``category, assumed, measured, low, high, n``: the share of the matters that a citizen
        would report which do become a request, and of how many (Wilson's interval).
    hotline, police : Interval
        Requests over those published, per day, over replications.
    published : pandas.DataFrame
        ``name, measure, published, run, low, high, fitted``: what else was published; fitted
        names the figures that were tuned to it, and is empty where it was left to check.
    """

    reported: pd.DataFrame
    hotline: Interval
    police: Interval
    published: pd.DataFrame


def calibrate(
    scenario: Scenario,
    districts: Sequence[str] = (),
    *,
    weeks: int = 3,
    replications: int = 4,
    seed: int | None = None,
    engine: str = "compiled",
    progress: Callable[[float], None] | None = None,
) -> Calibration:
    """Run the whole city, after its warm-up, and compare it with what was published.

    Parameters
    ----------
    districts : sequence of str
        All of the scenario's by default. Small pools lose more callers: fewer districts than the
        city has are no sample of it.
    weeks : int
        How long each replication is measured. Matters of all but the last week tell how many are
        reported: their citizens have lost patience by then.
    replications : int

    Raises
    ------
    InputError
        If there are too few weeks or replications, no such district, or an unknown measure.
    """
    most = scenario.time.days // 7
    if not 2 <= weeks <= most:
        allowed = f"at least 2, and no more than the scenario's {most}"
        raise InputError("command line", "weeks", weeks, allowed)
    if replications < 2:
        raise InputError("command line", "replications", replications, "at least 2")
    for name, row in scenario.published.items():
        _check(scenario, name, row)
    whole = restrict(scenario, days=7 * weeks, districts=districts)
    samples = []
    for replication in range(replications):
        simulation = find_engine(engine)(whole, seed=seed, replication=replication)
        simulation.run(progress=progress and _part(progress, replication, replications))
        samples.append(_Sample.of(simulation.outcome()))
    return _sum_up(whole, samples)


def _part(progress: Callable[[float], None], done: int, of: int) -> Callable[[float], None]:
    return lambda share: progress((done + share) / of)


def _check(scenario: Scenario, name: str, row: Published) -> None:
    field = f"published.{name}.measure"
    try:
        metric = find(row.measure)
    except InputError as error:
        raise InputError(scenario.file_of(field), field, row.measure, error.allowed) from None
    if row.period_days is not None and metric.unit != "s":
        allowed = "a mean time, since period_days is given"
        raise InputError(scenario.file_of(field), field, row.measure, allowed)


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
    """One replication: matters and requests by line and category, and published measures."""

    citizens: NDArray[np.int64]  # [2, categories]: of 12345, of 110
    requests: NDArray[np.int64]
    values: dict[str, float]

    @classmethod
    def of(cls, outcome: Outcome) -> _Sample:
        scenario = outcome.scenario
        size = len(scenario.categories)
        citizens, requests = np.zeros((2, 2, size), np.int64)
        for piece in outcome.pieces():
            t = piece.tickets
            old = (t["arisen"] >= 0) & (t["arisen"] < outcome.until - WEEK) & with_citizen(piece)
            asked = known(t["requested"])
            for line, mine in enumerate(
                (t["citizen"] != Channel.POLICE, t["citizen"] == Channel.POLICE)
            ):
                citizens[line] += np.bincount(t["category"][old & mine], minlength=size)
                requests[line] += np.bincount(t["category"][old & mine & asked], minlength=size)
        found = figures(outcome)
        values = {}
        for name, row in scenario.published.items():
            value = float(found[row.measure][1][0])
            values[name] = value if row.period_days is None else 1 - value / (row.period_days * DAY)
        return cls(citizens, requests, values)


def _sum_up(scenario: Scenario, samples: list[_Sample]) -> Calibration:
    import pandas as pd

    citizens = sum(s.citizens.sum(axis=0) for s in samples)
    requests = sum(s.requests.sum(axis=0) for s in samples)
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
    rows = []
    for name, row in scenario.published.items():
        run = mean_interval([s.values[name] for s in samples])
        rows.append((name, row.measure, row.value, *run, ", ".join(row.fitted)))
    columns = ["name", "measure", "published", "run", "low", "high", "fitted"]
    hotline, police = (
        mean_interval([_volume(scenario, s, line) for s in samples]) for line in (0, 1)
    )
    return Calibration(reported, hotline, police, pd.DataFrame(rows, columns=columns))


def _volume(scenario: Scenario, sample: _Sample, line: int) -> float:
    """Return requests over those published, as the categories' shares of reported matters say.

    So it does not depend on the season in which the sample lies, nor on its days' factors: as
    many matters arise as make the published requests if the assumed share is reported.
    """
    shares = [(c.hotline_share, c.police_share)[line] for c in scenario.categories]
    assumed = [c.reported for c in scenario.categories]
    n = sample.citizens[line]
    met = n > 0
    weights = np.where(met, shares, 0)
    measured = sample.requests[line] / np.where(met, n, 1)
    return float(np.sum(weights * measured / assumed) / weights.sum())


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
