"""Results on disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from engine.outcomes import same
from tiny import tiny

import sim
from sim.engine.outcome import Outcome
from sim.errors import InputError
from sim.measure.checks import FORMAT
from sim.measure.kpis import kpis
from sim.measure.store import read, write
from sim.measure.tables import GROUPS
from sim.measure.use import PLACES, use


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    scenario = tiny(tmp_path_factory.mktemp("store"), ["hotline.talk_mean_s=250"])
    return sim.simulate(scenario, days=2, districts=["West"], policy="edd", seed=3)


def test_written_and_read_again(outcome: Outcome, tmp_path: Path) -> None:
    folder = write(outcome, tmp_path / "deep" / "out")
    again = read(folder)
    assert same(outcome, again)
    assert (again.seed, again.policy, again.engine, again.replication) == (3, "edd", "compiled", 0)
    assert again.scenario.content_hash == outcome.scenario.content_hash
    assert np.array_equal(again.plan.crew_xy, outcome.plan.crew_xy)
    pd.testing.assert_frame_equal(kpis(again, "town"), kpis(outcome, "town"))


def test_provenance_stands_beside(outcome: Outcome, tmp_path: Path) -> None:
    folder = write(outcome, tmp_path / "out")
    facts = json.loads((folder / "run.json").read_text())
    assert facts["run"]["seed"] == 3
    assert facts["run"]["content_hash"] == outcome.scenario.content_hash
    assert set(facts["versions"]) >= {"python", "simpy", "numpy", "suzhou-dispatch"}
    assert (folder / "scenario.toml").is_file()
    parquet = pd.read_parquet(folder / "kpis.parquet")
    assert list(dict.fromkeys(parquet["by"])) == list(GROUPS)
    assert list((tmp_path).iterdir()) == [folder]  # nothing temporary is left


def test_the_result_can_be_run_again(outcome: Outcome, tmp_path: Path) -> None:
    folder = write(outcome, tmp_path / "out")
    again = sim.simulate(folder / "scenario.toml", policy="edd", seed=3)
    assert same(outcome, again)


def test_nothing_is_overwritten_unasked(outcome: Outcome, tmp_path: Path) -> None:
    folder = write(outcome, tmp_path / "out")
    with pytest.raises(InputError, match="--overwrite"):
        write(outcome, folder)
    write(outcome, folder, overwrite=True)
    other = tmp_path / "mine"
    other.mkdir()
    (other / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="this is something else"):
        write(outcome, other, overwrite=True)
    assert (other / "thesis.tex").read_text() == "years of work"
    (tmp_path / "empty").mkdir()
    write(outcome, tmp_path / "empty")


def test_nothing_half_written(outcome: Outcome, tmp_path: Path) -> None:
    def fail(_: Path) -> None:
        raise RuntimeError("no ink")

    with pytest.raises(RuntimeError, match="no ink"):
        write(outcome, tmp_path / "out", extra=fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["missing", "no mark", "other format", "no tickets", "not json"])
def test_damaged(damage: str, outcome: Outcome, tmp_path: Path) -> None:
    folder = write(outcome, tmp_path / "out")
    mark = folder / "run.json"
    if damage == "missing":
        folder = tmp_path / "nowhere"
    elif damage == "no mark":
        mark.unlink()
    elif damage == "other format":
        mark.write_text(mark.read_text().replace(f'"format": {FORMAT}', '"format": 99'))
    elif damage == "no tickets":
        (folder / "tickets.parquet").unlink()
    else:
        mark.write_text("{")
    with pytest.raises(InputError):
        read(folder)


def test_a_long_run_is_kept_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit into memory goes to disk as it is made, and is the same."""
    from sim.engine.compiled_engine import engine
    from sim.engine.stored import StoredColumns

    whole = sim.simulate("gusu-week", days=3)
    monkeypatch.setattr(engine, "IN_MEMORY", 0)
    monkeypatch.setattr(engine, "_BLOCK", 3_000)  # a day at a time
    run = sim.prepare("gusu-week", days=3)
    run.run(100_000)
    run.outcome()  # a look in the middle changes nothing
    run.run()
    parts = run.outcome()
    assert isinstance(parts.tickets, StoredColumns)
    assert len(parts.tickets.parts) > 2
    kept = read(write(parts, tmp_path / "parts"))
    for outcome in (parts, kept):
        assert outcome.events == whole.events
        for name, column in whole.tickets.items():
            assert np.array_equal(outcome.tickets[name], column, equal_nan=column.dtype.kind == "f")
        for log in ("visits", "stops", "services"):
            ours, theirs = getattr(outcome, log), getattr(whole, log)
            assert sorted(ours["ticket"]) == sorted(theirs["ticket"])
            assert np.nansum(ours["end"]) == np.nansum(theirs["end"])
    assert kpis(parts).equals(kpis(whole))
    written = pd.read_csv(tmp_path / "parts" / "use.csv")
    for by in PLACES:
        assert use(parts, by).equals(use(whole, by))
        assert (written["by"] == by).sum() == len(use(whole, by))
