"""The engines beside each other, and the compiled one on more and more of the city.

``python benchmarks/engine.py [--days N] [--simpy-days N]`` prints, in one run:

- the compiled engine against SimPy on the same days of gusu-week, events a second and the ratio;
- the hold rate of the engine's bare heap (take the first event off, put it back later) with as
  many events as lie before the run halfway: the limit;
- time and memory for 1, 10 and 100 % of the city, and the cost of a matter.

Compiling is timed apart. Machines are noisy: read ratios, not seconds.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
from numba import njit

import sim
from sim.city import City
from sim.engine import find_engine
from sim.engine.compiled_engine import agenda, layout
from sim.engine.compiled_engine.engine import CompiledSimulation
from sim.engine.compiled_engine.handle import Handle
from sim.engine.compiled_engine.jit import OPTIONS
from sim.engine.compiled_engine.warming import warm_up
from sim.scenario import Scenario, restrict
from sim.scenario.layers import parse_overrides


@njit(**OPTIONS)
def _hold(a, times, rounds) -> None:  # type: ignore[no-untyped-def]
    """Take the first event off and put it back later, again and again."""
    for i in range(rounds):
        now = a.events[a.heaps[0].start].time
        agenda.pop(a, layout.FIRST)
        agenda.push(
            a, layout.FIRST, now + times[i % len(times)], layout.SIGN, i, layout.FIRST, layout.FIRST
        )


def pending(run: CompiledSimulation) -> int:
    """Count the events that lie before a run: of the present quantum, and in later buckets."""
    arrays = run.arrays
    many = int(arrays.heaps["size"].sum() + (arrays.runs["size"] - arrays.runs["first"]).sum())
    for bucket in arrays.buckets[arrays.buckets["chunk"] >= 0]:
        many += int(bucket["size"])
        chunk = arrays.chunks["next"][bucket["chunk"]]
        while chunk >= 0:
            many += int(layout.CHUNK)
            chunk = arrays.chunks["next"][chunk]
    return many


def hold_rate(many: int) -> float:
    """Return the holds a second of the engine's bare heap with so many events on it."""
    arrays = CompiledSimulation(sim.load("gusu-week", {"time.days": 1})).arrays
    arrays = arrays._replace(events=np.zeros(many + 8, layout.EVENT))
    arrays.heaps["start"], arrays.heaps["size"], arrays.heaps["room"] = 0, 0, many + 8
    arrays.shards["turn"] = np.inf  # nothing is put off
    handle = Handle(arrays)
    times = np.random.Generator(np.random.Philox(1)).exponential(1.0, 4096)

    @njit(**OPTIONS)
    def fill(a, times, many) -> None:  # type: ignore[no-untyped-def]
        for i in range(many):
            agenda.push(
                a, layout.FIRST, times[i % 4096], layout.SIGN, i, layout.FIRST, layout.FIRST
            )

    fill(handle, times, many)
    _hold(handle, times, 10)
    begun = time.perf_counter()
    _hold(handle, times, 2_000_000)
    return 2_000_000 / (time.perf_counter() - begun)


def timed(engine: str, days: int, runs: int) -> tuple[float, int, int]:
    """Return the least seconds of some runs of gusu-week, its events and its matters."""
    scenario = restrict(sim.load("gusu-week"), days=days)
    least = float("inf")
    for _ in range(runs):
        run = find_engine(engine)(scenario)
        begun = time.perf_counter()
        run.run()
        least = min(least, time.perf_counter() - begun)
    return least, run.events, int(run.ledger.sum())


RUNS = 3
"""Of each engine; the quickest counts."""
SIZES = {0.01: 16, 0.1: 4, 1.0: 1}
"""Shares of the city, and how many times as long each runs, to meet enough matters."""


def smaller(share: float, days: int) -> Scenario:
    """Return the city with a share of its people, grids, towns, staff and requests."""
    whole = sim.load("suzhou-2018")
    totals = whole.totals.model_dump(exclude={"period_days"})
    changes = [f"totals.{name}={round(value * share)}" for name, value in totals.items()]
    changes += [
        f"districts.{name}.towns={max(round(own.towns * share), 1)}"
        for name, own in whole.districts.items()
    ]
    found = sim.load("suzhou-2018", parse_overrides([*changes, f"time.days={days}"]))
    kinds = [
        kind.model_copy(update={"silent_per_day": kind.silent_per_day * share})
        for kind in found.categories
    ]
    return found.model_copy(update={"categories": kinds})


def city(share: float, days: int) -> None:
    """Run a share of the city, from drawing its matters on; printed by a process of its own."""
    warm_up()
    scenario = smaller(share, days * SIZES[share])
    laid = City.build(scenario)
    begun, used = time.perf_counter(), time.process_time()
    run = CompiledSimulation(scenario, city=laid)
    run.run()
    wall, cpu = time.perf_counter() - begun, time.process_time() - used
    matters = int(run.ledger.sum())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{share:5.0%} of the city, {scenario.time.days:>3} days: {matters:>9,} matters, "
        f"{wall:6.2f} s, {run.events / wall / 1e6:.2f} M events/s, {memory:.2f} GB; "
        f"a matter {wall / matters * 1e6:5.2f} µs, {cpu / matters * 1e6:5.2f} of processors"
    )


def main() -> None:
    """Print it all."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--days", type=int, default=14, help="of the city")
    words.add_argument("--simpy-days", type=int, default=7, help="of gusu-week")
    words.add_argument("--share", type=float, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.share is not None:
        city(asked.share, asked.days)
        return
    begun = time.perf_counter()
    warm_up()
    print(f"compiling, if it had to be: {time.perf_counter() - begun:.1f} s")
    fast, events, matters = timed("compiled", asked.simpy_days, RUNS)
    slow, _, _ = timed("simpy", asked.simpy_days, RUNS)
    print(f"gusu-week, {asked.simpy_days} days, {matters:,} matters, {events:,} events:")
    print(f"  simpy    {slow:8.2f} s  {events / slow / 1e3:9.0f} k events/s")
    print(f"  compiled {fast:8.3f} s  {events / fast / 1e3:9.0f} k events/s")
    print(f"  ratio    {slow / fast:8.0f}")
    halfway = CompiledSimulation(restrict(sim.load("gusu-week"), days=asked.simpy_days))
    halfway.run(halfway.horizon / 2)
    many = pending(halfway)
    rate = hold_rate(many)
    print(f"bare heap, {many:,} pending as halfway: {rate / 1e6:.1f} M holds/s")
    print(f"  the engine's events a second are {events / fast / rate:.0%} of it")
    for share in SIZES:
        subprocess.run(
            [sys.executable, __file__, "--days", str(asked.days), "--share", str(share)],
            check=True,
        )


if __name__ == "__main__":
    main()
