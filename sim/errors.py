"""The one way in which bad input is reported."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 200


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
        shown = _shown(self.value)
        if len(shown) > 120:  # of a path the end says more than the middle
            shown = f"{shown[:58]}...{shown[-59:]}"
        return _plain(f"{self.file}: {self.field}: {shown} is not allowed; {self.allowed}")


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


def _shown(value: object) -> str:
    """Return a value as it is shown; whatever its own description does, a message comes out."""
    try:
        return repr(value)
    except Exception:
        return f"a value of type {type(value).__name__}"


def _plain(text: str) -> str:
    """Return one line in which nothing steers a terminal: names come from files of others."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
