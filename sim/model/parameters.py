"""The scenario in SI units, by name: what both engines read of it, computed once.

Lengths of time are seconds, and on ticks where they are waited for. What is drawn for a single
matter is the workload's (`sim.workload`), who works when the plan's (`sim.model.plan`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.city.city import City
from sim.city.travel import Travel, grid_nodes
from sim.clock import DAY, HOUR, MINUTE, tick
from sim.model.calendar import Calendar, desk_calendars, round_calendars, shift_calendars
from sim.model.figures import CategoryFigures, DepartmentFigures, SingleFigures
from sim.model.flow import CALL_BACK_RANK
from sim.model.race import Clock
from sim.model.routes import Walks
from sim.scenario import Scenario
from sim.scenario.dates import WorkingDays, run_days
from sim.workload.philox import Draws
from sim.workload.weather import pace

Window = tuple[float, float, float]
"""From when to when, s, and the factor on crews' speed meanwhile."""


@dataclass(frozen=True, eq=False)
class Parameters(SingleFigures):
    """A scenario's figures for a run: the single ones, and these.

    Attributes
    ----------
    categories : tuple of CategoryFigures [C]
    departments : tuple of DepartmentFigures [departments]
    duty, rounds : tuple of Calendar [S]
        When each shift is on, and when its gridworkers walk.
    desks : tuple of Calendar [departments]
        When each department signs.
    clocks : dict of Calendar
        How the clocks of the race go that follow the hours of the day.
    speed_m_s : tuple of 24 floats [D]
        Of crews by hour of day, m/s.
    slow : tuple of windows [D]
        When crews are slower.
    pace : tuple of float [days]
        The factor that the weather has on their speed, from ``first_day`` on.
    travel : Travel
        The roads, if any.
    grid_node : tuple of int [G]
        Each grid's node on them.
    walks : Walks
        Each grid's route.
    working_days : WorkingDays
        From ``first_day`` on, for deadlines.
    """

    categories: tuple[CategoryFigures, ...]
    departments: tuple[DepartmentFigures, ...]
    duty: tuple[Calendar, ...]
    rounds: tuple[Calendar, ...]
    desks: tuple[Calendar, ...]
    clocks: dict[Clock, Calendar]
    speed_m_s: tuple[tuple[float, ...], ...]
    slow: tuple[tuple[Window, ...], ...]
    pace: tuple[float, ...]
    travel: Travel
    grid_node: tuple[int, ...]
    walks: Walks
    working_days: WorkingDays

    @classmethod
    def of(cls, scenario: Scenario, city: City, draws: Draws) -> Parameters:
        """Turn a scenario into what engines read.

        Parameters
        ----------
        draws : Draws
            Of the replication, for its weather.

        Raises
        ------
        InputError
            If the file of the roads or of the patrol routes does not fit.
        """
        days = range(-scenario.time.warm_up_days, scenario.time.days)
        speeds = pace(scenario, draws, run_days(scenario.time, days)).tolist()
        centres, satisfaction = scenario.centres, scenario.satisfaction
        travel, rounds = Travel.of(scenario, city), round_calendars(scenario)
        never, working_days = Calendar.from_steps({0.0: 0.0}), WorkingDays.of(scenario)
        return cls(
            districts=len(city.district_name),
            towns=len(city.town_name),
            shifts=len(scenario.shifts),
            first_day=working_days.first,
            roads=travel.ways is not None,
            routes=scenario.patrol.routes is not None,
            detour=float(travel.detour),
            fastest_m_s=travel.fastest,
            access_s_m=travel.access_s_m,
            record_s=tick(scenario.patrol.record_min * MINUTE),
            check_s=tick(scenario.patrol.check_min * MINUTE),
            write_up_s=tick(scenario.hotline.write_up_min * MINUTE),
            register_s=(centres.accept_mean_min + centres.triage_mean_min) * MINUTE,
            triage_s=centres.triage_mean_min * MINUTE,
            call_back_s=centres.call_back_mean_min * MINUTE,
            call_back_rank=CALL_BACK_RANK,
            reminder=scenario.supervision.reminder,
            city=scenario.supervision.city,
            on_time=satisfaction.on_time,
            late_penalty=satisfaction.late_penalty,
            reopened_penalty=satisfaction.reopened_penalty,
            categories=_categories(scenario),
            departments=tuple(
                DepartmentFigures(d.sign_mean_min * MINUTE, name in scenario.police_line.forces)
                for name, d in scenario.departments.items()
            ),
            duty=tuple(shift_calendars(scenario)),
            rounds=tuple(rounds.get(shift, never) for shift in range(len(scenario.shifts))),
            desks=tuple(desk_calendars(scenario)),
            clocks={
                Clock.OBSERVERS: Calendar.from_hours(scenario.activity.part_time_observers),
                Clock.CITIZENS: Calendar.from_hours(scenario.activity.citizens),
            },
            speed_m_s=tuple(map(tuple, travel.speed_m_s.tolist())),
            slow=tuple(_slow(scenario, name) for name in city.district_name),
            pace=(*speeds, speeds[-1]),  # the end itself is another day
            travel=travel,
            grid_node=tuple(grid_nodes(city, travel)),
            walks=Walks.of(scenario, city),
            working_days=working_days,
        )


def _categories(scenario: Scenario) -> tuple[CategoryFigures, ...]:
    names = list(scenario.departments)
    return tuple(
        CategoryFigures(
            work_s=c.work_min * MINUTE,
            sign_s=tick(c.sign_h * HOUR),
            arrive_s=tick(c.arrive_h * HOUR),
            close_s=tick((c.close_h or 0) * HOUR),
            close_workdays=c.close_workdays or 0,
            department=names.index(c.department),
            priority=c.priority,
            partners=tuple(names.index(name) for name in c.joint_with),
        )
        for c in scenario.categories
    )


def _slow(scenario: Scenario, district: str) -> tuple[Window, ...]:
    """Return when surges slow a district's crews down."""
    return tuple(
        (s.start_day * DAY, (s.start_day + s.days) * DAY, s.travel_speed_factor)
        for s in scenario.surges
        if not s.districts or district in s.districts
    )
