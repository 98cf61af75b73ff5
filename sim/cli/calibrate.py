"""Calibration against what was published."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from sim.cli.base import as_json, overrides, progress, seed
from sim.errors import InputError


@click.command()
@click.argument("scenario")
@overrides
@click.option("--district", "districts", multiple=True, metavar="NAME", help="Repeatable.")
@click.option("--weeks", default=5, show_default=True, help="How long each district is run.")
@seed
@click.option(
    "--write",
    type=click.Path(path_type=Path),
    help="Write the table of categories with its column `reported` as measured.",
)
@as_json
def calibrate(
    scenario: str,
    overrides: Sequence[str],
    districts: Sequence[str],
    weeks: int,
    seed: int | None,
    write: Path | None,
    as_json: bool,
) -> None:
    """Compare runs with the published volumes and closing rate.

    Of the matters that a citizen would report, some are found by somebody else first. The
    table says how many are reported, by category, and how many the scenario assumes.
    """
    from sim.experiment.calibration import calibrate as run_calibration
    from sim.experiment.calibration import with_reported
    from sim.scenario import load

    if write is not None and write.exists():
        raise InputError("command line", "write", str(write), "a new file")
    loaded = load(scenario, list(overrides))
    with progress("calibrate") as report:
        found = run_calibration(loaded, districts, weeks=weeks, seed=seed, progress=report)
    shares = {
        "12345 requests, run over published": found.hotline,
        "110 calls, run over published": found.police,
        "closing rate of 12345 at the end of the period": found.closing_rate,
    }
    if as_json:
        facts = {
            "hotline": found.hotline._asdict(),
            "police": found.police._asdict(),
            "open_s": found.open_s._asdict(),
            "closing_rate": found.closing_rate._asdict(),
            "reported": json.loads(found.reported.to_json(orient="records")),
        }
        click.echo(json.dumps(facts, ensure_ascii=False, indent=1))
    else:
        click.echo(found.reported.to_string(index=False, float_format="%.3f"))
        for name, interval in shares.items():
            click.echo(f"{name}: {interval}")
    if write is not None:
        write.write_text(with_reported(loaded.source_files[-1], found.reported), encoding="utf-8")
        click.echo(f"written: {write}", err=True)
