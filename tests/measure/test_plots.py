"""Plots are drawn, with what they should show."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pytest
from tiny import tiny

import sim
from sim.engine.outcome import Outcome
from sim.measure.plots import PLOTS, save_all
from sim.measure.plots.style import chinese_font
from sim.measure.summary import duration, summary

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
    assert sim.show(outcome).facts == told.facts


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "20 s"), (89, "89 s"), (120, "2.0 min"), (5400, "1.5 h"), (5 * 86400, "5.0 d"),
     (float("nan"), "–")],
)  # fmt: skip
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_notebook_shows_it(outcome: Outcome) -> None:
    assert PLOTS["use"](outcome)._repr_png_().startswith(b"\x89PNG")
