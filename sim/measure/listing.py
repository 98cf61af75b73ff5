"""The catalogue of measures, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measure.catalogue import MEASURES
from sim.measure.metric import Better

BETTER = {Better.LESS: "less", Better.NEITHER: "–", Better.MORE: "more"}
"""What is said of a direction."""


def lines() -> Iterator[str]:
    """Yield a line for each metric: name, unit, which direction is better, of whom, and labels."""
    for measure in MEASURES.values():
        for one in measure.metrics():
            label = f"{one.english} {one.chinese}"
            of = f"{BETTER[one.better]:<5} {one.scope:<5}"
            yield f"{one.name:<31} {one.unit:<9} {of} {label}"
