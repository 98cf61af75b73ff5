"""One M/M/8 queue at 90 % load, by both engines and by the libraries that are installed.

    pip install -e '.[bench]'
    python benchmarks/mmc.py [--customers N]

A queue is what all of them can do: so it measures how quick they are at the same thing. Our
customers are tickets of the police, taken by its crews: they are accepted, triaged, signed for,
visited and checked in no time besides, and all is kept of each. The others keep a wait, or a mean.

What is timed is the run alone, from the first arrival to the last: not the loading of our
customers before, nor the tables of them afterwards.

Every row shows its mean wait beside the exact one: what is wrong is not fast. Where a library
draws the customers itself, that is in its time; one run before warms up what compiles.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.engine import find_engine
from sim.optimize.staffing.erlang import erlang_c

_TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(_TESTS), str(_TESTS / "analytic")]

Floats = NDArray[np.float64]
SERVERS, LOAD = 8, 0.9
RATE = SERVERS * LOAD  # a service takes 1 on average
Queue = Callable[[Floats, Floats], tuple[float, float]]
"""Takes arrivals and services; returns the seconds that the run took and the mean wait."""


def ours(engine: str, arrive: Floats, service: Floats) -> tuple[float, float]:
    """Run the queue of a unit's crews."""
    import queues

    kind = find_engine(engine)
    for many in (1000, len(arrive)):  # the first compiles
        with tempfile.TemporaryDirectory() as folder:
            unit = queues.unit(Path(folder), arrive[:many], service[:many], SERVERS, engine=kind)
            begun = time.perf_counter()
            unit.run(float(arrive[many - 1] * queues.SERVICE_S))
            seconds = time.perf_counter() - begun
            tickets = unit.outcome().tickets
    wait = (tickets["dispatched"] - tickets["arisen"]) / queues.SERVICE_S
    return seconds, float(np.nanmean(wait))


def plain_simpy(arrive: Floats, service: Floats) -> tuple[float, float]:
    """Run a SimPy resource."""
    import simpy

    waits: list[float] = []

    def customer(env: simpy.Environment, servers: simpy.Resource, length: float):
        came = env.now
        with servers.request() as asked:
            yield asked
            waits.append(env.now - came)
            yield env.timeout(length)

    def source(env: simpy.Environment, servers: simpy.Resource):
        for gap, length in zip(
            np.diff(arrive, prepend=0.0).tolist(), service.tolist(), strict=True
        ):
            yield env.timeout(gap)
            env.process(customer(env, servers, length))

    env = simpy.Environment()
    env.process(source(env, simpy.Resource(env, SERVERS)))
    begun = time.perf_counter()
    env.run()
    return time.perf_counter() - begun, float(np.mean(waits))


def ciw_queue(arrive: Floats, _: Floats) -> tuple[float, float]:
    """Run a Ciw network of one node."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(RATE)],
        service_distributions=[ciw.dists.Exponential(1.0)],
        number_of_servers=[SERVERS],
    )
    ciw.seed(1)
    simulation = ciw.Simulation(network)
    begun = time.perf_counter()
    simulation.simulate_until_max_customers(len(arrive))
    seconds = time.perf_counter() - begun
    return seconds, float(np.mean([record.waiting_time for record in simulation.get_all_records()]))


def salabim_queue(arrive: Floats, service: Floats) -> tuple[float, float]:
    """Run a salabim resource."""
    import salabim

    salabim.yieldless(False)
    waits: list[float] = []
    env = salabim.Environment(trace=False)
    servers = salabim.Resource("servers", SERVERS)

    class Customer(salabim.Component):
        def process(self, length: float):
            came = env.now()
            yield self.request(servers)
            waits.append(env.now() - came)
            yield self.hold(length)
            self.release()

    class Source(salabim.Component):
        def process(self):
            gaps = np.diff(arrive, prepend=0.0).tolist()
            for gap, length in zip(gaps, service.tolist(), strict=True):
                yield self.hold(gap)
                Customer(length=length)

    Source()
    begun = time.perf_counter()
    env.run()
    return time.perf_counter() - begun, float(np.mean(waits))


def cimba_queue(arrive: Floats, _: Floats) -> tuple[float, float]:
    """Run a Cimba container with servers that take from it; its wait follows by Little's law."""
    from cimba import Experiment, Window
    from cimba_line import line

    model = line(RATE)
    window = Window(duration=len(arrive) / RATE)
    for _again in range(2):  # the first compiles
        begun = time.perf_counter()
        results = Experiment(model, replications=1, window=window, seed=1).run()
        seconds = time.perf_counter() - begun
    return seconds, float(results[model].waiting.values[0, 0]) / RATE


QUEUES: dict[str, tuple[str, Queue]] = {
    "plain SimPy": ("simpy", plain_simpy),
    "Ciw": ("ciw", ciw_queue),
    "salabim": ("salabim", salabim_queue),
    "Cimba": ("cimba", cimba_queue),
    "our SimPy engine": ("simpy", lambda *customers: ours("simpy", *customers)),
    "our compiled engine": ("numba", lambda *customers: ours("compiled", *customers)),
}
"""By name: the package that must be there, and the queue."""


def alone(name: str, arrive: Floats, service: Floats) -> tuple[float, float]:
    """Run one of the queues in a process of its own: some do not bear others beside them."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(run, name, arrive, service).result()


def run(name: str, arrive: Floats, service: Floats) -> tuple[float, float]:
    """Run one of the queues."""
    return QUEUES[name][1](arrive, service)


def main() -> None:
    """Print a row for each that is installed."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--customers", type=int, default=50_000)
    words.add_argument("--seed", type=int, default=1)
    asked = words.parse_args()
    draw = np.random.Generator(np.random.Philox(asked.seed))
    arrive = np.cumsum(draw.exponential(1 / RATE, asked.customers))
    service = draw.exponential(1.0, asked.customers)
    exact = float(erlang_c(SERVERS, RATE)) / (SERVERS - RATE)  # service takes 1 on average
    print(f"M/M/{SERVERS} at {LOAD:.0%}, {asked.customers:,} customers, seed {asked.seed}")
    print(f"{'':24}{'µs a customer':>14}{'times SimPy':>13}{'mean wait':>11}  (exact {exact:.3f})")
    base = 0.0
    for name, (package, _) in QUEUES.items():
        if find_spec(package) is None:
            print(f"{name:24}{'not installed':>14}")
            continue
        seconds, wait = alone(name, arrive, service)
        base = base or seconds
        cost = seconds / asked.customers * 1e6
        print(f"{name:24}{cost:14.2f}{base / seconds:13.2f}{wait:11.3f}", flush=True)


if __name__ == "__main__":
    main()
