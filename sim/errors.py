"""The one way in which bad input is reported."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from dis import opmap

_LONGEST = 200
_MOST = 10_000  # signs of a value that are kept


class InputError(ValueError):
    """Bad input: says where, what it was and what is allowed.

    Parameters
    ----------
    file : str
        The file, or a name such as ``command line``.
    field : str
        The dotted path of the field, or the row and column of a table.
    value : object
        What was found there.
    allowed : str
        What is allowed, in words.
    """

    def __init__(self, file: object, field: str, value: object, allowed: str) -> None:
        self.file = str(file)
        self.field = field
        self.value = value
        self.allowed = allowed
        # the arguments as they are: SimPy and pickle make the error again from them
        super().__init__(file, field, value, allowed)

    def __str__(self) -> str:
        shown = _short(described(self.value))
        field = _short(self.field)
        return _plain(f"{self.file}: {field}: {shown} is not allowed; {self.allowed}")


def _short(text: str) -> str:
    """Leave out the middle of a long text: of a path the end says more."""
    return text if len(text) <= 120 else f"{text[:58]}...{text[-59:]}"


class WriteError(InputError):
    """What was made cannot be written where it was to be; ``value`` is the reason."""

    def __str__(self) -> str:
        return _plain(f"{self.file}: cannot be {self.field}: {self.value}")


class Terminated(SystemExit):
    """The process was told to end; whatever it was doing is put in order on the way out."""


class Interrupted(KeyboardInterrupt):
    """The user's own Ctrl-C, which nobody takes for an error of what was interrupted."""


class InputWarning(UserWarning):
    """Input that can be worked with, but not as it was meant: says what is done instead."""


class InvariantError(AssertionError):
    """A rule that must hold at every instant was broken: a defect of the program."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return a hint at the nearest known word, or nothing."""
    if len(word) > _LONGEST:  # comparing takes long, and nobody has meant anything near
        return ""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def one_of(word: object, known: Iterable[str], most: int = 12) -> str:
    """Say what is allowed where a name is: all of a few, the nearest of many.

    Parameters
    ----------
    word : object
        What was found in its place.
    known : iterable of str
        What is allowed, in the order to be shown.
    most : int
        How many are shown at most.
    """
    names = list(known)
    hint = suggestion(str(word), names)
    if len(names) <= most:
        return f"one of {', '.join(names)}{hint}"
    near = get_close_matches(str(word)[:_LONGEST], names, n=3, cutoff=0.4)
    return f"one of {len(names)} names, such as {', '.join(near or names[:3])}{hint}"


class Described(str):
    """What a value is described as, shown without quotes; the value itself is let go."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def of_the_user(error: BaseException) -> bool:
    """Return whether what was raised is a wish to end, rather than the doing of what was called.

    Outside the command line Ctrl-C raises a plain `KeyboardInterrupt` wherever the program is;
    one that a ``raise`` in the code itself makes is none.
    """
    if isinstance(error, (Interrupted, Terminated)):
        return True
    trace = error.__traceback__
    if type(error) is not KeyboardInterrupt or trace is None:
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code.co_code
    return code[trace.tb_lasti] != opmap["RAISE_VARARGS"]


def described(value: object) -> str:
    """Return a value as it is shown; whatever its own description does, a message comes out."""
    try:
        text = repr(value)
        return text if len(text) <= _MOST else f"{text[: _MOST // 2]}...{text[-_MOST // 2 :]}"
    except BaseException as error:
        if of_the_user(error):
            raise
        return f"a value of type {type(value).__name__}"


def told(error: BaseException) -> str:
    """Say what was raised, and what it says of itself if it can."""
    try:
        return f"{type(error).__name__}: {error}"[:_MOST]
    except Exception:
        return type(error).__name__


def _plain(text: str) -> str:
    """Return one line in which nothing steers a terminal: names come from files of others."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
