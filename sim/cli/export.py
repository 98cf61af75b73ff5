"""Event logs of a result, for tools of process mining."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from sim.cli.base import progress
from sim.cli.options import FILE, option, takes


@dataclass(frozen=True)
class ExportOptions:
    """How a log is written."""

    format: str = option(
        default="csv", show_default=True, help="csv, xes (IEEE 1849) or ocel (OCEL 2.0)."
    )
    out: Path | None = option(
        type=FILE, help="The file; gzipped if it ends in .gz. In DIRECTORY by default."
    )
    overwrite: bool = option(is_flag=True, help="Replace a file that is there already.")


@click.command()
@click.argument("directory", type=FILE)
@takes(ExportOptions)
def export(directory: Path, options: ExportOptions) -> None:
    """Write what `sim run --out DIRECTORY` kept as an event log: the eight steps of each ticket."""
    from sim.measure.export import export as write_log

    with progress("export") as report:
        file, count = write_log(
            directory, options.format, options.out, overwrite=options.overwrite, progress=report
        )
    click.echo(f"{file}: {count:,} events")
