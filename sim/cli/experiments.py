"""Experiments: comparing policies, sweeping over figures, and the report of either."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.base import (
    INTERRUPTED,
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
from sim.clock import DAY
from sim.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table

    from sim.experiment.arm import Arm
    from sim.experiment.compare import Comparison
    from sim.experiment.executor import Executor
    from sim.experiment.headroom import Headroom

STOPPED_BY_POLICY = 1
"""Exit code when an arm was stopped by what its policy did; the others went on."""

_OPTIONS = (
    overrides,
    click.option("--days", type=int, help="Run only the first days."),
    click.option("--district", "districts", multiple=True, metavar="NAME", help="Repeatable."),
    click.option("--replications", "-n", default=10, show_default=True, help="Of each arm."),
    click.option(
        "--target",
        "targets",
        multiple=True,
        metavar="MEASURE",
        help="What is compared (`sim measures`), such as close.p90, close.p90@department=police, "
        "close.on_time.worst@district. Repeatable; --precision and --select look at the first.  "
        "[default: arrive.p90, arrive.on_time, close.p90, close.on_time]",
    ),
    click.option(
        "--of",
        metavar="GROUP",
        default="",
        help="Of whom targets are that do not say: district=Gusu, or each department.",
    ),
    click.option(
        "--precision",
        metavar="5%",
        help="Add replications until the intervals reach no further than this: a share of the "
        "baseline's mean (of a share: points), or a number in the measure's unit.",
    ),
    click.option("--max-replications", default=200, show_default=True),
    click.option("--confidence", default=0.95, show_default=True, help="Of all intervals at once."),
    click.option(
        "--warmup",
        default="0",
        show_default=True,
        metavar="DAYS",
        help="Leave out the first days, or `auto`: as many as MSER-5 finds.",
    ),
    click.option("--select", is_flag=True, help="Select the best arm (Kim and Nelson's KN)."),
    click.option(
        "--indifference",
        default="1%",
        show_default=True,
        help="For --select: the smallest difference that matters.",
    ),
    click.option(
        "--pcs", default=0.95, show_default=True, help="For --select: probability of being right."
    ),
    click.option(
        "--bound/--no-bound",
        default=None,
        help="Show how far the best dispatch could be; by default with a policy like hindsight.",
    ),
    seed,
    click.option("--engine", help="By default that of experiments."),
    policy_timeout,
    click.option("--workers", type=int, help="Processes; one for each processor by default."),
    click.option(
        "--cluster", metavar="tcp://HOST:PORT", help="Run on the workers of a Dask scheduler."
    ),
    click.option(
        "--out",
        type=click.Path(path_type=Path),
        help="Keep each finished replication there, and go on from what is there.",
    ),
    click.option("--plots/--no-plots", default=True, help="Whether --out gets pictures."),
    as_json,
)


def experiment_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that all experiments have."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("scenario")
@click.option(
    "--policies",
    required=True,
    metavar="A,B,...",
    help="The first is the baseline. By name (`sim policies`), or module:Class or file.py:Class.",
)
@click.option(
    "--plan",
    "plans",
    multiple=True,
    metavar="FILE",
    help="Compare with this plan; `base` is the staff of the base year. Repeat it for more plans: "
    "each meets each policy, and the first of both is the baseline.",
)
@click.option(
    "--routes",
    multiple=True,
    metavar="FILE",
    help="Compare with these patrol routes (`sim optimize patrol`); `base` is what the scenario "
    "says: every grid's loop, if nothing. Repeatable, as plans are.",
)
@experiment_options
def compare(
    scenario: str,
    policies: str,
    plans: Sequence[str],
    routes: Sequence[str],
    overrides: Sequence[str],
    days: int | None,
    districts: Sequence[str],
    **options: Any,
) -> None:
    """Compare dispatch policies on a scenario, or plans, or patrol routes, or all of them.

    Every arm meets the same matters. Exit code 1: a policy was stopped, the others are told.
    """
    from sim.experiment.arm import BASE, Arm, routed, with_plans
    from sim.experiment.compare import compare_question

    names = _listed(policies, "policies")
    walks = routed(scenario, routes or [BASE], overrides, days, districts)
    arms = []
    for walk, loaded in walks.items():
        where = [walk] if routes else []
        for name in names:
            which = [name] if len(names) > 1 or not routes else []
            known = ": ".join([loaded.name, *where])
            arms.append(Arm(", ".join(where + which), loaded, name, scenario_label=known))
    if plans:
        arms = with_plans(arms, plans)
    _run(arms, compare_question(arms[0].scenario, arms), **options)


@click.command()
@click.argument("scenario")
@click.option(
    "--vary",
    multiple=True,
    required=True,
    metavar="KEY=A,B,...",
    help="A field and its values, such as staff_scale.crews=0.8,1.0,1.2; the first of each makes "
    "the baseline. Repeat it for a grid.",
)
@click.option("--policies", default="priority", show_default=True, metavar="A,B,...")
@click.option("--plan", metavar="FILE", help="Who works when and where, in all of them.")
@experiment_options
def sweep(
    scenario: str,
    vary: Sequence[str],
    policies: str,
    plan: str | None,
    overrides: Sequence[str],
    days: int | None,
    districts: Sequence[str],
    **options: Any,
) -> None:
    """Compare a scenario with itself as some of its fields vary."""
    from sim.experiment.sweep import Vary, sweep_arms, sweep_question

    fields = [Vary.parse(text) for text in vary]
    arms = sweep_arms(
        scenario,
        fields,
        _listed(policies, "policies"),
        overrides=list(overrides),
        days=days,
        districts=list(districts),
        plan=plan,
    )
    _run(arms, sweep_question(arms[0].scenario.name, fields), **options)


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="By default DIR/report.html.")
def report(directory: Path, out: Path | None) -> None:
    """Write one self-contained page about an experiment that `sim compare` or `sweep` kept."""
    from sim.experiment.report import write_report

    def write(path: Path) -> None:
        click.echo(write_report(directory, path))

    target = directory / "report.html" if out is None else out
    keep(target, write)


@click.command()
def policies() -> None:
    """List the built-in dispatch policies."""
    from inspect import getdoc

    from sim.policy import POLICIES

    for name, policy in POLICIES.items():
        click.echo(f"{name:<18} {(getdoc(policy) or '').splitlines()[0]}")


@click.command()
def measures() -> None:
    """List what is measured: name, unit, which direction is better, what it is called."""
    from sim.measure.listing import lines

    for line in lines():
        click.echo(line)


def _listed(text: str, field: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise InputError("command line", field, text, "names with commas between, each once")
    return names


def executor_for(workers: int | None, cluster: str | None = None) -> Executor:
    """Return where replications are run."""
    from sim.experiment.pool import Pool

    if cluster is not None:
        from sim.experiment.cluster import Cluster

        if workers is not None:
            raise InputError("command line", "workers", workers, "nothing, with --cluster")
        return Cluster(cluster)

    return Pool(workers)


def _run(
    arms: list[Arm],
    question: str,
    *,
    replications: int,
    targets: Sequence[str],
    of: str,
    precision: str | None,
    max_replications: int,
    confidence: float,
    warmup: str,
    select: bool,
    indifference: str,
    pcs: float,
    bound: bool | None,
    seed: int | None,
    engine: str | None,
    policy_timeout: float,
    workers: int | None,
    cluster: str | None,
    out: Path | None,
    plots: bool,
    as_json: bool,
) -> None:
    from sim.engine import find_engine
    from sim.experiment.compare import Select, compare_arms
    from sim.experiment.precision import Precision
    from sim.experiment.replication import ENGINE

    find_engine(engine or ENGINE)
    context = click.get_current_context()
    try:
        with progress("replicate") as bar:
            found = compare_arms(
                arms,
                question=question,
                replications=replications,
                targets=targets,
                of=of,
                precision=Precision.parse(precision) if precision is not None else None,
                max_replications=max_replications,
                confidence=confidence,
                warm_up=_warm_up(warmup),
                select=(
                    Select(Precision.parse(indifference, "indifference"), pcs) if select else None
                ),
                seed=seed,
                engine=engine or ENGINE,
                policy_timeout=policy_timeout,
                bound=bound,
                executor=executor_for(workers, cluster),
                out=out,
                progress=bar,
            )
    except KeyboardInterrupt:
        kept = len(list(out.glob("parts/*/*.json"))) if out is not None else 0
        how = (
            f"{kept} finished replications are kept in {out}; the same command goes on from there"
            if out is not None
            else "nothing is kept; with --out it could go on"
        )
        click.echo(f"stopped: {how}", err=True)
        context.exit(INTERRUPTED)
    if out is not None:
        keep(out, lambda folder: _keep(found, folder, plots))
    _tell(found, as_json)
    for one in found.failed:
        where = f"in replication {one.replication}"
        click.echo(f"error: {one.arm} was stopped {where}: {one.message}", err=True)
    if found.failed:
        context.exit(STOPPED_BY_POLICY)


def _keep(found: Comparison, folder: Path, plots: bool) -> None:
    """Write tables and pictures; Ctrl-C leaves out what is not drawn yet."""
    from sim.experiment.results import write

    with interruptible() as stopped, progress("draw") as bar:
        missing = write(found, folder, plots=plots, stopped=stopped, progress=bar)
    if missing:
        click.echo(f"stopped: not drawn: {', '.join(missing)}", err=True)
    click.echo(f"`sim report {folder}` makes a page of it", err=True)


def _warm_up(text: str) -> Any:
    if text.strip() == "auto":
        return "auto"
    try:
        return float(text) * DAY
    except ValueError:
        raise InputError("command line", "warmup", text, "a number of days, or auto") from None


def _bounds(headroom: Sequence[Headroom]) -> Table:
    from rich.table import Table

    from sim.experiment.words import interval_text, metric_name

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("bounded metric 有上限的指标", no_wrap=True)
    table.add_column("arm 方案", overflow="fold", min_width=9)
    for column in ("mean 均值", "no dispatch beats 上限", "gap closed"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in headroom:
        closed = "–" if one.closed.low != one.closed.low else f"{100 * one.closed.estimate:.0f} %"
        table.add_row(
            " ".join(metric_name(one.metric)).strip(),
            one.arm,
            interval_text(one.mean, one.unit),
            interval_text(one.bound, one.unit),
            closed,
        )
    return table


def _tell(found: Comparison, as_json: bool) -> None:
    from sim.experiment.results import facts
    from sim.experiment.words import amount, interval_text, metric_name

    if as_json:
        say_json(facts(found), default=float)
        return
    from rich.table import Table

    screen = console(140)
    settings = found.settings
    screen.print(found.question, style="bold")
    for line in found.verdict:
        screen.print(f"· {line}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("metric 指标", no_wrap=True)
    table.add_column("arm 方案", overflow="fold")  # long names fold, figures do not
    for column in ("mean 均值", "baseline 基准", "pairs", "pairing saves"):
        table.add_column(column, justify="right", no_wrap=True, min_width=len(column))
    for one in found.differences:
        table.add_row(
            " ".join(metric_name(one.metric)).strip(),
            one.arm,
            interval_text(one.mean, one.unit),
            interval_text(one.base, one.unit),
            str(one.n),
            f"{one.pairing:.3g}×",
        )
    screen.print(table)
    if found.headroom:
        screen.print(_bounds(found.headroom))
    for arm, told in found.told.items():
        figures = ", ".join(f"{name} {amount(*figure)}" for name, figure in told.items())
        screen.print(f"{arm}, of a run 每次运行: {figures}", style="dim")
    screen.print(
        f"{settings['replications']} replications, seed {settings['seed']}, engine "
        f"{settings['engine']}, warm-up {settings['warm_up_days']:.3g} days; all differences hold "
        f"at once with {100 * settings['confidence']:g} %",
        style="dim",
    )
