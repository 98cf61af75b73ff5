"""Policies that do what none may: each is told by its name, and stops its own run alone."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sim.policy import Policy, PolicyFigure


class Fine(Policy):
    name = "fine"

    def key(self, view: Any, ticket: int) -> Any:
        return (view.ready(ticket),)


class SilentError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


class Thing:
    """Is shown, compared and counted by nobody."""

    def __repr__(self) -> str:
        raise SystemExit(0)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not comparable")

    def __lt__(self, other: object) -> bool:
        raise RuntimeError("not comparable")

    def __hash__(self) -> int:
        raise RuntimeError("not hashable")


class Anything(int):
    """Is equal to all there is."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        raise RuntimeError("not hashable")

    def __index__(self) -> int:
        raise RuntimeError("no index")

    __int__ = __index__


class Endless(tuple[Any, ...]):
    def __iter__(self) -> Iterator[Any]:
        return itertools.repeat(1)

    def __len__(self) -> int:
        raise RuntimeError("no length")


def raiser(error: BaseException) -> Callable[..., Any]:
    def method(self: Policy, *_: Any) -> Any:
        raise error

    return method


def deep(self: Policy, *_: Any) -> Any:
    return deep(self)


def told(value: Any) -> Callable[..., Any]:
    return lambda self, *_: value


RAISED: dict[str, Callable[..., Any]] = {
    "an error": raiser(ValueError("no ink")),
    "SystemExit": raiser(SystemExit(0)),
    "GeneratorExit": raiser(GeneratorExit()),
    "KeyboardInterrupt": raiser(KeyboardInterrupt()),
    "StopIteration": raiser(StopIteration(3)),
    "MemoryError": raiser(MemoryError()),
    "AssertionError": raiser(AssertionError()),
    "a group": raiser(BaseExceptionGroup("g", [SystemExit(1)])),
    "without words": raiser(SilentError()),
    "RecursionError": deep,
}
"""Methods that raise, by what."""


def doubled(self: Policy, view: Any, tickets: list[int], crews: list[int]) -> Any:
    while True:
        yield tickets[0], crews[0]


def broken(self: Policy, view: Any, tickets: list[int], crews: list[int]) -> Any:
    yield tickets[0], crews[0]
    raise SystemExit(0)


ANSWERS: dict[str, dict[str, Any]] = {
    "key": {
        "10**400": (10**400,),
        "-10**400": (-(10**400),),
        "2**60": (2**60,),
        "NaN": (1.0, float("nan")),
        "np.nan": (np.float32("nan"),),
        "text": ("a",),
        "a text alone": "abc",
        "mixed": (1, "a"),
        "None": None,
        "None within": (None,),
        "a list": [1, 2],
        "a tuple within": ((1,),),
        "a thing": (Thing(),),
        "a thing alone": Thing(),
        "complex": (1j,),
        "gigantic": (0.0,) * 1_000_000,
        "a generator": (i for i in range(3)),
        "a huge text": "x" * 10_000_000,
    },
    "assign": {
        "None": None,
        "a number": 3,
        "a pair without its list": (1, 2),
        "three": [(1, 2, 3)],
        "one": [(1,)],
        "text": "ab",
        "texts": [("a", "b")],
        "NaN": [(float("nan"), float("nan"))],
        "infinity": [(float("inf"), 1)],
        "10**400": [(10**400, 10**400)],
        "things": [(Thing(), Thing())],
        "a thing": Thing(),
        "anything": [(Anything(10**9), Anything(10**9))],
        "endless": itertools.repeat((10**9, 10**9)),
        "endless pair": [itertools.count()],
        "True": [(True, None)],
        "a mapping": {1: 2},
    },
    "choose": {"a number": 3, "three": (1, 2, 3), "a thing": Thing(), "text": "ab"},
    "choose_crew": {
        "None": None, "NaN": float("nan"), "text": "a", "a thing": Thing(),
        "10**400": 10**400, "a list": [1], "negative": -1, "half": 0.5,
    },
    "figures": {
        "None": None,
        "a number": 3,
        "NaN": {"a": (float("nan"), "s")},
        "infinity": {"a": (float("inf"), "s")},
        "10**400": {"a": (10**400, "s")},
        "no unit": {"a": 3},
        "a text": {"a": ("3", "s")},
        "two lines": {"a\nb": PolicyFigure(1.0, "s")},
        "a number's name": {3: PolicyFigure(1.0, "s")},
        "a thing": {"a": (Thing(), Thing())},
        "a thing alone": Thing(),
        "many": {str(i): PolicyFigure(1.0, "s") for i in range(1000)},
        "a long name": {"a" * 100_000: PolicyFigure(1.0, "s")},
    },
    "memory": {
        "a set": {1},
        "a function": print,
        "bytes": b"abc",
        "a thing": Thing(),
        "a thing within": [Thing()],
        "10**400": [10**400],
        "an array": np.zeros(3),
        "deep": json.loads("[" * 200 + "]" * 200),
        "gigantic": "x" * (1 << 27),
    },
    "epoch_s": {
        "NaN": float("nan"), "infinity": float("inf"), "negative": -60.0, "a text": "60",
        "None": None, "10**400": 10**400, "no tick": 0.1, "a thing": Thing(), "huge": 1e300,
    },
    "name": {"a thing": Thing(), "nothing": "", "two lines": "a\nb", "a number": 3,
             "long": "a" * 5000},
}  # fmt: skip
"""What methods return, or attributes are, by what."""


def policy(where: str, what: str) -> Policy:
    """Make a policy that answers one question wrongly."""
    if where in ("epoch_s", "name"):
        body: dict[str, Any] = {where: ANSWERS[where][what]}
    elif what in ANSWERS.get(where, {}):
        body = {where: told(ANSWERS[where][what])}
    else:
        body = {where: RAISED[what]}
    return type("Hostile", (Fine,), {"__module__": __name__, **body})()


class Generators(Fine):
    name = "generators"
    assign = doubled


class Breaks(Fine):
    name = "breaks"
    assign = broken


class Swallows(Fine):
    """Takes what is to end it for an error of its own, once."""

    name = "swallows"

    def choose(self, view: Any, tickets: Any, crews: Any) -> Any:
        try:
            while True:
                pass
        except BaseException:
            while True:
                pass


class SlowWords(Fine):
    name = "slow-words"

    def key(self, view: Any, ticket: int) -> Any:
        class SlowError(Exception):
            def __str__(self) -> str:  # noqa: PLE0307
                while True:
                    pass

        raise SlowError


class SlowMemory(Fine):
    name = "slow-memory"

    def memory(self) -> Any:
        while True:
            pass


class Exits(Fine):
    name = "exits"
    key = RAISED["SystemExit"]


class Big(Fine):
    name = "big"
    key = told((10**400,))
