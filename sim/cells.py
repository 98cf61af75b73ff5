"""Cells of CSV tables that a spreadsheet takes for what they are: text, never a formula.

A name that begins as a formula does gets an apostrophe before it; `unguarded`, and with it every
reader here, takes it off again. Numbers stay as they are.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# as a formula begins, full-width signs too; before it what spreadsheets skip, and apostrophes,
# so that a name which has one of its own comes back with it
_FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠\t\r\n]")
_GUARDED = re.compile(r"''*\s*[=+\-@＝＋－＠\t\r\n]")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet computes."""
    if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def unguarded(cell: str) -> str:
    """Return the cell that `guarded` was given."""
    return cell[1:] if _GUARDED.match(cell) else cell


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Return rows as comma-separated values, their text guarded."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerows([guarded(c) if isinstance(c, str) else c for c in row] for row in rows)
    return text.getvalue()


def frame_text(table: pd.DataFrame) -> str:
    """Return a pandas table as comma-separated values, as pandas writes it, its text guarded."""

    def text(column: Any) -> Any:
        if column.dtype.kind in "biufcmM":
            return column
        return column.astype(object).map(lambda c: guarded(c) if isinstance(c, str) else c)

    shown = table.apply(text).rename(columns=lambda c: guarded(str(c)))
    return str(shown.to_csv(index=False, lineterminator="\n"))
