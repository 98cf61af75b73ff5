"""Rosters: named workers to shifts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.base import console, interruptible, keep, progress, say_json
from sim.cli.options import FILE, Districts, Json, Seed, option, takes
from sim.errors import InputError
from sim.processors import processors

if TYPE_CHECKING:
    from sim.model.setup import Setup
    from sim.optimize.roster import LabourRules, Roster, RosterProblem, Worker
    from sim.optimize.roster.team import Team
    from sim.scenario import Scenario


@dataclass(frozen=True)
class RosterOptions(Json, Seed, Districts):
    """Who is put on which shifts, by which rules."""

    roles: Sequence[str] = option(
        "--role",
        multiple=True,
        metavar="NAME",
        help="hotline, town-centre, district-centre, gridworker or a department. Repeatable.",
    )
    start: datetime | None = option(
        type=click.DateTime(["%Y-%m-%d"]), help="The scenario's by default."
    )
    days: int = option(type=click.IntRange(1, 92), default=28, show_default=True)
    rules_file: Path | None = option("--rules", type=FILE, help="TOML: labour rules that differ.")
    requests_file: Path | None = option(
        "--requests", type=FILE, help="CSV: leave, wishes, fixed duty."
    )
    names_file: Path | None = option("--names", type=FILE, help="CSV: who is in the teams.")
    history_file: Path | None = option(
        "--history", type=FILE, help="CSV: the roster before (roster.csv)."
    )
    spare: float = option(
        type=click.FloatRange(-0.9, 5),
        default=0.0,
        show_default=True,
        help="Share of people more than the hours need, without --names.",
    )
    time_limit: float = option(
        type=click.FloatRange(0.1, 36000),
        default=30.0,
        show_default=True,
        help="For each roster, s: work that takes about so long, the same on every machine.",
    )
    processes: int | None = option(
        type=click.IntRange(1, 1024), help="As many as there are cores by default."
    )
    out: Path | None = option(type=FILE, help="Write CSV, iCalendar and pictures there.")
    overwrite: bool = option(is_flag=True, help="Replace an earlier roster in --out.")

    def check(self) -> None:
        """Check what Click's ranges let through."""
        for name, value in (("spare", self.spare), ("time-limit", self.time_limit)):
            if isnan(value):  # which lies in every range
                raise InputError("command line", name, value, "a number")
        if self.start is not None and not 1900 <= self.start.year <= 2200:
            allowed = "a day from 1900 to 2200, as a scenario's"
            raise InputError("command line", "start", str(self.start.date()), allowed)


@click.command()
@click.argument("plan")
@takes(RosterOptions)
def roster(plan: str, options: RosterOptions) -> None:
    """Put named workers on shifts, under labour rules.

    PLAN is a plan file, or a scenario for its own staffing. Each post of the plan is filled on
    every day of its shift; posts that nobody can fill are shown and not refused. Ctrl-C gives the
    best so far.
    """
    from sim.model.staffing import base_plan
    from sim.optimize.roster import load_rules
    from sim.optimize.roster.store import check_target
    from sim.optimize.roster.summary import summary
    from sim.optimize.roster.team import check_names, chosen, teams

    options.check()
    if options.out is not None:
        check_target(options.out, options.overwrite)
    rules = load_rules(options.rules_file)
    setup = _read(plan, options)
    scenario = setup.scenario
    staffing = base_plan(scenario, setup.city) if setup.plan is None else setup.plan
    check_names(scenario, rules, options.rules_file or "rules")
    # a scenario is restricted to its districts; a plan file is of its own, and here are some
    within = options.districts if _is_file(plan) else ()
    picked = chosen(teams(scenario, setup.city, staffing), options.roles, within)
    if not picked:
        wanted = ", ".join((*options.roles, *options.districts)) or "posts"
        raise InputError(plan, "teams", wanted, "roles and districts that have posts together")
    first = scenario.time.start if options.start is None else options.start.date()
    problems, titles = [], {}
    for problem, zh in _problems(picked, scenario, rules, first, options):
        problems.append(problem)
        titles[problem.team] = zh
    used = scenario.seed if options.seed is None else options.seed
    made = _make(problems, used, options.time_limit, options.processes or processors())
    if not made:
        raise InputError("command line", "Ctrl-C", "at once", "time for at least one roster")
    missing = [p.team for n, p in enumerate(problems) if n not in made]
    rosters = [made[n] for n in sorted(made)]
    title = f"{scenario.title_en} · {scenario.title_zh}"
    where = f"{picked[0].name} {picked[0].name_zh}" if len(picked) == 1 else f"{len(picked)} teams"
    told = summary(
        rosters,
        f"{title}: roster 排班 of {where}, {options.days} days from {first}",
        f"plan {plan}, rules {options.rules_file or 'china'}, seed {used}, "
        f"limit {options.time_limit:g} s a roster",
        missing,
    )
    if options.out is not None:
        from sim.optimize.roster.store import write

        def write_all(folder: Path) -> None:
            with progress("write") as report:
                write(
                    folder,
                    rosters,
                    json.loads(json.dumps(told.facts, default=str)),
                    timezone=scenario.time.timezone,
                    titles=titles,
                    overwrite=options.overwrite,
                    progress=report,
                )

        keep(options.out, write_all)
    if options.as_json:
        say_json(told.facts, default=str)
    else:
        console().print(told)


def _is_file(plan: str) -> bool:
    """Return whether it is a plan file that is named, rather than a scenario."""
    return Path(plan).suffix == ".csv"


def _read(plan: str, options: RosterOptions) -> Setup:
    """Read a plan file with its scenario, or take the scenario's own staffing."""
    import sim
    from sim.model.planfile import PlanFile
    from sim.model.setup import Setup
    from sim.scenario.layers import parse_overrides

    if not _is_file(plan):
        return Setup.of(options.load(plan))
    head = PlanFile.read(Path(plan)).head
    scenario = sim.load(head.scenario, parse_overrides(options.settings))
    return Setup.of(scenario, districts=head.districts, plan=plan)


def _problems(
    picked: Sequence[Team],
    scenario: Scenario,
    rules: LabourRules,
    first: date,
    options: RosterOptions,
) -> Iterator[tuple[RosterProblem, str]]:
    """Make the problems, each with the Chinese name of its team."""
    from sim.optimize.roster import tables_in
    from sim.optimize.roster.team import problems, with_history, with_requests

    shifts = list(scenario.shifts)
    people: dict[str, list[Worker]] = {}
    if options.names_file is not None:
        people = tables_in.read_people(options.names_file, rules, shifts)
        tables_in.of_teams(people, [team.name for team in picked], options.names_file)
    found = [
        (problem, team.name_zh)
        for team in picked
        for problem in problems(
            team,
            scenario,
            rules,
            start=first,
            days=options.days,
            people=people.get(team.name) or people.get("", []),
            spare=options.spare,
        )
    ]
    workers = [worker.name for problem, _ in found for worker in problem.workers]
    requests = []
    if options.requests_file is not None:
        requests = tables_in.read_requests(options.requests_file, workers, shifts, first)
    history = {}
    if options.history_file is not None:
        history = tables_in.read_history(options.history_file, shifts)
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
