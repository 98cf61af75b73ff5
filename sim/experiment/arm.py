"""An arm of an experiment: what is compared with others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property

from sim.model.plan import Plan
from sim.policy import POLICIES, Guarded, Policy, class_digest, find_policy
from sim.scenario import Scenario


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
        return policy_name(self.policy)

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


def policy_name(policy: str | Policy) -> str:
    """Return how a policy is called; parameters that were given to it are part of its name.

    Raises
    ------
    InputError
        If there is no such policy.
    """
    bare = _bare(policy)
    given = ",".join(f"{key}={value}" for key, value in _parameters(bare))
    return f"{bare.name}({given})" if isinstance(policy, Policy) and given else bare.name


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
