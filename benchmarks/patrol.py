"""How long all patrol routes of a city take, what they save, and how near the best they are.

    python benchmarks/patrol.py                       # the whole city, 10,158 grids
    python benchmarks/patrol.py --district Gusu --hot 0.7

One row for each share of matters that arise on a tenth of the loop (`grid.hot_share`, assumed; 0:
they lie evenly). Delays are expected ones, weighted by severity and risk. No walk is below the
bound (`sim.optimize.walk_bound`); a grid is proven where its route is within 0.01 % of it.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from sim.optimize.patrol_routes import optimize_patrol
from sim.processors import processors
from sim.scenario import load, restrict


def main() -> None:
    """Optimize and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="suzhou-2018")
    parser.add_argument("--district", action="append", default=[], help="repeatable")
    parser.add_argument("--hot", type=float, nargs="+", default=[0.0, 0.3, 0.5, 0.7])
    arguments = parser.parse_args()
    small = restrict(load(arguments.scenario), districts=["Gusu"])
    optimize_patrol(small)  # load the compiled code
    print(f"{processors()} processors\n")
    print("| hot share | grids | clock s | processor s | loop h | route h | bound h | over bound |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for hot in arguments.hot:
        scenario = load(arguments.scenario, {"grid.hot_share": hot})
        scenario = restrict(scenario, districts=arguments.district)
        clock, processor = time.perf_counter(), time.process_time()
        found = optimize_patrol(scenario, progress=_show)
        spent = time.perf_counter() - clock, time.process_time() - processor
        here = found.searched
        loop, route, bound = (
            found.mean(of, here) / 3600 for of in (found.loop_s, found.route_s, found.bound_s)
        )
        over = np.quantile(found.route_s[here] / found.bound_s[here] - 1, [0.5, 0.95]) * 100
        print(
            f"| {hot:g} | {int(here.sum()):,} | {spent[0]:.0f} | {spent[1]:.0f} | {loop:.3f} | "
            f"{route:.3f} ({route / loop - 1:+.1%}) | {bound:.3f} | {route / bound - 1:.2%}, half "
            f"of the grids {over[0]:.2f} %, p95 {over[1]:.2f} %, {found.proven.sum():,} proven |",
            flush=True,
        )


def _show(share: float) -> None:
    if sys.stderr.isatty():
        print(f"\r{share:4.0%}", end="\r", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
