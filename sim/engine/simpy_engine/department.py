"""Departments: units with crews who travel, work and go home, and what waits for them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from math import isnan

from simpy.events import Event

from sim.columns import NAN
from sim.engine.simpy_engine.environment import then
from sim.engine.simpy_engine.world import World
from sim.model.flow import Turn
from sim.model.order import Kind
from sim.model.rules import next_epoch
from sim.model.state import State
from sim.model.way import Leg, Purpose, Spot, is_at_base
from sim.policy.decision import check_crew, check_pairs

Key = tuple[float, ...]


class Crew:
    """One post of a unit: free on duty at its base or on its way back, or at a ticket.

    Attributes
    ----------
    leg : Leg
        Its way to a ticket, or back to the base. What is to happen on it carries its version, and
        is void once there is another.
    """

    def __init__(self, world: World, unit: Unit, number: int) -> None:
        self.world, self.unit, self.number = world, unit, number
        self.shift = int(world.plan.crew_shift[number])
        x, y = world.plan.crew_xy[number].tolist()
        self.base = world.ground.base(unit.district, x, y)
        self.leg = Leg(self.base, self.base, world.now, world.now, Purpose.BACK, 0)
        self.free = True
        self.withdrawn = False
        self.visit: Visit | None = None

    @property
    def on_duty(self) -> bool:
        """Whether its shift is on."""
        return self.world.on_duty[self.shift]

    def position(self) -> Spot:
        """Return where it is: each shift begins at the base, and a free crew heads there."""
        leg = self.leg
        if is_at_base(leg.purpose, leg.left, self.world.began[self.shift]):
            return self.base
        return self.world.ground.place(self.unit.district, leg, self.world.now)

    def set_out(self, end: Spot, purpose: Purpose) -> None:
        """Leave for a place, from where it is now."""
        world, start = self.world, self.position()
        arrives = world.now + world.ground.time(self.unit.district, start, end, world.now)
        self.leg = Leg(start, end, world.now, arrives, purpose, self.leg.version + 1)

    def go(self, visit: Visit) -> None:
        """Go to a ticket."""
        self.free, self.visit = False, visit
        self.set_out(self.world.place(visit.ticket), Purpose.VISIT)
        self.at(self.leg.arrives, visit.arrive)

    def come_free(self) -> None:
        """Head for the base, and take on what waits."""
        self.visit, self.free = None, True
        self.set_out(self.base, Purpose.BACK)
        if not self.withdrawn:
            insort(self.unit.idle, self.number)

    def at(self, time: float, call: Callable[[Crew], None]) -> None:
        """Let something be done at a time, if the crew is still on the same leg."""
        event = self.world.env.at(time, Kind.CREW, self.number)
        then(event, self._happens, self.leg.version, call)

    def _happens(self, version: int, call: Callable[[Crew], None]) -> None:
        if version == self.leg.version:
            call(self)
        else:
            self.world.env.happened -= 1  # nothing did: the leg was broken off


class Visit:
    """Crews of one or more departments at one ticket; work begins when the last is there."""

    def __init__(self, world: World, ticket: int, crews: Sequence[Crew], over: Event) -> None:
        self.world, self.ticket, self.crews, self.over = world, ticket, crews, over
        self.missing = self.present = len(crews)
        self.rows: dict[int, int] = {}

    def begin(self) -> None:
        """Let all set off."""
        world, ticket = self.world, self.ticket
        for crew in self.crews:
            crew.unit.idle.remove(crew.number)
            crew.go(self)
            self.log(crew, start=world.now)
        world.tickets.dispatched[ticket] = world.now
        world.move(ticket, State.TRAVELLING)

    def take_in(self, crew: Crew, *, works: bool, work: float) -> None:
        """Have a crew as it was: under way, there, or at work since an instant, s."""
        crew.free, crew.visit = False, self
        if not crew.withdrawn:
            crew.unit.idle.remove(crew.number)
        arrive = crew.leg.arrives if works else NAN
        self.log(crew, start=crew.leg.left, arrive=arrive, work=work)
        if not works:
            crew.at(crew.leg.arrives, self.arrive)
            return
        self.missing -= 1
        if not isnan(work):
            crew.at(work + self.world.load.work_s[self.ticket], self.leave)

    def log(self, crew: Crew, **times: float) -> None:
        """Write down a crew's visit."""
        self.rows[crew.number] = self.world.visits.add(
            crew=crew.number, unit=crew.unit.number, ticket=self.ticket, **times
        )

    def arrive(self, crew: Crew) -> None:
        """Note that a crew is there; the first makes the ticket attended, the last begins."""
        world, ticket = self.world, self.ticket
        world.visits.arrive[self.rows[crew.number]] = world.now
        if self.missing == self.present:
            world.attend(ticket)
            world.move(ticket, State.ON_SITE)
        self.missing -= 1
        if self.missing == 0:
            for member in self.crews:
                world.visits.work[self.rows[member.number]] = world.now
                member.at(world.now + world.load.work_s[ticket], self.leave)

    def leave(self, crew: Crew) -> None:
        """Note that a crew is done; after the last the ticket goes on."""
        self.world.visits.end[self.rows[crew.number]] = self.world.now
        crew.come_free()
        self.present -= 1
        if self.present == 0:
            self.over.succeed()
        crew.unit.dispatch()


class Unit:
    """A department's force in a town or a district.

    Attributes
    ----------
    units : sequence of Unit
        All of them, by number.
    crews : dict of Crew
        Those of the plan in force, ascending.
    idle : list of int
        Free crews of them, on duty or not, ascending.
    """

    def __init__(
        self, world: World, number: int, crews: Sequence[int], units: Sequence[Unit]
    ) -> None:
        plan = world.plan
        self.world, self.number, self.units = world, number, units
        self.department = int(plan.unit_department[number])
        self.district = int(plan.unit_district[number])
        self.crews = {crew: Crew(world, self, crew) for crew in crews}
        self.idle = list(self.crews)
        self.order: list[tuple[Key, int]] = []  # who waits, by the policy's key
        self.keys: dict[int, Key] = {}
        self.over: dict[int, Event] = {}  # by ticket: the end of the visit for which it waits
        self.joint = 0  # how many of those wait for other departments too
        self.leads: dict[int, int] = {}  # units whose joint tickets wait for this one
        self.awaiting = False  # the policy's next epoch

    def add(self, number: int) -> Crew:
        """Take on a crew with a number above all others: it is free at its base."""
        crew = self.crews[number] = Crew(self.world, self, number)
        self.idle.append(number)
        return crew

    def withdraw(self, number: int) -> None:
        """Do without a crew: it finishes what it is at, and takes nothing more on."""
        crew = self.crews.pop(number)
        crew.withdrawn = True
        if crew.free:
            self.idle.remove(number)

    def handle(self, ticket: int) -> Event:
        """Queue a ticket; the event happens when the work on site is over."""
        event = self.over[ticket] = Event(self.world.env)
        self.enter(ticket, self.world.policy.key(self.world.view, ticket))
        self.dispatch()
        return event

    def rerank(self, ticket: int) -> None:
        """Ask the policy again where a ticket stands that supervision has taken up."""
        self._leave(ticket)
        self.enter(ticket, self.world.policy.key(self.world.view, ticket))
        self.dispatch()

    def enter(self, ticket: int, key: Key) -> None:
        """Let a ticket wait at its place in line."""
        self.keys[ticket] = key
        insort(self.order, (key, ticket))
        for partner in self.partners(ticket):
            self.joint += 1
            partner.leads[self.number] = partner.leads.get(self.number, 0) + 1

    def _leave(self, ticket: int) -> None:
        del self.order[bisect_left(self.order, (self.keys.pop(ticket), ticket))]
        for partner in self.partners(ticket):
            self.joint -= 1
            partner.leads[self.number] -= 1

    def partners(self, ticket: int) -> list[Unit]:
        """Return the further units a ticket needs; none unless it is joint."""
        world = self.world
        if not world.load.joint[ticket]:
            return []
        town = world.load.town[ticket]
        return [
            self.units[world.plan.unit_of[department, town]]
            for department in world.parameters.categories[world.load.category[ticket]].partners
        ]

    def ready(self) -> list[int]:
        """Return the free crews on duty, ascending."""
        return [crew for crew in self.idle if self.crews[crew].on_duty]

    def dispatch(self) -> None:
        """Decide at once, or at the policy's next epoch, after all else at that instant."""
        epoch = self.world.policy.epoch_s
        if epoch == 0:
            self.decide()
        elif not self.awaiting:
            self.await_epoch(next_epoch(self.world.now, epoch))

    def await_epoch(self, when: float) -> None:
        """Decide at an instant, s."""
        self.awaiting = True
        then(self.world.env.at(when, Kind.DECIDE, self.number), self._epoch)

    def _epoch(self) -> None:
        self.awaiting = False
        self.decide()

    def decide(self) -> None:
        """Send crews while there are any, something waits, and the policy wants to."""
        leads = sorted(unit for unit, count in self.leads.items() if count > 0)
        for turn in Turn:
            if turn == Turn.OWN:
                self.serve()
            elif turn == Turn.JOINT_AFTER or self.order:
                for lead in leads:
                    first = self.order[0] if turn == Turn.JOINT_BEFORE else None
                    self.units[lead].serve(before=first)

    def serve(self, before: tuple[Key, int] | None = None) -> None:
        """Send this unit's crews to what waits for it, or to what stands before a place in line.

        A joint ticket is begun only when all its units have a crew free at once: crews held
        back for each other could wait in a circle for ever.
        """
        while self.order:
            crews = self.ready()
            if not crews:
                return
            tickets = [t for key, t in self.order if before is None or (key, t) < before]
            if not tickets:
                return
            if self.joint:
                tickets = [t for t in tickets if all(p.ready() for p in self.partners(t))]
                if not tickets:
                    return
            policy, view = self.world.policy, self.world.view
            pairs = check_pairs(policy, policy.assign(view, tickets, crews), tickets, crews)
            if not pairs:
                return
            for ticket, crew in pairs:
                self._send(ticket, self.crews[crew])

    def _send(self, ticket: int, crew: Crew) -> None:
        """Send a crew and those of the other departments, unless one of them has none left."""
        policy, team = self.world.policy, [crew]
        for partner in self.partners(ticket):
            ready = partner.ready()
            if not ready:
                return
            chosen = policy.choose_crew(self.world.view, ticket, ready)
            check_crew(policy, chosen, ready)
            team.append(partner.crews[chosen])
        self._leave(ticket)
        Visit(self.world, ticket, team, self.over.pop(ticket)).begin()
