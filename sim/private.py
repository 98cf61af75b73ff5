"""A folder that is this user's alone, for what is kept between runs.

What lies in it is believed: machine code is run. So it is taken only where nobody else can have
put anything into it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
from pathlib import Path

CACHE = "SIM_CACHE"
"""The environment variable that says where the folder is to be."""

NAME = "suzhou-dispatch"


def private_folder() -> Path:
    """Return the folder: mode 0700, and owned by this user.

    The first that can be had of ``SIM_CACHE``; ``suzhou-dispatch`` below ``XDG_CACHE_HOME``, or
    ``~/.cache``; one of the user's own among the temporary files. Where others could change each
    of them it is a fresh one, for this process and those that it starts, and removed at the end.
    """
    places = [Path(asked)] if (asked := os.environ.get(CACHE)) else []
    if (home := _home()) is not None:
        places.append(home / NAME)
    places.append(Path(tempfile.gettempdir()) / f"{NAME}-{os.getuid()}")
    for place in places:
        if place.is_absolute() and _taken(place):
            return place
    fresh = Path(tempfile.mkdtemp(prefix=f"{NAME}-"))
    os.environ[CACHE] = str(fresh)  # for the processes that this one starts
    atexit.register(_remove, fresh, os.getpid())
    return fresh


def is_private(folder: Path) -> bool:
    """Return whether a folder is this user's alone, and nobody else can put one in its place."""
    try:
        own = folder.lstat()
        if not stat.S_ISDIR(own.st_mode) or own.st_uid != os.getuid() or own.st_mode & 0o077:
            return False
        above = {*folder.parents, *folder.resolve().parents}
        return all(_holds(part.lstat()) for part in above)
    except (OSError, RuntimeError, ValueError):
        return False


def _home() -> Path | None:
    if asked := os.environ.get("XDG_CACHE_HOME"):
        return Path(asked)
    try:
        return Path.home() / ".cache"
    except RuntimeError:  # a user without one
        return None


def _taken(folder: Path) -> bool:
    """Make the folder if it is not there; return whether it is private and can be written to.

    The mode of a folder is changed only where its name is the program's own: another one, such as
    a home or ``/etc``, is somebody's, whoever names it as the cache.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            found = folder.lstat()
            own = stat.S_ISDIR(found.st_mode) and _holds(found) and found.st_uid == os.getuid()
            if own and folder.name == NAME:
                folder.chmod(0o700)  # of an earlier version: others could read there, not write
        return is_private(folder) and os.access(folder, os.W_OK)
    except (OSError, ValueError):
        return False


def _holds(found: os.stat_result) -> bool:
    """Return whether only this user and root can change what a folder has in it, or a link."""
    if found.st_uid not in (0, os.getuid()):
        return False
    if stat.S_ISLNK(found.st_mode) or found.st_mode & stat.S_ISVTX:
        return True
    # a group of the user's own, with its number, has nobody else in it
    by_group = found.st_mode & 0o020 and found.st_gid not in (0, os.getuid())
    return not (by_group or found.st_mode & 0o002)


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
