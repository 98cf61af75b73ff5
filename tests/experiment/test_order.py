"""Less staff never looks better: the headline measures, over all roles of staff."""

from __future__ import annotations

import numpy as np
import pytest
from order import arms, cells, flattered, headline, order, report

from sim.scenario import load

SEED, REPLICATIONS = 17, 8
SEEN = 0.01
"""Gains of a share from which on they must be seen where staff change little: a point."""


def test_a_dozen_headline_measures() -> None:
    assert len(headline()) == 12


def test_a_gain_is_seen_and_a_loss_is_none() -> None:
    """Nine in ten gridworkers gone, and what was found by them is found sooner: that flatters."""
    base = np.linspace(0.90, 0.92, 8)
    values = {
        "base": {"resolved.on_time": base, "resolved.mean": base},
        "full_time × 0.1": {
            "resolved.on_time": base + np.linspace(0.003, 0.004, 8),
            "resolved.mean": base * 1.2,
        },
        "full_time × 2": {"resolved.on_time": base - 0.01, "resolved.mean": base},
    }
    found = flattered(list(cells(values)))
    assert [(cell.arm, cell.measure) for cell in found] == [
        ("full_time × 0.1", "resolved.on_time"),
        ("full_time × 2", "resolved.on_time"),
    ]


def test_within_the_margin_is_no_gain() -> None:
    base = np.linspace(0.90, 0.92, 8)
    values = {
        "base": {"resolved.on_time": base},
        "crews × 2": {"resolved.on_time": base - np.linspace(0.0008, 0.0009, 8)},
    }
    assert not flattered(list(cells(values)))


@pytest.mark.slow
def test_less_staff_never_looks_better() -> None:
    """Gusu, a week after its warm-up; each arm warms up under its own staff."""
    warm = {"time.warm_up_days": 28}
    base = load("gusu-week", warm)
    changed = {arm: load("gusu-week", warm | said) for arm, said in arms().items()}
    found = order(base, changed, SEED, REPLICATIONS, workers=2)
    assert len(found) == len(arms()) * 12
    assert not flattered(found), report(found)
    # and it could have been seen: small gains where little changes, great losses where much does
    still = [c for c in found if c.measure == "resolved.on_time" and abs(c.gain) < c.margin]
    assert still and max(c.detectable for c in still) < SEEN
    for role in {cell.arm.split(" ")[0] for cell in found}:
        lost = [c for c in found if c.arm == f"{role} × 0.1" and c.gain < -c.margin]
        assert lost, f"nothing gets worse with a tenth of {role}"
