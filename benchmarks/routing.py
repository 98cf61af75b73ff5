"""How good the routing core is beside OR-Tools and PyVRP, and how fast crews are assigned.

    python benchmarks/routing.py --time 10                     # generated classes
    python benchmarks/routing.py --folder SOLOMON --time 10    # files, with .sol beside them if any
    python benchmarks/routing.py --assignment

Every solver has the same time on one core, each solve in a process of its own, one after the
other. Tours are checked and priced by the independent checker. A gap is to the best known, from
a ``.sol`` file, or to the best that any of the solvers found; intervals are 95 %, over instances.
PyVRP is the extra ``bench``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from sim.measure.intervals import mean_interval
from sim.routing import SOLVERS, Instance, check
from sim.routing.assignment import assign
from sim.routing.files import read_instance, read_solution
from sim.routing.generate import CLASSES, generate


def instances(arguments: argparse.Namespace) -> Iterator[tuple[str, Instance, float]]:
    """Yield class, instance and best known cost (inf: none)."""
    if arguments.folder is None:
        for stops in arguments.stops:
            for kind in CLASSES:
                for seed in range(arguments.seeds):
                    yield f"{kind} {stops}", generate(kind, stops, seed), np.inf
        return
    for path in sorted(arguments.folder.iterdir()):
        if path.suffix in (".txt", ".vrp"):
            instance, known = read_instance(path), np.inf
            if (solution := path.with_suffix(".sol")).exists():
                verdict = check(instance, read_solution(solution, instance))
                if not verdict.feasible:
                    sys.exit(f"{solution}: {verdict.faults[0]}")
                known = verdict.cost
            yield path.stem.rstrip("0123456789_-") or path.stem, instance, known


def solve_one(name: str, instance: Instance, seconds: float, seed: int) -> tuple[float, int, float]:
    """Return cost (inf if not feasible), vehicles and seconds; pinned to one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if name == "ours":
        from sim.routing import solve

        solve(instance, iterations=1)  # load the compiled code, as a session would have
    found = SOLVERS[name](instance, seconds, seed)
    verdict = check(instance, found.tours)
    return (verdict.cost if verdict.feasible else np.inf), found.used, found.seconds


def compare(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Solve everything by every solver; one row a solve."""
    rows = []
    for kind, instance, known in instances(arguments):
        for name in arguments.solvers:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                job = pool.submit(solve_one, name, instance, arguments.time, arguments.seed)
                cost, used, seconds = job.result()
            row = {"class": kind, "instance": instance.name, "solver": name, "known": known}
            row |= {"cost": cost, "vehicles": used, "seconds": seconds}
            rows.append(row)
            print(f"{instance.name:<20} {name:<8} {cost:>12,.0f} {used:>4}", file=sys.stderr)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Return the mean gap by class and solver with its interval, as Markdown."""
    import pandas as pd

    frame = pd.DataFrame(rows)
    best = frame.groupby("instance")[["cost", "known"]].transform("min").min(axis=1)
    frame["gap"] = 100 * (frame["cost"] / best - 1)
    solvers = list(dict.fromkeys(frame["solver"]))
    lines = [
        "| class | instances | " + " | ".join(solvers) + " |",
        "| --- | --- |" + " --- |" * len(solvers),
    ]
    groups = [*frame.groupby("class", sort=False), ("all", frame)]
    for kind, group in groups:
        cells = []
        for solver in solvers:
            gaps = group.loc[group["solver"] == solver, "gap"]
            failed = int((~np.isfinite(gaps)).sum())
            cells.append(_interval(gaps[np.isfinite(gaps)].to_numpy()))
            if failed:
                cells[-1] += f", {failed} not feasible"
        lines.append(f"| {kind} | {group['instance'].nunique()} | {' | '.join(cells)} |")
    if {"ours", "pyvrp"} <= set(solvers):
        wide = frame.pivot_table(index="instance", columns="solver", values="cost")
        over = 100 * (wide["ours"] / wide["pyvrp"] - 1)
        lines.append(f"\nours over PyVRP: {_interval(over[np.isfinite(over)].to_numpy())}")
    return "\n".join(lines)


def _interval(values: Any) -> str:
    if len(values) < 2:
        return " ".join(f"{value:.2f} %" for value in values) or "none"
    mean = mean_interval(values)
    return f"{mean.estimate:.2f} % [{mean.low:.2f}, {mean.high:.2f}]"


def assignment(size: int = 2000, runs: int = 40) -> str:
    """Time the assignment of crews to tickets over a city, beside the optimum."""
    from scipy.optimize import linear_sum_assignment

    seconds, gaps = [], []
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        ticket, crew = rng.uniform(0, 20_000, (2, size, 2))
        cost = np.hypot(*(ticket[:, None] - crew[None]).transpose(2, 0, 1)) / 8.0
        begun = time.perf_counter()
        column = assign(cost, 3600.0)
        seconds.append(time.perf_counter() - begun)
        found = np.where(column < 0, 3600.0, cost[np.arange(size), column]).sum()
        rows, best = linear_sum_assignment(np.minimum(cost, 3600.0))
        gaps.append(100 * (found / np.minimum(cost, 3600.0)[rows, best].sum() - 1))
    return (
        f"{size} crews to {size} tickets, {runs} runs: median {np.median(seconds):.3f} s, "
        f"p95 {np.quantile(seconds, 0.95):.3f} s; over the optimum {_interval(gaps)}, "
        f"at most {max(gaps):.2f} %"
    )


def main() -> None:
    """Run what is asked for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--time", type=float, default=10.0, help="seconds for each solve")
    parser.add_argument("--stops", type=int, nargs="+", default=[100, 200])
    parser.add_argument("--seeds", type=int, default=3, help="instances of each class and size")
    parser.add_argument("--folder", type=Path, help="VRPLIB or Solomon files instead")
    parser.add_argument("--solvers", nargs="+", choices=SOLVERS, default=list(SOLVERS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="keep the single results as JSON")
    parser.add_argument("--assignment", action="store_true", help="only the assignment")
    arguments = parser.parse_args()
    if arguments.assignment:
        print(assignment())
        return
    if "pyvrp" in arguments.solvers and find_spec("pyvrp") is None:
        sys.exit("pyvrp is missing: install the extra `bench`, or leave it out by --solvers")
    rows = compare(arguments)
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
