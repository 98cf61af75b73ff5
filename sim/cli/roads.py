"""The road net of a scenario: what it is, and how it compares with straight lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.base import keep, progress, say_json
from sim.cli.options import FILE, Districts, Json, option, takes
from sim.filename import file_name
from sim.writing import check_beside, check_folder, new_file, writable

if TYPE_CHECKING:
    from sim.city import City
    from sim.city.roads import RoadNet


@dataclass(frozen=True)
class RoadOptions(Json, Districts):
    """Whose roads are shown."""

    out: Path | None = option(type=FILE, help="Draw maps into this folder.")


@click.command()
@click.argument("scenario")
@takes(RoadOptions)
def roads(scenario: str, options: RoadOptions) -> None:
    """Show the roads of a scenario, the ones it runs on with travel.model=roads."""
    from sim.city import City, Travel
    from sim.city.travel import detour_on_roads, road_nets

    out = options.out
    if out is not None:
        check_folder(out)
        if out.is_dir():
            check_beside(out / "map")
    loaded = options.load(scenario, under={"travel.model": "roads"})
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
                "district_code": city.district_code[district],
                "district_zh": city.district_name_zh[district],
                "origin": net.origin,
                "nodes": len(net.xy),
                "km": _kilometres(net),
                "time_over_straight": round(detour_on_roads(ways, district), 3),
            }
        )
    if out is not None:
        keep(out, lambda folder: _draw(city, nets, folder))
    if options.as_json:
        say_json(rows)
    else:
        for net, row in zip(nets, rows, strict=True):
            length = ", ".join(f"{kind} {km:,.0f}" for kind, km in _kilometres(net).items())
            click.echo(
                f"{row['district']} {row['district_zh']}: {row['origin']}, {row['nodes']:,} nodes; "
                f"km, each direction for itself: {length}; "
                f"{row['time_over_straight']} of the time of straight lines × detour"
            )


def _kilometres(net: RoadNet) -> dict[str, float]:
    """Return the length of each class, km."""
    return {
        kind: round(float(net.length[net.kind == kind].sum()) / 1000, 1)
        for kind in sorted(set(net.kind.tolist()))
    }


def _draw(city: City, nets: Sequence[RoadNet], out: Path) -> None:
    from sim.measure.plots.roads import plot_roads

    with writable(out):
        out.mkdir(parents=True, exist_ok=True)
    with progress("draw") as report:
        for district, net in enumerate(nets):
            name = file_name(city.district_name[district])
            with new_file(out / f"roads-{name}.png") as part:
                plot_roads(city, district, net).savefig(part, dpi=150)
            report((district + 1) / len(nets))
