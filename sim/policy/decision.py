"""What every engine checks of a policy's decision before anybody is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.errors import InputError

if TYPE_CHECKING:
    from sim.policy.base import Policy


def check_pairs(
    policy: Policy, pairs: Any, tickets: Sequence[int], crews: Sequence[int]
) -> list[tuple[int, int]]:
    """Check the pairs that `Policy.assign` returned, and return them.

    Raises
    ------
    InputError
        If one is not of the tickets and crews it was given, or is named twice.
    """
    left_tickets, left_crews = set(tickets), set(crews)
    try:
        plain = [(ticket, crew) for ticket, crew in pairs]
    except (TypeError, ValueError):
        raise InputError(
            f"policy {policy.name}", "decision", pairs, "a ticket and a crew, or None"
        ) from None
    for ticket, crew in plain:
        if ticket not in left_tickets:
            raise InputError(
                f"policy {policy.name}",
                "ticket",
                ticket,
                "a ticket of those it was given, once; others do not wait here or do not exist",
            )
        _check_crew(policy, crew, left_crews, crews)
        left_tickets.remove(ticket)
        left_crews.remove(crew)
    return plain


def check_crew(policy: Policy, crew: Any, crews: Sequence[int]) -> None:
    """Check the crew that `Policy.choose_crew` returned for a further department.

    Raises
    ------
    InputError
        If it is none of those it was given.
    """
    _check_crew(policy, crew, set(crews), crews)


def _check_crew(policy: Policy, crew: Any, left: set[int], crews: Sequence[int]) -> None:
    if crew not in left:
        given = ", ".join(map(str, crews[:8])) + (", …" if len(crews) > 8 else "")
        raise InputError(
            f"policy {policy.name}",
            "crew",
            crew,
            f"a free crew on duty of those it was given ({given}), once; "
            "others are off shift, at work, or of another unit",
        )
