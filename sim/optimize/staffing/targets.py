"""Targets: bounds that measures must keep, such as ``close.on_time>=0.95``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.measure.catalogue import CHAIN, KPIS, PATROL
from sim.measure.metric import Better, Due, Kind, WorstHour
from sim.measure.query import Query, parse_limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.city.city import City
    from sim.scenario import Scenario

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Target:
    """A target: a measure is at least, or at most, a value.

    Attributes
    ----------
    query : Query
        What, and of whom: of each group, of one, or between them.
    at_least : bool
    value : float
    """

    query: Query
    at_least: bool
    value: float

    def __str__(self) -> str:
        return f"{self.query}{'>=' if self.at_least else '<='}{self.value:g}"

    @property
    def roles(self) -> frozenset[str]:
        """The roles whose staffing decides it."""
        return self.query.metric.decided_by

    @property
    def deadline(self) -> str:
        """Which deadline decides it: ``sign``, ``arrive``, ``close``, or empty."""
        return self.query.metric.stage if self.roles & CHAIN else ""

    @property
    def due(self) -> Due | None:
        """The due share that it is of, if it is of one."""
        formula = self.query.metric.formula
        formula = formula.due if isinstance(formula, WorstHour) else formula
        return formula if isinstance(formula, Due) else None

    @property
    def unit(self) -> float:
        """What a lack is measured in: 1 of a share, of other figures their target."""
        return 1.0 if self.is_share else max(abs(self.value), 1e-9)

    @property
    def is_share(self) -> bool:
        """Whether it speaks of the share of cases in which a deadline is met."""
        return self.query.metric.kind is Kind.DUE and self.query.between in ("", "worst")

    def slack(self, value: Floats) -> Floats:
        """Return by how much values are better than the target; NaN, no case, is on it."""
        better = value - self.value if self.at_least else self.value - value
        return np.where(np.isnan(better), 0.0, better)

    def places(self, groups: Sequence[str], value: Floats) -> NDArray[np.int64]:
        """Return which of the target's figures each group has a part in; -1: none.

        Parameters
        ----------
        groups : sequence of str
            The names of all groups of the query's grouping.
        value : float64 [groups]
            Theirs: in a figure between groups those have a part that hold it back.
        """
        if self.query.between:
            return np.where(self.query.lagging(value, self.value), 0, -1)
        if self.query.name:
            return np.array([0 if name == self.query.name else -1 for name in groups])
        return np.arange(len(groups))


def parse_target(text: str, scenario: Scenario, city: City) -> Target:
    """Read a target such as ``arrive.on_time@department>=0.9`` or ``close.on_time>=95%``.

    Raises
    ------
    InputError
        If it has another form, or names no measure, group or number, or a measure that staff
        does not decide.
    """
    query, at_least, value = parse_limit(text)
    query = query.within(scenario, city)
    target = Target(query, at_least, value)
    name = query.metric.name
    if not target.roles or name not in KPIS:
        allowed = "a measure that staff decides and `sim measures` lists, such as close.on_time"
        if query.metric.headline:
            allowed = (
                "a measure of a stage that staff decides, such as close.on_time: all decide this"
            )
        raise InputError("command line", "target", name, allowed)
    if target.is_share and not 0 <= value < 1:
        allowed = f"a share of {name}, from 0 to below 1: 0.95 or 95%"
        raise InputError("command line", "target", f"{value:g}", allowed)
    if value < 0:
        raise InputError("command line", "target", f"{value:g}", f"a figure of {name}, 0 or more")
    if query.better and at_least != (query.better == Better.MORE):
        sense = ">=" if query.better == Better.MORE else "<="
        raise InputError(
            "command line", "target", text.strip(), f"{query}{sense}VALUE, which is better"
        )
    if target.roles == PATROL and query.between in ("gap", "gini"):
        allowed = f"{name}@{query.by}: more gridworkers do not always bring groups closer together"
        raise InputError("command line", "target", str(query), allowed)
    return target
