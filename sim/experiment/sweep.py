"""Sweeps: the same policy, or several, over a grid of values of a scenario's fields."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from sim.errors import InputError
from sim.experiment.arm import Arm, with_plans
from sim.experiment.compare import Comparison, compare_arms
from sim.policy import Policy
from sim.scenario import load, restrict


@dataclass(frozen=True)
class Vary:
    """A field of the scenario, and the values it takes.

    Attributes
    ----------
    key : str
        Dotted, such as ``staff_scale.crews``.
    values : tuple of str
        As in ``--set``.
    """

    key: str
    values: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Vary:
        """Read ``key=value,value,...``; a value with commas stands in quotes.

        Raises
        ------
        InputError
            If it is not of this form, or a value stands there twice.
        """
        key, separator, rest = text.partition("=")
        try:
            row, *more = csv.reader(rest.splitlines() or [""], skipinitialspace=True, strict=True)
        except csv.Error as error:
            raise InputError("command line", "vary", text, f"key=value,... ({error})") from None
        values = tuple(value.strip() for value in row) if not more else ()
        if not separator or not key.strip() or not values or not all(values):
            raise InputError("command line", "vary", text, "key=value,value,...")
        if len(set(values)) < len(values):
            raise InputError("command line", "vary", text, "each value once")
        return cls(key.strip(), values)


def sweep_arms(
    scenario: str,
    vary: Sequence[Vary],
    policies: Sequence[str | Policy] = ("priority",),
    *,
    overrides: Sequence[str] = (),
    days: int | None = None,
    districts: Sequence[str] = (),
    plan: str | Path | None = None,
) -> list[Arm]:
    """Return an arm for each combination of values and policies, in the order given.

    Parameters
    ----------
    scenario : str
        Its name or path.
    overrides : sequence of str
        Set for all of them, ``key=value``.
    days, districts
        See `sim.scenario.restrict`.
    plan : str or Path, optional
        A plan file, the same for all of them.

    Raises
    ------
    InputError
        If a value is not allowed where it is put, or the plan does not fit.
    """
    keys = [one.key for one in vary]
    for key in keys:
        if plan is not None and key.split(".")[0] == "staff_scale":
            allowed = f"another field: the plan {plan} says how many there are"
            raise InputError("command line", "vary", key, allowed)
    if len(set(keys)) < len(keys):
        raise InputError("command line", "vary", ", ".join(keys), "each field once")
    arms = []
    for values in product(*(one.values for one in vary)):
        changes = [f"{key}={value}" for key, value in zip(keys, values, strict=True)]
        changed = restrict(load(scenario, [*overrides, *changes]), days=days, districts=districts)
        label = ", ".join(changes)
        for policy in policies:
            arm = Arm(label, changed, policy, scenario_label=f"{changed.name}: {label}")
            if len(policies) > 1:
                arm = Arm(
                    f"{label}, {arm.policy_name}", changed, policy,
                    scenario_label=arm.scenario_label,
                )  # fmt: skip
            arms.append(arm)
    return arms if plan is None else with_plans(arms, [plan])


def sweep(
    scenario: str,
    vary: Mapping[str, Sequence[object]],
    *,
    policies: Sequence[str | Policy] = ("priority",),
    overrides: Sequence[str] = (),
    days: int | None = None,
    districts: Sequence[str] = (),
    plan: str | Path | None = None,
    **options: Any,
) -> Comparison:
    """Compare a scenario with itself as some of its fields are varied.

    Parameters
    ----------
    vary : mapping
        By dotted key, its values; the first of each makes the baseline.
    plan : str or Path, optional
        A plan file, the same for all of them.
    **options
        Those of `compare_arms`.

    Raises
    ------
    InputError
        If a value or an option is not allowed.
    """
    fields = [Vary(key, tuple(str(value) for value in values)) for key, values in vary.items()]
    arms = sweep_arms(
        scenario,
        fields,
        policies,
        overrides=overrides,
        days=days,
        districts=districts,
        plan=plan,
    )
    return compare_arms(arms, question=sweep_question(scenario, fields), **options)


def sweep_question(scenario: str, vary: Sequence[Vary]) -> str:
    """Say what a sweep asks."""
    said = "; ".join(f"{one.key} at {', '.join(one.values)}" for one in vary)
    return f"What does it change on {scenario} to have {said}?"
