"""The grids of a town, drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.base import as_json, keep, overrides, progress, say_json, seed
from sim.writing import check_file, new_file

if TYPE_CHECKING:
    from sim.optimize.redraw import Redrawn

_ZH = {"population": "人口", "risk": "风险", "walking": "巡查路程"}


@click.command()
@click.argument("scenario")
@overrides
@click.option("--town", required=True, metavar="NAME", help="Such as 'Gusu 01'.")
@click.option("--time-limit", type=float, default=20.0, show_default=True, help="Of CP-SAT, s.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the table of grids (CSV).")
@click.option("--map", "picture", type=click.Path(path_type=Path), help="Draw a map (PNG).")
@seed
@as_json
def grids(
    scenario: str,
    overrides: Sequence[str],
    town: str,
    time_limit: float,
    out: Path | None,
    picture: Path | None,
    seed: int | None,
    as_json: bool,
) -> None:
    """Redraw a town's grids: connected, balanced in population, risk and walking.

    Simulate the result with `sim run SCENARIO --set area.grids=FILE`.
    """
    from sim.optimize.redraw import redraw_town, write_grids
    from sim.scenario import load, restrict

    for option, file in (("out", out), ("map", picture)):
        if file is not None:
            check_file(file, field=option)
    loaded = load(scenario, overrides)
    seed = loaded.seed if seed is None else seed
    district = town.rpartition(" ")[0]
    names = {row.name_en for row in loaded.district_table} | {
        row.name_zh for row in loaded.district_table
    }
    if district in names:
        loaded = restrict(loaded, districts=[district])
    with progress("grids") as report:
        found = redraw_town(loaded, town, seed=seed, time_limit=time_limit, progress=report)
    if out is not None:
        keep(out, lambda path: write_grids(found, path))
    if picture is not None:
        keep(picture, lambda path: _draw(found, path))
    facts = _facts(found, seed)
    if as_json:
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
