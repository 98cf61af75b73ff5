"""The main job: simulate a scenario."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from sim.cli.base import as_json, console, interruptible, overrides, progress, seed
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.engine.outcome import Outcome
    from sim.engine.simulation import Simulation
    from sim.measure.checkpoint import Checkpoint


@click.command()
@click.argument("scenario")
@overrides
@click.option("--days", type=int, help="Run only the first days.")
@click.option("--district", "districts", multiple=True, metavar="NAME", help="Repeatable.")
@seed
@click.option("--replication", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option(
    "--policy",
    default="priority",
    show_default=True,
    help="By name (`sim policies`), or your own: module:Class or path/to/file.py:Class.",
)
@click.option(
    "--plan",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Who works when and where; the staff of the base year by default.",
)
@click.option(
    "--replan",
    "replans",
    multiple=True,
    metavar="DAY=FILE",
    help="Another plan from a day on, such as 2.5=plan.csv for noon of the third. Repeatable.",
)
@click.option("--engine", default="compiled", show_default=True, help="compiled or simpy.")
@click.option("--pace", type=float, help="Run against the clock: simulated seconds a second.")
@click.option("--routes", metavar="FILE", help="Patrol routes, by `sim optimize patrol`.")
@click.option("--out", type=click.Path(path_type=Path), help="Write tables, KPIs and plots there.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier result in --out.")
@click.option("--plots/--no-plots", default=True, help="Whether --out gets pictures.")
@click.option("--check", is_flag=True, help="Check the invariants all along (slower).")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Save the run there now and then; `sim resume DIR` goes on from the last time.",
)
@click.option("--every", default=7.0, show_default=True, help="Days between checkpoints.")
@as_json
def run(
    scenario: str,
    overrides: Sequence[str],
    days: int | None,
    districts: Sequence[str],
    seed: int | None,
    replication: int,
    policy: str,
    plan: Path | None,
    replans: Sequence[str],
    engine: str,
    pace: float | None,
    routes: str | None,
    out: Path | None,
    overwrite: bool,
    plots: bool,
    check: bool,
    checkpoint: Path | None,
    every: float,
    as_json: bool,
) -> None:
    """Simulate a scenario and say what became of every ticket.

    Ctrl-C ends the run early and keeps what there is; a second one drops it.
    """
    import sim
    from sim.measure import store

    for field, value in (("pace", pace), ("every", every)):
        if value is not None and not value > 0:
            raise InputError("command line", field, value, "a number above 0")
    following = [_replan(text) for text in replans]
    if out is not None:
        store.check_target(out, overwrite)
        _check_writable(out)
    with progress("prepare"):
        simulation = sim.prepare(
            sim.load(
                scenario, [*overrides, *([f"patrol.routes={json.dumps(routes)}"] if routes else [])]
            ),
            days=days,
            districts=list(districts),
            seed=seed,
            replication=replication,
            policy=policy,
            plan=plan,
            replans=following,
            engine=engine,
            check=check,
        )
    saved = None
    if checkpoint is not None:
        from sim.measure.checkpoint import Checkpoint

        if pace is not None:
            raise InputError("command line", "checkpoint", str(checkpoint), "no run with --pace")
        saved = Checkpoint(checkpoint, simulation, policy)
    whole = _drive(simulation, saved, every) if pace is None else _drive_live(simulation, pace)
    for path in (*([plan] if plan is not None else []), *(path for _, path in following)):
        _say_plan(path, simulation)
    _end(simulation, whole, as_json, out, overwrite, plots)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--every", default=7.0, show_default=True, help="Days between checkpoints.")
@click.option("--out", type=click.Path(path_type=Path), help="Write tables, KPIs and plots there.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier result in --out.")
@click.option("--plots/--no-plots", default=True, help="Whether --out gets pictures.")
@click.option(
    "--policy",
    help="Needed where the run began with your own: module:Class or path/to/file.py:Class.",
)
@as_json
def resume(
    folder: Path,
    every: float,
    out: Path | None,
    overwrite: bool,
    plots: bool,
    policy: str | None,
    as_json: bool,
) -> None:
    """Go on with a run that `sim run --checkpoint DIR` began and that did not end.

    A folder names no code: a policy of your own is named again, and must be the same.
    """
    from sim.measure import store
    from sim.measure.checkpoint import resume as go_on

    if not every > 0:
        raise InputError("command line", "every", every, "a number above 0")
    if out is not None:
        store.check_target(out, overwrite)
        _check_writable(out)
    with progress("prepare"):
        simulation, saved = go_on(folder, policy)
    click.echo(f"going on from day {simulation.now / 86400:.2f}", err=True)
    whole = _drive(simulation, saved, every)
    _end(simulation, whole, as_json, out, overwrite, plots, folder)


def _replan(text: str) -> tuple[float, Path]:
    """Read from which day on which plan is to be in force."""
    day, equals, path = text.partition("=")
    try:
        if equals and path:
            return float(day), Path(path)
    except ValueError:
        pass
    raise InputError("command line", "replan", text, "DAY=FILE, such as 2.5=plan.csv")


def _end(
    simulation: Simulation,
    whole: bool,
    as_json: bool,
    out: Path | None,
    overwrite: bool,
    plots: bool,
    resumed: Path | None = None,
) -> None:
    """Say what became of a run that is over, or was stopped, and keep it."""
    from sim.engine.simulation import recorded
    from sim.measure.checks import check_outcome

    outcome = recorded(simulation)
    if resumed is not None:
        check_outcome(outcome, resumed)
    if out is not None:
        _gather(outcome, plots)
    if not whole:
        click.echo(f"stopped at day {outcome.until / 86400:.2f}: results up to there", err=True)
    _tell(outcome, as_json)
    if out is not None:
        _keep(outcome, out, overwrite, plots)


def _gather(outcome: Outcome, plots: bool) -> None:
    """Count what the tables and the pictures rest on, and the summary with them, in one pass."""
    from sim.measure import store
    from sim.measure.fold import gather

    wanted = store.requests()
    if plots:
        from sim.measure.plots import gallery

        wanted += gallery.requests(outcome)
    with progress("count"):
        gather(outcome, wanted)


def _check_writable(out: Path) -> None:
    """Find out before the work is done whether its result can be kept."""
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=out.absolute().parent):
            pass
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            "command line", "out", str(out), f"a place that can be written to ({reason})"
        ) from None


def _drive(simulation: Simulation, saved: Checkpoint | None = None, every: float = 7.0) -> bool:
    """Run to the end with a bar, saving it every so many days; False if Ctrl-C ended it."""
    step = max(simulation.horizon / 400, 1.0)
    due = simulation.now + every * 86400
    with interruptible() as stopped, progress("simulate") as report:
        while simulation.now < simulation.horizon and not stopped():
            simulation.run(min(simulation.now + step, simulation.horizon))
            report(simulation.now / simulation.horizon)
            if saved is not None and simulation.now >= due:
                saved.save()
                due = simulation.now + every * 86400
    if saved is not None:
        saved.save()
    return simulation.now >= simulation.horizon


def _drive_live(simulation: Simulation, pace: float) -> bool:
    """Run against the clock with the counters on the terminal; False if Ctrl-C ended it."""
    from sim.live.session import Session, Stop
    from sim.live.terminal import shown

    session = Session(simulation, pace)
    with interruptible(lambda: session.post(Stop())), shown(session, console(stderr=True)) as show:
        session.run(show)
    return simulation.now >= simulation.horizon


def _say_plan(path: Path, simulation: Simulation) -> None:
    """Say where the plan is from, and warn if it was made for something else."""
    from sim.model.planfile import read_head

    head = read_head(path)
    if head.scenario != simulation.scenario.name:
        click.echo(
            f"the plan {path.name} was made for the scenario {head.scenario}, "
            f"this is {simulation.scenario.name}",
            err=True,
        )


def _tell(outcome: Outcome, as_json: bool) -> None:
    from sim.measure.summary import summary

    told = summary(outcome)
    if as_json:
        click.echo(json.dumps(told.facts, ensure_ascii=False, indent=1))
    else:
        console().print(told)


def _keep(outcome: Outcome, out: Path, overwrite: bool, plots: bool) -> None:
    from sim.measure import store

    def pictures(folder: Path) -> None:
        from sim.measure.plots import save_all

        with progress("draw") as report:
            save_all(outcome, folder / "plots", report)

    store.write(outcome, out, overwrite=overwrite, extra=pictures if plots else None)
    click.echo(f"written: {out}", err=True)
