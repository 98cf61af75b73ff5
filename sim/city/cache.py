"""Arrays that take long to make, kept on disk between processes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray


def folder() -> Path:
    """Return where they are: below ``XDG_CACHE_HOME``, or ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "suzhou-dispatch"


def fetch(key: str) -> dict[str, NDArray[Any]] | None:
    """Return the arrays kept under a key; None if there are none, or they cannot be read."""
    try:
        path = folder() / f"{key}.npz"
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, KeyError, BadZipFile):
        return None


def store(key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Keep arrays under a key, whole or not at all; a disk that cannot is no reason to fail."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder(), suffix=".npz")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        Path(name).replace(folder() / f"{key}.npz")
    except OSError:
        return
