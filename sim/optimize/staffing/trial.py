"""Trials: posts are run on the replications of a search, and held against its margins."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.measure.catalogue import PATROL
from sim.optimize.staffing.cover import Coverer
from sim.optimize.staffing.judge import Judge, OutOfTime, Verdict, join

Ints = NDArray[np.int64]

FRESH = 4
"""Replications of a look, and of the pilot, for each one of the search: they are few runs."""
_REMEMBERED = 64  # verdicts of single replications
_AT_ONCE = 8  # runs between two looks at the clock

Report = Callable[[str, float, float], None]
"""Told what is done, the incumbent's cost and its gap."""


@dataclass(frozen=True)
class SearchRules:
    """How long and how surely to search.

    Attributes
    ----------
    replications : int
        Of the search, at least 2; `FRESH` times as many of the pilot, and at each look.
    confidence : float
        One-sided, of every target in fresh replications.
    cuts, looks : int
        At most so many rounds of cuts between two looks, and so many looks.
    deadline : float
        `time.monotonic` at which the search takes no more posts away; what it has gets its look.
    """

    replications: int = 4
    confidence: float = 0.95
    cuts: int = 40
    looks: int = 4
    deadline: float = float("inf")


@dataclass
class Found:
    """What a search found.

    Attributes
    ----------
    posts : int64 [P, S]
    fresh : Verdict, or None where it never came to a look
    looked, confidence : list of int, float
        The replications of the last look, and its confidence.
    proved : bool
        Every target was kept in fresh replications with that confidence.
    minimal : bool
        No single post of the decided pools can go without breaking a target, with its margin,
        on the replications of the search.
    replications : list of int
        Those of the search.
    margin : list of float64 [groups]
        What each target was given on top in the search.
    ended : str
        ``proved``, ``stopped``, ``looks`` (too many) or ``stuck`` (no staff helps).
    """

    posts: Ints
    search: Verdict | None = None
    fresh: Verdict | None = None
    looked: list[int] = field(default_factory=list)
    replications: list[int] = field(default_factory=list)
    confidence: float = 0.0
    proved: bool = False
    minimal: bool = False
    margin: list[NDArray[np.float64]] = field(default_factory=list)
    ended: str = "stopped"
    rounds: int = 0


@dataclass(frozen=True, eq=False)
class Tried:
    """What became of posts that were tried.

    Attributes
    ----------
    short : list of float64 [groups], or None
        None if every target is kept. Else by how much each is broken whatever the replications
        not asked would show, in units of what one replication may improve; 0 if none is for sure.
    """

    short: list[NDArray[np.float64]] | None = None

    @property
    def keeps(self) -> bool:
        """Whether every target is kept."""
        return self.short is None

    @property
    def close(self) -> bool:
        """Whether a target is broken, but no more than one replication might mend."""
        return self.short is not None and max(float(one.max()) for one in self.short) <= 1.0


class Trials:
    """What a search has tried.

    Parameters
    ----------
    judge : Judge
    coverer : Coverer
    decided : bool [P]
        The pools whose posts may change; the others stay as they are.
    rules : SearchRules
    bound : float
        What no plan can cost less than, for reports.
    report : callable, optional

    Attributes
    ----------
    margin : list of float64 [groups]
        What each target is given on top.
    ours : list of int
        The replications of the search.
    size : int
        How many those of a look are.
    """

    def __init__(
        self,
        judge: Judge,
        coverer: Coverer,
        decided: NDArray[np.bool_],
        rules: SearchRules,
        *,
        bound: float = 0.0,
        report: Report | None = None,
    ) -> None:
        self.judge, self.coverer, self.decided, self.rules = judge, coverer, decided, rules
        self.bound, self.report = bound, report
        self.margin: list[NDArray[np.float64]] = []
        self.ours = list(range(rules.replications))
        self.size = FRESH * rules.replications
        self._seen: OrderedDict[tuple[bytes, int], Verdict] = OrderedDict()

    def tell(self, what: str, posts: Ints) -> None:
        """Report the incumbent."""
        if self.report is not None:
            cost = float(self.coverer.cost(posts).sum())
            self.report(what, cost, max(cost - self.bound, 0.0) / cost if cost > 0 else 0.0)

    def verdict(self, posts: Ints) -> Verdict:
        """Judge posts on the replications of the search."""
        return join(self.parts([(posts, replication) for replication in self.ours]))

    def parts(self, jobs: Sequence[tuple[Ints, int]]) -> list[Verdict]:
        """Judge posts, each on one replication; what was asked lately is known."""
        keys = [(posts.tobytes(), replication) for posts, replication in jobs]
        todo = {k: job for k, job in zip(keys, jobs, strict=True) if k not in self._seen}
        asked = list(todo)
        for first in range(0, len(asked), _AT_ONCE):
            if time.monotonic() > self.rules.deadline:
                raise OutOfTime
            some = asked[first : first + _AT_ONCE]
            self._seen.update(zip(some, self.judge.judge_all([todo[k] for k in some]), strict=True))
        found = [self._seen[key] for key in keys]
        for key in keys:
            self._seen.move_to_end(key)
        while len(self._seen) > max(_REMEMBERED, len(self.ours)):
            self._seen.popitem(last=False)
        return found

    def try_all(self, tries: Sequence[Ints], than: Ints) -> list[Tried]:
        """Return for each of several posts whether they keep every target with its margin.

        Parameters
        ----------
        than : int64 [P, S]
            Posts that are known to, and that are at least as many. Replications are asked in
            turn, those with most late cases first, until the others cannot make up for them:
            fewer posts hardly improve what they show (`_better`).
        """
        known = self.parts([(than, replication) for replication in self.ours])
        worst = sorted(range(len(self.ours)), key=lambda k: self._left(known[k]))
        seen: list[dict[int, Verdict]] = [{} for _ in tries]
        lost: dict[int, list[NDArray[np.float64]]] = {}
        for k in worst:
            asked = [n for n in range(len(tries)) if n not in lost]
            made = self.parts([(tries[n], self.ours[k]) for n in asked])
            for n, part in zip(asked, made, strict=True):
                seen[n][k] = part
                short = self._shortfall(seen[n], known)
                if any((one > 0).any() for one in short):
                    lost[n] = short
        return [Tried(lost.get(n)) for n in range(len(tries))]

    def headroom(self, posts: Ints) -> list[NDArray[np.float64]]:
        """Return by how much each target that posts decide is kept beyond its margin."""
        verdict = self.verdict(posts)
        return [
            np.full(len(verdict.names[i]), np.inf)
            if target.roles == PATROL
            else np.asarray(target.slack(verdict.mean(i)) - self.margin[i])
            for i, target in enumerate(verdict.targets)
        ]

    def kept(self, verdict: Verdict) -> bool:
        """Return whether the targets that posts decide are kept with their margins."""
        return all(
            bool((target.slack(verdict.mean(i)) >= self.margin[i]).all())
            for i, target in enumerate(verdict.targets)
            if target.roles != PATROL
        )

    def _left(self, part: Verdict) -> float:
        """Return the least slack of one replication."""
        return min(
            float(target.slack(part.values[i][0]).min()) for i, target in enumerate(part.targets)
        )

    def _shortfall(
        self, parts: dict[int, Verdict], known: list[Verdict]
    ) -> list[NDArray[np.float64]]:
        """Tell by how much targets are broken, as `Tried.short`."""
        out = []
        for i, target in enumerate(self.judge.targets):
            whole = len(parts) == len(known)
            if target.roles == PATROL or not (whole or (target.is_share and target.at_least)):
                out.append(np.zeros(len(known[0].names[i])))
                continue
            values = [
                parts[k].values[i][0]
                if k in parts
                else np.minimum(known[k].values[i][0] + _better(known[k], i), 1.0)
                for k in range(len(known))
            ]
            slack = target.slack(_mean(values)) - self.margin[i]
            one = np.maximum(_better(known[0], i) / len(known), 1e-12)
            out.append(np.maximum(-slack / one, 0.0))
        return out

    def short(self, posts: Ints) -> float:
        """Return by how much all targets are broken in the search, margins left aside.

        Shares as they are, other figures as a part of their target.
        """
        verdict = self.verdict(posts)
        return sum(
            float(np.maximum(-target.slack(verdict.mean(i)), 0.0).sum()) / target.unit
            for i, target in enumerate(verdict.targets)
            if target.roles != PATROL
        )


def _mean(values: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the mean of each group where there is one, as `Verdict.mean` does."""
    table = np.array(values)
    seen = ~np.isnan(table)
    total = np.where(seen, table, 0.0).sum(axis=0)
    return np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan)


def _better(known: Verdict, target: int) -> NDArray[np.float64]:
    """Return by how much fewer posts may improve a share in one replication, of each group.

    Fewer posts make work wait longer, but another order of it may save a case here and there: two
    of them and one in two thousand are allowed for.
    """
    cases = np.maximum(known.cases[target], 1.0)
    return np.asarray(np.minimum((2.0 + cases / 2000.0) / cases, 1.0))
