"""Arrays on disk between processes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from city.test_roads import net, seconds

from sim.city import cache, roads
from sim.city.roads import ways


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
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


def test_a_disk_that_cannot(own_folder: Path) -> None:
    own_folder.write_text("in the way")
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
