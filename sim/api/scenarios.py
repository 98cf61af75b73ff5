"""Scenarios: loaded, compared as texts, and where their figures come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import InputError, one_of
from sim.scenario import Scenario, restrict
from sim.scenario import diff as differences
from sim.scenario import load as load_scenario
from sim.scenario.layers import Overrides

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def load(
    name: str | Path,
    overrides: Overrides | None = None,
    *,
    days: int | None = None,
    districts: Sequence[str] = (),
    warm_up_days: int | None = None,
) -> Scenario:
    """Load a scenario.

    Parameters
    ----------
    name : str or Path
        A TOML file, or the name of a scenario that comes with the package.
    overrides : mapping, optional
        Values by dotted key, such as ``{"time.days": 1, "hotline.operators": {"night": 68}}``.
        They lie over the file as a scenario that extends it would: tables merge, everything else
        is replaced; ``surges.0.factor`` changes the first of a list of tables.
    days : int, optional
        The first days of it only.
    districts : sequence of str
        Some of its districts only, by English or Chinese name.
    warm_up_days : int, optional
        Days that are simulated before time 0, in the place of its own.

    Returns
    -------
    Scenario
        Validated and frozen.

    Raises
    ------
    InputError
        One message: file, field, value and what is allowed.
    """
    loaded = load_scenario(name, {} if overrides is None else overrides)
    return restrict(loaded, days=days, districts=districts, warm_up_days=warm_up_days)


def diff(a: Scenario | str | Path, b: Scenario | str | Path) -> pd.DataFrame:
    """List the fields in which two scenarios differ.

    Returns
    -------
    pandas.DataFrame
        ``path, a, b``; None where a scenario has no such field.
    """
    import pandas as pd

    rows = differences(loaded(a), loaded(b))
    return pd.DataFrame(rows, columns=["path", "a", "b"], dtype=object)


def figures(scenario: Scenario | str | Path) -> pd.DataFrame:
    """List every figure of a scenario with its source.

    Returns
    -------
    pandas.DataFrame
        ``path, value, basis, note, file``; a row of a table counts as one. The last words of a
        path name its unit: ``_min``, ``_h``, ``_kmh``.
    """
    import pandas as pd

    return pd.DataFrame([asdict(one) for one in loaded(scenario).figures])


def plot_roads(scenario: Scenario | str | Path, district: str | None = None) -> Figure:
    """Draw a district's road net: from the scenario's file, or generated.

    Parameters
    ----------
    district : str, optional
        English name; the first that is simulated by default.

    Raises
    ------
    InputError
        If there is no such district, or the roads cannot be read.
    """
    from sim.city import City
    from sim.city.travel import road_nets
    from sim.measure.plots.roads import plot_roads

    found = loaded(scenario)
    city = City.build(found)
    names = list(city.district_name)
    if district is not None and district not in names:
        raise InputError("plot", "district", district, one_of(district, names))
    number = 0 if district is None else names.index(district)
    return plot_roads(city, number, road_nets(found, city)[number])


def loaded(scenario: Scenario | str | Path) -> Scenario:
    """Return a scenario, loaded if it is a name or a path."""
    return scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
