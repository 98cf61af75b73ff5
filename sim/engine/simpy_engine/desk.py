"""Operators behind a desk: of 12345, and of the linkage centres of towns and districts."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count

from simpy.events import Event

from sim.engine.simpy_engine.environment import Alarm
from sim.engine.simpy_engine.world import World
from sim.model.order import Kind


class Request:
    """Something that waits for an operator, or is with one."""

    __slots__ = ("alarm", "arrive", "begun", "gone", "seconds", "ticket", "urgency")

    def __init__(
        self, ticket: int, seconds: float, urgency: int, arrive: float, alarm: Alarm
    ) -> None:
        self.ticket, self.seconds, self.urgency = ticket, seconds, urgency
        self.arrive, self.alarm = arrive, alarm
        self.begun = False
        self.gone = False


class Desk:
    """Operators who serve one request each; the more urgent first, then who came first.

    A post that ends while its operator is busy ends after that service.

    Parameters
    ----------
    posts : list of int
        Operators on duty in each shift.

    Attributes
    ----------
    serving : dict of Request
        By ticket: what operators are busy with.
    most : int
        Operators who may be busy at once: more than there are posts only while those who were
        withdrawn finish.
    """

    def __init__(self, world: World, number: int, posts: list[int]) -> None:
        self.world, self.number, self.posts = world, number, posts
        self.most = sum(posts)
        self.serving: dict[int, Request] = {}
        self.waiting: list[tuple[int, float, int, int, Request]] = []
        self.asked = count()

    @property
    def busy(self) -> int:
        """Operators who serve somebody."""
        return len(self.serving)

    @property
    def on_duty(self) -> int:
        """Operators on duty now."""
        return sum(n for n, on in zip(self.posts, self.world.on_duty, strict=True) if on)

    def replan(self, posts: list[int]) -> None:
        """Have other posts from now on; who is busy finishes."""
        self.posts = posts
        self.most = max(sum(posts), self.busy)

    def ask(self, ticket: int, seconds: float, urgency: int, alarm: Alarm) -> Request:
        """Queue a request; its alarm rings when an operator is done with it."""
        request = Request(ticket, seconds, urgency, self.world.now, alarm)
        self.queue(request)
        self.begin()
        return request

    def queue(self, request: Request) -> None:
        """Let a request wait."""
        place = request.urgency, request.arrive, request.ticket, next(self.asked)
        heappush(self.waiting, (*place, request))

    def requests(self, *, waiting: bool) -> list[Request]:
        """Return those that wait, or those that are served, in no order."""
        if waiting:
            return [request for *_, request in self.waiting if not request.gone]
        return list(self.serving.values())

    def begin(self) -> None:
        """Let free operators take what waits."""
        free = self.on_duty - self.busy
        while self.waiting and free > 0:
            request = heappop(self.waiting)[4]
            if request.gone:
                continue
            free -= 1
            self.take(request)
            self.serve_from(request, self.world.now)

    def take(self, request: Request) -> None:
        """Note that an operator takes a request."""

    def serve_from(self, request: Request, start: float) -> None:
        """Let an operator be busy with a request since an instant, s."""
        request.begun = True
        self.serving[request.ticket] = request
        end = start + request.seconds
        self.world.services.add(
            desk=self.number, ticket=request.ticket, arrive=request.arrive, start=start, end=end
        )
        request.alarm.set(end)
        callbacks = request.alarm.event.callbacks
        assert callbacks is not None
        callbacks.insert(0, lambda _: self._release(request))

    def _release(self, request: Request) -> None:
        del self.serving[request.ticket]
        self.begin()


class Centre(Desk):
    """A linkage centre: it accepts, triages, and makes call-backs."""

    def serve(self, ticket: int, seconds: float, urgency: int) -> Event:
        """Return what happens when an operator is done with a service of this length."""
        alarm = Alarm(self.world.env, Kind.SERVICE, ticket)
        self.ask(ticket, seconds, urgency, alarm)
        return alarm.event
