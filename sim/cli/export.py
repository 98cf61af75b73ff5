"""Event logs of a result, for tools of process mining."""

from __future__ import annotations

from pathlib import Path

import click

from sim.cli.base import progress


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--format", default="csv", show_default=True, help="csv, xes (IEEE 1849) or ocel (OCEL 2.0)."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The file; gzipped if it ends in .gz. In DIRECTORY by default.",
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there already.")
def export(directory: Path, format: str, out: Path | None, overwrite: bool) -> None:
    """Write what `sim run --out DIRECTORY` kept as an event log: the eight steps of each ticket."""
    from sim.measure.export import export as write_log

    with progress("export") as report:
        file, count = write_log(directory, format, out, overwrite=overwrite, progress=report)
    click.echo(f"{file}: {count:,} events")
