"""Every column is stated once, and what is stated is so."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny

import sim
from sim.columns import MATTER, RESULTS, STORED, TICKET, Column
from sim.engine.compiled_engine.layout import LINE, TICKET_COLUMNS
from sim.engine.compiled_engine.layout import TICKET as RECORD
from sim.engine.outcome import Outcome
from sim.model.order import Kind
from sim.model.state import Channel, Level, State, StopKind
from sim.scenario import Category, Scenario
from sim.workload import quantiles
from sim.workload.purpose import Purpose

CODES = {kind.__name__: kind for kind in (Channel, Level, State, StopKind)}
ALL = [*MATTER, *TICKET]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return sim.simulate(tiny(tmp_path_factory.mktemp("tiny")), check=True)


def test_each_has_a_name_of_its_own() -> None:
    names = [column.name for column in TICKET_COLUMNS]
    assert len(set(names)) == len(names)
    assert set(names) == set(RECORD.names or ())
    assert {column.name for column in (*MATTER, *STORED)} < set(names)


def test_lines_of_memory_hold_what_they_say() -> None:
    assert RECORD.fields is not None
    for column in TICKET_COLUMNS:
        kind, offset = RECORD.fields[column.name][:2]
        assert offset // LINE == column.line == (offset + kind.itemsize - 1) // LINE


@pytest.mark.parametrize("column", ALL, ids=lambda column: column.name)
def test_its_words_are_the_models(column: Column) -> None:
    assert column.english
    assert State[column.since] is not None
    assert not column.result or column.chinese
    if column in MATTER and column.line is not None:
        assert Kind[column.revealed] is not None
    assert np.dtype(column.kind).kind in "fib"
    assert (column.unit != "") <= (column.kind != "b1")
    assert not column.to or column.to in CODES or column.to in (
        "categories", "districts", "towns", "grids", "units", "workers",
    )  # fmt: skip


@pytest.mark.parametrize(
    "column", [one for one in MATTER if one.draw is not None], ids=lambda column: column.name
)
def test_it_is_drawn_by_a_function_of_figures_that_there_are(column: Column) -> None:
    draw = column.draw
    assert draw is not None
    assert draw.purpose in Purpose.__members__
    taken = list(inspect.signature(getattr(quantiles, draw.quantile)).parameters)
    assert len(taken) == 1 + len(draw.parameters)
    for said in draw.parameters:
        if isinstance(said, str):
            group, name = said.split(".")
            model = {"category": Category, "line": Scenario.model_fields["hotline"].annotation}.get(
                group
            ) or Scenario.model_fields[group].annotation
            assert name in model.model_fields  # type: ignore[union-attr]


def test_no_two_columns_share_a_random_number() -> None:
    used = [column.draw.purpose for column in MATTER if column.draw is not None]
    assert len(set(used)) == len(used)


def test_nothing_is_known_before_its_step(outcome: Outcome) -> None:
    """What may first be written in a later step still has its default, unless it came back."""
    tickets = outcome.tickets
    straight = (tickets["reopened"] == 0) & ~tickets["abandoned"] & (tickets["sent_back"] == 0)
    seen = 0
    for column in TICKET:
        if column.name not in tickets or column.name == "state":
            continue
        before = straight & (tickets["state"] < State[column.since])
        values = tickets[column.name][before]
        never = np.isnan(column.default)
        untouched = np.isnan(values) if never else values == column.default
        if column.name != "priority":
            assert untouched.all(), column.name
            seen += len(values)
    assert seen > 1000


def test_codes_and_rows_are_in_range(outcome: Outcome) -> None:
    sizes = {
        "categories": len(outcome.scenario.categories),
        "districts": len(outcome.city.district_name),
        "towns": len(outcome.city.town_name),
        "grids": len(outcome.city.grid_xy),
        "units": len(outcome.plan.unit_department),
        "workers": len(outcome.plan.worker_grid),
        "crews": len(outcome.plan.crew_unit),
        "tickets": len(outcome),
        "desks": 1 + len(outcome.city.town_name) + len(outcome.city.district_name),
    } | {name: len(codes) for name, codes in CODES.items()}
    for table, columns in RESULTS.items():
        for column in columns:
            values = getattr(outcome, table)[column.name]
            assert values.dtype == column.kind
            if column.to:
                assert values.min() >= min(column.default, 0)
                assert values.max() < sizes[column.to]


def test_the_page_of_columns_is_of_today() -> None:
    file = Path(__file__).parents[1] / "docs" / "tables.py"
    spec = importlib.util.spec_from_file_location("tables", file)
    assert spec is not None and spec.loader is not None
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    for name, page in tables.PAGES.items():
        assert (file.parent / name).read_text(encoding="utf-8") == page(), "python docs/tables.py"
