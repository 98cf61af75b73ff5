"""A session in real time: a running simulation, its pace and its inbox.

How it is shown is no business of the session: whoever shows it takes a `Snapshot`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import floor
from queue import Empty, SimpleQueue

import numpy as np
from numpy.typing import NDArray

from sim.clock import TICKS_PER_SECOND
from sim.engine.simulation import Simulation
from sim.model.state import State
from sim.workload.channel import Channel
from sim.workload.reported import reported

_TICKETS = (
    State.REGISTERED,
    State.RECORDING,
    State.AT_CENTRE,
    State.UNSIGNED,
    State.WAITING,
    State.TRAVELLING,
    State.ON_SITE,
    State.SETTLING,
    State.CHECKING,
    State.CLOSED,
)
_UNSIGNED = (State.REGISTERED, State.RECORDING, State.AT_CENTRE, State.UNSIGNED)
_IN_HAND = (State.WAITING, State.TRAVELLING, State.ON_SITE, State.SETTLING, State.CHECKING)
_SLICE_S = 0.05


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What the command centre's screen shows at an instant.

    Attributes
    ----------
    now, horizon : float
        s since the scenario's start; before it, in a warm-up, negative.
    begins : float
        The first instant of the run, s.
    pace, lag : float
        Simulated seconds a second asked for, and how many real seconds the run is behind.
    tickets, unsigned, in_hand, closed, overdue : int64 [D]
        The counters by district. What a gridworker is just recording, or 12345 is writing up,
        is counted as waiting already.
    undiscovered : int64 [D]
    events : int
    """

    now: float
    begins: float
    horizon: float
    pace: float
    lag: float
    tickets: NDArray[np.int64]
    unsigned: NDArray[np.int64]
    in_hand: NDArray[np.int64]
    closed: NDArray[np.int64]
    overdue: NDArray[np.int64]
    undiscovered: NDArray[np.int64]
    events: int


@dataclass(frozen=True)
class Report:
    """A matter that somebody outside puts in, now."""

    category: str
    grid: int
    channel: Channel


@dataclass(frozen=True)
class Pace:
    """A wish for another pace: simulated seconds a second."""

    seconds: float


@dataclass(frozen=True)
class Stop:
    """A wish to end the session."""


Message = Report | Pace | Stop


class Session:
    """Runs a simulation against the clock, which starts at time 0: a warm-up does not wait for it.

    Parameters
    ----------
    simulation : Simulation
        At any instant; it goes on from there.
    pace : float
        Simulated seconds a second; infinity is as fast as it goes.
    until : float, optional
        Where to end, s; the scenario's end by default.
    clock, sleep : callables
        The real time in s, never going back, and how to let it pass.
    """

    def __init__(
        self,
        simulation: Simulation,
        pace: float = 1.0,
        until: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.simulation = simulation
        self.until = simulation.horizon if until is None else until
        self._clock, self._sleep = clock, sleep
        self._inbox: SimpleQueue[Message] = SimpleQueue()
        self._reports = 0
        self._stopped = False
        self._set_pace(pace)

    def post(self, message: Message) -> None:
        """Put a message in; it is taken up between two events. Safe from any thread."""
        self._inbox.put(message)

    @property
    def done(self) -> bool:
        """Whether the end is reached, or a stop was asked for."""
        return self._stopped or self.simulation.now >= self.until

    @property
    def lag(self) -> float:
        """How many real seconds the run is behind its pace."""
        if self.pace == float("inf"):
            return 0.0
        return max(self._due() - self.simulation.now, 0.0) / self.pace

    def step(self) -> None:
        """Take up messages, then go on to where the clock says, for a short while at most."""
        self._take_up()
        begun = self._clock()
        while self.simulation.now < min(0.0, self.until) and not self._stopped:
            self.simulation.run(min(self.simulation.now + 3600.0, 0.0, self.until))
            self._set_pace(self.pace)
            if self._clock() - begun > _SLICE_S:
                return
        while not self.done:
            due = min(self._due(), self.until)
            ahead = due - self.simulation.now
            if ahead <= 0:
                return
            # short slices: a message or a stop never waits for long
            self.simulation.run(self.simulation.now + min(ahead, 60.0))
            if self._clock() - begun > _SLICE_S:
                return

    def run(self, show: Callable[[Snapshot], None] | None = None, every: float = 0.25) -> None:
        """Run to the end, and show how it stands.

        Parameters
        ----------
        show : callable, optional
            Gets a `Snapshot` at the beginning, then about every so many real seconds, and at
            the end.
        """
        shown = float("-inf")
        while not self.done:
            self.step()
            now = self._clock()
            if show is not None and now - shown >= every:
                show(self.snapshot())
                shown = now
            if not self.done and self.simulation.now >= max(self._due(), 0.0):
                self._sleep(min(every, 0.05))
        if show is not None:
            show(self.snapshot())

    def snapshot(self) -> Snapshot:
        """Return how it stands."""
        ledger = self.simulation.ledger

        def count(states: tuple[State, ...]) -> NDArray[np.int64]:
            return np.asarray(ledger[:, list(states)].sum(axis=1))

        return Snapshot(
            now=self.simulation.now,
            begins=self.simulation.begins,
            horizon=self.until,
            pace=self.pace,
            lag=self.lag,
            tickets=count(_TICKETS),
            unsigned=count(_UNSIGNED),
            in_hand=count(_IN_HAND),
            closed=count((State.CLOSED,)),
            overdue=self.simulation.overdue,
            undiscovered=count((State.UNDISCOVERED, State.CALLING)),
            events=self.simulation.events,
        )

    def _due(self) -> float:
        if self.pace == float("inf"):
            return self.until
        due = self._anchor_simulated + (self._clock() - self._anchor_real) * self.pace
        # the last whole tick: a run cannot stop between two, and would try for ever
        return floor(due * TICKS_PER_SECOND) / TICKS_PER_SECOND

    def _set_pace(self, pace: float) -> None:
        if not pace > 0:
            raise ValueError(f"a pace is above 0, not {pace}")
        self.pace = pace
        # both ends of the rope are tied anew: what was lost before is not made up for
        self._anchor_real, self._anchor_simulated = self._clock(), self.simulation.now

    def _take_up(self) -> None:
        while True:
            try:
                message = self._inbox.get_nowait()
            except Empty:
                return
            if isinstance(message, Stop):
                self._stopped = True
            elif isinstance(message, Pace):
                self._set_pace(message.seconds)
            else:
                self._report(message)

    def _report(self, report: Report) -> None:
        simulation = self.simulation
        matter = reported(
            simulation.scenario,
            simulation.city,
            simulation.seed,
            simulation.replication,
            category=report.category,
            grid=report.grid,
            channel=report.channel,
            time=simulation.now,
            number=self._reports,
        )
        self._reports += 1
        simulation.add(matter)
