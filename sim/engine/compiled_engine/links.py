"""Walks along the links of a state that was read: each entry belongs to one queue, or to none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.machinecode import kept

Ints = NDArray[np.int64]

FINE = -1
"""What a walk returns that met no entry twice."""


@kept(nogil=True)
def along_chains(following: Ints, first: Ints, seen: NDArray[np.uint8], size: Ints) -> int:
    """Walk along chains, and count their entries.

    Parameters
    ----------
    following : int64 [n]
        The next entry of each; below 0: none.
    first, size : int64 [k]
        The first entry of each chain; how many it has, filled in.
    seen : uint8 [n]
        Which entries were met, brought up to date.

    Returns
    -------
    int
        An entry that was met twice, or `FINE`.
    """
    for i in range(len(first)):
        at = first[i]
        size[i] = 0
        while at >= 0:
            if seen[at]:
                return int(at)
            seen[at] = 1
            size[i] += 1
            at = following[at]
    return -1


@kept(nogil=True)
def through_trees(left: Ints, right: Ints, roots: Ints, seen: NDArray[np.uint8], of: Ints) -> int:
    """Walk through binary trees.

    Parameters
    ----------
    left, right : int64 [n]
        The children of each entry; below 0: none.
    roots : int64 [k]
        Below 0: an empty tree.
    seen : uint8 [n]
        Which entries were met, brought up to date.
    of : int64 [n]
        In which tree each entry is that was met, filled in.

    Returns
    -------
    int
        An entry that was met twice, or `FINE`.
    """
    ahead = np.empty(len(left) + 1, dtype=np.int64)
    for tree in range(len(roots)):
        many = 0
        if roots[tree] >= 0:
            ahead[0] = roots[tree]
            many = 1
        while many > 0:
            many -= 1
            at = ahead[many]
            if seen[at]:
                return int(at)
            seen[at] = 1
            of[at] = tree
            for child in (left[at], right[at]):
                if child >= 0:
                    if seen[child] or many > len(left) - 1:
                        return int(child)
                    ahead[many] = child
                    many += 1
    return -1


def column(records: NDArray[Any], name: str) -> Ints:
    """Return a field of records as a row of its own."""
    return np.ascontiguousarray(records[name])
