"""The environment: each step is one decision, which ticket is next and which crew goes."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from sim.city.city import City
from sim.engine import find_engine
from sim.errors import InputError
from sim.experiment.gym.handover import Handover
from sim.experiment.gym.observation import Epoch, Observation, Observer, Shown
from sim.experiment.gym.reward import Elapsed, Final, Meter, default_reward
from sim.experiment.replication import ENGINE
from sim.model.staffing import base_plan
from sim.policy import Policy, View, find_policy, guarded
from sim.policy.decision import check_pairs
from sim.scenario import Scenario, load, restrict

if TYPE_CHECKING:
    from sim.engine.outcome import Outcome

Choice = tuple[int, int] | None
"""A ticket and the crew that goes; None: nobody goes now."""


class Asking(Policy):
    """Asks somebody else who goes where; the order in which tickets stand is another policy's."""

    name = "gym"

    def __init__(self, order: Policy, meter: Meter, ask: Callable[[Epoch], Choice]) -> None:
        self.order, self.meter, self.ask = order, meter, ask
        self.epoch_s, self.jobs_first = order.epoch_s, order.jobs_first
        self.hindsight = order.hindsight
        self._left: list[tuple[int, int]] = []  # of what the order decided together, and when
        self._at = float("nan")

    def key(self, view: View, ticket: int) -> tuple[float, ...]:
        """Return the ticket's place in the other policy's queue."""
        self.meter.waits(view, ticket)
        return self.order.key(view, ticket)

    def assign(
        self, view: View, tickets: Sequence[int], crews: Sequence[int]
    ) -> Sequence[tuple[int, int]]:
        """Return the answer, or in a warm-up what the other policy says."""
        if view.now >= 0:
            return super().assign(view, tickets, crews)
        left = self._left if self._at == view.now else []
        self._left = [pair for pair in left if pair[0] in tickets and pair[1] in crews]
        if not self._left:
            self._left, self._at = list(self.order.assign(view, tickets, crews)), view.now
        going, self._left = self._left[:1], self._left[1:]  # the meter follows one at a time
        for pair in going:
            self.meter.sent(view, *pair)
        return going

    def choose(self, view: View, tickets: Sequence[int], crews: Sequence[int]) -> Choice:
        """Return the answer."""
        choice = self.ask(Epoch(view, tickets, crews))
        if choice is not None:
            self.meter.sent(view, *choice)
        return choice

    def choose_crew(self, view: View, ticket: int, crews: Sequence[int]) -> int:
        """Return the other policy's crew: joint tickets' further ones are not asked for."""
        crew = self.order.choose_crew(view, ticket, crews)
        self.meter.sent(view, ticket, crew)
        return crew


class DispatchEnv(gymnasium.Env[Observation, np.int64]):
    """Dispatch as a Markov decision process with decision epochs for steps.

    An episode is one replication of a scenario, from time 0 on: in a warm-up before it ``order``
    decides. The simulation runs up to the next decision: a
    unit has tickets that wait and crews that are free. Action ``i * crews + j`` sends the j-th
    crew shown to the i-th ticket shown, and the last action nobody, until the unit is asked
    again; see `sim.experiment.gym.observation` for what is shown. An action that is masked out
    leaves the decision to ``order``. The end of the scenario cuts
    a process off that would go on: episodes are truncated, never terminated.

    ``info`` holds ``action_mask`` (int8 [tickets * crews + 1]), ``time`` (s since the scenario's
    start), ``seed``, ``replication``, ``waiting`` and ``free`` (how many tickets and crews there
    are to choose from) and ``valid``, whether the last action was not masked out.

    Parameters
    ----------
    scenario : Scenario, str or Path
        Or its name or path.
    days, districts, warm_up_days : optional
        The first days and some districts of it, and its warm-up, as in `sim.prepare`.
    engine : str
        Any.
    order : str or Policy
        In which order tickets stand and so which are shown; it also chooses the further crews
        of joint tickets, and says when decisions are due (`Policy.epoch_s`) and whether
        gridworkers leave their rounds (`Policy.jobs_first`).
    tickets, crews : int
        How many are shown.
    reward : callable or str
        Makes a reward of what has `Elapsed` since the last decision; or a measure, such as
        ``close.on_time.worst@district``: 0 until the end, then what it came to in the episode,
        negative where less is better.
    render_mode : None
        There is nothing to see.

    Raises
    ------
    InputError
        If the scenario, its parts, the engine or the policy are not there.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 - as the base class has it

    def __init__(
        self,
        scenario: Scenario | str | Path = "gusu-week",
        *,
        days: int | None = None,
        districts: Sequence[str] = (),
        warm_up_days: int | None = None,
        engine: str = ENGINE,
        order: str | Policy = "priority",
        tickets: int = 16,
        crews: int = 8,
        reward: Callable[[Elapsed], float] | str = default_reward,
        render_mode: None = None,
    ) -> None:
        for field, value in (("tickets", tickets), ("crews", crews)):
            if value < 1:
                raise InputError("environment", field, value, "a whole number from 1")
        chosen = load(scenario) if isinstance(scenario, (str, Path)) else scenario
        self.scenario = restrict(chosen, days=days, districts=districts, warm_up_days=warm_up_days)
        self.engine, self.order = find_engine(engine), find_policy(order)
        self.render_mode = render_mode
        self.city = City.build(self.scenario)
        self.reward: Callable[[Elapsed], float] | Final = (
            Final.parse(reward, self.scenario, self.city) if isinstance(reward, str) else reward
        )
        self.plan = base_plan(self.scenario, self.city)
        x, y = self.city.district_xy.mean(axis=0).tolist()
        time = self.scenario.time
        self._observer = Observer(tickets, crews, (x, y), time.start.weekday(), time.days * 86400.0)
        self.observation_space = self._observer.space
        self.action_space: spaces.Discrete = spaces.Discrete(tickets * crews + 1)
        self._key: tuple[int, int] | None = None
        self._handover: Handover[Epoch, Choice] | None = None
        self._epoch: Epoch | None = None
        self._shown: Shown | None = None
        self._plan: list[tuple[int, int]] = []  # what a policy decided together, and is to come
        self._planned: tuple[Policy, float, int] | None = None  # by whom, when, and its action

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin a replication.

        Parameters
        ----------
        seed : int, optional
            In [0, 2**32): the scenario's seed, and replication 0. Without it the next
            replication of the last seed follows; the scenario's own seed is the first.
        options : dict, optional
            ``replication``: which one.
        """
        if seed is not None and not 0 <= seed < 2**32:
            raise InputError("environment", "seed", seed, "a whole number in [0, 2**32)")
        unknown = (options or {}).keys() - {"replication"}
        if unknown:
            raise InputError("environment", "options", sorted(unknown), "replication")
        super().reset(seed=seed)
        if seed is not None:
            self._key = (seed, 0)
        elif self._key is None:
            self._key = (self.scenario.seed, 0)
        else:
            self._key = (self._key[0], self._key[1] + 1)
        if options:
            self._key = (self._key[0], int(options["replication"]))
        self.close()
        self._plan, self._planned = [], None
        self._meter = meter = Meter()
        asking = Asking(self.order, meter, _nobody)
        self.simulation = simulation = self.engine(
            self.scenario,
            city=self.city,
            plan=self.plan,
            policy=asking,
            seed=self._key[0],
            replication=self._key[1],
        )

        def run(ask: Callable[[Epoch], Choice]) -> None:
            asking.ask = ask
            simulation.run()

        self._handover = Handover(run)
        # no thread outlives its environment
        self._end = weakref.finalize(self, self._handover.close)
        self._look(self._handover.start())
        meter.read(simulation.now)  # before the first decision nobody answers for anything
        return self._observation(), self._info(valid=True)

    def step(self, action: np.int64 | int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Send a crew, and go on to the next decision."""
        if self._handover is None:
            raise gymnasium.error.ResetNeeded("reset the environment before its first step")
        if not self.action_space.contains(action):
            raise gymnasium.error.InvalidAction(f"{action!r} is not an action; {self.action_space}")
        valid = bool(self.action_masks()[action])
        if self._planned is not None and action != self._planned[2]:
            self._plan = []
        if self._epoch is not None:
            self._look(self._handover.answer(self._choice(int(action), valid)))
        over = self._epoch is None
        return self._observation(), self._reward(over), False, over, self._info(valid)

    def close(self) -> None:
        """End the episode; the thread that it runs in ends with it."""
        if self._handover is not None:
            self._end()
            self._handover = None
        self._look(None)

    def action_masks(self) -> NDArray[np.bool_]:
        """Tell which actions there are now, bool [tickets * crews + 1]; none at the end."""
        size = self._observer.tickets, self._observer.crews
        pairs = np.zeros(size, dtype=bool)
        if self._shown is not None:
            pairs[: len(self._shown.tickets), : len(self._shown.crews)] = True
        return np.append(pairs, self._shown is not None)

    def action_of(self, policy: Policy) -> int:
        """Return the action that a policy would choose now.

        Where it decides on several pairs at once, they are the actions of the next steps.

        Raises
        ------
        ValueError
            If there is no decision, or the policy's choice is not shown: ``tickets`` and
            ``crews`` are too few for it.
        """
        if self._epoch is None or self._shown is None:
            raise ValueError("there is no decision to make")
        view, tickets, crews = self._epoch.view, self._epoch.tickets, self._epoch.crews
        if self._planned is None or self._planned[:2] != (policy, view.now):
            self._plan = []
        self._plan = [pair for pair in self._plan if pair[0] in tickets and pair[1] in crews]
        if not self._plan:
            asked = guarded(policy)
            self._plan = check_pairs(asked, asked.assign(view, tickets, crews), tickets, crews)
        action = int(self.action_space.n) - 1
        if self._plan:
            ticket, crew = self._plan.pop(0)
            i, j = self._shown.tickets.index(ticket), self._shown.crews.index(crew)
            action = i * self._observer.crews + j
        self._planned = (policy, view.now, action)
        return action

    def outcome(self) -> Outcome:
        """Return the record of the episode so far."""
        return self.simulation.outcome()

    def _reward(self, over: bool) -> float:
        elapsed = self._meter.read(self.simulation.now)
        if isinstance(self.reward, Final):
            return self.reward.of(self.outcome()) if over else 0.0
        return float(self.reward(elapsed))

    def _look(self, epoch: Epoch | None) -> None:
        self._epoch = epoch
        size = self._observer.tickets, self._observer.crews
        self._shown = None if epoch is None else Shown.of(epoch, *size)

    def _choice(self, action: int, valid: bool) -> Choice:
        assert self._epoch is not None
        assert self._shown is not None
        if not valid:
            pairs = self.order.assign(self._epoch.view, self._epoch.tickets, self._epoch.crews)
            return pairs[0] if pairs else None
        if action == self.action_space.n - 1:
            return None
        i, j = divmod(action, self._observer.crews)
        return self._shown.tickets[i], self._shown.crews[j]

    def _observation(self) -> Observation:
        return self._observer.observe(self._epoch, self._shown, self.simulation.now)

    def _info(self, valid: bool) -> dict[str, Any]:
        assert self._key is not None
        return {
            "action_mask": self.action_masks().astype(np.int8),
            "time": self.simulation.now,
            "seed": self._key[0],
            "replication": self._key[1],
            "waiting": 0 if self._epoch is None else len(self._epoch.tickets),
            "free": 0 if self._epoch is None else len(self._epoch.crews),
            "valid": valid,
        }


def _nobody(_: Epoch) -> Choice:
    raise RuntimeError("the simulation was run before anybody could be asked")
