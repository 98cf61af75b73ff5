"""How exact an answer must be: a share of the baseline, or a figure in the metric's unit."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite

from sim.errors import InputError
from sim.experiment.difference import Difference


@dataclass(frozen=True)
class Precision:
    """Half of the length that an interval may have.

    Attributes
    ----------
    amount : float
        Above 0.
    relative : bool
        Whether it is a share of the baseline's mean; of a share itself it is points.
    """

    amount: float
    relative: bool

    @classmethod
    def parse(cls, text: str, field: str = "precision") -> Precision:
        """Read ``5%``, or a number in the metric's unit such as ``600``.

        Raises
        ------
        InputError
            If it is neither.
        """
        word = text.strip()
        try:
            amount = float(word.removesuffix("%"))
        except ValueError:
            amount = -1.0
        if not (isfinite(amount) and amount > 0):
            allowed = "a share such as 5%, or a number above 0 in the metric's unit"
            raise InputError("command line", field, text, allowed)
        relative = word.endswith("%")
        return cls(amount / 100 if relative else amount, relative)

    def absolute(self, base: float, unit: str) -> float:
        """Return it in the metric's unit, given the baseline's mean."""
        return self.amount * abs(base) if self.relative and unit != "share" else self.amount

    def replications(self, found: list[Difference], now: int) -> int:
        """Return how many replications all intervals need to be as short; ``now`` if they are.

        The length goes with the root of the number (Law, *Simulation Modeling and Analysis*,
        section 9.4.1); at most twice as many as now, since that is a guess.
        """
        need = now
        for one in found:
            allowed = self.absolute(one.base.estimate, one.unit)
            reach = one.difference.half_width
            if not reach <= allowed:  # NaN needs more, too
                guess = ceil(now * (reach / allowed) ** 2) if reach < 2 * allowed else 2 * now
                need = max(need, min(guess, 2 * now))
        return need
