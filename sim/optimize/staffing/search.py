"""Simulation in the loop: cuts until the promises are kept, then less until nothing can go.

1. The surrogate's requirements are covered by shift patterns.
2. The plan is run. While a promise is broken, the pools and hours for which its late cases waited
   get one more (a cut), and their covers are solved again.
3. Posts are taken away, many at once. Other replications, the pilot, show what the margins must
   be at such a plan; it is cut again where they grew.
4. Posts are taken away, many at once and then one by one, as long as all promises are kept.
5. The plan is run on fresh replications. If a promise is broken there, they show by how much the
   margins were too small, and it goes on from 2. The k-th look at fresh replications asks for
   confidence ``1 - (1 - confidence) / 2**k``, so that all looks together err no more often than
   was said.

Steps 3 and 4 end after half of the time that is left, so that there is time for more than one look.

In the search a promise is kept if its mean is, with a margin: the reach of the interval that the
next look will have, and how much the search's own replications flatter a plan that was chosen by
them (see `Search._calibrate`).

It ends as ``proved``; ``stuck``, if no staff helps a promise even though all posts that its late
cases waited for were added; ``looks``, after so many looks; or ``stopped``.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sim.optimize.staffing.cover import Coverer
from sim.optimize.staffing.cut import cut
from sim.optimize.staffing.judge import Interrupted, Judge, OutOfTime, Verdict, join
from sim.optimize.staffing.targets import PATROL
from sim.optimize.staffing.trim import COARSE, FINE, Trim

Ints = NDArray[np.int64]

FRESH = 4
"""Replications of a look, and of the pilot, for each one of the search: they are few runs."""
CHANCE = 0.9
"""With which a plan whose every promise is kept by its margin alone passes the look."""
_REMEMBERED = 64  # verdicts of single replications
_AT_ONCE = 8  # runs between two looks at the clock

Report = Callable[[str, float, float], None]
"""Told what is done, the incumbent's cost and its gap."""


@dataclass(frozen=True)
class Rules:
    """How long and how surely to search.

    Attributes
    ----------
    replications : int
        Of the search, at least 2; `FRESH` times as many of the pilot, and at each look.
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


@dataclass(frozen=True, eq=False)
class Tried:
    """What became of posts that were tried.

    Attributes
    ----------
    short : list of float64 [groups], or None
        None if every promise is kept. Else by how much each is broken whatever the replications
        not asked would show, in units of what one replication may improve; 0 if none is for sure.
    """

    short: list[NDArray[np.float64]] | None = None

    @property
    def keeps(self) -> bool:
        """Whether every promise is kept."""
        return self.short is None

    @property
    def close(self) -> bool:
        """Whether a promise is broken, but no more than one replication might mend."""
        return self.short is not None and max(float(one.max()) for one in self.short) <= 1.0


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
        self.size = FRESH * rules.replications
        self._looked: Ints
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
        """Tell of each of several posts whether they keep every promise with its margin.

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

    def room(self, posts: Ints) -> list[NDArray[np.float64]]:
        """Return by how much each promise that posts decide is kept beyond its margin."""
        verdict = self.verdict(posts)
        return [
            np.full(len(verdict.names[i]), np.inf)
            if target.roles == PATROL
            else np.asarray(target.slack(verdict.mean(i)) - self.margin[i])
            for i, target in enumerate(verdict.targets)
        ]

    def kept(self, verdict: Verdict) -> bool:
        """Tell whether the promises that posts decide are kept with their margins."""
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
        """Tell by how much promises are broken, as `Tried.short`."""
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
            first, level = self.verdict(start), self._confidence(1)
            self.margin = [first.reach(i, level, self.size) for i in range(len(first.targets))]
            self._run(need.copy(), found)
        except Interrupted:
            found.ended = "stopped"
            if found.fresh is not None:  # what was begun since then was not looked at
                found.posts = self._looked
        found.margin, found.replications = self.margin, list(self.ours)
        return found

    def extend(self, seconds: float) -> None:
        """Give so many seconds from now on."""
        self.rules = replace(self.rules, deadline=time.monotonic() + seconds)

    def fresh(self, look: int) -> list[int]:
        """Return the replications of a look, from 1; of the pilot at 0."""
        first = self.rules.replications + look * self.size
        return list(range(first, first + self.size))

    def short(self, posts: Ints) -> float:
        """Return by how much all promises are broken in the search, margins left aside.

        Shares as they are, other figures as a part of their target.
        """
        verdict = self.verdict(posts)
        return sum(
            float(np.maximum(-target.slack(verdict.mean(i)), 0.0).sum()) / target.unit
            for i, target in enumerate(verdict.targets)
            if target.roles != PATROL
        )

    def dearer(self, found: Found, target: int, more: float) -> Ints | None:
        """Find posts that keep one promise by so much more, and the others as they are kept.

        Posts are added where late cases waited, and those that turn out not to be needed go again.

        Returns
        -------
        int64 [P, S] or None
            None where no staff does it, or time is up.
        """
        before, other = self.margin, Found(found.posts.copy())
        self.margin = [m + more * (i == target) for i, m in enumerate(before)]
        try:
            if not cut(self, self.coverer.on_duty(other.posts), other):
                return None
            trim = Trim(self, other, floor=found.posts)
            trim.many(FINE)
            trim.singles()
        except OutOfTime:
            return None
        finally:
            self.margin = before
        return other.posts

    def _confidence(self, look: int) -> float:
        return 1 - (1 - self.rules.confidence) / 2**look

    def _run(self, need: Ints, found: Found) -> None:
        for look in range(1, self.rules.looks + 1):
            found.minimal = False
            helped = cut(self, need, found)
            if not helped and look == 1:
                found.ended = "stuck"
                return
            try:
                if look == 1:
                    helped = self._pilot(need, found)
                if not helped:
                    self._content(found.posts)
                with self._half():
                    self._trim(found)
            except OutOfTime:  # what there is still gets its look
                pass
            confidence = self._confidence(look)
            self.tell("fresh replications", found.posts)
            looked = self.fresh(look)
            fresh = self.judge.judge(found.posts, looked)
            self._looked, found.looked, found.fresh = found.posts, looked, fresh
            found.confidence = confidence
            if found.fresh.keeps(confidence):
                found.proved, found.ended = True, "proved"
                return
            if not helped:
                found.ended = "stuck"
                return
            if look < self.rules.looks:
                before = self.margin
                self._calibrate(found.posts, found.fresh, look + 1)
                self.margin = [np.maximum(a, b) for a, b in zip(before, self.margin, strict=True)]
                need = self.coverer.on_duty(found.posts)
        found.ended = "looks"

    def _pilot(self, need: Ints, found: Found) -> bool:
        """Take many posts away, calibrate the margins there, and cut again if they grew."""
        with self._half():
            Trim(self, found).many(COARSE)
        others = join(self.parts([(found.posts, replication) for replication in self.fresh(0)]))
        self._calibrate(found.posts, others, 1)
        self.tell("margins", found.posts)
        need[:] = self.coverer.on_duty(found.posts)
        return cut(self, need, found)

    @contextmanager
    def _half(self) -> Iterator[None]:
        """Take posts away for half of the time that is left: a look may fail, and more follow."""
        whole = self.rules
        self.rules = replace(whole, deadline=(time.monotonic() + whole.deadline) / 2)
        try:
            yield
        except OutOfTime:
            pass
        finally:
            self.rules = whole

    def _content(self, posts: Ints) -> None:
        """Let the margins that no staff was found to reach be what these posts reach."""
        verdict = self.verdict(posts)
        for i, target in enumerate(verdict.targets):
            reached = np.maximum(target.slack(verdict.mean(i)), 0.0)
            self.margin[i] = np.minimum(self.margin[i], reached)

    def _calibrate(self, posts: Ints, others: Verdict, look: int) -> None:
        """Set the margins by replications that had no part in choosing the posts.

        A look asks that the mean beats the target by the reach of its interval. The mean in the
        search flatters: the posts were chosen by it. By how much, the others show; they and the
        look are samples themselves, so that the whole plan passes with a chance of `CHANCE` only
        if each promise has a few standard errors more.
        """
        from scipy.stats import norm

        ours, level = self.verdict(posts), self._confidence(look)
        errors = norm.ppf(CHANCE ** (1 / sum(len(names) for names in others.names)))
        for i, target in enumerate(others.targets):
            flattery = target.slack(ours.mean(i)) - target.slack(others.mean(i))
            chance = errors * np.hypot(others.error(i), others.error(i, self.size))
            margin = flattery + others.reach(i, level, self.size) + chance
            self.margin[i] = np.maximum(margin, 0.0)

    def _trim(self, found: Found) -> None:
        """Take posts away until no single one can go."""
        trim = Trim(self, found)
        trim.many(FINE)
        trim.singles()
        found.minimal = True


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
