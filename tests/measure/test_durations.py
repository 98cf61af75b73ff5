"""Durations in bins, against all of them sorted."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny import tiny

import sim
from sim.clock import DAY
from sim.engine.outcome import Outcome
from sim.measure import rows
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
    made.add(cell, values, np.ones(len(values), dtype=bool))
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
    found = put(values).quantiles(SHARES, ONE, 1)[:, 0]
    exact = np.quantile(values, SHARES, method="inverted_cdf")
    assert np.all(np.abs(found - exact) <= np.maximum(0.01 * exact, 1 / 128))
    assert np.all(np.diff(found) >= 0)


def test_bins_are_narrow_and_what_they_say() -> None:
    width = np.diff(EDGES)
    assert np.all(width[128:] <= EDGES[128:-1] / 128)
    assert EDGES[-1] > 3660 * DAY
    values = np.concatenate([EDGES[:-1], np.nextafter(EDGES[1:], 0)])  # both ends of each
    assert put(values).events(ONE, 1)[0].tolist() == [2] * BINS


def test_what_takes_no_time_takes_none() -> None:
    assert put(np.zeros(5)).quantiles((0.5, 1.0), ONE, 1).tolist() == [[0.0], [0.0]]
    (least,) = put(np.full(4, 1.5 / 128)).quantiles((0.5,), ONE, 1)  # the second of four in its bin
    assert least == [1.375 / 128]


def test_what_is_longer_than_all_bins_is_in_the_last() -> None:
    assert put(np.array([1e12, np.inf])).events(ONE, 1)[0, -1] == 2


def test_none_is_not_a_number() -> None:
    assert np.isnan(Durations(3).quantiles((0.5,), np.array([0, 1, -1]), 2)).all()


def test_parts_add_up_in_any_order() -> None:
    values, group = generated("heavy", 5000), np.arange(7) % 3
    whole = put(values, 7)
    parts = [put(values[a:b], 7) for a, b in pairwise((0, 7, 700, 2100, 5000 - 5000 % 7, 5000))]
    for order in (parts, parts[::-1]):
        sum_of = Durations(7)
        for part in order:
            sum_of.merge(part)
        assert np.array_equal(sum_of.events(group, 3), whole.events(group, 3))


def test_causes_and_the_censored_are_told_apart() -> None:
    made = Durations(2, causes=3)
    cell = np.array([[0], [1], [0], [2], [1]], dtype=np.int32)  # 2: of no cell
    times = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    made.add(cell, times, np.array([True, True, False, True, False]), cause=2)
    made.censor(cell, times, np.array([False, False, True, False, True]))
    both = np.array([0, 1])
    assert made.events(both, 2, cause=2).sum(axis=1).tolist() == [1, 1]
    assert made.events(both, 2, cause=0).sum() == 0
    assert made.events(both, 2).sum() == 2
    censored = made.censored(both, 2)
    assert censored.sum(axis=1).tolist() == [1, 1]
    assert [EDGES[np.flatnonzero(row)[0]] for row in censored] == pytest.approx([30, 50], 0.01)
    for cause in (3, -1):
        with pytest.raises(ValueError, match=f"cause {cause} of 3"):
            made.add(cell, times, np.ones(5, dtype=bool), cause=cause)
    with pytest.raises(ValueError, match="cause 1 of 1"):
        Durations(2).add(cell, times, np.ones(5, dtype=bool), cause=1)


def test_a_case_lies_in_a_cell_of_each_grouping() -> None:
    made = Durations(5)
    cell = np.array([[0, 3], [1, 4], [1, 3]], dtype=np.int32)
    made.add(cell, np.array([1.0, 2.0, 3.0]), np.ones(3, dtype=bool))
    assert made.events(np.arange(5), 5).sum(axis=1).tolist() == [1, 2, 0, 2, 1]


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
            assert (
                made.events(group, size).sum(axis=1).tolist() == found[f"{name}.mean"][2].tolist()
            )
            assert (
                made.censored(group, size).sum(axis=1).tolist() == found[f"{name}.open"][1].tolist()
            )
    t = outcome.tickets
    waiting = ~np.isnan(t["accepted"]) & np.isnan(t["closed"])
    age = np.histogram(outcome.until - t["accepted"][waiting], EDGES)[0]
    group = counted.group(outcome, "city")
    assert group is not None
    close = counted.tally.durations[MEASURES["close"].formula]
    assert close.censored(group, 1)[0].tolist() == age.tolist()


def test_competing_causes_balance(outcome: Outcome) -> None:
    """A span may end in several ways: each is counted, and who is left is censored."""
    t = outcome.tickets
    span = Span("accepted", ("arrived", "closed"), rows.accepted)  # closed without a visit
    tally = Tally(1, [Mean(span), Quantile(span, 0.5), Unfinished(span)])
    tally.add(outcome, np.zeros((len(outcome), 1), dtype=np.int32))
    made, (group, size) = tally.durations[span], (ONE, 1)
    arrived, closed = (~np.isnan(t[name]) & rows.accepted(outcome) for name in span.ends)
    first = [np.count_nonzero(arrived), np.count_nonzero(closed & ~arrived)]
    assert min(first) > 0
    for cause, ended in enumerate((arrived, closed & ~arrived)):
        events = made.events(group, size, cause)
        assert events.sum() == first[cause]
        column = np.maximum(t[span.ends[cause]] - t["accepted"], 0)  # of on-the-spot work: none
        assert events[0].tolist() == np.histogram(column[ended], EDGES)[0].tolist()
    left = np.count_nonzero(rows.accepted(outcome) & ~arrived & ~closed)
    assert made.censored(group, size).sum() == left
    assert tally.entries[Mean(span)].n.tolist() == [first[0]]
    # whoever was not measured by the first cause is not over, for it
    assert tally.entries[Unfinished(span)].n.tolist() == [first[1] + left]


@pytest.mark.parametrize("by", GROUPS)
def test_real_outcomes(by: str, outcome: Outcome) -> None:
    t, group = outcome.tickets, group_of(outcome, by)
    found = figures(outcome, by)
    for name, start, end in (("arrive", "accepted", "arrived"), ("close", "accepted", "closed")):
        span = t[end] - t[start]
        for i in range(len(groups(outcome, by)[0])):
            own = span[(group == i) & ~np.isnan(span)]
            for share in (50, 90, 95) if len(own) else ():
                exact = np.quantile(own, share / 100, method="inverted_cdf")
                assert found[f"{name}.p{share}"][1][i] == pytest.approx(exact, 0.01)
            if len(own):
                assert found[f"{name}.mean"][1][i] == pytest.approx(own.mean(), 1e-12)


def test_percentiles_are_those_of_the_kpis(outcome: Outcome) -> None:
    values, n = percentiles(outcome, "close", (0.5, 0.9))
    found = figures(outcome)
    assert values.tolist() == [found["close.p50"][1][0], found["close.p90"][1][0]]
    assert n == found["close.mean"][2][0]


def test_a_week_of_a_district() -> None:
    outcome = sim.simulate("gusu-week", days=2)
    span = outcome.tickets["closed"] - outcome.tickets["accepted"]
    exact = np.quantile(span[~np.isnan(span)], SHARES, method="inverted_cdf")
    assert percentiles(outcome, "close", SHARES)[0] == pytest.approx(exact, rel=0.01, abs=1 / 128)
