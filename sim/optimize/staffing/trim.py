"""Taking posts away: measure what each would harm, take the best bargains, then try one by one.

A run in which every pool has a post fewer measures all pools at once: each late case counts
against the pool for which it waited longest, and what more is late there is the harm of that
pool's post. On these figures those posts go first that save most for what they harm, as many as
the targets have headroom for, and all replications of the search confirm them. What is left is
tried one by one on the same matters. That no single post can go does not rest on the figures,
but on this: a post that was clearly needed is needed all the more when others have gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.optimize.staffing.trial import Found, Trials

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Cell = tuple[int, int]
"""A pool and a shift."""

COARSE, FINE = (0.25, 0.1), (0.1, 0.0)
"""Which parts of a cell's posts are measured and taken at once; at least one post."""
FILL = 0.8
"""How much of the headroom that a target has is given away between two measurements."""
WORTH = 0.01
"""Part of the cost that one round over all shifts must save for another one to be made."""
PROBES = 2
"""Replications on which the harm of single posts is measured; of more at once, on one."""
TRIES = 4
"""Of how many sizes a group of posts is tried to be taken at once."""
CHUNK = 4
"""Posts that are tried side by side, each without the others."""


@dataclass(frozen=True, eq=False)
class Harm:
    """What it costs the targets to take some posts of one cell.

    Attributes
    ----------
    posts : int
    saved : float
        Yuan a week.
    loss : list of float64 [groups]
        By target: how much worse it becomes.
    """

    cell: Cell
    posts: int
    saved: float
    loss: list[Floats]

    def of(self, headroom: list[Floats]) -> float:
        """Return the largest part of the headroom of any target that it takes up."""
        parts = [
            float((loss / np.maximum(left, 1e-9)).max())
            for loss, left in zip(self.loss, headroom, strict=True)
        ]
        return max(parts, default=0.0)

    def touches(self, short: list[Floats]) -> bool:
        """Return whether it harms any target that is short."""
        return any(
            bool(((loss > 0) & (lack > 0)).any())
            for loss, lack in zip(self.loss, short, strict=True)
        )


class Trim:
    """Takes posts away until no single one can go.

    Parameters
    ----------
    search : Trials
        Judges posts on its replications.
    found : Found
        Its posts keep every target, and become fewer.
    floor : int64 [P, S], optional
        Posts that stay.
    """

    def __init__(self, search: Trials, found: Found, floor: Ints | None = None) -> None:
        self.found = found
        self.floor = np.zeros_like(found.posts) if floor is None else floor
        self.search, self.judge = search, search.judge
        price = self.judge.pools.rate[:, None] * search.coverer.hours[None, :]
        self.price = np.maximum(price, 1e-6)  # who is not paid saves next to nothing

    def many(self, parts: Sequence[float]) -> None:
        """Take bargains while they are worth the runs that find them.

        One shift of every pool at a time: two shifts of a pool stand in for each other, so that
        each may be spared, but not both.

        Parameters
        ----------
        parts : sequence of float
            Of a cell's posts that go at once, one after the other.
        """
        for part in parts:
            saving = np.inf
            while saving > WORTH * self._cost():
                before = self._cost()
                for batch in self._batches():
                    self._take(self._bargains(self._harms([batch], part)))
                saving = before - self._cost()

    def singles(self) -> None:
        """Try each post without the others, until every single one was seen to be needed.

        One that was needed before another went is most often needed all the more thereafter, but
        not always: what is due later may be late instead. So a close call is tried again at once,
        and the others at the end, until nothing has gone since they were tried.
        """
        headroom = self.search.headroom(self.found.posts)
        harms = self._harms(self._batches(), 0.0)
        order = sorted(harms, key=lambda harm: harm.of(headroom) / harm.saved)
        waiting, close = [harm.cell for harm in order], []
        gone, needed = 0, dict.fromkeys(waiting, -1)
        while waiting:
            now, waiting = waiting[:CHUNK], waiting[CHUNK:]
            posts = self.found.posts
            answers = self.search.try_all([_without(posts, [(c, 1)]) for c in now], posts)
            kept = [cell for cell, answer in zip(now, answers, strict=True) if answer.keeps]
            close += [cell for cell, answer in zip(now, answers, strict=True) if answer.close]
            needed |= dict.fromkeys(now, gone)
            if kept:  # only one may go: the others were tried while it was still there
                self._leave(_without(posts, [(kept[0], 1)]))
                gone += 1
                waiting += [c for c in dict.fromkeys([*kept, *close]) if c not in waiting]
                close = []
            waiting = waiting or [cell for cell, when in needed.items() if when < gone]
            waiting = [cell for cell in waiting if self.found.posts[cell] > self.floor[cell]]

    def down_to(self, budget: float) -> None:
        """Take away what harms least for what it saves, until the posts cost no more.

        Half of what is too much at a time, so that harm is measured where it is done.

        Parameters
        ----------
        budget : float
            Yuan a week.
        """
        while (excess := self._cost() - budget) > 0:
            whole = [np.ones_like(headroom) for headroom in self.search.headroom(self.found.posts)]
            harms = self._harms(self._batches(), FINE[0])
            harms.sort(key=lambda harm: (harm.of(whole) + 1e-6) / harm.saved)
            chosen, saved = [], 0.0
            for harm in harms:
                if saved >= excess / 2:
                    break
                chosen.append((harm.cell, harm.posts))
                saved += harm.saved
            if not chosen:
                return
            self._leave(_without(self.found.posts, chosen))

    def _cost(self) -> float:
        return float((self.found.posts * self.price)[self.search.decided].sum())

    def _leave(self, posts: Ints) -> None:
        self.found.posts = posts
        self.search.tell("fewer", posts)

    def _batches(self) -> list[list[Cell]]:
        """Group cells, at most one of each pool in a batch."""
        posts = self.found.posts
        batches: dict[int, list[Cell]] = {}
        for pool in np.flatnonzero(self.search.decided):
            for k, shift in enumerate(np.flatnonzero(posts[pool] > self.floor[pool])):
                batches.setdefault(k, []).append((int(pool), int(shift)))
        return list(batches.values())

    def _harms(self, batches: list[list[Cell]], part: float) -> list[Harm]:
        """Measure what each cell's posts are worth to the targets.

        Parameters
        ----------
        part : float
            Of a cell's posts, at least one.
        """
        posts, ours = self.found.posts, self.search.ours[: 1 if part else PROBES]
        jobs, sizes = [], []
        for batch in batches:
            most = [int(posts[cell] - self.floor[cell]) for cell in batch]
            size = [min(max(1, int(posts[c] * part)), n) for c, n in zip(batch, most, strict=True)]
            sizes.append(size)
            fewer = _without(posts, list(zip(batch, size, strict=True)))
            jobs += [(fewer, replication) for replication in ours]
        parts = self.search.parts(jobs)
        base = self.search.parts([(posts, replication) for replication in ours])
        out = []
        for b, (batch, size) in enumerate(zip(batches, sizes, strict=True)):
            runs = parts[b * len(ours) : (b + 1) * len(ours)]
            for cell, n in zip(batch, size, strict=True):
                loss = [np.zeros(len(base[0].names[i])) for i in range(len(base[0].targets))]
                for before, after in zip(base, runs, strict=True):
                    for i, target in enumerate(before.targets):
                        if target.is_share and target.at_least:
                            more = after.late[i][cell[0]] - before.late[i][cell[0]]
                            loss[i] += more / np.maximum(before.cases[i], 1.0) / len(ours)
                saved = n * float(self.price[cell])
                out.append(Harm(cell, n, saved, [np.maximum(one, 0.0) for one in loss]))
        return out

    def _bargains(self, harms: list[Harm]) -> list[Harm]:
        """Choose cells that save most for what they harm, while there is headroom."""
        headroom = self.search.headroom(self.found.posts)
        left = [FILL * one for one in headroom]
        chosen = []
        for harm in sorted(harms, key=lambda h: (h.of(headroom) + 1e-3) / h.saved):
            after = [one - loss for one, loss in zip(left, harm.loss, strict=True)]
            touched = zip(after, harm.loss, strict=True)
            if all(bool((one[loss > 0] >= 0).all()) for one, loss in touched):
                left = after
                chosen.append(harm)
        return chosen

    def _take(self, chosen: list[Harm]) -> None:
        """Take posts of cells away: all, or without the worse half of those that break a target.

        Of another target, such as another district's, cells are not the worse for it.
        """
        for _ in range(TRIES):
            if not chosen:
                return
            posts = self.found.posts
            fewer = _without(posts, [(h.cell, h.posts) for h in chosen])
            short = self.search.try_all([fewer], posts)[0].short
            if short is None:
                self._leave(fewer)
                return
            blamed = [n for n, harm in enumerate(chosen) if harm.touches(short)]
            if not blamed:  # none was seen to harm it, so that any of them may
                blamed = list(range(len(chosen)))
            worse = set(blamed[len(blamed) // 2 :])
            chosen = [harm for n, harm in enumerate(chosen) if n not in worse]


def _without(posts: Ints, taken: Sequence[tuple[Cell, int]]) -> Ints:
    fewer = posts.copy()
    for cell, n in taken:
        fewer[cell] -= n
    return fewer
