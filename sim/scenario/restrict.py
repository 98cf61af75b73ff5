"""A part of a scenario: fewer days, some of its districts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sim.errors import InputError, one_of
from sim.reading import COMMAND_LINE
from sim.scenario.schema import Scenario
from sim.several import several


def restrict(
    scenario: Scenario, *, days: int | None = None, districts: Sequence[str] = ()
) -> Scenario:
    """Return the first days and some of the districts of a scenario.

    What remains is the same as in the whole; surges that reach beyond the end are cut there.

    Parameters
    ----------
    days : int, optional
        From 1 to the scenario's own number; all by default.
    districts : sequence of str
        English or Chinese names, in any order and case; all by default.

    Raises
    ------
    InputError
        If there are not so many days, or no such district.
    """
    update: dict[str, object] = {}
    if days is not None:
        if not 1 <= days <= scenario.time.days:
            allowed = f"1 to {scenario.time.days}, the days of {scenario.name}"
            raise InputError("command line", "days", days, allowed)
        update["time"] = scenario.time.model_copy(update={"days": days})
        update["surges"] = tuple(
            surge.model_copy(update={"days": min(surge.days, days - surge.start_day)})
            for surge in scenario.surges
            if surge.start_day < days
        )
    if districts:
        here = scenario.places
        names = {
            name.casefold(): row.name_en
            for row in scenario.district_table
            if row.name_en in here
            for name in (row.name_en, row.name_zh)
        }
        chosen = []
        for district in several(districts):
            if district.casefold() not in names:
                allowed = f"districts of {scenario.name}: {one_of(district, here)}"
                raise InputError("command line", "district", district, allowed)
            chosen.append(names[district.casefold()])
        include = tuple(name for name in here if name in chosen)
        update["area"] = scenario.area.model_copy(update={"include": include})
    if not update:
        return scenario
    fields = [f for f, by in (("time.days", days), ("area.include", districts)) if by]
    update["set_by"] = scenario.set_by | dict.fromkeys(fields, COMMAND_LINE)
    update["figures"] = tuple(
        replace(figure, value=days, basis=COMMAND_LINE, note="set for this run", file=COMMAND_LINE)
        if days is not None and figure.path == "time.days"
        else figure
        for figure in scenario.figures
    )
    return scenario.model_copy(update=update)
