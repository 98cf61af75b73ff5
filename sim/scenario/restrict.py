"""A part of a scenario: fewer days, some of its districts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sim.errors import InputError, one_of
from sim.reading import COMMAND_LINE
from sim.scenario.daysoff import check_years
from sim.scenario.schema import Scenario
from sim.scenario.world import WARM_UP_MOST
from sim.several import several


def restrict(
    scenario: Scenario,
    *,
    days: int | None = None,
    districts: Sequence[str] = (),
    warm_up_days: int | None = None,
) -> Scenario:
    """Return the first days and some of the districts of a scenario, and how it warms up.

    What remains is the same as in the whole; surges that reach beyond the end are cut there.

    Parameters
    ----------
    days : int, optional
        From 1 to the scenario's own number; all by default.
    districts : sequence of str
        English or Chinese names, in any order and case; all by default.
    warm_up_days : int, optional
        Days that are simulated before time 0, in the place of the scenario's own.

    Raises
    ------
    InputError
        If there are not so many days, or no such district.
    """
    update: dict[str, object] = {}
    time: dict[str, int] = {}
    if warm_up_days is not None:
        if not 0 <= warm_up_days <= WARM_UP_MOST:
            raise InputError("command line", "warm-up", warm_up_days, f"0 to {WARM_UP_MOST} days")
        time["warm_up_days"] = warm_up_days
    if days is not None:
        if not 1 <= days <= scenario.time.days:
            allowed = f"1 to {scenario.time.days}, the days of {scenario.name}"
            raise InputError("command line", "days", days, allowed)
        time["days"] = days
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
    if time:
        update["time"] = scenario.time.model_copy(update=time)
    if not update:
        return scenario
    fields = [f"time.{name}" for name in time] + ["area.include"] * bool(districts)
    update["set_by"] = scenario.set_by | dict.fromkeys(fields, COMMAND_LINE)
    said = {f"time.{name}": value for name, value in time.items()}
    update["figures"] = tuple(
        replace(
            figure, value=said[figure.path], basis=COMMAND_LINE, note="set for this run",
            file=COMMAND_LINE,
        )
        if figure.path in said
        else figure
        for figure in scenario.figures
    )  # fmt: skip
    restricted = scenario.model_copy(update=update)
    check_years(restricted, COMMAND_LINE)  # a longer warm-up begins earlier
    return restricted
