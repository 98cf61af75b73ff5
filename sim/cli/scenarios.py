"""Commands about scenarios: what is assumed, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence

import click

from sim.cli.base import as_json, overrides, say_json


@click.command("list")
def list_scenarios() -> None:
    """List the scenarios that come with the package."""
    from sim.scenario import load, shipped_names

    for name in shipped_names():
        scenario = load(name)
        click.echo(f"{name:<16} {scenario.title_en} · {scenario.title_zh}")


@click.command()
@click.argument("scenario")
@overrides
def validate(scenario: str, overrides: Sequence[str]) -> None:
    """Check a scenario, its tables, borders, roads, patrol routes and sources."""
    from sim.city import City
    from sim.city.travel import road_nets
    from sim.model.routes import Walks
    from sim.scenario import load
    from sim.scenario.localtime import LocalTime

    loaded = load(scenario, overrides)
    city = City.build(loaded)
    if "travel.roads.file" in loaded.attached:
        road_nets(loaded, city)
    Walks.of(loaded, city)
    for note in LocalTime.of(loaded.time).notes(loaded.time.days):
        click.echo(f"note: {note}", err=True)
    click.echo(
        f"{loaded.name}: valid; {len(city.district_name)} districts, {len(city.town_name)} towns, "
        f"{len(city.grid_xy):,} grids, {len(loaded.categories)} categories, "
        f"{len(loaded.departments)} departments, {loaded.time.days} days; "
        f"{len(loaded.figures)} figures with a source; hash {loaded.content_hash[:12]}"
    )


@click.command()
@click.argument("scenario")
@overrides
@click.option("--resolved", is_flag=True, help="Print the whole, overlays merged, as TOML.")
@as_json
def show(scenario: str, overrides: Sequence[str], resolved: bool, as_json: bool) -> None:
    """Show a scenario: a summary, or all of it."""
    from sim.scenario import load, to_toml
    from sim.scenario.resolve import resolved as resolve

    loaded = load(scenario, overrides)
    if as_json:
        say_json(resolve(loaded), default=str)
    elif resolved:
        click.echo(to_toml(loaded), nl=False)
    else:
        places = ", ".join(loaded.area.include) or f"all {len(loaded.district_table)} districts"
        click.echo(f"{loaded.name}: {loaded.title_en} · {loaded.title_zh}")
        click.echo(f"{places}; {loaded.time.days} days from {loaded.time.start}")
        click.echo(f"made of {', '.join(p.name for p in loaded.source_files)}")
        for change in (*loaded.demand, *loaded.surges):
            click.echo(f"{change.name}: × {change.factor:g}")
        click.echo(f"seed {loaded.seed}, hash {loaded.content_hash}")


@click.command()
@click.argument("scenario")
@overrides
@click.option("--basis", type=click.Choice(["published", "measured", "assumed", "command line"]))
@as_json
def sources(scenario: str, overrides: Sequence[str], basis: str | None, as_json: bool) -> None:
    """List every figure of a scenario with its source."""
    from dataclasses import asdict

    from sim.scenario import load

    figures = [f for f in load(scenario, overrides).figures if basis in (None, f.basis)]
    if as_json:
        rows = [asdict(figure) for figure in figures]
        say_json(rows, default=str)
        return
    width = max((len(figure.path) for figure in figures), default=0)
    for figure in figures:
        value = str(figure.value)
        value = value if len(value) <= 20 else value[:19] + "…"
        click.echo(f"{figure.path:<{width}}  {value:<20}  {figure.basis:<12}  {figure.note}")


@click.command()
@click.argument("a")
@click.argument("b")
@as_json
def diff(a: str, b: str, as_json: bool) -> None:
    """List in what two scenarios differ."""
    from sim.scenario import diff as differ
    from sim.scenario import load

    changes = differ(load(a), load(b))
    if as_json:
        rows = [{"path": path, "a": left, "b": right} for path, left, right in changes]
        say_json(rows, default=str)
        return
    for path, left, right in changes:
        click.echo(
            f"{path}: {left if left is not None else '–'} → {right if right is not None else '–'}"
        )


@click.command()
def schema() -> None:
    """Print the JSON schema of a scenario file."""
    from sim.scenario import json_schema

    say_json(json_schema())
