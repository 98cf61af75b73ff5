"""Compiled once, kept on disk: the kernels, by what they are made of."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from sim.machinecode import kept
from sim.private import private_folder
from sim.sources import digest_of

_HERE = "sim.engine.compiled_engine"
_MADE_OF = (f"{_HERE}.kernels", f"{_HERE}.handover", f"{_HERE}.handle")


@cache
def _folder() -> Path:
    """Return where compiled kernels are kept: one folder for each state of their sources."""
    import numba

    state = hashlib.sha256(f"{numba.__version__} {digest_of(*_MADE_OF)}".encode()).hexdigest()
    folder = private_folder() / state[:16]
    folder.mkdir(exist_ok=True)
    return folder


@cache
def kernel(name: str, module: str = "kernels") -> Callable[..., Any]:
    """Return one of the main loops of `kernels`, compiled or to be compiled at its first call.

    Or what else is called from Python, of another module.

    Says so on stderr when it is to be compiled: it takes up to a minute, once.
    """
    from sim.engine.compiled_engine.jit import OPTIONS

    loop = getattr(import_module(f"{_HERE}.{module}"), name).py_func
    folder = _folder()
    if not any(folder.rglob(f"*{name}*.nbi")):
        print("compiling the engine, once; it takes up to a minute …", file=sys.stderr, flush=True)
    made: Callable[..., Any] = kept(folder=folder, **OPTIONS)(loop)
    return made


def warm_up() -> None:
    """Compile now all that is called from Python, if it is not on disk yet."""
    import numpy as np

    from sim.engine.compiled_engine.engine import CompiledSimulation
    from sim.engine.compiled_engine.handle import Handle
    from sim.scenario import load

    loops = ("run_lane", "run_lockstep", "hand_over")
    if all(any(_folder().rglob(f"*{name}*.nbi")) for name in loops):
        return
    handle = Handle(CompiledSimulation(load("gusu-week", {"time.days": 1})).arrays)
    kernel("run_lane")(handle, 0.0, 1)
    kernel("run_lockstep")(handle, 0.0)
    nobody, nothing = np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64)
    kernel("hand_over", "handover")(
        handle, nobody, nobody, np.zeros(1, dtype=np.int64), nothing, nothing
    )
