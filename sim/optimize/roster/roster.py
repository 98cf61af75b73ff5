"""The roster: who is on which shift on which day, and how good that is."""

from __future__ import annotations

from dataclasses import dataclass

from sim.optimize.roster.problem import RosterProblem

Rows = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Roster:
    """A roster with its cost and its bound.

    Attributes
    ----------
    problem : RosterProblem
    rows : tuple of tuples of int [workers][days]
        The shift's number, or `OFF_DUTY`.
    cost, bound : float
        Points of the rules' penalties, and a lower bound of them: that of this problem, with the
        people that it has, taken as a whole.
    seed : int
    seconds : float
        By the clock.
    repeatable : bool
        Whether the same seed gives the same roster; not if the clock or Ctrl-C ended the search.
    """

    problem: RosterProblem
    rows: Rows
    cost: float
    bound: float
    seed: int
    seconds: float
    repeatable: bool

    @property
    def optimal(self) -> bool:
        """Whether no roster of this problem costs less."""
        return self.gap == 0

    @property
    def gap(self) -> float:
        """Points by which it may be above the best."""
        return self.cost - self.bound
