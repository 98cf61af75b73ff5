"""What is drawn belongs to a date: it is the same wherever a run begins, ends or is cut."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tiny import tiny

from sim.city import City
from sim.clock import DAY, day_of, days_since_1970, to_ticks
from sim.scenario import Scenario
from sim.word import word
from sim.workload.names import cell_words, day_words, keys
from sim.workload.philox import Draws
from sim.workload.purpose import Purpose
from sim.workload.workload import Workload

EAST = "900001"
FIRST, LAST = date(1900, 1, 1), date(2200, 12, 31)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scenario, City]:
    scenario = tiny(tmp_path_factory.mktemp("dates"), ['time.timezone="Europe/Berlin"'])
    return scenario, City.build(scenario)


def starting(scenario: Scenario, start: date, **more: int) -> Scenario:
    time = scenario.time.model_copy(update={"start": start, **more})
    return scenario.model_copy(update={"time": time})


def check_same(a: Workload, b: Workload, shift_days: int) -> None:
    assert len(a) == len(b) > 0
    for name, column in a.columns().items():
        other = b.columns()[name] + (shift_days * DAY if name == "arisen" else 0)
        assert np.array_equal(column, other), name


@settings(max_examples=30, deadline=None)
@given(
    start=st.dates(FIRST, LAST),
    shift=st.integers(-500, 500),
    length=st.integers(1, 3),
    block=st.integers(1, 3),
)
@example(start=date(1970, 1, 2), shift=-3, length=3, block=1)
@example(start=date(2018, 1, 1), shift=30, length=2, block=2)  # over the end of a year
@example(start=date(2020, 2, 28), shift=1, length=3, block=1)  # 29 February
@example(start=date(1900, 2, 27), shift=-10, length=3, block=2)  # there was none
@example(start=date(2018, 3, 24), shift=2, length=3, block=1)  # clocks change in Berlin
@example(start=date(2018, 10, 27), shift=5, length=3, block=1)
def test_the_same_matters_wherever_a_run_begins(
    base: tuple[Scenario, City], start: date, shift: int, length: int, block: int
) -> None:
    scenario, city = base
    here = starting(scenario, start)
    there = starting(scenario, start - timedelta(days=shift))
    whole = Workload.draw(here, city, 5, 1, range(length))
    parts = [
        Workload.draw(there, city, 5, 1, range(shift + k, shift + min(k + block, length)))
        for k in range(0, length, block)
    ]
    check_same(Workload.join(parts), whole, shift)
    assert {day_of(time) for time in whole.arisen.tolist()} <= {*range(length)}


def test_a_warm_up_is_drawn_with_the_days_that_it_is_before(base: tuple[Scenario, City]) -> None:
    scenario, city = base
    warm = Workload.draw(starting(scenario, date(2018, 1, 1), days=2, warm_up_days=3), city, 1)
    early = Workload.draw(starting(scenario, date(2017, 12, 29), days=5), city, 1)
    check_same(early, warm, 3)
    assert warm.arisen.min() < -2 * DAY
    assert DAY < warm.arisen.max() < 2 * DAY


def test_other_dates_have_other_matters(base: tuple[Scenario, City]) -> None:
    """The third Monday of July is not the first of January, nor that of another year."""
    scenario, city = base
    starts = [date(2018, 1, 1), date(2018, 7, 16), date(2019, 1, 7), date(1962, 1, 1)]
    loads = [Workload.draw(starting(scenario, day, days=1), city, 1) for day in starts]
    for n, load in enumerate(loads):
        for other in loads[:n]:
            assert not np.isin(load.arisen, other.arisen).any()


def test_known_answers_before_1970(base: tuple[Scenario, City]) -> None:
    """Words by hand: the day's lower 16 bits beside the district's, and 32 bits of its own."""
    scenario = base[0]
    days = np.array([-1, 0, days_since_1970(FIRST), days_since_1970(LAST)])
    assert days.tolist() == [-1, 0, -25567, 84370]
    names, where, which = cell_words(scenario, EAST, days)
    place = (word(EAST) & 0xFFFF) << 16
    assert where.tolist() == [place | 0xFFFF, place, place | (65536 - 25567), place | 84370 - 65536]
    assert names[0] == word(scenario.categories[0].id)
    assert which == 0
    assert day_words(days).tolist() == [2**32 - 1, 0, 2**32 - 25567, 84370]
    found = Draws(7, 0).uniform(Purpose.DAY, day_words(days), (0, 0))
    by_hand = [Draws(7, 0).uniform(Purpose.DAY, d % 2**32, (0, 0)) for d in days.tolist()]
    assert found.tolist() == [float(u) for u in by_hand]


def test_known_answers(base: tuple[Scenario, City]) -> None:
    """Matters are a part of every result: a new name for a date would change them all."""
    scenario, city = base
    for start, keyed, ticks in KNOWN:
        load = Workload.draw(starting(scenario, start), city, 7, 0, range(1))
        assert load.key[:3].tolist() == keyed, start
        assert (load.arisen[:3] * 1024).tolist() == ticks, start


KNOWN = [
    (date(1969, 12, 31), [1850416496898998272, 1850416496897949744, 1850416505488932891],
     [32311, 503190, 641113]),
    (date(2018, 2, 15), [3087358282053976096, 3087358282053976067, 3087358282052927534],
     [25812, 37718, 104380]),
    (date(2020, 2, 29), [3139712636312092679, 3139712627721109584, 3139712627726352387],
     [472755, 479876, 698450]),
]  # fmt: skip


def test_keys_are_never_negative_and_in_order_of_dates(base: tuple[Scenario, City]) -> None:
    scenario = base[0]
    earliest = FIRST - timedelta(days=366)
    days = [earliest, date(1969, 12, 31), date(1970, 1, 1), LAST + timedelta(days=3660)]
    none = np.zeros(len(days), dtype=np.int64)
    dates = np.array([days_since_1970(day) for day in days])
    packed = keys(scenario, EAST, dates, none, none)
    assert packed[0] >= 0
    assert (np.diff(packed) > 0).all()


def test_times_are_rounded_within_their_day(base: tuple[Scenario, City]) -> None:
    """However late in a run: 20,000 days on, one matter in 10,000 would move a tick."""
    scenario, city = base
    near = Workload.draw(starting(scenario, date(2018, 1, 1)), city, 3, 0, range(40))
    far = Workload.draw(starting(scenario, date(2018, 1, 1) - timedelta(days=3000)), city, 3, 0,
                        range(3000, 3040))  # fmt: skip
    assert len(near) > 10_000
    assert np.array_equal(far.arisen - 3000 * DAY, near.arisen)
    assert np.array_equal(near.arisen, to_ticks(near.arisen))
