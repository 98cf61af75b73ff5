"""Checkpoints: a run that is killed goes on from the last one, and ends no differently.

A folder holds the scenario with its tables, the plan, what was asked for, the Parquet parts of
what is over, and the state: one file that is replaced as a whole.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.errors import InputError
from sim.measure.store import read_plan_arrays, write_inputs
from sim.reading import parse_json, read_arrays

if TYPE_CHECKING:
    from sim.engine.compiled_engine.engine import CompiledSimulation
    from sim.engine.simulation import Simulation

FORMAT = 6
_MARK = "checkpoint.json"
_STATE = "state.npz"


class Checkpoint:
    """A folder to which a run is saved.

    Parameters
    ----------
    folder : Path
        New, or empty.
    simulation : Simulation
        Of the compiled engine, before it has run.
    policy : str
        By which the policy is found again: its name, ``module:Class`` or ``file.py:Class``.

    Raises
    ------
    InputError
        If the folder is something else, or the engine cannot be saved.
    """

    def __init__(self, folder: Path, simulation: Simulation, policy: str) -> None:
        from sim.engine.compiled_engine.engine import CompiledSimulation

        if not isinstance(simulation, CompiledSimulation):
            raise InputError("command line", "checkpoint", simulation.engine, "the compiled engine")
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError("command line", "checkpoint", str(folder), "a new or an empty folder")
        self.folder, self.simulation = folder, simulation
        folder.mkdir(parents=True, exist_ok=True)
        write_inputs(simulation.scenario, simulation.plan, folder)
        facts = {
            "format": FORMAT,
            "content_hash": simulation.scenario.content_hash,
            "policy": policy,
            "seed": simulation.seed,
            "replication": simulation.replication,
            "check": simulation.check,
        }
        (folder / _MARK).write_text(json.dumps(facts, indent=1), encoding="utf-8")
        simulation.keep_parts_in(folder / "parts")
        self.save()

    def save(self) -> None:
        """Save the run as it is now; until that is done, the last state stays."""
        arrays, facts = self.simulation.state()
        text = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
        temporary = self.folder / f".{_STATE}"
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, facts=text, **arrays)
        temporary.replace(self.folder / _STATE)


def resume(folder: Path) -> tuple[CompiledSimulation, Checkpoint]:
    """Make a run again as it was at its last checkpoint.

    Returns
    -------
    CompiledSimulation, Checkpoint
        To be run on, and to be saved further.

    Raises
    ------
    InputError
        If the folder holds no complete checkpoint of this version.
    """
    from sim.engine.compiled_engine.engine import CompiledSimulation
    from sim.scenario import load

    if not (folder / _MARK).is_file() or not (folder / _STATE).is_file():
        raise InputError("command line", "checkpoint", str(folder), f"a folder with {_STATE}")
    try:
        asked = json.loads((folder / _MARK).read_text(encoding="utf-8"))
        if asked["format"] != FORMAT:
            raise InputError(folder / _MARK, "format", asked["format"], str(FORMAT))
        scenario = load(folder / "scenario.toml")
        if scenario.content_hash != asked["content_hash"]:
            raise InputError(
                folder / "scenario.toml", "content", scenario.content_hash[:12],
                f"the scenario of the run, {asked['content_hash'][:12]}",
            )  # fmt: skip
        simulation = CompiledSimulation(
            scenario,
            plan=read_plan_arrays(folder),
            policy=asked["policy"],
            seed=asked["seed"],
            replication=asked["replication"],
            check=asked["check"],
        )
        arrays = read_arrays(folder / _STATE)
        facts = arrays.pop("facts", np.zeros(0, np.uint8)).tobytes().decode()
        simulation.keep_parts_in(folder / "parts")
        simulation.restore(arrays, parse_json(facts, folder / _STATE, nan=True))
    except (ValueError, KeyError, TypeError, OSError) as error:
        if isinstance(error, InputError):
            raise
        reason = f"{type(error).__name__}: {error}"
        raise InputError(folder, "checkpoint", reason, "a complete checkpoint") from None
    checkpoint = Checkpoint.__new__(Checkpoint)
    checkpoint.folder, checkpoint.simulation = folder, simulation
    return simulation, checkpoint
