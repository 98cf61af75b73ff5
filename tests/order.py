"""Order: less staff never looks better, more staff never worse. With fresh seeds, a report.

    python tests/order.py --seed 7 -n 16

One-sided paired t tests over common random numbers. The null hypothesis of a cell, an arm and a
headline measure, is that it flatters by no more than the margin; Holm's correction over all cells.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.engine import find_engine
from sim.experiment.difference import holm
from sim.measure.catalogue import METRICS
from sim.measure.kpis import figures
from sim.measure.metric import Better
from sim.scenario import Scenario, load

ROLES = ("full_time", "part_time", "hotline", "centres", "crews")
FACTORS = (0.5, 0.1, 2.0)
MARGIN_POINTS = 0.001
"""By how much a share may gain by chance or pooling: a tenth of a point."""
MARGIN = 0.01
"""And anything else, of the base's mean."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Cell:
    """An arm and a headline measure.

    Attributes
    ----------
    arm, measure : str
    gain : float
        How much better the measure is where it should be worse, on average; negative: worse.
    margin : float
    p_value : float
        That it gains no more than the margin, one-sided.
    detectable : float
        The smallest gain beyond the margin that would be seen nine times in ten, before Holm's
        correction.
    """

    arm: str
    measure: str
    gain: float
    margin: float
    p_value: float
    detectable: float


def arms(
    roles: Iterable[str] = ROLES, factors: Iterable[float] = FACTORS
) -> dict[str, dict[str, float]]:
    """Return by name what each arm changes."""
    return {
        f"{role} × {factor:g}": {f"staff_scale.{role}": factor}
        for role in roles
        for factor in factors
    }


def headline() -> tuple[str, ...]:
    """Return the names of the headline measures."""
    return tuple(metric.name for metric in METRICS.values() if metric.headline)


def run(job: tuple[Scenario, int, int]) -> dict[str, float]:
    """Return the headline measures of one run."""
    scenario, seed, replication = job
    simulation = find_engine("compiled")(scenario, seed=seed, replication=replication)
    simulation.run()
    found = figures(simulation.outcome())
    return {name: found[name][1][0] for name in headline()}


def cells(values: Mapping[str, Mapping[str, Values]]) -> Iterator[Cell]:
    """Compare arms with the base; ``values`` by arm and measure, of the same replications."""
    base = values["base"]
    for arm, found in values.items():
        if arm == "base":
            continue
        fewer = float(arm.rsplit("× ", 1)[1]) < 1
        for measure, those in found.items():
            metric = METRICS[measure]
            better = 1 if metric.better is Better.MORE else -1
            gain = (those - base[measure]) * better * (1 if fewer else -1)
            mean = np.abs(base[measure]).mean()
            margin = MARGIN_POINTS if metric.unit == "share" else MARGIN * mean
            yield _cell(arm, measure, gain, margin)


def _cell(arm: str, measure: str, gain: Values, margin: float) -> Cell:
    n = len(gain)
    error = gain.std(ddof=1) / np.sqrt(n)
    if error == 0:
        p_value = float(gain[0] <= margin)
    else:
        p_value = float(stats.t.sf((gain.mean() - margin) / error, n - 1))
    reach = stats.t.ppf(0.95, n - 1) + stats.t.ppf(0.9, n - 1)
    return Cell(arm, measure, float(gain.mean()), margin, p_value, float(reach * error))


def flattered(found: list[Cell], alpha: float = 0.05) -> list[Cell]:
    """Return the cells that gain where they should lose, by more than the margin."""
    adjusted = holm([cell.p_value for cell in found])
    return [cell for cell, p in zip(found, adjusted, strict=True) if p <= alpha]


def report(found: list[Cell]) -> str:
    """Return a table of the cells that come nearest to gaining, and what could be seen."""
    worst = sorted(found, key=lambda cell: cell.p_value)[:12]
    lines = [f"{'arm':<18}{'measure':<34}{'gain':>10}{'margin':>10}{'p':>8}{'seen from':>11}"]
    lines += [
        f"{c.arm:<18}{c.measure:<34}{c.gain:>10.5f}{c.margin:>10.5f}{c.p_value:>8.4f}"
        f"{c.margin + c.detectable:>11.5f}"
        for c in worst
    ]
    return "\n".join(lines)


def order(
    scenario: Scenario, changed: Mapping[str, Scenario], seed: int, replications: int, workers: int
) -> list[Cell]:
    """Run all arms and compare them with the scenario.

    Parameters
    ----------
    changed : mapping
        Of scenarios by the names of `arms`.
    """
    every = {"base": scenario, **changed}
    jobs = [(of, seed, r) for r in range(replications) for of in every.values()]
    if workers > 1:
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            found = list(pool.map(run, jobs))
    else:
        found = [run(job) for job in jobs]
    values = {
        arm: {name: np.array([row[name] for row in found[at :: len(every)]]) for name in headline()}
        for at, arm in enumerate(every)
    }
    return list(cells(values))


def main() -> None:
    """Report on fresh seeds; nothing fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("-n", "--replications", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scenario", default="gusu-week")
    parser.add_argument("--warm-up", type=int, default=28, help="days")
    asked = parser.parse_args()
    warm = {"time.warm_up_days": asked.warm_up}
    base = load(asked.scenario, warm)
    changed = {arm: load(asked.scenario, warm | said) for arm, said in arms().items()}
    found = order(base, changed, asked.seed, asked.replications, asked.workers)
    print(report(found))
    for cell in flattered(found):
        print(f"looks better: {cell.arm}, {cell.measure}: {cell.gain:.5f}")


if __name__ == "__main__":
    main()
