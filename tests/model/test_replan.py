"""Who stays, who is added and who is withdrawn when another plan comes into force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny

from sim.city import City
from sim.errors import InputError
from sim.model.plan import Plan
from sim.model.replan import Staff, Succession, check_days
from sim.model.staffing import base_plan


@pytest.fixture
def base(tmp_path: Path) -> Plan:
    scenario = tiny(tmp_path)
    return base_plan(scenario, City.build(scenario))


def with_crews(plan: Plan, rows: list[tuple[int, int, float]]) -> Plan:
    """Return the plan with these crews: unit, shift and where their base is."""
    return replace(
        plan,
        crew_unit=np.array([unit for unit, _, _ in rows], dtype=np.int32),
        crew_shift=np.array([shift for _, shift, _ in rows], dtype=np.int16),
        crew_xy=np.array([[x, 0.0] for _, _, x in rows]).reshape(-1, 2),
    )


def test_the_lowest_numbers_of_a_group_stay(base: Plan) -> None:
    before = Staff.of(with_crews(base, [(0, 0, 0), (1, 0, 0), (0, 0, 0), (0, 0, 0), (0, 1, 0)]))
    after = before.after(with_crews(base, [(1, 0, 0), (0, 0, 0), (0, 0, 0), (2, 0, 0)]))
    assert after.crews.tolist() == [True, True, True, False, False, True]
    assert after.withdrawn(before)[0].tolist() == [3, 4]
    assert after.added(before)[0].tolist() == [5]
    assert after.plan.crew_unit.tolist() == [0, 1, 0, 0, 0, 2]


def test_who_was_withdrawn_does_not_come_back(base: Plan) -> None:
    two, one = (with_crews(base, [(0, 0, 0)] * n) for n in (2, 1))
    first = Staff.of(two)
    again = first.after(one).after(two)
    assert again.crews.tolist() == [True, False, True]


def test_a_crew_of_another_base_is_another(base: Plan) -> None:
    before = Staff.of(with_crews(base, [(0, 0, 0), (0, 0, 7)]))
    after = before.after(with_crews(base, [(0, 0, 7), (0, 0, 9)]))
    assert after.crews.tolist() == [False, True, True]
    assert after.plan.crew_xy[:, 0].tolist() == [0, 7, 9]
    north = with_crews(base, [(0, 0, 0)])
    north = replace(north, crew_xy=np.array([[0.0, 5.0]]))
    assert Staff.of(with_crews(base, [(0, 0, 0)])).after(north).crews.tolist() == [False, True]


def test_gridworkers_go_by_grid_and_shift_and_new_ones_begin_at_their_offset(base: Plan) -> None:
    def workers(grids: list[int], offsets: list[float]) -> Plan:
        return replace(
            base,
            worker_grid=np.array(grids, dtype=np.int32),
            worker_shift=np.zeros(len(grids), dtype=np.int16),
            worker_offset=np.array(offsets),
        )

    before = Staff.of(workers([3, 4], [0.0, 0.0]))
    after = before.after(workers([3, 3, 5], [0.1, 0.6, 0.2]))
    assert after.workers.tolist() == [True, False, True, True]
    assert after.withdrawn(before)[1].tolist() == [1]
    assert after.added(before)[1].tolist() == [2, 3]
    assert after.plan.worker_offset.tolist() == [0.0, 0.0, 0.6, 0.2]


def test_nothing_changes(base: Plan) -> None:
    staff = Staff.of(base)
    assert staff.after(base) is staff
    backwards = replace(
        base,
        crew_unit=base.crew_unit[::-1],
        crew_shift=base.crew_shift[::-1],
        crew_xy=base.crew_xy[::-1],
    )
    assert staff.after(backwards) is staff
    assert staff.after(replace(base, hotline_posts=base.hotline_posts + 1)) is not staff
    assert staff.after(replace(base, part_time=base.part_time + 1)) is not staff


def test_succession(base: Plan) -> None:
    more, most = (replace(base, hotline_posts=base.hotline_posts + n) for n in (1, 2))
    plans = Succession(base)
    plans.ask(more, 10.0, 0.0)
    plans.ask(base, 20.0, 0.0)
    plans.ask(most, 20.0, 0.0)  # instead of the one before
    assert plans.next == 10.0
    assert not plans.go_on(9.0)
    assert plans.go_on(10.0)
    assert plans.plan is more
    with pytest.raises(InputError, match="not before day"):
        plans.ask(base, 15.0, 10.0)
    arrays, times, past = plans.state()
    again = Succession(base)
    again.restore(arrays, times, past)
    assert (again.next, len(again.plans)) == (20.0, 2)
    assert again.go_on(20.0)
    assert np.array_equal(again.staff.plan.hotline_posts, most.hotline_posts)
    assert again.next == float("inf")


def test_observers_are_those_of_the_plan_at_that_time(base: Plan) -> None:
    plans = Succession(base)
    plans.ask(replace(base, part_time=base.part_time + 3), 10.0, 0.0)
    plans.go_on(10.0)
    old = int(base.part_time[2])
    assert [plans.observers(2, time) for time in (0.0, 9.9, 10.0, 99.0)] == [
        old,
        old,
        old + 3,
        old + 3,
    ]


@pytest.mark.parametrize(
    ("times", "past"),
    [([20.0, 10.0], 2), ([-1.0], 0), ([float("inf")], 0), ([float("nan")], 0), ([5.0, -1.0], 2)],
)
def test_kept_plans_are_in_order_of_time(times: list[float], past: int, base: Plan) -> None:
    plans = Succession(base)
    for n in range(len(times)):
        plans.ask(replace(base, hotline_posts=base.hotline_posts + n + 1), float(n), 0.0)
    arrays, _, _ = plans.state()
    with pytest.raises(InputError, match="in order of time") as caught:
        Succession(base).restore(arrays, times, past)
    assert (caught.value.file, caught.value.field) == ("state", "plans")
    again = Succession(base)
    again.restore(arrays, list(range(len(times))), past)  # from the first instant on
    assert len(again.plans) - 1 == past


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("unit_department", "units"),
        ("unit_district", "units"),
        ("unit_town", "units"),
        ("unit_of", "units"),
        ("part_time", "grids"),
        ("hotline_posts", "shifts"),
        ("town_posts", "towns and shifts"),
        ("district_posts", "districts and shifts"),
    ],
)
def test_a_plan_of_another_city_is_refused(field: str, name: str, base: Plan) -> None:
    was = getattr(base, field)
    other = replace(base, **{field: was[1:]})
    with pytest.raises(InputError, match="a plan of the same city") as caught:
        Succession(base).ask(other, 0.0, 0.0)
    assert (caught.value.file, caught.value.field) == ("replan", name)
    if name != "units":
        shapes = [" x ".join(map(str, shape)) for shape in (was[1:].shape, was.shape)]
        assert (caught.value.value, caught.value.allowed.split(":")[0]) == tuple(shapes)


@pytest.mark.parametrize("days", [[-0.1], [3.0], [float("nan")], [1.0, 1.0], [2.0, 1.0]])
def test_days(days: list[float]) -> None:
    with pytest.raises(InputError, match="replan"):
        check_days(days, 3)
    check_days([0.0, 1.5, 2.999], 3)
