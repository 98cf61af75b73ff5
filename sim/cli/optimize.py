"""The optimizers, each in a file of its own."""

from __future__ import annotations

import click

from sim.cli import grids, patrol


@click.group()
def optimize() -> None:
    """Let the optimizers decide; the simulator judges."""


optimize.add_command(grids.grids)
optimize.add_command(patrol.patrol)
