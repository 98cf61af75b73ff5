"""A file put in the place of the one that a scenario names."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sim.reading import COMMAND_LINE, read_text
from sim.scenario.schema import ATTACHED, Scenario
from sim.scenario.sources import Figure


def attach(scenario: Scenario, field: str, file: str | Path) -> Scenario:
    """Return the scenario with another file in a field, as if its own file had named it.

    Parameters
    ----------
    field : str
        One of `sim.scenario.schema.ATTACHED`, such as ``patrol.routes``.
    file : str or Path
        From the working folder on.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    section, _, last = field.partition(".")
    path = Path.cwd() / file
    text = read_text(path, COMMAND_LINE, field)
    tables = len(scenario.source_files) - 3  # the last three are the tables
    layers = [p for p in scenario.source_files[:tables] if p not in scenario.attached.values()]
    attached = {**scenario.attached, field: path}
    digest = hashlib.sha256(text.encode()).hexdigest()
    figure = Figure(field, str(file), COMMAND_LINE, "set for this run", COMMAND_LINE)
    return scenario.model_copy(
        update={
            section: getattr(scenario, section).model_copy(update={last: str(file)}),
            "attached": attached,
            "attached_hashes": scenario.attached_hashes | {field: digest},
            "source_files": (
                *layers,
                *(attached[name] for name in ATTACHED if name in attached),
                *scenario.source_files[tables:],
            ),
            "set_by": scenario.set_by | {field: COMMAND_LINE},
            "figures": _with(scenario.figures, figure),
        }
    )


def _with(figures: tuple[Figure, ...], new: Figure) -> tuple[Figure, ...]:
    """Put a figure in the place of its like, or behind the last of its section."""
    section = new.path.partition(".")[0]
    kept = [one for one in figures if one.path != new.path]
    same = [i for i, one in enumerate(figures) if one.path == new.path]
    behind = [i for i, one in enumerate(kept) if one.path.partition(".")[0] == section]
    at = same[0] if same else behind[-1] + 1
    return (*kept[:at], new, *kept[at:])
