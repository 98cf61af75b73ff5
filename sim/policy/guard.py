"""A policy under watch: whatever it does wrong ends its run with one clear message."""

from __future__ import annotations

import ctypes
import inspect
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from typing import Any, TypeVar

from sim.errors import InputError
from sim.policy.base import Figure, Policy, View

Answer = TypeVar("Answer")


class _TooLong(BaseException):
    """The policy took too long; not an `Exception`, so that hardly any policy swallows it."""


class Guarded(Policy):
    """Another policy, whose errors are told by its name, its file and the line.

    Parameters
    ----------
    policy : Policy
        What decides.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.name = policy.name
        self.epoch_s = policy.epoch_s
        self.jobs_first = policy.jobs_first
        self.hindsight = policy.hindsight
        self.limit = float("inf")  # for one decision, s
        self.began = float("inf")  # when the decision that is being made was asked for
        kind = type(policy)
        self._class = kind.__qualname__
        try:
            self._file = Path(inspect.getfile(kind)).name
        except (TypeError, OSError):  # typed into a notebook
            self._file = f"policy {policy.name}"

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Ask for a key, and see that it is a tuple of numbers."""
        key = self._ask("key", lambda: self.policy.key(view, ticket))
        numbers = isinstance(key, tuple) and all(
            isinstance(part, (int, float)) and not isnan(part) for part in key
        )
        if not numbers:
            raise InputError(self._file, f"{self._class}.key", key, "a tuple of numbers, none NaN")
        return key

    def assign(
        self, view: View, tickets: Sequence[int], crews: Sequence[int]
    ) -> Sequence[tuple[int, int]]:
        """Ask for pairs; the engine checks them."""
        # of copies: what a policy does to its lists is its own affair
        return self._ask("choose", lambda: self.policy.assign(view, list(tickets), list(crews)))

    def choose_crew(self, view: View, ticket: int, crews: Sequence[int]) -> int:
        """Ask for the crew of a further department; the engine checks it."""
        return self._ask("choose_crew", lambda: self.policy.choose_crew(view, ticket, list(crews)))

    def figures(self) -> Mapping[str, Figure]:
        """Ask for its figures, and see that they are numbers with units."""

        def asked() -> Mapping[str, Figure]:
            told = self.policy.figures().items()
            return {str(name): Figure(float(value), str(unit)) for name, (value, unit) in told}

        return self._ask("figures", asked)

    def memory(self) -> Any:
        """Ask for what it remembers."""
        return self._ask("memory", self.policy.memory)

    def recall(self, view: View, memory: Any) -> None:
        """Tell it what it remembered."""
        self._ask("recall", lambda: self.policy.recall(view, memory))

    def _ask(self, what: str, question: Callable[[], Answer]) -> Answer:
        self.began = time.monotonic()
        try:
            return question()
        except _TooLong:
            raise self._hangs(what) from None
        except Exception as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                self._file, f"{self._class}.{what}", self._told(error), "a decision, no error"
            ) from error
        finally:
            self.began = float("inf")

    def _hangs(self, what: str) -> InputError:
        return InputError(
            self._file,
            f"{self._class}.{what}",
            f"no decision within {self.limit:g} s",
            "a policy that decides sooner; see --policy-timeout",
        )

    def _told(self, error: Exception) -> str:
        steps = traceback.extract_tb(error.__traceback__)
        lines = [step.lineno for step in steps if Path(step.filename).name == self._file]
        where = f" (line {lines[-1]})" if lines else ""
        return f"{type(error).__name__}: {error}{where}"

    @contextmanager
    def within(self, limit: float) -> Iterator[None]:
        """Let no decision within the block take longer than this, s.

        In the main thread an alarm interrupts the policy even while it sleeps; in others, and
        where there are no alarms, it is interrupted once it runs Python code again.
        """
        self.limit = limit
        watch = _alarm if _in_main() else _thread
        try:
            with watch(self._late, max(limit / 4, 0.01)):
                yield
        except _TooLong:  # it came when the policy had just answered
            raise self._hangs("choose") from None
        finally:
            self.limit = float("inf")

    def _late(self) -> bool:
        late = time.monotonic() - self.began > self.limit
        if late:
            self.began = float("inf")
        return late


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
