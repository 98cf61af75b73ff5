"""An arm of an experiment: what is compared with others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

from sim.city.city import City
from sim.errors import InputError
from sim.model.plan import Plan
from sim.model.planfile import read_plan
from sim.policy import POLICIES, Guarded, Policy, class_digest, find_policy
from sim.scenario import Scenario, load, restrict


@dataclass(frozen=True, eq=False)
class Arm:
    """A scenario, a plan and a policy under one name.

    Attributes
    ----------
    label : str
        How it is called where arms are compared.
    scenario : Scenario
        Restricted to the days and districts that are run.
    policy : str or Policy
        By name, as ``module:Class`` or ``file.py:Class``, or itself.
    plan : Plan, optional
        The scenario's own by default.
    scenario_label, plan_label : str
        How the scenario and the plan are called in tables.
    """

    label: str
    scenario: Scenario
    policy: str | Policy = "priority"
    plan: Plan | None = None
    scenario_label: str = ""
    plan_label: str = "base"

    @property
    def names(self) -> dict[str, str]:
        """The columns that tell its rows from others' in a table."""
        return {
            "scenario": self.scenario_label or self.scenario.name,
            "plan": self.plan_label,
            "policy": self.policy_name,
        }

    @cached_property
    def policy_name(self) -> str:
        """How the policy is called; parameters that were given to it are part of its name."""
        policy = _bare(self.policy)
        given = ",".join(f"{key}={value}" for key, value in _parameters(policy))
        changed = isinstance(self.policy, Policy) and given
        return f"{policy.name}({given})" if changed else policy.name

    @property
    def hindsight(self) -> bool:
        """Whether its policy sees the future: a rule to measure others by."""
        return _bare(self.policy).hindsight

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """What the arm's outcomes depend on, besides the seed and the program."""
        return {
            "scenario": self.scenario.content_hash,
            "plan": _plan_digest(self.plan),
            "policy": _policy_digest(self.policy),
        }


BASE = "base"
"""How the scenario's own staff, and its own patrol routes, are called where files are named."""


def routed(
    scenario: str,
    files: Sequence[str | Path],
    overrides: Sequence[str] = (),
    days: int | None = None,
    districts: Sequence[str] = (),
) -> dict[str, Scenario]:
    """Return the scenario once for each table of patrol routes, by the table's name.

    Parameters
    ----------
    scenario : str
        Its name or path.
    files : sequence of str or Path
        Tables as `sim.optimize.patrol_routes` makes them; `BASE` is what the scenario itself
        says: every grid's loop, if nothing. Names are made as for plans, see `with_plans`.
    overrides : sequence of str
        Set for all of them, ``key=value``.
    days, districts
        See `sim.scenario.restrict`.

    Raises
    ------
    InputError
        If a file is named twice, is no table of routes, or does not fit.
    """
    made = {}
    for path, name in _names("routes", files):
        changes = [] if path == BASE else [f"patrol.routes={json.dumps(path)}"]
        changed = load(scenario, [*overrides, *changes])
        made[name] = restrict(changed, days=days, districts=list(districts))
    return made


def with_plans(arms: Sequence[Arm], files: Sequence[str | Path]) -> list[Arm]:
    """Return the arms once for each plan, the first plan's first.

    Parameters
    ----------
    arms : sequence of Arm
    files : sequence of str or Path
        Plan files; `BASE` is the staff of the base year. A plan is called by its file's name
        without the ending, or by its whole path where two are called alike.

    Raises
    ------
    InputError
        If a file is named twice, is no plan, or does not fit an arm's scenario.
    """
    cities: dict[str, City] = {}
    made = []
    for path, name in _names("plan", files):
        for arm in arms:
            scenario, plan = arm.scenario, None
            if path != BASE:
                known = scenario.content_hash
                if known not in cities:
                    cities[known] = City.build(scenario)
                scenario, plan = read_plan(Path(path), scenario, cities[known])
            label = name if len(arms) == 1 else f"{name}, {arm.label}"
            made.append(replace(arm, label=label, scenario=scenario, plan=plan, plan_label=name))
    return made


def _names(field: str, files: Sequence[str | Path]) -> list[tuple[str, str]]:
    """Return each file's path and how it is called."""
    paths = [str(file) for file in files]
    if len(set(paths)) < len(paths):
        raise InputError("command line", field, ", ".join(paths), "each of them once")
    stems = [Path(path).stem for path in paths]
    names = stems if len(set(stems)) == len(stems) else paths
    return list(zip(paths, names, strict=True))


def _plan_digest(plan: Plan | None) -> str:
    if plan is None:
        return "base"
    digest = hashlib.sha256()
    for field in fields(Plan):
        column = getattr(plan, field.name)
        digest.update(f"{field.name} {column.dtype.str} {column.shape}".encode())
        digest.update(column.tobytes())
    return digest.hexdigest()


def _bare(policy: str | Policy) -> Policy:
    found = find_policy(policy)
    return found.policy if isinstance(found, Guarded) else found


def _parameters(policy: Policy) -> list[tuple[str, object]]:
    """List what a policy was given; of a built-in one, without what it keeps during a run."""
    ours = type(policy) in POLICIES.values()
    return sorted((k, v) for k, v in vars(policy).items() if not (ours and k.startswith("_")))


def _policy_digest(policy: str | Policy) -> str:
    """Name a built-in policy; of a user's own, what its file says counts too."""
    if isinstance(policy, str) and policy in POLICIES:
        return policy
    decides = _bare(policy)
    return class_digest(decides, repr(_parameters(decides)))
