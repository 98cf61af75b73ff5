"""Solve a vehicle routing problem from a file: how the routing core is measured."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.base import keep, progress, say_json
from sim.cli.options import FILE, SEED, Json, option, takes
from sim.errors import InputError, one_of
from sim.writing import check_file, new_file

if TYPE_CHECKING:
    from sim.routing import Instance, Solution


@dataclass(frozen=True)
class RouteOptions(Json):
    """How a problem is solved."""

    seconds: float | None = option(
        "--time", type=float, help="Seconds to read, lay out and search.  [default: 10]"
    )
    iterations: int | None = option(type=int, help="Stop after so many; reproducible (ours only).")
    seed: int = option(type=SEED, default=0, show_default=True)
    solver: str = option(default="ours", show_default=True, help="ours or ortools.")
    rounding: str = option(
        "--round",
        default="auto",
        show_default=True,
        help="Of distances: none, round, trunc, dimacs; auto is dimacs with time windows, else "
        "round.",
    )
    fewest: bool = option(is_flag=True, help="Fewer vehicles first, then less way (ours only).")
    solution: Path | None = option(type=FILE, help="One to compare with.")
    out: Path | None = option(type=FILE, help="Write the tours, as VRPLIB does.")
    plot: Path | None = option(type=FILE, help="Draw the tours there (PNG, SVG).")


@click.command()
@click.argument("file", type=FILE)
@takes(RouteOptions)
def route(file: Path, options: RouteOptions) -> None:
    """Solve a VRPLIB or Solomon file: tours with capacities and time windows.

    Prints the cost, the gap to a given solution, the time, and whether an independent check
    finds the tours feasible. Exit code 1 if it does not.
    """
    from sim.routing import check
    from sim.routing.formats import read_instance, read_solution, write_solution

    _check(options)
    solution, out, plot = options.solution, options.out, options.plot
    seconds, iterations = options.seconds, options.iterations
    begun = time.perf_counter()  # reading and laying out are of the budget
    instance = read_instance(file, options.rounding)
    known = None if solution is None else check(instance, read_solution(solution, instance))
    if known is not None and not known.feasible:
        raise InputError(str(solution), "Route", known.faults[0], "feasible tours for this file")
    if plot is not None and instance.xy is None:
        raise InputError(file, "NODE_COORD_SECTION", None, "coordinates, to draw tours")
    spent = time.perf_counter() - begun
    if seconds is None and iterations is None:
        seconds = 10.0
    if seconds is not None:
        seconds = max(seconds - spent, 0.0)
    found = _search(instance, options, seconds)
    tours = found.tours
    if instance.alike:  # those that leave come first, as solution files have them
        tours = tuple(sorted(tours, key=lambda tour: not tour))
    verdict = check(instance, tours)
    facts: dict[str, Any] = {
        "file": str(file),
        "stops": len(instance),
        "vehicles": instance.vehicles,
        "solver": options.solver,
        "seed": options.seed,
        "cost": verdict.cost / instance.scale,
        "vehicles_used": found.used,
        "seconds": round(spent + found.seconds, 3),
        "iterations": found.iterations,
        "feasible": verdict.feasible,
        "faults": list(verdict.faults),
        "solution_cost": None if known is None else known.cost / instance.scale,
        "gap": verdict.cost / known.cost - 1.0
        if known is not None and known.cost > 0 and verdict.feasible
        else None,
    }
    if out is not None:
        keep(out, lambda path: write_solution(path, instance, tours, facts["cost"]))
    if plot is not None:
        title = f"{file.stem}: {facts['cost']:,.10g}"
        keep(plot, lambda path: _draw(instance, tours, title, path))
    if options.as_json:
        routes = {
            "routes": [[instance.number(stop) for stop in tour] for tour in tours if tour],
            "route_vehicles": [instance.vehicle_number(r) for r, tour in enumerate(tours) if tour],
        }
        say_json(facts | routes)
    else:
        _tell(facts)
    if not verdict.feasible:
        raise SystemExit(1)


def _check(options: RouteOptions) -> None:
    """Check what fits together."""
    from sim.routing import SOLVERS

    solver, plot = options.solver, options.plot
    if solver not in SOLVERS:
        raise InputError("command line", "solver", solver, one_of(solver, SOLVERS))
    if solver != "ours" and (options.fewest or options.iterations is not None):
        name = "fewest" if options.fewest else "iterations"
        raise InputError("command line", name, solver, "only for the solver `ours`")
    for name, value in (("time", options.seconds), ("iterations", options.iterations)):
        if value is not None and not 0 < value < inf:
            raise InputError("command line", name, value, "a finite number above 0")
    for name, target in (("out", options.out), ("plot", plot)):
        if target is not None:
            check_file(target, field=name)
    if plot is not None and plot.suffix not in (".png", ".svg", ".pdf"):
        raise InputError(
            "command line", "plot", str(plot), "a name that ends in .png, .svg or .pdf"
        )


def _draw(instance: Instance, tours: Sequence[Sequence[int]], title: str, plot: Path) -> None:
    from sim.measure.plots.tours import plot_tours

    with new_file(plot) as part:
        plot_tours(instance, tours, title).savefig(part)


def _search(instance: Instance, options: RouteOptions, seconds: float | None) -> Solution:
    """Solve with what is left of the budget, s; only ours counts iterations."""
    from sim.routing import SOLVERS, solve

    with progress("route") as report:
        if options.solver != "ours":
            return SOLVERS[options.solver](instance, seconds or 0.0, options.seed)
        return solve(
            instance,
            seconds=seconds,
            iterations=options.iterations,
            seed=options.seed,
            fewest=options.fewest,
            progress=report,
        )


def _tell(facts: dict[str, Any]) -> None:
    lines = {
        "cost 成本": f"{facts['cost']:,.10g}",
        "vehicles 车辆": f"{facts['vehicles_used']} of {facts['vehicles']}",
        "time 用时": f"{facts['seconds']:.1f} s",
        "solver 求解器": f"{facts['solver']}, seed {facts['seed']}",
        "checked 校验": "feasible 可行",
    }
    if facts["iterations"]:
        lines["time 用时"] += f", {facts['iterations']:,} iterations"
    if facts["gap"] is not None:
        lines["gap 差距"] = f"{facts['gap']:+.2%} to {facts['solution_cost']:,.10g}"
    if not facts["feasible"]:
        lines["checked 校验"] = f"not feasible 不可行: {facts['faults'][0]}"
    for name, text in lines.items():
        english, chinese = name.split()
        click.echo(f"{english:<9}{chinese}{' ' * (8 - 2 * len(chinese))}{text}")
