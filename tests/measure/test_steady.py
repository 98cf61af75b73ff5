"""Where staff cannot keep up it is said, and where they can it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny import tiny

import sim
from sim.clock import WEEK
from sim.engine.outcome import Outcome
from sim.experiment.steady import OVERLOADED, unsteady_verdict
from sim.measure.doing import duty_hours
from sim.measure.steady import ByPool, Growth, occupancies, overloads
from sim.measure.summary import summary
from sim.model.state import State


def run(folder: Path, crews: float) -> Outcome:
    return sim.simulate(tiny(folder, ["time.days=8", f"staff_scale.crews={crews}"]))


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(tmp_path_factory.mktemp("few"), 0.2)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(tmp_path_factory.mktemp("many"), 3.0)


def test_pools_with_more_to_do_than_hours(few: Outcome, many: Outcome) -> None:
    assert overloads(many) == []
    found = overloads(few)
    assert found
    assert [one.occupancy for one in found] == sorted((o.occupancy for o in found), reverse=True)
    assert all(one.occupancy >= 1 and one.growth > 0 for one in found)
    told = {name: rows for name, _, rows in summary(few).sections}
    assert len(told["No steady state"]) == min(len(found), 4)
    assert len(summary(few).facts["overloaded"]) == len(found)
    assert "No steady state" not in {name for name, *_ in summary(many).sections}


def test_occupancy_by_hand(few: Outcome) -> None:
    """Of one unit: what its crews did, and those that wait at the mean of it, over its hours."""
    value, more = occupancies(few)
    t, v, plan = few.tickets, few.visits, few.plan
    visited = np.bincount(v["unit"], minlength=len(plan.unit_department)) > 0
    unit = int(np.argmax(np.where(visited, more[: len(visited)], 0)))
    waiting = (t["state"] == State.WAITING) & (t["unit"] == unit)
    assert more[unit] == np.count_nonzero(waiting) > 0
    mine = v["unit"] == unit
    busy = (np.fmin(v["end"], few.until) - v["start"])[mine]
    crews = plan.crew_shift[plan.crew_unit == unit]
    duty = duty_hours(few)[0][crews].sum()
    expected = (busy.sum() + more[unit] * busy.mean()) / duty
    assert value[unit] == pytest.approx(expected, rel=1e-6)


def test_of_less_than_a_week_nothing_is_said(few: Outcome) -> None:
    assert overloads(replace(few, until=WEEK - 1)) == []


def test_who_waited_already_is_no_growth(few: Outcome) -> None:
    """The same tickets, all signed for before time 0 and waiting ever since."""
    t = few.tickets
    waiting = t["state"] == State.WAITING
    units = len(few.plan.unit_department)
    fresh = waiting & np.isnan(t["dispatched"]) & (t["unit"] >= 0)
    before = {name: column[fresh].copy() for name, column in t.items()}
    grown = Growth(few)
    grown.add(replace(few, tickets=before))
    assert grown.more[:units].sum() == fresh.sum() > 0
    before["signed"] -= 30 * 86400
    still = Growth(few)
    still.add(replace(few, tickets=before))
    assert not still.more[:units].any()


def test_parts_add_up(few: Outcome) -> None:
    whole, halves = ByPool(few), [ByPool(few), ByPool(few)]
    for piece in few.log_pieces():
        whole.add(piece)
    for log in ("visits", "stops", "services"):
        rows = len(next(iter(getattr(few, log).values())))
        for half, part in zip(halves, (slice(0, rows // 2), slice(rows // 2, rows)), strict=True):
            for piece in few.log_pieces():
                table = getattr(piece, log)
                if len(next(iter(table.values()))):
                    half.add(replace(piece, **{log: {k: c[part] for k, c in table.items()}}))
    halves[1].merge(halves[0])
    assert np.array_equal(whole.seconds(), halves[1].seconds())
    assert np.array_equal(whole.cases, halves[1].cases)


def test_comparisons_name_the_arms() -> None:
    rows = [(arm, "city", OVERLOADED, n) for arm, n in (("a", 0), ("a", 0), ("b", 2), ("b", 3))]
    table = pd.DataFrame(rows, columns=["arm", "by", "metric", "value"])
    (said,) = unsteady_verdict(table)
    assert said.startswith("no steady state: 2.5 pools of b")
