"""Exact results of queueing theory, run through the engine's own units and desks.

Each is held by a batch-means interval of 99.9 %: in heavy traffic a fixed tolerance would be
either blind or wrong. The seeds are fixed, so a failure is a change of the program.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import factorial
from pathlib import Path

import numpy as np
import pytest
from analytic.queues import SERVICE_S, calls, crews, unit, waits
from batch_means import batch_means
from numpy.typing import NDArray

from sim.measure.intervals import Interval
from sim.model.calendar import Calendar
from sim.model.state import State

Floats = NDArray[np.float64]
N = 24_000


def generator(*words: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(words)))


def poisson(rate: float, n: int, *words: int) -> Floats:
    return np.cumsum(generator(1, *words).exponential(1 / rate, n))


def exponential(n: int, *words: int) -> Floats:
    return generator(2, *words).exponential(1.0, n)


def interval(values: Floats) -> Interval:
    return batch_means(values, batches=20, warm_up=0.1, confidence=0.999)


def erlang_c(servers: int, load: float) -> float:
    """P(wait) of M/M/c (Erlang 1917)."""
    top = load**servers / factorial(servers) * servers / (servers - load)
    return top / (sum(load**k / factorial(k) for k in range(servers)) + top)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (1, 0.9), (3, 2.0), (10, 9.0)])
def test_mmc_crews(servers: int, load: float, tmp_path: Path) -> None:
    """M/M/c: P(wait) is Erlang C, Wq = C / (c - a)."""
    outcome = crews(tmp_path, poisson(load, N, servers), exponential(N, servers), servers)
    wait = waits(outcome)
    chance = erlang_c(servers, load)
    assert chance in interval((wait > 0).astype(float))
    assert chance / (servers - load) in interval(wait)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.9), (3, 2.0), (100, 90.0)])
def test_mmc_hotline(servers: int, load: float, tmp_path: Path) -> None:
    outcome = calls(tmp_path, poisson(load, N, servers, 5), exponential(N, servers, 5), servers)
    services = outcome.services
    wait = (services["start"] - services["arrive"]) / SERVICE_S
    chance = erlang_c(servers, load)
    assert chance in interval((wait > 0).astype(float))
    assert chance / (servers - load) in interval(wait)


def test_the_formula_itself() -> None:
    """Erlang C at published points: a=.9 of 1, 2 of 3, 9 of 10, 90 of 100."""
    for servers, load, chance in ((1, 0.9, 0.9), (3, 2.0, 0.44444), (10, 9.0, 0.66873),
                                  (100, 90.0, 0.21694)):  # fmt: skip
        assert erlang_c(servers, load) == pytest.approx(chance, abs=5e-6)


@pytest.mark.parametrize("patience", [0.5, 2.0])
def test_erlang_a(patience: float, tmp_path: Path) -> None:
    """M/M/c+M (Palm 1946): lost share and P(wait) from the birth and death process."""
    servers, load = 5, 5.0
    impatience = generator(3).exponential(patience, N)
    outcome = calls(tmp_path, poisson(load, N, 77), exponential(N, 77), servers, impatience)
    k = np.arange(1, 400)
    rates = np.minimum(k, servers) + np.maximum(k - servers, 0) / patience
    chance = np.concatenate(([1.0], np.cumprod(load / rates)))
    chance /= chance.sum()
    queue = np.maximum(np.arange(400) - servers, 0)
    lost = (chance * queue).sum() / patience / load
    t = outcome.tickets
    known = ~np.isnan(t["answered"]) | t["abandoned"]
    assert lost in interval(t["abandoned"][known].astype(float))
    waited = ~((t["answered"] - t["called"]) == 0)
    assert chance[servers:].sum() in interval(waited[known].astype(float))


SERVICES: dict[float, Callable[[np.random.Generator, int], Floats]] = {
    0.0: lambda _, n: np.ones(n),
    0.5: lambda draw, n: draw.gamma(2.0, 0.5, n),
    1.0: lambda draw, n: draw.exponential(1.0, n),
    4.0: lambda draw, n: draw.lognormal(-np.log(5) / 2, np.sqrt(np.log(5)), n),
}


@pytest.mark.parametrize("cv2", SERVICES)
def test_mg1(cv2: float, tmp_path: Path) -> None:
    """M/G/1 (Pollaczek and Khinchine): Wq = λ (1 + CV²) / 2 (1 - ρ), at λ = .8."""
    n = N if cv2 < 4 else 3 * N
    service = SERVICES[cv2](generator(4, int(cv2 * 2)), n)
    wait = waits(crews(tmp_path, poisson(0.8, n, 6, int(cv2 * 2)), service, 1))
    assert 0.8 * (1 + cv2) / 2 / 0.2 in interval(wait)


def test_priority_mm1(tmp_path: Path) -> None:
    """Non-preemptive priority M/M/1 (Cobham 1954): W_k = R / (1 - σ_{k-1}) (1 - σ_k)."""
    n, rates = 2 * N, (0.3, 0.5)
    category = (generator(8).random(n) > rates[0] / sum(rates)).astype(np.int64)
    outcome = crews(
        tmp_path, poisson(sum(rates), n, 8), exponential(n, 8), 1,
        policy="priority", category=category,
    )  # fmt: skip
    wait = waits(outcome)
    kind = outcome.tickets["category"][~np.isnan(outcome.tickets["signed"])]
    residual = sum(rates)  # λ E[S²] / 2 with E[S²] = 2
    assert residual / 0.7 in interval(wait[kind == 0])  # 1.14286
    assert residual / 0.7 / 0.2 in interval(wait[kind == 1])  # 5.71429


def test_larson_hypercube(tmp_path: Path) -> None:
    """Three cars, queue without limit: Larson and Odoni, Urban Operations Research, chapter 5.

    Atoms 1 and 2 prefer car 1, then 2; atom 4 car 1, then 3; area 2 car 2, then 1; area 3 car
    3, then 1. On a line, with travel that is nothing beside the service.
    """
    n = 2 * N
    bases = np.array([[0.0, 0.0], [-10.0, 0.0], [10.0, 0.0]])
    atoms = np.array([-1.0, 1.0, -10.0, 10.0])
    area = np.array([0, 0, 1, 2])
    atom = generator(9).choice(4, n, p=np.array([0.5, 0.25, 0.35, 0.4]) / 1.5)
    xy = np.column_stack((atoms[atom], np.zeros(n)))
    outcome = crews(
        tmp_path, poisson(1.5, n, 9), exponential(n, 9), 3, policy="fifo", xy=xy, bases=bases
    )
    visits = outcome.visits
    done = ~np.isnan(visits["end"])
    crew, start, end = visits["crew"][done], visits["start"][done], visits["end"][done]
    edges = np.linspace(outcome.until * 0.1, outcome.until, 21)
    for car, workload in enumerate((0.55736, 0.47337, 0.46926)):
        rows = crew == car
        busy = [
            np.clip(np.minimum(end[rows], b) - np.maximum(start[rows], a), 0, None).sum() / (b - a)
            for a, b in pairwise(edges)
        ]
        assert workload in batch_means(busy, batches=20, warm_up=0, confidence=0.999)
    wait = waits(outcome)
    assert 0.23684 in interval((wait > 0).astype(float))
    order = np.argsort(visits["ticket"][done])
    across = crew[order] != area[atom][visits["ticket"][done][order]]
    assert 0.4353 in interval(across.astype(float))


def test_littles_law(tmp_path: Path) -> None:
    """L = λ W on the sample path: the ledger's mean queue is that of the tickets' waits."""
    simulation = unit(tmp_path, poisson(0.8, 6000, 10), exponential(6000, 10), 1)
    end = 6000 / 0.8 * SERVICE_S
    instants = np.linspace(0, end, 20_001)[1:]
    queue = []
    for instant in instants:
        simulation.run(float(instant))
        queue.append(simulation.ledger[0, State.WAITING])
    t = simulation.outcome().tickets
    left = np.where(np.isnan(t["dispatched"]), end, t["dispatched"])
    mean_queue = (left - t["signed"]).sum() / end
    assert mean_queue > 1
    assert mean_queue in batch_means(queue, batches=20, warm_up=0, confidence=0.999)
    assert np.mean(queue) == pytest.approx(mean_queue, rel=0.01)


def test_calendar_of_always() -> None:
    """A shift of 24 hours is no shift at all: the queues above have servers at all times."""
    assert Calendar.from_windows([(d * 86400.0, (d + 1) * 86400.0) for d in range(7)]).always
