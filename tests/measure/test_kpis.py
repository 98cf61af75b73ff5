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
from sim.engine.outcome import LOGS, Outcome
from sim.measure.counters import COUNTERS, counters
from sim.measure.duty import on_duty
from sim.measure.kpis import figures, figures_by, kpis, table
from sim.measure.tables import GROUPS, group_of
from sim.measure.use import HOURS, totals, use, use_by_hour
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
        sent = tickets[~(tickets["at_once"] & tickets["answered"].notna())]
        spent = sent["closed"].fillna(outcome.until) - sent["accepted"]
        assert value(found, "tickets", str(name)) == len(tickets)
        assert value(found, "backlog", str(name)) == tickets["closed"].isna().sum()
        assert value(found, "close.mean", str(name)) == pytest.approx(spent.mean(), nan_ok=True)
        rate = tickets["closed"].notna().mean()
        assert value(found, "throughput", str(name)) == pytest.approx(rate, nan_ok=True)
        due = sent[sent["due_close"] < outcome.until]
        on_time = (due["closed"] <= due["due_close"]).mean()
        assert value(found, "close.on_time", str(name)) == pytest.approx(on_time, nan_ok=True)
        hours = {c.id: c.close_h * HOUR for c in outcome.scenario.categories}
        own = rows["arisen"] + rows["category"].astype(str).map(hours)
        at_once = rows["at_once"] & rows["answered"].notna() & rows["closed"].notna()
        fell = np.where(at_once, np.fmin(own, rows["closed"]), own) < outcome.until
        resolved = (rows["closed"] <= own)[fell].mean()
        assert value(found, "resolved.on_time", str(name)) == pytest.approx(resolved, nan_ok=True)


@pytest.mark.parametrize("by", GROUPS)
def test_groups_add_up(by: str, outcome: Outcome) -> None:
    whole, parts = kpis(outcome), kpis(outcome, by)
    for metric in ("matters", "tickets", "backlog", "hotline.requests", "duplicates"):
        assert parts.loc[parts["metric"] == metric, "value"].sum() == value(whole, metric, "city")


def test_channels_add_up(outcome: Outcome) -> None:
    found = kpis(outcome).set_index("metric")["value"]
    channels = [m for m in found.index if m.startswith("tickets.")]
    assert found[channels].sum() == found["tickets"]


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
    """What they did on duty adds up to it; all that the logs tell is there, overtime apart."""
    found = use(outcome).set_index("name")
    visits, until = outcome.visits, outcome.until
    busy = np.nansum(np.fmin(visits["end"], until) - visits["start"])
    crews = found[found["role"] == "crews"].sum(numeric_only=True)
    spent = crews[["work_h", "travel_h", "wait_h", "overtime_h"]].sum()
    assert spent * HOUR == pytest.approx(busy)
    assert min(crews["work_h"], crews["travel_h"], crews["wait_h"], crews["overtime_h"]) > 0
    assert found.loc["Labour", "duty_h"] == 6 * 3 * 9  # three weekdays of nine hours
    parts = found[["work_h", "travel_h", "wait_h", "free_h"]]
    assert parts.sum(axis=1).to_numpy() == pytest.approx(found["duty_h"].to_numpy())
    assert (found[list(HOURS)] >= -1e-9).all(axis=None)
    walkers = found.loc["gridworkers"]
    assert walkers["travel_h"] > walkers["work_h"] > 0
    hourly = use_by_hour(outcome)
    for name, rows in hourly.groupby("name"):
        for column, total in (("work", "work_h"), ("travel", "travel_h"), ("wait", "wait_h"),
                              ("on_duty", "duty_h"), ("overtime", "overtime_h")):  # fmt: skip
            expected = found.loc[name, total]
            assert rows[column].sum() * 3 == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_shares_of_duty(outcome: Outcome) -> None:
    total = totals(use(outcome))
    assert (total["work"] + total["travel"] + total["wait"] + total["free"]).to_numpy() == (
        pytest.approx(np.ones(len(total)))
    )
    crews = use(outcome).query("role == 'crews'")
    assert total.loc["crews", "overtime"] == pytest.approx(
        crews["overtime_h"].sum() / crews["duty_h"].sum()
    )


def test_operators_beyond_their_posts_are_overtime(outcome: Outcome) -> None:
    """At 08:00 three of five go: of five calls under way the first three to end are overtime."""
    plan, shifts = outcome.plan, outcome.scenario.shifts
    duty = on_duty(outcome)
    change = float(duty.ends[duty.first[0] : duty.first[1]].min())
    before, after = (
        int(plan.hotline_posts @ [duty.on(k, np.array([t]))[0] for k in range(len(shifts))])
        for t in (change - 1, change)
    )
    assert before > after
    many = before
    ends = change + np.arange(1, many + 1) * 60.0
    services = {
        "desk": np.zeros(many, np.int32), "ticket": np.arange(many), "arrive": ends - 3600,
        "start": np.full(many, change - 600), "end": ends,
    }  # fmt: skip
    nothing = {log: {n: c[:0] for n, c in getattr(outcome, log).items()} for log in LOGS}
    only = replace(outcome, **(nothing | {"services": services}))
    row = use(only).set_index("name").loc["12345 hotline"]
    late = sum(60.0 * k for k in range(1, many - after + 1))
    assert row["overtime_h"] * HOUR == pytest.approx(late)
    assert row["work_h"] * HOUR == pytest.approx((ends - (change - 600)).sum() - late)
    hourly = use_by_hour(only).query("name == '12345 hotline'")
    assert hourly["overtime"].sum() * 3 == pytest.approx(row["overtime_h"])


@pytest.mark.parametrize("by", ["district", "town"])
def test_use_of_staff_by_place(by: str, outcome: Outcome) -> None:
    whole, found = use(outcome).set_index("name"), use(outcome, by)
    sums = found.groupby("name")[["posts", *HOURS]].sum()
    assert "12345 hotline" not in sums.index
    assert ("district centres" in sums.index) == (by == "district")
    for name, row in sums.iterrows():
        assert list(row) == pytest.approx(list(whole.loc[name, sums.columns]), abs=1e-9)
    # a force of a town is its own: by hand, the visits of the police of one place
    town_level = outcome.plan.unit_town >= 0
    police = (outcome.plan.unit_department == 0) & town_level
    place = outcome.plan.unit_town if by == "town" else outcome.plan.unit_district
    units = np.flatnonzero(police & (place == 1))
    visits = {name: v[np.isin(outcome.visits["unit"], units)] for name, v in outcome.visits.items()}
    busy = np.nansum(np.fmin(visits["end"], outcome.until) - visits["start"]) / HOUR
    name = (outcome.city.town_name if by == "town" else outcome.city.district_name)[1]
    row = found[(found["place"] == name) & (found["name"] == "Police")].iloc[0]
    spent = row[["work_h", "travel_h", "wait_h", "overtime_h"]].sum()
    assert spent == pytest.approx(busy)


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
