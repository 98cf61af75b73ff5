"""The SimPy engine on the tiny city: what holds whatever happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from engine.outcomes import check_outcome, same
from tiny import CATEGORIES, tiny, write

import sim
from sim.city import City
from sim.engine import find_engine
from sim.engine.outcome import Outcome
from sim.engine.simpy_engine.engine import SimpySimulation as Simulation
from sim.errors import InputError, InvariantError
from sim.model.order import Kind
from sim.model.state import State
from sim.policy import POLICIES, Fifo, Policy, View
from sim.scenario import load
from sim.workload.channel import Channel
from sim.workload.reported import reported
from sim.workload.workload import Workload


@pytest.mark.parametrize("policy", POLICIES)
def test_invariants(policy: str, tmp_path: Path) -> None:
    outcome = sim.simulate(tiny(tmp_path), policy=policy, check=True)
    assert len(outcome) > 1000
    check_outcome(outcome)
    assert set(np.unique(outcome.tickets["state"])) > {State.CLOSED, State.VANISHED}


def test_every_rule_is_at_work(tmp_path: Path) -> None:
    """The tiny city is no test if some rule of the model never happens in it."""
    t = sim.simulate(tiny(tmp_path, ["time.days=7"])).tickets
    for channel in Channel:
        assert (t["channel"] == channel).any(), channel
    for flag in ("on_spot", "at_once", "joint", "duplicate", "abandoned"):
        assert t[flag].any(), flag
    for count in ("sent_back", "reopened"):
        assert (t[count] > 1).any(), count
    assert (t["attempts"] > 1).any()
    assert set(t["level"]) == {0, 1, 2, 3}
    assert set(t["satisfied"]) == {-1, 0, 1}


def test_ledger_agrees_with_the_tickets(tmp_path: Path) -> None:
    simulation = sim.prepare(tiny(tmp_path))
    for hour in (0.5, 7, 9.25, 30, 55.5, 72):
        simulation.run(hour * 3600)
        t = simulation.outcome().tickets
        found = np.zeros_like(simulation.ledger)
        np.add.at(found, (t["district"], t["state"]), 1)
        assert (found == simulation.ledger).all()
        is_open = ~np.isnan(t["triaged"]) & np.isnan(t["closed"])
        overdue = is_open & (t["due_close"] < simulation.now)
        assert np.bincount(t["district"][overdue], minlength=2).tolist() == list(simulation.overdue)


def test_resumed_at_any_instants_is_the_same(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    whole = sim.simulate(scenario)
    parts = sim.prepare(scenario)
    for instant in np.sort(np.random.Generator(np.random.Philox(1)).random(40)) * parts.horizon:
        parts.run(float(instant))
        parts.outcome()
    parts.run()
    assert same(parts.outcome(), whole)


def test_checking_changes_nothing(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, ["time.days=1"])
    assert same(sim.simulate(scenario, check=True), sim.simulate(scenario))


DIGEST = """
import hashlib, sys, sim
outcome = sim.simulate(sys.argv[1])
digest = hashlib.sha256()
for part in (outcome.tickets, outcome.visits, outcome.stops, outcome.services):
    for name in part:
        digest.update(name.encode() + part[name].tobytes())
print(digest.hexdigest())
"""


def test_same_in_another_process(tmp_path: Path) -> None:
    """Twice in processes of their own, whose dictionaries and sets are in other orders."""
    path = write(tmp_path)
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST, str(path)],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_other_seed_other_outcome(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, ["time.days=1"])
    assert not same(sim.simulate(scenario, seed=1), sim.simulate(scenario, seed=2))
    assert not same(sim.simulate(scenario), sim.simulate(scenario, replication=1))


def upstream(outcome: Outcome, names: tuple[str, ...]) -> list[bytes]:
    return [outcome.tickets[name].tobytes() for name in names]


def test_evaluation_changes_nothing_before_it(tmp_path: Path) -> None:
    one = sim.simulate(tiny(tmp_path))
    two = sim.simulate(tiny(tmp_path, ["satisfaction.on_time=0.2"]))
    names = tuple(name for name in one.tickets if name != "satisfied")
    assert upstream(one, names) == upstream(two, names)
    assert one.tickets["satisfied"].tobytes() != two.tickets["satisfied"].tobytes()


def test_fewer_crews_change_nothing_before_the_dispatch(tmp_path: Path) -> None:
    """With checks by call-back that take no time, crews have no way to act on what comes first."""
    rows = [{**row, "check_by_grid": 0, "on_spot": 0} for row in CATEGORIES]
    changes = ["centres.call_back_mean_min=0"]
    one = sim.simulate(tiny(tmp_path, changes, rows))
    two = sim.simulate(tiny(tmp_path, [*changes, "staff_scale.crews=0.3"], rows))
    names = ("arisen", "called", "answered", "requested", "discovered", "accepted", "triaged",
             "signed", "sent_back", "attempts", "channel", "due_close", "unit")  # fmt: skip
    assert upstream(one, names) == upstream(two, names)
    assert np.nanmean(two.tickets["dispatched"] - two.tickets["signed"]) > 1.5 * np.nanmean(
        one.tickets["dispatched"] - one.tickets["signed"]
    )


def test_fewer_hotline_operators_change_no_police_call(tmp_path: Path) -> None:
    one = sim.simulate(tiny(tmp_path))
    two = sim.simulate(tiny(tmp_path, ["hotline.operators.day=1"]))
    police = one.tickets["citizen"] == Channel.POLICE
    at_once = police & one.tickets["at_once"]
    for name in ("arisen", "called", "answered", "requested", "closed"):
        assert np.array_equal(
            one.tickets[name][at_once], two.tickets[name][at_once], equal_nan=True
        )
    assert two.tickets["abandoned"].sum() > one.tickets["abandoned"].sum()


ROUND_THE_CLOCK = [
    "shifts.day={start='00:00', hours=24.0}",
    "departments.water.desk=always",
    "patrol.rounds={day=[['08:30', '11:30']], night=[['23:00', '02:00']]}",
]


def test_infinite_staff_waits_nowhere(tmp_path: Path) -> None:
    many = [f"departments.{name}.crews={{day=2000}}" for name in
            ("police", "streets", "water", "labour")]  # fmt: skip
    many += ["hotline.operators={day=2000}", "centres.town_operators={day=2000}"]
    many += ["centres.district_operators={day=2000}"]
    outcome = sim.simulate(tiny(tmp_path, [*ROUND_THE_CLOCK, *many, "time.days=1"]))
    services, t = outcome.services, outcome.tickets
    assert (services["arrive"] == services["start"]).all()
    assert not t["abandoned"].any()
    assert (t["attempts"] <= 1).all()
    by_crew = (t["unit"] >= 0) & (t["reopened"] == 0) & ~np.isnan(t["dispatched"])
    assert by_crew.sum() > 100
    assert (t["dispatched"][by_crew] == t["signed"][by_crew]).all()
    assert not (t["state"] == State.WAITING)[t["unit"] >= 0].any()


def test_nobody_at_all(tmp_path: Path) -> None:
    """Without staff everything arises, nothing is handled, and nothing is lost."""
    nobody = [f"staff_scale.{role}=0" for role in
              ("full_time", "part_time", "hotline", "centres", "crews")]  # fmt: skip
    outcome = sim.simulate(tiny(tmp_path, nobody), check=True)
    check_outcome(outcome)
    t = outcome.tickets
    assert not len(outcome.visits["crew"])
    assert not len(outcome.services["desk"])
    assert not t["on_spot"].any()
    closed = t["state"] == State.CLOSED
    assert (t["at_once"][closed] & (t["citizen"][closed] == Channel.POLICE)).all()


def test_nothing_happens(tmp_path: Path) -> None:
    rows = [{**row, "silent_per_day": 0} for row in CATEGORIES]
    quiet = ["totals.hotline_requests=0", "totals.police_calls=0"]
    outcome = sim.simulate(tiny(tmp_path, quiet, rows), check=True)
    assert len(outcome) == 0
    check_outcome(outcome)


def test_matters_do_not_hang_on_the_staffing(tmp_path: Path) -> None:
    one = sim.simulate(tiny(tmp_path))
    two = sim.simulate(tiny(tmp_path, ["staff_scale.full_time=0.5", "staff_scale.part_time=0"]))
    assert upstream(one, ("key", "arisen", "category", "grid", "citizen")) == upstream(
        two, ("key", "arisen", "category", "grid", "citizen")
    )


def test_more_patrol_finds_more_and_sooner_and_takes_calls_away(tmp_path: Path) -> None:
    """What planners are after: matters found by patrol are not called in."""
    changes = ["time.days=10"]
    many = sim.simulate(tiny(tmp_path, changes))
    few = sim.simulate(tiny(tmp_path, [*changes, "staff_scale.full_time=0.3"]))

    def found(outcome: Outcome) -> int:
        return int((outcome.tickets["channel"] == Channel.PATROL).sum())

    def asked(outcome: Outcome) -> int:
        return int((~np.isnan(outcome.tickets["requested"])).sum())

    assert found(many) > 1.5 * found(few)
    assert asked(many) < asked(few)


def test_matters_put_in_while_it_runs(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    simulation = sim.prepare(scenario, check=True)
    simulation.run(10 * 3600)
    before = len(simulation.outcome())
    options = {"category": "brawl", "grid": 2, "channel": Channel.POLICE, "time": simulation.now}
    matter = reported(scenario, simulation.city, 1, 0, number=0, **options)  # type: ignore[arg-type]
    rows = simulation.add(matter)
    assert len(rows) == 1
    simulation.run(12 * 3600)
    outcome = simulation.outcome()
    place = int(np.flatnonzero(outcome.tickets["key"] == -1)[0])
    assert outcome.tickets["requested"][place] > 10 * 3600
    assert outcome.tickets["grid"][place] == 2
    simulation.run()
    outcome = simulation.outcome()
    assert (outcome.tickets["key"] < 0).sum() == 1
    assert len(outcome) == len(sim.simulate(scenario)) + 1 > before
    with pytest.raises(ValueError, match="arises at"):
        simulation.add(matter)


class Liar(Fifo):
    """Sends a ticket that nobody has."""

    name = "liar"

    def choose(self, view: View, tickets: object, crews: object) -> tuple[int, int]:
        return 10**6, 0


class Tired(Fifo):
    """Sends a crew that is not free."""

    name = "tired"

    def choose(self, view: View, tickets: object, crews: object) -> tuple[int, int]:
        return tickets[0], -1  # type: ignore[index]


@pytest.mark.parametrize("policy", [Liar(), Tired()], ids=["liar", "tired"])
def test_a_policy_cannot_cheat(policy: Policy, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=f"policy {policy.name}: (ticket|crew): .* of those it was given"
    ):
        sim.simulate(tiny(tmp_path), policy=policy)


def test_unknown_engine_and_policy(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"engine: .salabim. is not allowed; one of compiled, simpy"
    ):
        find_engine("salabim")
    with pytest.raises(InputError, match="policy: 'random' is not allowed"):
        sim.simulate(tiny(tmp_path), policy="random")


@pytest.mark.parametrize("place", ["ledger", "desk", "crew", "queue"])
def test_the_invariant_mode_sees_what_is_wrong(place: str, tmp_path: Path) -> None:
    simulation = sim.prepare(tiny(tmp_path), check=True, engine="simpy")
    simulation.run(10 * 3600)
    world, people = simulation._world, simulation._people
    if place == "ledger":
        world.ledger.counts[0][State.CLOSED] += 1
    elif place == "desk":
        people.desks[0].most = -1
    elif place == "crew":
        # one who is off duty: nobody sends it meanwhile
        crews = people.crews.values()
        next(crew for crew in crews if crew.free and not crew.on_duty).free = False
    else:
        world.tickets.state[0] = State.WAITING
    with pytest.raises(InvariantError):
        simulation.run()


def test_no_move_that_the_model_does_not_have(tmp_path: Path) -> None:
    simulation = sim.prepare(tiny(tmp_path), check=True, engine="simpy")
    simulation.run(3600)
    with pytest.raises(InvariantError, match="no matter goes from"):
        simulation._world.move(0, State.TRAVELLING)


def test_time_does_not_go_back(tmp_path: Path) -> None:
    simulation = sim.prepare(tiny(tmp_path), engine="simpy")
    simulation.run(3600)
    with pytest.raises(InvariantError, match="but it is 3600"):
        simulation._world.env.at(3599.0, Kind.SIGN, 5)


def test_gusu_day_checked() -> None:
    """A day of a real district, with the invariants checked all along."""
    outcome = sim.simulate(load("gusu-week"), days=1, check=True)
    check_outcome(outcome)
    requests = (outcome.tickets["citizen"] == Channel.HOTLINE) & ~np.isnan(
        outcome.tickets["requested"]
    )
    assert requests.sum() > 1000


def test_a_workload_of_ones_own(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    city = City.build(scenario)
    full = Workload.draw(scenario, city, 7)
    some = full.take(np.arange(0, len(full), 3))
    simulation = Simulation(scenario, city=city, workload=some, check=True)
    simulation.run()
    assert len(simulation.outcome()) == len(some)
