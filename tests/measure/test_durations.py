"""Durations in bins, against all of them sorted."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny import tiny

import sim
from sim.clock import DAY, TICKS_PER_SECOND
from sim.engine.outcome import Outcome
from sim.errors import InvariantError
from sim.measure.catalogue import MEASURES
from sim.measure.durations import BINS, EDGES, Durations
from sim.measure.fold import gather
from sim.measure.kpis import ALL, Kpis, figures, percentiles
from sim.measure.metric import Mean, Quantile, Span, Unfinished
from sim.measure.tables import GROUPS, group_of, groups
from sim.measure.tally import Tally

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
ONE = np.zeros(1, dtype=np.int64)


def put(values: NDArray[np.float64], cells: int = 1) -> Durations:
    made = Durations(cells)
    cell = (np.arange(len(values)) % cells).astype(np.int32)[:, None]
    made.follow(cell, np.zeros(len(values)), [values], np.ones(len(values), dtype=bool), np.inf)
    return made


def generated(kind: str, n: int) -> NDArray[np.float64]:
    draw = np.random.default_rng(n)
    return {
        "exponential": lambda: draw.exponential(5000, n),
        "heavy": lambda: np.minimum(draw.lognormal(8, 3, n), 3660 * DAY),
        "seconds": lambda: draw.integers(1, 100, n).astype(float),
        "all alike": lambda: np.full(n, 7200.0),
        "two": lambda: draw.choice([20.0, 86400.0], n),
        "months": lambda: draw.uniform(60 * DAY, 3000 * DAY, n),
    }[kind]()


@pytest.mark.parametrize("n", [1, 2, 9, 100, 20_000])
@pytest.mark.parametrize("kind", ["exponential", "heavy", "seconds", "all alike", "two", "months"])
def test_quantiles_are_within_a_percent(kind: str, n: int) -> None:
    values = generated(kind, n)
    found = put(values).quantiles(SHARES, ONE, 1)[0][:, 0]
    exact = np.quantile(values, SHARES, method="inverted_cdf")
    assert np.all(np.abs(found - exact) <= np.maximum(0.01 * exact, 1 / 128))
    assert np.all(np.diff(found) >= 0)


def test_bins_are_narrow_and_what_they_say() -> None:
    width = np.diff(EDGES)
    assert np.all(width[128:] <= EDGES[128:-1] / 128)
    assert EDGES[-1] > 3660 * DAY
    values = np.concatenate([EDGES[:-1], np.nextafter(EDGES[1:], 0)])  # both ends of each
    assert put(values).events(ONE, 1, 0)[0].tolist() == [2] * BINS


def test_what_takes_no_time_takes_none() -> None:
    assert put(np.zeros(5)).quantiles((0.5, 1.0), ONE, 1)[0].tolist() == [[0.0], [0.0]]
    ((least,), n) = put(np.full(4, 1.5 / 128)).quantiles((0.5,), ONE, 1)  # in the middle of its bin
    assert (least.tolist(), n.tolist()) == ([1.5 / 128], [4])


def test_what_is_longer_than_all_bins_is_in_the_last() -> None:
    assert put(np.array([1e12, 1e300])).events(ONE, 1, 0)[0, -1] == 2


def test_none_is_not_a_number() -> None:
    values, n = Durations(3).quantiles((0.5,), np.array([0, 1, -1]), 2)
    assert np.isnan(values).all()
    assert n.tolist() == [0, 0]


def test_parts_add_up_in_any_order() -> None:
    values, group = generated("heavy", 5000), np.arange(7) % 3
    whole = put(values, 7)
    parts = [put(values[a:b], 7) for a, b in pairwise((0, 7, 700, 2100, 5000 - 5000 % 7, 5000))]
    for order in (parts, parts[::-1]):
        sum_of = Durations(7)
        for part in order:
            sum_of.merge(part)
        assert np.array_equal(sum_of.events(group, 3, 0), whole.events(group, 3, 0))


def test_who_is_counted_as_what() -> None:
    """In a window from 0 to 100: what ended before is not seen, what began before comes in late."""
    nan, made = np.nan, Durations(2, causes=2)
    cases = [  # cell, begins, ends by the first cause, and by the second
        (0, 10.0, 30.0, nan), (1, 10.0, nan, 60.0), (0, 20.0, 40.0, 50.0), (2, 5.0, 15.0, nan),
        (0, 50.0, nan, nan), (1, -30.0, 20.0, nan), (1, -30.0, nan, nan), (0, -50.0, -20.0, nan),
        (0, -20.0, 0.0, nan), (0, 100.0, nan, nan), (0, nan, nan, nan), (0, 0.0, 0.0, nan),
    ]  # fmt: skip
    cell, *times = np.array(cases).T
    made.follow(
        cell.astype(np.int32)[:, None], times[0], times[1:], np.ones(len(cell), dtype=bool), 100.0
    )
    both = np.array([0, 1])

    def told(counts: NDArray[np.int64]) -> list[list[float]]:
        return [np.repeat(EDGES[:-1], row).round().tolist() for row in counts]

    assert told(made.events(both, 2, 0)) == [[0, 20, 20], [50]]
    assert told(made.events(both, 2, 1)) == [[], [50]]
    assert told(made.censored(both, 2)) == [[50], [130]]
    assert told(made.late(both, 2)) == [[], [30, 30]]
    assert made.quantiles((0.1,), both, 2)[1].tolist() == [4, 3]
    with pytest.raises(ValueError, match="1 causes of 2"):
        made.follow(cell.astype(np.int32)[:, None], times[0], times[1:2], cell >= 0, 100.0)


def test_nothing_ends_before_it_begins() -> None:
    made, one = Durations(1), np.ones(2, dtype=bool)
    with pytest.raises(InvariantError, match="case 1 ends before it begins"):
        made.follow(
            np.zeros((2, 1), np.int32), np.array([1.0, 5.0]), [np.array([2.0, 4.0])], one, 9.0
        )


def test_a_case_lies_in_a_cell_of_each_grouping() -> None:
    made = Durations(5)
    cell = np.array([[0, 3], [1, 4], [1, 3]], dtype=np.int32)
    made.follow(cell, np.zeros(3), [np.array([1.0, 2.0, 3.0])], np.ones(3, dtype=bool), 9.0)
    assert made.events(np.arange(5), 5, 0).sum(axis=1).tolist() == [1, 2, 0, 2, 1]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return sim.simulate(tiny(tmp_path_factory.mktemp("durations")))


def test_entries_are_events_and_censored(outcome: Outcome) -> None:
    """In every group of every grouping; and who is still waiting has waited until the end."""
    counted: Kpis
    (counted,) = gather(replace(outcome), [ALL])
    for by in GROUPS:
        group, size = counted.group(outcome, by), len(groups(outcome, by)[0])
        assert group is not None
        for name in ("discovery", "sign", "arrive", "close"):
            made = counted.tally.durations[MEASURES[name].formula]
            found = figures(outcome, by)
            events = sum(made.events(group, size, k).sum(axis=1) for k in range(made.causes))
            left = made.censored(group, size).sum(axis=1)
            assert not made.late(group, size).any()  # it began in an empty city
            assert (events + left).tolist() == found[f"{name}.mean"][2].tolist()
            assert (events + left).tolist() == found[f"{name}.p50"][2].tolist()
            assert left.tolist() == found[f"{name}.open"][1].tolist()
    t = outcome.tickets
    waiting = ~np.isnan(t["accepted"]) & np.isnan(t["closed"])
    age = np.histogram(outcome.until - t["accepted"][waiting], EDGES)[0]
    group = counted.group(outcome, "city")
    assert group is not None
    close = counted.tally.durations[MEASURES["close"].formula]
    assert close.censored(group, 1)[0].tolist() == age.tolist()


def test_competing_causes_balance(outcome: Outcome) -> None:
    """A matter is found or vanishes, or still lies there."""
    t, span = outcome.tickets, MEASURES["discovery"].formula
    assert isinstance(span, Span)
    tally = Tally(1, [Mean(span), Quantile(span, 0.5), Unfinished(span)])
    tally.add(outcome, np.zeros((len(outcome), 1), dtype=np.int32))
    made, rows = tally.durations[span], ~t["at_once"]
    for cause, name in enumerate(("discovered", "vanished")):
        took = (t[name] - t["arisen"])[rows & ~np.isnan(t[name])]
        assert len(took) > 0
        assert made.events(ONE, 1, cause)[0].tolist() == np.histogram(took, EDGES)[0].tolist()
    left = rows & np.isnan(t["discovered"]) & np.isnan(t["vanished"])
    assert tally.entries[Unfinished(span)].n.tolist() == [np.count_nonzero(left)]
    until = np.fmin(np.fmin(t["discovered"], t["vanished"]), outcome.until)
    lay = np.rint((until - t["arisen"])[rows] * TICKS_PER_SECOND).sum()
    entry = tally.entries[Mean(span)]
    assert (entry.n.tolist(), entry.total.tolist()) == ([np.count_nonzero(rows)], [lay])


@pytest.mark.parametrize("by", GROUPS)
def test_means_are_all_the_time_over_all_who_came(by: str, outcome: Outcome) -> None:
    t, group = outcome.tickets, group_of(outcome, by)
    found = figures(outcome, by)
    answered = t["at_once"] & ~np.isnan(t["answered"])
    tickets = ~np.isnan(t["accepted"]) & ~answered
    for name, rows, end in (
        ("arrive", tickets & ~t["on_spot"], "attended"), ("close", tickets, "closed"),
    ):  # fmt: skip
        spent = np.fmin(t[end], outcome.until) - t["accepted"]
        for i in range(len(groups(outcome, by)[0])):
            own = spent[rows & (group == i)]
            value, n = (column[i] for column in found[f"{name}.mean"][1:])
            assert n == len(own)
            assert value == pytest.approx(own.mean() if len(own) else np.nan, 1e-9, nan_ok=True)


def test_percentiles_are_those_of_the_kpis(outcome: Outcome) -> None:
    values, n = percentiles(outcome, "close", (0.5, 0.9))
    found = figures(outcome)
    assert values.tolist() == [found["close.p50"][1][0], found["close.p90"][1][0]]
    assert n == found["close.p90"][2][0]


def test_what_is_left_waiting_makes_it_longer(outcome: Outcome) -> None:
    """The median of those that ended is below that of all."""
    t = outcome.tickets
    took = (t["discovered"] - t["arisen"])[~t["at_once"] & ~np.isnan(t["discovered"])]
    assert np.median(took) < 0.99 * percentiles(outcome, "discovery", (0.5,))[0][0]
