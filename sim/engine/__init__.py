"""The engines, chosen by name, and the record they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.errors import InputError, one_of

if TYPE_CHECKING:
    from sim.engine.simulation import Simulation

ENGINES = ("compiled", "simpy")
"""Names of the engines. They leave the same outcome; ``compiled`` is the one to use, ``simpy``
the one to read."""


def find_engine(name: str) -> type[Simulation]:
    """Return an engine by name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name == "compiled":
        from sim.engine.compiled_engine.engine import CompiledSimulation

        return CompiledSimulation
    if name == "simpy":
        from sim.engine.simpy_engine.engine import SimpySimulation

        return SimpySimulation
    raise InputError("command line", "engine", name, one_of(name, ENGINES))
