"""Calibration: the arithmetic on a tiny city, and the real scenario against what was published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny import tiny

from sim.errors import InputError
from sim.experiment.calibration import calibrate, wilson, with_reported
from sim.scenario import load


def test_wilson() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29
    share, low, high = wilson([81, 15, 0, 1], [263, 148, 20, 29])
    assert share == pytest.approx([81 / 263, 15 / 148, 0, 1 / 29])
    assert low == pytest.approx([0.2553, 0.0624, 0.0, 0.0061], abs=5e-5)
    assert high == pytest.approx([0.3662, 0.1605, 0.1611, 0.1718], abs=5e-5)
    assert np.isnan(wilson(0, 0)).all()


def test_with_reported_changes_that_column_alone(tmp_path: Path) -> None:
    table = tmp_path / "categories.csv"
    table.write_text('id,reported,note\na,0.5,"x, y"\nb,0.25,z\nc,1,\n', encoding="utf-8")
    measured = pd.DataFrame({"category": ["a", "b", "c"], "measured": [0.12345, 1.0, np.nan]})
    text = with_reported(table, measured)
    assert text == 'id,reported,note\na,0.123,"x, y"\nb,1,z\nc,1,\n'


def test_a_tiny_city(tmp_path: Path) -> None:
    found = calibrate(tiny(tmp_path, ["time.days=42"]), ["West"], weeks=5)
    share = found.reported.set_index("category")
    assert ((share["low"] <= share["measured"]) & (share["measured"] <= share["high"])).all()
    assert share["n"].sum() > 1000
    # what nobody can see before it is reported is always reported, but for lost patience
    assert share["measured"].max() > 0.9
    low, high = found.closing_rate[1:]
    assert 0 <= low <= found.closing_rate.estimate <= high <= 1
    assert found.closing_rate.estimate < 1


def test_districts_are_samples_of_their_own(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, ["time.days=35"])
    both = calibrate(scenario, weeks=5)
    west = calibrate(scenario, ["West"], weeks=5)
    assert set(both.districts) == {"East", "West"}
    assert not west.districts
    assert both.districts["West"].hotline == west.hotline  # whoever else is run
    low, high = sorted(one.hotline.estimate for one in both.districts.values())
    assert low < both.hotline.estimate < high
    assert both.hotline.estimate == pytest.approx(
        0.6 * both.districts["East"].hotline.estimate + 0.4 * west.hotline.estimate
    )


@pytest.mark.parametrize("weeks", [4, 7])
def test_weeks_must_fit(weeks: int, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="weeks"):
        calibrate(tiny(tmp_path, ["time.days=42"]), weeks=weeks)


@pytest.mark.slow
def test_suzhou_shows_the_published_volumes_and_closing_rate() -> None:
    """Closing rate 99.3 % ± 0.3, and as many requests a day as were published."""
    found = calibrate(load("suzhou-2018"), ["Gusu", "Taicang"], weeks=5)
    assert 0.990 < found.closing_rate.low < found.closing_rate.high < 0.996
    for ratio in (found.hotline, found.police):
        assert ratio.low < 1.03
        assert ratio.high > 0.97
        assert ratio.estimate == pytest.approx(1, abs=0.05)
        assert ratio.high - ratio.low < 0.2
    # the table that the scenario rests on is the one that its run shows
    table = found.reported.query("n > 1000")
    off = (table["measured"] - table["assumed"]).abs()
    assert off.max() < 0.06
    assert np.average(off, weights=table["n"]) < 0.02
