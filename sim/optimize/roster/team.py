"""Teams: who is rostered together, taken from a plan's posts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil

from sim.city.apportion import apportion
from sim.city.city import City
from sim.errors import InputError, one_of
from sim.model.calendar import day_seconds
from sim.model.plan import Plan
from sim.optimize.roster.problem import Need, Request, RosterProblem, Shift, Worker
from sim.optimize.roster.rules import OFF, LabourRules
from sim.scenario import Scenario

LARGEST = 40
"""Most people of one roster; a larger team is rostered in groups."""


@dataclass(frozen=True)
class Team:
    """People of one role in one place, with their posts.

    Attributes
    ----------
    role, role_zh, place, place_zh : str
    district : str
        In which it is; empty: it is the whole city's.
    posts : dict of int
        By name of shift, on each day on which that shift is.
    """

    role: str
    role_zh: str
    place: str
    place_zh: str
    district: str
    posts: dict[str, int]

    @property
    def name(self) -> str:
        """Such as ``Gusu-hotline``; it stands before the number of a worker."""
        return f"{self.place}-{self.role}".replace(" ", "-")

    @property
    def name_zh(self) -> str:
        """Such as 姑苏区热线坐席员."""
        return f"{self.place_zh}{self.role_zh}"


def teams(scenario: Scenario, city: City, plan: Plan) -> list[Team]:
    """List the teams of a plan that have posts.

    The hotline's operators are one team; so are the operators of each centre, the full-time
    gridworkers of each town, and the crews of each department's unit. A gridworker or crew of the
    plan is a post that is filled on each day of its shift, and not one person.
    """
    shifts = list(scenario.shifts)
    found: list[Team] = []

    def add(
        role: str, zh: str, place: tuple[str, str], district: str, posts: Sequence[int]
    ) -> None:
        some = {name: int(n) for name, n in zip(shifts, posts, strict=True) if n}
        if some:
            found.append(Team(role, zh, *place, district, some))

    towns = list(zip(city.town_name, city.town_name_zh, strict=True))
    districts = list(zip(city.district_name, city.district_name_zh, strict=True))
    of_town = [city.district_name[d] for d in city.town_district]
    alone = len(districts) == 1
    where, district = (districts[0], districts[0][0]) if alone else (("City", "全市"), "")
    add("hotline", "热线坐席员", where, district, plan.hotline_posts.tolist())
    for place, district, row in zip(towns, of_town, plan.town_posts.tolist(), strict=True):
        add("town-centre", "街镇中心坐席员", place, district, row)
    for place, row in zip(districts, plan.district_posts.tolist(), strict=True):
        add("district-centre", "区中心坐席员", place, place[0], row)
    walkers = Counter(
        zip(city.grid_town[plan.worker_grid].tolist(), plan.worker_shift.tolist(), strict=True)
    )
    for t, (place, district) in enumerate(zip(towns, of_town, strict=True)):
        row = [walkers[t, s] for s in range(len(shifts))]
        add("gridworker", "网格员", place, district, row)
    crews = Counter(zip(plan.crew_unit.tolist(), plan.crew_shift.tolist(), strict=True))
    departments = list(scenario.departments.items())
    for u, (d, i, t) in enumerate(
        zip(plan.unit_department, plan.unit_district, plan.unit_town, strict=True)
    ):
        name, department = departments[d]
        place = towns[t] if t >= 0 else districts[i]
        row = [crews[u, s] for s in range(len(shifts))]
        add(name, f"{department.name_zh}处置员", place, districts[i][0], row)
    return found


def chosen(
    found: Sequence[Team], roles: Sequence[str] = (), districts: Sequence[str] = ()
) -> list[Team]:
    """Return the teams of some roles and districts; of all if none is named.

    Raises
    ------
    InputError
        If there is no such role or district.
    """
    for field, names, known in (
        ("role", roles, sorted({team.role for team in found})),
        ("district", districts, sorted({team.district for team in found} - {""})),
    ):
        for name in names:
            if name not in known:
                allowed = one_of(name, known)
                raise InputError("command line", field, name, allowed)
    return [
        team
        for team in found
        if (not roles or team.role in roles) and (not districts or team.district in districts)
    ]


def problems(
    team: Team,
    scenario: Scenario,
    rules: LabourRules,
    *,
    start: date,
    days: int,
    people: Sequence[Worker] = (),
    spare: float = 0.0,
    contract: str = "full-time",
) -> Iterator[RosterProblem]:
    """Make the rosters' problems of a team: one, or one for each group of a large team.

    Parameters
    ----------
    people : sequence of Worker, optional
        The people of the team; by default as many as the posts need hours, with names of their
        place, role and number.
    spare : float
        Share of people more (or less, below 0) than the hours need, for the default.
    """
    names = list(scenario.shifts)
    shifts = tuple(_shift(scenario, rules, name) for name in names if name in team.posts)
    kept = [shift.name for shift in shifts]
    hours = sum(
        shift.paid / 60 * team.posts[shift.name] * len(_days(scenario, shift.name, start, days))
        for shift in shifts
    )
    if not people:
        if contract not in rules.contracts:
            allowed = one_of(contract, rules.contracts)
            raise InputError("command line", "contract", contract, allowed)
        each = rules.contracts[contract].average_hours * days / 7
        if each <= 0:
            field = f"contracts.{contract}.average_hours"
            raise InputError("rules", field, each, "above 0, or name the people")
        number = max(ceil(hours / each * (1 + spare) - 1e-9), 1)
        people = [Worker(f"{team.name}-{i + 1:03d}", contract) for i in range(number)]
    groups = ceil(len(people) / LARGEST)
    sizes = apportion(len(people), [1] * groups).tolist()
    posts = {name: apportion(team.posts[name], sizes).tolist() for name in kept}
    first = 0
    for group, size in enumerate(sizes):
        rows = tuple(
            tuple(
                int(posts[name][group]) if day in _days(scenario, name, start, days) else 0
                for name in kept
            )
            for day in range(days)
        )
        yield RosterProblem(
            team=team.name + (f" {group + 1}/{groups}" if groups > 1 else ""),
            start=start,
            days=days,
            shifts=shifts,
            workers=tuple(people[first : first + size]),
            needs=(Need("", rows), *_skills(team, rules, kept, rows)),
            rules=rules,
        )
        first += size


def with_requests(problem: RosterProblem, requests: Sequence[Request]) -> RosterProblem:
    """Give a problem the requests of its workers."""
    names = {worker.name for worker in problem.workers}
    return replace(problem, requests=tuple(r for r in requests if r.worker in names))


def with_history(
    problem: RosterProblem, history: Mapping[str, Mapping[date, str]]
) -> RosterProblem:
    """Give workers the shifts of the days before, where all of those in a row are known.

    Parameters
    ----------
    history : mapping
        Of worker and date, the shift's name or ``off``.
    """
    numbers = {shift.name: s for s, shift in enumerate(problem.shifts)} | {OFF: -1}
    workers = []
    for worker in problem.workers:
        past, day = [], problem.start - timedelta(days=1)
        known = history.get(worker.name, {})
        while day in known and known[day] in numbers:
            past.append(numbers[known[day]])
            day -= timedelta(days=1)
        workers.append(replace(worker, history=tuple(past[::-1])))
    return replace(problem, workers=tuple(workers))


def check_names(scenario: Scenario, rules: LabourRules, file: object) -> None:
    """Refuse rules that name shifts which the scenario does not have.

    Raises
    ------
    InputError
        Naming the field.
    """
    known = list(scenario.shifts)
    named = [
        *((f"forbidden.{i}", n) for i, row in enumerate(rules.forbidden) for n in row if n != OFF),
        *((f"skills.{i}.shifts", n) for i, skill in enumerate(rules.skills) for n in skill.shifts),
    ]
    for field, name in named:
        if name not in known:
            allowed = f"a shift of {scenario.name}: {one_of(name, known)}"
            raise InputError(file, field, name, allowed)


def _shift(scenario: Scenario, rules: LabourRules, name: str) -> Shift:
    shift = scenario.shifts[name]
    length = round(shift.hours * 60)
    pause = rules.break_
    unpaid = round(pause.hours * 60) if shift.hours > pause.shift_hours_above else 0
    return Shift(name, round(day_seconds(shift.start) / 60), length, max(length - unpaid, 0))


def _days(scenario: Scenario, name: str, start: date, days: int) -> set[int]:
    on = scenario.shifts[name].weekdays
    return {day for day in range(days) if (start.weekday() + day) % 7 in on}


def _skills(
    team: Team, rules: LabourRules, kept: Sequence[str], rows: tuple[tuple[int, ...], ...]
) -> Iterator[Need]:
    for skill in rules.skills:
        if not skill.roles or team.role in skill.roles:
            yield Need(
                skill.skill,
                tuple(
                    tuple(
                        min(skill.least, n) if not skill.shifts or name in skill.shifts else 0
                        for name, n in zip(kept, row, strict=True)
                    )
                    for row in rows
                ),
            )
