"""The road net of a scenario: what it is, and how it compares with straight lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.base import as_json, overrides, progress
from sim.filename import file_name

if TYPE_CHECKING:
    from sim.city import City
    from sim.city.roads import RoadNet


@click.command()
@click.argument("scenario")
@overrides
@click.option("--district", "districts", multiple=True, metavar="NAME", help="Repeatable.")
@click.option("--out", type=click.Path(path_type=Path), help="Draw maps into this folder.")
@as_json
def roads(
    scenario: str,
    overrides: Sequence[str],
    districts: Sequence[str],
    out: Path | None,
    as_json: bool,
) -> None:
    """Show the roads of a scenario, the ones it runs on with travel.model=roads."""
    from sim.city import City, Travel
    from sim.city.travel import detour_on_roads, road_nets
    from sim.scenario import load, restrict

    loaded = restrict(load(scenario, ["travel.model=roads", *overrides]), districts=list(districts))
    with progress("roads") as report:
        city = City.build(loaded)
        nets = road_nets(loaded, city)
        report(0.3)
        ways = Travel.of(loaded, city)
        report(1.0)
    rows = []
    for district, net in enumerate(nets):
        rows.append(
            {
                "district": city.district_name[district],
                "district_zh": city.district_name_zh[district],
                "origin": net.origin,
                "nodes": len(net.xy),
                "km": _kilometres(net),
                "time_over_straight": round(detour_on_roads(ways, district), 3),
            }
        )
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        for net, row in zip(nets, rows, strict=True):
            length = ", ".join(f"{kind} {km:,.0f}" for kind, km in _kilometres(net).items())
            click.echo(
                f"{row['district']} {row['district_zh']}: {row['origin']}, {row['nodes']:,} nodes; "
                f"km, each direction for itself: {length}; "
                f"{row['time_over_straight']} of the time of straight lines × detour"
            )
    if out is not None:
        _draw(city, nets, out)


def _kilometres(net: RoadNet) -> dict[str, float]:
    """Return the length of each class, km."""
    return {
        kind: round(float(net.length[net.kind == kind].sum()) / 1000, 1)
        for kind in sorted(set(net.kind.tolist()))
    }


def _draw(city: City, nets: Sequence[RoadNet], out: Path) -> None:
    from sim.measure.plots.roads import plot_roads

    out.mkdir(parents=True, exist_ok=True)
    with progress("draw") as report:
        for district, net in enumerate(nets):
            name = file_name(city.district_name[district])
            plot_roads(city, district, net).savefig(out / f"roads-{name}.png", dpi=150)
            report((district + 1) / len(nets))
    click.echo(f"written: {out}", err=True)
