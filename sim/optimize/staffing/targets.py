"""Targets: bounds that KPIs must keep, such as ``close.on_time>=0.95``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError, suggestion
from sim.measure.tables import GROUPS

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORM = re.compile(r"^\s*([a-z0-9_.]+)\s*(?:@\s*([a-z]+)\s*)?(>=|<=)\s*([-+0-9.eE]+)\s*$")

HOTLINE = {"hotline"}
CHAIN = {"town_centre", "district_centre", "crew"}
PATROL = {"gridworker"}

_DECIDED_BY = {
    "hotline.answered": HOTLINE,
    "hotline.answered_20s": HOTLINE,
    "hotline.lost": HOTLINE,
    "hotline.wait.mean": HOTLINE,
    "sign": CHAIN,
    "arrive": CHAIN,
    "close": CHAIN,
    "closing_rate": CHAIN,
    "backlog": CHAIN,
    "supervised": CHAIN,
    "satisfied": CHAIN,
    "evaluation": CHAIN,
    "discovery": PATROL,
    "tickets.patrol": PATROL,
}


@dataclass(frozen=True)
class Target:
    """A target: a KPI of every group is at least, or at most, a value.

    Attributes
    ----------
    kpi : str
        A metric of `sim.measure.kpis`.
    by : str
        One of `sim.measure.tables.GROUPS`: the target is for each of them.
    at_least : bool
    value : float
    """

    kpi: str
    by: str
    at_least: bool
    value: float

    def __str__(self) -> str:
        where = "" if self.by == "city" else f"@{self.by}"
        return f"{self.kpi}{where}{'>=' if self.at_least else '<='}{self.value:g}"

    @property
    def roles(self) -> set[str]:
        """The roles whose staffing decides it."""
        return _roles(self.kpi) or set()

    @property
    def deadline(self) -> str:
        """Which deadline decides it: ``sign``, ``arrive``, ``close``, or empty."""
        if not self.roles & CHAIN:
            return ""
        first = self.kpi.partition(".")[0]
        return first if first in ("sign", "arrive") else "close"

    @property
    def unit(self) -> float:
        """What a lack is measured in: 1 of a share, of other figures their target."""
        return 1.0 if self.is_share else max(abs(self.value), 1e-9)

    @property
    def is_share(self) -> bool:
        """Whether it speaks of the share of cases in which a deadline is met."""
        return self.kpi.endswith(".on_time") or self.kpi in (
            "hotline.answered",
            "hotline.answered_20s",
        )

    def slack(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by how much values are better than the target; NaN, no case, is on it."""
        better = value - self.value if self.at_least else self.value - value
        return np.where(np.isnan(better), 0.0, better)


def _roles(kpi: str) -> set[str] | None:
    """Return the roles of the longest known beginning of a KPI's name."""
    fitting = [name for name in _DECIDED_BY if kpi == name or kpi.startswith(name + ".")]
    return _DECIDED_BY[max(fitting, key=len)] if fitting else None


def parse_target(text: str, known: Sequence[str]) -> Target:
    """Read a target such as ``arrive.on_time@department>=0.9``.

    Parameters
    ----------
    known : sequence of str
        The metrics that there are.

    Raises
    ------
    InputError
        If it has another form, or names no metric, group or number, or one that staff does not
        decide.
    """
    form = _FORM.match(text)
    if form is None:
        raise InputError(
            "command line", "target", text, "KPI>=VALUE, KPI<=VALUE or KPI@GROUP>=VALUE"
        )
    kpi, by, sense, number = form[1], form[2] or "city", form[3], form[4]
    if kpi not in known:
        staffed = [name for name in known if _roles(name)]
        raise InputError(
            "command line",
            "target",
            kpi,
            f"one of {', '.join(staffed)}{suggestion(kpi, list(known))}",
        )
    if _roles(kpi) is None:
        raise InputError(
            "command line", "target", kpi, "a KPI that staff decides, such as close.on_time"
        )
    if by not in GROUPS:
        raise InputError("command line", "target", f"@{by}", f"one of {', '.join(GROUPS)}")
    try:
        value = float(number)
    except ValueError:
        raise InputError("command line", "target", number, "a number") from None
    target = Target(kpi, by, sense == ">=", value)
    if target.is_share and not 0 <= value < 1:
        raise InputError("command line", "target", value, "a share, from 0 to below 1")
    return target
