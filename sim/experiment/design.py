"""Factorial designs: each scenario with each plan, each patrol and each policy, as arms."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TypeVar

from sim.errors import InputError, InputWarning
from sim.experiment.arm import Arm
from sim.model.setup import Planned, Setup
from sim.policy import Policy
from sim.scenario import Scenario

BASE = "base"
"""How the scenario's own staff, and its own patrol routes, are called where files are named."""

Plans = Sequence[str | Path] | Mapping[str, Planned]
Routes = Sequence[str | Path] | Mapping[str, str | Path]
Policies = str | Policy | Sequence[str | Policy] | Mapping[str, str | Policy]


@dataclass(frozen=True, eq=False)
class Design:
    """What is varied, each with each; the first of each makes the baseline.

    Attributes
    ----------
    scenarios : dict
        By label, restricted to what is run.
    policies : dict
        By label.
    plans : dict
        Plans or plan files by label; `BASE` as a file is the staff of the base year. None: that,
        and no label says so.
    routes : dict
        Tables of patrol routes by label; `BASE` is what the scenario says: every grid's loop, if
        nothing. None: that, and no label says so.
    """

    scenarios: Mapping[str, Scenario]
    policies: Mapping[str, str | Policy] = field(default_factory=lambda: {"priority": "priority"})
    plans: Mapping[str, Planned] = field(default_factory=dict)
    routes: Mapping[str, str | Path] = field(default_factory=dict)

    def arms(self) -> list[Arm]:
        """Return an arm for each combination, in the order given: policies vary fastest.

        A label names what was varied or asked for by name: scenario, plan, routes, policy.

        Raises
        ------
        InputError
            If a plan or a table of routes does not fit a scenario.
        """
        several = len(self.scenarios) > 1
        arms = []
        for (name, scenario), plan, walk in product(
            self.scenarios.items(), self.plans or [BASE], self.routes or [BASE]
        ):
            setup = Setup.of(
                scenario,
                plan=_unless_base(self.plans.get(plan, BASE)),
                routes=_unless_base(self.routes.get(walk, BASE)),
            )
            where = [name] if several else []
            where += [plan] if self.plans else []
            where += [walk] if self.routes else []
            of = [scenario.name, *([name] if name != scenario.name else [])]
            of += [walk] if self.routes else []
            for label, policy in self.policies.items():
                which = [label] if len(self.policies) > 1 or not where else []
                arms.append(
                    Arm(
                        ", ".join(where + which),
                        setup.scenario,
                        policy,
                        setup.plan,
                        scenario_label=": ".join(of),
                        plan_label=plan,
                    )
                )
        return arms

    def question(self, arms: Sequence[Arm]) -> str:
        """Say what is asked of the arms."""
        varied = {
            "scenario": self.scenarios,
            "plan": self.plans,
            "patrol": self.routes,
            "policy": self.policies,
        }
        asked = " and ".join([word for word, of in varied.items() if len(of) > 1] or ["policy"])
        on = "" if len(self.scenarios) > 1 else f" on {next(iter(self.scenarios.values())).name}"
        return f"Which {asked} is better{on}: {', '.join(arm.label for arm in arms)}?"


Named = TypeVar("Named")


def _unless_base(named: Named) -> Named | None:
    return None if named == BASE else named


def check_alike(scenarios: Mapping[str, Scenario]) -> None:
    """Check that scenarios can be compared: so many days, of the same districts.

    Raises
    ------
    InputError
        Naming the first that differs from the first of all.
    """
    (first, base), *others = scenarios.items()
    for name, scenario in others:
        for what, ours, theirs in (
            ("days", base.time.days, scenario.time.days),
            ("district", ", ".join(base.places), ", ".join(scenario.places)),
        ):
            if ours != theirs:
                allowed = f"as in {first}: {ours}; --{what} makes them alike"
                raise InputError("command line", what, f"{name}: {theirs}", allowed)
        if scenario.time.start != base.time.start:
            note = (
                f"{name} begins on {scenario.time.start}, {first} on {base.time.start}: "
                "days are paired by their number, not by date"
            )
            warnings.warn(note, InputWarning, stacklevel=2)


def named_scenarios(found: Sequence[Scenario], given: Sequence[str]) -> dict[str, Scenario]:
    """Name scenarios by what they say of themselves, or as they were given if two say the same.

    Raises
    ------
    InputError
        If one is there twice.
    """
    said = [scenario.name for scenario in found]
    names = said if len(set(said)) == len(said) else list(given)
    if len(set(names)) < len(names):
        raise InputError("command line", "scenarios", ", ".join(names), "each of them once")
    return dict(zip(names, found, strict=True))


def named_files(field: str, files: Sequence[str | Path]) -> dict[str, str | Path]:
    """Name files by their names without the ending, or by their paths where two are alike.

    Raises
    ------
    InputError
        If one is named twice.
    """
    paths = [str(file) for file in files]
    if len(set(paths)) < len(paths):
        raise InputError("command line", field, ", ".join(paths), "each of them once")
    stems = [Path(path).stem for path in paths]
    return dict(zip(stems if len(set(stems)) == len(stems) else paths, paths, strict=True))
