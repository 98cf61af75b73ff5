"""How many, where and on which shift."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from sim.cli.base import console, interruptible, keep, say_json
from sim.cli.options import Json, Part, PlanOut, Seed, option, takes
from sim.engine import ENGINES
from sim.writing import check_file

if TYPE_CHECKING:
    from rich.console import Console

    from sim.optimize.staffing.answer import Answer


@dataclass(frozen=True)
class StaffingOptions(Json, PlanOut, Seed, Part):
    """What is asked of the optimizer."""

    targets: Sequence[str] = option(
        "--target",
        multiple=True,
        required=True,
        metavar="MEASURE>=VALUE",
        help="Such as close.on_time>=95% or arrive.on_time@department>=0.9; see `sim measures`. "
        "Repeatable.",
    )
    budget: float | None = option(type=float, metavar="YUAN", help="A week, for all staff.")
    patrol: str = option(default="keep", show_default=True, help="keep or worth.")
    patterns: str = option(default="daily", show_default=True, help="scenario, daily or tours.")
    method: str = option(default="mol", show_default=True, help="sipp, lag or mol.")
    replications: int = option(default=4, show_default=True, help="Of the search; 4 times fresh.")
    confidence: float = option(default=0.95, show_default=True, help="One-sided, of each target.")
    time_limit: float = option(default=600.0, show_default=True, metavar="S", help="Of the search.")
    prices: bool = option(
        "--prices/--no-prices",
        default=True,
        show_default=True,
        help="Of a point more, by simulation.",
    )
    engine: str = option(default=ENGINES[0], show_default=True)
    policy: str = option(default="priority", show_default=True)


@click.command()
@click.argument("scenario")
@takes(StaffingOptions)
def staffing(scenario: str, options: StaffingOptions) -> None:
    """Find the cheapest staffing of SCENARIO that keeps all targets.

    Roles that no target speaks of keep the staff of the base year. Ctrl-C gives the best so far.
    The plan goes to --out; `sim run SCENARIO --plan FILE` runs it. The exit code is 1 if a target
    is not kept.
    """
    import sim
    from sim.optimize.staffing.answer import facts

    if options.out is not None:
        check_file(options.out, options.overwrite)
    chosen = options.load(scenario)
    with interruptible() as stopped, _incumbent() as report:
        answer = sim.optimize_staffing(
            chosen,
            options.targets,
            budget=options.budget,
            patrol=options.patrol,
            patterns=options.patterns,
            method=options.method,
            replications=options.replications,
            confidence=options.confidence,
            time_limit=options.time_limit,
            prices=options.prices,
            engine=options.engine,
            policy=options.policy,
            seed=options.seed,
            report=report,
            stopped=stopped,
        )
    if options.out is not None:
        keep(options.out, answer.save)
    if options.as_json:
        say_json(facts(answer))
    else:
        _tell(answer)
    if not answer.found.proved:
        click.get_current_context().exit(1)


@contextmanager
def _incumbent() -> Iterator[Callable[[str, float, float], None]]:
    """Show the incumbent and its gap on stderr, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _what, _cost, _gap: None
        return
    with console(stderr=True).status("surrogate") as status:

        def report(what: str, cost: float, gap: float) -> None:
            status.update(
                f"{what}: {cost:,.0f} yuan a week, at most {gap:.1%} above the bound by work; "
                "Ctrl-C gives the best so far"
            )

        yield report


def _tell(answer: Answer) -> None:
    screen = console()
    found, scenario = answer.found, answer.scenario
    title = f"{scenario.title_en} · {scenario.title_zh}: staffing 人员配置"
    screen.print(title, style="bold", highlight=False)
    screen.print(
        f"scenario {scenario.name} {answer.base_hash[:12]}, {scenario.time.days} days, engine "
        f"{answer.problem.engine}, policy {answer.problem.policy}, seed {answer.seed}, "
        f"{answer.runs} runs"
    )
    ended = {
        "proved": f"every target is kept in {len(found.looked)} fresh replications, "
        f"one-sided confidence {found.confidence:.4g}",
        "stopped": "stopped: the best so far, not proved on fresh replications",
        "looks": "not every target is kept for sure in fresh replications",
        "stuck": "no more staff helps",
        "budget": "the best that was found for the budget",
    }[found.ended]
    minimal = "; no single post can go" if found.minimal and found.ended != "budget" else ""
    screen.print(f"{ended}{minimal}\n")
    for reason in answer.unmet:
        screen.print("not kept 未达标", style="red", end=" ")
        screen.print(reason, highlight=False)
    _service_table(screen, answer)
    _cost_table(screen, answer)
    screen.print(
        f"bound by work 工作量下界: {answer.work_bound:,.0f} of {answer.decided_cost:,.0f} yuan a "
        "week of the roles decided; all work of a mean week done within it, nobody ever idle\n"
        f"bound of the cover 覆盖下界: {answer.cover_bound:,.0f}, cover {answer.cover_cost:,.0f}: "
        "of the surrogate's requirements by these shift patterns"
    )
    for target, price in answer.prices.items():
        run = "" if price.simulated is None else f"{price.simulated:+,.0f} in simulation, "
        screen.print(
            f"one point more of {target}: {run}{price.surrogate:+,.0f} by the surrogate, "
            "yuan a week"
        )
    _patrol_table(screen, answer)


def _service_table(console: Console, answer: Answer) -> None:
    from rich.table import Table

    from sim.optimize.staffing.answer import Compared, misses

    found = answer.found
    if found.fresh is None:
        return
    table = Table(box=None, title="Service 服务水平, mean and interval of the worst group")
    table.add_column("")
    for target in answer.targets:
        table.add_column(str(target), justify="right")
    table.add_column("yuan a week", justify="right")
    table.add_column("posts", justify="right")
    ours = Compared("this plan 本方案", answer.cost.total, found.fresh, found.posts)
    for row in (ours, *answer.compared):
        verdict = row.verdict
        cells = []
        for i in range(len(answer.targets)):
            worst = int(verdict.slack(i, answer.problem.confidence).argmin())
            mean = verdict.mean(i)[worst]
            reach = verdict.reach(i, (1 + answer.problem.confidence) / 2)[worst]
            cells.append(f"{mean:.4g} [{mean - reach:.4g}, {mean + reach:.4g}]")
        count = "" if row.posts is None else f"{int(row.posts.sum()):,}"
        table.add_row(row.name, *cells, f"{row.cost:,.0f}", count)
    console.print(table)
    for compared in answer.compared:
        for line in misses(answer, compared):
            console.print(f"  {compared.name} misses {line}", highlight=False)
    console.print(
        "  the cost at other demand is that of the surrogate's change; its service is this plan's\n"
    )


def _cost_table(console: Console, answer: Answer) -> None:
    from rich.table import Table

    table = Table(box=None, title="Cost 成本, yuan a week")
    for name in ("", "2018", "this plan 本方案", "change"):
        table.add_column(name, justify="right" if name else "left")
    before, after = answer.cost_today, answer.cost
    roles = {
        "hotline": "12345 话务员",
        "centres": "linkage centres 联动中心",
        "crews": "department crews 部门人员",
        "gridworkers": "gridworkers 专职网格员",
        "part_time": "part-time observers 兼职网格员",
        "total": "all 合计",
    }
    for role, label in roles.items():
        old, new = getattr(before, role), getattr(after, role)
        change = f"{(new - old) / old:+.1%}" if old else ""
        table.add_row(label, f"{old:,.0f}", f"{new:,.0f}", change)
    console.print(table)


def _patrol_table(console: Console, answer: Answer) -> None:
    from rich.table import Table

    table = Table(
        box=None, title="Patrol 巡查: gridworkers given out by what the next one finds, a week"
    )
    for name in ("gridworkers", "found", "calls spared", "crew hours spared", "worth", "cost"):
        table.add_column(name, justify="right")
    for row in answer.patrol:
        table.add_row(*(f"{row[key]:,.0f}" for key in row))
    console.print(table)
