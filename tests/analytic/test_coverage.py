"""How often intervals hold what they should, and selection is right: a thousand times each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from sim.experiment.difference import differences
from sim.experiment.selection import kim_nelson
from sim.measure.intervals import bootstrap_mean, mean_interval

Floats = NDArray[np.float64]
EXPERIMENTS, REPLICATIONS = 1000, 20


def generator(key: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key))


def waits(arrival: float, draw: np.random.Generator, size: tuple[int, ...], n: int) -> Floats:
    """Return the mean wait of n customers of M/M/1 with service rate 1 that begins in balance.

    The first customer's wait is 0 with probability 1 - ρ, else exponential with rate 1 - λ; so
    is every other one's then, and each mean has the expectation λ / (1 - λ).
    """
    wait = np.where(draw.random(size) < arrival, draw.exponential(1 / (1 - arrival), size), 0.0)
    total = np.zeros(size)
    for _ in range(n):
        total += wait
        gap = draw.exponential(size=size) - draw.exponential(1 / arrival, size)
        wait = np.maximum(wait + gap, 0.0)
    return total / n


@pytest.mark.slow
def test_interval_of_a_mean_wait() -> None:
    """M/M/1 at ρ = 0.5: Wq = 1."""
    found = waits(0.5, generator(1), (EXPERIMENTS, REPLICATIONS), 1500)
    held = sum(1.0 in mean_interval(values) for values in found)
    assert 0.93 <= held / EXPERIMENTS <= 0.97


@pytest.mark.slow
def test_interval_of_a_paired_difference() -> None:
    """Two M/M/1, ρ = 0.5 and 0.4, with the same random numbers: Wq = 1 less 2/3."""
    size = (EXPERIMENTS, REPLICATIONS)
    a, b = (waits(rho, generator(2), size, 1500) for rho in (0.5, 0.4))
    held, pairing = 0, []
    for one, other in zip(a, b, strict=True):
        table = pd.DataFrame({"new": one, "base": other})
        (found,) = differences({"arrive.mean": table}, {"arrive.mean": "s"}, baseline="base")
        held += found.difference.low <= 1 / 3 <= found.difference.high
        pairing.append(found.pairing)
    assert 0.93 <= held / EXPERIMENTS <= 0.97
    assert np.median(pairing) > 3


@pytest.mark.slow
def test_intervals_of_a_family_hold_at_once() -> None:
    """Four independent differences of known means: all four hold in about 95 %, not each."""
    held = 0
    draw = generator(3)
    for _ in range(EXPERIMENTS):
        values = draw.normal(size=(REPLICATIONS, 8))
        tables = {
            f"{name}.mean": pd.DataFrame(values[:, 2 * i : 2 * i + 2], columns=["new", "base"])
            for i, name in enumerate(("discovery", "sign", "arrive", "close"))
        }
        found = differences(tables, dict.fromkeys(tables, "s"), baseline="base")
        held += all(one.difference.low <= 0 <= one.difference.high for one in found)
    assert 0.93 <= held / EXPERIMENTS <= 0.97


@pytest.mark.slow
def test_bootstrap_follows_a_skewed_distribution() -> None:
    """Exponential, mean 1, twenty of them: Student's interval is there too seldom, this is not."""
    values = generator(4).exponential(size=(EXPERIMENTS, REPLICATIONS))
    held = sum(1.0 in bootstrap_mean(sample, 7) for sample in values)
    assert 0.93 <= held / EXPERIMENTS <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("common", [0.0, 2.0], ids=["independent", "common random numbers"])
def test_selection_is_right_as_often_as_it_says(common: float) -> None:
    """Five normal arms, four of them worse by just the indifference: the hardest case."""
    right, wanted, spent = 0, 0.9, 0
    means = np.array([0.5, 0.5, 0.0, 0.5, 0.5])
    draw = generator(5)
    for _ in range(EXPERIMENTS):

        def sample(arms: list[int], _: int) -> Floats:
            shared = common * draw.normal()
            return means[arms] + shared + draw.normal(size=5)[arms]

        best, _, count, complete = kim_nelson(
            sample, 5, first=10, indifference=0.5, probability=wanted
        )
        assert complete
        right += best == 2
        spent += count
    assert right / EXPERIMENTS >= wanted - 3 * (wanted * (1 - wanted) / EXPERIMENTS) ** 0.5
    assert spent / EXPERIMENTS < 200
