"""What a result on disk must be, whoever hands it over: its facts, its columns, what they number.

Facts are checked when a result is opened, and so are the types of its columns; what the columns
hold, as each is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sim.city.city import City
from sim.columns import RESULTS, Column
from sim.engine.outcome import Outcome
from sim.engine.stored import ROW, StoredColumns
from sim.errors import InputError
from sim.model.plan import Plan
from sim.model.state import Channel, Level, State, StopKind
from sim.reading import checked, open_parquet, read_json
from sim.scenario import Scenario
from sim.scenario.base import plain

FORMAT = 3
MARK = "run.json"
PLAN = "plan.npz"
PARTS = tuple(RESULTS)
"""The tables of a result."""

_LATEST = 1e11  # s: some three thousand years

Text = Annotated[str, Field(max_length=4096), AfterValidator(plain)]
Time = Annotated[float, Field(ge=0, le=_LATEST, allow_inf_nan=False)]
Instant = Annotated[float, Field(ge=-_LATEST, le=_LATEST, allow_inf_nan=False)]
Key = Annotated[int, Field(ge=0, lt=2**32)]


class Told(BaseModel):
    """A figure that a policy told: value and unit."""

    model_config = ConfigDict(strict=True)

    value: float
    unit: Text


class Run(BaseModel):
    """What ``run.json`` says of the run."""

    model_config = ConfigDict(strict=True)

    scenario: Text
    content_hash: Text
    districts: list[Text]
    days: Time
    seed: Key
    replication: Key
    policy: Text
    engine: Text
    until: Time
    begins: Annotated[float, Field(ge=-_LATEST, le=0)] = 0.0
    events: Annotated[int, Field(ge=0, lt=2**62)]
    tickets: Annotated[int, Field(ge=0, lt=2**62)]
    plans_from: list[Instant] = []
    figures: dict[Text, Annotated[list[Any], Field(min_length=2, max_length=2)]] = {}


def read_run(folder: Path) -> Run:
    """Read ``run.json`` of a result.

    Raises
    ------
    InputError
        Naming the field that is not as `sim.measure.store.write` writes it.
    """
    mark = folder / MARK
    said = read_json(mark, field="result", nan=True)
    form = said.get("format") if isinstance(said, dict) else None
    if form != FORMAT or isinstance(form, bool):
        raise InputError(mark, "format", form, f"{FORMAT}, that of this version; run it anew")
    run = checked(Run, said.get("run"), mark, "run")
    for name, told in run.figures.items():
        checked(Told, dict(zip(("value", "unit"), told, strict=True)), mark, "run.figures", name)
    if any(b <= a for a, b in zip(run.plans_from, run.plans_from[1:], strict=False)):
        raise InputError(mark, "run.plans_from", run.plans_from, "instants, each after the last")
    return run


@dataclass(frozen=True)
class Range:
    """What a column may hold: ``i``, ``f`` or ``b``, and numbers from where to below where."""

    kind: str
    low: float = 0
    below: float = np.inf


def columns_of(
    scenario: Scenario, city: City, plan: Plan, tickets: int
) -> dict[str, dict[str, Range]]:
    """Return the columns of each table of a result, by table and name.

    Parameters
    ----------
    plan : Plan
        With everybody who worked.
    tickets : int
        How many there are.
    """
    sizes = {
        "categories": len(scenario.categories),
        "districts": len(city.district_name),
        "towns": len(city.town_name),
        "grids": len(city.grid_xy),
        "desks": 1 + len(city.town_name) + len(city.district_name),
        "units": len(plan.unit_department),
        "crews": len(plan.crew_unit),
        "workers": len(plan.worker_grid),
        "tickets": tickets,
    } | {codes.__name__: len(codes) for codes in (Channel, State, Level, StopKind)}
    return {
        table: {
            column.name: _range(column, table, sizes, scenario.time.begins) for column in columns
        }
        for table, columns in RESULTS.items()
    }


def _range(column: Column, table: str, sizes: Mapping[str, int], begins: float) -> Range:
    """Return what a column of a result may hold; nothing happens before the warm-up begins."""
    kind = column.kind[0]
    if kind == "f":
        low = begins if column.unit == "s" and not column.span else 0
        return Range(kind, low, np.inf if column.never else _LATEST)
    if column.to:
        nobody = table == "tickets" and column.default < 0 and column.name != "state"
        return Range(kind, -1 if nobody else 0, sizes[column.to])
    return Range(kind, column.least, column.below)


def parts_of(folder: Path, table: str) -> tuple[list[Path], int]:
    """Return the files in which a table lies, one or a folder of parts, and its number of rows.

    Raises
    ------
    InputError
        If there is none, or one is no Parquet file.
    """
    whole = folder / f"{table}.parquet"
    parts = [whole] if whole.is_file() else sorted((folder / table).glob("*.parquet"))
    if not parts and not (folder / table).is_dir():
        raise InputError(folder, table, None, f"a complete result, with its {table}")
    return parts, _rows(parts)


class Checks:
    """Checks the columns of one table as they are read.

    Parameters
    ----------
    folder : Path
        Of the result, for messages.
    table : str
    columns : mapping
        By name, see `columns_of`.
    rows : int
        Of the table.
    """

    def __init__(self, folder: Path, table: str, columns: Mapping[str, Range], rows: int) -> None:
        self._file, self._table = folder, table
        self._columns = {**columns, ROW: Range("i", 0, rows)}

    def schema(self, parts: list[Path]) -> None:
        """Check that each part has the columns, and no other.

        Raises
        ------
        InputError
            Naming the file and the column.
        """
        for part in parts:
            with open_parquet(part) as file:
                schema = file.schema_arrow
            numbered = ROW in schema.names
            wanted = set(self._columns) - (set() if numbered else {ROW})
            for name in sorted(wanted ^ set(schema.names)):
                allowed = "this column, once" if name in wanted else "no such column"
                raise InputError(part, f"column {name}", name in schema.names, allowed)
            if len(schema.names) > len(wanted):
                raise InputError(part, "columns", schema.names, "each column once")
            for column in schema:
                kind = _kind(column.type)
                if kind != self._columns[column.name].kind:
                    allowed = _WORDS[self._columns[column.name].kind]
                    raise InputError(part, f"column {column.name}", str(column.type), allowed)

    def values(self, name: str, column: NDArray[Any]) -> NDArray[Any]:
        """Return a column if each of its values is what it may be.

        Raises
        ------
        InputError
            Naming the table, the column, and the first value that is not.
        """
        one = self._columns[name]
        if column.dtype.kind != one.kind:  # some are missing
            raise InputError(self._file, f"{self._table}.{name}", "nothing", _WORDS[one.kind])
        if one.kind == "b" or not len(column):
            return column
        # these pass over NaN, which stands for never
        low, high = np.fmin.reduce(column), np.fmax.reduce(column)
        if low < one.low or (high >= one.below and one.below != np.inf):
            wrong = (column < one.low) | (column >= one.below)
            value = column[np.argmax(wrong)].item()
            allowed = f"{one.low:.12g} or more, below {one.below:.12g}"
            raise InputError(self._file, f"{self._table}.{name}", value, allowed)
        return column


def check_outcome(outcome: Outcome, folder: Path) -> None:
    """Have an outcome's parts on disk checked as they are read: those of a run that was resumed.

    Parameters
    ----------
    folder : Path
        Of its checkpoint, for messages.

    Raises
    ------
    InputError
        If a part has not the columns that it should have.
    """
    tables = {name: getattr(outcome, name) for name in PARTS}
    stored = {name: one for name, one in tables.items() if isinstance(one, StoredColumns)}
    rows = {name: _rows(table.parts) for name, table in stored.items()}
    columns = columns_of(outcome.scenario, outcome.city, outcome.plan, rows.get("tickets", 0))
    for name, table in stored.items():
        checks = Checks(folder, name, columns[name], rows[name])
        checks.schema(table.parts)
        table.check = checks.values


def _rows(parts: list[Path]) -> int:
    rows = 0
    for part in parts:
        with open_parquet(part) as file:
            rows += file.metadata.num_rows
    return rows


_WORDS = {"i": "whole numbers", "f": "numbers of 64 bits", "b": "flags"}


def _kind(kind: Any) -> str:
    import pyarrow as pa

    if pa.types.is_signed_integer(kind):
        return "i"
    return {pa.float64(): "f", pa.bool_(): "b"}.get(kind, "")
