"""Kaplan and Meier's, and Aalen and Johansen's estimates from bins, against all times."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.measure.durations import BINS, EDGES, Durations
from sim.measure.survival import LEAST, incidence, quantiles

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CASES = json.loads((Path(__file__).parent / "lifelines_cases.json").read_text(encoding="utf-8"))


def textbook(entry: Floats, leave: Floats, cause: Ints, at: Floats, causes: int) -> Floats:
    """Return the incidence of each cause up to some times, straight from the definition.

    At risk at a time: who came in before it and had not left before it. The cause is -1 where
    one was censored.
    """
    stay, found = 1.0, np.zeros((causes, len(at)))
    for time in np.unique(leave[cause >= 0]):
        at_risk = np.count_nonzero((entry < time) & (leave >= time))
        ended = [np.count_nonzero((leave == time) & (cause == k)) for k in range(causes)]
        for k in range(causes):
            found[k, at >= time] += stay * ended[k] / at_risk
        stay *= 1 - sum(ended) / at_risk
    return found


def binned(entry: Floats, leave: Floats, cause: Ints, causes: int) -> tuple[Ints, Ints, Ints]:
    """Return the same as counts in bins."""

    def count(times: Floats) -> Ints:
        return np.histogram(times, EDGES)[0]

    events = np.stack([count(leave[cause == k]) for k in range(causes)])
    return events, count(leave[cause < 0]), count(entry[entry > 0])


def drawn(seed: int, n: int, causes: int, late: float) -> tuple[Floats, Floats, Ints]:
    """Draw cases with all times in bins of their own, some of them seen late."""
    draw = np.random.default_rng(seed)
    places = draw.permutation(np.arange(200, BINS - 800))[: 2 * n].reshape(2, n)
    times = np.sort(EDGES[places] * 1.001, axis=0)
    entry = np.where(draw.random(n) < late, times[0], 0.0)
    cause = draw.integers(-1, causes, n)
    return entry, times[1], cause


@pytest.mark.parametrize("causes", [1, 2, 3])
@pytest.mark.parametrize("late", [0.0, 0.4])
@pytest.mark.parametrize("n", [1, 3, 40, 400])
def test_against_the_textbook(n: int, late: float, causes: int) -> None:
    for seed in range(5):
        entry, leave, cause = drawn(seed, n, causes, late)
        found = incidence(*binned(entry, leave, cause, causes), least=0)
        exact = textbook(entry, leave, cause, EDGES[1:], causes)
        assert np.abs(found - exact).max() <= 1e-12
        assert np.diff(found, axis=1).min() >= 0
        assert found.sum(axis=0).max() <= 1 + 1e-12


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_against_lifelines(case: dict) -> None:  # type: ignore[type-arg]
    """Cases that `tests/measure/lifelines_cases.py` had lifelines answer."""
    entry, leave = (np.array(case[name], dtype=float) for name in ("entry", "leave"))
    cause, causes = np.array(case["cause"]), len(case["incidence"])
    found = incidence(*binned(entry, leave, cause, causes), least=0)
    at = np.searchsorted(EDGES, np.array(case["at"]), side="right") - 1
    for k, expected in enumerate(case["incidence"]):
        assert found[k, at] == pytest.approx(np.array(expected), abs=1e-9), (case["name"], k)


def test_without_censoring_it_is_the_share_that_has_ended() -> None:
    """And with it no longer: leaving the censored out takes the quick ones for all."""
    leave = np.array([10.0, 20.0, 40.0, 80.0, 160.0])
    zero, cause = np.zeros(5), np.zeros(5, dtype=int)
    (found,) = incidence(*binned(zero, leave, cause, 1))
    at = np.searchsorted(EDGES, leave, side="right") - 1
    assert found[at] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    cause[[1, 3]] = -1
    (found,) = incidence(*binned(zero, leave, cause, 1))
    assert found[at] == pytest.approx([0.2, 0.2, 1 - 0.8 * 2 / 3, 1 - 0.8 * 2 / 3, 1.0])


def test_what_vanishes_is_not_found_later() -> None:
    """Half vanish early: as censored they would count as found like the others, in time."""
    leave = np.array([10.0] * 50 + [1000.0] * 50)
    cause = np.array([1] * 50 + [0] * 50)
    found = incidence(*binned(np.zeros(100), leave, cause, 2))
    assert found[:, -1] == pytest.approx([0.5, 0.5])
    assert quantiles((0.5, 0.6), found[0], EDGES)[1] == np.inf
    as_if = incidence(*binned(np.zeros(100), leave, np.where(cause == 1, -1, cause), 1))
    assert quantiles((0.6,), as_if[0], EDGES)[0] == pytest.approx(1000, rel=0.01)


def test_a_few_who_came_early_do_not_decide_for_all() -> None:
    """The first at risk leaves before the others come in: without the rule all would be over."""
    entry = np.array([0.0] + [100.0] * 50)
    leave = np.array([50.0] + [1000.0] * 50)
    cause = np.zeros(51, dtype=int)
    (plain,) = incidence(*binned(entry, leave, cause, 1), least=0)
    assert quantiles((0.5,), plain, EDGES)[0] == pytest.approx(50, rel=0.01)
    (found,) = incidence(*binned(entry, leave, cause, 1))
    assert quantiles((0.5,), found, EDGES)[0] == pytest.approx(1000, rel=0.01)
    assert LEAST > 1


def test_quantiles_that_were_not_reached_are_not_seen() -> None:
    leave, cause = np.array([10.0, 20.0, 30.0, 40.0]), np.array([0, 0, -1, -1])
    (found,) = incidence(*binned(np.zeros(4), leave, cause, 1))
    values = quantiles((0.25, 0.5, 0.51, 0.9), found, EDGES)
    assert values[:2] == pytest.approx([10, 20], rel=0.01)
    assert values[2:].tolist() == [np.inf, np.inf]


def follow(entered: Floats, left: Floats, until: float, causes: int = 1) -> Durations:
    """Return what is seen from 0 until an instant of who was in a state from when to when."""
    made = Durations(1, causes)
    cell, rows = np.zeros((len(entered), 1), dtype=np.int32), np.ones(len(entered), dtype=bool)
    ends = np.where(left < until, left, np.nan)
    others = [np.full(len(left), np.nan)] * (causes - 1)
    made.follow(cell, entered, [ends, *others], rows, until)
    return made


def test_a_window_tells_what_was_before_it_and_after_it() -> None:
    """Of a stationary stream a window shows the true median, and those that ended in it do not."""
    draw = np.random.default_rng(5)
    n, window = 60_000, 7 * 86400.0
    entered = draw.uniform(-200 * 86400.0, window, n)
    took = draw.exponential(10 * 86400.0, n)
    seen = follow(entered, entered + took, window)
    (median, far), cases = seen.quantiles((0.5, 0.9), np.zeros(1, dtype=np.int64), 1)
    assert median[0] == pytest.approx(10 * 86400.0 * np.log(2), rel=0.06)
    assert far[0] == pytest.approx(10 * 86400.0 * np.log(10), rel=0.1)
    fresh = (entered >= 0) & (entered + took < window)
    assert np.median(took[fresh]) < 0.4 * median[0]
    assert cases[0] == np.count_nonzero((entered + took > 0) & (entered < window))
