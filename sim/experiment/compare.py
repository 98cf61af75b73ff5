"""Comparing arms: replications until the answer is exact enough, differences, a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.city.city import City
from sim.engine.warm import before_time_0
from sim.errors import InputError
from sim.experiment import plots
from sim.experiment.arm import Arm
from sim.experiment.difference import Difference, difference_table, differences
from sim.experiment.executor import Executor
from sim.experiment.experiment import Experiment, Failed
from sim.experiment.folder import check_folder
from sim.experiment.headroom import Headroom, headroom_verdict, measure_headroom
from sim.experiment.parts import Parts
from sim.experiment.pool import Pool
from sim.experiment.precision import Precision
from sim.experiment.replication import ENGINE
from sim.experiment.selection import Floats, Selection, kim_nelson
from sim.experiment.steady import unsteady_verdict
from sim.experiment.words import amount, metric_name, verdict
from sim.measure.catalogue import TARGETS
from sim.measure.intervals import mean_interval
from sim.measure.metric import POLICY
from sim.measure.query import CITY, Query, check_of
from sim.measure.tables import names
from sim.policy import PolicyFigure
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

WARM_UPS = ("own", "base")
MOST = 100_000
"""The most replications of an arm: parts number them in five digits."""

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Select:
    """A wish to have the best arm of the first target selected.

    Attributes
    ----------
    indifference : Precision
        The smallest difference that matters.
    probability : float
        Of correct selection.
    """

    indifference: Precision
    probability: float = 0.95

    def __post_init__(self) -> None:
        if not 0.5 <= self.probability < 1:
            raise InputError("command line", "pcs", self.probability, "a share from 0.5, below 1")


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """What an experiment found.

    Attributes
    ----------
    question : str
    arms : tuple of Arm
        The first that runs to its end is the baseline.
    metrics : pandas.DataFrame
        See `Experiment.metrics`.
    differences : list of Difference
        Of all arms that did not fail from the baseline, in all targets.
    failed : list of Failed
        Arms that were stopped.
    selection : Selection, optional
    settings : dict
        How it was asked: seed, replications, confidence, warm-up, engine, ...
    exact : bool, optional
        Whether the precision asked for was met.
    headroom : tuple of Headroom
        Each arm that did not fail against the bound, if that was asked for.
    """

    question: str
    arms: tuple[Arm, ...]
    metrics: pd.DataFrame
    differences: list[Difference]
    failed: list[Failed]
    selection: Selection | None
    settings: dict[str, Any]
    exact: bool | None = None
    headroom: tuple[Headroom, ...] = ()

    def __repr__(self) -> str:
        return "\n".join([self.question, *(f"· {line}" for line in self.verdict)])

    @property
    def verdict(self) -> list[str]:
        """What was found, in plain language, a sentence each."""
        said = []
        if self.selection is not None:
            one = self.selection
            name = metric_name(one.metric)[0]
            if one.complete:
                far = amount(one.indifference, one.unit)
                sure = f"with probability {one.probability:g} no other is better by {far} or more"
            else:
                sure = "but only as the best so far; allow more with --max-replications"
            said.append(f"{one.best} is selected on {name}: {sure}")
        said += verdict(self.differences)
        said += headroom_verdict(self.headroom)
        said += unsteady_verdict(self.metrics)
        if self.exact is False:
            precision = self.settings["precision"]
            said.append(
                f"not as exact as asked ({precision}) after {self.settings['replications']} "
                "replications; allow more with --max-replications"
            )
        return said

    @property
    def table(self) -> pd.DataFrame:
        """The differences, a row each; see `difference_table`."""
        return difference_table(self.differences)

    @property
    def headroom_table(self) -> pd.DataFrame:
        """What each arm reached beside the bound: ``metric, unit, arm, n`` and intervals."""
        import pandas as pd

        return pd.DataFrame([one.row() for one in self.headroom])

    @property
    def plot(self) -> ComparisonPlots:
        """Its pictures by name, such as ``comparison.plot.differences()``."""
        return ComparisonPlots(self)

    @property
    def told(self) -> dict[str, dict[str, PolicyFigure]]:
        """What policies told of their own work, by arm and name: means over replications."""
        rows = self.metrics[self.metrics["metric"].str.startswith(POLICY)]
        means = rows.groupby(["arm", "metric", "unit"], sort=False)["value"].mean()
        told: dict[str, dict[str, PolicyFigure]] = {}
        for (arm, metric, unit), value in means.items():
            told.setdefault(arm, {})[metric.removeprefix(POLICY)] = PolicyFigure(float(value), unit)
        return told

    def _repr_html_(self) -> str:
        from html import escape

        said = "".join(f"<li>{escape(line)}</li>" for line in self.verdict)
        failed = "".join(
            f"<li>{escape(one.arm)} was stopped: {escape(one.message)}</li>" for one in self.failed
        )
        return f"<b>{escape(self.question)}</b><ul>{said}{failed}</ul>"


class ComparisonPlots:
    """The pictures of a comparison, each a matplotlib figure."""

    def __init__(self, found: Comparison) -> None:
        self._of = found.metrics, found.differences

    def differences(self) -> Figure:
        """Draw each arm's difference from the baseline with its interval, a panel a measure."""
        return plots.plot_differences(*self._of)

    def ecdf(self) -> Figure:
        """Draw how response times are distributed in each arm."""
        return plots.plot_ecdf(*self._of)

    def trade_off(self) -> Figure:
        """Draw what each arm costs against what it keeps."""
        return plots.plot_trade_off(*self._of)


def compare_arms(
    arms: Sequence[Arm],
    *,
    question: str,
    replications: int = 10,
    targets: Sequence[str] = (),
    of: str = "",
    precision: Precision | None = None,
    max_replications: int = 200,
    confidence: float = 0.95,
    warm_up: str = "own",
    select: Select | None = None,
    seed: int | None = None,
    engine: str = ENGINE,
    policy_timeout: float = 10.0,
    bound: bool | None = None,
    executor: Executor | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Replicate arms with common random numbers, and compare them with the first.

    Parameters
    ----------
    replications : int
        Of each arm, at least two; more are added for ``precision`` and ``select``.
    targets : sequence of str
        Measures, as `sim.measure.query` has them; those of `sim.measure.catalogue.TARGETS` by
        default. Precision and selection look at the first.
    of : str
        Of whom they are where they do not say, such as ``district=Gusu`` or ``department``.
    precision : Precision, optional
        How short the intervals of the first target must be.
    confidence : float
        With which all intervals hold at once.
    warm_up : str
        ``own``: each arm warms up under its own plan and policy; ``base``: all begin from the
        state of the first at time 0.
    select : Select, optional
        To have the best selected.
    bound : bool, optional
        Whether to show how far the best dispatch could be, see `sim.experiment.bound`; by default
        where a policy has ``hindsight``.
    executor : Executor, optional
        A `Pool` of all processors by default.
    out : Path, optional
        Where finished replications are kept, and found again: a folder for this comparison alone.

    Raises
    ------
    InputError
        If an option is not allowed, ``out`` is of another experiment, or fewer than two arms run
        to their end.
    """
    _check(arms, replications, confidence, policy_timeout)
    _check_warm_up(arms, warm_up)
    asked = _asked(targets or TARGETS, of, arms[0].scenario, one=select is not None)
    used = arms[0].scenario.seed if seed is None else seed
    if out is not None:
        check_folder(out, question, arms, seed=used, engine=engine, of=of)
    with executor if executor is not None else Pool() as running:
        experiment = Experiment(
            arms,
            used,
            running,
            Parts(out / "parts") if out is not None else None,
            engine,
            policy_timeout,
            any(arm.hindsight for arm in arms) if bound is None else bound,
            tuple(sorted({q.by for each in asked for q in each} - {CITY, "district"})),
            arms[0] if warm_up == "base" else None,
        )
        found, count, exact = _until_exact(
            experiment, asked, replications, precision, max_replications,
            confidence, progress,
        )  # fmt: skip
        selection = None
        if select is not None and len(experiment.going) > 1:
            selection = _select(
                experiment, asked[0][0], select, replications, max_replications, progress
            )
    settings: dict[str, Any] = {
        "seed": used,
        "replications": count,
        "baseline": experiment.going[0].label,
        "targets": [str(query) for each in asked for query in each],
        "confidence": confidence,
        "precision": None if precision is None else _said(precision),
        "warm_up": warm_up,
        "warm_up_days": [arm.scenario.time.warm_up_days for arm in arms],
        "engine": engine,
        "policy_timeout_s": policy_timeout,
    }
    failed = [experiment.failed[arm.label] for arm in arms if arm.label in experiment.failed]
    metrics = experiment.metrics()
    going = [arm.label for arm in experiment.going]
    return Comparison(
        question, tuple(arms), metrics, found, failed, selection, settings, exact,
        tuple(measure_headroom(metrics, going, count, confidence)),
    )  # fmt: skip


def _asked(targets: Sequence[str], of: str, scenario: Scenario, *, one: bool) -> list[list[Query]]:
    """Read targets: of each, the single figures that it asks for.

    Parameters
    ----------
    one : bool
        Whether the first must be one figure that is better in one direction: an arm is selected
        by it.
    """
    city = City.build(scenario)
    if of:
        check_of(of, scenario, city)
    asked: dict[Query, list[Query]] = {}
    for text in targets:
        query = Query.parse(text, of=of).within(scenario, city)
        asked[query] = query.each(names(scenario, city, query.by)[0])
    first = next(iter(asked))
    if one and not (first.single and first.better):
        allowed = "for --select: one figure that is better in one direction, such as close.p90"
        raise InputError("command line", "target", str(first), allowed)
    return list(asked.values())


def _check(
    arms: Sequence[Arm], replications: int, confidence: float, policy_timeout: float
) -> None:
    line = "command line"
    for arm in arms:
        _ = arm.policy_name  # a policy that is not there is told before any work is done
    if len(arms) < 2:
        allowed = "at least two: --policies A,B, another SCENARIO, or --plan"
        raise InputError(line, "arms", ", ".join(arm.label for arm in arms), allowed)
    if not 2 <= replications <= MOST:
        raise InputError(line, "replications", replications, f"at least 2, at most {MOST}")
    if not 0.5 <= confidence < 1:
        raise InputError(line, "confidence", confidence, "a share from 0.5, below 1")
    if not policy_timeout > 0:
        raise InputError(line, "policy-timeout", policy_timeout, "a number of seconds above 0")


def _check_warm_up(arms: Sequence[Arm], warm_up: str) -> None:
    """Check that arms can begin from one state, where they are to.

    Raises
    ------
    InputError
        If their scenarios differ in what acts before time 0 and is no staff.
    """
    if warm_up not in WARM_UPS:
        allowed = f"{' or '.join(WARM_UPS)}; its days are warm_up_days"
        raise InputError("command line", "warm-up", warm_up, allowed)
    if warm_up == "own":
        return

    def world(scenario: Scenario) -> str:
        same = {"staff_scale": arms[0].scenario.staff_scale}
        return before_time_0(scenario.model_copy(update=same))

    for arm in arms:
        if world(arm.scenario) != world(arms[0].scenario):
            raise InputError(
                "command line", "common-warm-up", arm.label,
                "arms that differ in plan, staff or policy, or from time 0 on: with others each "
                "warms up by itself",
            )  # fmt: skip


def _said(precision: Precision) -> str:
    return f"{100 * precision.amount:g}%" if precision.relative else f"{precision.amount:g}"


def _until_exact(
    experiment: Experiment,
    asked: Sequence[Sequence[Query]],
    replications: int,
    precision: Precision | None,
    most: int,
    confidence: float,
    progress: Progress | None,
) -> tuple[list[Difference], int, bool | None]:
    """Add replications, all arms alike, until the first target is exact enough."""
    count = replications
    while True:
        experiment.replicate(range(count), progress=progress)
        found = _found(experiment, [q for each in asked for q in each], confidence, count)
        if precision is None:
            return found, count, None
        named = {str(query) for query in asked[0]}
        first = [one for one in found if one.metric in named]
        need = precision.replications(first, count)
        if need <= count or count >= most:
            return found, count, need <= count
        count = min(need, most)


def _found(
    experiment: Experiment, asked: Sequence[Query], confidence: float, count: int
) -> list[Difference]:
    if len(experiment.going) < 2:
        failed = next(iter(experiment.failed.values()))
        raise InputError(
            f"arm {failed.arm}",
            f"replication {failed.replication}",
            "an arm that failed",
            "with fewer than two that run to their end there is nothing to compare. "
            f"What stopped it: {failed.message}",
        )
    baseline = experiment.going[0].label  # of the arms that run, the one named first
    values, units = {}, {}
    for query in asked:
        table = experiment.values(query)
        values[str(query)] = table.loc[table.index < count]
        units[str(query)] = experiment.unit(query)
    return differences(
        values, units, baseline=baseline, confidence=confidence, seed=experiment.seed
    )


def _select(
    experiment: Experiment,
    target: Query,
    wish: Select,
    first: int,
    most: int,
    progress: Progress | None,
) -> Selection:
    """Run the procedure KN, which asks for replications of the arms that are left."""
    arms = experiment.going
    sign = -1.0 if target.better > 0 else 1.0  # the least is selected

    def sample(which: Sequence[int], number: int) -> Floats:
        import numpy as np

        asked = [arms[i] for i in which]
        experiment.replicate([number], asked, progress)
        row = experiment.values(target).loc[number]
        values = np.array([row[arm.label] for arm in asked], dtype=float)
        if not np.isfinite(values).all():
            raise InputError(
                "command line",
                "target",
                str(target),
                f"a metric that has cases in every replication; there are none in {number}",
            )
        return sign * values

    base = mean_interval(experiment.values(target)[arms[0].label].dropna()).estimate
    unit = experiment.unit(target)
    indifference = wish.indifference.absolute(base, unit)
    best, dropped, count, complete = kim_nelson(
        sample,
        len(arms),
        first=first,
        indifference=indifference,
        probability=wish.probability,
        most=max(most, first),
    )
    return Selection(
        arms[best].label,
        str(target),
        unit,
        wish.probability,
        indifference,
        {arms[i].label: r for i, r in sorted(dropped.items())},
        count,
        complete,
    )
