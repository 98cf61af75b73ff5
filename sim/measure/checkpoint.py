"""Checkpoints: a run that is killed goes on from the last one, and ends no differently.

A folder holds the scenario with its tables, the plan, what was asked for, the Parquet parts of
what is over, and the state: one file that is replaced as a whole.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from sim.city.city import City
from sim.errors import InputError
from sim.measure.checks import PLAN
from sim.measure.measured import MeasuredOutcome
from sim.measure.store import SCENARIO, write_inputs
from sim.model.planarrays import read_plan_arrays
from sim.policy import POLICIES, Guarded, class_digest, find_policy, limited
from sim.reading import check_no_links, checked, kind_of, parse_json, read_arrays, read_json
from sim.writing import check_beside, check_folder, new_file, writable, write_text

if TYPE_CHECKING:
    from sim.engine.compiled_engine.engine import CompiledSimulation
    from sim.engine.simulation import Simulation

FORMAT = 8
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
        check_place(folder)
        self.folder, self.simulation = folder, simulation
        with writable(folder):
            folder.mkdir(parents=True, exist_ok=True)
            write_inputs(simulation.scenario, simulation.plan, folder)
        facts = {
            "format": FORMAT,
            "content_hash": simulation.scenario.content_hash,
            "policy": policy,
            "policy_digest": "" if policy in POLICIES else _digest(policy),
            "seed": simulation.seed,
            "replication": simulation.replication,
            "check": simulation.check,
        }
        write_text(folder / _MARK, json.dumps(facts, indent=1))
        simulation.keep_parts_in(folder / "parts")
        self.save()

    def save(self) -> None:
        """Save the run as it is now; until that is done, the last state stays."""
        arrays, facts = self.simulation.saved()
        text = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
        with new_file(self.folder / _STATE) as part:
            np.savez(part, allow_pickle=False, facts=text, **arrays)


def check_place(folder: Path) -> None:
    """Check that a run can be saved to a folder, before it is made.

    Raises
    ------
    InputError
        If there is something in it, or nothing can be written there.
    """
    check_folder(folder, "checkpoint")
    if folder.is_dir():
        if any(folder.iterdir()):
            raise InputError("command line", "checkpoint", str(folder), "a new or an empty folder")
        check_beside(folder / _MARK, "checkpoint")


class _Asked(BaseModel):
    """What `_MARK` says: how the run was asked for."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: int
    content_hash: Annotated[str, Field(max_length=100)]
    policy: Annotated[str, Field(max_length=4096)]
    policy_digest: Annotated[str, Field(max_length=1000)]
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    replication: Annotated[int, Field(ge=0, lt=2**32)]
    check: bool


def _digest(policy: str) -> str:
    """Name a policy of the user's own, so that another is not taken for it."""
    found = find_policy(policy)
    return class_digest(found.policy if isinstance(found, Guarded) else found)


def _policy(mark: Path, asked: _Asked, named: str | None) -> str:
    """Return the policy to go on with: code is named by the user, never by a folder.

    Raises
    ------
    InputError
        If a policy of one's own is not named, or another one than the run began with.
    """
    if asked.policy in POLICIES:
        if named not in (None, asked.policy):
            raise InputError("command line", "policy", named, f"{asked.policy}, as the run began")
        return asked.policy
    if named is None:
        raise InputError(
            mark, "policy", asked.policy,
            "a policy of the program; name your own again, as --policy path/to/file.py:Class",
        )  # fmt: skip
    if _digest(named) != asked.policy_digest:
        raise InputError(
            "command line", "policy", named,
            f"the policy that the run began with, {asked.policy}, unchanged",
        )  # fmt: skip
    return named


def resume(
    folder: Path, policy: str | None = None, policy_timeout: float = float("inf")
) -> tuple[CompiledSimulation, Checkpoint]:
    """Make a run again as it was at its last checkpoint.

    Parameters
    ----------
    folder : Path
        Of a `Checkpoint`. What it says is data: no code that it names is run.
    policy : str, optional
        ``module:Class`` or ``file.py:Class``, needed where the run began with a policy of the
        user's own; it must be the same, to the byte.
    policy_timeout : float
        How long it may take to recall what it remembered, s.

    Returns
    -------
    CompiledSimulation, Checkpoint
        To be run on, and to be saved further.

    Raises
    ------
    InputError
        If the folder holds no complete checkpoint of this version, or a link, or the policy is
        not that of the run.
    """
    from sim.engine.compiled_engine.engine import CompiledSimulation
    from sim.scenario import load

    mark = folder / _MARK
    if kind_of(mark) != "a file" or kind_of(folder / _STATE) != "a file":
        raise InputError("command line", "checkpoint", str(folder), f"a folder with {_STATE}")
    check_no_links(folder)
    said = read_json(mark)
    form = said.get("format") if isinstance(said, dict) else None
    if form != FORMAT:
        raise InputError(mark, "format", form, f"{FORMAT}, of this version; run it anew")
    asked = checked(_Asked, said, mark)
    named = _policy(mark, asked, policy)
    try:
        scenario = load(folder / SCENARIO)
        if scenario.content_hash != asked.content_hash:
            raise InputError(
                folder / SCENARIO, "content", scenario.content_hash[:12],
                f"the scenario of the run, {asked.content_hash[:12]}",
            )  # fmt: skip
        city = City.build(scenario)
        simulation = CompiledSimulation(
            scenario,
            city=city,
            plan=read_plan_arrays(folder / PLAN, scenario, city),
            policy=named,
            seed=asked.seed,
            replication=asked.replication,
            check=asked.check,
        )
        simulation.record = MeasuredOutcome
        arrays = read_arrays(folder / _STATE)
        facts = arrays.pop("facts", np.zeros(0, np.uint8)).tobytes().decode()
        simulation.keep_parts_in(folder / "parts")
        with limited(simulation.policy, policy_timeout):
            simulation.restore(arrays, parse_json(facts, folder / _STATE, nan=True))
    except (ValueError, KeyError, TypeError, OSError) as error:
        if isinstance(error, InputError):
            raise
        reason = f"{type(error).__name__}: {error}"
        raise InputError(folder, "checkpoint", reason, "a complete checkpoint") from None
    checkpoint = Checkpoint.__new__(Checkpoint)
    checkpoint.folder, checkpoint.simulation = folder, simulation
    return simulation, checkpoint
