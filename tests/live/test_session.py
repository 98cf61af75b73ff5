"""A session against a clock that the test turns itself."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from engine.outcomes import check_outcome, same
from rich.console import Console
from tiny import tiny

import sim
from sim.clock import HOUR
from sim.live.session import Pace, Report, Session, Stop
from sim.live.terminal import screen, shown
from sim.workload.channel import Channel


class Clock:
    """Real time that passes only when somebody sleeps, or when work is said to take it."""

    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def session(folder: Path, pace: float, **options: float) -> tuple[Session, Clock]:
    clock = Clock()
    simulation = sim.prepare(tiny(folder), days=1)
    return Session(simulation, pace, clock=clock, sleep=clock.sleep, **options), clock  # type: ignore[arg-type]


def test_keeps_its_pace(tmp_path: Path) -> None:
    live, clock = session(tmp_path, 3600.0)
    while clock.now < 60.0:
        live.step()
        assert live.simulation.now <= (clock.now - 50.0) * 3600 + 1e-6
        clock.sleep(0.05)
    live.step()
    assert live.simulation.now == pytest.approx((clock.now - 50.0) * 3600)
    assert live.lag == 0.0


def test_the_outcome_is_that_of_a_plain_run(tmp_path: Path) -> None:
    live, _ = session(tmp_path, 7200.0)
    live.run()
    assert live.done
    assert same(live.simulation.outcome(), sim.simulate(tiny(tmp_path), days=1))


def test_as_fast_as_it_goes(tmp_path: Path) -> None:
    live, clock = session(tmp_path, float("inf"))
    live.run()
    assert live.simulation.now == live.until == 24 * HOUR
    assert live.lag == 0.0
    assert clock.now == 50.0


def test_lag_is_shown_and_made_up_for(tmp_path: Path) -> None:
    live, clock = session(tmp_path, 60.0)
    live.step()
    clock.now += 120.0  # the machine was busy with other things
    assert live.lag == pytest.approx(120.0)
    assert live.snapshot().lag == pytest.approx(120.0)
    for _ in range(200):
        live.step()
    assert live.lag == 0.0
    assert live.simulation.now == pytest.approx(120 * 60)


def test_another_pace_starts_from_here(tmp_path: Path) -> None:
    live, clock = session(tmp_path, 3600.0)
    clock.now += 2.0
    for _ in range(200):
        live.step()
    live.post(Pace(60.0))
    live.step()
    clock.now += 10.0
    for _ in range(50):
        live.step()
    assert live.simulation.now == pytest.approx(2 * HOUR + 600)


def test_a_report_becomes_a_ticket(tmp_path: Path) -> None:
    live, clock = session(tmp_path, 3600.0)
    clock.now += 9.0
    for _ in range(1000):
        live.step()
    live.post(Report("stall", 1, Channel.HOTLINE))
    live.post(Report("stall", 1, Channel.HOTLINE))
    clock.now += 5.0
    for _ in range(1000):
        live.step()
    t = live.simulation.outcome().tickets
    mine = t["key"] < 0
    assert mine.sum() == 2
    assert t["called"][mine] == pytest.approx(9 * HOUR)
    assert len(set(t["key"])) == len(t["key"])
    live.run()
    check_outcome(live.simulation.outcome())


def test_stop(tmp_path: Path) -> None:
    live, clock = session(tmp_path, 3600.0)
    seen = []

    def show(snapshot: object) -> None:
        seen.append(snapshot)
        if len(seen) == 4:
            live.post(Stop())

    live.run(show)
    assert live.done
    assert live.simulation.now < live.until
    assert clock.now < 60
    check_outcome(live.simulation.outcome())


def test_snapshot_counts_every_ticket_once(tmp_path: Path) -> None:
    live, _ = session(tmp_path, float("inf"))
    live.run()
    shot = live.snapshot()
    assert (shot.tickets == shot.unsigned + shot.in_hand + shot.closed).all()
    assert shot.tickets.sum() > 300
    assert shot.events == live.simulation.events


@pytest.mark.parametrize("pace", [0.0, -1.0, float("nan")])
def test_bad_pace(pace: float, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="above 0"):
        session(tmp_path, pace)


def test_screen(tmp_path: Path) -> None:
    live, _ = session(tmp_path, 600.0)
    console = Console(width=120, record=True, force_terminal=True, file=StringIO())
    with shown(live, console) as show:
        assert show is not None
        live.run(show)
    console.print(screen(live, live.snapshot()))
    text = console.export_text()
    for word in ("East 东区", "together 合计", "overdue", "超期", "lag", "2018-01-02 00:00:00"):
        assert word in text
    with shown(live, Console(force_terminal=False)) as nothing:
        assert nothing is None


def test_a_warm_up_does_not_wait_for_the_clock(tmp_path: Path) -> None:
    scenario, clock = tiny(tmp_path), Clock()
    simulation = sim.prepare(scenario, days=1, warm_up_days=2)
    live = Session(simulation, 3600.0, clock=clock, sleep=clock.sleep)
    shown_at = []
    live.run(lambda seen: shown_at.append((clock.now, seen.now, int(seen.closed.sum()))))
    assert clock.now == pytest.approx(50.0 + 24, abs=0.1)  # a day at an hour a second
    assert same(simulation.outcome(), sim.simulate(scenario, days=1, warm_up_days=2))
    first = next(i for i, (_, now, _) in enumerate(shown_at) if now >= 0)
    assert all(now >= 0 for _, now, _ in shown_at[first:])
    closed = (simulation.outcome().tickets["closed"] >= 0).sum()
    assert shown_at[-1][2] == closed  # those of the warm-up are not among them


def test_a_session_is_stopped_in_its_warm_up(tmp_path: Path) -> None:
    simulation = sim.prepare(tiny(tmp_path), days=1, warm_up_days=300)
    live = Session(simulation, 60.0)
    live.step()
    text = StringIO()
    Console(file=text, width=120).print(screen(live, live.snapshot()))
    assert "% of the run, in its warm-up" in text.getvalue()
    live.post(Stop())
    live.run()
    assert live.done
    assert simulation.now < 0
