"""Arrays that take long to make, kept on disk between processes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError, WriteError
from sim.private import private_folder
from sim.reading import read_arrays
from sim.writing import new_file


def folder() -> Path:
    """Return where they are: in the folder that is this user's alone."""
    return private_folder()


def fetch(key: str) -> dict[str, NDArray[Any]] | None:
    """Return the arrays kept under a key; None if there are none, or they cannot be read."""
    try:
        return read_arrays(folder() / f"{key}.npz")
    except (InputError, OSError):
        return None


def store(key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Keep arrays under a key, whole or not at all; a disk that cannot is no reason to fail."""
    try:
        with new_file(folder() / f"{key}.npz", durable=False) as part:
            np.savez(part, **arrays)  # type: ignore[arg-type]
    except WriteError:
        return
