"""Dispatch policies, chosen by name."""

from __future__ import annotations

from sim.errors import InputError, one_of
from sim.policy.base import HindsightView, Policy, PolicyFigure, View
from sim.policy.batch import BatchAssignment
from sim.policy.cost_benefit import CostBenefit
from sim.policy.edd import Edd
from sim.policy.fifo import Fifo
from sim.policy.guard import Guarded, guarded, limited
from sim.policy.hindsight import Hindsight
from sim.policy.jobs import DispatchFirst, PatrolFirst
from sim.policy.nearest import Nearest
from sim.policy.own import class_digest, load_policy
from sim.policy.priority import Priority
from sim.policy.reserve import Reserve
from sim.policy.rolling_vrp import RollingVrp

POLICIES: dict[str, type[Policy]] = {
    policy.name: policy
    for policy in (
        Fifo,
        Priority,
        Nearest,
        Edd,
        CostBenefit,
        BatchAssignment,
        RollingVrp,
        Reserve,
        PatrolFirst,
        DispatchFirst,
        Hindsight,
    )
}
"""The built-in policies by name."""

__all__ = [
    "POLICIES",
    "BatchAssignment",
    "CostBenefit",
    "DispatchFirst",
    "Edd",
    "Fifo",
    "Guarded",
    "Hindsight",
    "HindsightView",
    "Nearest",
    "PatrolFirst",
    "Policy",
    "PolicyFigure",
    "Priority",
    "Reserve",
    "RollingVrp",
    "View",
    "bare",
    "class_digest",
    "find_policy",
    "given_to",
    "guarded",
    "limited",
    "policy_digest",
]


def find_policy(policy: str | Policy) -> Policy:
    """Return a policy by name, or from ``module:Class`` or ``path/to/file.py:Class``.

    One of the user's own is guarded, so that whatever it does wrong is told in one line.

    Raises
    ------
    InputError
        If there is none of that name, or it cannot be loaded.
    """
    if isinstance(policy, Policy):
        return guarded(policy)
    if ":" in policy:
        return Guarded(load_policy(policy))
    if policy not in POLICIES:
        allowed = f"module:Class, path/to/file.py:Class, or {one_of(policy, POLICIES)}"
        raise InputError("command line", "policy", policy, allowed)
    return POLICIES[policy]()


def bare(policy: str | Policy) -> Policy:
    """Return a policy as it was written, without its guard."""
    found = find_policy(policy)
    return found.policy if isinstance(found, Guarded) else found


def given_to(policy: Policy) -> list[tuple[str, object]]:
    """List what a policy was given; of a built-in one, without what it keeps during a run."""
    ours = type(policy) in POLICIES.values()
    return sorted((k, v) for k, v in vars(policy).items() if not (ours and k.startswith("_")))


def policy_digest(policy: str | Policy) -> str:
    """Name a built-in policy; of a user's own, what its file says counts too."""
    if isinstance(policy, str) and policy in POLICIES:
        return policy
    decides = bare(policy)
    return class_digest(decides, repr(given_to(decides)))
