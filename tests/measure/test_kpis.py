"""KPIs against brute force over the tickets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny import tiny

import sim
from sim.clock import DAY, HOUR
from sim.engine.outcome import Outcome
from sim.measure.counters import COUNTERS, counters
from sim.measure.kpis import figures, figures_by, kpis, table
from sim.measure.tables import GROUPS, group_of
from sim.measure.use import use, use_by_hour
from sim.model.state import State


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return sim.simulate(tiny(tmp_path_factory.mktemp("kpis")))


@pytest.fixture(scope="module")
def frame(outcome: Outcome) -> pd.DataFrame:
    return outcome.frame


def value(found: pd.DataFrame, metric: str, name: str) -> float:
    rows = found[(found["metric"] == metric) & (found["name"] == name)]
    assert len(rows) == 1
    return float(rows["value"].iloc[0])


@pytest.mark.parametrize("by", ["district", "department", "category", "town"])
def test_against_pandas(by: str, outcome: Outcome, frame: pd.DataFrame) -> None:
    found = kpis(outcome, by)
    for name, rows in frame.groupby(by, observed=True):
        tickets = rows[rows["accepted"].notna()]
        span = (tickets["closed"] - tickets["accepted"]).dropna()
        assert value(found, "tickets", str(name)) == len(tickets)
        assert value(found, "backlog", str(name)) == tickets["closed"].isna().sum()
        assert value(found, "close.mean", str(name)) == pytest.approx(span.mean(), nan_ok=True)
        if len(span):
            for share in (50, 90, 95):
                # the smallest that this share does not exceed
                exact = np.quantile(span, share / 100, method="inverted_cdf")
                assert value(found, f"close.p{share}", str(name)) == pytest.approx(exact, 0.01)
        closed = tickets["closed"].notna()
        rate = value(found, "closing_rate", str(name))
        assert rate == pytest.approx(closed.mean(), nan_ok=True)
        late = (tickets["closed"] > tickets["due_close"]) | (
            ~closed & (tickets["due_close"] <= outcome.until)
        )
        decided = closed | late
        on_time = 1 - late[decided].mean()
        assert value(found, "close.on_time", str(name)) == pytest.approx(on_time, nan_ok=True)


@pytest.mark.parametrize("by", GROUPS)
def test_groups_add_up(by: str, outcome: Outcome) -> None:
    whole, parts = kpis(outcome), kpis(outcome, by)
    for metric in ("matters", "tickets", "backlog", "hotline.requests", "duplicates"):
        assert parts.loc[parts["metric"] == metric, "value"].sum() == value(whole, metric, "city")


def test_channels_add_up(outcome: Outcome) -> None:
    found = kpis(outcome).set_index("metric")["value"]
    channels = [m for m in found.index if m.startswith("tickets.")]
    assert found[channels].sum() == found["tickets"]
    states = [m for m in found.index if m.startswith("backlog.")]
    assert {f"backlog.{s.name.lower()}" for s in State} - set(states) == {
        "backlog.undiscovered",
        "backlog.vanished",
        "backlog.closed",
    }


def test_shares_are_shares(outcome: Outcome) -> None:
    for by in GROUPS:
        found = kpis(outcome, by)
        shares = found.loc[found["unit"] == "share", "value"].dropna()
        assert shares.between(0, 1).all()
        assert list(found.columns) == ["by", "name", "name_zh", "metric", "value", "unit", "n"]


def test_wide_table(outcome: Outcome) -> None:
    wide = table(outcome, "department")
    assert list(wide.index) == ["police", "streets", "water", "labour"]
    assert wide.loc["police", "tickets"] == value(kpis(outcome, "department"), "tickets", "police")


def test_unknown_group(outcome: Outcome) -> None:
    with pytest.raises(ValueError, match="one of city, district"):
        group_of(outcome, "planet")


def test_counters_are_those_of_the_ledger(tmp_path: Path) -> None:
    """What is derived from the times is what the engine counted while it ran."""
    simulation = sim.prepare(tiny(tmp_path))
    live = []
    for hour in range(1, 73):
        simulation.run(hour * HOUR)
        ledger = simulation.ledger
        live.append((ledger[:, State.CLOSED].tolist(), simulation.overdue.tolist()))
    outcome = simulation.outcome()
    derived = counters(outcome, "district")
    for number, name in enumerate(outcome.city.district_name):
        rows = derived[derived["name"] == name].set_index("time")
        for hour, (closed, overdue) in enumerate(live, start=1):
            at = rows.loc[hour * HOUR]
            assert at["closed"] == closed[number]
            assert at["overdue"] == overdue[number]
            assert at["tickets"] == at["unsigned"] + at["in_hand"] + at["closed"]
    assert set(COUNTERS) < set(derived.columns)


def test_use_of_staff(outcome: Outcome) -> None:
    found = use(outcome).set_index("name")
    visits = outcome.visits
    busy = np.fmin(visits["end"], outcome.until) - visits["start"]
    crews = found[found["role"] == "crews"]
    total = crews["busy_h"].sum() + crews["overtime_h"].sum()
    assert total * HOUR == pytest.approx(np.nansum(busy))
    assert found.loc["Labour", "duty_h"] == 6 * 3 * 9  # three weekdays of nine hours
    assert found["utilisation"].dropna().between(0, 1).all()
    hourly = use_by_hour(outcome)
    for name, rows in hourly.groupby("name"):
        expected = found.loc[name, "busy_h"] + found.loc[name, "overtime_h"]
        assert rows["busy"].sum() * 3 == pytest.approx(expected, rel=1e-6)
        assert rows["on_duty"].sum() * 3 == pytest.approx(found.loc[name, "duty_h"], rel=1e-6)


@pytest.mark.parametrize("by", ["district", "town"])
def test_use_of_staff_by_place(by: str, outcome: Outcome) -> None:
    whole, found = use(outcome).set_index("name"), use(outcome, by)
    sums = found.groupby("name")[["posts", "duty_h", "busy_h", "overtime_h"]].sum()
    assert "12345 hotline" not in sums.index
    assert ("district centres" in sums.index) == (by == "district")
    for name, row in sums.iterrows():
        assert list(row) == pytest.approx(list(whole.loc[name, sums.columns]))
    # a force of a town is its own: by hand, the visits of the police of one place
    town_level = outcome.plan.unit_town >= 0
    police = (outcome.plan.unit_department == 0) & town_level
    place = outcome.plan.unit_town if by == "town" else outcome.plan.unit_district
    units = np.flatnonzero(police & (place == 1))
    visits = {name: v[np.isin(outcome.visits["unit"], units)] for name, v in outcome.visits.items()}
    busy = np.nansum(np.fmin(visits["end"], outcome.until) - visits["start"]) / HOUR
    name = (outcome.city.town_name if by == "town" else outcome.city.district_name)[1]
    row = found[(found["place"] == name) & (found["name"] == "Police")].iloc[0]
    assert row["busy_h"] + row["overtime_h"] == pytest.approx(busy)
    assert row["utilisation"] == pytest.approx(row["busy_h"] / row["duty_h"])


def test_use_by_no_such_place(outcome: Outcome) -> None:
    with pytest.raises(ValueError, match="one of city, district, town"):
        use(outcome, "village")


def test_frame_has_names(frame: pd.DataFrame, outcome: Outcome) -> None:
    assert set(frame["district"].cat.categories) == {"East", "West"}
    assert frame["state"].isin(["closed", "vanished", "undiscovered"]).any()
    assert len(frame) == len(outcome)
    assert (frame["arisen"] < 3 * DAY).all()


def test_groupings_together_are_those_of_each(outcome: Outcome) -> None:
    bys = ("city", "district", "department")
    for by, found in figures_by(outcome, bys).items():
        alone = figures(replace(outcome), by)  # counted anew
        assert list(found) == list(alone)
        for metric, (unit, value, n) in found.items():
            assert unit == alone[metric][0]
            assert np.array_equal(value, alone[metric][1], equal_nan=True), (by, metric)
            assert np.array_equal(n, alone[metric][2])
