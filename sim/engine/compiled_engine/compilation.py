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
_MADE_OF = tuple(f"{_HERE}.{name}" for name in ("kernels", "handover", "revival", "handle"))


@cache
def kernel_folder() -> Path:
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
    if not is_compiled(name):
        print("compiling the engine, once; it takes up to a minute …", file=sys.stderr, flush=True)
    made: Callable[..., Any] = kept(folder=kernel_folder(), **OPTIONS)(loop)
    return made


def is_compiled(name: str) -> bool:
    """Return whether a kernel's machine code is on disk."""
    return any(kernel_folder().rglob(f"*{name}*.nbi"))
