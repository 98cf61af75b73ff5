"""Rolling tours: what they decide, that they are repeatable, and that they pay."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from engine.outcomes import check_outcome, same
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import CATEGORIES, tiny

import sim
from sim.api.experiments import compare
from sim.errors import InputError
from sim.experiment.executor import Serial
from sim.experiment.results import facts
from sim.measure import store
from sim.measure.summary import summary
from sim.policy import Policy, RollingVrp


@dataclass
class Line:
    """Tickets and crews on a line, a metre a second; a busy crew is at a ticket of ``busy``."""

    places: Sequence[float]
    crews: Sequence[float]
    due: Sequence[float]
    urgencies: Sequence[int]
    busy: dict[int, tuple[int, float]] = field(default_factory=dict)
    joints: Sequence[int] = ()
    ends: float = 1e6
    now: float = 1000.0

    def accepted(self, ticket: int) -> float:
        return 0.0

    def ready(self, ticket: int) -> float:
        return float(ticket)

    def urgency(self, ticket: int) -> int:
        return self.urgencies[ticket]

    def due_arrive(self, ticket: int) -> float:
        return self.now + self.due[ticket]

    def due_close(self, ticket: int) -> float:
        return self.now + 1e5

    def arrived(self, ticket: int) -> bool:
        return False

    def category(self, ticket: int) -> str:
        return "litter"

    def expected_work(self, ticket: int) -> float:
        return 60.0

    def place(self, ticket: int) -> tuple[float, float]:
        return self.places[ticket], 0.0

    def position(self, crew: int) -> tuple[float, float]:
        return self.crews[crew], 0.0

    def travel(self, crew: int, ticket: int) -> float:
        return abs(self.crews[crew] - self.places[ticket])

    def between(self, start: int, end: int) -> float:
        return abs(self.places[start] - self.places[end])

    def joint(self, ticket: int) -> bool:
        return ticket in self.joints

    def colleagues(self, crew: int) -> Sequence[int]:
        return range(len(self.crews))

    def serving(self, crew: int) -> int:
        return self.busy.get(crew, (-1, 0.0))[0]

    def free_at(self, crew: int) -> float:
        return self.now + self.busy.get(crew, (-1, 0.0))[1]

    def shift_end(self, crew: int) -> float:
        return self.ends


def order(policy: Policy, view: Line, waiting: Sequence[int], crew: int = 0) -> list[int]:
    """Return in which order one crew is sent, if it is always free again at once."""
    waiting, sent = list(waiting), []
    while waiting:
        waiting.sort(key=lambda t: (policy.key(view, t), t))
        ticket, chosen = policy.choose(view, waiting, [crew])
        assert chosen == crew
        sent.append(ticket)
        waiting.remove(ticket)
        view.crews = [view.places[ticket] if k == crew else x for k, x in enumerate(view.crews)]
        view.now += 1.0
    return sent


def test_the_deadline_that_can_be_met_on_the_way() -> None:
    """Three lie to the right in a row; by deadline one would go to and fro, and miss one."""
    view = Line([100, 200, 300], [0.0], due=[500, 900, 450], urgencies=[3, 3, 3])
    assert order(RollingVrp(), view, [0, 1, 2]) == [0, 1, 2]


def test_a_tight_deadline_goes_first() -> None:
    view = Line([10, 300], [0.0], due=[5000, 320], urgencies=[3, 3])
    assert order(RollingVrp(), view, [0, 1]) == [1, 0]


def test_the_more_urgent_deadline_is_kept_where_one_must_be_missed() -> None:
    for urgent in (0, 1):
        urgencies = [1 if ticket == urgent else 4 for ticket in (0, 1)]
        view = Line([-300, 300], [0.0], due=[310, 310], urgencies=urgencies)
        assert order(RollingVrp(), view, [0, 1])[0] == urgent


def test_where_too_much_waits_what_can_be_met_and_what_pays_is_planned() -> None:
    """Six are long late and far, one is late and near, one can be met: two are planned."""
    view = Line(
        [900.0] * 6 + [5.0, 50.0], [0.0], due=[-900.0] * 6 + [-5.0, 300.0], urgencies=[3] * 8
    )
    waiting = sorted(range(8), key=lambda t: RollingVrp().key(view, t))
    assert waiting[0] not in (6, 7)
    assert order(RollingVrp(tickets_max=2), view, waiting)[:2] == [6, 7]


def test_a_busy_crew_that_will_be_near_keeps_its_stop() -> None:
    """Crew 1 works at ticket 2, next to ticket 1: crew 0 leaves that to it."""
    view = Line(
        [-200, 400, 390], [0.0, 390.0], due=[900, 500, 0], urgencies=[3, 3, 3], busy={1: (2, 30.0)}
    )
    assert RollingVrp().choose(view, [1, 0], [0]) == (0, 0)


def test_two_free_crews_go_by_one_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    view = Line([100, -100], [90.0, -90.0], due=[900, 900], urgencies=[3, 3])
    policy = RollingVrp()
    first = policy.choose(view, [0, 1], [0, 1])
    monkeypatch.setattr(policy, "_plan", lambda *_: pytest.fail("planned twice"))
    assert first == (0, 0)
    # a ticket comes in at the same instant; the plan's second pair stands
    view.places, view.due, view.urgencies = [100, -100, -80], [900] * 3, [3] * 3
    assert policy.choose(view, [1, 2], [1]) == (1, 1)


def test_a_joint_ticket_takes_its_turn() -> None:
    view = Line([500, 10], [0.0], due=[100, 200], urgencies=[3, 3], joints=[0])
    assert RollingVrp().choose(view, [0, 1], [0]) == (0, 0)
    view = Line([500, 10, 20], [0.0], due=[300, 200, 100], urgencies=[3] * 3, joints=[0])
    assert RollingVrp().choose(view, [2, 1, 0], [0])[0] in (1, 2)


def test_where_no_tour_fits_the_deadline_decides() -> None:
    """The shift ends before any stop could begin."""
    view = Line([100, 50], [0.0], due=[900, 950], urgencies=[3, 3], ends=1010.0)
    assert RollingVrp().choose(view, [0, 1], [0]) == (0, 0)


def test_no_time_left_falls_back() -> None:
    view = Line([100, 50], [40.0, 90.0], due=[900, 950], urgencies=[3, 3])
    policy = RollingVrp(seconds=0)
    assert policy.choose(view, [0, 1], [0, 1]) == (0, 1)
    told = policy.figures()
    assert (told["planned"].value, told["missed"].value) == (1, 1)
    assert 0 <= told["planned.p50"].value <= told["planned.p95"].value
    assert policy.choose(view, [1], [0]) == (1, 0)  # nothing to plan
    assert policy.figures()["planned"].value == 1


def test_its_figures_are_told(tmp_path: Path) -> None:
    """In the run's summary, in what is kept, in comparisons; its own, not the city's."""
    scenario = tiny(tmp_path, ["staff_scale.crews=0.5", "time.days=2"])
    outcome = sim.simulate(scenario, policy=RollingVrp(seconds=0))
    told = outcome.figures
    assert told["missed"] == told["planned"]
    assert told["planned"].value > 10
    assert summary(outcome).facts["figures"] == {name: f.value for name, f in told.items()}
    assert any(row[0] == "missed" for row in summary(outcome).sections[-1][2])
    assert store.read(store.write(outcome, tmp_path / "out")).figures == told
    assert sim.simulate(scenario, policy="edd").figures == {}
    arms = {"edd": "edd", "none": RollingVrp(seconds=0)}
    found = compare(scenario, arms, replications=2, executor=Serial())
    assert set(found.told) == {"none"}
    assert found.told["none"]["missed"] == found.told["none"]["planned"]
    assert facts(found)["policies"]["none"]["planned.p95"]["unit"] == "ms"
    assert found.arms[1].policy_name.startswith("rolling-vrp(iterations=200,seconds=0")
    assert "_plans" not in found.arms[1].policy_name


def test_bad_budgets() -> None:
    for options in ({"iterations": 0}, {"tickets_max": 0}, {"tour_max": 0}, {"seconds": -1.0}):
        with pytest.raises(InputError, match=next(iter(options))):
            RollingVrp(**options)  # type: ignore[arg-type]


def test_repeatable_and_nothing_left_of_an_earlier_run(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, ["staff_scale.crews=0.5", "time.days=2"])
    policy = RollingVrp(iterations=30)
    runs = [sim.simulate(scenario, policy=policy) for _ in range(2)]
    runs.append(sim.simulate(scenario, policy=RollingVrp(iterations=30)))
    assert same(runs[0], runs[1])
    assert same(runs[0], runs[2])
    check_outcome(runs[0])


def test_fewer_are_late_than_first_in_first_out(tmp_path: Path) -> None:
    """Too few crews, far places, mixed deadlines: what tours are for."""
    rows = [{**row, "arrive_h": 1.0} if row["id"] == "stall" else row for row in CATEGORIES]
    scenario = tiny(tmp_path, ["staff_scale.crews=0.5", "time.days=2", "travel.detour=4"], rows)
    late = {"fifo": 0, "rolling-vrp": 0}
    for name, seed in itertools.product(late, (1, 2, 3)):
        t = sim.simulate(scenario, policy=name, seed=seed).tickets
        due = ~np.isnan(t["signed"]) & (t["due_arrive"] < 2 * 86400)
        late[name] += np.count_nonzero(~(t["arrived"][due] <= t["due_arrive"][due]))
        assert due.sum() > 300
    assert late["fifo"] > 0.05 * 3 * 600
    assert late["rolling-vrp"] < 0.9 * late["fifo"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, 0.0, 10.0]))
def test_whatever_waits_the_decision_is_sound(seed: int, seconds: float | None) -> None:
    """Busy crews, joint tickets and shift ends at random; with time, without, and with enough."""
    rng = np.random.default_rng(seed)
    n, v = int(rng.integers(2, 9)), int(rng.integers(1, 5))
    free = sorted(rng.choice(v, int(rng.integers(1, v + 1)), replace=False).tolist())
    view = Line(
        rng.uniform(-900, 900, n + v).tolist(),
        rng.uniform(-900, 900, v).tolist(),
        due=rng.uniform(-200, 2000, n + v).tolist(),
        urgencies=rng.integers(0, 6, n + v).tolist(),
        busy={k: (n + k, float(rng.uniform(0, 900))) for k in range(v) if k not in free},
        joints=[t for t in range(n) if rng.random() < 0.3],
        ends=1000.0 + float(rng.uniform(0, 2000)),
    )
    policy = RollingVrp(iterations=30, seconds=seconds, tour_max=3)
    waiting = sorted(range(n), key=lambda t: (policy.key(view, t), t))
    ticket, crew = policy.choose(view, waiting, free)
    assert crew in free
    nearest = min(free, key=lambda k: (view.travel(k, waiting[0]), k))
    if waiting[0] in view.joints or seconds == 0.0:
        assert (ticket, crew) == (waiting[0], nearest)
    planned = waiting[0] not in view.joints
    told = policy.figures()
    assert (told != {}) == planned
    assert not planned or told["missed"].value == (seconds == 0.0)
    tours = {k: plan.tour for k, plan in policy._plans.items()}
    planned = [t for tour in tours.values() for t in tour]
    assert len(planned) == len(set(planned))
    assert set(planned) <= set(waiting) - set(view.joints)
    for k, tour in tours.items():
        assert len(tour) <= 3
        at, time = view.crews[k], view.free_at(k)
        if k not in free:
            at = view.places[view.serving(k)]
        for t in tour:  # the last one begins before the shift ends
            time += abs(at - view.places[t])
            assert time <= view.ends + 1e-6
            at, time = view.places[t], time + 60.0
    if (ticket, crew) != (waiting[0], nearest):
        assert tours[crew][0] == ticket
        tours_before = dict(tours)
        left = [t for t in waiting if t != ticket]
        others = [k for k in free if k != crew]
        firsts = [(tours_before[k][0], k) for k in others if tours_before[k]]
        if firsts and left[0] not in view.joints and len(left) > 1:
            assert policy.choose(view, left, others) == firsts[0]  # of the same plan
