"""Tours, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Solution:
    """What a solver found.

    Attributes
    ----------
    tours : tuple of tuples of int
        The stops of each vehicle in the order of service; empty where it stays.
    missing : tuple of int
        Stops that nobody serves, ascending.
    cost : float
        As the solver counts it: ways, fixed costs, lateness, and prizes of missing stops that
        are optional. Missing stops that must be served cost nothing here; see `complete`.
    complete : bool
        Whether every stop that must be served is.
    solver : str
        Who found it.
    seconds : float
        How long it took, s.
    iterations : int
        How many, of whatever kind.
    """

    tours: tuple[tuple[int, ...], ...]
    missing: tuple[int, ...]
    cost: float
    complete: bool
    solver: str = ""
    seconds: float = 0.0
    iterations: int = 0

    @property
    def used(self) -> int:
        """How many vehicles leave."""
        return sum(bool(tour) for tour in self.tours)
