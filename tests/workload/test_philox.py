"""The counter-based generator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from sim.workload.philox import Draws, philox4x32
from sim.workload.purpose import Purpose

word = st.integers(0, 2**32 - 1)

# Known answers of the authors' own library Random123 (kat_vectors, philox4x32 10)
KNOWN = [
    ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    (
        [0xFFFFFFFF] * 4,
        [0xFFFFFFFF] * 2,
        [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD],
    ),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


@pytest.mark.parametrize(("counter", "key", "out"), KNOWN)
def test_known_answers(counter: list[int], key: list[int], out: list[int]) -> None:
    words = philox4x32(*(np.uint64(word) for word in (*counter, *key)))
    assert [int(w) for w in words] == out


def test_draws_are_the_middles_of_cells_of_52_bits() -> None:
    """The third of the known answers, its counter the purpose, the index and the cell."""
    (purpose, index, one, two), key, (a, b, c, d) = KNOWN[2]
    middles = tuple((2 * ((high << 32 | low) >> 12) + 1) / 2**53 for high, low in ((a, b), (c, d)))
    draws = Draws(*key)
    assert tuple(map(float, draws.pair(purpose, index, (one, two)))) == middles
    assert float(draws.uniform(purpose, index, (one, two))) == middles[0]
    assert float(draws.uniform(purpose + 1, index, (one, two))) == middles[1]
    grid = draws.uniform(purpose, [[index], [0]], ([one, 1, 2], two))
    assert grid.shape == (2, 3)
    assert grid[0, 0] == middles[0]
    assert grid[1, 2] == float(draws.uniform(purpose, 0, (2, two)))


@given(seed=word, index=st.lists(word, min_size=1, max_size=20), cell=st.tuples(word, word))
def test_a_number_depends_on_its_name_alone(
    seed: int, index: list[int], cell: tuple[int, int]
) -> None:
    draws = Draws(seed, 3)
    together = draws.uniform(Purpose.WORK, index, cell)
    alone = [float(draws.uniform(Purpose.WORK, i, cell)) for i in index]
    assert together.tolist() == alone
    assert ((together > 0) & (together < 1)).all()
    assert draws.pair(Purpose.WORK, index, cell)[0].tolist() == alone


def test_uniform_and_independent() -> None:
    draws = Draws(1, 0)
    one, two = draws.pair(Purpose.WORK, np.arange(100_000), (5, 6))
    other = Draws(1, 1).uniform(Purpose.WORK, np.arange(100_000), (5, 6))
    for sample in (one, two, other):
        assert chisquare(np.histogram(sample, 100, (0, 1))[0]).pvalue > 1e-4
    for a, b in ((one, two), (one, other), (one[1:], one[:-1])):
        assert abs(np.corrcoef(a, b)[0, 1]) < 5 / np.sqrt(len(a))


def test_long_arrays_go_by_blocks_unseen() -> None:
    draws = Draws(9, 9)
    whole = draws.uniform(Purpose.GRID, np.arange(40_000), (1, 2))
    parts = [draws.uniform(Purpose.GRID, np.arange(a, a + 10_000), (1, 2)) for a in
             range(0, 40_000, 10_000)]  # fmt: skip
    assert (whole == np.concatenate(parts)).all()


@pytest.mark.parametrize(("bad", "name"), [((-1, 0), "seed"), ((0, 2**32), "replication")])
def test_bad_key(bad: tuple[int, int], name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must lie in"):
        Draws(*bad)
    Draws(2**32 - 1, 0)


def test_a_pair_begins_even() -> None:
    with pytest.raises(ValueError, match="even"):
        Draws(0, 0).pair(Purpose.SETTLE, 0, (0, 0))


def test_purposes_are_never_renumbered() -> None:
    """The numbers are part of every result: this list may only grow."""
    assert [p.value for p in Purpose] == [0, 1, 2, *range(4, 32)]
    assert Purpose.SATISFIED == 29
    assert Purpose.ARISE == 2
