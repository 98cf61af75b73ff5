"""Options as data: each declared once, as a field of a frozen object that a command is given.

A command takes the options of one class, ``@takes(RunOptions)``, and is called with an object of
it. Groups that commands share are the bases of these classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import wraps
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from sim.errors import InputError

if TYPE_CHECKING:
    from sim.scenario import Scenario

Taken = TypeVar("Taken")
_CLICK = "click"


def option(*names: str, **attributes: Any) -> Any:
    """Declare a field as an option of the command line, as `click.option` does.

    Parameters
    ----------
    *names : str
        ``--name`` by default, after the field.
    **attributes
        Those of `click.option`.
    """
    return field(metadata={_CLICK: (names, attributes)})


def takes(options: type[Taken]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of a class; it is called with one object of them, ``options``."""
    declared = fields(options)  # type: ignore[arg-type]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def call(*arguments: Any, **values: Any) -> None:
            taken = options(**{one.name: values.pop(one.name) for one in declared})
            command(*arguments, **values, options=taken)

        for one in reversed(declared):
            names, attributes = one.metadata[_CLICK]
            names = names or (f"--{one.name.replace('_', '-')}",)
            call = click.option(*names, one.name, **attributes)(call)
        return call

    return decorate


def above_zero(**values: float | None) -> None:
    """Check that options are above 0, where they are given.

    Raises
    ------
    InputError
        Naming the first that is not.
    """
    for name, value in values.items():
        if value is not None and not value > 0:
            raise InputError("command line", name.replace("_", "-"), value, "a number above 0")


def only_with(other: str, given: bool, *names: str) -> None:
    """Check that options which mean nothing without another are not given without it.

    Parameters
    ----------
    other : str
        The other option.
    given : bool
        Whether it was given.
    *names : str
        Fields of the options that need it.

    Raises
    ------
    InputError
        Naming the first.
    """
    context = click.get_current_context()
    for name in () if given else names:
        if context.get_parameter_source(name) == ParameterSource.COMMANDLINE:
            option_name = name.replace("_", "-")
            raise InputError("command line", option_name, "given", f"an option of --{other} only")


FILE = click.Path(path_type=Path)
SEED = click.IntRange(0, 2**32 - 1)


@dataclass(frozen=True)
class Changes:
    """What is changed of a scenario."""

    settings: Sequence[str] = option(
        "--set",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set a field, as a line of a scenario file that extends this one would: "
        "hotline.talk_mean_s=240, or hotline.operators='{night=68}'. Repeatable.",
    )

    def load(self, scenario: str, under: Mapping[str, object] = MappingProxyType({})) -> Scenario:
        """Load a scenario by name or path, with its changes.

        Parameters
        ----------
        under : mapping
            Overrides of the command's own, which those of the user may change.
        """
        import sim
        from sim.scenario.layers import parse_overrides, together

        return sim.load(scenario, together(under, parse_overrides(self.settings)))


@dataclass(frozen=True)
class Districts(Changes):
    """Which part of a scenario's districts."""

    districts: Sequence[str] = option(
        "--district", multiple=True, metavar="NAME", help="Some districts only. Repeatable."
    )

    def load(self, scenario: str, under: Mapping[str, object] = MappingProxyType({})) -> Scenario:
        """Load a scenario, restricted to what is asked for."""
        from sim.scenario import restrict

        return restrict(super().load(scenario, under), districts=self.districts)


@dataclass(frozen=True)
class Part(Districts):
    """Which part of a scenario: its first days, some districts; and how it warms up."""

    days: int | None = option(type=int, help="Run only the first days.")
    warm_up: int | None = option(
        type=int,
        metavar="DAYS",
        help="Days simulated before time 0, not measured; the scenario's own by default.",
    )

    def load(self, scenario: str, under: Mapping[str, object] = MappingProxyType({})) -> Scenario:
        """Load a scenario, restricted to what is asked for."""
        from sim.scenario import restrict

        return restrict(super().load(scenario, under), days=self.days, warm_up_days=self.warm_up)


@dataclass(frozen=True)
class Json:
    """How a command tells what it found."""

    as_json: bool = option("--json", is_flag=True, help="Print JSON on stdout.")


@dataclass(frozen=True)
class Seed:
    """The key of all randomness."""

    seed: int | None = option(type=SEED, help="The scenario's own by default.")


@dataclass(frozen=True)
class Patience:
    """How long a policy of one's own may take."""

    policy_timeout: float = option(
        type=float, default=10.0, show_default=True, help="For a decision of your own policy, s."
    )


@dataclass(frozen=True)
class Kept:
    """Where a result is kept."""

    out: Path | None = option(type=FILE, help="Write tables, measures and pictures there.")
    overwrite: bool = option(is_flag=True, help="Replace an earlier result in --out.")
    plots: bool = option("--plots/--no-plots", default=True, help="Whether --out gets pictures.")


@dataclass(frozen=True)
class PlanOut:
    """Where a plan is written."""

    out: Path | None = option(type=FILE, metavar="FILE", help="Write the plan.")
    overwrite: bool = option(is_flag=True, help="Replace an earlier plan in --out.")
