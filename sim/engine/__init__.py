"""The engines, chosen by name, and the record they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.errors import InputError

if TYPE_CHECKING:
    from sim.engine.simpy_engine.engine import Simulation

ENGINES = ("simpy",)
"""Names of the engines."""


def find_engine(name: str) -> type[Simulation]:
    """Return an engine by name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name != "simpy":
        raise InputError("command line", "engine", name, f"one of {', '.join(ENGINES)}")
    from sim.engine.simpy_engine.engine import Simulation

    return Simulation
