"""The engines beside each other, and the compiled one on more and more of the city.

``python benchmarks/engine.py [--days N] [--simpy-days N]`` prints, in one run:

- the compiled engine against SimPy on the same days of gusu-week, events a second and the ratio;
- the bare agenda's hold rate (take the first event off, put it back later), the limit;
- time and memory for a tenth of the city and for all of it, and the cost of a matter.

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
from sim.engine import find_engine
from sim.engine.compiled_engine import agenda, layout
from sim.engine.compiled_engine.compilation import warm_up
from sim.engine.compiled_engine.engine import CompiledSimulation
from sim.engine.compiled_engine.handle import Handle
from sim.engine.compiled_engine.jit import OPTIONS
from sim.scenario import restrict


@njit(**OPTIONS)
def _hold(a, times, rounds) -> None:  # type: ignore[no-untyped-def]
    """Take the first event off and put it back later, again and again."""
    for i in range(rounds):
        now = a.events[a.heaps[0].start].time
        agenda.pop(a, layout.FIRST)
        agenda.push(
            a, layout.FIRST, now + times[i % len(times)], layout.SIGN, i, layout.FIRST, layout.FIRST
        )


def hold_rate(pending: int) -> float:
    """Return the holds a second of the bare agenda with so many events on it."""
    arrays = CompiledSimulation(sim.load("gusu-week", ["time.days=1"])).arrays
    pending = min(pending, int(arrays.heaps["room"][0]) - 1)
    handle = Handle(arrays)
    times = np.random.Generator(np.random.Philox(1)).exponential(1.0, 4096)

    @njit(**OPTIONS)
    def fill(a, times, many) -> None:  # type: ignore[no-untyped-def]
        for i in range(many):
            agenda.push(
                a, layout.FIRST, times[i % 4096], layout.SIGN, i, layout.FIRST, layout.FIRST
            )

    fill(handle, times, pending)
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


def city(districts: tuple[str, ...], days: int) -> None:
    """Run some districts; printed by a process of its own, whose memory is measured."""
    scenario = restrict(sim.load("suzhou-2018"), days=days, districts=districts)
    run = CompiledSimulation(scenario)
    run.run(60.0)
    begun = time.perf_counter()
    run.run()
    seconds = time.perf_counter() - begun
    matters = int(run.ledger.sum())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{len(run.city.district_name):>2} districts, {days} days: {matters:>10,} matters "
        f"{seconds:7.1f} s  {seconds / matters * 1e6:6.2f} µs a matter  "
        f"{run.events / seconds / 1e6:.2f} M events/s  {memory:.2f} GB"
    )


def main() -> None:
    """Print it all."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--days", type=int, default=14, help="of the city")
    words.add_argument("--simpy-days", type=int, default=7, help="of gusu-week")
    words.add_argument("--districts", nargs="*", help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.districts is not None:
        city(tuple(asked.districts), asked.days)
        return
    begun = time.perf_counter()
    warm_up()
    print(f"compiling, if it had to be: {time.perf_counter() - begun:.1f} s")
    fast, events, matters = timed("compiled", asked.simpy_days, 5)
    slow, _, _ = timed("simpy", asked.simpy_days, 1)
    print(f"gusu-week, {asked.simpy_days} days, {matters:,} matters, {events:,} events:")
    print(f"  simpy    {slow:8.2f} s  {events / slow / 1e3:9.0f} k events/s")
    print(f"  compiled {fast:8.3f} s  {events / fast / 1e3:9.0f} k events/s")
    print(f"  ratio    {slow / fast:8.0f}")
    for pending in (100, 2000):
        rate = hold_rate(pending)
        share = events / fast / rate
        print(
            f"bare agenda, {pending} pending: {rate / 1e6:.1f} M holds/s; engine {share:.0%} of it"
        )
    for districts in (["Gusu"], []):
        subprocess.run(
            [sys.executable, __file__, "--days", str(asked.days), "--districts", *districts],
            check=True,
        )


if __name__ == "__main__":
    main()
