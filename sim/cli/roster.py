"""Rosters: named workers to shifts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.base import (
    as_json,
    console,
    interruptible,
    keep,
    overrides,
    progress,
    say_json,
    seed,
)
from sim.errors import InputError
from sim.processors import processors

if TYPE_CHECKING:
    from sim.city.city import City
    from sim.model.plan import Plan
    from sim.optimize.roster import LabourRules, Roster, RosterProblem, Worker
    from sim.optimize.roster.team import Team
    from sim.scenario import Scenario

_file = click.Path(path_type=Path)


@click.command()
@click.argument("plan")
@overrides
@click.option("--district", "districts", multiple=True, metavar="NAME", help="Repeatable.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    metavar="NAME",
    help="hotline, town-centre, district-centre, gridworker or a department. Repeatable.",
)
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]), help="The scenario's by default.")
@click.option("--days", type=click.IntRange(1, 92), default=28, show_default=True)
@click.option("--rules", "rules_file", type=_file, help="TOML: labour rules that differ.")
@click.option("--requests", "requests_file", type=_file, help="CSV: leave, wishes, fixed duty.")
@click.option("--names", "names_file", type=_file, help="CSV: who is in the teams.")
@click.option("--history", "history_file", type=_file, help="CSV: the roster before (roster.csv).")
@click.option(
    "--spare",
    type=click.FloatRange(-0.9, 5),
    default=0.0,
    show_default=True,
    help="Share of people more than the hours need, without --names.",
)
@seed
@click.option(
    "--time-limit",
    type=click.FloatRange(0.1, 36000),
    default=30.0,
    show_default=True,
    help="For each roster, s: work that takes about so long, the same on every machine.",
)
@click.option(
    "--processes", type=click.IntRange(1, 1024), help="As many as there are cores by default."
)
@click.option("--out", type=_file, help="Write CSV, iCalendar and pictures there.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier roster in --out.")
@as_json
def roster(
    plan: str,
    overrides: Sequence[str],
    districts: Sequence[str],
    roles: Sequence[str],
    start: datetime | None,
    days: int,
    rules_file: Path | None,
    requests_file: Path | None,
    names_file: Path | None,
    history_file: Path | None,
    spare: float,
    seed: int | None,
    time_limit: float,
    processes: int | None,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Put named workers on shifts, under labour rules.

    PLAN is a plan file, or a scenario for its own staffing. Each post of the plan is filled on
    every day of its shift; posts that nobody can fill are shown and not refused. Ctrl-C gives the
    best so far.
    """
    from sim.optimize.roster import load_rules
    from sim.optimize.roster.store import check_target
    from sim.optimize.roster.summary import summary
    from sim.optimize.roster.team import check_names, chosen, teams

    for option, value in (("spare", spare), ("time-limit", time_limit)):
        if isnan(value):  # which lies in every range
            raise InputError("command line", option, value, "a number")
    if start is not None and not 1900 <= start.year <= 2200:
        allowed = "a day from 1900 to 2200, as a scenario's"
        raise InputError("command line", "start", str(start.date()), allowed)
    if out is not None:
        check_target(out, overwrite)
    rules = load_rules(rules_file)
    scenario, city, staffing = _read(plan, overrides, districts)
    check_names(scenario, rules, rules_file or "rules")
    # a scenario is restricted to its districts; a plan file is of its own, and here are some
    within = districts if Path(plan).suffix == ".csv" else ()
    picked = chosen(teams(scenario, city, staffing), roles, within)
    if not picked:
        wanted = ", ".join((*roles, *districts)) or "posts"
        raise InputError(plan, "teams", wanted, "roles and districts that have posts together")
    first = scenario.time.start if start is None else start.date()
    problems, titles = [], {}
    for problem, zh in _problems(
        picked, scenario, rules, first, days, names_file, spare, requests_file, history_file
    ):
        problems.append(problem)
        titles[problem.team] = zh
    used = scenario.seed if seed is None else seed
    made = _make(problems, used, time_limit, processes or processors())
    if not made:
        raise InputError("command line", "Ctrl-C", "at once", "time for at least one roster")
    missing = [p.team for n, p in enumerate(problems) if n not in made]
    rosters = [made[n] for n in sorted(made)]
    title = f"{scenario.title_en} · {scenario.title_zh}"
    where = f"{picked[0].name} {picked[0].name_zh}" if len(picked) == 1 else f"{len(picked)} teams"
    told = summary(
        rosters,
        f"{title}: roster 排班 of {where}, {days} days from {first}",
        f"plan {plan}, rules {rules_file or 'china'}, seed {used}, limit {time_limit:g} s a roster",
        missing,
    )
    if out is not None:
        from sim.optimize.roster.store import write

        def write_all(folder: Path) -> None:
            with progress("write") as report:
                write(
                    folder,
                    rosters,
                    json.loads(json.dumps(told.facts, default=str)),
                    timezone=scenario.time.timezone,
                    titles=titles,
                    overwrite=overwrite,
                    progress=report,
                )

        keep(out, write_all)
    if as_json:
        say_json(told.facts, default=str)
    else:
        console().print(told)


def _read(
    plan: str, overrides: Sequence[str], districts: Sequence[str]
) -> tuple[Scenario, City, Plan]:
    """Read a plan file with its scenario, or take the scenario's own staffing."""
    import sim
    from sim.city.city import City
    from sim.model.planfile import read_head, read_plan
    from sim.model.staffing import base_plan
    from sim.scenario import restrict

    if Path(plan).suffix == ".csv":
        head = read_head(Path(plan))
        scenario = sim.load(head.scenario, list(overrides))
        scenario = restrict(scenario, districts=list(head.districts))
        city = City.build(scenario)
        scenario, staffing = read_plan(Path(plan), scenario, city)
        return scenario, city, staffing
    scenario = restrict(sim.load(plan, list(overrides)), districts=list(districts))
    city = City.build(scenario)
    return scenario, city, base_plan(scenario, city)


def _problems(
    picked: Sequence[Team],
    scenario: Scenario,
    rules: LabourRules,
    first: date,
    days: int,
    names_file: Path | None,
    spare: float,
    requests_file: Path | None,
    history_file: Path | None,
) -> Iterator[tuple[RosterProblem, str]]:
    """Make the problems, each with the Chinese name of its team."""
    from sim.optimize.roster import tables_in
    from sim.optimize.roster.team import problems, with_history, with_requests

    shifts = list(scenario.shifts)
    people: dict[str, list[Worker]] = {}
    if names_file is not None:
        people = tables_in.read_people(names_file, rules, shifts)
        tables_in.of_teams(people, [team.name for team in picked], names_file)
    found = [
        (problem, team.name_zh)
        for team in picked
        for problem in problems(
            team,
            scenario,
            rules,
            start=first,
            days=days,
            people=people.get(team.name) or people.get("", []),
            spare=spare,
        )
    ]
    workers = [worker.name for problem, _ in found for worker in problem.workers]
    requests = []
    if requests_file is not None:
        requests = tables_in.read_requests(requests_file, workers, shifts, first)
    history = {} if history_file is None else tables_in.read_history(history_file, shifts)
    for problem, zh in found:
        yield with_history(with_requests(problem, requests), history), zh


def _make(
    problems: Sequence[RosterProblem], seed: int, seconds: float, processes: int
) -> dict[int, Roster]:
    from sim.optimize.roster import make_all
    from sim.optimize.roster.search import SECONDS

    made: dict[int, Roster] = {}
    with interruptible() as stopped, _line(len(problems)) as tell:
        for number, roster in make_all(
            problems,
            seed=seed,
            work=seconds / SECONDS,
            processes=processes,
            stopped=stopped,
            report=lambda cost, bound: tell(len(made), f"best {cost:,.0f}, bound {bound:,.0f}"),
        ):
            made[number] = roster
            gap = sum(roster.gap for roster in made.values())
            tell(len(made), f"gap so far {gap:,.0f}")
        if stopped():
            click.echo(f"stopped: {len(made)} of {len(problems)} rosters", err=True)
    return made


@contextmanager
def _line(total: int) -> Iterator[Callable[[int, str], None]]:
    """Show how many rosters there are and how good the one in hand is, on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _words: None
        return
    with console(stderr=True).status("roster") as status:
        yield lambda done, words: status.update(f"roster {done} of {total}: {words} points")
