"""One pass over the parts of a run: the same figures, and no column read whole."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.clock import DAY, HOUR
from sim.engine.compiled_engine import engine
from sim.engine.outcome import Outcome
from sim.engine.stored import PartWriter, StoredColumns
from sim.experiment.measures import measure
from sim.measure import fold, store
from sim.measure.counters import counters
from sim.measure.fold import gather
from sim.measure.kpis import ALL, kpis
from sim.measure.plots import gallery, save_all
from sim.measure.summary import summary
from sim.measure.tables import GROUPS, PLACES
from sim.measure.use import use, use_by_hour


@pytest.fixture(scope="module")
def whole() -> Outcome:
    return sim.simulate("gusu-week", days=3)


@pytest.fixture(scope="module")
def parts() -> Outcome:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "IN_MEMORY", 0)
        patch.setattr(engine, "_BLOCK", 3_000)  # a day at a time
        return sim.simulate("gusu-week", days=3)


def everything(outcome: Outcome) -> list[pd.DataFrame]:
    return [
        *(kpis(outcome, by) for by in GROUPS),
        *(counters(outcome, by) for by in ("city", "town", "category")),
        counters(outcome, "district", HOUR / 4),
        counters(outcome, "city", 5000.0),
        *(use(outcome, by) for by in PLACES),
        use_by_hour(outcome),
    ]


def test_parts_give_what_the_whole_does(
    whole: Outcome, parts: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(parts.tickets, StoredColumns)
    expected = everything(replace(whole))
    gather(parts, [ALL, *store.requests(), *gallery.requests(parts)])
    for found, table in zip(everything(parts), expected, strict=True):
        pd.testing.assert_frame_equal(found, table, check_exact=True)
    monkeypatch.setattr(fold, "threads", lambda: 5)
    monkeypatch.setattr(fold, "_ALONE", 0)
    for found, table in zip(everything(replace(parts)), expected, strict=True):
        pd.testing.assert_frame_equal(found, table, check_exact=True)
    assert summary(parts).facts["kpis"] == summary(whole).facts["kpis"]


def test_a_replication_is_measured_in_pieces(
    whole: Outcome, parts: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = measure(replace(whole))
    late = whole.where("tickets", lambda t: t["arisen"] >= DAY)
    assert len(late) == np.count_nonzero(whole.tickets["arisen"] >= DAY)
    assert np.array_equal(late.tickets["key"], whole.tickets["key"][-len(late) :])
    fresh = replace(parts)
    pd.testing.assert_frame_equal(measure(fresh), expected, check_exact=False)


def test_counters_count_what_had_happened(whole: Outcome) -> None:
    """Against each instant by itself."""
    t = whole.tickets
    for every in (HOUR, HOUR / 4, 5000.0, 100.1):
        table = counters(whole, every=every)
        for time, tickets, closed in table[["time", "tickets", "closed"]].to_numpy()[::7]:
            assert tickets == np.count_nonzero(t["accepted"] <= time)
            assert closed == np.count_nonzero(t["closed"] <= time)
    assert table["time"].iloc[-1] == whole.until


def test_no_column_is_read_whole(
    parts: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: StoredColumns, name: str) -> None:
        raise AssertionError(f"the column {name} was read whole")

    monkeypatch.setattr(StoredColumns, "_read", refuse)
    fresh = replace(parts)
    assert len(fresh) > 0
    summary(fresh)

    def pictures(folder: Path) -> None:
        save_all(fresh, folder / "plots")

    folder = store.write(fresh, tmp_path / "out", extra=pictures)
    for name in ("tickets", "visits", "stops", "services"):
        files = sorted((folder / name).iterdir())
        assert [f.stat().st_size for f in files] == [
            part.stat().st_size for part in getattr(parts, name).parts
        ]
    again = StoredColumns(parts.tickets.parts)  # with nothing that another test has read
    with pytest.raises(AssertionError, match="read whole"):
        again["key"]


def test_parts_are_copied_to_another_disk(
    parts: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path, target: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    again = store.read(store.write(parts, tmp_path / "out"))
    assert np.array_equal(again.tickets["key"], parts.tickets["key"])


def test_some_rows_of_a_table_in_parts(whole: Outcome, parts: Outcome) -> None:
    draw = np.random.default_rng(1)
    for rows in (
        draw.integers(0, len(whole), 500),
        np.array([5, 5, 0]),
        np.array([len(whole) - 1]),
    ):
        for name in ("grid", "closed"):
            found = parts.of_tickets(name, rows)
            assert np.array_equal(found, whole.of_tickets(name, rows), equal_nan=True)


def test_pieces_are_all_rows_once(whole: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.engine import outcome

    monkeypatch.setattr(outcome, "_PIECE", 1000)
    pieces = list(whole.pieces())
    assert len(pieces) == -(-len(whole) // 1000)
    for name, column in whole.tickets.items():
        joined = np.concatenate([piece.tickets[name] for piece in pieces])
        assert np.array_equal(joined, column, equal_nan=column.dtype.kind == "f")
    stops = np.concatenate([piece.stops["ticket"] for piece in whole.log_pieces()])
    assert np.array_equal(stops, whole.stops["ticket"])


def test_a_fold_that_fails_ends_the_pass(parts: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fails:
        logs = False

        def __init__(self, outcome: Outcome) -> None: ...

        def add(self, piece: Outcome) -> None:
            raise ValueError("no")

        def merge(self, other: Fails) -> None: ...

    monkeypatch.setattr(fold, "_ALONE", 0)
    fresh = replace(parts)
    with pytest.raises(ValueError, match="no"):
        gather(fresh, [(Fails,)])
    assert fresh.folds == {}


def test_a_run_waits_for_a_slow_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more parts are held than a few, however far the disk is behind."""
    from sim.engine import stored

    held, most, lock = 0, 0, threading.Lock()

    def slow(columns: object, path: Path, *_: object) -> None:
        nonlocal held
        threading.Event().wait(0.02)
        with lock:
            held -= 1

    monkeypatch.setattr(stored, "_make_part", slow)
    writer = PartWriter(tmp_path)
    for _ in range(20):
        with lock:
            held += 1
            most = max(most, held)
        writer.write("tickets", {})
    writer.finish()
    assert held == 0
    assert most <= 3


@pytest.mark.slow
def test_the_memory_of_a_long_run_with_pictures(tmp_path: Path) -> None:
    """The whole city: what two more weeks add is little, and it stays below 1.9 GB."""
    peaks = []
    for days in (42, 56):
        command = ["-c", "import sys; from sim.cli import main; main()", "run", "suzhou-2018"]
        out = tmp_path / str(days)
        subprocess.run(
            [sys.executable, *command, "--days", str(days), "--out", str(out)],
            check=True, capture_output=True,
        )  # fmt: skip
        assert (out / "plots" / "map.png").is_file()
        peaks.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
    assert peaks[-1] < 1.9e9
    assert all(later - earlier < 2e8 for earlier, later in pairwise(peaks))
