"""Sweeps: the same policy, or several, over a grid of values of a scenario's fields."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from sim.errors import InputError
from sim.experiment.design import Design, named_files
from sim.policy import Policy
from sim.scenario import load, restrict
from sim.scenario.layers import Overrides, parse_value, together


@dataclass(frozen=True)
class Vary:
    """A field of the scenario, and the values it takes.

    Attributes
    ----------
    key : str
        Dotted, such as ``staff_scale.crews``.
    values : tuple
        As `sim.scenario.load` takes them.
    """

    key: str
    values: tuple[object, ...]

    @classmethod
    def parse(cls, text: str) -> Vary:
        """Read ``key=value,value,...``; a value with commas stands in quotes.

        Raises
        ------
        InputError
            If it is not of this form, or a value stands there twice.
        """
        key, separator, rest = (part.strip() for part in text.partition("="))
        try:
            row, *more = csv.reader(rest.splitlines() or [""], skipinitialspace=True, strict=True)
        except csv.Error as error:
            raise InputError("command line", "vary", text, f"key=value,... ({error})") from None
        words = [word.strip() for word in row] if not more else []
        if not separator or not key or not words or not all(words):
            raise InputError("command line", "vary", text, "key=value,value,...")
        if len(set(words)) < len(words):
            raise InputError("command line", "vary", text, "each value once")
        return cls(key, tuple(parse_value(word, f"--vary {key}") for word in words))

    @classmethod
    def parse_all(cls, texts: Sequence[str]) -> list[Vary]:
        """Read several, each of another field.

        Raises
        ------
        InputError
            As `parse` does, or if a field is named twice.
        """
        fields = [cls.parse(text) for text in texts]
        keys = [one.key for one in fields]
        if len(set(keys)) < len(keys):
            raise InputError("command line", "vary", ", ".join(keys), "each field once")
        return fields

    def said(self, value: object) -> str:
        """Return how a value is shown."""
        plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
        return str(value) if plain else json.dumps(value, ensure_ascii=False, default=str)


def sweep_design(
    scenario: str | Path,
    vary: Sequence[Vary],
    policies: Mapping[str, str | Policy],
    *,
    overrides: Overrides,
    days: int | None = None,
    districts: Sequence[str] = (),
    warm_up_days: int | None = None,
    plan: str | Path | None = None,
) -> Design:
    """Return a design with a scenario for each combination of values, in the order given.

    Parameters
    ----------
    scenario : str or Path
        Its name or path.
    overrides : mapping
        Set for all of them; see `sim.scenario.load`.
    days, districts, warm_up_days
        See `sim.scenario.restrict`.
    plan : str or Path, optional
        A plan file, the same for all of them.

    Raises
    ------
    InputError
        If a value is not allowed where it is put.
    """
    keys = [one.key for one in vary]
    for key in keys:
        if plan is not None and key.split(".")[0] == "staff_scale":
            allowed = f"another field: the plan {plan} says how many there are"
            raise InputError("command line", "vary", key, allowed)
        if warm_up_days is not None and key == "time.warm_up_days":
            raise InputError("command line", "vary", key, "another field, with --warm-up")
    scenarios = {}
    for values in product(*(one.values for one in vary)):
        label = ", ".join(
            f"{one.key}={one.said(value)}" for one, value in zip(vary, values, strict=True)
        )
        changes = together(overrides, dict(zip(keys, values, strict=True)))
        changed = load(scenario, changes)
        scenarios[label] = restrict(
            changed, days=days, districts=districts, warm_up_days=warm_up_days
        )
    return Design(scenarios, policies, {} if plan is None else named_files("plan", [plan]))


def sweep_question(scenario: str, vary: Sequence[Vary]) -> str:
    """Say what a sweep asks."""
    said = "; ".join(f"{one.key} at {', '.join(map(one.said, one.values))}" for one in vary)
    return f"What does it change on {scenario} to have {said}?"
