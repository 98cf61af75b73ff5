"""Vehicle routing with time windows: stops into tours, and crews to tickets.

It knows nothing of the city: an `Instance` holds matrices, and a `Solution` tours of numbers.
"""

from __future__ import annotations

from sim.routing.check import check
from sim.routing.instance import Instance
from sim.routing.search import SOLVERS, solve
from sim.routing.solution import Solution

__all__ = ["SOLVERS", "Instance", "Solution", "check", "solve"]
