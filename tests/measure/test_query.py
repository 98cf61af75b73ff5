"""Asking for figures: one grammar, the same figures in KPIs, comparisons, targets and rewards."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from staffing_case import CHANGES
from tiny import tiny, write

import sim
from sim.api.experiments import compare
from sim.cli import main
from sim.engine.outcome import Outcome
from sim.errors import InputError
from sim.experiment.arm import Arm
from sim.experiment.compare import Comparison, Select, compare_arms
from sim.experiment.executor import Serial
from sim.experiment.measures import measure, value_of
from sim.experiment.precision import Precision
from sim.experiment.report import uncertainty
from sim.experiment.results import facts
from sim.measure.catalogue import KPIS
from sim.measure.kpis import figures, kpis
from sim.measure.metric import Better
from sim.measure.query import Query, between, parse_limit
from sim.measure.tables import GROUPS, group_of, groups
from sim.measure.tally import verdict
from sim.optimize.staffing.judge import Judge, Verdict
from sim.optimize.staffing.pools import Pools
from sim.optimize.staffing.targets import parse_target
from sim.scenario import Scenario

NONE = np.nan


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    changes = [change for change in CHANGES if "include" not in change]
    return tiny(tmp_path_factory.mktemp("query"), [*changes, "seed=4"])


@pytest.fixture(scope="module")
def outcome(scenario: Scenario) -> Outcome:
    return sim.simulate(scenario)


@pytest.mark.parametrize(
    "text",
    [
        "close.on_time", "close.p90@district", "close.p90@department=police",
        "arrive.on_time.worst@hour", "arrive.p50.gap@town", "backlog.gini@category",
        "satisfied@priority=1", "hotline.answered_20s@hour=08", "policy.planned.p95",
        "close.mean@town=Gusu 05",
    ],
)  # fmt: skip
def test_what_is_read_is_said_again(text: str) -> None:
    assert str(Query.parse(text)) == text
    assert str(Query.parse(f" {text.replace('@', ' @ ')} ")) == text
    if "@" not in text:
        assert str(Query.parse(f"{text}@city")) == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a measure, or MEASURE@GROUP"),
        ("close.p90@", "a measure, or MEASURE@GROUP"),
        ("close.p90>=3", "a measure, or MEASURE@GROUP"),
        ("close.p90@town=", "a name after close.p90@town="),
        ("close.p90@distrct", "did you mean district?"),
        ("close.p90@planet", "one of city, district, town"),
        ("hotline.answered_1h@department", "hotline.answered_1h of city, district, town, hour"),
        ("hotline.lost.worst@category", "by category it is not measured"),
        ("crews.work@district", "crews.work of city"),
        ("close.p75@district", "close.p75 of city"),
        ("close.on_time.worst", "several groups, such as close.on_time.worst@district"),
        ("close.on_time.gap@city", "several groups"),
        ("close.on_time.gini@district=Gusu", "several groups"),
        ("close.p90@city=Suzhou", "close.p90, of the whole city"),
        ("tickets.worst@district", "tickets has none"),
        ("close.on_time.best@district", "did you mean close.on_time?"),
    ],
)
def test_what_means_nothing_is_refused(text: str, says: str) -> None:
    with pytest.raises(InputError) as error:
        Query.parse(text)
    assert error.value.field == "target"
    assert says in str(error.value)


def test_groups_are_known_by_both_names(outcome: Outcome) -> None:
    place = outcome.scenario, outcome.city
    east, chinese = (names[0] for names in groups(outcome, "district"))
    for name in (east, chinese):
        assert Query.parse(f"close.p90@district={name}").within(*place).name == east
    with pytest.raises(InputError, match="one of East, West; did you mean East"):
        Query.parse("close.p90@district=Esat").within(*place)
    with pytest.raises(InputError, match="did you mean police"):
        kpis(outcome, measures=["close.p90@department=plice"])


def test_limits() -> None:
    for text in ("close.on_time@district>=95%", " close.on_time @ district >= 0.95 "):
        query, at_least, value = parse_limit(text)
        assert (str(query), at_least, value) == ("close.on_time@district", True, 0.95)
    assert parse_limit("arrive.p90<=600")[1:] == (False, 600.0)
    assert parse_limit("close.on_time.gap@town<=5%")[2] == 0.05
    for text, says in (
        ("arrive.p90<=600%", "is no share"), ("close.on_time.gini@town<=5%", "is no share"),
        ("close.on_time>=nan", "a number"), ("close.on_time>=x", "a number"),
        ("close.on_time", "MEASURE>=VALUE"), ("close.on_time==1", "MEASURE>=VALUE"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=says):
            parse_limit(text)


@pytest.mark.parametrize(
    ("values", "worst", "gap", "gini"),
    [
        ([0.9, 0.6, 0.8], 0.6, 0.3, (0.3 + 0.1 + 0.2) / 9 / (2.3 / 3)),
        ([1.0, 2.0, 3.0, 4.0], 1.0, 3.0, 0.25),
        ([0.0, 0.0, 0.0, 1.0], 0.0, 1.0, 0.75),
        ([5.0, 5.0], 5.0, 0.0, 0.0),
        ([0.0, 0.0], 0.0, 0.0, 0.0),
        ([0.7], 0.7, 0.0, 0.0),
        ([NONE, 0.5, 0.9, NONE], 0.5, 0.4, 0.4 / 4 / 0.7),
    ],
)
def test_between_groups_by_hand(values: list[float], worst: float, gap: float, gini: float) -> None:
    value, n = np.array(values), np.arange(1, len(values) + 1)
    cases = int(n[~np.isnan(value)].sum())
    found, of = between("worst", value, n, Better.MORE)
    assert (found, of) == (worst, n[values.index(worst)])
    assert between("gap", value, n) == (pytest.approx(gap), cases)
    assert between("gini", value, n) == (pytest.approx(gini), cases)
    assert between("worst", value, n, Better.LESS)[0] == np.nanmax(value)


def test_between_groups_without_a_case() -> None:
    for kind in ("worst", "gap", "gini"):
        value, n = between(kind, np.full(3, NONE), np.zeros(3, dtype=np.int64), Better.LESS)
        assert np.isnan(value)
        assert n == 0


FIGURES = st.lists(st.floats(0.01, 1000.0), min_size=2, max_size=12)


@given(FIGURES, st.floats(0.1, 10.0), st.randoms(use_true_random=False))
def test_between_groups_are_measures_of_inequality(
    values: list[float], times: float, shuffled: object
) -> None:
    value, n = np.array(values), np.ones(len(values), dtype=np.int64)
    gini, gap = between("gini", value, n)[0], between("gap", value, n)[0]
    assert 0 <= gini < 1
    assert gap >= 0
    assert (gini < 1e-12) == (gap < 1e-9 * value.max())
    other = value[np.argsort([shuffled.random() for _ in values])]  # type: ignore[attr-defined]
    other = np.append(other, NONE)
    more = np.append(n, 0)
    for kind in ("worst", "gap", "gini"):
        same = between(kind, other, more, Better.LESS)
        assert same == pytest.approx(between(kind, value, n, Better.LESS))
    assert between("gini", times * value, n)[0] == pytest.approx(gini)
    assert between("gap", times * value, n)[0] == pytest.approx(times * gap)
    # given from the greatest to the least, until they are alike at most, it is more equal
    moved, (low, high) = value.copy(), (int(value.argmin()), int(value.argmax()))
    step = (value[high] - value[low]) / 4
    moved[low], moved[high] = value[low] + step, value[high] - step
    assert between("gini", moved, n)[0] <= gini + 1e-12
    assert between("worst", value, n, Better.MORE)[0] == value.min()


ASKED = [
    "close.on_time", "close.on_time@district", "close.on_time@district=West",
    "close.on_time.worst@district", "close.on_time.gap@district", "close.on_time.gini@district",
    "arrive.on_time@department", "arrive.on_time@department=streets", "arrive.p90.worst@department",
    "close.p90@town", "close.mean.gap@category", "sign.on_time@priority", "satisfied@priority=2",
    "hotline.answered_20s.worst@hour", "backlog.gini@town",
]  # fmt: skip


@pytest.mark.parametrize("text", ASKED)
def test_groups_mean_the_same_everywhere(text: str, scenario: Scenario, outcome: Outcome) -> None:
    """In KPIs, comparisons, targets of staffing, and by hand out of all groups' figures."""
    query = Query.parse(text)
    names, _ = groups(outcome, query.by)
    _, every, cases = figures(outcome, query.by)[query.metric.name]
    table = kpis(outcome, measures=[text])
    assert set(table["unit"]) == {query.unit}
    found = table["value"].to_numpy()
    if query.between:
        (by_hand,) = [between(query.between, every, cases, query.better)[0]]
        assert table.loc[0, ["by", "name", "metric"]].tolist() == ["city", "city", text]
    else:
        by_hand = [v for v, name in zip(every, names, strict=True) if query.name in ("", name)]
        assert table["metric"].unique().tolist() == [query.metric.name]
    assert np.array_equal(found, np.atleast_1d(by_hand), equal_nan=True)
    measured = measure(replace(outcome), by=(query.by,) if query.by != "district" else ())
    each = [value_of(measured, one) for one in query.each(names)]
    assert np.array_equal(np.array(each, dtype=float), found, equal_nan=True)
    limit = ">=0" if Query.parse(text).better == Better.MORE else "<=0"
    verdict = judged(scenario, outcome, f"{text}{limit}")
    assert np.array_equal(verdict.values[0][0], found, equal_nan=True)
    assert verdict.names[0] == (table["name"].tolist() if not query.between else [query.between])


def judged(scenario: Scenario, outcome: Outcome, *texts: str) -> Verdict:
    targets = [parse_target(text, scenario, outcome.city) for text in texts]
    pools = Pools.build(scenario, outcome.city)
    judge = Judge(
        scenario, outcome.city, pools, outcome.plan, targets, engine="compiled", seed=outcome.seed
    )
    return judge.judge_plan(outcome.plan, [outcome.replication])


def test_figures_by_priority_are_those_of_its_tickets(outcome: Outcome) -> None:
    by, t = kpis(outcome, "priority"), outcome.tickets
    tickets = by[by["metric"] == "tickets"].set_index("name")["value"]
    assert tickets.index.tolist() == ["1", "2", "3", "4"]
    for name, count in tickets.items():
        assert count == np.count_nonzero((t["priority"] == int(name)) & ~np.isnan(t["accepted"]))
    assert set(by["metric"]) & {"hotline.answered_20s", "hotline.lost"} == set()


def test_what_is_no_kpi_is_said_to_be_elsewhere(outcome: Outcome) -> None:
    for name in ("crews.work", "bound.arrive.on_time", "policy.planned"):
        with pytest.raises(InputError, match="a measure of tickets"):
            kpis(outcome, measures=[name])
    with pytest.raises(InputError, match="one of city, district"):
        kpis(outcome, "planet")
    wide = outcome.table("department")  # type: ignore[attr-defined]
    assert list(wide) == [name for name, one in KPIS.items() if "department" in one.groups]
    assert wide.attrs["units"] == {name: KPIS[name].unit for name in wide}
    found = outcome.kpis(measures=["close.p90@town"])  # type: ignore[attr-defined]
    assert found.equals(kpis(outcome, measures=["close.p90@town"]))
    few = kpis(outcome, "department", ["close.p90", "close.on_time"])
    assert len(few) == 2 * len(outcome.scenario.departments)
    with pytest.raises(InputError, match="by department it is not measured"):
        kpis(outcome, "department", ["hotline.lost"])


def test_late_cases_of_one_group_are_blamed_alone(tmp_path: Path) -> None:
    """And between groups, those of the groups that hold the figure back."""
    changes = [change for change in CHANGES if "include" not in change]
    scenario = tiny(tmp_path, [*changes, "staff_scale.crews=0.3"])
    outcome = sim.simulate(scenario)
    due = Query.parse("arrive.on_time").metric.formula
    fell, met = verdict(outcome, due)  # type: ignore[arg-type]
    missed = fell & ~met
    district = group_of(outcome, "district")
    late = [np.count_nonzero(missed & (district == d)) for d in range(2)]
    assert min(late) > 0
    texts = [
        "arrive.on_time>=0.999", "arrive.on_time@district=East>=0.999",
        "arrive.on_time@district=West>=0.999", "arrive.on_time.worst@district>=0.999",
        "arrive.on_time.gap@district<=0.0001",
    ]  # fmt: skip
    whole, east, west, worst, _ = judged(scenario, outcome, *texts).late
    assert east.sum() + west.sum() == whole.sum() > 0
    assert (east + west == whole).all()
    assert (worst == whole).all()  # neither keeps it
    every = figures(outcome, "district")["arrive.on_time"][1]
    cases = judged(scenario, outcome, *texts).cases
    assert cases[0][0] == cases[1][0] + cases[2][0]
    behind = int(np.argmin(every))
    gap = Query.parse("arrive.on_time.gap@district")
    assert gap.lagging(every, 0.0001).tolist() == [behind == d for d in range(2)]
    assert Query.parse("arrive.on_time.gini@district").lagging(every, 0).tolist() == [
        behind == d for d in range(2)
    ]
    assert Query.parse("arrive.on_time.worst@district").lagging(every, 0.0).tolist() == [False] * 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("staff_h<=100", "staff decides"),
        ("crews.arrive.mean<=100", "staff decides"),
        ("hotline.answered_1h@department>=0.9", "would mean nothing"),
        ("resolved.on_time>=0.9", "a measure of a stage"),
        ("closing_rate>=0.9", "no name any more; now throughput"),
        ("close.on_time>=150%", "below 1"),
        ("discovery.mean.gap@district<=5", "do not always bring groups closer"),
        ("close.on_time@town=Nowhere>=0.9", "town=Nowhere"),
        ("close.on_time>=9%%", "MEASURE>=VALUE"),
    ],
)
def test_targets_that_staffing_cannot_keep(
    text: str, says: str, scenario: Scenario, outcome: Outcome
) -> None:
    with pytest.raises(InputError, match="target") as error:
        parse_target(text, scenario, outcome.city)
    assert says in str(error.value)


def compared(
    scenario: Scenario, *targets: str, of: str = "", out: Path | None = None
) -> Comparison:
    return compare(
        scenario, ["fifo", "priority"], replications=2, targets=targets, of=of,
        executor=Serial(), out=out,
    )  # fmt: skip


def test_comparisons_of_groups(scenario: Scenario, outcome: Outcome) -> None:
    targets = ("arrive.on_time@department", "close.on_time.worst@district", "close.p90")
    found = compared(scenario, *targets, of="district=West")
    departments = list(outcome.scenario.departments)
    told = [f"arrive.on_time@department={name}" for name in departments]
    told += ["close.on_time.worst@district", "close.p90@district=West"]
    assert [one.metric for one in found.differences] == told
    assert found.settings["targets"] == told
    assert set(found.metrics["by"]) == {"city", "district", "department"}
    for one in found.differences:
        query = Query.parse(one.metric)
        table = found.metrics[found.metrics["arm"] == "priority"]
        runs = [value_of(rows, query) for _, rows in table.groupby("replication")]
        assert one.mean.estimate == pytest.approx(np.nanmean(np.array(runs, dtype=float)))
    said = " ".join(found.verdict)
    for words in ("first attended on time (police)", "closed on time in the worst district"):
        assert words in said
    assert f"All {len(told)} intervals" in uncertainty(facts(found))


def test_figures_that_a_target_needs_are_kept_with_it(scenario: Scenario, tmp_path: Path) -> None:
    def parts() -> set[Path]:
        return set((tmp_path / "parts").rglob("*.parquet"))

    compared(scenario, "close.p90", out=tmp_path)
    plain = parts()
    compared(scenario, "close.on_time.gap@district", "close.p90@district=East", out=tmp_path)
    assert parts() == plain  # districts are always there
    compared(scenario, "close.p90@priority=1", out=tmp_path)
    more = parts()
    assert len(more) == 2 * len(plain)
    compared(scenario, "arrive.p90.worst@priority", out=tmp_path)
    assert parts() == more


def test_what_cannot_be_compared(scenario: Scenario) -> None:
    options = {"question": "?", "replications": 2, "executor": Serial()}
    arms = [Arm(name, scenario, name) for name in ("fifo", "edd")]
    for target, says in (
        ("bound.arrive.on_time", "--bound"),
        ("policy.missed", "what the policy tells: nothing"),
        ("hotline.wait.mean@department", "would mean nothing"),
        ("close.p90@department=plumbers", "department=plumbers"),
    ):
        with pytest.raises(InputError) as error:
            compare_arms(arms, targets=[target], **options)  # type: ignore[arg-type]
        assert says in str(error.value)
    for target in ("close.p90@department", "tickets", "crews.work"):
        with pytest.raises(InputError, match="one figure that is better in one direction"):
            compare_arms(
                arms, targets=[target], select=Select(Precision(0.1, True)),
                **options,  # type: ignore[arg-type]
            )  # fmt: skip


def test_every_grouping_has_names(outcome: Outcome) -> None:
    for by, labels in GROUPS.items():
        assert len(labels) == 3
        names, chinese = groups(outcome, by)
        assert len(names) == len(chinese) == len(set(names)) > 0
        assert group_of(outcome, by).max() < len(names)


def test_on_the_command_line(tmp_path: Path) -> None:
    toml = write(tmp_path / "tiny")
    words = ["compare", str(toml), "--policies", "fifo,edd", "--days", "1", "-n", "2"]
    words += ["--workers", "1", "--no-plots"]

    def run(*more: str) -> Result:
        return CliRunner().invoke(main, [*words, *more])

    done = run("--of", "district=East", "--target", "close.p90", "--target", "tickets@priority=1",
               "--json")  # fmt: skip
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)["settings"]["targets"]
    assert told == ["close.p90@district=East", "tickets@priority=1"]
    for more, says in (
        (("--target", "close.p9"), "did you mean close.p90?"),
        (("--of", "department", "--target", "hotline.lost"), "would mean nothing"),
        (("--of", "East"), "of: 'East' is not allowed; a grouping, or one group"),
        (("--of", "East"), "did you mean district=East?"),
        (("--of", "district=Esat"), "did you mean East?"),
    ):
        wrong = run(*more)
        assert wrong.exit_code == 2
        (line,) = wrong.stderr.splitlines()
        assert says in line
        assert len(line) < 250


@pytest.mark.parametrize("name", ["3", "03"])
def test_an_hour_is_named_as_one_says_it(name: str, outcome: Outcome) -> None:
    found = kpis(outcome, measures=[f"matters@hour={name}"])
    assert found["name"].tolist() == ["03"]
    with pytest.raises(InputError, match="00 to 23"):
        kpis(outcome, measures=["matters@hour=24"])


def test_a_single_measure_needs_no_list(outcome: Outcome) -> None:
    assert kpis(outcome, measures="matters").equals(kpis(outcome, measures=["matters"]))
