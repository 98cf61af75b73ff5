"""Calibration against what was published."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from sim.cli.base import keep, progress, say_json
from sim.cli.options import FILE, Changes, Json, Seed, option, takes
from sim.errors import InputError
from sim.writing import check_file, write_text


@dataclass(frozen=True)
class CalibrateOptions(Json, Seed, Changes):
    """What is compared with what was published."""

    districts: Sequence[str] = option(
        "--district", multiple=True, metavar="NAME", help="Run some districts only. Repeatable."
    )
    weeks: int = option(default=3, show_default=True, help="How long each replication is measured.")
    replications: int = option(
        "-n", "--replications", default=4, show_default=True, help="How often the city is run."
    )
    write: Path | None = option(
        type=FILE, help="Write the table of categories with its column `reported` as measured."
    )


@click.command()
@click.argument("scenario")
@takes(CalibrateOptions)
def calibrate(scenario: str, options: CalibrateOptions) -> None:
    """Compare runs of the city with what was published of it.

    Of the matters that a citizen would report, some are found by somebody else first. The
    table says how many are reported, by category, and how many the scenario assumes. Then come
    volumes, and the figures of the scenario's table `published`: those that were fitted, and
    those that were left to check.
    """
    from sim.experiment.calibration import calibrate as run_calibration
    from sim.experiment.calibration import with_reported

    write = options.write
    if write is not None:
        if write.exists():
            raise InputError("command line", "write", str(write), "a new file")
        check_file(write, field="write")
    loaded = options.load(scenario)
    with progress("calibrate") as report:
        found = run_calibration(
            loaded,
            options.districts,
            weeks=options.weeks,
            replications=options.replications,
            seed=options.seed,
            progress=report,
        )
    if write is not None:
        table = with_reported(loaded.source_files[-1], found.reported)
        keep(write, lambda path: write_text(path, table))
    if options.as_json:
        facts = {
            "hotline": found.hotline._asdict(),
            "police": found.police._asdict(),
            "units": {"hotline": "run over published", "police": "run over published"},
            "published": json.loads(found.published.to_json(orient="records")),
            "reported": json.loads(found.reported.to_json(orient="records")),
            "seed": loaded.seed if options.seed is None else options.seed,
            "replications": options.replications,
        }
        say_json(facts)
        return
    click.echo(found.reported.to_string(index=False, float_format="%.3f"))
    click.echo()
    click.echo(f"12345 requests, run over published: {found.hotline}")
    click.echo(f"110 calls, run over published: {found.police}")
    for row in found.published.itertuples():
        role = f"fitted by {row.fitted}" if row.fitted else "left to check"
        click.echo(
            f"{row.name}: {row.run:.4g} [{row.low:.4g}, {row.high:.4g}], "
            f"published {row.published:g}; {role}"
        )
