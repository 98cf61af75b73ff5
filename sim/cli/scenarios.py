"""Commands about scenarios: what is assumed, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from sim.cli.base import keep, say_json
from sim.cli.options import FILE, Changes, Districts, Json, PlanOut, only_with, option, takes
from sim.errors import InputError, one_of


@dataclass(frozen=True)
class ShowOptions(Json, Changes):
    """How a scenario is shown."""

    resolved: bool = option(is_flag=True, help="Print the whole, overlays merged, as TOML.")


@dataclass(frozen=True)
class SourceOptions(Json, Changes):
    """Which figures are listed."""

    basis: str | None = option(help="published, measured, assumed or command line.")


@dataclass(frozen=True)
class MigrateOptions:
    """Where a migrated scenario goes."""

    out: Path | None = option(
        type=FILE,
        metavar="FOLDER",
        help="Write there instead, with all files that the scenario names beside it.",
    )


@click.command("list")
@takes(Json)
def list_scenarios(options: Json) -> None:
    """List the scenarios that come with the package."""
    from sim.scenario import load, shipped_names

    rows = []
    for name in shipped_names():
        scenario = load(name)
        rows.append(
            {
                "name": name,
                "title_en": scenario.title_en,
                "title_zh": scenario.title_zh,
                "days": scenario.time.days,
                "districts": list(scenario.places),
            }
        )
    if options.as_json:
        say_json(rows)
        return
    for row in rows:
        click.echo(f"{row['name']:<16} {row['title_en']} · {row['title_zh']}")


@click.command()
@click.argument("scenario")
@takes(Changes)
def validate(scenario: str, options: Changes) -> None:
    """Check a scenario, its tables, borders, roads, patrol routes and sources."""
    from sim.city import City
    from sim.city.travel import road_nets
    from sim.model.routes import Walks
    from sim.scenario.localtime import LocalTime

    loaded = options.load(scenario)
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
@takes(ShowOptions)
def show(scenario: str, options: ShowOptions) -> None:
    """Show a scenario: a summary, or all of it."""
    from sim.scenario import to_toml
    from sim.scenario.resolve import resolved as resolve

    loaded = options.load(scenario)
    if options.as_json:
        say_json(resolve(loaded) | {"content_hash": loaded.content_hash}, default=str)
    elif options.resolved:
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
@takes(SourceOptions)
def sources(scenario: str, options: SourceOptions) -> None:
    """List every figure of a scenario with its source."""
    from dataclasses import asdict

    from sim.scenario.sources import BASES

    known = (*BASES, "command line")
    if options.basis is not None and options.basis not in known:
        allowed = one_of(options.basis, known)
        raise InputError("command line", "basis", options.basis, allowed)
    figures = [f for f in options.load(scenario).figures if options.basis in (None, f.basis)]
    if options.as_json:
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
@takes(Json)
def diff(a: str, b: str, options: Json) -> None:
    """List in what two scenarios differ."""
    from sim.scenario import diff as differ
    from sim.scenario import load

    changes = differ(load(a), load(b))
    if options.as_json:
        rows = [{"path": path, "a": left, "b": right} for path, left, right in changes]
        say_json(rows, default=str)
        return
    for path, left, right in changes:
        click.echo(
            f"{path}: {left if left is not None else '–'} → {right if right is not None else '–'}"
        )


@dataclass(frozen=True)
class PlanOptions(PlanOut, Districts):
    """Whose plan is written."""


@click.command()
@click.argument("scenario")
@takes(PlanOptions)
def plan(scenario: str, options: PlanOptions) -> None:
    """Write the plan in force, the staff of the base year, as a plan file.

    `sim run SCENARIO --plan FILE` reads it back. Without --out it goes to stdout.
    """
    from sim.city import City
    from sim.model.planfile import plan_text
    from sim.model.staffing import base_plan
    from sim.writing import check_file, write_text

    only_with("out", options.out is not None, "overwrite")
    if options.out is not None:
        check_file(options.out, options.overwrite)
    loaded = options.load(scenario)
    city = City.build(loaded)
    text = plan_text(loaded, city, base_plan(loaded, city), note="the staff of the base year")
    if options.out is None:
        click.echo(text, nl=False)
    else:
        keep(options.out, lambda path: write_text(path, text))


@click.command()
@click.argument("file", type=FILE)
@takes(MigrateOptions)
def migrate(file: Path, options: MigrateOptions) -> None:
    """Bring a scenario file of an earlier version, and its tables, to this one.

    Names change, and nothing else: comments and order stay. A second run changes nothing.
    """
    from sim.scenario.migrate import migration_of
    from sim.scenario.renamed import migration

    found = migration_of(file, options.out)
    found.write()
    for one in found.files:
        click.echo(f"{one.target}: {'; '.join(one.changes) or 'copied'}")
    if not found.files:
        click.echo(f"{file}: nothing to change")
    for base in found.older:
        click.echo(f"note: it extends {base}, of an earlier version: {migration(base)}", err=True)


@click.command()
def schema() -> None:
    """Print the JSON schema of a scenario file."""
    from sim.scenario import json_schema

    say_json(json_schema())
