"""Dispatch policies, chosen by name."""

from __future__ import annotations

from sim.errors import InputError
from sim.policy.base import Policy, View
from sim.policy.edd import Edd
from sim.policy.fifo import Fifo
from sim.policy.nearest import Nearest
from sim.policy.priority import Priority

POLICIES: dict[str, type[Policy]] = {p.name: p for p in (Fifo, Priority, Nearest, Edd)}
"""The built-in policies by name."""

__all__ = ["POLICIES", "Edd", "Fifo", "Nearest", "Policy", "Priority", "View", "find_policy"]


def find_policy(policy: str | Policy) -> Policy:
    """Return a policy by name; a policy is returned as it is.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if isinstance(policy, Policy):
        return policy
    if policy not in POLICIES:
        raise InputError("command line", "policy", policy, f"one of {', '.join(POLICIES)}")
    return POLICIES[policy]()
