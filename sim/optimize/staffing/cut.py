"""Cuts: more staff where late cases waited, until every target is kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.measure.catalogue import PATROL
from sim.optimize.staffing.cover import Coverer
from sim.optimize.staffing.judge import Verdict
from sim.optimize.staffing.trial import Found, Trials

Ints = NDArray[np.int64]

PATIENCE = 4
GAIN = 0.9
"""Staff does not help if so many cuts in a row do not reduce what is short to this part."""
WORTH = 0.1
"""Hours are left alone in which one more helps less than this part of the best, for its cost."""
CHEAP = 0.01
"""Who costs nothing, or next to it, counts as this part of the dearest."""


def cut(search: Trials, need: Ints, found: Found) -> bool:
    """Raise requirements until every target is kept.

    Parameters
    ----------
    search : Trials
        Judges posts on its replications.
    need : int64 [P, 168]
        Raised in place.
    found : Found
        Its posts become more.

    Returns
    -------
    bool
        False if no staff helps, or not within the rounds that are allowed.
    """
    least, in_vain = np.inf, 0
    for _ in range(search.rules.cuts):
        verdict = search.verdict(found.posts)
        found.search = verdict
        if search.kept(verdict):
            return True
        short = _short(search, verdict)
        least, in_vain = (short, 0) if short <= GAIN * least else (least, in_vain + 1)
        raised = _raise(search, need, found.posts, verdict) if in_vain < PATIENCE else set()
        if not raised:
            return False
        missing = np.maximum(need - search.coverer.on_duty(found.posts), 0)
        found.posts = found.posts + search.coverer.solve(missing, sorted(raised)).posts
        found.rounds += 1
        search.tell("cuts", found.posts)
    return search.kept(search.verdict(found.posts))


def _short(search: Trials, verdict: Verdict) -> float:
    """Return how many cases all targets together lack, margins included; patrols' left aside."""
    total = 0.0
    for i, (target, margin) in enumerate(zip(verdict.targets, search.margin, strict=True)):
        if target.roles != PATROL:
            lack = np.maximum(margin - target.slack(verdict.mean(i)), 0.0) / target.unit
            total += float((lack * verdict.cases[i]).sum())
    return total


def _raise(search: Trials, need: Ints, posts: Ints, verdict: Verdict) -> set[int]:
    """Ask for one more, or a tenth, where most cases waited, until enough would be helped."""
    on_duty = search.coverer.on_duty(posts)
    raised: set[int] = set()
    for i, target in enumerate(verdict.targets):
        slack = target.slack(verdict.mean(i)) - search.margin[i]
        if (slack >= 0).all():
            continue
        blame = verdict.blamed(i, slack < 0) * search.decided[:, None]
        total = float(blame.sum())
        if total <= 0:
            continue
        late = np.maximum(-slack, 0.0) * verdict.cases[i]
        wanted = float(late.sum()) if target.is_share else 0.3 * total
        # late cases that one more there may help, for what it costs
        rate = search.coverer.pools.rate[:, None]
        worth = blame / np.maximum(rate, max(CHEAP * float(rate.max()), 1e-9))
        got, least = 0.0, WORTH * float(worth.max())
        for cell in np.argsort(-worth, axis=None, kind="stable"):
            pool, hour = divmod(int(cell), blame.shape[1])
            if worth[pool, hour] <= least or got >= wanted:
                break
            at = _hour(search.coverer, pool, hour)
            more = max(1, int(on_duty[pool, at]) // 10)
            need[pool, at] = max(need[pool, at], on_duty[pool, at] + more)
            got += blame[pool, hour]
            raised.add(pool)
    return raised


def _hour(coverer: Coverer, pool: int, hour: int) -> int:
    """Return the hour, or the next in which any of the pool's patterns is on."""
    halves = coverer.covers[coverer.allowed[pool]].any(axis=0)
    on = halves.reshape(-1, 2).all(axis=1)
    if not on.any():
        return hour
    return int(next(h % len(on) for h in range(hour, hour + len(on)) if on[h % len(on)]))
