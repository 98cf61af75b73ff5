"""The catalogue of measures, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measure.catalogue import MEASURES
from sim.measure.metric import Better

BETTER = {Better.LESS: "less", Better.NEITHER: "–", Better.MORE: "more"}
"""What is said of a direction."""


def lines() -> Iterator[str]:
    """Yield a line for each metric: its name, unit, which direction is better, and its labels."""
    for measure in MEASURES.values():
        for one in measure.metrics():
            label = f"{one.english} {one.chinese}"
            yield f"{one.name:<26} {one.unit:<10} {BETTER[one.better]:<5} {label}"
