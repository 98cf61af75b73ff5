"""How fast the entrants of the race of discovery are, on average.

The fluid of `sim.optimize.staffing.discovery` and the risk of places take these means for what
the simulation draws. Each entrant of `sim.model.race` is here in one way or another.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.model.race import RACE, Entrant
from sim.model.state import Channel
from sim.scenario import Category, Scenario

Floats = NDArray[np.float64]
_NEVER = float("inf")

MEAN_H: dict[Channel, Callable[[Scenario, Category], float]] = {
    Channel.HOTLINE: lambda _, category: category.patience_h,
    Channel.ONLINE: lambda _, category: category.patience_h,
    Channel.POLICE: lambda _, category: category.patience_h,
    Channel.OBSERVER: lambda _, category: 24.0 * (category.observer_days or _NEVER),
    Channel.NONE: lambda _, category: category.lifetime_h or _NEVER,
}
"""How long it takes, h of its clock; infinite: it never comes."""

PER_PASS: dict[Channel, Callable[[Category], float]] = {
    Channel.PATROL: lambda category: category.patrol_visibility,
}
"""The chance that a pass notices a matter."""

AT_ONCE: dict[Channel, Callable[[Category, float], float]] = {
    Channel.CAMERA: lambda category, coverage: category.camera_visibility * coverage,
}
"""The share of matters that it notices soon, the others never, at a coverage with cameras."""

OTHERS = tuple(entrant for entrant in RACE if not entrant.reports)
"""All but the citizens."""


def mean_h(scenario: Scenario, entrant: Entrant) -> Floats:
    """Return how long an entrant takes by category, h of its clock, float64 [C].

    Raises
    ------
    KeyError
        If the table of the race has an entrant that nothing here stands for.
    """
    mean = MEAN_H[entrant.channel]
    return np.array([mean(scenario, category) for category in scenario.categories], dtype=float)


def per_pass(scenario: Scenario, entrant: Entrant) -> Floats:
    """Return the chance that a pass notices a matter, by category, float64 [C]."""
    chance = PER_PASS[entrant.channel]
    return np.array([chance(category) for category in scenario.categories], dtype=float)


def at_once(scenario: Scenario, entrant: Entrant, coverage: float) -> Floats:
    """Return the share of matters that an entrant notices soon, by category, float64 [C]."""
    share = AT_ONCE[entrant.channel]
    found = [min(share(category, coverage), 1.0) for category in scenario.categories]
    return np.array(found, dtype=float)
