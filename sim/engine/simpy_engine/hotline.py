"""12345 and 110: callers who wait, give up and call again, and what becomes of their calls."""

from __future__ import annotations

from collections.abc import Generator

from simpy.events import Event

from sim.clock import MINUTE, tick
from sim.engine.simpy_engine import ticket as life
from sim.engine.simpy_engine.desk import Desk
from sim.engine.simpy_engine.environment import Alarm
from sim.engine.simpy_engine.world import World
from sim.model.order import Kind
from sim.model.state import Channel, State

Process = Generator[Event, object, None]


class Hotline(Desk):
    """The city's call centre. It tells the districts nothing before the write-up is over."""

    def __init__(self, world: World, posts: list[int]) -> None:
        super().__init__(world, 0, posts)
        self.write_up = tick(world.scenario.hotline.write_up_min * MINUTE)

    def call(self, matter: int) -> Process:
        """Let a citizen call 12345, and call again if the line was too slow."""
        world, load, tickets = self.world, self.world.load, self.world.tickets
        tickets.called[matter] = world.now
        for attempt in range(load.redials[matter] + 1):
            if attempt > 0:
                yield world.env.at(world.now + load.redial_s[matter], Kind.CALL, matter)
            tickets.attempts[matter] += 1
            alarm = Alarm(world.env, Kind.CALL, matter)
            request = self.ask(matter, load.talk_s[matter], 0, alarm)
            if not request.begun:
                alarm.set(world.now + load.call_patience[matter])
            yield alarm.event
            if request.begun:
                tickets.answered[matter] = world.now - request.seconds
                yield from self.taken(matter)
                return
            request.gone = True
        tickets.abandoned[matter] = 1
        yield world.env.at(world.now + self.write_up, Kind.DELIVER, matter)
        if tickets.state[matter] == State.CALLING:
            world.move(matter, State.UNDISCOVERED)
            gone = world.now >= load.arisen[matter] + load.lifetime[matter]
            if gone or not others_may_find(world, matter):
                world.move(matter, State.VANISHED)

    def taken(self, matter: int) -> Process:
        """End a call: answered at once, or written up for the district's centre."""
        world, tickets = self.world, self.world.tickets
        tickets.requested[matter] = world.now
        if world.load.at_once[matter]:
            life.answer(world, matter, Channel.HOTLINE)
            return
        if tickets.state[matter] == State.CALLING:
            world.move(matter, State.REGISTERED)
        taken_at = world.now
        yield world.env.at(world.now + self.write_up, Kind.DELIVER, matter)
        if tickets.state[matter] == State.REGISTERED:
            yield from life.from_call(world, matter, Channel.HOTLINE, taken_at)
        else:
            tickets.duplicate[matter] = 1


def police_call(world: World, matter: int) -> Process:
    """Let a citizen call 110, which always answers."""
    load, tickets = world.load, world.tickets
    tickets.called[matter] = tickets.answered[matter] = world.now
    tickets.attempts[matter] = 1
    yield world.env.at(world.now + load.talk_s[matter], Kind.CALL, matter)
    tickets.requested[matter] = world.now
    if load.at_once[matter]:
        life.answer(world, matter, Channel.POLICE)
    elif tickets.state[matter] == State.CALLING:
        yield from life.from_call(world, matter, Channel.POLICE, world.now)
    else:
        tickets.duplicate[matter] = 1


def others_may_find(world: World, matter: int) -> bool:
    """Whether anybody but its citizen could ever find the matter."""
    load, never = world.load, float("inf")
    grid = load.grid[matter]
    return (
        (load.passes[matter] > 0 and grid in world.grids)
        or world.observed_at(matter) < never
        or load.camera[matter] < never
    )
