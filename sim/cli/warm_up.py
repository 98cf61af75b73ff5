"""How long a warm-up should be."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import click

from sim.cli.base import console, progress, say_json
from sim.cli.options import FILE, Districts, Json, Patience, Seed, option, takes


@dataclass(frozen=True)
class WarmUpOptions(Json, Patience, Seed, Districts):
    """What is run from an empty city."""

    days: int | None = option(
        type=int, help="How long to run; three times the longest deadline by default."
    )
    replications: int = option("--replications", "-n", default=3, show_default=True)
    policy: str = option(default="priority", show_default=True)
    plan: Path | None = option(type=FILE, metavar="FILE", help="Who works when and where.")
    engine: str = option(default="compiled", show_default=True, help="compiled or simpy.")
    workers: int | None = option(type=int, help="Processes; one for each processor by default.")


@click.command("warm-up")
@click.argument("scenario")
@takes(WarmUpOptions)
def warm_up(scenario: str, options: WarmUpOptions) -> None:
    """Find how many days SCENARIO should warm up before time 0.

    At least the longest deadline, and until all stocks go up and down as ever (MSER-5): open
    tickets, undiscovered matters, and what is with each pool. The last line is for [sources].
    """
    import sim

    with progress("warm up") as report:
        found = sim.find_warm_up(
            options.load(scenario),
            days=options.days,
            replications=options.replications,
            policy=options.policy,
            plan=options.plan,
            seed=options.seed,
            engine=options.engine,
            workers=options.workers,
            policy_timeout=options.policy_timeout,
            progress=report,
        )
    if options.as_json:
        say_json({**asdict(found), "source": found.source, "unit": "d"})
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("stock 存量")
    table.add_column("settled after, days", justify="right")
    for name, days in found.settled.items():
        table.add_row(name, "not settled" if days is None else f"{days:.1f}")
    screen = console()
    screen.print(table)
    screen.print(f"longest deadline: {found.longest_deadline} days")
    unsettled = [name for name, days in found.settled.items() if days is None]
    if unsettled:
        screen.print(
            f"not settled in the first half of {found.run_days} days: {', '.join(unsettled)}; "
            "a longer run may tell (--days), or there is no steady state"
        )
    screen.print(f"warm_up_days = {found.days}", style="bold")
    click.echo(found.source)
