"""Travel: how fast crews move, by district and hour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.city.city import City
from sim.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Travel:
    """The straight-line model of travel.

    Attributes
    ----------
    detour : float
        Length of the way over that of the straight line.
    speed_m_s : float64 [D, 24]
        Speed by district and hour of day, m/s.
    """

    detour: float
    speed_m_s: NDArray[np.float64]

    @classmethod
    def of(cls, scenario: Scenario, city: City) -> Travel:
        """Take the scenario's speeds, each district with its own factor."""
        factor = [scenario.districts[name].speed_factor for name in city.district_name]
        speed = np.outer(factor, np.array(scenario.travel.speed_kmh) / 3.6)
        return cls(scenario.travel.detour, speed)
