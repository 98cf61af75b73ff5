"""Finding and reading the files of a scenario."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from sim.errors import InputError
from sim.scenario.suggest import suggestion


def shipped() -> Path:
    """Return the folder of the scenarios that come with the package.

    An installed package carries them inside; a checkout has them beside.
    """
    package = Path(__file__).resolve().parent.parent
    inside = package / "_scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"


def shipped_names() -> list[str]:
    """Return the names of the scenarios that come with the package."""
    return sorted(path.stem for path in shipped().glob("*.toml"))


def find(name: str | Path, beside: Path | None = None, field: str = "scenario") -> Path:
    """Find a scenario's file by path or by name.

    Parameters
    ----------
    name : str or Path
        A path, or a bare name: looked for beside ``beside``, in the working folder, and among
        those that come with the package; so is ``scenarios/NAME.toml`` from anywhere.

    Raises
    ------
    InputError
        If there is none.
    """
    asked_by = beside or "command line"
    path = Path(name)
    if path.is_dir():
        raise InputError(asked_by, field, str(name), "a TOML file, not a folder")
    tries = [path, path.with_name(path.name + ".toml")]
    if beside is not None and not path.is_absolute():
        tries = [beside.parent / candidate for candidate in tries]
    if path.parent in (Path(), Path("scenarios")):
        tries += [shipped() / path.name, shipped() / (path.name + ".toml")]
    for candidate in tries:
        if candidate.is_file():
            return candidate.resolve()
    names = shipped_names()
    raise InputError(
        asked_by,
        field,
        str(name),
        f"the path of a TOML file, or one of {', '.join(names)}{suggestion(path.stem, names)}",
    )


def read_text(path: Path, asked_by: Path | str, field: str) -> str:
    """Read a UTF-8 file, its line ends made plain.

    Raises
    ------
    InputError
        If it is not there, or not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InputError(path, f"byte {error.start}", error.object[error.start], "UTF-8") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            asked_by, field, str(path), f"a file that can be read ({reason})"
        ) from None


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    InputError
        With line and column where it is not TOML.
    """
    try:
        return tomllib.loads(read_text(path, "command line", "scenario"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(path, "TOML", str(error), "valid TOML") from None
