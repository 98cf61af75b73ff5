"""Arrays of a dataclass are of the types that it declares: nothing is cast without a word."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any, get_args, get_type_hints

import numpy as np

from sim.errors import InputError


@cache
def declared(kind: type[Any]) -> dict[str, np.dtype[Any]]:
    """Return the array fields of a dataclass with the types that ``NDArray[...]`` gives them."""
    hints = get_type_hints(kind)
    return {
        field.name: np.dtype(get_args(get_args(hints[field.name])[1])[0]) for field in fields(kind)
    }


def check_types(record: Any) -> None:
    """Check that each array of a dataclass has the type that it declares.

    Raises
    ------
    InputError
        Naming the first that has not: a float where a whole number belongs would be cut off.
    """
    kind_of: Any = type(record)
    for name, kind in declared(kind_of).items():
        check_type(kind_of.__name__, name, getattr(record, name), kind)


def check_type(record: str, name: str, array: Any, kind: np.dtype[Any]) -> None:
    """Check that an array of a record has its type.

    Raises
    ------
    InputError
        If it has not.
    """
    found = getattr(array, "dtype", type(array).__name__)
    if found != kind:
        raise InputError(record, name, str(found), f"an array of {kind}")
