"""Rows of the tables beside a scenario, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from sim.errors import InputError, one_of
from sim.reading import parse_csv
from sim.scenario.base import Model, Name, NonNegative, Positive, Share, plain
from sim.scenario.renamed import COLUMNS

Basis = Literal["published", "measured", "assumed"]
Source = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(plain)]


class Category(Model):
    """A kind of matter. Shares and hours are means; an empty cell is None: never."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    name_en: Name
    name_zh: Name
    family: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    department: Name
    joint_with: tuple[Name, ...]
    joint_share: Share
    priority: Annotated[int, Field(ge=1, le=4)]
    hotline_share: Share
    police_share: Share
    reported: Annotated[float, Field(ge=1e-6, le=1)]
    silent_per_day: NonNegative
    answered_at_once: Share
    patience_h: NonNegative
    lifetime_h: Positive | None
    patrol_visibility: Share
    observer_days: Positive | None
    camera_visibility: Share
    on_spot: Share
    on_spot_min: NonNegative
    mistriage: Annotated[float, Field(ge=0, lt=1)]
    sign_h: Positive
    arrive_h: Positive
    close_h: Positive | None
    close_workdays: Annotated[int, Field(ge=1, le=250)] | None = None
    """The deadline in working days after that of acceptance, where it is not in hours."""
    work_min: NonNegative
    work_cv: NonNegative
    settle_h: NonNegative
    settle_cv: NonNegative
    reopen: Annotated[float, Field(ge=0, lt=1)]
    check_by_grid: Share
    profile: Name
    season: Name | None = None
    place: Literal["population", "area", "even"]
    basis: Basis
    source: Source

    @property
    def mean_close_h(self) -> float:
        """The time to the deadline for closing, h; of working days, five in seven."""
        return self.close_h or 24.0 * 7 / 5 * (self.close_workdays or 0)


class DistrictRow(Model):
    """A district of the whole city."""

    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]
    name_en: Name
    name_zh: Name
    kind: Name
    population_2020_census: Annotated[int, Field(ge=1, le=10**10)]
    area_km2: Positive
    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    basis: Basis
    source: Source


Row = TypeVar("Row", bound=Model)

_EMPTY = {"lifetime_h", "observer_days", "close_h", "close_workdays", "season"}
_LISTS = {"joint_with"}


def read_table(path: Path, text: str, model: type[Row], key: str) -> tuple[Row, ...]:
    """Read a CSV table whose first line names the columns.

    Parameters
    ----------
    path : Path
        For messages.
    text : str
        The file's content.
    model : type
        What each row must be.
    key : str
        The column in which no value may come twice.

    Raises
    ------
    InputError
        Naming the row (the line in the file) and the column.
    """
    lines = parse_csv(text, path)
    wanted = list(model.model_fields)
    if not lines:
        raise InputError(path, "table", "", f"a first line with the columns {', '.join(wanted)}")
    header = lines[0]
    before = {now: old for old, now in COLUMNS.items()}
    for column, field in model.model_fields.items():
        if (count := header.count(column)) != 1 and (count or field.is_required()):
            old = before.get(column)
            if old in header:
                allowed = f"{column}; `sim migrate` of the scenario renames it"
                raise InputError(path, "header", old, allowed)
            raise InputError(path, "header", count, f"exactly one column {column}")
    for column in header:
        if column not in wanted:
            raise InputError(path, "header", column, one_of(column, wanted))
    rows: list[Row] = []
    seen: dict[str, int] = {}
    for number, cells in enumerate(lines[1:], start=2):
        if not cells:
            continue
        if len(cells) != len(header):
            raise InputError(path, f"row {number}", len(cells), f"{len(header)} cells")
        values: dict[str, Any] = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        for column in _EMPTY & values.keys():
            values[column] = values[column] or None
        for column in _LISTS & values.keys():
            values[column] = tuple(v.strip() for v in values[column].split(";") if v.strip())
        try:
            row = model.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            column = str(first["loc"][0])
            more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
            raise InputError(
                path, f"row {number}, column {column}", values[column], first["msg"] + more
            ) from None
        name = str(getattr(row, key))
        if name in seen:
            raise InputError(
                path, f"row {number}, column {key}", name, f"a name not used in row {seen[name]}"
            )
        seen[name] = number
        rows.append(row)
    if not rows:
        raise InputError(path, "table", "", "at least one row")
    return tuple(rows)
