"""What random numbers are named by: no two places, kinds or matters are the same to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tiny import CATEGORIES, tiny, write

from sim.city import City
from sim.errors import InputError
from sim.scenario import Scenario, load
from sim.word import NAMED_BITS, same_word, word
from sim.workload.arrivals import Demand, arrivals
from sim.workload.names import NUMBER_BITS, check_numbers, keys, place_word
from sim.workload.philox import Draws
from sim.workload.workload import Workload

EAST, LIKE_EAST = "900001", "140968"
"""Two codes with the same lower 16 bits."""


def renamed(
    folder: Path, code: str, files: Sequence[str] = ("districts.csv", "districts.geojson")
) -> Scenario:
    """Give West another code."""
    path = write(folder)
    for name in files:
        file = folder / name
        file.write_text(file.read_text("utf-8").replace("900002", code), "utf-8")
    return load(path)


def test_places_of_the_same_16_bits_have_other_matters(tmp_path: Path) -> None:
    assert word(EAST) & 0xFFFF == word(LIKE_EAST) & 0xFFFF
    scenario = renamed(tmp_path, LIKE_EAST)
    assert {place_word(scenario, code)[1] for code in (EAST, LIKE_EAST)} == {0, 1}
    city = City.build(scenario)
    demand = Demand.build(scenario, city)
    times = []
    for district in range(2):
        found = arrivals(scenario, city, demand, Draws(1, 0), district, range(1))
        times.append(found.time[found.category == 6])
    few = min(map(len, times))
    assert few > 20
    assert not np.isin(times[0], times[1]).any()


def test_a_place_alone_with_its_16_bits_keeps_its_matters(tmp_path: Path) -> None:
    a, b = tiny(tmp_path / "a"), renamed(tmp_path / "b", "900003")
    of = [Workload.draw(s, City.build(s), 3, days=range(1)) for s in (a, b)]
    east = [load.take(np.flatnonzero(load.district == 0)) for load in of]
    assert np.array_equal(east[0].arisen, east[1].arisen)
    assert np.array_equal(east[0].key, east[1].key)


def test_names_that_are_the_same_word_are_refused(tmp_path: Path) -> None:
    one, two = "uejgtcuo", "iiwucoup"
    assert word(one) == word(two)
    assert same_word(["a", one, "b", two]) == (one, two)
    rows = [dict(row) for row in CATEGORIES]
    rows[0]["id"], rows[1]["id"] = one, two
    with pytest.raises(InputError, match=f"column id: '{two}' is not allowed; .* as {one}"):
        tiny(tmp_path, categories=rows)
    rows[0]["id"], rows[1]["id"] = "theft", "brawl"
    rows[0]["family"], rows[2]["family"] = one, two
    with pytest.raises(InputError, match="column family"):
        tiny(tmp_path, categories=rows)


def test_a_code_stands_in_one_row(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"districts.csv: column code: '900001'"):
        renamed(tmp_path, EAST, ["districts.csv"])


def test_keys_are_apart_and_in_order(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    most = (1 << NUMBER_BITS) - 1
    last = (1 << NAMED_BITS) - 1
    cases = [
        (code, day, category, number)
        for day in (0, 1, 3659, 60_000)
        for code in (EAST, "900002")
        for category in (0, 1, last)
        for number in (0, 1, most)
    ]
    packed = [int(keys(scenario, code, *(np.array([n]) for n in rest))[0]) for code, *rest in cases]
    assert packed == sorted(set(packed))
    assert packed[0] >= 0


def test_more_matters_than_can_be_numbered_are_refused(tmp_path: Path) -> None:
    scenario = tiny(tmp_path)
    count = np.zeros((len(scenario.categories), 2))
    count[2, 1] = (1 << NUMBER_BITS) - 1
    check_numbers(scenario, EAST, count)
    count[2, 1] += 1
    allowed = "'1048576 matters on one day' is not allowed; below 1048576"
    with pytest.raises(InputError, match=f"category litter, district {EAST}: {allowed}"):
        check_numbers(scenario, EAST, count)
