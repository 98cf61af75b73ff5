"""The main job: simulate a scenario."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.base import INTERRUPTED, console, interruptible, keep, progress, say_json
from sim.cli.options import (
    FILE,
    SEED,
    Json,
    Kept,
    Part,
    Patience,
    Seed,
    above_zero,
    only_with,
    option,
    takes,
)
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.engine.simulation import Simulation
    from sim.measure.checkpoint import Checkpoint
    from sim.measure.measured import MeasuredOutcome

_BYTES = 90.0  # of a result, for each matter; measured: 114
_EVERY = {"default": 7.0, "show_default": True, "help": "Days between checkpoints."}


@dataclass(frozen=True)
class RunOptions(Json, Patience, Kept, Seed, Part):
    """How a scenario is run."""

    replication: int = option(type=SEED, default=0, show_default=True)
    policy: str = option(
        default="priority",
        show_default=True,
        help="By name (`sim policies`), or your own: module:Class or path/to/file.py:Class.",
    )
    plan: Path | None = option(
        type=FILE,
        metavar="FILE",
        help="Who works when and where (`sim plan` writes one); the staff of the base year by "
        "default.",
    )
    replans: Sequence[str] = option(
        "--replan",
        multiple=True,
        metavar="DAY=FILE",
        help="Another plan from a day on, such as 2.5=plan.csv for noon of the third. Repeatable.",
    )
    routes: Path | None = option(
        type=FILE, metavar="FILE", help="Patrol routes, by `sim optimize patrol`."
    )
    engine: str = option(default="compiled", show_default=True, help="compiled or simpy.")
    pace: float | None = option(
        type=float, help="Run against the clock: simulated seconds a second."
    )
    check: bool = option(is_flag=True, help="Check the invariants all along (slower).")
    keep_warm_up: bool = option(
        is_flag=True, help="Keep the whole warm-up in the result; it is measured no more for that."
    )
    checkpoint: Path | None = option(
        type=FILE,
        metavar="DIR",
        help="Save the run there now and then; `sim resume DIR` goes on from the last time.",
    )
    every: float = option(**_EVERY)

    @property
    def following(self) -> list[tuple[float, Path]]:
        """The plans that follow the first, each with its day."""
        return [_replan(text) for text in self.replans]


@dataclass(frozen=True)
class ResumeOptions(Json, Patience, Kept):
    """How a run is gone on with."""

    every: float = option(**_EVERY)
    policy: str | None = option(
        help="Needed where the run began with your own: module:Class or path/to/file.py:Class."
    )


@click.command()
@click.argument("scenario")
@takes(RunOptions)
def run(scenario: str, options: RunOptions) -> None:
    """Simulate a scenario and say what became of every ticket.

    Ctrl-C ends the run early and keeps what there is; a second one drops it. What --out is to
    hold is kept before anything is said.
    """
    import sim
    from sim.measure import store
    from sim.policy import limited

    above_zero(pace=options.pace, every=options.every, policy_timeout=options.policy_timeout)
    only_with("out", options.out is not None, "overwrite", "plots")
    only_with("checkpoint", options.checkpoint is not None, "every")
    following = options.following
    if options.out is not None:
        store.check_target(options.out, options.overwrite)
    if options.checkpoint is not None:
        from sim.measure.checkpoint import Checkpoint, check_place

        if options.pace is not None:
            place = str(options.checkpoint)
            raise InputError("command line", "checkpoint", place, "no run with --pace")
        check_place(options.checkpoint)
    with progress("prepare"):
        simulation = sim.prepare(
            options.load(scenario),
            routes=options.routes,
            seed=options.seed,
            replication=options.replication,
            policy=options.policy,
            plan=options.plan,
            replans=following,
            engine=options.engine,
            check=options.check,
            keep_warm_up=options.keep_warm_up,
        )
    if options.out is not None:
        _check_disk(simulation, options.out)
    for path in (options.plan, *(path for _, path in following)):
        if path is not None:
            _say_plan(path, simulation)
    with interruptible() as stopped:
        with limited(simulation.policy, options.policy_timeout):
            saved = None
            if options.checkpoint is not None:
                saved = Checkpoint(options.checkpoint, simulation, options.policy)
            if options.pace is None:
                _drive(simulation, stopped, saved, options.every)
            else:
                _drive_live(simulation, stopped, options.pace)
            outcome = sim.recorded(simulation)
        _end(outcome, simulation.horizon, stopped, options, options.as_json)


@click.command()
@click.argument("folder", type=FILE, metavar="DIR")
@takes(ResumeOptions)
def resume(folder: Path, options: ResumeOptions) -> None:
    """Go on with a run that `sim run --checkpoint DIR` began and that did not end.

    A folder names no code: a policy of your own is named again, and must be the same.
    """
    import sim
    from sim.measure import store
    from sim.measure.checkpoint import resume as go_on
    from sim.measure.checks import check_outcome
    from sim.policy import limited

    above_zero(every=options.every, policy_timeout=options.policy_timeout)
    only_with("out", options.out is not None, "overwrite", "plots")
    if options.out is not None:
        store.check_target(options.out, options.overwrite)
    with progress("prepare"):
        simulation, saved = go_on(folder, options.policy, options.policy_timeout)
    click.echo(f"going on from day {_day(simulation.now)}", err=True)
    with interruptible() as stopped:
        with limited(simulation.policy, options.policy_timeout):
            _drive(simulation, stopped, saved, options.every)
            outcome = sim.recorded(simulation)
        check_outcome(outcome, folder)
        _end(outcome, simulation.horizon, stopped, options, options.as_json)


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
    outcome: MeasuredOutcome,
    horizon: float,
    stopped: Callable[[], bool],
    kept: Kept,
    as_json: bool,
) -> None:
    """Keep what became of a run that is over, or was stopped, then say it."""
    if outcome.until <= 0:
        said = "in the warm-up, before anything is measured"
        click.echo(f"stopped at day {_day(outcome.until)}, {said}", err=True)
        click.get_current_context().exit(INTERRUPTED)
    if outcome.until < horizon:
        click.echo(f"stopped at day {_day(outcome.until)}: results up to there", err=True)
    if kept.out is not None:
        _gather(outcome, kept.plots)
        keep(kept.out, lambda folder: _keep(outcome, folder, kept, stopped))
    told = outcome.summary()
    if as_json:
        say_json(told.facts)
    else:
        console().print(told)


def _day(time: float) -> str:
    """Write an instant in days; those before time 0 are negative."""
    return f"{time / 86400:.2f}".replace("-", "−")


def _gather(outcome: MeasuredOutcome, plots: bool) -> None:
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
    time = simulation.scenario.time
    days = time.days + time.warm_up_days * simulation.keep_warm_up
    check_beside(out, room=_BYTES * daily * days)
    if isinstance(simulation, CompiledSimulation):
        simulation.keep_parts_beside(out.absolute().parent)


def _drive(
    simulation: Simulation, stopped: Callable[[], bool], saved: Checkpoint | None, every: float
) -> None:
    """Run to the end with a bar, or to where it is stopped, saving it every so many days."""
    begins, length = simulation.begins, simulation.horizon - simulation.begins
    step = max(length / 400, 1.0)
    due = simulation.now + every * 86400
    with progress("simulate") as report:
        while simulation.now < simulation.horizon and not stopped():
            simulation.run(min(simulation.now + step, simulation.horizon))
            report((simulation.now - begins) / length)
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
    from sim.model.planfile import PlanFile

    head = PlanFile.read(path).head
    if head.scenario != simulation.scenario.name:
        click.echo(
            f"the plan {path.name} was made for the scenario {head.scenario}, "
            f"this is {simulation.scenario.name}",
            err=True,
        )


def _keep(outcome: MeasuredOutcome, out: Path, kept: Kept, stopped: Callable[[], bool]) -> None:
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

    store.write(outcome, out, overwrite=kept.overwrite, extra=pictures if kept.plots else None)
