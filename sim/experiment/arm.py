"""An arm of an experiment: what is compared with others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sim.model.plan import Plan, plan_digest
from sim.policy import Policy, bare, given_to, policy_digest
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
        return bare(self.policy).hindsight

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """What the arm's outcomes depend on, besides the seed and the program."""
        return {
            "scenario": self.scenario.content_hash,
            "plan": plan_digest(self.plan),
            "policy": policy_digest(self.policy),
        }


def policy_name(policy: str | Policy) -> str:
    """Return how a policy is called; parameters that were given to it are part of its name.

    Raises
    ------
    InputError
        If there is no such policy.
    """
    decides = bare(policy)
    given = ",".join(f"{key}={value}" for key, value in given_to(decides))
    return f"{decides.name}({given})" if isinstance(policy, Policy) and given else decides.name
