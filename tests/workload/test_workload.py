"""The workload: arrivals and marks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import poisson
from tiny import CATEGORIES, tiny

from sim.city import City
from sim.clock import DAY, HOUR, TICKS_PER_SECOND
from sim.columns import MATTER
from sim.errors import InputError
from sim.scenario import Scenario
from sim.workload.arrivals import Demand, _poisson_quantile
from sim.workload.channel import Channel
from sim.workload.reported import reported
from sim.workload.workload import Workload


def draw(scenario: Scenario, seed: int = 1, **options: object) -> Workload:
    return Workload.draw(scenario, City.build(scenario), seed, **options)  # type: ignore[arg-type]


def same(a: Workload, b: Workload, but: tuple[str, ...] = ()) -> bool:
    return all(
        np.array_equal(column, b.columns()[name])
        for name, column in a.columns().items()
        if name not in but
    )


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scenario, City, Workload]:
    changes = ["time.days=40", "variation.city_day_cv=0", "variation.family_day_cv=0"]
    scenario = tiny(tmp_path_factory.mktemp("long"), changes)
    city = City.build(scenario)
    return scenario, city, Workload.draw(scenario, city, 1)


def test_volumes(long: tuple[Scenario, City, Workload]) -> None:
    """Counts are Poisson about the demand; five standard deviations are never passed."""
    scenario, city, load = long
    demand = Demand.build(scenario, city)
    for d in range(2):
        for c in range(len(scenario.categories)):
            # 40 days are 5 weeks and 5 weekdays: office profiles weigh a little more
            if scenario.categories[c].profile == "flat":
                mean = demand.matters[d, c] * 40
                found = ((load.district == d) & (load.category == c)).sum()
                assert abs(found - mean) < 5 * np.sqrt(mean) + 1e-9


def test_reporters(long: tuple[Scenario, City, Workload]) -> None:
    scenario, city, load = long
    demand = Demand.build(scenario, city)
    litter = [c.id for c in scenario.categories].index("litter")
    rows = load.category == litter
    share = (load.citizen[rows] != Channel.NONE).mean()
    expected = demand.reporters[:, litter].mean()
    assert abs(share - expected) < 5 * np.sqrt(expected / rows.sum())


def test_hours_follow_the_profile(long: tuple[Scenario, City, Workload]) -> None:
    scenario, _, load = long
    office = np.array([c.profile == "office" for c in scenario.categories])[load.category]
    hour = (load.arisen[office] % DAY // HOUR).astype(int)
    assert not np.isin(hour, [0, 1, 2, 3, 4, 5, 23]).any()
    shape = np.array(scenario.profiles["office"].hours)
    expected = shape / shape.sum() * office.sum()
    found = np.bincount(hour, minlength=24)
    assert (np.abs(found - expected) < 5 * np.sqrt(expected + 1)).all()
    weekday = (load.arisen[office] // DAY % 7).astype(int)
    per_day = np.bincount(weekday, minlength=7) / np.bincount(np.arange(40) % 7, minlength=7)
    assert per_day[:5].mean() / per_day[5:].mean() == pytest.approx(1.18 / 0.55, rel=0.15)


def test_days_vary_more_than_poisson(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, ["time.days=60", "variation.city_day_cv=0.3"])
    load = draw(scenario)
    flat = np.array([c.profile == "flat" for c in scenario.categories])[load.category]
    daily = np.bincount((load.arisen[flat] // DAY).astype(int))
    # Poisson with a gamma factor: the variance is m + cv² m²
    assert daily.var() > 5 * daily.mean()


def test_marks_are_what_the_categories_say(long: tuple[Scenario, City, Workload]) -> None:
    scenario, _, load = long
    for number, row in enumerate(scenario.categories):
        rows = (load.category == number) & ~load.at_once
        n = rows.sum()
        if n < 500:
            continue
        cv = row.work_cv
        work = load.work_s[rows].mean() / 60
        assert abs(work - row.work_min) < 5 * row.work_min * cv / np.sqrt(n) + 1e-3
        spread = load.work_s[rows].std() / 60
        assert spread == pytest.approx(row.work_min * cv, rel=0.25, abs=1e-3)
        for share, hit in ((row.on_spot, load.simple[rows]), (row.joint_share, load.joint[rows])):
            assert abs(hit.mean() - share) < 5 * np.sqrt(share * (1 - share) / n) + 1e-9
        patient = rows & (load.citizen != Channel.NONE)
        mean = load.patience[patient].mean() / HOUR
        assert abs(mean - row.patience_h) <= 5 * row.patience_h / np.sqrt(max(patient.sum(), 1))
        if row.lifetime_h is None:
            assert np.isinf(load.lifetime[rows]).all()


def test_times_are_on_ticks(long: tuple[Scenario, City, Workload]) -> None:
    load = long[2]
    for column in MATTER:
        if column.unit in ("s", "m"):
            values = getattr(load, column.name)
            ticks = values[np.isfinite(values)] * TICKS_PER_SECOND
            assert (ticks == np.rint(ticks)).all(), column.name
    assert (np.diff(load.arisen) >= 0).all()
    assert len(np.unique(load.key)) == len(load)


def test_same_seed_same_numbers_other_seed_others(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    assert same(draw(scenario, 5), draw(scenario, 5))
    assert not np.array_equal(draw(scenario, 5).arisen, draw(scenario, 6).arisen)
    assert not np.array_equal(draw(scenario, 5).arisen, draw(scenario, 5, replication=1).arisen)


def test_days_can_be_drawn_apart(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    city = City.build(scenario)
    days = [Workload.draw(scenario, city, 1, days=range(d, d + 1)) for d in range(3)]
    assert same(Workload.join(days), Workload.draw(scenario, city, 1))


def test_counts_are_quantiles_of_poisson() -> None:
    rng = np.random.default_rng(1)
    mean = 10 ** rng.uniform(-6, 5, 50_000)
    share = np.concatenate(([2.0**-53, 1 - 2.0**-53], rng.random(len(mean) - 2)))
    assert np.array_equal(_poisson_quantile(share, mean), poisson.ppf(share, mean))
    counts = rng.integers(0, 60, 5000)  # where the distribution function steps
    mean = rng.uniform(0.1, 50, len(counts))
    share = np.minimum(poisson.cdf(counts, mean), 1 - 2.0**-53)
    assert np.array_equal(_poisson_quantile(share, mean), poisson.ppf(share, mean))


def test_matters_of_one_instant_are_in_order_of_their_keys(tmp_path: Path) -> None:
    load = draw(tiny(tmp_path))
    # on whole hours, so that many arise at once
    hours = np.floor(load.arisen / HOUR) * HOUR
    coarse = Workload(**load.columns() | {"arisen": hours})
    mixed = coarse.take(np.random.default_rng(1).permutation(len(load)))
    third = len(load) // 3
    parts = [mixed.take(np.arange(len(load))[k * third :][:third]) for k in range(4)]
    joined = Workload.join(parts)
    assert len(np.unique(joined.arisen)) < len(joined) / 2
    assert same(joined, coarse.take(np.lexsort((coarse.key, coarse.arisen))))
    for part, place in zip(parts, Workload.places(parts), strict=True):
        assert same(part, joined.take(place))


def test_matters_do_not_depend_on_staff_or_on_other_districts(tmp_path: Path) -> None:
    whole = draw(tiny(tmp_path))
    lean = ["staff_scale.full_time=0.5", "staff_scale.crews=0.3", "hotline.operators.day=0"]
    assert same(whole, draw(tiny(tmp_path, lean)))
    west = draw(tiny(tmp_path, ["area.include=['West']"]))
    part = whole.take(np.flatnonzero(whole.district == 1))
    assert same(west, part, but=("district", "town", "grid"))


def test_less_demand_keeps_the_first_of_the_same_matters(tmp_path: Path) -> None:
    rows = [{**c, "silent_per_day": c.get("silent_per_day", 0) / 2} for c in CATEGORIES]
    more, less = draw(tiny(tmp_path / "a")), draw(tiny(tmp_path / "b", categories=rows))
    assert len(less) < len(more)
    assert set(less.key) <= set(more.key)


def test_a_surge_is_a_window(tmp_path: Path) -> None:
    path = tiny(tmp_path).source_files[0]
    text = path.read_text(encoding="utf-8").replace(
        "[sources]",
        '[[surges]]\nname = "rain"\nstart_day = 1\ndays = 0.5\nfactor = 30.0\n'
        'categories = ["flood"]\n[sources]\n"surges" = { basis = "assumed", note = "a test" }',
    )
    path.write_text(text, encoding="utf-8")
    from sim.scenario import load as load_scenario

    with_rain, without = draw(load_scenario(path)), draw(tiny(tmp_path / "dry"))
    flood = next(i for i, c in enumerate(CATEGORIES) if c["id"] == "flood")

    def floods(load: Workload, first: float, last: float) -> int:
        rows = (load.category == flood) & (load.arisen >= first * DAY) & (load.arisen < last * DAY)
        return int(rows.sum())

    assert floods(with_rain, 0, 1) == floods(without, 0, 1)
    assert floods(with_rain, 1.5, 3) <= floods(without, 1.5, 3) * 3
    assert floods(with_rain, 1, 1.5) > 10 * max(floods(without, 1, 1.5), 1)
    others = with_rain.take(np.flatnonzero(with_rain.category != flood))
    assert same(others, without.take(np.flatnonzero(without.category != flood)))


def test_one_platform_sends_nothing_urgent_or_joint_astray(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, ["districts.East.one_platform=true", "time.days=20"])
    load = draw(scenario)
    urgent = np.array([c.priority == 1 for c in scenario.categories])[load.category]
    special = urgent | load.joint
    assert (load.wrong[special & (load.district == 0)] == 0).all()
    assert (load.wrong[special & (load.district == 1)] > 0).any()


def test_a_reported_matter(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    city = City.build(scenario)

    def report(**changes: object) -> Workload:
        options = {"category": "stall", "grid": 3, "channel": Channel.HOTLINE, "time": 100.0}
        return reported(scenario, city, 1, 0, number=0, **(options | changes))  # type: ignore[arg-type]

    matter = report()
    assert (len(matter), matter.grid[0], matter.patience[0]) == (1, 3, 0.0)
    assert matter.key[0] < 0
    assert same(matter, report())
    for bad in ({"category": "stal"}, {"grid": 99}, {"channel": Channel.PATROL}):
        with pytest.raises(InputError):
            report(**bad)


def test_columns_cannot_be_changed(long: tuple[Scenario, City, Workload]) -> None:
    with pytest.raises(ValueError, match="read-only"):
        long[2].arisen[0] = 0.0
