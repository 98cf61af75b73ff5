"""Labour rules: what a roster must keep, and what it costs to leave a wish open."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from sim.errors import InputError, one_of
from sim.reading import read_toml
from sim.scenario.base import Model, Name, strictly
from sim.scenario.finding import shipped
from sim.scenario.sources import Figure, Leaf, trace

OFF = "off"
"""The word for a day without a shift in a sequence."""

DayHours = Annotated[float, Field(ge=0, le=72)]
WeekHours = Annotated[float, Field(ge=0, le=168)]
Run = Annotated[int, Field(ge=1, le=366)]
Points = Annotated[int, Field(ge=0, le=1_000_000)]


def minutes(hours: float) -> Fraction:
    """Return the minutes of hours as they are written in decimals, exactly.

    38.4 h are 2304 min, though the binary number next to 38.4 is a little less.
    """
    return Fraction(repr(float(hours))) * 60


class Rest(Model):
    """Rest between two shifts."""

    daily_hours: DayHours


class Runs(Model):
    """Consecutive days of the same kind."""

    work_most: Run
    nights_most: Run
    off_least: Run


class Night(Model):
    """What counts as a night shift."""

    hours_least: Annotated[float, Field(gt=0, le=5)]


class Weekends(Model):
    """Weekends without a shift on their Saturday and Sunday."""

    off_least_of_four: Annotated[int, Field(ge=0, le=4)]


class Break(Model):
    """The unpaid break of shifts longer than a limit."""

    shift_hours_above: Annotated[float, Field(ge=0, le=24)]
    hours: Annotated[float, Field(ge=0, le=4)]


class Contract(Model):
    """Paid hours that a worker owes and may be asked for."""

    weekly_hours_most: WeekHours
    weekly_hours_least: WeekHours = 0.0
    average_hours: WeekHours
    overtime_hours_month: Annotated[float, Field(ge=0, le=400)] = 0.0


class Skill(Model):
    """A skill of which each shift needs somebody, of the workers on duty."""

    skill: Name
    least: Annotated[int, Field(ge=1, le=1000)]
    shifts: tuple[Name, ...] = ()
    """Empty: all shifts that have posts."""
    roles: tuple[Name, ...] = ()
    """Empty: all roles."""


class Penalties(Model):
    """Points for what is not wanted but may be."""

    unmet: Points
    unmet_skill: Points
    excess: Points
    overtime_hour: Points
    wish: Points
    single_day_off: Points
    unfair: Points


class LabourRules(Model):
    """All labour rules of a roster.

    A shift belongs to the day on which it starts. A forbidden sequence names the shifts of
    consecutive days, with ``off`` for a day without one, and bans just that.
    """

    rest: Rest
    runs: Runs
    night: Night
    weekends: Weekends
    break_: Annotated[Break, Field(alias="break")]
    contracts: Annotated[dict[Name, Contract], Field(min_length=1)]
    forbidden: tuple[Annotated[tuple[Name, ...], Field(min_length=2, max_length=14)], ...] = ()
    skills: tuple[Skill, ...] = ()
    penalties: Penalties
    figures: tuple[Figure, ...] = ()
    """Every figure with its source; filled by `load_rules`."""


def load_rules(file: Path | None = None) -> LabourRules:
    """Load the rules that come with the package, changed by those of a file.

    Parameters
    ----------
    file : Path, optional
        TOML with some of the fields of ``scenarios/labour/china.toml``. Figures that its
        ``[sources]`` do not name count as assumed, by that file.

    Raises
    ------
    InputError
        One message: file, field, value and what is allowed.
    """
    base = shipped() / "labour" / "china.toml"
    tree, sources = _read(base)
    figures = {figure.path: figure for figure in trace(_leaves(tree, base), {base: sources})}
    if file is not None:
        own, own_sources = _read(file)
        own_sources.setdefault("", {"basis": "assumed", "note": f"as {file.name} has it"})
        named = {
            path: own_sources[max((p for p in own_sources if _within(path, p)), key=len)]
            for path, _ in _leaves(own, file)
        }
        for figure in trace(_leaves(own, file), {file: named}):
            figures[figure.path] = figure
        tree = _merge(tree, own)
    try:
        rules = strictly(LabourRules, tree)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        value = None if first["type"] == "missing" else first["input"]
        message = str(first["msg"])
        allowed = message[0].lower() + message[1:]
        if first["type"] == "extra_forbidden":
            known = _fields_at(first["loc"][:-1])
            allowed = f"no field of this name, but {one_of(first['loc'][-1], known)}"
        raise InputError(file or base, field, value, allowed) from None
    return rules.model_copy(update={"figures": tuple(figures.values())})


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    tree = read_toml(path, field="rules")
    if "figures" in tree:
        raise InputError(path, "figures", tree["figures"], "no field of this name")
    sources = tree.pop("sources", {})
    if not isinstance(sources, dict):
        raise InputError(path, "sources", sources, "a table")
    return tree, sources


def _within(path: str, part: str) -> bool:
    return not part or path == part or path.startswith(part + ".")


def _leaves(value: Any, file: Path, path: str = "") -> Iterator[tuple[str, Leaf]]:
    tables = isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)
    if not isinstance(value, dict) and not tables:
        yield path, Leaf(value, file)
        return
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield from _leaves(item, file, f"{path}.{key}" if path else str(key))


def _merge(below: Any, above: Any) -> Any:
    """Merge tables deeply; everything else is replaced."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {
        key: _merge(below[key], above[key])
        if key in below and key in above
        else above.get(key, below.get(key))
        for key in below | above
    }


def _fields_at(loc: tuple[int | str, ...]) -> list[str]:
    """List what is known beside a field that is not: the fields of the same model."""
    models: dict[str, list[str]] = {
        "rest": list(Rest.model_fields),
        "runs": list(Runs.model_fields),
        "night": list(Night.model_fields),
        "weekends": list(Weekends.model_fields),
        "break": list(Break.model_fields),
        "contracts": list(Contract.model_fields),
        "skills": list(Skill.model_fields),
        "penalties": list(Penalties.model_fields),
    }
    top = [*models, "forbidden"]
    return models.get(str(loc[0]), top) if loc else top
