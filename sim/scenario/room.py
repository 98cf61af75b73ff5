"""What a run needs of memory, known from its scenario before anything is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

from sim.errors import InputError
from sim.processors import memory
from sim.reading import COMMAND_LINE
from sim.scenario.schema import Scenario
from sim.scenario.tables import Category
from sim.scenario.world import DemandChange

# Bytes, measured on the compiled engine as what a run's peak grows by.
_PROGRAM = 300e6
_GRID = 20e3  # the points by which it is laid
_ROAD_PAIR = 24.0  # two places of a district, while their ways are looked for
_GRIDWORKER = 400.0
_CREW = 2400.0  # each may have its entry in every log and queue of its district at once
_POST = 2100.0  # of an operator, alike
_MATTER = 1600.0  # of those of one day, which are drawn while the day before is run
_KEPT = 700.0  # a matter that is over, and what was done about it, while it is in memory
_TOWN_HOUR = 200.0  # the counters

IN_MEMORY = 1_500_000
"""Matters of a run that is kept in memory; longer ones lie on disk."""

_USABLE = 0.9
"""Of the memory there is: the system needs some too."""

_LITTLE = 500e6
"""What needs no more without a factor is not what is too large."""

_SOURCES = ("totals.hotline_requests", "totals.police_calls", "column silent_per_day")
"""Where matters are from; the last, of the table of categories, is what no citizen reports."""


@dataclass(frozen=True)
class Need:
    """What a field makes a run need.

    Attributes
    ----------
    file : Path or str
        Which set it.
    field : str
    value : float
        More of it needs more in proportion.
    bytes : float
    """

    file: Path | str
    field: str
    value: float
    bytes: float


Needing = Callable[[str, float, float], Need]


def check_room(scenario: Scenario, runs: int = 1) -> None:
    """Check that what a scenario asks for fits into the memory of this machine.

    Parameters
    ----------
    runs : int
        How many go on side by side.

    Raises
    ------
    InputError
        If it does not, for the field that asks for most.
    """
    _check(list(needs(scenario)), runs)


def check_posts(file: Path, rows: Iterable[tuple[str, str, int]]) -> None:
    """Check that the staff of a table fit into the memory of this machine.

    Parameters
    ----------
    rows : iterable of (str, str, int)
        What to call the field, the role in it, and how many; roles without a post of their own,
        such as part-time gridworkers, take no room.

    Raises
    ------
    InputError
        If they do not, for the row that asks for most.
    """
    each = {"gridworker": _GRIDWORKER, "crew": _CREW, "part_time": 0.0}
    _check([Need(file, field, n, n * each.get(role, _POST)) for field, role, n in rows], 1)


def _check(asked: list[Need], runs: int) -> None:
    here, total = _USABLE * memory(), _PROGRAM + sum(need.bytes for need in asked)
    if total * runs <= here:
        return
    have = f"the {_size(here)} that runs may have here"
    if total <= here:
        allowed = f"at most {here // total:.0f}: each run needs {_size(total)} of {have}"
        raise InputError(COMMAND_LINE, "workers", runs, allowed)
    worst = max(asked, key=lambda need: need.bytes)
    left = here - _PROGRAM - sum(need.bytes for need in asked if need is not worst)
    most = worst.value * max(left, 0.0) / worst.bytes
    limit = f"{int(most):,}" if isinstance(worst.value, int) else f"{most:.3g}"
    allowed = f"at most about {limit}: the run needs {_size(total)} of {have}"
    raise InputError(worst.file, worst.field, worst.value, allowed)


def _size(amount: float) -> str:
    """Write bytes as one would say them."""
    if amount >= 1e15:
        return f"{amount / 1e9:.1e} GB"
    return f"{amount / 1e9:,.1f} GB" if amount >= 1e9 else f"{amount / 1e6:,.0f} MB"


def needs(scenario: Scenario) -> Iterator[Need]:
    """Yield what each field that sets a size needs, of the districts that are simulated."""
    totals, rows = scenario.totals, scenario.district_table
    people = sum(row.population_2020_census for row in rows)
    shares = {
        row.name_en: row.population_2020_census / people
        for row in rows
        if not scenario.area.include or row.name_en in scenario.area.include
    }
    share = sum(shares.values())
    towns = sum(scenario.districts[name].towns for name in shares)

    def need(field: str, value: float, size: float) -> Need:
        set_as = field.replace("[", ".").replace("]", "")
        return Need(scenario.file_of(set_as), field, value, size)

    yield need("totals.grids", totals.grids, share * totals.grids * _GRID)
    if scenario.travel.model == "roads":
        pairs = sum((totals.grids * part) ** 2 for part in shares.values())
        yield need("totals.grids", totals.grids, pairs * _ROAD_PAIR)
    for role, each, counts in _staff(scenario):
        factor, alone = getattr(scenario.staff_scale, role), share * each * sum(counts.values())
        if factor > 1 and alone < _LITTLE:  # it is the factor that makes it large
            yield need(f"staff_scale.{role}", factor, alone * factor)
        else:
            for field, count in counts.items():
                yield need(field, count, share * each * count * factor)
    matters = list(_matters(scenario, shares, need))
    yield from matters
    days, warm_up = scenario.time.days, scenario.time.warm_up_days
    # the record of a warm-up is there until time 0 has come
    most = sum(one.bytes for one in matters) / _MATTER * max(days, warm_up)
    kept = min(most, IN_MEMORY) * _KEPT
    field, value = ("time.days", days) if days >= warm_up else ("time.warm_up_days", warm_up)
    yield need(field, value, kept + days * 24 * towns * _TOWN_HOUR)


def _staff(scenario: Scenario) -> Iterator[tuple[str, float, Mapping[str, int]]]:
    """Yield posts by the field that sets them, with the factor on them and what each needs."""

    def by_shift(field: str, posts: Mapping[str, int]) -> dict[str, int]:
        return {f"{field}.{shift}": count for shift, count in posts.items()}

    centres = scenario.centres
    yield "full_time", _GRIDWORKER, {"totals.full_time": scenario.totals.full_time}
    yield "hotline", _POST, by_shift("hotline.operators", scenario.hotline.operators)
    towns = by_shift("centres.town_operators", centres.town_operators)
    districts = by_shift("centres.district_operators", centres.district_operators)
    yield "centres", _POST, towns | districts
    crews: dict[str, int] = {}
    for name, body in scenario.departments.items():
        crews |= by_shift(f"departments.{name}.crews", body.crews)
    yield "crews", _CREW, crews


def _matters(scenario: Scenario, shares: Mapping[str, float], need: Needing) -> Iterator[Need]:
    """Yield what the matters of a day need, with every change of demand in force at once."""
    totals = scenario.totals
    changes = {
        f"{group}[{i}].factor": change
        for group, some in (("demand", scenario.demand), ("surges", scenario.surges))
        for i, change in enumerate(some)
    }
    alone, grown = 0.0, dict.fromkeys(_SOURCES, 0.0)
    for name, share in shares.items():
        for category in scenario.categories:
            factor = prod(c.factor for c in changes.values() if _changes(c, name, category))
            requests = (
                totals.hotline_requests * category.hotline_share,
                totals.police_calls * category.police_share,
            )
            daily = [r / category.reported / totals.period_days for r in requests]
            for field, volume in zip(_SOURCES, (*daily, category.silent_per_day), strict=True):
                alone += share * volume * _MATTER
                grown[field] += share * volume * max(factor, 1.0) * _MATTER
    largest = max(changes, key=lambda field: changes[field].factor, default=None)
    if largest is not None and changes[largest].factor > 1 and alone < _LITTLE:
        yield need(largest, changes[largest].factor, sum(grown.values()))
        return
    hotline, police, silent = _SOURCES
    yield need(hotline, totals.hotline_requests, grown[hotline])
    yield need(police, totals.police_calls, grown[police])
    names = [file for file in scenario.source_files if file.name == scenario.tables.categories]
    table = names[-1] if names else scenario.tables.categories
    total = sum(category.silent_per_day for category in scenario.categories)
    yield Need(Path(table), silent, total, grown[silent])


def _changes(change: DemandChange, district: str, category: Category) -> bool:
    """Return whether a change of demand is one of a category in a district."""
    return (not change.districts or district in change.districts) and (
        not (change.categories or change.families)
        or category.id in change.categories
        or category.family in change.families
    )
