"""The checker finds every kind of fault, and prices tours by hand-counted figures."""

from __future__ import annotations

import numpy as np
import pytest

from sim.errors import InputError
from sim.routing import Instance, check

GOOD = ((0, 1), (2, 3))


def line(**changes: object) -> Instance:
    """Four stops at 10, 20, 30, 40 on a line, the depot at 0; two vehicles."""
    x = np.array([10.0, 20.0, 30.0, 40.0, 0.0])
    columns: dict[str, object] = {
        "demand": [1, 2, 3, 4],
        "open": [0, 0, 0, 100],
        "close": [50, 50, 50, 120],
        "service": 5,
        "capacity": [3, 7],
        "fixed": [7, 9],
        "shift_close": 200,
    }
    return Instance.build(abs(x[:, None] - x), stops=4, vehicles=2, **{**columns, **changes})


def test_cost_by_hand() -> None:
    verdict = check(line(), GOOD)
    assert verdict.feasible, verdict.faults
    assert verdict.distance == (10 + 10 + 20) + (30 + 10 + 40)
    assert verdict.cost == verdict.distance + 7 + 9


def test_late_and_prize_by_hand() -> None:
    # stop 0 begins at 10, stop 1 at 25; stops 2 and 3 are left out
    instance = line(late=2, due=[4, 30, 0, 0], prize=[np.inf, np.inf, 3, 4])
    assert check(instance, ((0, 1),)).cost == 40 + 7 + 2 * 6 + 3 + 4


def test_waiting_for_a_window_counts() -> None:
    # stop 3 opens at 100: served 100 to 105, back at 145
    assert check(line(shift_close=145), GOOD).feasible
    assert "busy until 145" in check(line(shift_close=144), GOOD).faults[0]


def test_open_tour() -> None:
    instance = line(end=-1, shift_close=[25, 100])
    verdict = check(instance, GOOD)
    assert verdict.feasible
    assert verdict.distance == 20 + 40
    assert not check(line(end=-1, shift_close=[24, 100]), GOOD).feasible


@pytest.mark.parametrize(
    ("tours", "fault"),
    [
        (((0, 1), (2,)), "stop 3 is not served"),
        (((0, 1), (2, 3, 3)), "stop 3 is served 2 times"),
        (((0, 1), (2, 3), (0,)), "3 tours for 2 vehicles"),
        (((0, 1), (2, 4)), "vehicle 1: there is no stop 4"),
        (((0, 1), (2, -1)), "no stop -1"),
        (((2,), (0, 1, 3)), "vehicle 1: carries"),
        (((0, 1), (3, 2)), "stop 2 begins at 115, too late"),
    ],
)
def test_a_changed_tour_is_found(tours: tuple[tuple[int, ...], ...], fault: str) -> None:
    instance = line(capacity=[3, 6.5]) if "carries" in fault else line()
    assert any(fault in found for found in check(instance, tours).faults)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"close": [50, 24, 50, 120]}, "vehicle 0: stop 1 begins at 25, too late"),
        ({"service": [6, 5, 5, 5], "close": [50, 25, 50, 120]}, "stop 1 begins at 26"),
        ({"capacity": [2, 7]}, "vehicle 0: carries 3"),
        ({"shift_close": [49, 200]}, "vehicle 0: is busy until 50"),
        ({"shift_open": [41, 0]}, "stop 0 begins at 51"),
        ({"allowed": [[0, 1], [1, 1], [1, 1], [1, 1]]}, "vehicle 0: has not the skills for stop 0"),
    ],
)
def test_a_changed_instance_is_found(changes: dict[str, object], fault: str) -> None:
    verdict = check(line(**changes), GOOD)
    assert any(fault in found for found in verdict.faults), verdict.faults


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"demand": -1}, "demand"),
        ({"open": 60}, "close"),
        ({"capacity": [1, 2, 3]}, "capacity"),
        ({"prize": np.nan}, "prize"),
        ({"start": 5}, "start"),
        ({"end": -2}, "end"),
        ({"load": 3}, "load"),
        ({"duration": np.zeros((2, 2))}, "duration"),
    ],
)
def test_an_instance_that_makes_no_sense(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InputError, match=field):
        line(**changes)


@pytest.mark.parametrize("size", [0.0, 1e4, 1e7, 1e9])
def test_the_tolerance_does_not_grow_with_the_figures(size: float) -> None:
    """A minute late is late, whatever the clock shows."""
    late = line(open=[size + 70] * 4, close=[size + 70] * 4, shift_close=size + 1e6, service=0)
    faults = check(late, ((0, 1), (2, 3))).faults
    assert any("stop 1 begins at" in fault for fault in faults)
    heavy = line(demand=[size, 0.5, 0, 0], capacity=[size, 7])
    assert any("too much" in fault for fault in check(heavy, GOOD).faults)
    assert check(line(demand=[size, 5e-7, 0, 0], capacity=[size, 7]), GOOD).feasible
