"""Calibration against what was published."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.base import keep, progress, say_json
from sim.cli.options import FILE, Changes, Json, Seed, option, takes
from sim.errors import InputError
from sim.writing import check_file, write_text

if TYPE_CHECKING:
    from sim.experiment.calibration import Calibration


@dataclass(frozen=True)
class CalibrateOptions(Json, Seed, Changes):
    """What is compared with what was published."""

    districts: Sequence[str] = option(
        "--district", multiple=True, metavar="NAME", help="Run some districts only. Repeatable."
    )
    weeks: int = option(default=5, show_default=True, help="How long each district is run.")
    write: Path | None = option(
        type=FILE, help="Write the table of categories with its column `reported` as measured."
    )


@click.command()
@click.argument("scenario")
@takes(CalibrateOptions)
def calibrate(scenario: str, options: CalibrateOptions) -> None:
    """Compare runs with the published volumes and closing rate.

    Of the matters that a citizen would report, some are found by somebody else first. The
    table says how many are reported, by category, and how many the scenario assumes.
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
            loaded, options.districts, weeks=options.weeks, seed=options.seed, progress=report
        )
    if write is not None:
        table = with_reported(loaded.source_files[-1], found.reported)
        keep(write, lambda path: write_text(path, table))
    if options.as_json:
        facts = {
            **_intervals(found),
            "districts": {name: _intervals(one) for name, one in found.districts.items()},
            "units": {
                "hotline": "run over published",
                "police": "run over published",
                "open_s": "s",
                "closing_rate": "share",
                "reported": "share",
            },
            "reported": json.loads(found.reported.to_json(orient="records")),
        }
        say_json(facts)
    else:
        click.echo(found.reported.to_string(index=False, float_format="%.3f"))
        for name, one in (*found.districts.items(), ("together", found)):
            click.echo(
                f"{name}: 12345 requests, run over published {one.hotline}; "
                f"110 calls {one.police}; "
                f"closing rate of 12345 at the end of the period {one.closing_rate}"
            )


def _intervals(found: Calibration) -> dict[str, dict[str, float]]:
    names = ("hotline", "police", "open_s", "closing_rate")
    return {name: getattr(found, name)._asdict() for name in names}
