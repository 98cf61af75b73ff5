"""12345 and 110: callers who wait, give up and call again, and what becomes of their calls."""

from __future__ import annotations

from sim.engine.simpy_engine import ticket as life
from sim.engine.simpy_engine.desk import Desk, Request
from sim.engine.simpy_engine.environment import Alarm, then
from sim.engine.simpy_engine.world import NEVER, World
from sim.model import flow
from sim.model.order import Kind
from sim.model.race import TIMED
from sim.model.state import Channel, State


class Hotline(Desk):
    """The city's call centre. It tells the districts nothing before the write-up is over."""

    def __init__(self, world: World, posts: list[int]) -> None:
        super().__init__(world, 0, posts)

    def call(self, matter: int) -> None:
        """Let a citizen call 12345."""
        self.world.tickets.called[matter] = self.world.now
        self.world.tickets.on_line[matter] = 1
        self._attempt(matter)

    def take(self, request: Request) -> None:
        """Note that somebody answers a call."""
        self.world.tickets.answered[request.ticket] = self.world.now

    def _attempt(self, matter: int) -> None:
        world, load = self.world, self.world.load
        world.tickets.attempts[matter] += 1
        alarm = Alarm(world.env, Kind.CALL, matter)
        request = self.ask(matter, load.talk_s[matter], 0, alarm)
        if not request.begun:
            alarm.set(world.now + load.call_patience[matter])
        self.attend_to(request)

    def attend_to(self, request: Request) -> None:
        """Wait until the talk is over, or the caller's patience."""
        then(request.alarm.event, self._rung, request.ticket, request)

    def _rung(self, matter: int, request: Request) -> None:
        """Go on when the talk is over, or the caller's patience."""
        if request.begun:
            self._taken(matter)
        else:
            request.gone = True
            self._hung_up(matter)

    def _hung_up(self, matter: int) -> None:
        """Call again later, or give up."""
        world, load, tickets = self.world, self.world.load, self.world.tickets
        if flow.calls_again(tickets.attempts[matter], load.redials[matter]):
            tickets.line_until[matter] = world.now + load.redial_s[matter]
            self.try_again(matter)
            return
        tickets.abandoned[matter] = 1
        self._write_up(matter)

    def try_again(self, matter: int) -> None:
        """Wait until the citizen calls again."""
        world = self.world
        again = world.env.at(world.tickets.line_until[matter], Kind.CALL, matter)
        then(again, self._attempt, matter)

    def _taken(self, matter: int) -> None:
        """End a call: answered at once, or written up for the district's centre."""
        world, tickets = self.world, self.world.tickets
        tickets.requested[matter] = world.now
        if world.load.at_once[matter]:
            tickets.on_line[matter] = 0
            life.answer(world, matter, Channel.HOTLINE)
            return
        if tickets.state[matter] == State.CALLING:
            world.move(matter, State.REGISTERED)
        self._write_up(matter)

    def _write_up(self, matter: int) -> None:
        world = self.world
        world.tickets.line_until[matter] = world.now + world.parameters.write_up_s
        self.deliver(matter)

    def deliver(self, matter: int) -> None:
        """Wait until the centre has what was written up, or hears of who has given up."""
        world = self.world
        event = world.env.at(world.tickets.line_until[matter], Kind.DELIVER, matter)
        then(event, self._delivered, matter)

    def _delivered(self, matter: int) -> None:
        world, tickets = self.world, self.world.tickets
        state = tickets.state[matter]
        tickets.on_line[matter] = 0
        if tickets.abandoned[matter]:
            if state == State.CALLING:
                world.move(matter, State.UNDISCOVERED)
                gone_at = world.comes(matter, Kind.VANISH)
                if flow.vanishes_unheard(world.now, gone_at, others_may_find(world, matter)):
                    world.vanish(matter)
        elif flow.is_new_from_12345(state):
            life.reported(world, matter, Channel.HOTLINE, tickets.requested[matter])
        else:
            tickets.duplicate[matter] = 1


def police_call(world: World, matter: int) -> None:
    """Let a citizen call 110, which always answers."""
    load, tickets = world.load, world.tickets
    tickets.called[matter] = tickets.answered[matter] = world.now
    tickets.attempts[matter] = tickets.on_line[matter] = 1
    tickets.line_until[matter] = world.now + load.talk_s[matter]
    hear(world, matter)


def hear(world: World, matter: int) -> None:
    """Wait until 110 has heard what a citizen says."""
    heard = world.env.at(world.tickets.line_until[matter], Kind.CALL, matter)
    then(heard, _police_call_ends, world, matter)


def _police_call_ends(world: World, matter: int) -> None:
    tickets = world.tickets
    tickets.requested[matter] = world.now
    tickets.on_line[matter] = 0
    if world.load.at_once[matter]:
        life.answer(world, matter, Channel.POLICE)
    elif flow.is_new_from_110(tickets.state[matter]):
        life.reported(world, matter, Channel.POLICE, world.now)
    else:
        tickets.duplicate[matter] = 1


def others_may_find(world: World, matter: int) -> bool:
    """Return whether anybody but its citizen could ever find the matter."""
    if world.load.passes[matter] > 0 and world.load.grid[matter] in world.grids:
        return True
    finders = (entrant.kind for entrant in TIMED if entrant.channel != Channel.NONE)
    return any(world.comes(matter, kind) < NEVER for kind in finders)
