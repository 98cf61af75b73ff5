"""The command centre's counters in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sim.live.session import Session, Snapshot
from sim.measure.counters import COUNTERS
from sim.scenario.localtime import LocalTime

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


def screen(session: Session, snapshot: Snapshot) -> RenderableType:
    """Draw a snapshot: the clock, the pace and the lag, and the counters by district."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    scenario, city = session.simulation.scenario, session.simulation.city
    clock = LocalTime.of(scenario.time).at(snapshot.now)
    line = Text()
    line.append(f"{clock:%Y-%m-%d %H:%M:%S}", style="bold")
    line.append(f"  {scenario.title_en} {scenario.title_zh}")
    behind = Text(f"  pace ×{snapshot.pace:g}, lag {snapshot.lag:.1f} s")
    behind.stylize("red" if snapshot.lag > 1 else "green")
    line.append_text(behind)

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for english, chinese in COUNTERS.values():
        table.add_column(f"{chinese}\n{english}", justify="right", style="cyan")
    columns = (
        snapshot.tickets,
        snapshot.unsigned,
        snapshot.in_hand,
        snapshot.closed,
        snapshot.overdue,
    )
    for d, (name, zh) in enumerate(zip(city.district_name, city.district_name_zh, strict=True)):
        table.add_row(f"{name} {zh}", *(f"{column[d]:,}" for column in columns))
    if len(city.district_name) > 1:
        table.add_section()
        totals = [f"{column.sum():,}" for column in columns]
        table.add_row("together 合计", *totals, style="bold")
    share = (snapshot.now - snapshot.begins) / (snapshot.horizon - snapshot.begins)
    where = "of the run" if snapshot.now >= 0 else "of the run, in its warm-up"
    foot = Text(
        f"{100 * share:.1f} % {where}; {snapshot.undiscovered.sum():,} matters lie "
        f"undiscovered; {snapshot.events:,} events; Ctrl-C ends and keeps the result",
        style="dim",
    )
    return Group(line, "", table, "", foot)


@contextmanager
def shown(session: Session, console: Console) -> Iterator[Callable[[Snapshot], None] | None]:
    """Show a session while it runs, if the console is a terminal; yields what `run` shows to."""
    if not console.is_terminal:
        yield None
        return
    from rich.live import Live

    with Live(console=console, auto_refresh=False, transient=False) as live:

        def show(snapshot: Snapshot) -> None:
            live.update(screen(session, snapshot), refresh=True)

        yield show
