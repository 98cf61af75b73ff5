"""Differences, corrections, warm-up, selection: against exact figures and formulas."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tiny import tiny

import sim
from sim.errors import InputError
from sim.experiment.arm import Arm
from sim.experiment.difference import (
    Difference,
    difference_table,
    differences,
    holm,
)
from sim.experiment.executor import Failure, Serial
from sim.experiment.precision import Precision
from sim.experiment.replication import Replication
from sim.experiment.selection import kim_nelson
from sim.experiment.sweep import Vary
from sim.experiment.warm_up import STOCKS, WarmUpFound, find_warm_up, mser, settles, stocks
from sim.experiment.words import sentence, verdict
from sim.measure.finding import find
from sim.measure.intervals import Interval, bootstrap_mean, mean_interval


def compared(a: list[float], b: list[float], metric: str = "close.mean") -> Difference:
    unit = "share" if "on_time" in metric else "s"
    table = pd.DataFrame({"base": b, "new": a})
    (one,) = differences({metric: table}, {metric: unit}, baseline="base")
    return one


def test_difference_is_that_of_a_paired_t_test() -> None:
    """Student's sleep data (Biometrika 6, 1908): mean 1.58, t = 4.0621, p = 0.002833."""
    a = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    b = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    one = compared(a, b)
    assert one.difference.estimate == pytest.approx(1.58)
    assert one.difference.low == pytest.approx(0.7001142, abs=1e-6)
    assert one.difference.high == pytest.approx(2.4598858, abs=1e-6)
    assert one.p_value == pytest.approx(0.002833, abs=1e-6)
    assert one.seen
    assert not one.better  # longer times
    assert one.n == 10


def test_intervals_of_a_family_hold_at_once() -> None:
    draw = np.random.Generator(np.random.Philox(1))
    table = pd.DataFrame(draw.normal(size=(12, 3)), columns=["base", "x", "y"])
    values = {"close.mean": table, "arrive.mean": table + 1}
    units = dict.fromkeys(values, "s")
    found = differences(values, units, baseline="base", confidence=0.9)
    assert [(one.metric, one.arm) for one in found] == [
        (metric, arm) for metric in values for arm in ("x", "y")
    ]
    for one in found:
        gap = table[one.arm] - table["base"]
        assert one.difference == pytest.approx(mean_interval(gap, 1 - 0.1 / 4))


def test_differences_that_do_not_vary() -> None:
    """No t test can be made: all alike is sure to be the same, or sure to differ."""
    same, apart = compared([3.0, 4.0], [3.0, 4.0]), compared([4.0, 5.0], [3.0, 4.0])
    assert (same.p_value, same.seen, same.pairing) == (1.0, False, np.inf)
    assert (apart.p_value, apart.seen, apart.pairing) == (0.0, True, np.inf)
    assert apart.difference == (1.0, 1.0, 1.0)
    assert apart.relative == pytest.approx((1 / 3.5,) * 3)


def test_two_pairs_do() -> None:
    """Gaps 1 and 3: mean 2, error 1, t = 2 with one degree; p = 1 - 2 atan(2) / π (Cauchy)."""
    two = compared([2.0, 5.0], [1.0, 2.0])
    assert two.p_value == pytest.approx(1 - 2 * np.arctan(2) / np.pi)
    # 97.5 % of Cauchy's lies below tan(0.475 π)
    assert two.difference.half_width == pytest.approx(np.tan(0.475 * np.pi))
    assert two.pairing == pytest.approx((4.5 + 0.5) / 2)


def test_holm() -> None:
    """Each times the number of those not yet rejected, never falling."""
    corrected = holm([0.01, 0.04, 0.03, np.nan, 0.005])
    assert corrected == pytest.approx([0.03, 0.06, 0.06, np.nan, 0.02], nan_ok=True)
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]


def test_pairing_saves_what_the_common_part_varies() -> None:
    draw = np.random.Generator(np.random.Philox(2))
    common, own = draw.normal(size=4000) * 3, draw.normal(size=(2, 4000))
    one = compared((common + own[0]).tolist(), (common + own[1]).tolist())
    assert one.pairing == pytest.approx(10, rel=0.1)  # (9 + 1 + 9 + 1) / 2


def test_missing_cases_are_left_out() -> None:
    one = compared([1.0, 2.0, np.nan, 4.0], [0.0, 2.0, 2.0, np.nan])
    assert one.n == 2
    few = compared([1.0, np.nan], [1.0, 2.0])
    assert not few.seen
    assert "too few cases" in sentence(few)


def test_quantiles_are_bootstrapped_where_there_are_enough() -> None:
    draw = np.random.Generator(np.random.Philox(3))
    a, b = draw.exponential(size=(2, 12))
    assert compared(a.tolist(), b.tolist(), "close.p90").method == "bootstrap-t"
    assert compared(a[:9].tolist(), b[:9].tolist(), "close.p90").method == "Student"
    assert compared(a.tolist(), b.tolist(), "close.mean").method == "Student"
    assert bootstrap_mean(a, 5) == bootstrap_mean(a, 5)
    assert bootstrap_mean([2.0, 2.0, 2.0], 5) == (2.0, 2.0, 2.0)
    assert bootstrap_mean([0.0, 0.0, 0.0], 5) == (0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="two"):
        bootstrap_mean([1.0], 0)


@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_bootstrap_t_of_three_by_hand(confidence: float) -> None:
    """Of the 27 resamples of (0, 0, 1), 9 are all alike and say nothing; 12 have the mean 1/3.

    6 have the mean 2/3; all 18 have the error 1/3. So a third of the scores is 1, the others 0,
    and the interval goes from 1/3 - 1 x 1/3 to 1/3 - 0.
    """
    found = bootstrap_mean([0, 0, 1], 5, confidence)
    assert found == pytest.approx((1 / 3, 0.0, 1 / 3))
    mirrored = bootstrap_mean([1, 1, 0], 5, confidence)
    assert mirrored == pytest.approx((2 / 3, 2 / 3, 1.0))


def test_table_of_differences() -> None:
    one = Difference(
        "close.mean", "s", "new", "base", 4, Interval(8, 7, 9), Interval(10, 9.5, 11),
        Interval(-2, -3, -1), Interval(-0.2, -0.3, -0.1), 0.01, 0.02, "Student", 2.5,
    )  # fmt: skip
    (row,) = difference_table([one]).to_dict("records")
    assert row == {
        "metric": "close.mean", "unit": "s", "arm": "new", "baseline": "base", "n": 4,
        "mean": 8, "mean_low": 7, "mean_high": 9, "base": 10, "base_low": 9.5, "base_high": 11,
        "difference": -2, "difference_low": -3, "difference_high": -1,
        "relative": -0.2, "relative_low": -0.3, "relative_high": -0.1,
        "p_value": 0.01, "p_holm": 0.02, "seen": True, "better": True, "worse": False,
        "method": "Student", "pairing": 2.5,
    }  # fmt: skip
    assert list(row)[:5] == ["metric", "unit", "arm", "baseline", "n"]


def test_verdict_is_plain() -> None:
    steady = np.linspace(-1, 1, 10)
    base = (100 + steady).tolist()
    faster = compared((86 + 1.5 * steady).tolist(), base)
    assert sentence(faster).startswith(
        "new beats base on mean time to close by 14.0 % [13.8, 14.2]"
    )
    slower = compared((114 + steady / 2).tolist(), base)
    assert sentence(slower).startswith("new is worse than base on mean time to close by 14")
    share = compared((0.9 + steady / 90).tolist(), (0.8 + steady / 100).tolist(), "close.on_time")
    assert sentence(share).startswith("new beats base on closed on time by 10.0")
    assert "points" in sentence(share)
    same = compared(base, base)
    assert "the same in every replication" in sentence(same)
    noise = compared((100 + steady[::-1]).tolist(), base)
    assert "no difference seen between new and base (0.0 % [−1.0, 1.0])" in sentence(noise)
    assert verdict([same, faster])[0] == sentence(faster)


def test_a_percentile_that_was_not_reached_is_not_left_out() -> None:
    """The replication in which it was not is the worst: without it the arm would look better."""
    finite = compared([5.0, 6.0, 7.0], [4.0, 5.0, 5.5], "close.p90")
    assert finite.difference.estimate == pytest.approx(7 / 6)
    unseen = compared([5.0, np.inf, 7.0], [4.0, 5.0, 5.5], "close.p90")
    assert unseen.n == 3
    assert np.isinf(unseen.mean.estimate)
    assert unseen.base.estimate == pytest.approx(14.5 / 3)
    assert np.isnan(unseen.difference.low)
    assert not unseen.seen
    assert sentence(unseen) == "p90 time to close: not reached in every replication of new"
    same = compared([5.0, np.inf], [5.0, np.inf], "close.p90")
    assert (same.difference, same.p_value) == ((0, 0, 0), 1.0)
    assert "are the same in every replication" in sentence(same)


def test_which_way_is_better() -> None:
    for metric, way in (
        ("close.p90", -1),
        ("staff_h", -1),
        ("backlog", -1),
        ("urgent.arrive.on_time", 1),
        ("satisfied", 1),
        ("tickets.patrol", 0),
        ("police.requests", 0),
        ("crews.work", 0),
    ):
        assert find(metric).better == way, metric
    fewer = compared([1.0, 2.0, 1.5], [3.0, 4.0, 3.5], "police.requests")
    assert (fewer.seen, fewer.better, fewer.worse) == (True, False, False)
    assert sentence(fewer).startswith("new is below base on 110 calls by 57")


def test_precision() -> None:
    relative, absolute = Precision.parse("5%"), Precision.parse("600")
    assert relative.absolute(200.0, "s") == 10.0
    assert relative.absolute(0.5, "share") == 0.05
    assert absolute.absolute(200.0, "s") == 600.0
    wide = compared([90.0, 110, 95, 105], [100.0, 100, 100, 100])
    assert relative.replications([wide], 4) == 8  # at most twice as many
    assert Precision(1.1 * wide.difference.half_width, False).replications([wide], 4) == 4
    assert Precision(wide.difference.half_width / 1.2, False).replications([wide], 4) == 6
    points = compared([0.5, 0.7], [0.6, 0.6], "close.on_time")  # of a share: points, not its 5 %
    reach = points.difference.half_width
    assert Precision(1.1 * reach, True).replications([points], 2) == 2
    for bad in ("five", "-5%", "0", "inf", "nan"):
        with pytest.raises(InputError, match="such as 5%") as caught:
            Precision.parse(bad)
        assert caught.value.field == "precision"


def test_no_share_of_nothing_is_reached() -> None:
    """The baseline's mean is 0, and so is each share of it: twice as many, as for no interval."""
    nothing = compared([1.0, 2.0, 3.0], [0.0, 0.0, 0.0])
    assert Precision.parse("5%").replications([nothing], 3) == 6
    few = compared([1.0, np.nan], [1.0, 2.0])
    assert Precision.parse("5%").replications([few], 2) == 4
    assert Precision(1e-200, False).replications([nothing], 3) == 6


def test_vary() -> None:
    assert Vary.parse("a.b=1, 2.5") == Vary("a.b", (1, 2.5))
    assert Vary.parse('a="x,y",z') == Vary("a", ("x,y", "z"))
    for bad in ("a", "=1", "a=", "a=1,,2", "a=1,1"):
        with pytest.raises(InputError):
            Vary.parse(bad)


def naive_mser(values: np.ndarray) -> int | None:
    means = values[: len(values) // 5 * 5].reshape(-1, 5).mean(axis=1)
    n = len(means)
    error = [((means[d:] - means[d:].mean()) ** 2).sum() / (n - d) ** 2 for d in range(n - 1)]
    best = int(np.argmin(error[: n // 2 + 1]))
    return None if best == n // 2 else 5 * best


def test_mser_is_the_rule_it_says() -> None:
    draw = np.random.Generator(np.random.Philox(4))
    for length in (20, 103, 500):
        for rise in (0.0, 5.0, 50.0):
            values = draw.normal(size=length) - rise * np.exp(-np.arange(length) / 30)
            assert mser(values) == naive_mser(values)
    assert mser(np.arange(100.0)) is None  # it never settles
    assert mser([1.0] * 10) is None


def test_when_a_stock_settles() -> None:
    hour = np.arange(24 * 14)
    rhythm = 20 * np.sin(hour * 2 * np.pi / 24)
    noise = np.random.Generator(np.random.Philox(6)).normal(size=len(hour)) * 10
    rising = 300 * (1 - np.exp(-hour / 20)) + rhythm + noise
    found = settles([rising, rising + 1])
    assert found is not None
    assert 2 < found < 7
    assert settles([rising[:30]]) is None
    assert settles([np.zeros(47)]) is None
    assert settles([np.zeros(48)]) == 0.0  # two days do
    late = np.r_[np.zeros(60), np.full(276, 100.0)]  # the mean of a day is 100 from hour 60 on
    found = settles([late])
    assert found is not None
    assert found >= 2.5


class Given(Serial):
    """An executor whose results are given, one for each replication."""

    def __init__(self, result: object) -> None:
        self.result = result

    def run(self, function: object, tasks: Any) -> Iterator[tuple[Any, Any]]:
        assert function is stocks
        tasks = list(tasks)
        assert [(task.seed, task.number, task.engine) for task in tasks] == [
            (7, number, "simpy") for number in range(2)
        ]
        assert {task.arm.scenario.time.warm_up_days for task in tasks} == {14}
        return iter([(task, self.result) for task in tasks])


def test_a_warm_up_is_as_long_as_the_slowest_stock_and_the_longest_deadline(
    tmp_path: Path,
) -> None:
    scenario = tiny(tmp_path)

    def found(result: object) -> WarmUpFound:
        arm = Arm("one", scenario, "fifo")
        return find_warm_up(arm, 7, Given(result), days=14, replications=2, engine="simpy")

    hours = 14 * 24
    flat = np.zeros((len(STOCKS), hours))
    assert found(flat).days == found(flat).longest_deadline == 3
    slow = flat.copy()
    slow[1] = np.r_[np.zeros(100), np.full(hours - 100, 50.0)]
    told = found(slow)
    assert told.settled["not discovered"] is not None
    assert told.days == ceil(told.settled["not discovered"]) >= 4
    slow[2] = np.arange(hours)
    told = found(slow)
    assert told.settled["at linkage centres"] is None
    assert "at linkage centres not settled" in told.source
    assert "2 replications of 14 days from an empty city, seed 7" in told.source
    with pytest.raises(InputError, match="it broke"):
        found(Failure("it broke"))
    for wrong, said in (({"days": 3}, "days: 3"), ({"replications": 0}, "replications: 0")):
        with pytest.raises(InputError, match=said):
            find_warm_up(Arm("one", scenario, "fifo"), 7, Serial(), **wrong)  # type: ignore[arg-type]


def test_stocks_are_those_of_the_record(tmp_path: Path) -> None:
    """At some hours, against the states in a record of which all is kept."""
    scenario = tiny(tmp_path, ["time.days=1", "time.warm_up_days=4"])
    found = stocks(Replication(Arm("x", scenario, "fifo"), 7, 0))
    assert found.shape == (len(STOCKS), 4 * 24)
    run = sim.prepare(scenario, policy="fifo", keep_warm_up=True)
    for hour in (1, 10, 53, 4 * 24):
        run.run(run.begins + hour * 3600.0)
        state = run.outcome().tickets["state"]
        counted = [np.isin(state, some).sum() for some in STOCKS.values()]
        assert found[:, hour - 1].tolist() == counted
    assert found[0].max() > 50


def test_selection_of_what_is_plain_to_see() -> None:
    draw = np.random.Generator(np.random.Philox(5))
    noise = draw.normal(size=(1000, 4))
    means = np.array([3.0, 0.0, 1.0, 10.0])
    asked: list[tuple[list[int], int]] = []

    def sample(arms: list[int], r: int) -> np.ndarray:
        asked.append((list(arms), r))
        return (means + noise[r])[arms]

    best, dropped, count, complete = kim_nelson(sample, 4, first=10, indifference=0.5)
    assert (best, complete) == (1, True)
    assert set(dropped) == {0, 2, 3}
    assert dropped[3] == 10  # seen at once
    assert dropped[2] >= dropped[0]
    assert count == max(dropped.values()) < 1000
    assert [r for _, r in asked] == list(range(count))
    assert kim_nelson(sample, 4, first=10, indifference=0.001, most=12) == (1, {}, 12, False)


@pytest.mark.parametrize(
    ("arms", "first", "probability", "eta"),
    # half of (2 α / (k - 1))^(-2 / (n - 1)) - 1 by hand: Kim and Nelson, with c = 1
    [
        (2, 10, 0.95, 0.334050),
        (2, 10, 0.90, 0.214995),
        (5, 20, 0.95, 0.237238),
        (2, 4, 0.95, 1.820795),
    ],
)
def test_selection_goes_on_as_long_as_eta_says(
    arms: int, first: int, probability: float, eta: float
) -> None:
    """Arms with equal means are told apart once r exceeds h²S²/δ²: then it is a tie."""
    draw = np.random.Generator(np.random.Philox(9)).normal(size=first)
    draw = (draw - draw.mean()) / draw.std(ddof=1) * 4.0  # S² = 16, mean 0

    def sample(alive: list[int], r: int) -> np.ndarray:
        values = np.zeros(arms)
        values[1:] = draw[r] if r < first else 0.0
        return values[alive]

    best, dropped, count, complete = kim_nelson(
        sample, arms, first=first, indifference=1.0, probability=probability
    )
    assert (best, complete) == (0, True)
    assert count == max(int(2 * eta * (first - 1) * 16) + 1, first)
    assert all(r == count for r in dropped.values())


def test_an_arm_goes_once_it_is_behind_by_more_than_the_slack() -> None:
    """η = 0.334050, h² = 18 η, S² = 64, δ = 2, 2 behind: h²S² / 2δr - δ / 2 < 2 from r = 33 on."""
    draw = np.random.Generator(np.random.Philox(9)).normal(size=10)
    draw = (draw - draw.mean()) / draw.std(ddof=1) * 8.0

    def sample(alive: list[int], r: int) -> np.ndarray:
        return np.array([2.0 + (draw[r] if r < 10 else 0.0), 0.0])[alive]

    assert kim_nelson(sample, 2, first=10, indifference=2.0) == (1, {0: 33}, 33, True)
