"""Patrol routes for every grid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from sim.cli.base import as_json, keep, overrides, progress, say_json
from sim.writing import check_file, new_file

if TYPE_CHECKING:
    from sim.optimize.patrol_routes import PatrolPlan


@click.command()
@click.argument("scenario")
@overrides
@click.option("--district", "districts", multiple=True, metavar="NAME", help="Repeatable.")
@click.option("--revisit", type=float, help="Pass every place within so many hours of walking.")
@click.option("--time-limit", type=float, help="Seconds; grids not reached keep their loop.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the table of routes (CSV).")
@click.option("--map", "picture", type=click.Path(path_type=Path), help="Draw a route (PNG).")
@as_json
def patrol(
    scenario: str,
    overrides: Sequence[str],
    districts: Sequence[str],
    revisit: float | None,
    time_limit: float | None,
    out: Path | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Find patrol routes that discover sooner what matters more.

    `sim run SCENARIO --routes FILE` walks them. Routes differ from today's loop only where a grid
    has streets on which more happens: see grid.hot_share.
    """
    from sim.model.routes import write_routes
    from sim.optimize.patrol_routes import optimize_patrol
    from sim.scenario import load, restrict

    for option, file in (("out", out), ("map", picture)):
        if file is not None:
            check_file(file, field=option)
    loaded = restrict(load(scenario, overrides), districts=list(districts))
    with progress("routes") as report:
        found = optimize_patrol(loaded, revisit_h=revisit, time_limit=time_limit, progress=report)
    if out is not None:
        keep(out, lambda path: write_routes(found.routes, path))
    if picture is not None:
        keep(picture, lambda path: _draw(found, path))
    rows = _rows(found)
    if as_json:
        facts = {"scenario": loaded.name, "hash": loaded.content_hash[:12], "districts": rows}
        say_json(facts)
    else:
        click.echo("expected time until discovery, or until it is gone, weighted by severity:")
        for row in rows:
            click.echo(
                f"{row['district']} {row['district_zh']}: {row['routes']:,} of "
                f"{row['grids']:,} grids leave the loop 巡查路线; "
                f"{row['loop_h']:.2f} h → {row['route_h']:.2f} h ({row['change']:+.1%}); "
                f"no walk 下界 is below {row['bound_h']:.2f} h, {row['proven']:,} proven best"
            )
    left = int((~found.searched).sum())
    if left:
        click.echo(
            f"note: {left:,} grids keep their loop: nobody walks there, or time was up", err=True
        )


def _rows(found: PatrolPlan) -> list[dict[str, Any]]:
    """Sum up by district, and for all of them."""
    city = found.city
    rows = []
    for district in (*range(len(city.district_name)), -1):
        here = np.full(len(city.grid_xy), True)
        names = ("all", "合计")
        if district >= 0:
            here = city.grid_district == district
            names = (city.district_name[district], city.district_name_zh[district])
        elif len(city.district_name) == 1:
            continue
        codes = city.district_code if district < 0 else (city.district_code[district],)
        loop, route, bound = (
            found.mean(of, here) for of in (found.loop_s, found.route_s, found.bound_s)
        )
        rows.append(
            {
                "district": names[0],
                "district_zh": names[1],
                "grids": int(here.sum()),
                "routes": sum(code in codes for code, _ in found.routes),
                "loop_h": loop / 3600,
                "route_h": route / 3600,
                "bound_h": bound / 3600,
                "change": route / loop - 1 if loop > 0 else 0.0,
                "gap": route / bound - 1 if bound > 0 else 0.0,
                "proven": int(found.proven[here].sum()),
            }
        )
    return rows


def _draw(found: PatrolPlan, picture: Path) -> None:
    """Draw the route that gains most; the first grid's loop where none does."""
    from sim.measure.plots.routes import plot_route
    from sim.model.routes import LOOP

    gain = np.nan_to_num((found.loop_s - found.route_s) * found.risk)
    grid = int(np.argmax(gain))
    route = found.routes.get(found.key(grid), LOOP)
    with new_file(picture) as part:
        plot_route(found.city, grid, route, found.density[grid]).savefig(part, dpi=150)
