"""The catalogue of measures: complete, and the only place where a measure is declared."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from staffing_case import CHANGES
from tiny import tiny

import sim
from sim.cli import main
from sim.engine.outcome import Outcome
from sim.errors import InputError
from sim.experiment.measures import measure
from sim.experiment.words import metric_name
from sim.measure.catalogue import (
    BOUNDS,
    CURVES,
    DEADLINES,
    KPIS,
    MEASURES,
    METRICS,
    TARGETS,
    URGENTS,
)
from sim.measure.finding import find
from sim.measure.kpis import figures, kpis
from sim.measure.metric import POLICY, Better, Due, Kind, Quantile, Score, Share, Span, WorstHour
from sim.measure.query import BETWEEN, Query
from sim.measure.tables import GROUPS, group_of
from sim.optimize.staffing.pools import Pools
from sim.policy import POLICIES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("catalogue")
    return sim.simulate(tiny(folder, [c for c in CHANGES if "area" not in c]), policy="rolling-vrp")


def test_every_metric_says_what_it_is() -> None:
    for name, one in METRICS.items():
        assert one.name == name
        assert one.english
        assert re.search(r"[一-鿿]", one.chinese), name
        assert one.unit in ("1", "1/d", "share", "s", "h", "yuan/week"), name
        assert isinstance(one.better, Better)
        assert one.groups[0] == "city"
        assert set(one.groups) <= set(GROUPS)
        assert (one.unit == "share") == (one.kind in (Kind.SHARE, Kind.DUE)) or (
            one.kind is Kind.GAUGE
        ), name
        assert (one.unit == "s") == (one.kind is Kind.DURATION), name
        if one.decided_by & {"crew"}:
            assert one.stage in DEADLINES, name


def test_names_and_labels_are_of_one_metric_each() -> None:
    for language in ("english", "chinese"):
        labels = [getattr(one, language) for one in METRICS.values()]
        assert len(set(labels)) == len(labels), language
    assert not any(name.rpartition(".")[2] in BETWEEN for name in METRICS)
    assert not any(re.search(r"[@=<>\s]", name) for name in METRICS)


def test_what_is_measured_is_declared_and_the_reverse(outcome: Outcome) -> None:
    table = measure(replace(outcome), bound=True, by=("department",))
    told = table["metric"].str.startswith(POLICY)
    assert told.any()
    assert set(table.loc[~told, "metric"]) == set(METRICS)
    for row in table[~told].to_dict("records"):
        one = METRICS[row["metric"]]
        assert row["unit"] == one.unit
        assert row["by"] in one.groups
    assert list(figures(outcome)) == list(KPIS)
    for by in GROUPS:
        found = kpis(outcome, by)
        assert set(found["metric"]) == {name for name, one in KPIS.items() if by in one.groups}


def test_shares_and_durations_lie_where_they_must(outcome: Outcome) -> None:
    """Whatever a declaration counts: a share is one, and who has begun is over or is not."""
    for name, (_, value, n) in figures(outcome, "department").items():
        assert (n >= 0).all()
        if KPIS[name].unit == "share":
            assert ((value[n > 0] >= 0) & (value[n > 0] <= 1)).all(), name
    for declared in MEASURES.values():
        if isinstance(declared.formula, Span) and declared.quantiles:
            span, t = declared.formula, outcome.tickets
            begun = ~np.isnan(t[span.begins]) & span.at_risk(outcome)
            found = figures(outcome)
            for end in ("mean", "p90"):
                assert found[f"{declared.name}.{end}"][2][0] == np.count_nonzero(begun)
            for end in span.ends:
                begun &= np.isnan(t[end])
            assert found[f"{declared.name}.open"][1][0] == np.count_nonzero(begun), declared.name


def test_only_the_catalogue_knows_labels_and_directions() -> None:
    """No other module of the package has a measure's label, or a list of which is better."""
    labels = {one.english for one in METRICS.values() if " " in one.english}
    for path in (ROOT / "sim").rglob("*.py"):
        if path.name == "catalogue.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value not in labels, f"{path.name}: {node.value}"


def test_words_of_comparisons_are_the_catalogues() -> None:
    for name, one in METRICS.items():
        assert metric_name(name) == (one.english, one.chinese)
    assert metric_name("policy.planned") == ("policy.planned", "")
    assert metric_name("<b>of somebody else</b>") == ("<b>of somebody else</b>", "")
    assert metric_name("close.on_time.worst@district") == (
        "closed on time in the worst district", "按时办结（最差区县）",
    )  # fmt: skip
    assert metric_name("arrive.p90@hour=08")[0] == "p90 time to attendance (08)"


def test_forms_are_those_of_declared_measures() -> None:
    assert set(URGENTS) <= set(KPIS)
    assert list(BOUNDS) == [
        "crews.arrive.mean", "crews.finish.mean", "arrive.on_time", "close.on_time",
    ]  # fmt: skip
    for name, one in (URGENTS | BOUNDS).items():
        of = METRICS[name]
        assert (one.unit, one.better, one.groups) == (of.unit, of.better, ("city",))
    for declared, curve in CURVES.items():
        shares = [one.formula.share for one in curve if isinstance(one.formula, Quantile)]
        assert shares == sorted(shares)
        assert f"{declared.name}.p90" in {one.name for one in curve}
    for name in TARGETS:
        assert METRICS[name].better
    score = METRICS["evaluation"].formula
    assert isinstance(score, Score)
    assert sum(weight for _, weight in score.parts) == 1.0
    assert all(isinstance(part, (Due, Share)) for part, _ in score.parts)


def test_who_decides_are_roles_of_the_plan(outcome: Outcome) -> None:
    roles = {*Pools.build(outcome.scenario, outcome.city).role, "gridworker"}
    for name, one in METRICS.items():
        assert one.decided_by <= roles, name
        if one.decided_by and one.kind is not Kind.COUNT:
            assert one.better, name


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("close.p9", "close.p90"),
        ("close.on_tim", "close.on_time"),
        ("throughpt", "throughput"),
        ("hotline.answred_20s", "hotline.answered_20s"),
        ("crews.overtme", "crews.overtime"),
        ("urgent.arive.p90", "urgent.arrive.p90"),
    ],
)
def test_a_mistyped_name_gets_one_suggestion(typed: str, meant: str) -> None:
    with pytest.raises(InputError) as error:
        find(typed)
    said = str(error.value)
    assert f"did you mean {meant}?" in said
    assert len(said) < 160
    with pytest.raises(InputError, match="sim measures"):
        find("x" * 1000)


@pytest.mark.parametrize(
    ("former", "now"),
    [
        ("tickets.eyes", "tickets.observers"), ("hotline.answered", "hotline.answered_1h"),
        ("closing_rate", "throughput"), ("closing_rate.hotline", "requests.on_time"),
        ("state.vanished", "vanished"), ("backlog.calling", "state.calling"),
        ("crews.utilisation", "crews.work"),
    ],
)  # fmt: skip
def test_a_former_name_is_refused_with_what_replaced_it(former: str, now: str) -> None:
    with pytest.raises(InputError, match=f"; now {re.escape(now)}$"):
        find(former)
    assert now in METRICS


def test_headlines_are_a_dozen_of_all_matters() -> None:
    """Each from when a matter arose, or its citizen first called; each says which way is better."""
    headlines = [one for one in METRICS.values() if one.headline]
    assert [one.name for one in headlines] == [
        "resolved.on_time", "resolved.mean", "unresolved", "unserved", "attended.on_time",
        "attended.on_time.worst_hour", "requests.on_time", "hotline.answered_20s",
        "hotline.answered_20s.worst_hour", "hotline.answered_1h", "citizens.satisfied",
        "evaluation",
    ]  # fmt: skip
    assert all(one.better for one in headlines)
    for one in METRICS.values():
        formula = one.formula.due if isinstance(one.formula, WorstHour) else one.formula
        if isinstance(formula, Due):
            from_arising = formula.begins in ("arisen", "called", "contact")
            assert from_arising == one.headline, one.name


def test_the_page_and_the_command_have_them_all() -> None:
    page = (ROOT / "docs" / "measures.md").read_text(encoding="utf-8")
    table = page.partition("<!-- table -->")[2].partition("<!-- end -->")[0]
    for declared in MEASURES.values():
        (row,) = re.findall(rf"^\| `{re.escape(declared.name)}`.*$", table, re.M)
        assert declared.english in row
        assert declared.chinese in row
    for one in (*URGENTS.values(), *BOUNDS.values()):
        assert f"`{one.name}`" in page
    for name in BETWEEN:
        assert f".{name}@" in page
    shown = CliRunner().invoke(main, ["measures"])
    assert shown.exit_code == 0
    names = [line.split()[0] for line in shown.stdout.splitlines()]
    assert names == [one.name for declared in MEASURES.values() for one in declared.metrics()]


def test_urgent_matters_are_those_of_priority_1(outcome: Outcome) -> None:
    urgent = outcome.where("tickets", lambda t: t["priority"] <= 1)
    alone, table = figures(urgent), measure(replace(outcome)).set_index("metric")
    for name, one in URGENTS.items():
        assert table.loc[one.name, "value"] == pytest.approx(alone[name][1][0], nan_ok=True)
        assert table.loc[one.name, "n"] == alone[name][2][0]
    by = group_of(outcome, "priority")
    assert (by + 1 == outcome.tickets["priority"]).all()


def test_what_a_policy_tells_has_its_own_unit_and_no_direction() -> None:
    assert "rolling-vrp" in POLICIES
    query = Query.parse("policy.planned.p95")
    assert (query.unit, query.better) == ("", Better.NEITHER)
    with pytest.raises(InputError, match="policy"):
        Query.parse("policy.planned@district")


def test_the_command_says_what_it_compares_by_default() -> None:
    shown = CliRunner().invoke(main, ["compare", "--help"], terminal_width=200)
    assert ", ".join(TARGETS) in " ".join(shown.stdout.split())
