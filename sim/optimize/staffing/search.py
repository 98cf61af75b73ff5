"""Simulation in the loop: cuts until the promises are kept, then less until nothing can go.

1. The surrogate's requirements are covered by shift patterns.
2. The plan is run. While a promise is broken, the pools and hours for which its late cases waited
   get one more (a cut), and their covers are solved again.
3. Posts are taken away, many at once and then one by one, as long as all promises are kept.
4. The plan is run on fresh replications. If a promise is broken there, it gets more margin, these
   replications join those of the search, and it goes on from 2. The k-th look at fresh
   replications asks for confidence ``1 - (1 - confidence) / 2**k``, so that all looks together
   err no more often than was said.

In the search a promise is kept if its mean is, with a margin: the reach of the interval that the
next look will have. The reach within the search itself would not do: of many plans, the search
would choose one whose few replications happen to be alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.optimize.staffing.cover import Coverer
from sim.optimize.staffing.judge import Interrupted, Judge, OutOfTime, Verdict, join
from sim.optimize.staffing.targets import PATROL

Ints = NDArray[np.int64]

_AT_MOST_BETTER = 0.02  # by which fewer posts may improve a share in one replication

Report = Callable[[str, float, float], None]
"""Told what is done, the incumbent's cost and its gap."""


@dataclass(frozen=True)
class Rules:
    """How long and how surely to search.

    Attributes
    ----------
    replications : int
        Of the search, at least 2; twice as many are fresh at each look.
    confidence : float
        One-sided, of every promise in fresh replications.
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
        Every promise was kept in fresh replications with that confidence.
    minimal : bool
        No single post of the decided pools can go without breaking a promise, with its margin,
        on the replications of the search.
    replications : list of int
        Those of the search.
    margin : list of float64 [groups]
        What each promise was given on top in the search.
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


class Search:
    """One search for the cheapest posts.

    Parameters
    ----------
    judge : Judge
    coverer : Coverer
    decided : bool [P]
        The pools whose posts may change; the others stay as they are.
    """

    def __init__(
        self,
        judge: Judge,
        coverer: Coverer,
        decided: NDArray[np.bool_],
        rules: Rules,
        *,
        bound: float = 0.0,
        report: Report | None = None,
    ) -> None:
        self.judge, self.coverer, self.decided, self.rules = judge, coverer, decided, rules
        self.bound, self.report = bound, report
        self.margin: list[NDArray[np.float64]] = []
        self.ours = list(range(rules.replications))
        self._order = list(self.ours)
        self._seen: dict[tuple[bytes, int], Verdict] = {}

    def tell(self, what: str, posts: Ints) -> None:
        """Report the incumbent."""
        if self.report is not None:
            cost = float(self.coverer.cost(posts).sum())
            self.report(what, cost, max(cost - self.bound, 0.0) / cost if cost > 0 else 0.0)

    def verdict(self, posts: Ints) -> Verdict:
        """Judge posts on the replications of the search."""
        return join([self.part(posts, replication) for replication in self.ours])

    def part(self, posts: Ints, replication: int) -> Verdict:
        """Judge posts on one replication, once."""
        key = (posts.tobytes(), replication)
        if key not in self._seen:
            if time.monotonic() > self.rules.deadline:
                raise OutOfTime
            self._seen[key] = self.judge.judge(posts, [replication])
        return self._seen[key]

    def keeps(self, posts: Ints, than: Ints | None = None) -> bool:
        """Tell whether posts keep every promise with its margin in the search.

        Parameters
        ----------
        than : int64 [P, S], optional
            Posts that are known to, and that are at least as many: as soon as the replications
            asked cannot be made up for by the others, which fewer posts hardly improve, the
            answer is no. The one that broke a promise last is asked first.
        """
        if than is not None:
            parts: dict[int, Verdict] = {}
            for replication in self._order:
                parts[replication] = self.part(posts, replication)
                if self._hopeless(parts, than):
                    self._order.remove(replication)
                    self._order.insert(0, replication)
                    return False
        return self._kept(self.verdict(posts))

    def _kept(self, verdict: Verdict) -> bool:
        """Tell whether the promises that posts decide are kept with their margins."""
        return all(
            bool((target.slack(verdict.mean(i)) >= self.margin[i]).all())
            for i, target in enumerate(verdict.targets)
            if target.roles != PATROL
        )

    def _hopeless(self, parts: dict[int, Verdict], than: Ints) -> bool:
        """Tell whether the others would have to be much better than with more posts."""
        for i, target in enumerate(self.judge.targets):
            if not target.is_share or not target.at_least:
                continue
            total = 0.0 - self.margin[i] * len(self.ours)
            for replication in self.ours:
                if replication in parts:
                    total = total + target.slack(parts[replication].values[i][0])
                else:
                    known = target.slack(self.part(than, replication).values[i][0])
                    total = total + np.minimum(known + _AT_MOST_BETTER, 1 - target.value)
            if (total < 0).any():
                return True
        return False

    def run(self, need: Ints, start: Ints) -> Found:
        """Search from a requirement.

        Parameters
        ----------
        need : int64 [P, 168]
            The surrogate's.
        start : int64 [P, S]
            Posts that cover it.
        """
        found = Found(start.copy())
        try:
            first = self.verdict(start)
            # what a look of twice as many replications will ask for beyond the mean
            size = 2 * self.rules.replications
            self.margin = [
                first.reach(i, self._confidence(1), size) for i in range(len(first.targets))
            ]
            self._run(need.copy(), found)
        except Interrupted:
            found.ended = "stopped"
        found.margin, found.replications = self.margin, list(self.ours)
        return found

    def _confidence(self, look: int) -> float:
        return 1 - (1 - self.rules.confidence) / 2**look

    def _run(self, need: Ints, found: Found) -> None:
        fresh_from = self.rules.replications
        for look in range(1, self.rules.looks + 1):
            if not self._cut(need, found):
                found.ended = "stuck"
                return
            found.minimal = False
            try:
                self._trim(found)
            except OutOfTime:  # what there is keeps every promise: it still gets its look
                found.minimal = False
            found.search = self.verdict(found.posts)
            size = max(2 * self.rules.replications, len(self.ours))
            confidence = self._confidence(look)
            self.tell("fresh replications", found.posts)
            found.looked = list(range(fresh_from, fresh_from + size))
            found.fresh = self.judge.judge(found.posts, found.looked)
            found.confidence = confidence
            fresh_from += size
            if found.fresh.keeps(confidence):
                found.proved, found.ended = True, "proved"
                return
            if look == self.rules.looks:
                break
            self._learn(found)
            need = self.coverer.on_duty(found.posts)
        found.ended = "looks"

    def _learn(self, found: Found) -> None:
        """Let the fresh replications join the search, and widen the margins that were too small."""
        assert found.fresh is not None
        for i in range(len(self.margin)):
            short = -found.fresh.slack(i, found.confidence)
            self.margin[i] = self.margin[i] + np.maximum(0.5 * short, 0.0)
        self.ours += found.looked
        self._order += found.looked

    def _cut(self, need: Ints, found: Found) -> bool:
        """Raise requirements until every promise is kept; False if no staff helps."""
        for _ in range(self.rules.cuts):
            verdict = self.verdict(found.posts)
            found.search = verdict
            if self._kept(verdict):
                return True
            raised = self._raise(need, found.posts, verdict)
            if not raised:
                return False
            again = self.coverer.solve(need, sorted(raised)).posts
            for pool in raised:  # never fewer than before: a cut only adds
                found.posts[pool] = np.maximum(found.posts[pool], again[pool])
            found.rounds += 1
            self.tell("cuts", found.posts)
        return self.keeps(found.posts)

    def _raise(self, need: Ints, posts: Ints, verdict: Verdict) -> set[int]:
        """Ask for one more wherever most cases waited, for enough of them to keep each promise."""
        on_duty = self.coverer.on_duty(posts)
        raised: set[int] = set()
        for i, target in enumerate(verdict.targets):
            slack = float((target.slack(verdict.mean(i)) - self.margin[i]).min())
            if slack >= 0:
                continue
            blame = verdict.blame[i] * self.decided[:, None]
            total = float(blame.sum())
            if total <= 0:
                continue
            # one more does not help every case that waited there: ask for half as many again
            wanted = -1.5 * slack * verdict.cases[i] if target.is_share else 0.3 * total
            # late cases that one more there may help, for what it costs
            worth = blame / self.coverer.pools.rate[:, None]
            got = 0.0
            for cell in np.argsort(-worth, axis=None, kind="stable"):
                pool, hour = divmod(int(cell), blame.shape[1])
                if blame[pool, hour] <= 0 or got >= wanted:
                    break
                at = self._hour(pool, hour)
                need[pool, at] = max(need[pool, at], on_duty[pool, at] + 1)
                got += blame[pool, hour]
                raised.add(pool)
        return raised

    def _hour(self, pool: int, hour: int) -> int:
        """Return the hour, or the next in which any of the pool's patterns is on."""
        halves = self.coverer.covers[self.coverer.allowed[pool]].any(axis=0)
        on = halves.reshape(-1, 2).all(axis=1)
        if not on.any():
            return hour
        return int(next(h % len(on) for h in range(hour, hour + len(on)) if on[h % len(on)]))

    def _trim(self, found: Found) -> None:
        """Take posts away until no single one can go."""
        self._trim_many(found, [self._removable(found.posts)])
        while True:  # one by one, until none of them can go
            before = int(found.posts.sum())
            self._trim_many(found, [[cell] for cell in reversed(self._removable(found.posts))])
            if int(found.posts.sum()) == before:
                found.minimal = True
                return

    def _removable(self, posts: Ints) -> list[tuple[int, int]]:
        """List pools and shifts with a post, the dearest for the late cases it prevents first."""
        verdict = self.verdict(posts)
        late = sum((b.sum(axis=1) for b in verdict.blame), np.zeros(len(posts)))
        price = self.coverer.pools.rate[:, None] * self.coverer.hours[None, :]
        worth = price / (1.0 + late[:, None])
        rows, columns = np.nonzero((posts > 0) & self.decided[:, None])
        order = np.argsort(-worth[rows, columns], kind="stable")
        return [(int(rows[k]), int(columns[k])) for k in order]

    def _trim_many(self, found: Found, stack: list[list[tuple[int, int]]]) -> None:
        """Take one post from each cell of a group; halve a group that cannot go together."""
        while stack:
            part = stack.pop()
            if not part:
                continue
            fewer = found.posts.copy()
            for pool, shift in part:
                fewer[pool, shift] -= 1
            if self.keeps(fewer, found.posts):
                found.posts = fewer
                self.tell("fewer", found.posts)
            elif len(part) > 1:
                middle = len(part) // 2
                stack += [part[middle:], part[:middle]]
