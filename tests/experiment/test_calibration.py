"""Calibration: the arithmetic on a tiny city, and the real scenario against what was published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny import tiny

import sim
from sim.clock import DAY
from sim.errors import InputError
from sim.experiment.calibration import calibrate, wilson, with_reported
from sim.measure.kpis import figures


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


PUBLISHED = [
    "time.days=28",
    "time.warm_up_days=7",
    "published.at_once={measure='hotline.at_once', value=0.5}",
    "published.closed={measure='requests.close.mean', value=0.99, period_days=14, fitted=['x']}",
]


def test_a_tiny_city(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, PUBLISHED)
    found = calibrate(scenario, weeks=3, replications=3)
    share = found.reported.set_index("category")
    assert ((share["low"] <= share["measured"]) & (share["measured"] <= share["high"])).all()
    assert share["n"].sum() > 1000
    # what nobody can see before it is reported is always reported, but for lost patience
    assert share["measured"].max() > 0.9
    rows = found.published.set_index("name")
    assert list(rows["fitted"]) == ["", "x"]
    assert ((rows["low"] < rows["run"]) & (rows["run"] < rows["high"])).all()
    # by hand, from the mean time that requests are open
    opens = []
    for replication in range(3):
        outcome = sim.simulate(scenario, days=21, replication=replication)
        opens.append(figures(outcome)["requests.close.mean"][1][0])
    assert rows.loc["closed", "run"] == pytest.approx(1 - np.mean(opens) / (14 * DAY))


def test_volumes_are_as_many_as_the_share_that_is_reported_says(tmp_path: Path) -> None:
    """Half of what the table says is reported, and twice as many come."""
    scenario = tiny(tmp_path, PUBLISHED)
    half = scenario.model_copy(
        update={
            "categories": tuple(
                c.model_copy(update={"reported": c.reported / 2}) for c in scenario.categories
            )
        }
    )
    a, b = (calibrate(one, weeks=2, replications=2) for one in (scenario, half))
    assert 0.7 < a.hotline.estimate < 1.1
    assert b.hotline.estimate == pytest.approx(2 * a.hotline.estimate, rel=0.15)
    assert b.police.estimate == pytest.approx(2 * a.police.estimate, rel=0.15)


@pytest.mark.parametrize(
    ("wrong", "options"),
    [
        ("weeks: 1", {"weeks": 1}),
        ("weeks: 5", {"weeks": 5}),
        ("replications: 1", {"replications": 1}),
    ],
)
def test_what_must_fit(wrong: str, options: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=wrong):
        calibrate(tiny(tmp_path, PUBLISHED), **options)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{measure='hotline.at_onec', value=0.5}", "hotline.at_once"),
        ("{measure='hotline.at_once', value=0.5, period_days=3}", "a mean time"),
    ],
)
def test_a_measure_that_there_is(row: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"published\.one\.measure") as caught:
        calibrate(tiny(tmp_path, [*PUBLISHED, f"published.one={row}"]), weeks=2)
    assert said in caught.value.allowed


@pytest.mark.slow
def test_the_table_is_what_the_city_shows() -> None:
    """As many requests as were published, and a closing rate of 99.3 % ± 0.3."""
    found = calibrate(sim.load("suzhou-2018", warm_up_days=28), weeks=2, replications=2)
    rows = found.published.set_index("name")
    assert 0.990 < rows.loc["closed_2018", "run"] < 0.996
    for ratio in (found.hotline, found.police):
        assert ratio.estimate == pytest.approx(1, abs=0.05)
    table = found.reported.query("n > 1000")
    off = (table["measured"] - table["assumed"]).abs()
    assert off.max() < 0.08
    assert np.average(off, weights=table["n"]) < 0.025
