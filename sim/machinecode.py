"""Functions compiled by Numba, their machine code kept where nobody else can put any."""

from __future__ import annotations

import hashlib
import inspect
import sys
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
        In which the machine code is kept; by default one of the function's source file as it is
        now: an index that names types of another state of it cannot even be opened.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        from numba import config, njit

        with _switching:  # where a function's code is kept is asked for when it is decorated
            before = config.CACHE_DIR
            config.CACHE_DIR = str(folder or _folder_of(function))
            try:
                return njit(*signature, cache=True, **options)(function)
            finally:
                config.CACHE_DIR = before

    return compiled


def _folder_of(function: Callable[..., Any]) -> Path:
    source = inspect.getsource(sys.modules[function.__module__])
    folder = private_folder() / hashlib.sha256(source.encode()).hexdigest()[:16]
    folder.mkdir(exist_ok=True)
    return folder
