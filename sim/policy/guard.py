"""A policy under watch: whatever it does wrong ends its run with one clear message."""

from __future__ import annotations

import ctypes
import inspect
import json
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import islice
from math import isfinite, isnan
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sim.clock import DAY, tick
from sim.errors import Described, InputError, described, of_the_user, told
from sim.policy.base import Policy, PolicyFigure, View
from sim.reading import is_plain, parse_json

Answer = TypeVar("Answer")

PARTS_MOST = 64
"""Numbers in a key, at most."""
WHOLE_MOST = 2**53
"""The largest whole number in a key: all up to it are the same as floating-point numbers."""
FIGURES_MOST = 100
MEMORY_MOST = 1 << 26
"""Signs of what a policy remembers, as JSON, at most."""
EPOCH_MOST = 366 * DAY
_FIGURE_MOST = 1e15
_LONGEST = 1000  # signs of a name


class _TooLong(BaseException):
    """The policy took too long; not an `Exception`, so that hardly any policy swallows it."""


class Guarded(Policy):
    """Another policy, whose errors are told by its name, its file and the line.

    Whatever it answers is taken as plain numbers, and bounded, before anybody else sees it.

    Parameters
    ----------
    policy : Policy
        What decides.

    Raises
    ------
    InputError
        If its name, epoch or flags are not what a policy may have.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.limit = float("inf")  # for one decision, s
        self.began = float("inf")  # when the decision that is being made was asked for
        kind = type(policy)
        self._class = kind.__qualname__
        try:
            self._file = Path(inspect.getfile(kind)).name
        except (TypeError, OSError):  # typed into a notebook
            self._file = f"policy {self._class}"
        self.name = self._ask("name", lambda: _name(policy.name))
        self.epoch_s = self._ask("epoch_s", lambda: _epoch(policy.epoch_s))
        self.jobs_first = self._ask("jobs_first", lambda: bool(policy.jobs_first))
        self.hindsight = self._ask("hindsight", lambda: bool(policy.hindsight))

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Ask for a key, and see that it is a tuple of numbers."""
        return self._ask("key", lambda: _key(self.policy.key(view, ticket)))

    def assign(
        self, view: View, tickets: Sequence[int], crews: Sequence[int]
    ) -> Sequence[tuple[int, int]]:
        """Ask for pairs of whole numbers; the engine checks whose they are."""
        most = min(len(tickets), len(crews))
        # of copies: what a policy does to its lists is its own affair
        return self._ask(
            "choose",
            lambda: _pairs(self.policy.assign(view, list(tickets), list(crews)), most),
        )

    def choose_crew(self, view: View, ticket: int, crews: Sequence[int]) -> int:
        """Ask for the crew of a further department; the engine checks whose it is."""
        return self._ask(
            "choose_crew",
            lambda: _number(self.policy.choose_crew(view, ticket, list(crews)), "a crew's number"),
        )

    def figures(self) -> Mapping[str, PolicyFigure]:
        """Ask for its figures, and see that they are finite numbers with units."""
        return self._ask("figures", lambda: _figures(self.policy.figures()))

    def memory(self) -> Any:
        """Ask for what it remembers, and see that it can be told again."""
        return self._ask("memory", lambda: _memory(self.policy.memory()))

    def recall(self, view: View, memory: Any) -> None:
        """Tell it what it remembered."""
        self._ask("recall", lambda: self.policy.recall(view, memory))

    def _ask(self, what: str, question: Callable[[], Answer]) -> Answer:
        self.began = time.monotonic()
        try:
            try:
                return question()
            except _WrongError as wrong:
                value, allowed = wrong.args
                raise InputError(self._file, f"{self._class}.{what}", value, allowed) from None
            except InputError:
                raise
            except _TooLong:
                raise
            except BaseException as error:
                if of_the_user(error):
                    raise
                words = self._told(error)  # its description is the policy's, too, and may hang
                raise InputError(
                    self._file, f"{self._class}.{what}", words, "a decision, no error"
                ) from error
        except _TooLong:
            raise self._hangs(what) from None
        finally:
            self.began = float("inf")

    def _hangs(self, what: str) -> InputError:
        return InputError(
            self._file,
            f"{self._class}.{what}",
            f"no decision within {self.limit:g} s",
            "a policy that decides sooner; see --policy-timeout",
        )

    def _told(self, error: BaseException) -> str:
        lines = [
            line
            for frame, line in traceback.walk_tb(error.__traceback__)
            if Path(frame.f_code.co_filename).name == self._file
        ]
        where = f" (line {lines[-1]})" if lines else ""
        return f"{told(error)}{where}"

    @contextmanager
    def within(self, limit: float) -> Iterator[None]:
        """Let no decision within the block take longer than this, s.

        In the main thread an alarm interrupts the policy even while it sleeps; in others, and
        where there are no alarms, it is interrupted once it runs Python code again.
        """
        self.limit = limit
        watch = _alarm if _in_main() else _thread
        timed = isfinite(limit)
        try:
            with watch(self._late, max(limit / 4, 0.01)) if timed else nullcontext():
                yield
        except _TooLong:  # it came when the policy had just answered
            raise self._hangs("choose") from None
        finally:
            self.limit = float("inf")

    def _late(self) -> bool:
        return time.monotonic() - self.began > self.limit  # told again to a policy that caught it


class _WrongError(Exception):
    """An answer that is not allowed: how it is shown, and what is."""

    def __init__(self, value: object, allowed: str) -> None:
        super().__init__(Described(described(value)), allowed)


def guarded(policy: Policy) -> Policy:
    """Return a policy under watch, unless it is one of the program's own."""
    own = type(policy).__module__.partition(".")[0] == __name__.partition(".")[0]
    return policy if own else Guarded(policy)


@contextmanager
def limited(policy: Policy, limit: float) -> Iterator[None]:
    """Let no decision of a policy under watch take longer than this within the block, s."""
    with policy.within(limit) if isinstance(policy, Guarded) else nullcontext():
        yield


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > _LONGEST or not is_plain(value):
        raise _WrongError(value, "a name for tables, on one line")
    return str.__str__(value)


def _epoch(value: Any) -> float:
    number = _plain(value)
    if number is None or not 0 <= number <= EPOCH_MOST or tick(number) != number:
        raise _WrongError(value, "0, or a multiple of 1/1024 s up to a year")
    return float(number)


def _key(value: Any) -> tuple[float, ...]:
    allowed = f"a tuple of numbers, none NaN, at most {PARTS_MOST}, whole ones within ±2^53"
    if not issubclass(type(value), tuple) or tuple.__len__(value) > PARTS_MOST:
        raise _WrongError(value, allowed)
    parts = []
    for part in tuple.__iter__(value):
        number = _plain(part)
        if number is None or isnan(number) or (type(number) is int and abs(number) > WHOLE_MOST):
            raise _WrongError(value, allowed)
        parts.append(number)
    return tuple(parts)


def _pairs(value: Any, most: int) -> list[tuple[int, int]]:
    allowed = "a ticket and a crew, or None"
    pairs = []
    try:
        # one more than can be: the engine then finds somebody twice
        for pair in islice(value, most + 1):
            ticket, crew = pair
            pairs.append((_number(ticket, allowed), _number(crew, allowed)))
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError) or error.__traceback__ is None:
            raise
        if error.__traceback__.tb_next is not None:  # of the policy's own code
            raise
        raise _WrongError(value, allowed) from None
    return pairs


def _number(value: Any, allowed: str) -> int:
    number = _plain(value)
    if number is None or number != number // 1 or abs(number) > WHOLE_MOST:
        raise _WrongError(value, allowed)
    return int(number)


def _plain(value: Any) -> int | float | None:
    """Return a number as Python's own, whatever class of the policy's it is of; else None."""
    kind = type(value)
    if issubclass(kind, (np.integer, np.floating, np.bool_)):
        value = np.generic.item(value)
        kind = type(value)
    if issubclass(kind, int):
        return int.__add__(value, 0)
    if issubclass(kind, float):
        return float.__add__(value, 0.0)
    return None


def _figures(value: Any) -> dict[str, PolicyFigure]:
    allowed = f"at most {FIGURES_MOST} names, each with a finite number and a unit such as s"
    out: dict[str, PolicyFigure] = {}
    if not isinstance(value, Mapping):
        raise _WrongError(value, allowed)
    for name, pair in islice(value.items(), FIGURES_MOST + 1):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or len(out) == FIGURES_MOST:
            raise _WrongError({name: pair}, allowed)
        number = _plain(pair[0])
        if number is None or not abs(number) < _FIGURE_MOST:
            raise _WrongError({name: pair}, allowed)
        out[_name(name)] = PolicyFigure(float(number), _name(pair[1]))
    return out


def _memory(value: Any) -> Any:
    """Return it as a checkpoint gives it back."""
    pieces, size = [], 0
    try:
        for piece in json.JSONEncoder(ensure_ascii=False).iterencode(value):
            pieces.append(piece)
            size += len(piece)
            if size > MEMORY_MOST:
                raise _WrongError(value, f"no more than {MEMORY_MOST >> 20} MiB as JSON")
        return parse_json("".join(pieces), "memory", nan=True)
    except InputError as error:
        raise _WrongError(error.value, f"what JSON holds: {error.allowed}") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise _WrongError(value, f"what JSON holds ({error})") from None


def _in_main() -> bool:
    main = threading.current_thread() is threading.main_thread()
    return main and hasattr(signal, "setitimer")


@contextmanager
def _alarm(late: Callable[[], bool], every: float) -> Iterator[None]:
    def look(_signal: int, _frame: object) -> None:
        if late():
            raise _TooLong

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, every, every)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _thread(late: Callable[[], bool], every: float) -> Iterator[None]:
    watched, over = threading.get_ident(), threading.Event()

    def look() -> None:
        while not over.wait(every):
            if late():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(watched), ctypes.py_object(_TooLong)
                )

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
