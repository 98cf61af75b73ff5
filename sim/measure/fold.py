"""One pass over what a run left, for all that is asked of it.

A *fold* takes the rows in as they lie, some at a time, and keeps only counts. However long the
run, what is in memory is a few pieces and the counts; and what is asked for together is read
together, once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, Protocol, Self

from sim.engine.outcome import Outcome
from sim.processors import threads


class Fold(Protocol):
    """Counts over the rows of an outcome; made with the whole outcome, and what is asked for.

    Attributes
    ----------
    logs : bool
        Whether it takes in the rows of the logs, and not those of the tickets.
    """

    logs: bool

    def __init__(self, outcome: Outcome, *asked: Any) -> None: ...

    def add(self, piece: Outcome) -> None:
        """Take in the rows of a piece."""

    def merge(self, other: Self) -> None:
        """Take in what another of the same kind took in; the order makes no difference."""


_ALONE = 100_000  # tickets that are not worth a second thread

Request = tuple[type[Any], *tuple[Hashable, ...]]
"""A class of folds, and what is asked of it."""


def gather(outcome: Outcome, requests: Sequence[Request]) -> list[Any]:
    """Return the folds asked for: those the outcome has already, the others by one pass.

    The pass goes side by side on as many threads as a run may use; each has one piece at a time.
    """
    missing = [request for request in dict.fromkeys(requests) if request not in outcome.folds]
    if missing:
        work, lock = _work(outcome, missing), Lock()

        def take(_: int) -> list[Any]:
            own = [kind(outcome, *asked) for kind, *asked in missing]
            while True:
                with lock:
                    logs, piece = next(work, (False, None))
                if piece is None:
                    return own
                for fold in own:
                    if fold.logs == logs:
                        fold.add(piece)

        with ThreadPoolExecutor(threads()) as pool:
            whole, *others = pool.map(take, range(threads() if len(outcome) > _ALONE else 1))
        for other in others:
            for fold, more in zip(whole, other, strict=True):
                fold.merge(more)
        outcome.folds.update(zip(missing, whole, strict=True))
    return [outcome.folds[request] for request in requests]


def _work(outcome: Outcome, requests: Sequence[Request]) -> Iterator[tuple[bool, Outcome]]:
    if any(not kind.logs for kind, *_ in requests):
        for piece in outcome.pieces():
            yield False, piece
    if any(kind.logs for kind, *_ in requests):
        for piece in outcome.log_pieces():
            yield True, piece
