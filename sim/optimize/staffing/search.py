"""Simulation in the loop: cuts until the promises are kept, then less until nothing can go.

1. The surrogate's requirements are covered by shift patterns.
2. The plan is run. While a promise is broken, the pools and hours for which its late cases waited
   get one more (a cut), and their covers are solved again.
3. Posts are taken away, many at once and then one by one, as long as all promises are kept.
4. The plan is run on fresh replications. If a promise is broken there, it gets a margin, and the
   search goes on from 2. The k-th look at fresh replications asks for confidence
   ``1 - (1 - confidence) / 2**k``, so that all looks together err no more often than was said.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.optimize.staffing.cover import Coverer
from sim.optimize.staffing.judge import Interrupted, Judge, Verdict, join

Ints = NDArray[np.int64]

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
        `time.monotonic` at which the search gives its best.
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
    looked, confidence : range, float
        The replications of the last look, and its confidence.
    proved : bool
        Every promise was kept in fresh replications with that confidence.
    minimal : bool
        No single post of the decided pools can go without breaking a promise, with its margin,
        on the replications of the search.
    margin : list of float
        What each promise was given on top in the search.
    ended : str
        ``proved``, ``stopped``, ``looks`` (too many) or ``stuck`` (no staff helps).
    """

    posts: Ints
    search: Verdict | None = None
    fresh: Verdict | None = None
    looked: range = range(0)
    confidence: float = 0.0
    proved: bool = False
    minimal: bool = False
    margin: list[float] = field(default_factory=list)
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
        self.margin = [0.0] * len(judge.targets)
        self.ours = range(rules.replications)
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
                raise Interrupted
            self._seen[key] = self.judge.judge(posts, [replication])
        return self._seen[key]

    def keeps(self, posts: Ints) -> bool:
        """Tell whether posts keep every promise with its margin in the search.

        Replications that cannot be made up for by any others end it at once; the one that broke
        a promise last is asked first.
        """
        for replication in self._order:
            if self._hopeless(self.part(posts, replication)):
                self._order.remove(replication)
                self._order.insert(0, replication)
                return False
        return self.verdict(posts).keeps(self.rules.confidence, self.margin)

    def _hopeless(self, part: Verdict) -> bool:
        """Tell whether one replication alone breaks a promise.

        If it is ``d`` below a promise and all ``n - 1`` others are ``y`` above, the lower end of
        Student's interval is ``(y (n - 1 - t) - d (1 + t)) / n`` above it; a share is at most 1.
        """
        from scipy.stats import t

        n = len(self.ours)
        reach = float(t.ppf(self.rules.confidence, n - 1))
        for i, target in enumerate(part.targets):
            if not target.is_share or not target.at_least:
                continue
            below = self.margin[i] - float(target.slack(part.values[i]).min())
            most = max(1 - target.value - self.margin[i], 0.0) * max(n - 1 - reach, 0.0)
            if below > 0 and most < below * (1 + reach):
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
        found = Found(start.copy(), margin=self.margin)
        try:
            self._run(need.copy(), found)
        except Interrupted:
            found.ended = "stopped"
        return found

    def _run(self, need: Ints, found: Found) -> None:
        fresh_from = self.rules.replications
        for look in range(1, self.rules.looks + 1):
            if not self._cut(need, found):
                found.ended = "stuck"
                return
            found.minimal = False
            self._trim(found)
            found.search = self.verdict(found.posts)
            size = 2 * self.rules.replications
            confidence = 1 - (1 - self.rules.confidence) / 2**look
            self.tell("fresh replications", found.posts)
            found.looked = range(fresh_from, fresh_from + size)
            found.fresh = self.judge.judge(found.posts, found.looked)
            found.confidence = confidence
            fresh_from += size
            if found.fresh.keeps(confidence):
                found.proved, found.ended = True, "proved"
                return
            for i in range(len(self.margin)):
                short = -float(found.fresh.slack(i, confidence).min())
                if short > 0:
                    self.margin[i] += 1.1 * short
            need = self.coverer.on_duty(found.posts)
        found.ended = "looks"

    def _cut(self, need: Ints, found: Found) -> bool:
        """Raise requirements until every promise is kept; False if no staff helps."""
        for _ in range(self.rules.cuts):
            verdict = self.verdict(found.posts)
            found.search = verdict
            if verdict.keeps(self.rules.confidence, self.margin):
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
            slack = float(verdict.slack(i, self.rules.confidence).min()) - self.margin[i]
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
        while True:
            cells = self._removable(found.posts)
            before = int(found.posts.sum())
            self._trim_many(found, cells)
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

    def _trim_many(self, found: Found, cells: list[tuple[int, int]]) -> None:
        """Take one post from each of as many cells as can go; halve what cannot go together."""
        stack = [cells]
        while stack:
            part = stack.pop()
            if not part:
                continue
            fewer = found.posts.copy()
            for pool, shift in part:
                fewer[pool, shift] -= 1
            if self.keeps(fewer):
                found.posts = fewer
                self.tell("fewer", found.posts)
            elif len(part) > 1:
                middle = len(part) // 2
                stack += [part[middle:], part[:middle]]
