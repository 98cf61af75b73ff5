"""How fast crews are assigned to tickets, how near the optimum, and what is proven of it.

    python benchmarks/assignment.py

Half of the instances are even over a city of 20 km, half in twenty clusters that have more
tickets than crews or fewer, where the nearest crews do not suffice. Time on the clock and of the
processor; the gap is to the optimum, by SciPy's exact solver on all pairs.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from numpy.typing import NDArray

from sim.routing.assignment import assign

LEAVE_S = 3600.0


def ways(size: int, clusters: int, seed: int) -> NDArray[np.float64]:
    """Return the ways from crews (columns) to tickets (rows) at 8 m/s, s."""
    rng = np.random.default_rng(seed)
    if clusters == 0:
        ticket, crew = rng.uniform(0, 20_000, (2, size, 2))
    else:
        middle = rng.uniform(0, 20_000, (clusters, 2))
        share = rng.dirichlet(np.full(clusters, 2.0))
        ticket = middle[rng.choice(clusters, size, p=share)] + rng.normal(0, 1000, (size, 2))
        crew = middle[rng.choice(clusters, size)] + rng.normal(0, 1000, (size, 2))
    return np.asarray(np.hypot(*(ticket[:, None] - crew[None]).transpose(2, 0, 1)) / 8.0)


def main() -> None:
    """Assign and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2000, help="crews, and as many tickets")
    parser.add_argument("--instances", type=int, default=50)
    arguments = parser.parse_args()
    assign(ways(500, 0, 0), LEAVE_S)  # load the compiled code
    print("| places | instances | clock p50, p95 s | processor p50, p95 s | gap worst | proven |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, clusters in (("even", 0), ("clusters", 20)):
        rows = []
        for seed in range(arguments.instances // 2):
            cost = ways(arguments.size, clusters, seed)
            clock, processor = time.perf_counter(), time.process_time()
            found = assign(cost, LEAVE_S)
            spent = time.perf_counter() - clock, time.process_time() - processor
            best = assign(cost, LEAVE_S, gap=0.0).cost
            rows.append((*spent, 100 * (found.cost / best - 1), 100 * (best / found.bound - 1)))
        table = np.array(rows)
        p50, p95 = np.quantile(table[:, :2], [0.5, 0.95], axis=0)
        print(
            f"| {name} | {len(rows)} | {p50[0]:.3f}, {p95[0]:.3f} | {p50[1]:.3f}, {p95[1]:.3f} "
            f"| {table[:, 2].max():.2f} % | {(table[:, 2] + table[:, 3]).max():.2f} % |",
            flush=True,
        )


if __name__ == "__main__":
    main()
