"""SimPy with the written order of ties, and alarms that can be moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVarTuple, cast

import simpy
from simpy.events import NORMAL, Event, EventPriority

from sim.errors import InvariantError
from sim.model.order import Kind, rank

Arguments = TypeVarTuple("Arguments")


class Environment(simpy.Environment):
    """Timed events go by time, kind and id; what they wake at once comes before the next.

    Attributes
    ----------
    happened : int
        Timed events so far that somebody waited for.

    Parameters
    ----------
    begins : float
        The first instant, s.
    """

    def __init__(self, begins: float) -> None:
        super().__init__(begins)
        self.happened = 0

    @property
    def settled(self) -> bool:
        """Whether all is over that the last timed event woke at once."""
        return not self._queue or self._queue[0][0] > self.now or self._queue[0][1] > NORMAL

    def at(self, time: float, kind: Kind, ident: int) -> Event:
        """Return an event that happens at a time, s, which must be on a tick."""
        event = Event(self)
        self.ring(event, time, kind, ident)
        return event

    def ring(self, event: Event, time: float, kind: Kind, ident: int) -> None:
        """Let a pending event happen at a time, s. On ticks, now + (time - now) is exact."""
        if time < self.now:
            raise InvariantError(f"{kind.name} of {ident} at {time} s, but it is {self.now} s")
        event._ok = True
        event._value = None
        self.schedule(event, cast(EventPriority, rank(kind, ident)), time - self.now)
        assert event.callbacks is not None
        event.callbacks.append(self._count)

    def _count(self, _: Event) -> None:
        self.happened += 1


class Alarm:
    """A time that can be moved while somebody waits for it.

    SimPy cannot take an event off its agenda: the old one stays there, but nobody is called
    when it comes.
    """

    def __init__(self, env: Environment, kind: Kind, ident: int) -> None:
        self.env, self.kind, self.ident = env, kind, ident
        self.event = Event(env)
        self.time = float("inf")

    def set(self, time: float) -> None:
        """Move it to a time, s; infinity means never."""
        if time == self.time:
            return
        self.cancel()
        self.time = time
        if time != float("inf"):
            self.env.ring(self.event, time, self.kind, self.ident)

    def cancel(self) -> None:
        """Take it off; who waits goes on waiting for the next `set`."""
        if self.time == float("inf"):
            return
        waiting = self.event.callbacks or []
        self.event.callbacks = []
        self.event = Event(self.env)
        count = self.env._count
        self.event.callbacks = [call for call in waiting if call != count]
        self.time = float("inf")

    def renew(self) -> Event:
        """Make it ready for the next time after it rang, and return the event to wait for."""
        self.event = Event(self.env)
        self.time = float("inf")
        return self.event


def then(event: Event, call: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
    """Let something be done when an event happens, after what was to be done before."""
    assert event.callbacks is not None
    event.callbacks.append(lambda _: call(*arguments))
