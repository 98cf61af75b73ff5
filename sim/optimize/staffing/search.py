"""Simulation in the loop: cuts until the targets are kept, then less until nothing can go.

1. The surrogate's requirements are covered by shift patterns.
2. The plan is run. While a target is broken, the pools and hours for which its late cases waited
   get one more (a cut), and their covers are solved again.
3. Posts are taken away, many at once. Other replications, the pilot, show what the margins must
   be at such a plan; it is cut again where they grew.
4. Posts are taken away, many at once and then one by one, as long as all targets are kept.
5. The plan is run on fresh replications. If a target is broken there, they show by how much the
   margins were too small, and it goes on from 2. The k-th look at fresh replications asks for
   confidence ``1 - (1 - confidence) / 2**k``, so that all looks together err no more often than
   was said.

Steps 3 and 4 end after half of the time that is left, so that there is time for more than one look.

In the search a target is kept if its mean is, with a margin: the reach of the interval that the
next look will have, and how much the search's own replications flatter a plan that was chosen by
them (see `Search._calibrate`).

It ends as ``proved``; ``stuck``, if no staff helps a target even though all posts that its late
cases waited for were added; ``looks``, after so many looks; or ``stopped``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sim.optimize.staffing.cut import cut
from sim.optimize.staffing.judge import Interrupted, OutOfTime, Verdict, join
from sim.optimize.staffing.trial import Found, Trials
from sim.optimize.staffing.trim import COARSE, FINE, Trim

Ints = NDArray[np.int64]

CHANCE = 0.9
"""With which a plan whose every target is kept by its margin alone passes the look."""


class Search(Trials):
    """One search for the cheapest posts.

    Parameters
    ----------
    judge, coverer, decided, rules, bound, report
        See `Trials`.
    """

    _looked: Ints

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

    def dearer(self, found: Found, target: int, more: float) -> Ints | None:
        """Find posts that keep one target by so much more, and the others as they are kept.

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
        if each target has a few standard errors more.
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
