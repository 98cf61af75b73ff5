"""Plots are drawn, with what they should show."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from tiny import tiny

import sim
from sim.clock import DAY
from sim.engine.outcome import Outcome
from sim.measure.kpis import figures, table
from sim.measure.plots import PLOTS, save_all
from sim.measure.plots.style import chinese_font
from sim.measure.summary import Summary, duration, summary
from sim.workload.channel import Channel

matplotlib.use("Agg")


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return sim.simulate(tiny(tmp_path_factory.mktemp("plots")))


@pytest.mark.parametrize("name", PLOTS)
def test_plot(name: str, outcome: Outcome) -> None:
    figure = PLOTS[name](outcome)
    assert figure.axes
    assert all(axis.has_data() for axis in figure.axes[:1])
    words = " ".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))
    # Chinese stands beside English where a font has it, and empty boxes nowhere
    assert any("\u4e00" <= letter <= "\u9fff" for letter in words) == bool(chinese_font())
    assert any(letter.isascii() and letter.isalpha() for letter in words)


def test_map_of_districts_is_filled_by_town(outcome: Outcome) -> None:
    axes = PLOTS["map"](outcome).axes[0]
    wide = table(outcome, "town")
    filled = next(c for c in axes.collections if c.get_array() is not None)
    rates = 1000 * wide["backlog"] / outcome.city.town_population
    assert np.asarray(filled.get_array()).tolist() == pytest.approx(rates.tolist())
    words = [text.get_text() for text in axes.texts]
    for name, n in table(outcome, "district")["backlog"].items():
        assert any(w.startswith(str(name)) and w.endswith(f"\n{n:,.0f}") for w in words)


def test_map_of_one_district_is_filled_by_grid(tmp_path: Path) -> None:
    outcome = sim.simulate(tiny(tmp_path), days=1, districts=["East"])
    axes = PLOTS["map"](outcome).axes[0]
    filled = next(c for c in axes.collections if c.get_array() is not None)
    t = outcome.tickets
    is_open = ~np.isnan(t["accepted"]) & np.isnan(t["closed"])
    assert len(filled.get_paths()) == len(outcome.city.grid_xy)
    assert np.sum(filled.get_array()) == is_open.sum() > 0
    border = outcome.city.district_border[0].bounds  # the towns together are the district
    drawn = np.concatenate([path.vertices for path in axes.collections[1].get_paths()])
    assert [*drawn.min(axis=0), *drawn.max(axis=0)] == pytest.approx(border)


def test_response_leaves_out_what_was_answered_in_the_call(outcome: Outcome) -> None:
    t = outcome.tickets
    at_once = t["at_once"] & ~np.isnan(t["answered"])
    assert np.isnan(t["triaged"][at_once]).all()
    written = t["at_once"] & (t["citizen"] == Channel.ONLINE)
    assert (~np.isnan(t["triaged"][written])).any()
    tickets = ~np.isnan(t["accepted"])
    found = table(outcome, "department")
    assert found["close.p50"].notna().all()
    n = figures(outcome, "department")["close.p50"][2].sum()
    assert 0 < n == np.count_nonzero(tickets & ~at_once) < np.count_nonzero(tickets)


@pytest.mark.parametrize(("start", "weekend"), [("2018-01-01", []), ("2018-01-05", [1, 2])])
def test_weekends_are_shaded(start: str, weekend: list[int], tmp_path: Path) -> None:
    outcome = sim.simulate(tiny(tmp_path, [f"time.start={start}"]))
    axes = PLOTS["steps"](outcome).axes[0]
    assert [round(patch.get_x()) for patch in axes.patches] == weekend


def test_save_all(outcome: Outcome, tmp_path: Path) -> None:
    shares: list[float] = []
    paths = save_all(outcome, tmp_path / "plots", shares.append)
    assert [path.stem for path in paths] == list(PLOTS)
    assert all(path.stat().st_size > 10_000 for path in paths)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("days", [1, 2])
def test_an_outcome_without_tickets(days: int, tmp_path: Path) -> None:
    quiet = ["totals.hotline_requests=0", "totals.police_calls=0", "staff_scale.part_time=0"]
    outcome = sim.simulate(tiny(tmp_path, [*quiet, "staff_scale.full_time=0"]), days=days)
    for plot in PLOTS.values():
        assert plot(outcome).axes
    assert summary(outcome).sections


def test_summary(outcome: Outcome) -> None:
    told = summary(outcome)
    assert "小城" in told.title
    assert "seed 7" in told.subtitle
    assert told.facts["kpis"]["tickets"] > 0
    assert "<table>" in told._repr_html_()
    assert outcome.summary().facts == told.facts


def rows_of(told: Summary, section: str) -> list[tuple[str, str, str]]:
    return next((rows for english, _, rows in told.sections if english == section), [])


def test_summary_names_the_worst_and_each_district(outcome: Outcome) -> None:
    told = summary(outcome)
    wide = table(outcome, "department")
    met = wide[["close.on_time", "arrive.on_time"]].min(axis=1)
    worst = rows_of(told, "Where it hurts most")
    assert worst[0][1] == f"{100 * met.min():.1f} %"
    assert [name for name, *_ in rows_of(told, "District by district")] == [
        "East 东区",
        "West 西区",
    ]
    west = table(outcome, "district").loc["West"]
    assert rows_of(told, "District by district")[1][1] == f"{100 * west['resolved.on_time']:.1f} %"


def test_summary_of_a_few_hours(tmp_path: Path) -> None:
    simulation = sim.prepare(tiny(tmp_path, ["staff_scale.crews=0"]), districts=["West"])
    simulation.run(60)
    told = summary(simulation.outcome())
    assert rows_of(told, "Where it hurts most")[0][0].startswith("nowhere")
    simulation.run(5400)
    told = summary(simulation.outcome())
    assert "1.5 h from 2018-01-01" in told.title
    assert rows_of(told, "Where it hurts most")[0][0] == "Police 公安"
    assert not rows_of(told, "District by district")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "20 s"), (89, "89 s"), (120, "2.0 min"), (5400, "1.5 h"), (5 * 86400, "5.0 d"),
     (float("nan"), "–")],
)  # fmt: skip
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_notebook_shows_it(outcome: Outcome) -> None:
    assert PLOTS["use"](outcome)._repr_png_().startswith(b"\x89PNG")


def test_a_departments_day(outcome: Outcome) -> None:
    """The busiest is drawn: its visits of that day, each from the base or the place before."""
    visits, plan = outcome.visits, outcome.plan
    where, when = PLOTS["crews"](outcome).axes
    keys = zip(
        plan.unit_department[visits["unit"]].tolist(),
        plan.unit_district[visits["unit"]].tolist(),
        (visits["start"] // DAY).tolist(),
        strict=True,
    )
    arrived = ~np.isnan(visits["arrive"])
    count = Counter(key for key, there in zip(keys, arrived, strict=True) if there)
    department, district, day = max(count, key=lambda key: count[key])
    words = [text.get_text() for text in where.texts]
    assert any(word.startswith(f"{max(count.values()):,} visits of") for word in words)
    assert list(outcome.scenario.departments.values())[department].name_en in where.get_title(
        "left"
    )
    bases = {tuple(xy) for xy in plan.crew_xy.tolist()}
    ways = [line.get_xydata().tolist() for line in where.lines if line.get_linestyle() == "-"]
    ways = [way for way in ways if len(way) == 2 and line_starts(way, bases, outcome)]
    assert len(ways) >= count[department, district, day]
    hours = [bar.get_width() for bar in when.patches]
    assert len(hours) % 2 == 0
    assert min(hours) >= 0


def line_starts(way: list[list[float]], bases: set[tuple[float, ...]], outcome: Outcome) -> bool:
    grids = {tuple(xy) for xy in outcome.city.grid_xy.tolist()}
    return tuple(way[1]) in grids and tuple(way[0]) in bases | grids


def test_no_crew_no_way(tmp_path: Path) -> None:
    outcome = sim.simulate(tiny(tmp_path, ["staff_scale.crews=0"]), days=1)
    assert len(outcome.visits["crew"]) == 0
    (text,) = PLOTS["crews"](outcome).texts
    assert "No crew arrived" in text.get_text()
