"""Arrays on disk between processes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from road_files import net, seconds

from sim.city import cache, grids, roads
from sim.city.grids import grid_net
from sim.city.roads import ways


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIM_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "suzhou-dispatch"


def test_there_and_back() -> None:
    assert cache.fetch("a") is None
    cache.store("a", {"x": np.arange(3), "words": np.array(["路", "road"])})
    found = cache.fetch("a")
    assert found is not None
    assert found["x"].tolist() == [0, 1, 2]
    assert found["words"].tolist() == ["路", "road"]


def test_a_damaged_file_is_as_none(own_folder: Path) -> None:
    cache.store("a", {"x": np.arange(1000)})
    whole = (own_folder / "a.npz").read_bytes()
    (own_folder / "a.npz").write_bytes(whole[:100])
    assert cache.fetch("a") is None


def test_a_disk_that_cannot(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "folder", lambda: own_folder / "none")
    cache.store("a", {"x": np.arange(3)})
    assert cache.fetch("a") is None


def test_ways_of_a_large_net_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roads, "_LARGE", 3)
    line = net([(0, 0), (100, 0), (250, 0), (300, 0)], [(0, 1), (1, 2), (2, 3)])
    arguments = ("Kept", line, seconds(line), line.xy, line.xy[:1], 0.1)
    first = ways(*arguments)
    roads._known.clear()

    def never(*_: object) -> None:
        raise AssertionError("searched again")

    monkeypatch.setattr(roads, "_ways", never)
    again = ways(*arguments)
    assert again is not first
    for name in ("node_xy", "seconds", "hop", "grid_node"):
        assert (getattr(again, name) == getattr(first, name)).all()
        assert getattr(again, name).dtype == getattr(first, name).dtype
    assert again.notes == first.notes


def test_large_grid_nets_are_kept(monkeypatch: pytest.MonkeyPatch, own_folder: Path) -> None:
    monkeypatch.setattr(grids, "_LARGE", 20)

    def laid(people: int, number: int = 20) -> grids.GridNet:
        border = shapely.box(0, 0, 3000, 2000)
        return grid_net("320508", border, np.array([1500.0, 900.0]), 3, number, people, 4.0)

    first, other, small = laid(1000), laid(1001), laid(1000, 19)
    assert (first.grid_population.sum(), other.grid_population.sum()) == (1000, 1001)
    assert len(list(own_folder.iterdir())) == 2

    def never(*_: object) -> None:
        raise AssertionError("laid again")

    monkeypatch.setattr(grids, "_laid", never)
    again = laid(1000)
    for name, column in vars(first).items():
        assert (getattr(again, name) == column).all()
        assert getattr(again, name).dtype == column.dtype
    for another in (lambda: laid(1002), lambda: laid(1000, 19)):
        with pytest.raises(AssertionError, match="laid again"):
            another()
    assert len(small.grid_xy) == 19


@pytest.mark.parametrize("how", ["shape", "type", "range", "missing", "sum", "nan", "order"])
def test_a_net_that_cannot_be_it_is_laid_again(
    how: str, monkeypatch: pytest.MonkeyPatch, own_folder: Path
) -> None:
    monkeypatch.setattr(grids, "_LARGE", 2)
    border, centre = shapely.box(0, 0, 3000, 2000), np.array([1500.0, 900.0])
    arguments = ("320508", border, centre, 3, 20, 1000, 4.0)
    first = grid_net(*arguments)
    (path,) = own_folder.glob("*.npz")
    with np.load(path) as kept:
        arrays = dict(kept)
    town, people = arrays["grid_town"], arrays["grid_population"]
    arrays |= {
        "shape": {"grid_town": town[:-1]},
        "type": {"grid_town": town.astype("i4")},
        "range": {"grid_community": arrays["grid_community"] + 10**6},
        "missing": {},
        "sum": {"grid_population": people + 1},
        "nan": {"grid_xy": arrays["grid_xy"] * np.nan},
        "order": {"grid_town": town[::-1]},
    }[how]
    if how == "missing":
        del arrays["grid_area"]
    np.savez(path, **arrays)
    again = grid_net(*arguments)
    for name, column in vars(first).items():
        assert np.array_equal(getattr(again, name), column), name


def test_nets_of_other_code_are_not_taken(
    monkeypatch: pytest.MonkeyPatch, own_folder: Path
) -> None:
    monkeypatch.setattr(grids, "_LARGE", 2)
    border, centre = shapely.box(0, 0, 900, 900), np.array([450.0, 450.0])
    for code in ("of old", "of now"):
        monkeypatch.setattr(grids, "_made_by", lambda code=code: code)
        grid_net("320508", border, centre, 1, 4, 100, 4.0)
    assert len(list(own_folder.iterdir())) == 2
