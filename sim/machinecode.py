"""Functions compiled by Numba, their machine code kept where nobody else can put any."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import Any

from sim.private import private_folder

_switching = RLock()


def kept(*signature: Any, folder: Path | None = None, **options: Any) -> Callable[..., Any]:
    """Return a decorator: ``numba.njit`` with these arguments, and a cache that is believed.

    Parameters
    ----------
    folder : Path, optional
        In which the machine code is kept; `sim.private.private_folder` by default.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        from numba import config, njit

        with _switching:  # where a function's code is kept is asked for when it is decorated
            before = config.CACHE_DIR
            config.CACHE_DIR = str(folder or private_folder())
            try:
                return njit(*signature, cache=True, **options)(function)
            finally:
                config.CACHE_DIR = before

    return compiled
