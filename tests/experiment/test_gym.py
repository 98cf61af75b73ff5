"""An agent decides in the environment as a policy does outside."""

from __future__ import annotations

import gc
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine.outcomes import same
from tiny import tiny

import sim
from sim.errors import InputError
from sim.measure.kpis import kpis
from sim.policy import POLICIES, Policy, View, find_policy
from sim.scenario import Scenario

gymnasium = pytest.importorskip("gymnasium", reason="gymnasium is not installed: extra [rl]")

from gymnasium.utils.env_checker import check_env  # noqa: E402

from sim.experiment.gym import ENV_ID, DispatchEnv, Elapsed, default_reward  # noqa: E402

WIDE = {"tickets": 400, "crews": 40}  # wide enough to show everything that tiny has


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return tiny(tmp_path_factory.mktemp("gym"), ["time.days=1"])


def play(env: DispatchEnv, policy: Policy, **reset: Any) -> tuple[float, int]:
    """Play a policy action by action; return the sum of rewards and the number of steps."""
    _, info = env.reset(**reset)
    total, steps, truncated = 0.0, 0, not info["action_mask"].any()
    while not truncated:
        _, reward, terminated, truncated, info = env.step(env.action_of(policy))
        assert not terminated
        assert info["valid"]
        total, steps = total + reward, steps + 1
    return total, steps


@pytest.mark.parametrize("name", POLICIES)
def test_policies_score_what_they_score_outside(name: str, scenario: Scenario) -> None:
    env = DispatchEnv(scenario, order=name, **WIDE)
    _, steps = play(env, find_policy(name), seed=11)
    outside = sim.simulate(scenario, policy=name, seed=11)
    inside = env.outcome()
    assert same(inside, outside)
    assert inside.until == outside.until
    assert inside.events == outside.events
    leads = outside.visits["unit"] == outside.tickets["unit"][outside.visits["ticket"]]
    assert steps >= leads.sum() > 100
    env.close()


@pytest.mark.parametrize("name", ["priority", "reserve", "batch-assignment"])
def test_an_episode_begins_after_the_warm_up(name: str, scenario: Scenario) -> None:
    """Until time 0 the order decides: the agent is not asked, and nothing is put to it."""
    env = DispatchEnv(scenario, order=name, warm_up_days=1, **WIDE)
    first, info = env.reset(seed=11)
    assert info["time"] >= 0
    assert first["time"][4] == pytest.approx(info["time"] / 86400, abs=1e-6)
    play(env, find_policy(name), seed=11)
    inside = env.outcome()
    outside = sim.simulate(scenario, policy=name, seed=11, warm_up_days=1)
    assert inside.events == outside.events
    assert same(inside, outside)
    env.close()


def test_actions_matter(scenario: Scenario) -> None:
    """Or the equality above would say nothing."""
    env = DispatchEnv(scenario, order="fifo", **WIDE)
    play(env, find_policy("nearest"), seed=11)
    assert not same(env.outcome(), sim.simulate(scenario, policy="fifo", seed=11))
    env.close()


def test_queue_policies_need_no_more_than_one_pair(scenario: Scenario) -> None:
    env = DispatchEnv(scenario, order="edd", tickets=1, crews=1)
    play(env, find_policy("edd"), seed=4)
    assert same(env.outcome(), sim.simulate(scenario, policy="edd", seed=4))
    env.close()


class Diary(Policy):
    """Priority, with a record of how long each ticket waited, told from its own books."""

    name = "diary"

    def __init__(self) -> None:
        self.inner = find_policy("priority")
        self.since: dict[int, float] = {}
        self.first: tuple[float, int] | None = None
        self.trips: dict[tuple[int, float], float] = {}
        self.waits: list[tuple[int, float, float]] = []

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        self.since.setdefault(ticket, view.now)
        return self.inner.key(view, ticket)

    def choose(self, view: View, tickets: Any, crews: Any) -> tuple[int, int] | None:
        if self.first is None:
            self.first = (view.now, len(self.since))
            self.begun = dict(self.since)
        choice = self.inner.choose(view, tickets, crews)
        assert choice is not None
        ticket, crew = choice
        self.waits.append((ticket, self.since.pop(ticket), view.now))
        self.trips[ticket, view.now] = view.travel(crew, ticket)
        return ticket, crew

    def choose_crew(self, view: View, ticket: int, crews: Any) -> int:
        crew = self.inner.choose_crew(view, ticket, crews)
        if (ticket, view.now) in self.trips:
            here = self.trips[ticket, view.now]
            self.trips[ticket, view.now] = min(here, view.travel(crew, ticket))
        return crew


def test_rewards_add_up_to_the_hours_without_a_crew(scenario: Scenario) -> None:
    def seconds(elapsed: Elapsed) -> float:
        return -sum(elapsed.waited.values())

    env = DispatchEnv(scenario, order="priority", reward=seconds, **WIDE)
    total, _ = play(env, find_policy("priority"), seed=5)
    diary = Diary()
    outside = sim.simulate(scenario, policy=diary, seed=5)
    assert diary.first is not None
    begun = diary.first[0]  # what waited before the first decision is not counted until then
    waited = sum(end - max(start, begun) for _, start, end in diary.waits)
    waited += sum(outside.until - max(start, begun) for start in diary.since.values())
    assert -total == pytest.approx(waited + sum(diary.trips.values()), rel=1e-12)
    env.close()


def test_missed_deadlines_are_counted_once(scenario: Scenario) -> None:
    few = scenario.model_copy(
        update={
            "departments": {
                name: body.model_copy(update={"crews": dict.fromkeys(body.crews, 2)})
                for name, body in scenario.departments.items()
            }
        }
    )
    env = DispatchEnv(few, reward=lambda elapsed: elapsed.missed, **WIDE)
    total, _ = play(env, find_policy("priority"), seed=5)
    t = env.outcome().tickets
    by_crew = ~np.isnan(t["signed"]) & (t["unit"] >= 0)
    once = by_crew & (t["reopened"] == 0) & (t["signed"] <= t["due_arrive"])
    late = once & (np.where(np.isnan(t["arrived"]), np.inf, t["arrived"]) > t["due_arrive"])
    # a crew may be under way at the end: its arrival is counted when it is sent
    certain = late & (~np.isnan(t["arrived"]) | (t["due_arrive"] < env.outcome().until))
    again = (t["reopened"] > 0).sum() * 2
    assert certain.sum() > 20
    assert certain.sum() <= total <= late.sum() + again
    env.close()


def test_default_reward() -> None:
    elapsed = Elapsed(0.0, 7200.0, {4: 3600.0, 1: 1800.0, 0: 3600.0}, 2)
    assert default_reward(elapsed) == -(1.0 + 4.0 + 16.0) - 20.0


@pytest.mark.parametrize(
    ("measure", "sign"),
    [
        ("close.on_time", 1), ("arrive.mean@district=East", -1),
        ("arrive.on_time.worst@district", 1), ("close.mean.gap@town", -1),
    ],
)  # fmt: skip
def test_a_measure_is_a_reward_at_the_end(measure: str, sign: int, scenario: Scenario) -> None:
    env = DispatchEnv(scenario, order="edd", reward=measure, **WIDE)
    total, _ = play(env, find_policy("edd"), seed=11)
    outside = sim.simulate(scenario, policy="edd", seed=11)
    (value,) = kpis(outside, measures=[measure])["value"]
    assert total == sign * value != 0
    env.close()


@pytest.mark.parametrize(
    ("measure", "says"),
    [
        ("close.on_tim", "did you mean close.on_time"),
        ("close.on_time@district", "one figure of tickets"),
        ("tickets", "one figure of tickets"),
        ("crews.overtime_h", "one figure of tickets"),
        ("close.on_time@district=Nowhere", "one of East, West"),
    ],
)
def test_rewards_that_mean_nothing(measure: str, says: str, scenario: Scenario) -> None:
    with pytest.raises(InputError, match="reward") as error:
        DispatchEnv(scenario, reward=measure)
    assert says in str(error.value)


def test_check_env(scenario: Scenario) -> None:
    env = gymnasium.make(ENV_ID, scenario=scenario)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped)
    env.close()


def test_random_agent(scenario: Scenario) -> None:
    env = gymnasium.make(ENV_ID, scenario=scenario, tickets=5, crews=3)
    seen, info = env.reset(seed=1)
    env.action_space.seed(1)
    mine: DispatchEnv = env.unwrapped  # type: ignore[assignment]
    steps, truncated, before = 0, False, 0.0
    while not truncated:
        assert seen in env.observation_space
        assert before <= info["time"] < 86400.0
        mask = info["action_mask"]
        assert mask.sum() == min(info["waiting"], 5) * min(info["free"], 3) + 1 > 1
        np.testing.assert_array_equal(mask.astype(bool), mine.action_masks())
        before = info["time"]
        seen, reward, terminated, truncated, info = env.step(env.action_space.sample(mask))
        assert not terminated
        assert reward <= 0
        steps += 1
    assert steps > 100
    assert info["time"] == 86400.0
    assert not info["action_mask"].any()
    assert env.unwrapped.step(0)[1:4] == (0.0, False, True)  # over stays over
    env.close()


def test_what_is_seen(mornings: Scenario) -> None:
    env = DispatchEnv(mornings, **WIDE)
    seen, info = env.reset(seed=1)
    while info["waiting"] < 2 or info["free"] < 2:
        seen, _, _, _, info = env.step(env.action_of(env.order))
    epoch, shown = env._epoch, env._shown
    assert epoch is not None
    assert shown is not None
    n, m = info["waiting"], info["free"]
    view = epoch.view
    ticket = seen["tickets"][1]
    assert ticket[0] == view.urgency(epoch.tickets[1])
    assert ticket[1] == pytest.approx((view.now - view.ready(epoch.tickets[1])) / 3600, abs=1e-5)
    assert ticket[4] == pytest.approx(view.expected_work(epoch.tickets[1]) / 3600)
    assert sorted(shown.crews) == list(epoch.crews)
    assert (np.diff(seen["travel_h"][0, :m]) >= 0).all()  # the nearest to the first come first
    assert seen["travel_h"][1, 1] == pytest.approx(
        view.travel(shown.crews[1], epoch.tickets[1]) / 3600
    )
    assert not seen["tickets"][n:].any()
    assert not seen["crews"][m:].any()
    assert seen["time"][4] == pytest.approx(info["time"] / 172800)
    assert seen["time"][5] == pytest.approx(np.log1p(n))
    env.close()


def test_seeds_and_replications(scenario: Scenario) -> None:
    env = DispatchEnv(scenario)
    begun: list[dict[str, Any]] = [{}, {"seed": 5}, {}, {"options": {"replication": 7}}]
    first = [env.reset(**options)[1] for options in begun]
    keys = [(info["seed"], info["replication"]) for info in first]
    assert keys == [(scenario.seed, 0), (5, 0), (5, 1), (5, 7)]
    play(env, find_policy("priority"), options={"replication": 3})
    outside = sim.simulate(scenario, policy="priority", seed=5, replication=3)
    assert same(env.outcome(), outside)
    with pytest.raises(InputError, match=r"2\*\*32"):
        env.reset(seed=2**32)
    with pytest.raises(InputError, match="replication"):
        env.reset(options={"day": 3})
    env.close()


def test_an_action_that_is_masked_out_leaves_it_to_the_order(scenario: Scenario) -> None:
    env = DispatchEnv(scenario, order="nearest", **WIDE)
    _, info = env.reset(seed=2)
    truncated = False
    last = env.action_space.n - 2
    while not truncated:
        _, _, _, truncated, info = env.step(last)
        assert not info["valid"]
    assert same(env.outcome(), sim.simulate(scenario, policy="nearest", seed=2))
    with pytest.raises(gymnasium.error.InvalidAction):
        env.step(last + 2)
    env.close()


def test_nobody_goes(scenario: Scenario) -> None:
    env = DispatchEnv(scenario)
    _, info = env.reset(seed=2)
    truncated = False
    while not truncated:
        assert info["action_mask"][-1]
        _, _, _, truncated, info = env.step(env.action_space.n - 1)
        assert info["valid"]
    assert len(env.outcome().visits["crew"]) == 0
    env.close()


@pytest.fixture(scope="module")
def mornings(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """Each morning many crews begin at once, and many tickets have waited for them."""
    return tiny(
        tmp_path_factory.mktemp("mornings"),
        ["time.days=2", 'departments.police.level="district"',
         "departments.police.crews={day = 4}"],
    )  # fmt: skip


def test_what_is_decided_together_is_played_one_by_one(mornings: Scenario) -> None:
    batch, together = find_policy("batch-assignment"), 0
    env = DispatchEnv(mornings, order=batch, **WIDE)
    env.reset(seed=1)
    truncated = False
    while not truncated:
        action = env.action_of(batch)
        together += bool(env._plan)
        *_, truncated, _ = env.step(action)
    assert together > 5
    assert same(env.outcome(), sim.simulate(mornings, policy="batch-assignment", seed=1))
    env.close()


def test_what_was_decided_together_is_dropped_when_something_else_is_done(
    mornings: Scenario,
) -> None:
    batch = find_policy("batch-assignment")
    env = DispatchEnv(mornings, order=batch, **WIDE)
    env.reset(seed=1)
    action = env.action_of(batch)
    while not env._plan:
        env.step(action)
        action = env.action_of(batch)
    env.step(env.action_space.n - 1)
    assert not env._plan
    env.close()


def test_nothing_to_decide(tmp_path: Path) -> None:
    quiet = tiny(tmp_path, ["totals.hotline_requests=0", "totals.police_calls=0", "time.days=1",
                            "totals.full_time=0", "totals.part_time=0"])  # fmt: skip
    quiet = quiet.model_copy(
        update={
            "categories": tuple(c.model_copy(update={"silent_per_day": 0.0})
                                for c in quiet.categories)
        }
    )  # fmt: skip
    env = DispatchEnv(quiet)
    seen, info = env.reset(seed=1)
    assert not info["action_mask"].any()
    assert seen in env.observation_space
    assert env.step(0)[2:4] == (False, True)
    env.close()


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "handover"]


def test_threads_end(scenario: Scenario) -> None:
    env = DispatchEnv(scenario)
    env.reset(seed=1)
    env.step(0)
    env.reset(seed=2)
    assert len(threads()) == 1
    env.close()
    env.close()
    assert threads() == []
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)
    env.reset(seed=1)
    del env
    gc.collect()
    assert threads() == []


def test_an_error_of_the_engine_reaches_the_agent(scenario: Scenario) -> None:
    class Broken(Policy):
        name = "broken"
        asked = 0

        def key(self, view: View, ticket: int) -> tuple[float, ...]:
            self.asked += 1
            if self.asked > 20:
                raise RuntimeError("no ink")
            return (view.ready(ticket),)

    env = DispatchEnv(scenario, order=Broken())
    env.reset(seed=1)
    with pytest.raises(InputError, match=r"Broken\.key: 'RuntimeError: no ink"):
        for _ in range(1000):
            env.step(0)
    assert threads() == []
    env.close()


def test_an_error_of_the_agent_leaves_no_thread(scenario: Scenario) -> None:
    def reward(_: Elapsed) -> float:
        raise ZeroDivisionError

    env = DispatchEnv(scenario, reward=reward)
    env.reset(seed=1)
    with pytest.raises(ZeroDivisionError):
        env.step(0)
    env.close()
    assert threads() == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"tickets": 0}, "from 1"),
        ({"scenario": "gusu-weak"}, "gusu-week"),
        ({"engine": "gpss"}, "one of"),
        ({"order": "lifo"}, "one of fifo"),
        ({"days": 400}, "1 to 7"),
    ],
)
def test_bad_input(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        DispatchEnv(**wrong)
