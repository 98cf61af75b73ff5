"""Cells that a spreadsheet computes, and those that it does not."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.cells import csv_text, frame_text, guarded, unguarded
from sim.filename import file_name
from sim.reading import parse_csv

FORMULAS = [
    "=1+1",
    "+cmd",
    "-2+3",
    "@sum",
    "\t=1",
    "\r=1",
    " =1",
    "＝1",
    "－x",
    "'=1",
    "-",
    "-1e5x",
]


@pytest.mark.parametrize("cell", FORMULAS)
def test_formulas_are_text(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize(
    "cell", ["-5", "+1.5", "-1e-5", ".5", "a=b", "", "O'Neill", "'quoted'", "x-1"]
)
def test_numbers_and_names_stay(cell: str) -> None:
    assert guarded(cell) == cell == unguarded(cell)


@given(st.text())
def test_what_was_guarded_comes_back(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).lstrip().startswith(("=", "@", "＝"))


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8")), min_size=1), min_size=1))
def test_tables_come_back(rows: list[list[str]]) -> None:
    plain = [[cell.replace("\r", "").replace("\0", "") for cell in row] for row in rows]
    found = parse_csv(csv_text(plain), "a.csv")
    # of a row with nothing in it the csv module keeps nothing
    assert [row for row in found if row] == [row for row in plain if row]


def test_frames() -> None:
    table = pd.DataFrame({"=name": ["=a", "b"], "n": [-1, 2], "x": [-0.5, float("nan")]})
    table["kind"] = table["=name"].astype("category")
    assert frame_text(table) == "'=name,n,x,kind\n'=a,-1,-0.5,'=a\nb,2,,b\n"
    assert frame_text(table[["n"]].iloc[:0]) == "n\n"


def test_names_of_files() -> None:
    assert file_name("Suzhou Industrial Park") == "Suzhou Industrial Park"
    assert file_name("苏州") == "苏州"
    bad = ["../a", "a/b", "a-b", "/etc/passwd", "..", ".hidden", "a\0b", "路" * 80, "路" * 79 + "a"]
    made = [file_name(name) for name in bad]
    assert len(set(made)) == len(bad)
    for name in made:
        assert "/" not in name
        assert "\0" not in name
        assert not name.startswith(".")
        assert len(name.encode()) <= 120
