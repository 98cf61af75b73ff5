"""Finding the file of a scenario."""

from __future__ import annotations

from pathlib import Path

from sim.errors import InputError, one_of
from sim.reading import COMMAND_LINE, kind_of


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
    asked_by = beside or COMMAND_LINE
    path = Path(name)
    tries = [path, path.parent / (path.name + ".toml")]
    if beside is not None and not path.is_absolute():
        tries = [beside.parent / candidate for candidate in tries]
    kind = kind_of(tries[0])
    if kind is not None and kind != "a file":
        raise InputError(asked_by, field, str(name), f"a TOML file, not {kind}")
    if path.parent in (Path(), Path("scenarios")):
        tries += [shipped() / path.name, shipped() / (path.name + ".toml")]
    for candidate in tries:
        if kind_of(candidate) == "a file":
            return candidate.resolve()
    names = shipped_names()
    raise InputError(
        asked_by,
        field,
        str(name),
        f"the path of a TOML file, or {one_of(path.stem, names)}",
    )
