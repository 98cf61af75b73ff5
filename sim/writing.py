"""Files are written here, and here alone: whole under their name, or not there at all.

What is made lies beside its place under a hidden name, locked for as long as its process lives,
and gets its name at the end. A process that is killed leaves the old or the new under the name,
and what it was making to the next one that writes beside: whatever nobody holds is removed.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.errors import InputError, WriteError
from sim.private import private_folder

_NEW = ".sim-new-"
_OLD = ".sim-old-"
_LEFT = re.compile(rf"{re.escape(_NEW)}[0-9a-f]{{16}}(\.\w{{1,9}})?")
_PAGE = 4096
_LITTLE = 1 << 16  # bytes; a disk with less is full, whatever a library says of it
_TRIES = 100
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD, RENAME_EXCHANGE

_cleaned: set[Path] = set()  # folders in which this process has looked for what others left


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """Tell what keeps something from being written within the block, in one message.

    Raises
    ------
    WriteError
        Instead of an `OSError`: the disk is full, the folder may not be written to, ...
    """
    try:
        yield
    except OSError as error:
        raise WriteError(path, "written", _reason(error, path), "a place that can be") from None


@contextmanager
def new_file(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Give a name under which to write a file, and put it in its place after the block.

    Parameters
    ----------
    path : Path
        Where it is to be; what is there is replaced at once.
    durable : bool
        Whether it must outlive a power cut, not just the process.

    Yields
    ------
    Path
        An empty file beside, with the same ending; removed if the block raises.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    with writable(path), _hidden(path.parent, _ending(path)) as part:
        yield part
        if durable:
            _sync(part)
        part.replace(path)
        if durable:
            _sync(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file, whole or not at all."""
    with new_file(path) as part:
        part.write_text(text, encoding="utf-8")


@contextmanager
def new_folder(path: Path, check: Callable[[], None] = lambda: None) -> Iterator[Path]:
    """Give a folder to write into, and put it in its place after the block.

    Parameters
    ----------
    path : Path
        Where it is to be. What is there goes once the new one is in its place, and on disk.
    check : callable
        Raises where what has come there meanwhile may not be replaced.

    Yields
    ------
    Path
        Removed with all that is in it if the block raises.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    with writable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _hidden(path.parent, None) as part:
            yield part
            check()
            _put(part, path)


@contextmanager
def scratch_folder(beside: Path) -> Iterator[Path]:
    """Give a folder in ``beside`` for the block alone.

    Raises
    ------
    WriteError
        If it cannot be written to.
    """
    with writable(beside), _hidden(beside, None, 0o700) as folder:
        yield folder


def scratch_of(owner: object, beside: Path | None = None) -> Path:
    """Return a folder that goes when its owner does.

    Parameters
    ----------
    owner : object
    beside : Path, optional
        Where to make it; among the temporary files by default.

    Raises
    ------
    WriteError
        If it cannot be made.
    """
    place = Path(tempfile.gettempdir()) if beside is None else beside
    with writable(place):
        folder, lock = _begin(place, None, 0o700)
    weakref.finalize(owner, _end, folder, lock)
    return folder


def check_file(path: Path, overwrite: bool = True, field: str = "out") -> None:
    """Check that a file can be written, before the work whose result it is to hold.

    Parameters
    ----------
    overwrite : bool
        Whether one that is there may be replaced.
    field : str
        The option that named it.

    Raises
    ------
    InputError
        If something else is there, or nothing can be written there.
    """
    _check_named(path, field, "a file")
    if path.is_dir():
        raise InputError("command line", field, str(path), "a file, not a folder")
    if path.exists():
        if not path.is_file():
            raise InputError("command line", field, str(path), "a file, no device or pipe")
        if not overwrite:
            raise InputError("command line", field, str(path), "a new file, or --overwrite")
    if not path.parent.is_dir():
        raise InputError("command line", field, str(path), "a file in a folder that exists")
    check_beside(path, field)


def check_folder(path: Path, field: str = "out") -> None:
    """Check that a folder can be written, before the work whose result it is to hold.

    What was put aside when a process was killed is in its place again afterwards. What a folder
    that is there holds is another question.

    Raises
    ------
    InputError
        If something else is there, or nothing can be written there.
    """
    _check_named(path, field, "a folder")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _no_place(path, field, _reason(error, path)) from None
    _recover(path)
    if path.exists() and not path.is_dir():
        raise InputError("command line", field, str(path), "a new folder; this is none")
    check_beside(path, field)


def check_beside(path: Path, field: str = "out", room: float = 0.0) -> None:
    """Check that something can be written beside a path.

    Parameters
    ----------
    room : float
        Bytes that must be free.

    Raises
    ------
    InputError
        If it cannot.
    """
    try:
        with _hidden(path.parent, ".tmp") as part:
            part.write_bytes(bytes(_PAGE))
        free = shutil.disk_usage(path.parent).free
    except OSError as error:
        raise _no_place(path, field, _reason(error, path)) from None
    if free < room:
        reason = f"some {room / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} are free"
        raise _no_place(path, field, reason)


def spare_place(path: Path) -> Path:
    """Return a place for what cannot be kept where it was asked to be.

    In ``kept`` in the folder that is this user's alone, under the same name, with a number where
    there is such a thing already.

    Raises
    ------
    WriteError
        If there is no such place either.
    """
    folder = private_folder() / "kept"
    with writable(folder):
        folder.mkdir(exist_ok=True)
        for number in range(1, 10_000):
            place = folder / (path.name if number == 1 else f"{number}-{path.name}")
            if not os.path.lexists(place):
                return place
    raise WriteError(folder, "written", "full of results", "a place that can be")


def _check_named(path: Path, field: str, what: str) -> None:
    """Check that a path is a name of its own, and no link to somewhere else."""
    try:
        path.lstat()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise _no_place(path, field, _reason(error, path)) from None
    if path.name in ("", "..") or path.resolve() in (Path.cwd(), *Path.cwd().parents):
        allowed = f"{what} of its own, not the folder you are in or one above it"
        raise InputError("command line", field, str(path), allowed)
    if path.is_symlink():
        raise InputError("command line", field, str(path), f"{what}, no link to another place")


def _no_place(path: Path, field: str, reason: str) -> InputError:
    allowed = f"a place that can be written to ({reason})"
    return InputError("command line", field, str(path), allowed)


def _reason(error: Exception, path: Path) -> str:
    number = getattr(error, "errno", None)
    reason = os.strerror(number) if number else str(error) or type(error).__name__
    if not number:  # libraries that say no more than 'encoder error'
        try:
            if shutil.disk_usage(path.parent).free < _LITTLE:
                return os.strerror(errno.ENOSPC)
        except OSError:
            pass
    return " ".join(reason.split())


def _ending(path: Path) -> str:
    """Return what a library tells the format by."""
    return path.suffix if re.fullmatch(r"\.\w{1,9}", path.suffix) else ""


@contextmanager
def _hidden(folder: Path, ending: str | None, mode: int = 0o777) -> Iterator[Path]:
    """Give a new file in a folder, or a folder where there is no ending; gone after the block."""
    part, lock = _begin(folder, ending, mode)
    try:
        yield part
    finally:
        _end(part, lock)


def _begin(folder: Path, ending: str | None, mode: int) -> tuple[Path, int]:
    """Make something under a hidden name, and lock it: the lock ends with the process."""
    _clean(folder)
    for _ in range(_TRIES):
        part = folder / f"{_NEW}{secrets.token_hex(8)}{ending or ''}"
        if ending is None:
            part.mkdir(mode=mode)
            lock = os.open(part, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
        else:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            lock = os.open(part, flags, mode & 0o666)
        if _held(lock) is not False and part.exists():
            return part, lock
        os.close(lock)  # another process took it for something left behind
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(folder))


def _end(part: Path, lock: int) -> None:
    remove(part)
    os.close(lock)


def _held(handle: int) -> bool | None:
    """Take a lock; False if another process has it, None if there are no locks on this disk."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; what cannot be removed stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            return


def _clean(folder: Path) -> None:
    """Remove what killed processes of this user left in a folder; looked for once."""
    if folder.absolute() in _cleaned:
        return
    _cleaned.add(folder.absolute())
    with os.scandir(folder) as entries:
        left = [Path(entry.path) for entry in entries if _LEFT.fullmatch(entry.name)]
    for path in left:
        with _if_left(path) as alone:
            if alone:
                remove(path)


@contextmanager
def _if_left(path: Path) -> Iterator[bool]:
    """Lock what has a hidden name for the block; False if a process still has it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        yield False
        return
    try:
        yield os.fstat(handle).st_uid == os.geteuid() and _held(handle) is True
    finally:
        os.close(handle)


def _put(new: Path, path: Path) -> None:
    """Put a folder in its place; what is there is gone afterwards.

    Where the two names can be exchanged at once, there is no instant without a result. Elsewhere
    the old one is put aside first, under a name by which `_recover` finds it.
    """
    _recover(path)
    if not path.is_dir() or not any(path.iterdir()):
        new.rename(path)
        return
    _sync_all(new)
    if _exchange(new, path):  # what the hidden name has now is removed with it
        _sync(path.parent)
        return
    aside = path.with_name(f"{_aside(path)}{secrets.token_hex(8)}")
    with _if_left(path):  # held: no other process takes it for something left behind
        path.rename(aside)
        try:
            new.rename(path)
        except BaseException:
            aside.rename(path)
            raise
        _sync(path.parent)
        remove(aside)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names at once; False where this system or disk cannot."""
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    if swap(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(other))


def _aside(path: Path) -> str:
    return f"{_OLD}{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}-"


def _recover(path: Path) -> None:
    """Bring back what a killed process had put aside, or remove it where the new one is there."""
    try:
        with os.scandir(path.parent) as entries:
            found = [e.path for e in entries if e.name.startswith(_aside(path)) and e.is_dir()]
    except OSError:
        return
    for aside in map(Path, found):
        with _if_left(aside) as alone:
            if not alone:
                continue
            if os.path.lexists(path):
                remove(aside)
            else:
                aside.rename(path)


def _sync(path: Path) -> None:
    """See that a file, or the names in a folder, are on disk; some disks cannot say."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EROFS):
            raise
    finally:
        os.close(handle)


def _sync_all(folder: Path) -> None:
    for place, _, names in os.walk(folder):
        for name in names:
            _sync(Path(place) / name)
        _sync(Path(place))
