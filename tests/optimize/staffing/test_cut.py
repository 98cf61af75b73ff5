"""Cuts by hand: on two shifts and made-up verdicts, where each more is asked for."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.measure.query import Query
from sim.optimize.staffing.cut import PATIENCE, _short, cut
from sim.optimize.staffing.judge import Verdict
from sim.optimize.staffing.search import Search
from sim.optimize.staffing.targets import Target
from sim.optimize.staffing.trial import Found, SearchRules

Ints = np.ndarray

CLOSED = Target(Query.parse("close.on_time"), True, 0.9)
SLOW = Target(Query.parse("close.mean"), False, 100.0)
SEEN = Target(Query.parse("discovery.mean"), False, 1.0)  # gridworkers decide it, not posts

HALF = np.arange(336) / 2 % 24
SHIFTS = np.array([(HALF >= 8) & (HALF < 20), (HALF < 8) | (HALF >= 20)])  # day and night


class Shifts:
    """Covers by day and night: as many posts as the worst hour of each asks for."""

    covers = SHIFTS

    def __init__(self, rate: list[float], allowed: list[list[bool]]) -> None:
        self.pools = SimpleNamespace(rate=np.array(rate))
        self.allowed = np.array(allowed)

    def on_duty(self, posts: Ints) -> Ints:
        return (posts @ self.covers).reshape(len(posts), 168, 2).min(axis=2)

    def solve(self, missing: Ints, some: list[int]) -> Any:
        posts = np.zeros(self.allowed.shape, dtype=np.int64)
        for pool in some:
            for shift in np.flatnonzero(self.allowed[pool]):
                posts[pool, shift] = missing[pool][self.covers[shift].reshape(168, 2).all(1)].max()
        return SimpleNamespace(posts=posts)


class Case(Search):
    """A search whose verdicts are given."""

    def __init__(
        self,
        answer: Callable[[Ints], Verdict],
        *,
        rate: tuple[float, float] = (1.0, 4.0),
        allowed: tuple[list[bool], list[bool]] = ([True, True], [True, True]),
        decided: tuple[bool, bool] = (True, True),
        cuts: int = 1,
        margin: list[list[float]] | None = None,
    ) -> None:
        self.answer, self.rules, self.report = answer, SearchRules(cuts=cuts), None
        self.coverer: Any = Shifts(list(rate), list(allowed))
        self.decided = np.array(decided)
        self.margin = [np.array(one) for one in margin or [[0.0]]]

    def verdict(self, posts: Ints) -> Verdict:
        return self.answer(posts)


def told(
    *said: tuple[Target, list[float], list[float]], blame: dict[tuple[int, int], float]
) -> Verdict:
    """Return a verdict: of each target the values and cases of its groups."""
    blamed = np.zeros((2, 168))
    for cell, cases in blame.items():
        blamed[cell] = cases
    targets, values, cases = zip(*said, strict=True)
    return Verdict(
        targets,
        [["a", "b"][: len(one)] for one in values],
        [np.array(one) for one in cases],
        [np.array([one]) for one in values],
        [blamed] * len(said),
        [{}] * len(said),
        [np.zeros((2, len(one))) for one in values],
    )


def after_one(posts: list[list[int]], blame: dict[tuple[int, int], float], **asked: Any) -> Any:
    """Cut once where 10 of 100 cases are late; return what is asked for beyond, and the posts."""
    found = Found(np.array(posts))
    search = Case(lambda _: told((CLOSED, [0.8], [100.0]), blame=blame), **asked)
    need = np.zeros((2, 168), dtype=np.int64)
    assert not cut(search, need, found)
    return {(int(p), int(h)): int(need[p, h]) for p, h in np.argwhere(need)}, found.posts.tolist()


def test_most_help_for_its_cost_first_until_enough_is_helped() -> None:
    blame = {(0, 9): 6.0, (0, 34): 5.0, (1, 30): 8.0}  # worth 6, 5 and 8 / 4; 6 + 5 are enough
    asked, posts = after_one([[25, 2], [7, 2]], blame)
    assert asked == {(0, 9): 27, (0, 34): 27}  # a tenth more
    assert posts == [[27, 2], [7, 2]]
    assert after_one([[20, 2], [7, 2]], blame)[1] == [[22, 2], [7, 2]]
    asked, posts = after_one([[9, 2], [7, 2]], blame)
    assert asked == {(0, 9): 10, (0, 34): 10}  # or one
    assert posts == [[10, 2], [7, 2]]
    blame[0, 34] = 3.0  # 6 + 3 are not
    asked, posts = after_one([[9, 2], [7, 2]], blame)
    assert asked == {(0, 9): 10, (0, 34): 10, (1, 30): 3}
    assert posts == [[10, 2], [7, 3]]


def test_each_target_that_is_broken_asks() -> None:
    """Not the first, which is kept; nor the second, for which nobody is to blame."""
    kept, blameless, broken = (
        told((CLOSED, [value], [100.0]), blame=blame)
        for value, blame in ((0.95, {(0, 9): 6.0}), (0.8, {}), (0.8, {(1, 30): 8.0}))
    )
    parts = (kept, blameless, broken)
    verdict = Verdict(
        (CLOSED,) * 3,
        [["a"]] * 3,
        *([getattr(part, name)[0] for part in parts] for name in
          ("cases", "values", "blame", "elsewhere", "late")),
    )  # fmt: skip
    found, need = Found(np.array([[9, 2], [7, 2]])), np.zeros((2, 168), dtype=np.int64)
    said: list[str] = []
    search = Case(lambda _: verdict, margin=[[0.0]] * 3)
    search.tell = lambda what, posts: said.append(f"{what} {posts.tolist()}")  # type: ignore[method-assign]
    assert not cut(search, need, found)
    assert np.argwhere(need).tolist() == [[1, 30]]
    assert said == ["cuts [[9, 2], [7, 3]]"]


def test_margins_ask_for_more() -> None:
    blame = {(0, 9): 6.0, (0, 34): 5.0, (1, 30): 8.0}
    asked, _ = after_one([[9, 2], [7, 2]], blame, margin=[[0.02]])  # 12 late cases, not 10
    assert set(asked) == {(0, 9), (0, 34), (1, 30)}


def test_hours_that_help_a_tenth_of_the_best_are_left_alone() -> None:
    asked, _ = after_one([[9, 2], [7, 2]], {(0, 9): 6.0, (0, 34): 0.6, (0, 35): 0.61})
    assert set(asked) == {(0, 9), (0, 35)}


def test_who_costs_nothing_counts_as_a_hundredth() -> None:
    few = {(0, 9): 1.0, (1, 30): 9.0}  # worth 1 / 0.04 = 25 and 9 / 4, less than a tenth of it
    assert set(after_one([[9, 2], [7, 2]], few, rate=(0.0, 4.0))[0]) == {(0, 9)}
    assert set(after_one([[9, 2], [7, 2]], few, rate=(0.0, 0.0))[0]) == {(0, 9), (1, 30)}


def test_who_is_not_decided_is_not_asked() -> None:
    blame = {(0, 9): 6.0, (1, 30): 8.0}
    asked, _ = after_one([[9, 2], [7, 2]], blame, decided=(False, True))
    assert set(asked) == {(1, 30)}
    found = Found(np.array([[9, 2], [7, 2]]))
    stuck = Case(
        lambda _: told((CLOSED, [0.8], [100.0]), blame={(0, 9): 6.0}), decided=(False, True), cuts=9
    )
    assert not cut(stuck, np.zeros((2, 168), dtype=np.int64), found)
    assert (found.rounds, found.posts.tolist()) == (0, [[9, 2], [7, 2]])


def test_where_no_shift_is_on_the_next_hour_is_asked() -> None:
    """Of a pool that works by day, at 3 on Monday and at 21 on Sunday: 8 on Monday."""
    by_day = ([True, True], [True, False])
    for hour in (3, 165):
        asked, posts = after_one([[9, 2], [7, 0]], {(1, hour): 8.0}, allowed=by_day)
        assert (asked, posts) == ({(1, 8): 8}, [[9, 2], [8, 0]])
    none = ([True, True], [False, False])
    assert after_one([[9, 2], [0, 0]], {(1, 3): 8.0}, allowed=none)[0] == {(1, 3): 1}


def test_what_is_no_share_is_mended_by_three_tenths_at_a_time() -> None:
    blame = {(0, 9 + day * 24): 1.0 for day in range(7)} | {
        (0, 10): 1.0,
        (0, 34): 1.0,
        (0, 58): 1.0,
    }
    found = Found(np.array([[9, 2], [7, 2]]))
    need = np.zeros((2, 168), dtype=np.int64)
    assert not cut(Case(lambda _: told((SLOW, [150.0], [4.0]), blame=blame)), need, found)
    assert np.argwhere(need).tolist() == [[0, 9], [0, 10], [0, 33]]  # of ten alike the first


def test_it_ends_once_every_target_is_kept() -> None:
    def answer(posts: Ints) -> Verdict:
        return told((CLOSED, [0.95 if posts[0, 0] >= 12 else 0.8], [100.0]), blame={(0, 9): 10.0})

    found = Found(np.array([[9, 2], [7, 2]]))
    assert cut(Case(answer, cuts=40), np.zeros((2, 168), dtype=np.int64), found)
    assert (found.rounds, found.posts.tolist()) == (3, [[12, 2], [7, 2]])
    assert found.search is not None
    assert found.search.values[0].tolist() == [[0.95]]
    found = Found(np.array([[9, 2], [7, 2]]))
    assert cut(Case(answer, cuts=3), np.zeros((2, 168), dtype=np.int64), found)  # by the last one


@pytest.mark.parametrize(("left", "rounds"), [(1.0, PATIENCE), (0.91, 12), (0.89, 12)])
def test_it_gives_up_where_staff_does_not_help(left: float, rounds: int) -> None:
    """Of what is short a round leaves this part; 0.91 twice is below 0.9 of what was least."""

    def answer(posts: Ints) -> Verdict:
        short = 0.1 * left ** (posts[0, 0] - 9)
        return told((CLOSED, [0.9 - short], [100.0]), blame={(0, 9): 10.0})

    found = Found(np.array([[9, 2], [7, 2]]))
    assert not cut(Case(answer, cuts=12), np.zeros((2, 168), dtype=np.int64), found)
    assert found.rounds == rounds


def test_what_is_short_counts_cases() -> None:
    verdict = told(
        (CLOSED, [0.8, 0.95], [100.0, 10.0]),  # 0.1 x 100, and of the margin 0.05 x 10
        (SLOW, [150.0], [4.0]),  # half of its target, 4 cases
        (SEEN, [9.0], [1000.0]),
        blame={},
    )
    search = Case(lambda _: verdict, margin=[[0.0, 0.1], [0.0], [0.0]])
    assert _short(search, verdict) == pytest.approx(10 + 0.5 + 2)
