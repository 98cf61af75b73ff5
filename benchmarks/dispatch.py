"""How near the best the tours of `rolling-vrp` are, decision by decision, and how long they take.

    python benchmarks/dispatch.py                     # a day of Gusu with half its crews
    python benchmarks/dispatch.py --set staff_scale.crews=0.7 --decisions 60

The routing problems of a run are kept as the policy meets them, and a sample of those that CP-SAT
can prove is solved again by it (`sim.routing.by_cpsat`), and by ours with a hundred times the
iterations.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

import sim
from sim.policy import RollingVrp, rolling_vrp
from sim.routing import Instance, Solution, solve
from sim.routing.by_cpsat import solve_exactly
from sim.scenario import load
from sim.scenario.layers import parse_overrides

LARGEST = 120
"""Stops times crews that CP-SAT is asked for."""


def main() -> None:
    """Run, solve the sample again and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="gusu-week")
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--set", dest="changes", action="append", help="repeatable")
    parser.add_argument(
        "--latency", type=float, help="that a decision may have, s; none by default"
    )
    parser.add_argument("--decisions", type=int, default=40, help="how many are solved again")
    parser.add_argument("--seconds", type=float, default=20.0, help="of CP-SAT for each")
    arguments = parser.parse_args()
    met: list[tuple[Instance, float]] = []

    def kept(instance: Instance, **options: Any) -> Solution:
        found = solve(instance, **options)
        met.append((instance, found.cost))
        return found

    rolling_vrp.solve = kept
    changes = arguments.changes or ["staff_scale.crews=0.5"]
    scenario = load(arguments.scenario, parse_overrides(changes))
    outcome = sim.simulate(
        scenario, days=arguments.days, policy=RollingVrp(seconds=arguments.latency)
    )
    print(f"{scenario.name}, {', '.join(changes)}, {arguments.days} d, seed {outcome.seed}")
    print(", ".join(f"{name} {v:,.4g} {unit}" for name, (v, unit) in outcome.figures.items()))
    stops = [len(instance) for instance, _ in met]
    print(f"{np.mean(stops):.1f} stops on average, {max(stops)} at most")
    small = [one for one in met if len(one[0]) > 1 and len(one[0]) * one[0].vehicles <= LARGEST]
    pick = np.random.default_rng(0).permutation(len(small))[: arguments.decisions]
    over, longer, took = [], [], []
    for number in pick.tolist():
        instance, cost = small[number]
        begun = time.perf_counter()
        proof = solve_exactly(instance, seconds=arguments.seconds)
        took.append(time.perf_counter() - begun)
        longer.append(cost / solve(instance, iterations=20_000).cost - 1)
        if proof.optimal and proof.solution is not None:
            over.append(cost / proof.solution.cost - 1)
    best = np.array(over) < 1e-6
    p50, p95 = np.quantile(took, (0.5, 0.95))
    print(
        f"of {len(pick)} decisions of up to {LARGEST} stops times crews CP-SAT proves {len(over)}: "
        f"ours is the optimum in {best.sum()}, over it by {np.mean(over):.4%} on average, "
        f"{max(over, default=0.0):.3%} at most; CP-SAT takes {p50:.2f} s, p95 {p95:.2f} s"
    )
    print(f"over ours with a hundred times the iterations: {np.mean(longer):.4%} on average")


if __name__ == "__main__":
    main()
