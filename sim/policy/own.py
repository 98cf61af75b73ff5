"""A policy of the user's own, from a file or a module."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

from sim.errors import InputError, of_the_user, told
from sim.policy.base import Policy
from sim.reading import is_plain, read_bytes


def load_policy(spec: str) -> Policy:
    """Load ``module:Class`` or ``path/to/file.py:Class``, and make one.

    Modules are also looked for in the present folder.

    Raises
    ------
    InputError
        If there is no such file, module or class, if it raises, or if it is not a policy.
    """
    place, _, name = spec.rpartition(":")
    if not place or not name.isidentifier():
        raise InputError("command line", "policy", spec, "module:Class or path/to/file.py:Class")
    try:
        module = _from_file(Path(place)) if place.endswith(".py") else _from_module(place)
    except InputError:
        raise
    except BaseException as error:  # the user's code may raise anything
        if of_the_user(error):
            raise
        raise InputError(place, "import", told(error), "a file that Python can import") from error
    kind = getattr(module, name, None)
    known = [
        word
        for word, thing in vars(module).items()
        if isinstance(thing, type)
        and issubclass(thing, Policy)
        and thing.__module__ == module.__name__
    ]
    if not (isinstance(kind, type) and issubclass(kind, Policy)):
        found = f"its policies are {', '.join(known)}" if known else "it has none"
        raise InputError(place, "policy", name, f"a class derived from sim.policy.Policy; {found}")
    called = getattr(kind, "name", None)
    if not isinstance(called, str) or not called or not is_plain(called):
        raise InputError(place, f"{name}.name", called, "a name for tables, on one line")
    missing = ", ".join(sorted(getattr(kind, "__abstractmethods__", ())))
    if missing:
        raise InputError(place, name, f"no {missing}", f"a policy that defines {missing}")
    try:
        return kind()
    except BaseException as error:
        if of_the_user(error):
            raise
        allowed = "a policy that can be made without arguments"
        raise InputError(place, name, told(error), allowed) from error


def class_digest(policy: Policy, state: str = "") -> str:
    """Return the name of a policy's class with a digest of its file, and of what was given to it.

    Parameters
    ----------
    state : str
        Further text that tells it from others.

    Raises
    ------
    InputError
        If its class stands in no file.
    """
    kind = type(policy)
    try:
        text = Path(inspect.getfile(kind)).read_bytes()
    except (OSError, TypeError):
        raise InputError(
            f"policy {kind.name}",
            "class",
            kind.__qualname__,
            "a class in a file, so that what is kept shows whether it has changed",
        ) from None
    return f"{kind.__qualname__} {hashlib.sha256(text + state.encode()).hexdigest()}"


def _from_file(path: Path) -> ModuleType:
    text = read_bytes(path, field="policy")
    # named by what it says: a changed file is another module, the same one is loaded once
    name = f"policy_{path.stem}_{hashlib.sha256(text).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _from_module(name: str) -> ModuleType:
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise InputError(
            "command line", "policy", name, "a module that can be imported, or a file.py"
        ) from None
    finally:
        sys.path.remove(here)
