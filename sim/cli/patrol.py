"""Patrol routes for every grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.base import keep, progress, say_json
from sim.cli.options import FILE, Districts, Json, option, takes
from sim.writing import check_file, new_file

if TYPE_CHECKING:
    from sim.optimize.patrol_routes import PatrolPlan


@dataclass(frozen=True)
class PatrolOptions(Json, Districts):
    """How routes are searched for."""

    revisit: float | None = option(
        type=float, help="Pass every place within so many hours of walking."
    )
    time_limit: float | None = option(
        type=float, help="Seconds; grids not reached keep their loop."
    )
    out: Path | None = option(type=FILE, help="Write the table of routes (CSV).")
    picture: Path | None = option("--map", type=FILE, help="Draw a route (PNG).")


@click.command()
@click.argument("scenario")
@takes(PatrolOptions)
def patrol(scenario: str, options: PatrolOptions) -> None:
    """Find patrol routes that discover sooner what matters more.

    `sim run SCENARIO --routes FILE` walks them. Routes differ from today's loop only where a grid
    has streets on which more happens: see grid.hot_share.
    """
    import sim

    for field, file in (("out", options.out), ("map", options.picture)):
        if file is not None:
            check_file(file, field=field)
    loaded = options.load(scenario)
    with progress("routes") as report:
        found = sim.optimize_patrol(
            loaded, revisit_h=options.revisit, time_limit=options.time_limit, progress=report
        )
    if options.out is not None:
        keep(options.out, found.save)
    if options.picture is not None:
        keep(options.picture, lambda path: _draw(found, path))
    rows = found.by_district()
    if options.as_json:
        facts = {"scenario": loaded.name, "content_hash": loaded.content_hash, "districts": rows}
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


def _draw(found: PatrolPlan, picture: Path) -> None:
    with new_file(picture) as part:
        found.plot_route().savefig(part, dpi=150)
