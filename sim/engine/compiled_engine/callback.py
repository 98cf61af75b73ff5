"""Policies written in Python: the kernels call them back at decision epochs."""

from __future__ import annotations

import ctypes
import sys
from bisect import bisect_left, insort
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import proxy

import numpy as np
from numpy.typing import NDArray

from sim.engine.compiled_engine import layout
from sim.engine.compiled_engine.layout import Arrays
from sim.engine.compiled_engine.soundness import Queues
from sim.engine.compiled_engine.view import Facts, HindsightFacts, Running
from sim.engine.state import RunState
from sim.errors import InputError
from sim.policy import Policy
from sim.policy.decision import check_crew, check_pairs

Key = tuple[float, ...]
_LOST = "ctypes callback function"  # in what the interpreter says of it
_FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


class Callback:
    """Keeps the queues of all units by the policy's keys, and asks it who goes.

    Attributes
    ----------
    address : int
        Of the function that kernels call: what for, the unit, and the slot of a ticket or the
        unit before whose first the tickets must stand (-1: none). It answers 1 if somebody
        goes, and has written whom to ``arrays.team``; 0 if not; -1 if the policy failed.
    error : BaseException or None
        What the policy raised.
    """

    def __init__(self, simulation: Running, policy: Policy) -> None:
        # weak: a simulation that nobody holds any more gives its arrays back at once
        self.simulation: Running = proxy(simulation)
        self.policy = policy
        self.view: Facts = (HindsightFacts if policy.hindsight else Facts)(self.simulation)
        self.order: dict[int, list[tuple[Key, int]]] = {}
        self.keys: dict[int, Key] = {}
        self.pairs: list[tuple[int, int]] = []  # decided on, not sent yet
        self.error: BaseException | None = None
        self._function = _FUNCTION(self._call)
        self.address = ctypes.cast(self._function, ctypes.c_void_p).value or 0

    def state(self) -> dict[str, Any]:
        """Return the queues, and what the policy remembers, as JSON has them."""
        return {
            "memory": self.policy.memory(),
            "order": [[unit, order] for unit, order in self.order.items()],
            "slots": list(self.view.slots.items()),
        }

    def places(self) -> dict[int, Key]:
        """Return the place in line of each ticket that waits for a crew."""
        arrays = self.simulation.arrays
        if arrays.parameters["policy"][0] == layout.PYTHON:
            return dict(self.keys)
        slots = _waiting(arrays)
        self.view.slots = dict(zip(arrays.tickets["id"][slots].tolist(), slots, strict=True))
        keys = {number: self.policy.key(self.view, number) for number in self.view.slots}
        self.view.slots = {}
        return keys

    def begin(self, state: RunState, anew: bool) -> None:
        """Take over what waits, and what the policy remembers, from a state."""
        arrays = self.simulation.arrays
        if arrays.parameters["policy"][0] != layout.PYTHON:
            return
        here = np.flatnonzero(arrays.tickets["used"])
        number = arrays.tickets["id"]
        self.view.slots = dict(zip(number[here].tolist(), here.tolist(), strict=True))
        if not anew and state.memory is not None:
            self.policy.recall(self.view, state.memory)
        slots = _waiting(arrays)
        for slot in slots[np.argsort(number[slots])].tolist():
            ticket = int(number[slot])
            key = self.policy.key(self.view, ticket) if anew else state.keys[ticket]
            self.keys[ticket] = key
            insort(self.order.setdefault(int(arrays.tickets["unit"][slot]), []), (key, ticket))

    def restore(self, queues: Queues) -> None:
        """Take over the queues.

        Raises
        ------
        InputError
            If they are not those of the tickets that wait.
        """
        self.order = dict(queues.order)
        self.keys = {ticket: key for order in self.order.values() for key, ticket in order}
        self.view.slots = dict(queues.slots)
        self._check()
        if queues.memory is not None:
            self.policy.recall(self.view, queues.memory)

    def _check(self) -> None:
        """Check the queues against the tickets that wait, where the policy is called back."""
        arrays = self.simulation.arrays
        tickets = arrays.tickets
        for slot in self.view.slots.values():
            if not 0 <= slot < len(tickets):
                raise InputError("state", "queues.slots", slot, f"0 to {len(tickets) - 1}")
        if arrays.parameters["policy"][0] != layout.PYTHON:
            return
        slots = _waiting(arrays)
        there = {
            (int(t["unit"]), int(t["id"]), int(slot))
            for slot, t in zip(slots, tickets[slots], strict=True)
        }
        listed = [
            (unit, ticket, self.view.slots.get(ticket, -1))
            for unit, order in self.order.items()
            for _, ticket in order
        ]
        if len(listed) != len(there) or set(listed) != there:
            raise InputError("state", "queues.order", len(listed), f"the {len(there)} that wait")
        if any(order != sorted(order) for order in self.order.values()):
            raise InputError("state", "queues.order", "unsorted", "tickets in order of their keys")

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Hear of a signal that comes before `_call` has begun: it would only be printed."""
        before = sys.unraisablehook

        def hear(lost: sys.UnraisableHookArgs) -> None:
            if _LOST in (lost.err_msg or ""):
                self.error = lost.exc_value
            else:
                before(lost)

        sys.unraisablehook = hear
        try:
            yield
        finally:
            if sys.unraisablehook is hear:
                sys.unraisablehook = before
        if self.error is not None:
            raise self.error

    def _call(self, what: int, unit: int, other: int) -> int:
        try:
            if self.error is not None:
                return -1
            if what == layout.SERVE:
                return int(self._serve(unit, other))
            ticket = int(self.simulation.arrays.tickets["id"][other])
            order = self.order.setdefault(unit, [])
            if what == layout.ENTER:
                self.view.slots[ticket] = other
                key = self.keys[ticket] = self.policy.key(self.view, ticket)
                insort(order, (key, ticket))
            else:
                del order[bisect_left(order, (self.keys.pop(ticket), ticket))]
            return 0
        except BaseException as error:  # it must not be lost in the kernel
            self.error = error
            return -1

    def _serve(self, unit: int, before: int) -> bool:
        """Find the next who is sent: what is decided on already, or what the policy says now."""
        order = self.order[unit]
        while True:
            while self.pairs:
                ticket, crew = self.pairs.pop(0)
                if self._send(ticket, crew):
                    return True
            if not order:
                return False
            crews = self._ready(unit)
            limit = self.order[before][0] if before >= 0 else None
            tickets = [t for key, t in order if limit is None or (key, t) < limit]
            tickets = [t for t in tickets if all(self._ready(u) for u in self._partners(t))]
            if not crews or not tickets:
                return False
            asked = self.policy.assign(self.view, tickets, crews)
            self.pairs = check_pairs(self.policy, asked, tickets, crews)
            if not self.pairs:
                return False

    def _send(self, ticket: int, crew: int) -> bool:
        """Write down a crew and those of other departments, unless one of them has none left."""
        team = [crew]
        for partner in self._partners(ticket):
            ready = self._ready(partner)
            if not ready:
                return False
            chosen = self.policy.choose_crew(self.view, ticket, ready)
            check_crew(self.policy, chosen, ready)
            team.append(chosen)
        out = self.simulation.arrays.team
        out[: 2 + len(team)] = (len(team), self.view.slots[ticket], *team)
        return True

    def _ready(self, unit: int) -> list[int]:
        """Return the free crews on duty of a unit, ascending."""
        arrays = self.simulation.arrays
        row = arrays.units[unit]
        crews = arrays.unit_crews[row["first_crew"] : row["last_crew"]]
        free = arrays.crews["free"][crews]
        return [crew for crew in crews[free].tolist() if self.view.on_duty(crew)]

    def _partners(self, ticket: int) -> list[int]:
        """Return the further units a ticket needs; none unless it is joint."""
        row = self.view.row(ticket)
        if not row["joint"]:
            return []
        arrays = self.simulation.arrays
        departments = arrays.partners[row["category"]]
        return [int(arrays.unit_of[d, row["town"]]) for d in departments if d >= 0]


def _waiting(arrays: Arrays) -> NDArray[np.int64]:
    """Return the slots of the tickets that wait for a crew."""
    t = arrays.tickets
    return np.flatnonzero(t["used"] & (t["state"] == layout.WAITING) & (t["unit"] >= 0))
