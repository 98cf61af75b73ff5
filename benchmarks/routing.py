"""How good the routing core is beside OR-Tools and PyVRP.

    python benchmarks/routing.py --seconds 10                    # the generated 56 of 100 stops
    python benchmarks/routing.py --stops 200 --seeds 2           # two of each class
    python benchmarks/routing.py --classes parcel --stops 200 300 400 --seeds 4
    python benchmarks/routing.py --folder SOLOMON --instances 14 # files, with .sol beside if any

Solomon's 56 files and Homberger's 60 of 200 stops are in the package VRPSolverEasy 0.1.4 (MIT):

    pip install --no-deps --target SOLOMON VRPSolverEasy==0.1.4

The class ``parcel`` is like the ORTEC instances of the EURO/NeurIPS 2022 contest: one-way ways in
whole seconds, given in full, and windows of hours; ``--write FOLDER`` writes what is generated as
files for `sim route`.

Every solver has the same time on one core, each solve in a process of its own, one after the
other. Tours are checked and priced by the independent checker. A gap is to the best known, from
a ``.sol`` file, or to the best that any of the solvers found; intervals are 95 %, over instances,
and paired where ours is held against another. PyVRP is the extra ``bench``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import by_pyvrp
import numpy as np

from sim.measure.intervals import mean_interval
from sim.routing import SOLVERS, Instance, check
from sim.routing.formats import read_instance, read_solution, write_instance
from sim.routing.generate import CLASSES, SOLOMON, generate

RIVALS = (*SOLVERS, "pyvrp")


def instances(arguments: argparse.Namespace) -> Iterator[tuple[str, Instance, float]]:
    """Yield class, instance and best known cost (inf: none)."""
    if arguments.folder is None:
        names = [
            (kind, stops, seed)
            for stops in arguments.stops
            for kind in arguments.classes
            for seed in range(arguments.seeds or SOLOMON.get(kind, 0))
        ]
        for kind, stops, seed in spread(names, arguments.instances):
            instance = generate(kind, stops, seed)
            if arguments.write is not None:
                write_instance(instance, arguments.write / f"{instance.name}.vrp")
            yield f"{kind} {stops}", instance, np.inf
        return
    paths = sorted(path for path in arguments.folder.rglob(arguments.match))
    paths = [path for path in paths if path.suffix in (".txt", ".vrp")]
    for path in spread(paths, arguments.instances):
        instance, known = read_instance(path), np.inf
        if (solution := path.with_suffix(".sol")).exists():
            verdict = check(instance, read_solution(solution, instance))
            if not verdict.feasible:
                sys.exit(f"{solution}: {verdict.faults[0]}")
            known = verdict.cost
        yield f"{class_of(path.stem)} {len(instance)}", instance, known


def class_of(name: str) -> str:
    """Return the class in a name as Solomon's (RC208) and Homberger's (RC2_10_8) are."""
    letters = name.rstrip("0123456789_-")
    return name[: len(letters) + 1] if letters in ("R", "C", "RC") else letters or name


def spread(items: list[Any], wanted: int | None) -> list[Any]:
    """Return so many of a list, evenly spread over it."""
    if wanted is None or wanted >= len(items):
        return items
    return [items[int((k + 0.5) * len(items) / wanted)] for k in range(wanted)]


def solve_one(name: str, instance: Instance, seconds: float, seed: int) -> tuple[float, int, float]:
    """Return cost (inf if not feasible), vehicles and seconds; pinned to one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if name == "ours":
        from sim.routing import solve

        solve(instance, iterations=1)  # load the compiled code, as a session would have
    found = (
        by_pyvrp.solve(instance, seconds, seed)
        if name == "pyvrp"
        else SOLVERS[name](instance, seconds, seed)
    )
    verdict = check(instance, found.tours)
    return (verdict.cost if verdict.feasible else np.inf), found.used, found.seconds


def compare(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Solve everything by every solver; one row a solve."""
    rows = []
    for kind, instance, known in instances(arguments):
        for name in arguments.solvers:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                job = pool.submit(solve_one, name, instance, arguments.seconds, arguments.seed)
                cost, used, seconds = job.result()
            row = {"class": kind, "instance": instance.name, "solver": name, "known": known}
            row |= {"cost": cost, "vehicles": used, "seconds": seconds}
            rows.append(row)
            print(f"{instance.name:<20} {name:<8} {cost:>12,.0f} {used:>4}", file=sys.stderr)
            if arguments.out is not None:  # what is done stays if it is stopped
                arguments.out.write_text(json.dumps(rows, indent=1), encoding="utf-8")
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
    if "ours" in solvers:
        wide = frame.pivot_table(index="instance", columns="solver", values="cost")
        for rival in solvers:
            if rival != "ours":
                over = 100 * (wide["ours"] / wide[rival] - 1)
                over = over[np.isfinite(over)].to_numpy()
                lines.append(f"\nours over {rival}, {len(over)} pairs: {_interval(over)}")
    return "\n".join(lines)


def _interval(values: Any) -> str:
    if len(values) < 2:
        return " ".join(f"{value:.2f} %" for value in values) or "none"
    mean = mean_interval(values)
    return f"{mean.estimate:.2f} % [{mean.low:.2f}, {mean.high:.2f}]"


def main() -> None:
    """Run what is asked for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="for each solve")
    parser.add_argument("--instances", type=int, help="so many, evenly spread; all by default")
    parser.add_argument("--stops", type=int, nargs="+", default=[100])
    parser.add_argument(
        "--seeds", type=int, help="instances of each class and size; Solomon's numbers by default"
    )
    parser.add_argument("--classes", nargs="+", choices=CLASSES, default=CLASSES)
    parser.add_argument("--write", type=Path, help="a folder for the generated instances")
    parser.add_argument("--folder", type=Path, help="VRPLIB or Solomon files instead")
    parser.add_argument("--match", default="*", help="only files whose names are like this")
    parser.add_argument("--solvers", nargs="+", choices=RIVALS, default=list(RIVALS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="keep the single results as JSON")
    arguments = parser.parse_args()
    if "pyvrp" in arguments.solvers and find_spec("pyvrp") is None:
        sys.exit("pyvrp is missing: install the extra `bench`, or leave it out by --solvers")
    print(table(compare(arguments)))


if __name__ == "__main__":
    main()
