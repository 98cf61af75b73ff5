"""The optimizers, each in a file of its own: how many, who when, who goes where."""

from __future__ import annotations

import click

from sim.cli import grids, patrol, roster, staffing
from sim.cli.base import Group


@click.group(cls=Group)
def optimize() -> None:
    """Decide by optimization, judged by simulation."""


for command in (staffing.staffing, roster.roster, patrol.patrol, grids.grids):
    optimize.add_command(command)
