"""The way in from Python: what `import sim` offers."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine.outcomes import same
from matplotlib.figure import Figure
from staffing_case import CHANGES
from tiny import tiny, write

import sim
from sim.api.experiments import ExperimentOptions
from sim.api.runs import RunOptions
from sim.experiment.compare import ComparisonPlots
from sim.experiment.plots import PLOTS as COMPARISON_PLOTS
from sim.measure.measured import OutcomePlots
from sim.measure.plots import PLOTS

ROOT = Path(__file__).parents[1]
OUTSIDE = {"sim", "numpy", "pandas", "matplotlib", "networkx"}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> sim.Outcome:
    return sim.simulate(tiny(tmp_path_factory.mktemp("tiny")), policy="fifo", days=2)


def test_what_is_offered_is_there_and_described() -> None:
    assert sorted(sim.__all__) == sorted(["__version__", *sim._FROM])
    assert set(sim.__all__) <= set(dir(sim))
    for name in sim._FROM:
        thing = getattr(sim, name)
        if inspect.isfunction(thing):
            assert len(inspect.getdoc(thing) or "") > 80, name
            assert "Any" not in str(inspect.signature(thing)), name
    modules = {path.stem for path in Path(sim.__file__).parent.iterdir()}
    assert not modules & set(sim._FROM), "a module of this name would take its place"
    with pytest.raises(AttributeError, match="did you mean simulate"):
        sim.simulat  # noqa: B018


def test_importing_it_imports_nothing_heavy() -> None:
    code = "import sys, sim; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert [name for name in loaded if name.split(".")[0] == "sim"] == ["sim"]
    assert not {"numpy", "pandas", "pydantic", "click"} & set(loaded)


def test_options_are_those_of_the_functions() -> None:
    prepared = set(inspect.signature(sim.prepare).parameters) - {"scenario"}
    assert set(RunOptions.__annotations__) == prepared
    compared = importlib.import_module("sim.api.experiments")._run
    assert set(ExperimentOptions.__annotations__) == set(inspect.signature(compared).parameters) - {
        "arms",
        "question",
    }
    said = inspect.getdoc(sim.compare) or ""
    for name in ExperimentOptions.__annotations__:
        assert name in said, f"{name} is not described"


def test_an_outcome_has_its_measures_at_hand(outcome: sim.Outcome, tmp_path: Path) -> None:
    tidy = outcome.kpis(by="department")
    assert list(tidy) == ["by", "name", "name_zh", "metric", "value", "unit", "n"]
    assert tidy["unit"].notna().all()
    (one,) = outcome.kpis(measures=["close.on_time"])["value"]
    assert (
        one
        == tidy_city(outcome, "close.on_time")
        == outcome.summary().facts["kpis"]["close.on_time"]
    )
    wide = outcome.table(by="town")
    assert set(wide.attrs["units"]) >= set(wide.columns) - {"name_zh"}
    for table in (outcome.frame, outcome.counters(every=6 * 3600), outcome.staff()):
        assert not table.empty
        assert set(table.attrs["units"]) <= set(table.columns)
    assert outcome.frame.attrs["units"]["closed"] == "s"
    assert repr(outcome).startswith("<Outcome of tiny: ")
    assert "&lt;" not in outcome._repr_html_()
    outcome.save(tmp_path / "kept", plots=False)
    with pytest.raises(sim.InputError, match="not allowed"):
        outcome.save(tmp_path / "kept", plots=False)


def tidy_city(outcome: sim.Outcome, metric: str) -> float:
    tidy = outcome.kpis()
    return float(tidy.loc[tidy["metric"] == metric, "value"].iloc[0])


def test_pictures_by_name(outcome: sim.Outcome) -> None:
    assert {name for name in vars(OutcomePlots) if not name.startswith("_")} == set(PLOTS)
    for name in PLOTS:
        assert isinstance(getattr(outcome.plot, name)(), Figure)
    with pytest.raises(sim.InputError, match="did you mean map"):
        outcome.plot("mpa")
    names = {name.replace("_", "-") for name in vars(ComparisonPlots) if not name.startswith("_")}
    assert names == set(COMPARISON_PLOTS)


def test_a_run_that_is_stopped_has_them_too(outcome: sim.Outcome) -> None:
    simulation = sim.prepare(outcome.scenario, policy="fifo", engine="simpy")
    simulation.run(until=86400.0)
    half = simulation.outcome()
    assert half.kpis().loc[0, "by"] == "city"
    simulation.run()
    assert same(sim.recorded(simulation), outcome)


def test_plans_and_routes_on_top(tmp_path: Path) -> None:
    """Prepared from files, it is the run of the scenario that names them."""
    path, table = write(tmp_path / "tiny"), tmp_path / "routes.csv"
    plain = sim.load(path, {"grid.hot_share": 0.7}, days=1)
    found = sim.optimize_patrol(plain)
    found.save(table)
    assert list(found.table["district_code"]) == ["900001", "900002", ""]
    assert found.table["routes"].iloc[-1] == len(found.routes) > 0
    assert isinstance(found.plot_route(), Figure)
    assert isinstance(found.plot_town("East 01"), Figure)
    put = sim.simulate(plain, routes=table)
    named = sim.load(path, {"grid.hot_share": 0.7, "patrol.routes": table}, days=1)
    assert same(put, sim.simulate(named))
    assert not same(put, sim.simulate(plain))
    assert put.scenario.content_hash == named.content_hash


def test_scenarios_are_compared_over_the_same_matters(tmp_path: Path) -> None:
    path = write(tmp_path / "tiny")
    few = sim.load(path, {"name": "few-crews", "staff_scale.crews": 0.3}, days=1)
    found = sim.compare(
        [sim.load(path, days=1), few], "fifo", replications=2, workers=1,
        targets=["matters", "arrive.mean"],
    )  # fmt: skip
    assert found.question == "Which scenario is better: tiny, few-crews?"
    assert [arm.label for arm in found.arms] == ["tiny", "few-crews"]
    table = found.table.set_index("metric")
    assert table.loc["matters", "difference"] == 0
    assert table.loc["arrive.mean", "difference"] > 0
    assert table.loc["arrive.mean", "unit"] == "s"
    assert isinstance(found.plot.differences(), Figure)
    labelled = sim.compare(
        {"before": path, "after": few}, ["fifo", "edd"], days=1, replications=2, workers=1,
        targets=["matters"], question="Why?",
    )  # fmt: skip
    assert [arm.label for arm in labelled.arms] == [
        "before, fifo", "before, edd", "after, fifo", "after, edd",
    ]  # fmt: skip
    assert [arm.names["scenario"] for arm in labelled.arms][::2] == [
        "tiny: before", "few-crews: after",
    ]  # fmt: skip
    assert labelled.question == "Why?"


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "tiny")
    one = sim.load(path)
    with pytest.raises(sim.InputError, match=r"days: 'b: 1' is not allowed; as in a: 3; --days"):
        sim.compare({"a": one, "b": sim.load(path, days=1)})
    with pytest.raises(sim.InputError, match="district: 'b: West' is not allowed"):
        sim.compare({"a": one, "b": sim.load(path, districts=["West"])})
    with pytest.raises(sim.InputError, match="each of them once"):
        sim.compare([path, path])
    with pytest.raises(sim.InputError, match="at least two"):
        sim.compare(path)
    with pytest.raises(sim.InputError, match="an option of --select only"):
        sim.compare(path, ["fifo", "edd"], probability=0.9)
    with pytest.raises(sim.InputError, match="each once"):
        sim.compare(path, ["fifo", "fifo"])


def test_sweep_takes_data(tmp_path: Path) -> None:
    found = sim.sweep(
        write(tmp_path / "tiny"), {"staff_scale.crews": [1.0, 0.3]}, "fifo", days=1,
        overrides={"staff_scale": {"crews": 0.5, "hotline": 2}}, replications=2, workers=1,
        targets=["matters"],
    )  # fmt: skip
    assert [arm.label for arm in found.arms] == ["staff_scale.crews=1.0", "staff_scale.crews=0.3"]
    assert [arm.scenario.staff_scale.crews for arm in found.arms] == [1.0, 0.3]
    assert {arm.scenario.staff_scale.hotline for arm in found.arms} == {2}


def test_tables_of_scenarios_and_costs(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, CHANGES)
    costs = sim.plan_cost(scenario)
    assert set(costs["unit"]) == {"yuan a week"}
    need = sim.staffing_requirements(scenario, 0.9, ["mol"])
    assert set(need.attrs["units"]) == {"hour", "load", "mol"}
    assert (need["mol"] >= 0).all()
    more = sim.staffing_requirements(scenario, 0.99, ["mol"])
    assert (more["mol"] >= need["mol"]).all()
    prices = sim.staffing_prices(scenario, [0.5, 0.9])
    assert prices["cost"].is_monotonic_increasing
    worth = sim.patrol_worth(scenario, [5, 10])
    assert worth["found"].is_monotonic_increasing
    listed = sim.figures(scenario)
    assert set(listed["basis"]) <= {"published", "measured", "assumed", "command line"}
    changes = sim.diff(scenario, sim.load(write(tmp_path / "b"), {"seed": 8}))
    assert list(changes.columns) == ["path", "a", "b"]
    assert "seed" in set(changes["path"])


@pytest.mark.parametrize("script", sorted((ROOT / "notebooks").glob("*.py")), ids=lambda p: p.stem)
def test_notebooks_import_nothing_internal(script: Path) -> None:
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [str(node.module)]
        for name in names:
            first = name.split(".")[0]
            assert first in OUTSIDE or first in sys.stdlib_module_names, name
            assert first != "sim" or name == "sim", f"{name} is internal"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert node.value.id != "sim" or node.attr in sim.__all__, f"sim.{node.attr}"


def test_python_m_sim(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sim", "show", write(tmp_path / "tiny"), "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    facts: dict[str, Any] = json.loads(done.stdout)
    assert facts["name"] == "tiny"
    assert len(facts["content_hash"]) == 64
    assert np.isfinite(facts["seed"])
