"""The words and numbers that name a matter, wherever it is drawn.

A *cell* is a category's matters of one date in one district. Its words do not depend on what else
there is: adding, dropping or reordering districts and categories, or another first or last day,
leaves all other matters as they were. Days are numbers of dates, since 1970
(`sim.clock.days_since_1970`).
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from sim.clock import days_since_1970
from sim.errors import InputError
from sim.scenario import Scenario
from sim.word import NAMED_BITS, word

NUMBER_BITS = 20
"""Of the number of a matter within its cell."""
_DAY_BITS = 16  # of the second word of a cell, enough for 179 years; the others are the place's
_FIRST_DAY = days_since_1970(date(1898, 1, 1))  # before any warm-up: keys are never negative

Words = NDArray[np.uint64]


def place_word(scenario: Scenario, code: str) -> tuple[int, int]:
    """Name a district by 16 bits, and by which it is of those of the same 16 bits.

    Parameters
    ----------
    code : str
        Of a row of the scenario's table of districts, whichever of them are included.
    """
    bits = word(code) & 0xFFFF
    alike = sorted(row.code for row in scenario.district_table if word(row.code) & 0xFFFF == bits)
    return bits, alike.index(code)


def cell_words(
    scenario: Scenario, code: str, days: NDArray[np.int64]
) -> tuple[Words, Words, np.uint64]:
    """Return the words of a district's cells on some dates.

    Returns
    -------
    uint64 [C], uint64 [days]
        The two words of the cell of a category and a day.
    uint64
        What is added to a matter's number in the cell: which of the districts it is that share
        their 16 bits.
    """
    names = np.array([word(c.id) for c in scenario.categories], dtype=np.uint64)
    bits, which = place_word(scenario, code)
    where = np.uint64(bits << _DAY_BITS) | (days & ((1 << _DAY_BITS) - 1)).astype(np.uint64)
    return names, where, np.uint64(which << NUMBER_BITS)


def day_words(days: NDArray[np.int64]) -> Words:
    """Name dates by 32 bits, those before 1970 too."""
    return (days & 0xFFFFFFFF).astype(np.uint64)


def check_numbers(scenario: Scenario, code: str, count: NDArray[np.float64]) -> None:
    """Check that the matters of each cell can be numbered.

    Parameters
    ----------
    count : float64 [C, days]

    Raises
    ------
    InputError
        Naming category and district where there are too many.
    """
    most = count.max(initial=0)
    if most < 1 << NUMBER_BITS:
        return
    category = scenario.categories[int(np.argmax(count.max(axis=1)))]
    raise InputError(
        f"scenario {scenario.name}",
        f"category {category.id}, district {code}",
        f"{most:.0f} matters on one day",
        f"below {1 << NUMBER_BITS}: split the category or the district",
    )


def keys(
    scenario: Scenario,
    code: str,
    day: NDArray[np.int64],
    category: NDArray[np.int64],
    number: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Pack date, district, category and number in the cell into one number, in this order."""
    place = [row.code for row in scenario.district_table].index(code)
    packed = (day - _FIRST_DAY << NAMED_BITS) + place
    packed = (packed << NAMED_BITS) + category
    return np.asarray((packed << NUMBER_BITS) + number, dtype=np.int64)
