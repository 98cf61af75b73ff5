"""Optimizers: how many, who when, who goes where."""

from __future__ import annotations

import click

from sim.cli.base import Group
from sim.cli.staffing import staffing


@click.group(cls=Group)
def optimize() -> None:
    """Decide by optimization, judged by simulation."""


optimize.add_command(staffing)
