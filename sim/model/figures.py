"""The figures of a scenario that are plain numbers, by name: kernels read them from records.

Lengths of time are seconds, and on ticks where they are waited for. `sim.model.parameters` fills
them in.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CategoryFigures:
    """A category of matters.

    Attributes
    ----------
    work_s : float
        Mean work on site, s.
    sign_s, arrive_s, close_s : float
        Its deadlines, s after acceptance.
    close_workdays : int
        The deadline for closing in working days, in the place of ``close_s``; 0: it is none.
    department, priority : int
        Who deals with it, and how urgent it is: 1 is the highest.
    partners : tuple of int
        The further departments that a joint ticket needs.
    """

    work_s: float
    sign_s: float
    arrive_s: float
    close_s: float
    close_workdays: int
    department: int
    priority: int
    partners: tuple[int, ...]


@dataclass(frozen=True)
class DepartmentFigures:
    """A department.

    Attributes
    ----------
    sign_s : float
        Mean time its desk takes to sign, s of its desk's hours.
    force : bool
        Whether 110 sends it without a linkage centre.
    """

    sign_s: float
    force: bool


@dataclass(frozen=True, eq=False)
class SingleFigures:
    """Figures of which a scenario has one each.

    Attributes
    ----------
    districts, towns, shifts : int
        How many there are.
    first_day : int
        The first day of the warm-up, 0 or below; days are counted from there.
    roads, routes : bool
        Whether crews go by road, and whether gridworkers walk routes other than their loops.
    detour : float
        Length of a crew's way over that of the straight line.
    fastest_m_s, access_s_m : float
        Speed of the fastest hour, and time between a place and its road in it, s per metre.
    record_s, check_s : float
        A gridworker's stop to record a matter, and to look at a result, s.
    write_up_s : float
        From the end of a call to 12345 until the centre has it, s.
    register_s, triage_s, call_back_s : float
        Mean service of a centre: acceptance with triage, triage alone, a call-back, s.
    call_back_rank : int
        The urgency of a call-back: behind that of any ticket there may be.
    reminder, city : float
        Shares of the time allowed at which a reminder comes and the city steps in.
    on_time, late_penalty, reopened_penalty : float
        The chance that a citizen is satisfied, and what being late or reopened takes off it.
    """

    districts: int
    towns: int
    shifts: int
    first_day: int
    roads: bool
    routes: bool
    detour: float
    fastest_m_s: float
    access_s_m: float
    record_s: float
    check_s: float
    write_up_s: float
    register_s: float
    triage_s: float
    call_back_s: float
    call_back_rank: int
    reminder: float
    city: float
    on_time: float
    late_penalty: float
    reopened_penalty: float
