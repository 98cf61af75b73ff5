"""The grids of a town, drawn anew."""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.base import keep, progress, say_json
from sim.cli.options import FILE, Changes, Json, Seed, option, takes
from sim.writing import check_file, new_file

if TYPE_CHECKING:
    from sim.optimize.redraw import Redrawn

_ZH = {"population": "人口", "risk": "风险", "walking": "巡查路程"}


@dataclass(frozen=True)
class GridOptions(Json, Seed, Changes):
    """Which town is redrawn."""

    town: str = option(required=True, metavar="NAME", help="Such as 'Gusu 05'.")
    time_limit: float = option(type=float, default=20.0, show_default=True, help="Of CP-SAT, s.")
    out: Path | None = option(type=FILE, help="Write the table of grids (CSV).")
    picture: Path | None = option("--map", type=FILE, help="Draw a map (PNG).")


@click.command()
@click.argument("scenario")
@takes(GridOptions)
def grids(scenario: str, options: GridOptions) -> None:
    """Redraw a town's grids: connected, balanced in population, risk and walking.

    Simulate the result with `sim run SCENARIO --set area.grids=FILE`.
    """
    from sim.optimize.redraw import redraw_town, write_grids
    from sim.scenario import restrict

    town, out, picture = options.town, options.out, options.picture
    for field, file in (("out", out), ("map", picture)):
        if file is not None:
            check_file(file, field=field)
    loaded = options.load(scenario)
    seed = loaded.seed if options.seed is None else options.seed
    district = town.rpartition(" ")[0]
    names = {row.name_en for row in loaded.district_table} | {
        row.name_zh for row in loaded.district_table
    }
    if district in names:
        loaded = restrict(loaded, districts=[district])
    with progress("grids") as report:
        found = redraw_town(loaded, town, seed=seed, time_limit=options.time_limit, progress=report)
    if out is not None:
        keep(out, lambda path: write_grids(found, path))
    if picture is not None:
        keep(picture, lambda path: _draw(found, path))
    facts = _facts(found, seed)
    if options.as_json:
        say_json(facts)
    else:
        _tell(facts)


def _draw(found: Redrawn, picture: Path) -> None:
    from sim.measure.plots.redraw import plot_grids

    before, after = found.atoms.grid, found.grid
    people = found.atoms.load[:, 0]
    name = (found.city.town_name[found.town], found.city.town_name_zh[found.town])
    with new_file(picture) as part:
        plot_grids(found.atoms.cells, people, before, after, name).savefig(part, dpi=150)


def _facts(found: Redrawn, seed: int) -> dict[str, Any]:
    from sim.optimize.atoms import MEASURES

    loads = {"before": found.atoms.loads(found.atoms.grid), "after": found.atoms.loads(found.grid)}
    return {
        "town": found.city.town_name[found.town],
        "town_zh": found.city.town_name_zh[found.town],
        "grids": len(found.atoms.grids),
        "pieces": len(found.atoms.xy),
        "moved": int((found.grid != found.atoms.grid).sum()),
        "method": found.method,
        "seed": seed,
        "objective": {"before": found.before, "after": found.after},
        "bound": None if isinf(found.bound) else found.bound,
        "units": {"measures": "a mean grid is 1", "objective": "sum over grids of |load - 1|"},
        "measures": {
            name: {
                when: {
                    "least": float(load[:, m].min()),
                    "most": float(load[:, m].max()),
                    "cv": float(load[:, m].std()),
                }
                for when, load in loads.items()
            }
            for m, name in enumerate(MEASURES)
        },
    }


def _tell(facts: dict[str, Any]) -> None:
    """Say what became better, a mean grid being 1."""
    click.echo(
        f"{facts['town']} {facts['town_zh']}: {facts['grids']} grids 网格 of {facts['pieces']} "
        f"pieces, {facts['moved']} of which change hands; {facts['method']}, seed {facts['seed']}"
    )
    for name, when in facts["measures"].items():
        a, b = when["before"], when["after"]
        click.echo(
            f"  {name} {_ZH[name]}: {a['least']:.2f} to {a['most']:.2f} of the mean "
            f"(cv {a['cv']:.2f}) → {b['least']:.2f} to {b['most']:.2f} (cv {b['cv']:.2f})"
        )
    value = facts["objective"]
    bound = "" if facts["bound"] is None else f", at least {facts['bound']:.3f} about these centres"
    click.echo(f"  objective: {value['before']:.3f} → {value['after']:.3f}{bound}")
