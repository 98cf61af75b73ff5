"""The engines, chosen by name, and the record they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.errors import InputError

if TYPE_CHECKING:
    from sim.engine.simulation import Simulation
    from sim.scenario import Scenario

ENGINES = ("auto", "compiled", "simpy")
"""Names of the engines. They leave the same outcome; ``compiled`` is the one to use, ``simpy``
the one to read. ``auto`` is compiled, or simpy where the scenario has what only that one knows."""


def find_engine(name: str, scenario: Scenario | None = None) -> type[Simulation]:
    """Return an engine by name, ``auto`` for a scenario.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name == "auto":
        more = scenario is not None and (
            scenario.travel.model != "straight" or scenario.patrol.routes is not None
        )
        name = "simpy" if more else "compiled"
    if name == "compiled":
        from sim.engine.compiled_engine.engine import CompiledSimulation

        return CompiledSimulation
    if name == "simpy":
        from sim.engine.simpy_engine.engine import SimpySimulation

        return SimpySimulation
    raise InputError("command line", "engine", name, f"one of {', '.join(ENGINES)}")
