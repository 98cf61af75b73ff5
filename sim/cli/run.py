"""The main job: simulate a scenario."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.base import (
    as_json,
    console,
    interruptible,
    keep,
    overrides,
    policy_timeout,
    progress,
    say_json,
    seed,
)
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.engine.outcome import Outcome
    from sim.engine.simulation import Simulation
    from sim.measure.checkpoint import Checkpoint

_BYTES = 90.0  # of a result, for each matter; measured: 114


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
@policy_timeout
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
    policy_timeout: float,
    as_json: bool,
) -> None:
    """Simulate a scenario and say what became of every ticket.

    Ctrl-C ends the run early and keeps what there is; a second one drops it. What --out is to
    hold is kept before anything is said.
    """
    import sim
    from sim.engine.simulation import recorded
    from sim.measure import store
    from sim.policy import limited

    for field, value in (("pace", pace), ("every", every), ("policy-timeout", policy_timeout)):
        if value is not None and not value > 0:
            raise InputError("command line", field, value, "a number above 0")
    following = [_replan(text) for text in replans]
    if out is not None:
        store.check_target(out, overwrite)
    if checkpoint is not None:
        from sim.measure.checkpoint import Checkpoint, check_place

        if pace is not None:
            raise InputError("command line", "checkpoint", str(checkpoint), "no run with --pace")
        check_place(checkpoint)
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
    if out is not None:
        _check_disk(simulation, out)
    for path in (*([plan] if plan is not None else []), *(path for _, path in following)):
        _say_plan(path, simulation)
    with interruptible() as stopped:
        with limited(simulation.policy, policy_timeout):
            saved = None if checkpoint is None else Checkpoint(checkpoint, simulation, policy)
            if pace is None:
                _drive(simulation, stopped, saved, every)
            else:
                _drive_live(simulation, stopped, pace)
            outcome = recorded(simulation)
        _end(outcome, simulation.horizon, stopped, as_json, out, overwrite, plots)


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
@policy_timeout
@as_json
def resume(
    folder: Path,
    every: float,
    out: Path | None,
    overwrite: bool,
    plots: bool,
    policy: str | None,
    policy_timeout: float,
    as_json: bool,
) -> None:
    """Go on with a run that `sim run --checkpoint DIR` began and that did not end.

    A folder names no code: a policy of your own is named again, and must be the same.
    """
    from sim.engine.simulation import recorded
    from sim.measure import store
    from sim.measure.checkpoint import resume as go_on
    from sim.measure.checks import check_outcome
    from sim.policy import limited

    for field, value in (("every", every), ("policy-timeout", policy_timeout)):
        if not value > 0:
            raise InputError("command line", field, value, "a number above 0")
    if out is not None:
        store.check_target(out, overwrite)
    with progress("prepare"):
        simulation, saved = go_on(folder, policy, policy_timeout)
    click.echo(f"going on from day {simulation.now / 86400:.2f}", err=True)
    with interruptible() as stopped:
        with limited(simulation.policy, policy_timeout):
            _drive(simulation, stopped, saved, every)
            outcome = recorded(simulation)
        check_outcome(outcome, folder)
        _end(outcome, simulation.horizon, stopped, as_json, out, overwrite, plots)


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
    outcome: Outcome,
    horizon: float,
    stopped: Callable[[], bool],
    as_json: bool,
    out: Path | None,
    overwrite: bool,
    plots: bool,
) -> None:
    """Keep what became of a run that is over, or was stopped, then say it."""
    if outcome.until < horizon:
        click.echo(f"stopped at day {outcome.until / 86400:.2f}: results up to there", err=True)
    if out is not None:
        _gather(outcome, plots)
        keep(out, lambda folder: _keep(outcome, folder, overwrite, plots, stopped))
    _tell(outcome, as_json)


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


def _check_disk(simulation: Simulation, out: Path) -> None:
    """Find out before the work is done whether its result can be kept, and record it there."""
    from sim.engine.compiled_engine.engine import CompiledSimulation
    from sim.workload.arrivals import Demand
    from sim.writing import check_beside

    daily = float(Demand.build(simulation.scenario, simulation.city).matters.sum())
    check_beside(out, room=_BYTES * daily * simulation.scenario.time.days)
    if isinstance(simulation, CompiledSimulation):
        simulation.keep_parts_beside(out.absolute().parent)


def _drive(
    simulation: Simulation, stopped: Callable[[], bool], saved: Checkpoint | None, every: float
) -> None:
    """Run to the end with a bar, or to where it is stopped, saving it every so many days."""
    step = max(simulation.horizon / 400, 1.0)
    due = simulation.now + every * 86400
    with progress("simulate") as report:
        while simulation.now < simulation.horizon and not stopped():
            simulation.run(min(simulation.now + step, simulation.horizon))
            report(simulation.now / simulation.horizon)
            if saved is not None and simulation.now >= due:
                saved.save()
                due = simulation.now + every * 86400
    if saved is not None:
        saved.save()


def _drive_live(simulation: Simulation, stopped: Callable[[], bool], pace: float) -> None:
    """Run against the clock with the counters on the terminal, or to where it is stopped."""
    from sim.live.session import Session, Snapshot, Stop
    from sim.live.terminal import shown

    session = Session(simulation, pace)
    with shown(session, console(stderr=True)) as show:

        def look(snapshot: Snapshot) -> None:
            if show is not None:
                show(snapshot)
            if stopped():
                session.post(Stop())

        session.run(look)


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
        say_json(told.facts)
    else:
        console().print(told)


def _keep(
    outcome: Outcome, out: Path, overwrite: bool, plots: bool, stopped: Callable[[], bool]
) -> None:
    """Write tables and pictures; Ctrl-C while that is done leaves out what is not drawn yet."""
    from sim.measure import store

    before = stopped()  # a run that was stopped early gets its pictures

    def pictures(folder: Path) -> None:
        from sim.measure.plots import PLOTS, save_all

        with progress("draw") as report:
            drawn = save_all(outcome, folder / "plots", report, lambda: stopped() and not before)
        if len(drawn) < len(PLOTS):
            missing = ", ".join(list(PLOTS)[len(drawn) :])
            click.echo(f"stopped: not drawn: {missing}", err=True)

    store.write(outcome, out, overwrite=overwrite, extra=pictures if plots else None)
