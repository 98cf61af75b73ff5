"""Which of the package's files something is made of: what it imports, and they import in turn."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parent
_IMPORT = re.compile(
    rf"^[ \t]*(?:from ({_ROOT.name}\b[.\w]*) import (\([^)]*\)|.*)|import ({_ROOT.name}\b[.\w]*))",
    re.M,
)
_FOR_TYPES = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+.*\n|\n)+", re.M)


def digest_of(*modules: str) -> str:
    """Return a digest of the text of modules of the package, and of all that they import.

    Parameters
    ----------
    modules : str
        Such as ``sim.model.travel``.
    """
    digest = hashlib.sha256()
    for file in reached(*modules):
        digest.update(file.relative_to(_ROOT).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


@cache
def reached(*modules: str) -> tuple[Path, ...]:
    """Return the files of modules of the package and of all that they import, sorted.

    Imports within functions count; those for type checkers alone do not. Of a package only what
    is imported from it counts, and its ``__init__`` where that is where a name comes from.
    """
    found: set[Path] = set()
    ahead = [_file(module) for module in modules]
    while ahead:
        file = ahead.pop()
        if file is None or file in found:
            continue
        found.add(file)
        ahead += map(_file, _imported(file.read_text(encoding="utf-8")))
    return tuple(sorted(found))


def _file(module: str) -> Path | None:
    """Return a module's file; None where the name is not one of the package's."""
    first, *parts = module.split(".")
    if first != _ROOT.name:
        return None
    place = _ROOT.joinpath(*parts)
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if parts and file.is_file():
            return file
    return _ROOT / "__init__.py" if not parts else None


def _imported(text: str) -> Iterator[str]:
    """Yield the names of what may be modules that a module imports.

    Found as text: at each start of the program there is no time to parse thirty files.
    """
    for module, names, plain in _IMPORT.findall(_FOR_TYPES.sub("", text)):
        if plain:
            yield plain
        for name in re.findall(r"(\w+)(?: as \w+)?", re.sub(r"#.*", "", names)):
            full = f"{module}.{name}"
            yield full if _file(full) else module
