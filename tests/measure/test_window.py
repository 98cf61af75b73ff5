"""A run after a warm-up: what its record leaves out changes no measure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny import tiny

import sim
from sim.engine.outcome import Outcome
from sim.experiment.bound import limits
from sim.experiment.measures import measure
from sim.measure.catalogue import KPIS, METRICS
from sim.measure.kpis import figures
from sim.measure.metric import Due
from sim.measure.tables import GROUPS
from sim.measure.tally import verdict
from sim.measure.use import PLACES, use, use_by_hour


@pytest.fixture(scope="module", params=[1.0, 0.3], ids=["crews", "few crews"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple:  # type: ignore[type-arg]
    """Return the same run with its whole warm-up, and with what is left of it at time 0."""
    changes = ["time.days=3", "time.warm_up_days=6", f"staff_scale.crews={request.param}"]
    scenario = tiny(tmp_path_factory.mktemp("window"), changes)
    return tuple(sim.simulate(scenario, keep_warm_up=keep, seed=11) for keep in (True, False))


def test_measures_are_those_of_the_whole(pair: tuple[Outcome, Outcome]) -> None:
    whole, left = pair
    assert whole.begins < 0
    assert len(left) < len(whole)
    for by in GROUPS:
        of_all, of_rest = figures(whole, by), figures(left, by)
        for name, (_, value, n) in of_all.items():
            assert np.array_equal(value, of_rest[name][1], equal_nan=True), (by, name)
            assert np.array_equal(n, of_rest[name][2]), (by, name)


def test_staff_did_the_same(pair: tuple[Outcome, Outcome]) -> None:
    whole, left = pair
    for by in PLACES:
        assert use(whole, by).equals(use(left, by)), by
    assert use_by_hour(whole).equals(use_by_hour(left))
    parts = use(left)[["work_h", "travel_h", "wait_h", "free_h"]]
    assert parts.sum(axis=1).to_numpy() == pytest.approx(use(left)["duty_h"].to_numpy())
    assert (parts >= -1e-9).all(axis=None)


def test_experiments_measure_the_window(pair: tuple[Outcome, Outcome]) -> None:
    whole, left = pair
    tables = [measure(one).set_index(["by", "name", "metric"])["value"] for one in (whole, left)]
    assert tables[0].equals(tables[1])
    arisen = whole.tickets["arisen"]
    assert tables[0]["city", "city", "matters"] == np.count_nonzero(arisen >= 0) < len(whole)
    assert tables[0]["city", "city", "hotline.requests_per_day"] == pytest.approx(
        tables[0]["city", "city", "hotline.requests"] / 3
    )


def test_no_dispatch_beats_the_bound_of_the_window(pair: tuple[Outcome, Outcome]) -> None:
    for one in pair:
        for limit in limits(one):
            better = METRICS[limit.metric].better
            assert better * (limit.value - limit.bound) <= 1e-6 * max(1.0, abs(limit.bound))
            assert limit.n > 0


def test_what_fell_due_is_judged_as_in_a_longer_run(pair: tuple[Outcome, Outcome]) -> None:
    """The verdicts of the window, and what became of the same tickets later."""
    whole, _ = pair
    scenario = whole.scenario
    time = scenario.time.model_copy(update={"days": 9})
    longer = scenario.model_copy(update={"time": time})
    later = sim.simulate(longer, keep_warm_up=True, seed=11)
    same = np.isin(later.tickets["key"], whole.tickets["key"])
    for name, metric in KPIS.items():
        if isinstance(metric.formula, Due):
            fell, met = verdict(whole, metric.formula)
            _, in_time = verdict(later, metric.formula)
            assert np.array_equal(in_time[same][fell], met[fell]), name


def test_in_a_steady_state_the_window_counts_what_comes(tmp_path: Path) -> None:
    """As many fall due in it as arise in it, on average, however long their deadlines are."""
    scenario = tiny(tmp_path, ["time.days=7", "time.warm_up_days=14"])
    found = [figures(sim.simulate(scenario, seed=seed)) for seed in range(6)]
    due, matters = (
        np.mean([one[name][2][0] for one in found]) for name in ("resolved.on_time", "matters")
    )
    assert due == pytest.approx(matters, rel=0.06)
