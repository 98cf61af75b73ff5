"""The command line."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.errors import InputError

if TYPE_CHECKING:
    from sim.engine.outcome import Outcome
    from sim.engine.simpy_engine.engine import Simulation

overrides = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a field of the scenario, such as hotline.talk_mean_s=240. Repeatable.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")


class _Group(click.Group):
    """Commands that report bad input in one line, with exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InputError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(2)
        except BrokenPipeError:  # the reader of a pipe has seen enough
            sys.stderr.close()
            ctx.exit(0)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="suzhou-dispatch", prog_name="sim")
def main() -> None:
    """Simulate the dispatch of a city that governs itself by grids.

    SCENARIO is a TOML file, or the name of one that comes with the package (`sim list`).
    """


@main.command("list")
def list_scenarios() -> None:
    """List the scenarios that come with the package."""
    from sim.scenario import load, shipped_names

    for name in shipped_names():
        scenario = load(name)
        click.echo(f"{name:<16} {scenario.title_en} · {scenario.title_zh}")


@main.command()
@click.argument("scenario")
@overrides
def validate(scenario: str, overrides: Sequence[str]) -> None:
    """Check a scenario, its tables and its sources."""
    from sim.city import City
    from sim.scenario import load

    loaded = load(scenario, overrides)
    city = City.build(loaded)
    click.echo(
        f"{loaded.name}: valid; {len(city.district_name)} districts, {len(city.town_name)} towns, "
        f"{len(city.grid_xy):,} grids, {len(loaded.categories)} categories, "
        f"{len(loaded.departments)} departments, {loaded.time.days} days; "
        f"{len(loaded.figures)} figures with a source; hash {loaded.content_hash[:12]}"
    )


@main.command()
@click.argument("scenario")
@overrides
@click.option("--resolved", is_flag=True, help="Print the whole, overlays merged, as TOML.")
@as_json
def show(scenario: str, overrides: Sequence[str], resolved: bool, as_json: bool) -> None:
    """Show a scenario: a summary, or all of it."""
    from sim.scenario import load, to_toml
    from sim.scenario.resolve import resolved as resolve

    loaded = load(scenario, overrides)
    if as_json:
        click.echo(json.dumps(resolve(loaded), ensure_ascii=False, indent=1, default=str))
    elif resolved:
        click.echo(to_toml(loaded), nl=False)
    else:
        places = ", ".join(loaded.area.include) or f"all {len(loaded.district_table)} districts"
        click.echo(f"{loaded.name}: {loaded.title_en} · {loaded.title_zh}")
        click.echo(f"{places}; {loaded.time.days} days from {loaded.time.start}")
        click.echo(f"made of {', '.join(p.name for p in loaded.source_files)}")
        for change in (*loaded.demand, *loaded.surges):
            click.echo(f"{change.name}: × {change.factor:g}")
        click.echo(f"seed {loaded.seed}, hash {loaded.content_hash}")


@main.command()
@click.argument("scenario")
@overrides
@click.option("--basis", type=click.Choice(["published", "measured", "assumed", "command line"]))
@as_json
def sources(scenario: str, overrides: Sequence[str], basis: str | None, as_json: bool) -> None:
    """List every figure of a scenario with its source."""
    from dataclasses import asdict

    from sim.scenario import load

    figures = [f for f in load(scenario, overrides).figures if basis in (None, f.basis)]
    if as_json:
        rows = [asdict(figure) for figure in figures]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1, default=str))
        return
    width = max((len(figure.path) for figure in figures), default=0)
    for figure in figures:
        value = str(figure.value)
        value = value if len(value) <= 20 else value[:19] + "…"
        click.echo(f"{figure.path:<{width}}  {value:<20}  {figure.basis:<12}  {figure.note}")


@main.command()
@click.argument("a")
@click.argument("b")
@as_json
def diff(a: str, b: str, as_json: bool) -> None:
    """List in what two scenarios differ."""
    from sim.scenario import diff as differ
    from sim.scenario import load

    changes = differ(load(a), load(b))
    if as_json:
        rows = [{"path": path, "a": left, "b": right} for path, left, right in changes]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1, default=str))
        return
    for path, left, right in changes:
        click.echo(
            f"{path}: {left if left is not None else '–'} → {right if right is not None else '–'}"
        )


@main.command()
def schema() -> None:
    """Print the JSON schema of a scenario file."""
    from sim.scenario import json_schema

    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=1))


@main.command()
@click.argument("scenario")
@overrides
@click.option("--district", "districts", multiple=True, metavar="NAME", help="Repeatable.")
@click.option("--weeks", default=5, show_default=True, help="How long each district is run.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="The scenario's own by default.")
@click.option(
    "--write",
    type=click.Path(path_type=Path),
    help="Write the table of categories with its column `reported` as measured.",
)
@as_json
def calibrate(
    scenario: str,
    overrides: Sequence[str],
    districts: Sequence[str],
    weeks: int,
    seed: int | None,
    write: Path | None,
    as_json: bool,
) -> None:
    """Compare runs with the published volumes and closing rate.

    Of the matters that a citizen would report, some are found by somebody else first. The
    table says how many are reported, by category, and how many the scenario assumes.
    """
    from sim.experiment.calibration import calibrate as run_calibration
    from sim.experiment.calibration import with_reported
    from sim.scenario import load

    if write is not None and write.exists():
        raise InputError("command line", "write", str(write), "a new file")
    loaded = load(scenario, list(overrides))
    with _progress("calibrate") as report:
        found = run_calibration(loaded, districts, weeks=weeks, seed=seed, progress=report)
    shares = {
        "12345 requests, run over published": found.hotline,
        "110 calls, run over published": found.police,
        "closing rate of 12345 at the end of the period": found.closing_rate,
    }
    if as_json:
        facts = {
            "hotline": found.hotline._asdict(),
            "police": found.police._asdict(),
            "open_s": found.open_s._asdict(),
            "closing_rate": found.closing_rate._asdict(),
            "reported": json.loads(found.reported.to_json(orient="records")),
        }
        click.echo(json.dumps(facts, ensure_ascii=False, indent=1))
    else:
        click.echo(found.reported.to_string(index=False, float_format="%.3f"))
        for name, interval in shares.items():
            click.echo(f"{name}: {interval}")
    if write is not None:
        write.write_text(with_reported(loaded.source_files[-1], found.reported), encoding="utf-8")
        click.echo(f"written: {write}", err=True)


@main.command()
@click.argument("scenario")
@overrides
@click.option("--days", type=int, help="Run only the first days.")
@click.option("--district", "districts", multiple=True, metavar="NAME", help="Repeatable.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="The scenario's own by default.")
@click.option("--replication", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option(
    "--policy", default="priority", show_default=True, help="fifo, priority, nearest or edd."
)
@click.option("--engine", default="simpy", show_default=True)
@click.option("--pace", type=float, help="Run against the clock: simulated seconds a second.")
@click.option("--out", type=click.Path(path_type=Path), help="Write tables, KPIs and plots there.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier result in --out.")
@click.option("--plots/--no-plots", default=True, help="Whether --out gets pictures.")
@click.option("--check", is_flag=True, help="Check the invariants all along (slower).")
@as_json
def run(
    scenario: str,
    overrides: Sequence[str],
    days: int | None,
    districts: Sequence[str],
    seed: int | None,
    replication: int,
    policy: str,
    engine: str,
    pace: float | None,
    out: Path | None,
    overwrite: bool,
    plots: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Simulate a scenario and say what became of every ticket.

    Ctrl-C ends the run early and keeps what there is; a second one drops it.
    """
    import sim
    from sim.measure import store

    if pace is not None and not pace > 0:
        raise InputError("command line", "pace", pace, "a number above 0")
    if out is not None:
        store.check_target(out, overwrite)
    with _progress("prepare") as report:
        report(0.0)
        simulation = sim.prepare(
            sim.load(scenario, list(overrides)),
            days=days,
            districts=list(districts),
            seed=seed,
            replication=replication,
            policy=policy,
            engine=engine,
            check=check,
        )
    whole = _drive(simulation) if pace is None else _drive_live(simulation, pace)
    outcome = simulation.outcome()
    if not whole:
        click.echo(f"stopped at day {outcome.until / 86400:.2f}: results up to there", err=True)
    _tell(outcome, as_json)
    if out is not None:
        _keep(outcome, out, overwrite, plots)


def _drive(simulation: Simulation) -> bool:
    """Run to the end with a bar; False if Ctrl-C ended it."""
    step = max(simulation.horizon / 400, 1.0)
    with _interruptible() as stopped, _progress("simulate") as report:
        while simulation.now < simulation.horizon and not stopped():
            simulation.run(min(simulation.now + step, simulation.horizon))
            report(simulation.now / simulation.horizon)
    return simulation.now >= simulation.horizon


def _drive_live(simulation: Simulation, pace: float) -> bool:
    """Run against the clock with the counters on the terminal; False if Ctrl-C ended it."""
    from rich.console import Console

    from sim.live.session import Session, Stop
    from sim.live.terminal import shown

    session = Session(simulation, pace)
    with _interruptible(lambda: session.post(Stop())), shown(session, Console(stderr=True)) as show:
        session.run(show)
    return simulation.now >= simulation.horizon


def _tell(outcome: Outcome, as_json: bool) -> None:
    from rich.console import Console

    from sim.measure.summary import summary

    told = summary(outcome)
    if as_json:
        click.echo(json.dumps(told.facts, ensure_ascii=False, indent=1))
    else:
        console = Console()
        if not console.is_terminal:
            console = Console(width=120)
        console.print(told)


def _keep(outcome: Outcome, out: Path, overwrite: bool, plots: bool) -> None:
    from sim.measure import store

    def pictures(folder: Path) -> None:
        from sim.measure.plots import save_all

        with _progress("draw") as report:
            save_all(outcome, folder / "plots", report)

    store.write(outcome, out, overwrite=overwrite, extra=pictures if plots else None)
    click.echo(f"written: {out}", err=True)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[float], None]]:
    """Show a bar with the time left on stderr, if that is a terminal, after two seconds."""
    if not sys.stderr.isatty():
        yield lambda _share: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    begun = time.monotonic()
    task = bar.add_task(what, total=1.0)
    try:

        def report(share: float) -> None:
            if not bar.live.is_started and time.monotonic() - begun > 2:
                bar.start()
            bar.update(task, completed=share)

        yield report
    finally:
        bar.stop()


@contextmanager
def _interruptible(also: Callable[[], None] | None = None) -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a wish to stop between two events; the second is the usual one."""
    asked = False

    def handle(_signal: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        if also is not None:
            also()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    main()
