"""Generated instances: what their classes say, and that files hold all of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from sim.cli import main
from sim.errors import InputError
from sim.routing import Instance, check, solve
from sim.routing.formats import read_instance, write_instance
from sim.routing.generate import CLASSES, generate


def columns(instance: Instance) -> dict[str, object]:
    names = "distance duration demand open close service capacity start end shift_open shift_close"
    return {name: getattr(instance, name).tolist() for name in names.split()}


@pytest.mark.parametrize("kind", CLASSES)
def test_a_seed_is_an_instance(kind: str) -> None:
    assert columns(generate(kind, 40, 3)) == columns(generate(kind, 40, 3))
    assert columns(generate(kind, 40, 3)) != columns(generate(kind, 40, 5))


def test_no_such_class() -> None:
    with pytest.raises(InputError, match=r"class: .R3. .*R1, R2, C1"):
        generate("R3", 10, 0)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("seed", range(4))
def test_every_stop_can_be_served_alone(kind: str, seed: int) -> None:
    instance = generate(kind, 60, seed)
    depot = instance.distance[-1, :-1], instance.distance[:-1, -1]
    begin = np.maximum(depot[0], instance.open)
    assert (begin <= instance.close).all()
    assert (begin + instance.service + depot[1] <= instance.shift_close[0]).all()
    assert (instance.demand <= instance.capacity[0]).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_parcel_service(seed: int) -> None:
    """One-way ways in whole seconds that hardly ever gain by a detour; all can be served."""
    instance = generate("parcel", 120, seed)
    way = instance.distance
    assert (way == np.round(way)).all()
    off = ~np.eye(len(way), dtype=bool)
    assert (way != way.T)[off].mean() > 0.9
    assert (way[off] >= 30).all()
    shortcut = (way[:, :, None] + way[None]).min(axis=1)
    assert (way - shortcut).max() <= 2  # rounding up
    assert len(np.unique(instance.close - instance.open)) > 3
    found = solve(instance, iterations=3000)
    verdict = check(instance, found.tours)
    assert verdict.feasible, verdict.faults


@pytest.mark.parametrize("kind", ["parcel", "RC1"])
def test_files_hold_all_of_it(kind: str, tmp_path: Path) -> None:
    instance, path = generate(kind, 30, 1), tmp_path / "one.vrp"
    write_instance(instance, path)
    assert columns(read_instance(path)) == columns(instance)
    result = CliRunner().invoke(main, ["route", str(path), "--iterations", "500", "--json"])
    assert result.exit_code == 0, result.output
    assert f'"cost": {solve(instance, iterations=500).cost}' in result.stdout


def test_no_window_is_written_as_one_that_never_closes(tmp_path: Path) -> None:
    free = np.full(30, np.inf)
    made = generate("R1", 30, 1)
    instance = replace(made, close=free, shift_close=free[: made.vehicles])
    write_instance(instance, tmp_path / "one.vrp")
    assert "inf" not in (tmp_path / "one.vrp").read_text()
    again = read_instance(tmp_path / "one.vrp")
    one_after_another = instance.distance[range(-1, 29), range(30)].sum() + instance.service.sum()
    assert again.close.min() > instance.open.max() + one_after_another
    tours = solve(again, iterations=500).tours
    assert check(again, tours) == check(instance, tours)
    assert check(instance, tours).feasible


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("start", np.zeros(12, np.int64)),
        ("prize", np.zeros(30)),
        ("late", np.ones(30)),
        ("shift_close", np.arange(12.0)),
        ("duration", np.zeros((31, 31))),
    ],
)
def test_what_the_format_does_not_know(field: str, value: object, tmp_path: Path) -> None:
    instance = replace(generate("R1", 30, 0), **{field: value})  # type: ignore[arg-type]
    with pytest.raises(InputError, match=field):
        write_instance(instance, tmp_path / "one.vrp")
    assert not list(tmp_path.iterdir())
