"""States at time 0 that are kept: runs that warm up alike do it once.

A state is kept by all that it depends on, so that nothing is shared where anything differs that
could have acted before time 0: never two replications, plans, policies or seeds.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from sim.city.city import City
from sim.engine import find_engine
from sim.engine.state import KINDS, RunState
from sim.engine.statefile import read_state, write_state
from sim.errors import InputError, WriteError
from sim.model.plan import Plan, plan_digest
from sim.policy import Policy, limited, policy_digest
from sim.private import private_folder
from sim.processors import memory, processors
from sim.scenario import Scenario
from sim.sources import digest_of
from sim.writing import remove

_SHARE = 0.1
"""Of this process's part of the memory, for states that are kept in it."""
_MOST = 4e9  # bytes, where nobody can tell how much memory there is
ON_DISK = 2e9
"""Bytes of states on disk, at most."""
_WORTH_S = 0.25
"""A warm-up that takes longer is kept on disk."""
_NAMES = ("name", "title_en", "title_zh")


@dataclass(frozen=True, eq=False)
class WarmUp:
    """What happens before time 0.

    Attributes
    ----------
    scenario : Scenario
    plan : Plan, optional
        The scenario's own by default.
    policy : str or Policy
    seed, replication : int
    """

    scenario: Scenario
    plan: Plan | None
    policy: str | Policy
    seed: int
    replication: int

    @property
    def key(self) -> str:
        """A digest of all that the state at time 0 depends on."""
        said: dict[str, Any] = {
            "scenario": before_time_0(self.scenario),
            "plan": plan_digest(self.plan),
            "policy": policy_digest(self.policy),
            "seed": self.seed,
            "replication": self.replication,
            "program": _program(),
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def before_time_0(scenario: Scenario) -> str:
    """Return a digest of all that acts before time 0 in a scenario, or may.

    Without what it is called, and without surges that begin at time 0 or later.
    """
    surges = tuple(surge for surge in scenario.surges if surge.start_day < 0)
    called = dict.fromkeys(_NAMES, "")
    return scenario.model_copy(update={"surges": surges, **called}).content_hash


@cache
def _program() -> str:
    """Return a digest of the program text that decides what a state holds."""
    kernels = "sim.engine.compiled_engine"  # imported by name
    names = ("kernels", "handover", "revival")
    return digest_of(__name__, *(f"{kernels}.{name}" for name in names))


class States:
    """States that are kept in memory, the longest unused dropped first.

    Parameters
    ----------
    room : float
        For so many bytes.
    """

    def __init__(self, room: float) -> None:
        self.room = room
        self._kept: OrderedDict[str, RunState] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> RunState | None:
        """Return a state that is kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: str, state: RunState) -> None:
        """Keep a state, if there is room for it at all."""
        with self._lock:
            self._kept[key] = state
            while sum(map(size_of, self._kept.values())) > self.room and self._kept:
                self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)


def size_of(state: RunState) -> int:
    """Return how many bytes the tables of a state take."""
    tables = (getattr(state, table) for table in KINDS)
    return sum(np.asarray(column).nbytes for table in tables for column in table.values())


STATES = States(_SHARE * min(memory(), _MOST) / processors())
"""Those of this process."""


def state_at_0(
    of: WarmUp, city: City, engine: str = "compiled", policy_timeout: float = float("inf")
) -> RunState:
    """Return the state at time 0 of a run: kept from before, or after its warm-up.

    Parameters
    ----------
    engine : str
        Which one warms up, where the state is not there: they come to the same.
    policy_timeout : float
        How long a policy may take over one decision, s.
    """
    key = of.key
    found = STATES.get(key)
    if found is None:
        found = _fetch(key, of, city) or _run(key, of, city, engine, policy_timeout)
        STATES.put(key, found)
    return found


def _run(key: str, of: WarmUp, city: City, engine: str, policy_timeout: float) -> RunState:
    begun = time.monotonic()
    simulation = find_engine(engine)(
        of.scenario,
        city=city,
        plan=of.plan,
        policy=of.policy,
        seed=of.seed,
        replication=of.replication,
    )
    with limited(simulation.policy, policy_timeout):
        simulation.run(0.0)
        found = simulation.state()
    if time.monotonic() - begun > _WORTH_S:
        _store(key, found)
    return found


def _folder() -> Path:
    return private_folder() / "warm"


def _fetch(key: str, of: WarmUp, city: City) -> RunState | None:
    """Return a state that is on disk; None if there is none, or it cannot be read."""
    path = _folder() / f"{key}.npz"
    try:
        found = read_state(path, of.scenario, city)
        path.touch()
    except (InputError, OSError):
        return None
    return found


def _store(key: str, state: RunState) -> None:
    """Keep a state on disk, and drop the longest unused; no reason to fail if it cannot be."""
    folder = _folder()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        write_state(state, folder / f"{key}.npz", durable=False)
        kept = sorted((path.stat().st_mtime, path) for path in folder.glob("*.npz"))
        total = sum(path.stat().st_size for _, path in kept)
        for _, path in kept:
            if total <= ON_DISK:
                break
            total -= path.stat().st_size
            remove(path)
    except (WriteError, OSError):
        return
