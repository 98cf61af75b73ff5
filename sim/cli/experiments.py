"""Experiments: scenarios, plans, patrols and policies compared, sweeps, and their reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.base import INTERRUPTED, console, interruptible, keep, progress, say_json
from sim.cli.options import FILE, Json, Part, Patience, Seed, option, takes
from sim.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table

    from sim.api.experiments import ExperimentOptions
    from sim.experiment.compare import Comparison
    from sim.experiment.headroom import Headroom

STOPPED_BY_POLICY = 1
"""Exit code when an arm was stopped by what its policy did; the others went on."""


@dataclass(frozen=True)
class Replicated(Json, Patience, Seed, Part):
    """How arms are replicated and compared."""

    replications: int = option(
        "--replications", "-n", default=10, show_default=True, help="Of each arm."
    )
    targets: Sequence[str] = option(
        "--target",
        multiple=True,
        metavar="MEASURE",
        help="What is compared (`sim measures`), such as close.p90, close.p90@department=police, "
        "close.on_time.worst@district. Repeatable; --precision and --select look at the first.  "
        "[default: attended.on_time, resolved.on_time, arrive.p90, close.p90]",
    )
    of: str = option(
        metavar="GROUP",
        default="",
        help="Of whom targets are that do not say: district=Gusu, or each department.",
    )
    precision: str | None = option(
        metavar="5%",
        help="Add replications until the intervals reach no further than this: a share of the "
        "baseline's mean (of a share: points), or a number in the measure's unit.",
    )
    max_replications: int = option(default=200, show_default=True)
    confidence: float = option(default=0.95, show_default=True, help="Of all intervals at once.")
    common_warm_up: bool = option(
        is_flag=True,
        help="Let all arms begin from one state at time 0, that of the first; by default each "
        "warms up under its own plan and policy.",
    )
    select: bool = option(is_flag=True, help="Select the best arm (Kim and Nelson's KN).")
    indifference: str | None = option(
        help="For --select: the smallest difference that matters.  [default: 1%]"
    )
    pcs: float | None = option(
        type=float, help="For --select: probability of being right.  [default: 0.95]"
    )
    bound: bool | None = option(
        "--bound/--no-bound",
        default=None,
        help="Show how far the best dispatch could be; by default with a policy like hindsight.",
    )
    engine: str = option(default="compiled", show_default=True, help="compiled or simpy.")
    workers: int | None = option(type=int, help="Processes; one for each processor by default.")
    cluster: str | None = option(
        metavar="tcp://HOST:PORT", help="Run on the workers of a Dask scheduler."
    )
    out: Path | None = option(
        type=FILE,
        help="Keep each finished replication there, and go on from what is there.",
    )
    plots: bool = option("--plots/--no-plots", default=True, help="Whether --out gets pictures.")

    def asked(self, progress: Callable[[float], None]) -> ExperimentOptions:
        """Return them as `sim.compare` takes them."""
        return {
            "replications": self.replications,
            "targets": self.targets,
            "of": self.of,
            "precision": self.precision,
            "max_replications": self.max_replications,
            "confidence": self.confidence,
            "warm_up": "base" if self.common_warm_up else "own",
            "select": self.select,
            "indifference": self.indifference,
            "probability": self.pcs,
            "bound": self.bound,
            "seed": self.seed,
            "engine": self.engine,
            "policy_timeout": self.policy_timeout,
            "workers": self.workers,
            "cluster": self.cluster,
            "out": self.out,
            "progress": progress,
        }


@dataclass(frozen=True)
class CompareOptions(Replicated):
    """What is compared with what."""

    policies: str = option(
        default="priority",
        show_default=True,
        metavar="A,B,...",
        help="By name (`sim policies`), or module:Class or file.py:Class.",
    )
    plans: Sequence[str] = option(
        "--plan",
        multiple=True,
        metavar="FILE",
        help="Compare with this plan; `base` is the staff of the base year. Repeatable.",
    )
    routes: Sequence[str] = option(
        multiple=True,
        metavar="FILE",
        help="Compare with these patrol routes (`sim optimize patrol`); `base` is what the "
        "scenario says: every grid's loop, if nothing. Repeatable.",
    )


@dataclass(frozen=True)
class SweepOptions(Replicated):
    """What is varied."""

    vary: Sequence[str] = option(
        multiple=True,
        required=True,
        metavar="KEY=A,B,...",
        help="A field and its values, such as staff_scale.crews=0.8,1.0,1.2; the first of each "
        "makes the baseline. Repeat it for a grid.",
    )
    policies: str = option(default="priority", show_default=True, metavar="A,B,...")
    plan: Path | None = option(
        type=FILE, metavar="FILE", help="Who works when and where, in all of them."
    )


@click.command()
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO...")
@takes(CompareOptions)
def compare(scenarios: Sequence[str], options: CompareOptions) -> None:
    """Compare scenarios, dispatch policies, plans, patrol routes, each with each.

    Every arm meets the same matters; the first of each makes the baseline. --set, --days and
    --district hold for all scenarios. Exit code 1: a policy was stopped, the others are told.
    """
    import sim
    from sim.experiment.design import named_scenarios

    def run(report: Callable[[float], None]) -> Comparison:
        return sim.compare(
            named_scenarios([options.load(name) for name in scenarios], scenarios),
            {name: name for name in _listed(options.policies, "policies")},  # as they are typed
            plans=options.plans,
            routes=options.routes,
            **options.asked(report),
        )

    _run(run, options)


@click.command()
@click.argument("scenario")
@takes(SweepOptions)
def sweep(scenario: str, options: SweepOptions) -> None:
    """Compare a scenario with itself as some of its fields vary."""
    import sim
    from sim.experiment.sweep import Vary
    from sim.scenario.layers import parse_overrides

    fields = Vary.parse_all(options.vary)

    def run(report: Callable[[float], None]) -> Comparison:
        return sim.sweep(
            scenario,
            {one.key: one.values for one in fields},
            _listed(options.policies, "policies"),
            overrides=parse_overrides(options.settings),
            days=options.days,
            districts=options.districts,
            warm_up_days=options.warm_up,
            plan=options.plan,
            **options.asked(report),
        )

    _run(run, options)


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


def _run(run: Callable[[Callable[[float], None]], Comparison], options: Replicated) -> None:
    """Run an experiment with a bar, keep what it found, and say it."""
    context, out = click.get_current_context(), options.out
    try:
        with progress("replicate") as bar:
            found = run(bar)
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
        keep(out, lambda folder: _keep(found, folder, options.plots))
    _tell(found, options.as_json)
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


def _bounds(headroom: Sequence[Headroom]) -> Table:
    from rich.table import Table

    from sim.experiment.words import interval_text, metric_name

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("bounded metric 有上限的指标", overflow="fold", min_width=20)
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


def _warm_up(settings: Mapping[str, Any]) -> str:
    days = settings["warm_up_days"]
    if not any(days):
        return "no warm-up"
    said = "/".join(map(str, days if len(set(days)) > 1 else days[:1]))
    of = " of the first arm" if settings["warm_up"] == "base" else ""
    return f"after {said} days of warm-up{of}"


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
    # long names fold, figures do not
    table.add_column("metric 指标", overflow="fold", min_width=20)
    table.add_column("arm 方案", overflow="fold", min_width=9)
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
        f"{settings['engine']}, {_warm_up(settings)}; all differences hold "
        f"at once with {100 * settings['confidence']:g} %",
        style="dim",
    )
