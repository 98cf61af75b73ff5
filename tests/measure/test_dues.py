"""Due shares, counts and windows by hand, and that a verdict is the same whenever a run ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import tiny

import sim
from sim.clock import DAY, HOUR
from sim.engine.outcome import Outcome
from sim.errors import InvariantError
from sim.measure.catalogue import DEADLINES, KPIS
from sim.measure.kpis import figures
from sim.measure.metric import Due
from sim.measure.tally import verdict
from sim.model.state import Channel, State

NAN, UNTIL = np.nan, 10 * DAY
_TIMES = ("called", "answered", "requested", "vanished", "discovered", "accepted", "triaged",
          "tracked", "signed", "dispatched", "attended", "arrived", "finished", "handled",
          "checked", "closed", "supervised", "due_sign", "due_arrive", "due_close")  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return sim.simulate(tiny(tmp_path_factory.mktemp("dues")))


def made(run: Outcome, *rows: dict[str, Any]) -> Outcome:
    """Return an outcome with these tickets alone; all times are of somebody who calls no one."""
    blank: dict[str, Any] = dict.fromkeys(run.tickets, 0) | dict.fromkeys(_TIMES, NAN)
    blank |= {"unit": -1, "worker": -1, "satisfied": -1, "priority": 3, "arisen": 0.0}
    columns = {
        name: np.array([(blank | row)[name] for row in rows], dtype=column.dtype)
        for name, column in run.tickets.items()
    }
    nothing = {
        log: {name: column[:0] for name, column in getattr(run, log).items()}
        for log in ("visits", "stops", "services")
    }
    return replace(run, tickets=columns, until=UNTIL, **nothing)


def ticket(accepted: float, due: float, closed: float = NAN, **more: Any) -> dict[str, Any]:
    """Return a ticket that somebody was to be sent to, with its deadline for closing, in days."""
    state = State.SETTLING if np.isnan(closed) else State.CLOSED
    return {
        "arisen": accepted * DAY, "discovered": accepted * DAY, "accepted": accepted * DAY,
        "due_close": due * DAY, "closed": closed * DAY, "state": state, "channel": Channel.PATROL,
    } | more  # fmt: skip


SIX = (
    ticket(-3, 2, 1),  # fell due in the window, and was done
    ticket(-3, 2, 4),  # too late
    ticket(-3, 2),  # not yet
    ticket(-5, 3, -1),  # done before the window, for which it fell due
    ticket(-5, -1, 2),  # fell due before it
    ticket(1, 12, 2),  # done, and not due yet: counted when it is, like one that is late
)


def test_of_all_that_fell_due(run: Outcome) -> None:
    outcome = made(run, *SIX)
    fell, met = verdict(outcome, DEADLINES["close"])
    assert fell.tolist() == [True, True, True, True, False, False]
    assert met.tolist() == [True, False, False, True, False, False]
    _, (share,), (n,) = figures(outcome)["close.on_time"]
    assert (share, n) == (0.5, 4)


def test_at_its_very_end_nothing_is_due_yet(run: Outcome) -> None:
    outcome = made(run, ticket(1, 10), ticket(1, 0), ticket(0, 10 - 1 / 86400))
    assert verdict(outcome, DEADLINES["close"])[0].tolist() == [False, True, True]


def test_counts_are_of_what_is_measured_and_stocks_of_the_end(run: Outcome) -> None:
    outcome = made(run, *SIX, {"arisen": -DAY, "state": State.UNDISCOVERED},
                   {"arisen": DAY, "state": State.VANISHED, "vanished": 2 * DAY},
                   {"arisen": -9 * DAY, "state": State.VANISHED, "vanished": -2 * DAY})  # fmt: skip
    found = {name: value[0] for name, (_, value, _) in figures(outcome).items()}
    assert found["matters"] == 2
    assert found["tickets"] == 1
    assert found["backlog"] == found["backlog.settling"] == 1
    assert found["backlog.overdue"] == 1
    assert found["state.undiscovered"] == 1
    assert found["vanished"] == 1
    assert found["throughput"] == 4 / 1


def test_means_are_of_the_time_in_what_is_measured(run: Outcome) -> None:
    """Of six tickets one came in it; what they were open for in it, all together."""
    _, (mean,), (n,) = figures(made(run, *SIX))["close.mean"]
    assert (mean, n) == ((1 + 4 + 10 + 0 + 2 + 1) * DAY, 1)


def test_own_deadlines_run_from_when_it_arose(run: Outcome) -> None:
    """A matter that nobody finds, or that vanished, has failed like one that is closed late."""
    close = run.scenario.categories[0].close_h * HOUR
    start = 5 * DAY - close
    outcome = made(
        run,
        ticket(start / DAY, 9) | {"closed": 5 * DAY - 1},
        ticket(start / DAY, 9) | {"closed": 5 * DAY + 1},  # by its ticket's deadline in time
        {"arisen": start, "state": State.UNDISCOVERED},
        {"arisen": start, "state": State.VANISHED, "vanished": start + 60},
        {"arisen": UNTIL - close, "state": State.UNDISCOVERED},  # not due yet
    )
    found = {name: (value[0], n[0]) for name, (_, value, n) in figures(outcome).items()}
    assert found["resolved.on_time"] == (0.25, 4)
    assert found["unresolved"] == (0.5, 4)
    assert found["unserved"] == (0.25, 4)


def test_answered_at_once_falls_due_then_and_who_gave_up_later(run: Outcome) -> None:
    question = {"at_once": True, "citizen": Channel.HOTLINE, "called": DAY, "arisen": DAY}
    close = run.scenario.categories[0].close_h * HOUR
    outcome = made(
        run,
        question | {"answered": DAY + 5, "requested": DAY + 60, "discovered": DAY + 5,
                    "accepted": DAY + 60, "closed": DAY + 60, "state": State.CLOSED},
        question | {"abandoned": True, "vanished": DAY + 900, "state": State.VANISHED},
    )  # fmt: skip
    found = {name: (value[0], n[0]) for name, (_, value, n) in figures(outcome).items()}
    due = DAY + close < UNTIL
    assert found["resolved.on_time"] == ((0.5, 2) if due else (1.0, 1))
    assert found["requests.on_time"] == ((0.5, 2) if due else (1.0, 1))
    assert found["hotline.answered_20s"] == (0.5, 2)
    assert found["hotline.answered_1h"] == (0.5, 2)
    assert found["hotline.lost"] == (0.5, 2)
    assert found["close.mean"][1] == found["arrive.mean"][1] == 0
    later = replace(outcome, until=DAY + 30.0)
    assert figures(later)["hotline.answered_20s"][2][0] == 2
    assert figures(replace(outcome, until=DAY + 15.0))["hotline.answered_20s"][2][0] == 0


def test_first_and_final_attendance_are_two(run: Outcome) -> None:
    """One that was attended in time, done badly, and attended again too late."""
    again = ticket(1, 6, 5) | {"due_arrive": 2 * DAY, "attended": 1.5 * DAY, "arrived": 4 * DAY}
    once = again | {"arrived": 1.5 * DAY}
    still = once | {"closed": NAN, "state": State.SETTLING}
    spot = again | {"on_spot": True, "attended": NAN, "arrived": DAY - 240}
    found = figures(made(run, again, once, still, spot))
    assert (found["arrive.on_time"][1][0], found["arrive.on_time"][2][0]) == (1.0, 3)
    assert (found["final.on_time"][1][0], found["final.on_time"][2][0]) == (
        pytest.approx(1 / 3), 3,
    )  # fmt: skip
    assert found["arrive.mean"][2][0] == 3


def test_the_worst_hour_needs_cases(run: Outcome) -> None:
    call = {"citizen": Channel.HOTLINE, "called": 8 * HOUR + 10}
    good, bad = (call | {"answered": 8 * HOUR + 10 + wait} for wait in (5.0, 50.0))
    at_nine = good | {"called": 9 * HOUR, "answered": 9 * HOUR + 5}
    few = bad | {"called": 22 * HOUR, "answered": 22 * HOUR + 50}
    outcome = made(run, *[good] * 20, *[bad] * 20, *[at_nine] * 40, *[few] * 29)
    found = figures(outcome)
    assert found["hotline.answered_20s"][1][0] == pytest.approx(60 / 109)
    _, (worst,), (n,) = found["hotline.answered_20s.worst_hour"]
    assert (worst, n) == (0.5, 40)
    assert np.isnan(figures(made(run, few))["hotline.answered_20s.worst_hour"][1][0])


def test_a_negative_duration_is_an_invariant_broken(run: Outcome) -> None:
    with pytest.raises(InvariantError, match="ends before it begins"):
        figures(made(run, ticket(3, 5, 2)))


DUES = {name: one.formula for name, one in KPIS.items() if isinstance(one.formula, Due)}


@pytest.mark.parametrize("crews", [1.0, 0.3])
def test_no_verdict_depends_on_when_the_run_ends(tmp_path: Path, crews: float) -> None:
    """What fell due by the end of a short run has the same verdict in a longer one."""
    scenario = tiny(tmp_path, [f"staff_scale.crews={crews}", "time.days=6"])
    simulation, seen = sim.prepare(scenario), []
    for day in (2, 3.5, 6):
        simulation.run(day * DAY)
        outcome = simulation.outcome()
        seen.append((outcome, {name: verdict(outcome, due) for name, due in DUES.items()}))
    (_, first), (_, second), (last, final) = seen
    for name in DUES:
        for before in (first, second):
            fell, met = before[name]
            many = len(fell)
            assert np.array_equal(final[name][1][:many][fell], met[fell]), name
            assert final[name][0][:many][fell].all(), name
        if name != "close.on_time":
            assert final[name][0].any(), name
    assert len(last) > 0


def test_states_add_up(run: Outcome) -> None:
    counts = figures(run).items()
    found = {name: int(value[0]) for name, (unit, value, _) in counts if unit == "1"}
    open_states = [v for k, v in found.items() if k.startswith("backlog.") and k[8:] != "overdue"]
    assert sum(open_states) == found["backlog"] > 0
    others = sum(v for k, v in found.items() if k.startswith("state."))
    closed = int((~np.isnan(run.tickets["closed"])).sum())
    assert others + found["backlog"] + closed + found["vanished"] == found["matters"] == len(run)
