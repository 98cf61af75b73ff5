"""The problem: which shifts a team has to fill, who is in it, and what they asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from sim.optimize.roster.rules import Contract, LabourRules

OFF_DUTY = -1
"""Instead of a shift's number: a day off."""

Kind = Literal["leave", "off", "work", "avoid"]


@dataclass(frozen=True)
class Shift:
    """A daily span of duty, which may cross midnight.

    Attributes
    ----------
    name : str
    start, length, paid : int
        Minutes: of the start since midnight, of presence, of paid work.
    """

    name: str
    start: int
    length: int
    paid: int

    @property
    def clock(self) -> str:
        """The span in words, ``22:00-06:00``."""
        end = (self.start + self.length) % 1440
        return f"{self.start // 60:02d}:{self.start % 60:02d}-{end // 60:02d}:{end % 60:02d}"


@dataclass(frozen=True)
class Worker:
    """One of the team.

    Attributes
    ----------
    name : str
    contract : str
        Name of a contract of the rules.
    skills : frozenset of str
    shifts : frozenset of str
        Shifts that the worker may do; empty: all.
    history : tuple of int
        The shift's number, or `OFF_DUTY`, of the last days before the roster begins, the day
        just before it last. Empty: nothing is known.
    """

    name: str
    contract: str
    skills: frozenset[str] = frozenset()
    shifts: frozenset[str] = frozenset()
    history: tuple[int, ...] = ()


@dataclass(frozen=True)
class Request:
    """What a worker asked for, or was granted.

    Attributes
    ----------
    worker : str
    kind : str
        ``leave``: not at work, and the hours owed are less by it; ``off``: not at work;
        ``work``: at work, on the shift if one is named; ``avoid``: not on the shift named.
    first, last : int
        Days of the roster, from 0; ``last`` is included.
    shift : str
        May be empty but for ``avoid``.
    fixed : bool
        Whether it must be granted; leave must.
    weight : int
        How much a wish counts, in multiples of the penalty.
    source : str
        Where it was written, for messages.
    """

    worker: str
    kind: Kind
    first: int
    last: int
    shift: str = ""
    fixed: bool = False
    weight: int = 1
    source: str = ""

    @property
    def binding(self) -> bool:
        """Whether it must be granted."""
        return self.fixed or self.kind == "leave"

    def days(self, horizon: int) -> range:
        """Return its days within the roster."""
        return range(max(self.first, 0), min(self.last, horizon - 1) + 1)

    def told(self, start: date) -> str:
        """Say it in words."""
        first, last = (start + timedelta(days=d) for d in (self.first, self.last))
        span = f"on {first}" if first == last else f"from {first} to {last}"
        what = f"{self.kind} {self.shift}".strip()
        return f"'{what}' {span}" + (f" ({self.source})" if self.source else "")


@dataclass(frozen=True)
class Need:
    """How many are needed on duty.

    Attributes
    ----------
    skill : str
        Of those with this skill; empty: of all, the posts.
    posts : tuple of tuples of int [days][shifts]
    """

    skill: str
    posts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class RosterProblem:
    """A roster that is to be made.

    Attributes
    ----------
    team : str
    start : date
        Of day 0.
    days : int
    shifts : tuple of Shift
    workers : tuple of Worker
    needs : tuple of Need
        The first is that of all, the others are of skills.
    requests : tuple of Request
    rules : LabourRules
    """

    team: str
    start: date
    days: int
    shifts: tuple[Shift, ...]
    workers: tuple[Worker, ...]
    needs: tuple[Need, ...]
    rules: LabourRules
    requests: tuple[Request, ...] = field(default=())

    def date(self, day: int) -> date:
        """Return the date of a day; days before the roster are negative."""
        return self.start + timedelta(days=day)

    def contract(self, worker: Worker) -> Contract:
        """Return a worker's contract."""
        return self.rules.contracts[worker.contract]

    def requests_of(self, worker: Worker) -> Iterator[Request]:
        """Iterate over what a worker asked for."""
        return (request for request in self.requests if request.worker == worker.name)
