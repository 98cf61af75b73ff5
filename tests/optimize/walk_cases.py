"""Walks of a grid: their expected delay, and the best of a small loop by trying all."""

from __future__ import annotations

from itertools import product

import numpy as np

from sim.optimize.walks import decay, delay

HOT = ["grid.hot_share=0.7", "grid.hot_length=0.1"]


def expected(
    legs: list[tuple[int, int, float]],
    density: list[float],
    sight: float,
    hazard: float,
    cell_s: float = 60.0,
) -> float:
    walk = np.array(legs, dtype=float)
    kinds = (np.ones(1), np.array([sight]), np.array([hazard]))
    table = decay(kinds[2], cell_s, 1e6)
    density_ = np.array(density)
    return delay(walk, len(legs), cell_s, density_, *kinds, table, 1e6, 1e9)


def best_by_trying(density: np.ndarray, sight: float, hazard: float, longest: int) -> float:
    """The best of all closed walks of up to so many steps, each a cell forward or backward."""
    best = np.inf
    size = len(density)
    for length in range(size, longest + 1):
        for steps in product((1, -1), repeat=length):
            at, legs = 0, []
            for step in steps:
                legs.append((at, step, 0.0))
                at = (at + step) % size
            if at == 0:
                best = min(best, expected(legs, density.tolist(), sight, hazard))
    return best
