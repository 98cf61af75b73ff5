"""Solomon's and Homberger's tables as instances."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim.errors import InputError
from sim.routing.instance import Instance, Names
from sim.routing.sections import number, whole
from sim.routing.ways import distances

_HEAD = "CUST NO XCOORD YCOORD DEMAND READY TIME DUE DATE SERVICE TIME"


def is_table(text: str) -> bool:
    """Whether a text is such a table: lines that say VEHICLE and CUSTOMER and nothing else."""
    lines = {line.strip().upper() for line in text.split("\n")}
    return "VEHICLE" in lines and "CUSTOMER" in lines


def read_table(path: Path, text: str, rounding: str) -> Instance:
    """Make an instance of a table; the depot is customer 0.

    Parameters
    ----------
    path : Path
        For messages.
    text : str
    rounding : str
        One of `ways.ROUNDINGS`; ``auto`` is ``dimacs``.

    Raises
    ------
    InputError
        What is wrong with it: customer, value and what is allowed.
    """
    lines = [line.split() for line in text.replace("\r", "\n").split("\n") if line.strip()]
    upper = [[word.upper().rstrip(".") for word in words] for words in lines[:6]]
    if len(lines) < 7 or upper[1:3] != [["VEHICLE"], ["NUMBER", "CAPACITY"]]:
        raise InputError(path, "file", " ".join(lines[0]), "Solomon's format: NUMBER, CAPACITY")
    if upper[4] != ["CUSTOMER"] or " ".join(upper[5]) != _HEAD:
        raise InputError(path, "file", " ".join(lines[5]), f"Solomon's columns: {_HEAD}")
    fleet = lines[3]
    vehicles = whole(fleet[0])
    if vehicles is None or vehicles < 1:
        raise InputError(path, "VEHICLE NUMBER", fleet[0], "a whole number of at least 1")
    capacity = number(fleet[-1])
    if len(fleet) != 2 or capacity is None or capacity < 0:
        raise InputError(path, "VEHICLE CAPACITY", " ".join(fleet[1:]), "a number of at least 0")
    rows: dict[int, list[float]] = {}
    for words in lines[6:]:
        customer, values = whole(words[0]), [number(word) for word in words[1:]]
        where = f"customer {words[0]}"
        bad = next((word for word, v in zip(words[1:], values, strict=True) if v is None), None)
        if customer is None or customer < 0 or bad is not None or len(words) != 7:
            found = " ".join(words) if bad is None else bad
            allowed = "a customer's number from 0 and six numbers in each row"
            raise InputError(path, where, found, allowed)
        if customer in rows:
            raise InputError(path, where, " ".join(words), "each customer once")
        rows[customer] = [value for value in values if value is not None]
        _, _, demand, ready, due, service = rows[customer]
        if min(demand, service) < 0 or ready > due:
            allowed = (
                "a demand and a service of at least 0, and a due date not before the ready time"
            )
            raise InputError(path, where, " ".join(words), allowed)
    if 0 not in rows:
        raise InputError(path, "customer 0", None, "a row for the depot, which is customer 0")
    depot = rows.pop(0)
    if depot[2] or depot[5]:
        allowed = "no demand and no service at the depot: else it is not solved here"
        raise InputError(path, "customer 0", f"{depot[2]:g}, {depot[5]:g}", allowed)
    if not rows:
        raise InputError(path, "CUSTOMER", "the depot alone", "at least one customer")
    rounding = "dimacs" if rounding == "auto" else rounding
    scale = 10.0 if rounding == "dimacs" else 1.0
    table = np.array([*rows.values(), depot])
    xy, (demand_, ready_, due_, service_) = table[:, :2], table[:, 2:].T
    numbers = np.array(list(rows), dtype=np.int64)
    return Instance.build(
        distances("EUC_2D", xy, rounding),
        stops=len(rows),
        vehicles=min(vehicles, len(rows)),
        capacity=capacity,
        demand=demand_[:-1],
        open=ready_[:-1] * scale,
        close=due_[:-1] * scale,
        service=service_[:-1] * scale,
        shift_open=ready_[-1] * scale,
        shift_close=due_[-1] * scale,
        name=str(path),
        scale=scale,
        xy=xy,
        names=Names(numbers, numbers),
    )
