"""What is asked of the optimizer of staffing."""

from __future__ import annotations

from dataclasses import dataclass

from sim.errors import InputError, one_of
from sim.optimize.staffing.requirement import METHODS

PATROLS = ("keep", "worth")


@dataclass(frozen=True)
class StaffingProblem:
    """What is asked.

    Attributes
    ----------
    targets : tuple of str
        See `sim.optimize.staffing.targets`.
    budget : float, optional
        Yuan a week for all staff.
    patrol : str
        ``keep``: as many gridworkers as in the base year, unless a target speaks of what they
        find; ``worth``: those who spare operators and crews more than they cost.
    patterns : str
        ``scenario``, ``daily`` or ``tours``; see `patterns.further_shifts`.
    method : str
        ``sipp``, ``lag`` or ``mol``: from which requirements the search starts.
    replications, confidence : int, float
        Of the search (four times as many are fresh), and one-sided, of every target.
    time_limit : float
        Seconds for the search; comparisons and prices after it come on top.
    prices : bool
        Whether a point more of each target is priced by simulation, too.
    engine, policy, seed
        As in `sim.prepare`.
    """

    targets: tuple[str, ...]
    budget: float | None = None
    patrol: str = "keep"
    patterns: str = "daily"
    method: str = "mol"
    replications: int = 4
    confidence: float = 0.95
    time_limit: float = 600.0
    prices: bool = True
    engine: str = "compiled"
    policy: str = "priority"
    seed: int | None = None

    def check(self) -> None:
        """Check the figures.

        Raises
        ------
        InputError
            For the first that is not allowed.
        """
        for name, value, fine, allowed in (
            ("target", self.targets, len(self.targets) > 0, "one target or more"),
            ("patrol", self.patrol, self.patrol in PATROLS, one_of(self.patrol, PATROLS)),
            ("method", self.method, self.method in METHODS, one_of(self.method, METHODS)),
            ("replications", self.replications, 2 <= self.replications <= 1000, "2 to 1000"),
            ("confidence", self.confidence, 0.5 <= self.confidence < 1, "from 0.5 to below 1"),
            ("time-limit", self.time_limit, self.time_limit > 0, "seconds above 0"),
            ("budget", self.budget, self.budget is None or self.budget > 0, "yuan above 0"),
        ):
            if not fine:
                raise InputError("command line", name, value, allowed)
