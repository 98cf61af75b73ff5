"""Experiments: scenarios, plans, patrols and policies compared over the same matters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

from sim.api.scenarios import loaded
from sim.engine import find_engine
from sim.errors import InputError
from sim.experiment.arm import Arm, policy_name
from sim.experiment.compare import Comparison, Select, compare_arms
from sim.experiment.design import (
    Design,
    Plans,
    Policies,
    Routes,
    check_alike,
    named_files,
    named_scenarios,
)
from sim.experiment.executor import Executor, Serial
from sim.experiment.pool import Pool
from sim.experiment.precision import Precision
from sim.experiment.replication import ENGINE
from sim.experiment.sweep import Vary, sweep_design, sweep_question
from sim.experiment.warm_up import PILOTS, WarmUpFound
from sim.experiment.warm_up import find_warm_up as look_for_warm_up
from sim.model.setup import Planned, Setup
from sim.policy import Policy
from sim.scenario import Scenario, restrict
from sim.scenario.layers import Overrides
from sim.several import several

Scenarios = (
    Scenario | str | Path | Sequence[Scenario | str | Path] | Mapping[str, Scenario | str | Path]
)


class ExperimentOptions(TypedDict, total=False):
    """How arms are replicated and compared; see `compare`."""

    replications: int
    targets: Sequence[str]
    of: str
    precision: str | float | None
    max_replications: int
    confidence: float
    warm_up: str
    select: bool
    indifference: str | float | None
    probability: float | None
    bound: bool | None
    seed: int | None
    engine: str
    policy_timeout: float
    workers: int | None
    cluster: str | None
    executor: Executor | None
    out: str | Path | None
    progress: Callable[[float], None] | None


def compare(
    scenarios: Scenarios,
    policies: Policies = "priority",
    *,
    plans: Plans = (),
    routes: Routes = (),
    days: int | None = None,
    districts: Sequence[str] = (),
    warm_up_days: int | None = None,
    question: str | None = None,
    **options: Unpack[ExperimentOptions],
) -> Comparison:
    """Compare scenarios, plans, patrol routes and policies, each with each.

    All arms meet the same matters, replication by replication (common random numbers); the first
    of each makes the baseline.

    Parameters
    ----------
    scenarios : Scenario, str, Path, or a sequence or mapping of them
        Keys of a mapping are labels; else a scenario is called by its name.
    policies : str, Policy, or a sequence or mapping of them
        By name, ``module:Class`` or ``file.py:Class``, or itself.
    plans : sequence of str or Path, or mapping
        Plan files, ``base`` for the staff of the base year; values of a mapping may be plans.
    routes : sequence of str or Path, or mapping
        Tables of patrol routes, ``base`` for what the scenario says.
    days, districts, warm_up_days
        Restrict all scenarios, and say how they warm up; see `load`.
    question : str, optional
        What is asked, for the title; made from what is varied by default.
    replications : int
        Of each arm, at least 2, 10 by default; more are added for ``precision`` and ``select``.
    targets : sequence of str
        Measures that are compared, such as ``close.p90``; the first is the one to be exact in.
    of : str
        Of whom targets are that do not say: ``district=Gusu``, or each ``department``.
    precision : str or float, optional
        How short the intervals of the first target must be: ``"5%"`` of the baseline's mean (of
        a share: points), or a number in the measure's unit.
    max_replications : int
        How many may be added in all, 200 by default.
    confidence : float
        With which all intervals hold at once, 0.95 by default.
    warm_up : str
        ``own``: each arm warms up under its own plan and policy; ``base``: all begin from the
        state of the first at time 0, which takes less time.
    select : bool
        Whether the best arm is selected (Kim and Nelson's KN), with ``indifference``, the
        smallest difference that matters (``"1%"`` by default), and ``probability`` of being right
        (0.95 by default).
    bound : bool, optional
        Whether to show how far the best dispatch could be; by default with a policy that has
        ``hindsight``.
    seed : int, optional
        The first scenario's own by default.
    engine : str
        ``compiled`` or ``simpy``.
    policy_timeout : float
        For a decision of a policy of one's own, s.
    workers : int, optional
        Processes; one for each processor by default. A policy typed into a notebook runs in this
        process.
    cluster : str, optional
        Address of a Dask scheduler, in the place of ``workers``.
    executor : Executor, optional
        One of your own, in the place of both.
    out : str or Path, optional
        A folder for this comparison alone: finished replications are kept there and found again.
    progress : callable, optional
        Told the share done.

    Returns
    -------
    Comparison
        ``verdict``, ``table`` (differences with intervals and units), ``metrics``, ``plot``.

    Raises
    ------
    InputError
        If an option, scenario, plan, table or policy is not allowed, or fewer than two arms run
        to their end.
    """
    design = Design(
        _scenarios(scenarios, days, districts, warm_up_days),
        _policies(policies),
        _labelled("plan", plans),
        _labelled("routes", routes),
    )
    check_alike(design.scenarios)
    arms = design.arms()
    return _run(arms, design.question(arms) if question is None else question, **options)


def sweep(
    scenario: str | Path,
    vary: Mapping[str, Sequence[object]],
    policies: Policies = "priority",
    *,
    overrides: Overrides | None = None,
    days: int | None = None,
    districts: Sequence[str] = (),
    warm_up_days: int | None = None,
    plan: str | Path | None = None,
    **options: Unpack[ExperimentOptions],
) -> Comparison:
    """Compare a scenario with itself as some of its fields vary.

    Parameters
    ----------
    scenario : str or Path
        Its name or path: it is loaded anew for each combination.
    vary : mapping
        By dotted key, its values; the first of each makes the baseline, such as
        ``{"staff_scale.crews": [1.0, 0.8]}``.
    policies : str, Policy, or a sequence or mapping of them
    overrides : mapping, optional
        Set for all of them; see `load`.
    days, districts, warm_up_days
        Restrict the scenario, and say how it warms up; see `load`.
    plan : str or Path, optional
        A plan file, the same for all of them.
    **options
        Those of `compare`.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If a value or an option is not allowed.
    """
    fields = [Vary(key, tuple(values)) for key, values in vary.items()]
    design = sweep_design(
        scenario,
        fields,
        _policies(policies),
        overrides=overrides or {},
        days=days,
        districts=districts,
        warm_up_days=warm_up_days,
        plan=plan,
    )
    name = next(iter(design.scenarios.values())).name
    return _run(design.arms(), sweep_question(name, fields), **options)


def find_warm_up(
    scenario: Scenario | str | Path,
    *,
    days: int | None = None,
    districts: Sequence[str] = (),
    replications: int = PILOTS,
    policy: str | Policy = "priority",
    plan: Planned | None = None,
    seed: int | None = None,
    engine: str = ENGINE,
    workers: int | None = None,
    policy_timeout: float = 10.0,
    executor: Executor | None = None,
    progress: Callable[[float], None] | None = None,
) -> WarmUpFound:
    """Find how many days a scenario should warm up before time 0.

    Parameters
    ----------
    scenario : Scenario, str or Path
    days : int, optional
        How long to run from an empty city; three times the longest deadline by default.
    districts : sequence of str
        Some of its districts only.
    replications : int
        Over which stocks are averaged.
    policy, plan, seed, engine
        As in `simulate`.
    workers, policy_timeout, executor
        As in `compare`.
    progress : callable, optional
        Told the share done.

    Returns
    -------
    WarmUpFound
        ``days``, ``settled`` by stock, and ``source``, a line for ``[sources]``.

    Raises
    ------
    InputError
        If an option is not allowed, or the policy is stopped.
    """
    find_engine(engine)
    setup = Setup.of(loaded(scenario), districts=districts, plan=plan)
    arm = Arm(setup.scenario.name, setup.scenario, policy, setup.plan)
    used = setup.scenario.seed if seed is None else seed
    with executor if executor is not None else _executor([arm], workers, None) as running:
        return look_for_warm_up(
            arm, used, running, days=days, replications=replications, engine=engine,
            policy_timeout=policy_timeout, progress=progress,
        )  # fmt: skip


def _run(
    arms: Sequence[Arm],
    question: str,
    *,
    replications: int = 10,
    targets: Sequence[str] = (),
    of: str = "",
    precision: str | float | None = None,
    max_replications: int = 200,
    confidence: float = 0.95,
    warm_up: str = "own",
    select: bool = False,
    indifference: str | float | None = None,
    probability: float | None = None,
    bound: bool | None = None,
    seed: int | None = None,
    engine: str = ENGINE,
    policy_timeout: float = 10.0,
    workers: int | None = None,
    cluster: str | None = None,
    executor: Executor | None = None,
    out: str | Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Comparison:
    """Replicate and compare arms; see `compare` for the options."""
    find_engine(engine)
    wish = None
    if select:
        smallest = Precision.parse(
            "1%" if indifference is None else str(indifference), "indifference"
        )
        wish = Select(smallest, 0.95 if probability is None else probability)
    else:
        for option, value in (("pcs", probability), ("indifference", indifference)):
            if value is not None:
                raise InputError("command line", option, value, "an option of --select only")
    return compare_arms(
        arms,
        question=question,
        replications=replications,
        targets=several(targets),
        of=of,
        precision=None if precision is None else Precision.parse(str(precision)),
        max_replications=max_replications,
        confidence=confidence,
        warm_up=warm_up,
        select=wish,
        seed=seed,
        engine=engine,
        policy_timeout=policy_timeout,
        bound=bound,
        executor=_executor(arms, workers, cluster) if executor is None else executor,
        out=None if out is None else Path(out),
        progress=progress,
    )


def _executor(arms: Sequence[Arm], workers: int | None, cluster: str | None) -> Executor:
    """Return where replications are run."""
    if cluster is not None:
        from sim.experiment.cluster import Cluster

        if workers is not None:
            raise InputError("command line", "workers", workers, "nothing, with --cluster")
        return Cluster(cluster)
    typed = any(type(arm.policy).__module__ == "__main__" for arm in arms)
    return Serial() if typed and workers is None else Pool(workers)


def _scenarios(
    scenarios: Scenarios, days: int | None, districts: Sequence[str], warm_up_days: int | None
) -> dict[str, Scenario]:
    """Load and restrict what is to be compared, and name it."""
    named: dict[str, Scenario | str | Path]
    if isinstance(scenarios, Mapping):
        named = dict(scenarios)
    else:
        listed = [scenarios] if isinstance(scenarios, (Scenario, str, Path)) else list(scenarios)
        if not listed:
            raise InputError("command line", "scenarios", listed, "one or more")
        given = [one.name if isinstance(one, Scenario) else str(one) for one in listed]
        named = dict(named_scenarios([loaded(one) for one in listed], given))
    return {
        name: restrict(loaded(one), days=days, districts=districts, warm_up_days=warm_up_days)
        for name, one in named.items()
    }


def _policies(policies: Policies) -> dict[str, str | Policy]:
    if isinstance(policies, Mapping):
        return dict(policies)
    listed = [policies] if isinstance(policies, (str, Policy)) else list(policies)
    names = [policy_name(one) for one in listed]
    if not listed or len(set(names)) < len(names):
        raise InputError("command line", "policies", ", ".join(names), "one or more, each once")
    return dict(zip(names, listed, strict=True))


def _labelled(field: str, files: Plans | Routes) -> dict[str, Any]:
    return dict(files) if isinstance(files, Mapping) else named_files(field, files)
