"""What all processes share: the clock, the columns, the calendars, the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.city.city import City
from sim.city.travel import Travel, grid_nodes
from sim.clock import DAY, HOUR, tick
from sim.columns import SERVICE, STOP, VISIT
from sim.engine.ledger import Ledger
from sim.engine.simpy_engine.environment import Alarm, Environment
from sim.engine.simpy_engine.records import Records, blank_tickets, matters_of
from sim.model.calendar import Calendar, desk_calendars, round_calendars, shift_calendars
from sim.model.order import Kind
from sim.model.replan import Succession
from sim.model.routes import Walks
from sim.model.rules import urgency
from sim.model.state import HIDDEN, State
from sim.model.travel import (
    hour_of,
    on_the_way,
    road_seconds,
    road_stop,
    road_time,
    share_behind,
    slowed,
    travel_time,
)
from sim.policy.base import Policy, View
from sim.scenario import Scenario
from sim.workload.workload import Workload

if TYPE_CHECKING:
    from sim.engine.simpy_engine.department import Crew, Unit
    from sim.engine.simpy_engine.desk import Centre
    from sim.engine.simpy_engine.gridworker import Grid
    from sim.engine.simpy_engine.hotline import Hotline

Spot = tuple[float, float, int, float]
"""A place, m, its node on the roads (0 where there are none), and how long it is until there."""


class World:
    """The state of one run.

    Attributes
    ----------
    load, tickets : Records
        What happens to each matter by itself, and what becomes of it.
    succession : Succession
        The plans of the run; ``plan`` has everybody's number.
    on_duty : list of bool
        Whether each shift is on; ``began`` is when it last came on, s.
    shift_alarm : Alarm
        Rings when shifts begin or end, and when another plan has come into force.
    grids : dict of Grid
        Those that have gridworkers, by number.
    """

    hotline: Hotline
    town_centres: list[Centre]
    district_centres: list[Centre]
    units: list[Unit]
    crews: dict[int, Crew]
    grids: dict[int, Grid]
    view: View

    def __init__(
        self,
        scenario: Scenario,
        city: City,
        workload: Workload,
        succession: Succession,
        policy: Policy,
        check: bool,
    ) -> None:
        self.env = Environment()
        self.scenario, self.city, self.policy = scenario, city, policy
        self.succession, self.plan = succession, succession.staff.plan
        self.load, self.tickets = matters_of(workload), blank_tickets(len(workload))
        self.visits, self.stops, self.services = map(Records, (VISIT, STOP, SERVICE))
        self.ledger = Ledger(len(city.district_name), check)

        self.shifts = shift_calendars(scenario)
        self.rounds = round_calendars(scenario)
        self.desks = desk_calendars(scenario)
        self.observers = Calendar.from_hours(scenario.activity.part_time_observers)
        self.citizens = Calendar.from_hours(scenario.activity.citizens)
        self.on_duty = [calendar.rate(0.0) > 0 for calendar in self.shifts]
        self.began = [0.0] * len(self.shifts)
        self.shift_alarm = Alarm(self.env, Kind.SHIFT, 0)

        self.categories = scenario.categories
        self.departments = list(scenario.departments.values())
        names = list(scenario.departments)
        self.department_of = [names.index(c.department) for c in self.categories]
        self.partners_of = [[names.index(d) for d in c.joint_with] for c in self.categories]
        self.sign_mean = [d.sign_mean_min * 60.0 for d in self.departments]
        self.allowed = [
            (tick(c.sign_h * HOUR), tick(c.arrive_h * HOUR), tick(c.close_h * HOUR))
            for c in self.categories
        ]
        self.forces = {names.index(name) for name in scenario.police_line.forces}

        self.walks = Walks(*(array.tolist() for array in vars(Walks.of(scenario, city)).values()))
        travel = Travel.of(scenario, city)
        self.detour = float(travel.detour)
        self.speed_m_s = travel.speed_m_s.tolist()
        self.fastest, self.access = travel.fastest, travel.access_s_m
        self.ways = travel.ways
        self.grid_node = grid_nodes(city, travel)
        self.slow: list[list[list[float]]] = [
            [
                [s.start_day * DAY, (s.start_day + s.days) * DAY, s.travel_speed_factor]
                for s in scenario.surges
                if not s.districts or name in s.districts
            ]
            for name in city.district_name
        ]

    @property
    def now(self) -> float:
        """The present, s."""
        return self.env.now

    def move(self, ticket: int, state: State) -> None:
        """Bring a matter into another state, in its own row and in the ledger."""
        states = self.tickets.state
        self.ledger.move(self.load.district[ticket], states[ticket], state)
        states[ticket] = state

    def hidden(self, ticket: int) -> bool:
        """Whether a gridworker, an observer or a camera may still find the matter."""
        return self.tickets.state[ticket] in HIDDEN

    def speed(self, district: int) -> float:
        """Return the speed of the district's crews who leave now, m/s."""
        now = self.env.now
        return self.speed_m_s[district][hour_of(now)] * slowed(self.slow[district], now)

    def way(self, district: int, start: Spot, end: Spot) -> float:
        """Return the travel time of a crew of the district that leaves now, s."""
        (x0, y0, a, rest), (x1, y1, b, _) = start, end
        speed = self.speed(district)
        if self.ways is None:
            return travel_time(x0, y0, x1, y1, self.detour, speed)
        net = self.ways[district]
        free = road_seconds(net.seconds, net.node_xy, self.access, x0, y0, a, x1, y1, b)
        return road_time(rest + free, self.fastest, speed)

    def between(self, district: int, start: Spot, end: Spot, left: float, duration: float) -> Spot:
        """Return where one who set off ``left`` is now, or on roads where they can turn next."""
        (x0, y0, a, _), (x1, y1, b, _) = start, end
        now = self.env.now
        if self.ways is None:
            x = on_the_way(x0, x1, left, duration, now)
            return x, on_the_way(y0, y1, left, duration, now), 0, 0.0
        net = self.ways[district]
        share = share_behind(left, duration, now)
        return road_stop(
            net.seconds, net.hop, net.node_xy, self.access, x0, y0, a, x1, y1, b, share
        )

    def place(self, ticket: int) -> Spot:
        """Return where a ticket lies."""
        load = self.load
        return load.x[ticket], load.y[ticket], self.grid_node[load.grid[ticket]], 0.0

    def base(self, district: int, x: float, y: float) -> Spot:
        """Return a crew's base: its node is the nearest."""
        if self.ways is None:
            return x, y, 0, 0.0
        return x, y, int(self.ways[district].nearest(np.array([[x, y]]))[0]), 0.0

    def observed_at(self, matter: int) -> float:
        """Return when observers see a matter: those of the plan under which it arose, s."""
        arise = self.load.arisen[matter]
        observers = self.succession.observers(self.load.grid[matter], arise)
        return (
            self.observers.advance(arise, self.load.observer[matter] / observers)
            if observers
            else float("inf")
        )

    def urgency(self, ticket: int) -> int:
        """Return its order of service, by priority and supervision."""
        t = self.tickets
        priority = self.categories[self.load.category[ticket]].priority
        return urgency(priority, t.level[ticket], t.reopened[ticket])
