"""M/M/c after a warm-up is stationary from the first minute on, and not from an empty city."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from analytic.queues import SERVICE_S, customers, parts
from analytic.test_exact import erlang_c, generator
from numpy.typing import NDArray

from sim.clock import DAY
from sim.engine.compiled_engine.engine import CompiledSimulation
from sim.engine.simpy_engine.engine import SimpySimulation
from sim.engine.simulation import Simulation
from sim.measure.intervals import mean_interval
from sim.scenario import restrict
from sim.workload.channel import Channel

Floats = NDArray[np.float64]

SERVERS, LOAD = 3, 2.0
REPLICATIONS, DAYS = 60, 6
SPANS = np.array([0.0, 0.02, *range(1, DAYS + 1)]) * DAY
"""The first half an hour, then each day."""


def by_span(folder: Path, warm_up: int, engine: type[Simulation]) -> tuple[Floats, Floats]:
    """Return the share that waits and the mean wait by span, float64 [replications, spans].

    Of all that come in a span, by replication: a ratio's numerators, over the mean number.
    """
    scenario, city, plan = parts(folder, DAYS)
    scenario = restrict(scenario, days=DAYS, warm_up_days=warm_up)
    plan = replace(
        plan,
        crew_unit=np.full(SERVERS, plan.unit_of[0, 0], dtype=np.int32),
        crew_shift=np.zeros(SERVERS, dtype=np.int16),
        crew_xy=np.zeros((SERVERS, 2)),
    )
    begins, length = -warm_up * DAY, (warm_up + DAYS) * DAY
    waited, wait, came = (np.zeros((REPLICATIONS, len(SPANS) - 1)) for _ in range(3))
    for replication in range(REPLICATIONS):
        draw = generator(17, replication, warm_up)
        n = draw.poisson(length / SERVICE_S * LOAD)
        arrive = np.sort(draw.uniform(begins, begins + length - 60, n)) / SERVICE_S
        load = customers(arrive, draw.exponential(1.0, n), Channel.POLICE)
        run = engine(scenario, city=city, workload=load, plan=plan, policy="fifo")
        run.run()
        t = run.outcome().tickets
        span = np.where(np.isnan(t["dispatched"]), DAYS * DAY, t["dispatched"]) - t["arisen"]
        here = np.searchsorted(SPANS, t["arisen"], side="right") - 1
        inside = (here >= 0) & (here < len(SPANS) - 1)
        for out, values in ((waited, span > 0), (wait, span / SERVICE_S), (came, span >= 0)):
            np.add.at(out[replication], here[inside], values[inside])
    return waited / came.mean(axis=0), wait / came.mean(axis=0)


@pytest.mark.slow
@pytest.mark.parametrize("engine", [SimpySimulation, CompiledSimulation])
def test_stationary_from_the_first_minute(engine: type[Simulation], tmp_path: Path) -> None:
    """Erlang C, P(wait) and Wq, by simultaneous intervals of 99 % (Bonferroni) over all spans."""
    waited, wait = by_span(tmp_path, 2, engine)
    chance = erlang_c(SERVERS, LOAD)
    confidence = 1 - 0.01 / (2 * waited.shape[1])
    for span in range(waited.shape[1]):
        assert chance in mean_interval(waited[:, span], confidence), span
        assert chance / (SERVERS - LOAD) in mean_interval(wait[:, span], confidence), span


@pytest.mark.slow
def test_an_empty_city_is_not(tmp_path: Path) -> None:
    waited, wait = by_span(tmp_path, 0, CompiledSimulation)
    chance = erlang_c(SERVERS, LOAD)
    assert mean_interval(waited[:, 0], 0.99).high < chance
    assert mean_interval(wait[:, 0], 0.99).high < chance / (SERVERS - LOAD)
