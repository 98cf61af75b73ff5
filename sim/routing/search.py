"""Solve an instance, by our own method or by another's."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.routing.instance import NOWHERE, Instance
from sim.routing.solution import Solution

if TYPE_CHECKING:
    from sim.routing.sisr import TourProblem, Tours

HOT, COLD = 2.0, 0.02
"""Temperatures at the begin and the end, in shares of the cost of an average stop; measured on
Solomon's and Homberger's classes (`benchmarks/routing.py`)."""
NEAR = 200
"""As many neighbours of a stop may be removed with it."""
FLEET_SHARE = 0.25
"""The share of the budget that goes into fewer vehicles, where that is asked."""

Progress = Callable[[float], None]
Solver = Callable[..., Solution]


def solve(
    instance: Instance,
    *,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 0,
    start: Sequence[Sequence[int]] | None = None,
    fewest: bool = False,
    heat: float = 1.0,
    progress: Progress | None = None,
) -> Solution:
    """Find good tours by ruin and recreate; see `sim.routing.sisr`.

    Parameters
    ----------
    instance : Instance
        The problem.
    seconds : float, optional
        How long to search; 10 s unless iterations are given. What comes out then depends on
        the machine.
    iterations : int, optional
        How many ruins and recreations; with these alone the same comes out on every machine.
    seed : int
        Of the random numbers.
    start : sequence of sequences of int, optional
        Tours to begin with, by vehicle. What they leave out or may not do is put in anew.
    fewest : bool
        Whether a vehicle fewer is worth any cost.
    heat : float
        Factor on the temperatures; below 1 the search stays nearer to ``start``.
    progress : callable, optional
        Told the share of the budget that is used.

    Returns
    -------
    Solution
        Feasible always; stops that no vehicle can serve are missing.
    """
    if seconds is None and iterations is None:
        seconds = 10.0
    for name, value in (("seconds", seconds), ("iterations", iterations)):
        if value is not None and not value >= 0:
            raise InputError("routing", name, value, "a number of at least 0")
    import sim.routing.sisr  # noqa: F401  # compiled once for all searches, and not of the budget

    budget = _Budget(seconds, iterations, progress)
    return _Search(instance, seed, start, heat, budget).run(fewest)


class _Search:
    """The state of one search: what the kernel works on, and the budget."""

    def __init__(
        self,
        instance: Instance,
        seed: int,
        start: Sequence[Sequence[int]] | None,
        heat: float,
        budget: _Budget,
    ) -> None:
        self.instance, self.heat, self.budget = instance, heat, budget
        self.problem = problem_of(instance)
        n, v = len(instance), instance.vehicles
        most = _longest(instance)
        self.tours, self.kept = _tours(n, v, most), _tours(n, v, most)
        self.best_seq = np.zeros((v, most + 2), np.int32)
        self.best_length = np.zeros(v, np.int32)
        self.best = np.array([np.inf, np.inf])
        self.absence = np.ones(n)
        self.rng = np.array([seed], np.uint64)
        self.done = 0
        self.hot = self.cold = 0.0
        _lay(instance, self.tours, start)

    def run(self, fewest: bool) -> Solution:
        n, v = len(self.instance), self.instance.vehicles
        if n == 0 or v == 0:
            return self._solution()
        self._anneal(1, 1e-9, 1e-9)  # everything in, greedily
        self.budget.set_out(self.done)
        mean = max(self._cost_of_stop(), 1e-6)
        self.hot, self.cold = mean * HOT * self.heat, mean * COLD * min(self.heat, 1.0)
        if self.best[1] > 0 and self.budget.iterations is None and self.budget.share(1) >= 1.0:
            # no time left: at least what the one pass has overlooked
            self._anneal(self.budget.first_chunk(n), self.cold, self.cold, stop_complete=True)
        if fewest:
            self._fewer(self.budget)
        self._cool(self.budget, 1.0)
        return self._solution()

    def _cost_of_stop(self) -> float:
        served = int(self.tours.length.sum())
        ways = sum(
            float(self.tours.leg[r, 1 : m + 2].sum()) for r, m in enumerate(self.tours.length) if m
        )
        return ways / max(served, 1)

    def _cool(self, budget: _Budget, until: float, stop_complete: bool = False) -> None:
        """Anneal until a share of the budget is used, from hot to cold."""
        begun = share = budget.share(self.done)
        chunk = budget.first_chunk(len(self.instance))
        while share < until:
            if budget.iterations is not None:
                left = int(np.ceil(budget.iterations * until)) - self.done
                chunk = min(chunk, max(left, 1))
            progress = (share - begun) / (until - begun)
            ahead = (budget.ahead(self.done, chunk) - begun) / (until - begun)
            self._anneal(chunk, self._heat(progress), self._heat(min(ahead, 1.0)), stop_complete)
            if stop_complete and self.best[1] == 0:
                return
            chunk = budget.next_chunk(self.done, chunk)
            share = budget.share(self.done)

    def _heat(self, progress: float) -> float:
        return float(self.hot * (self.cold / self.hot) ** progress)

    def _anneal(self, chunk: int, hot: float, cold: float, stop_complete: bool = False) -> None:
        from sim.routing.sisr import anneal

        out = np.flatnonzero(self.tours.tour < 0).astype(np.int32)
        self.done += anneal(
            self.problem,
            self.tours,
            self.kept,
            self.best_seq,
            self.best_length,
            self.best,
            self.absence,
            np.resize(out, len(self.instance)),
            len(out),
            self.rng,
            chunk,
            hot,
            cold,
            stop_complete,
        )

    def _fewer(self, budget: _Budget) -> None:
        """Take one vehicle away after the other while all stops still find a place."""
        usable = self.problem.usable
        complete = None
        while budget.share(self.done) < FLEET_SHARE:
            if self.best[1] == 0:
                complete = self.best_seq.copy(), self.best_length.copy(), self.best.copy()
                taken = [r for r in range(len(usable)) if usable[r]]
                for r in taken:  # what stays at home already is not needed either
                    usable[r] = self.best_length[r] > 0
                taken = [r for r in taken if usable[r]]
                if len(taken) <= 1:
                    break
                gone = min(
                    taken,
                    key=lambda r: self.absence[self.best_seq[r, 1 : self.best_length[r] + 1]].sum(),
                )
                usable[gone] = 0
                self._restore(self.best_seq, self.best_length)
                self.tours.tour[self.tours.seq[gone, 1 : self.tours.length[gone] + 1]] = -1
                self.tours.length[gone] = 0
                self.best[:] = np.inf
            self._cool(budget, FLEET_SHARE, stop_complete=True)
            if self.best[1] != 0:
                break
        if self.best[1] != 0 and complete is not None:
            usable[:] = complete[1] > 0
            self.best_seq[:], self.best_length[:], self.best[:] = complete
            self._restore(self.best_seq, self.best_length)

    def _restore(self, seq: NDArray[np.int32], length: NDArray[np.int32]) -> None:
        self.tours.seq[:], self.tours.length[:] = seq, length
        self.tours.tour[:] = -1
        for r, m in enumerate(length):
            self.tours.tour[seq[r, 1 : m + 1]] = r

    def _solution(self) -> Solution:
        tours = tuple(
            tuple(int(stop) for stop in self.best_seq[r, 1 : m + 1])
            for r, m in enumerate(self.best_length)
        )
        served = {stop for tour in tours for stop in tour}
        missing = tuple(stop for stop in range(len(self.instance)) if stop not in served)
        empty = sum(float(prize) for prize in self.instance.prize if np.isfinite(prize))
        return Solution(
            tours,
            missing,
            float(self.best[0]) if np.isfinite(self.best[0]) else empty,
            not any(np.isinf(self.instance.prize[stop]) for stop in missing),
            "ours",
            time.perf_counter() - self.budget.begun,
            self.done,
        )


class _Budget:
    """Iterations, seconds, or whichever of both is used up first; its clock starts at once."""

    def __init__(
        self, seconds: float | None, iterations: int | None, progress: Progress | None
    ) -> None:
        self.seconds, self.iterations, self.progress = seconds, iterations, progress
        self.begun = self.under_way = time.perf_counter()
        self.done = 0

    def set_out(self, done: int) -> None:
        """Begin to measure the pace: all is laid out, and so many iterations are done."""
        self.under_way, self.done = time.perf_counter(), done

    def _pace(self, done: int) -> float:
        """Return the iterations a second so far."""
        return max(done - self.done, 1) / max(time.perf_counter() - self.under_way, 1e-9)

    def share(self, done: int) -> float:
        """Return how much of it is used, 0 to 1 or more."""
        share = self.ahead(done, 0)
        if self.progress is not None:
            self.progress(min(share, 1.0))
        return share

    def ahead(self, done: int, chunk: int) -> float:
        """Return how much of it will be used after another chunk at the pace so far."""
        shares = [0.0]
        if self.iterations is not None:
            shares.append((done + chunk) / self.iterations if self.iterations else 1.0)
        if self.seconds is not None:
            used = time.perf_counter() - self.begun + chunk / self._pace(done)
            shares.append(used / self.seconds if self.seconds else 1.0)
        return max(shares)

    def first_chunk(self, n: int) -> int:
        """Return how many iterations to do before the next look at the clock."""
        return self._step() if self.seconds is None else max(20000 // max(n, 1), 10)

    def next_chunk(self, done: int, chunk: int) -> int:
        """Return how many next: some hundredth of the time allowed."""
        if self.seconds is None:
            return self._step()
        wanted = max(int(self._pace(done) * min(self.seconds / 200, 0.1)), 1)
        return min(wanted, 4 * chunk)

    def _step(self) -> int:
        """Return the chunk where only iterations count: coarse enough not to matter."""
        assert self.iterations is not None
        return max(self.iterations // 100, 1000)


def problem_of(instance: Instance) -> TourProblem:
    """Lay an instance out for the kernel."""
    from sim.routing.sisr import SLACK, TourProblem

    n, v = len(instance), instance.vehicles
    dist, dur = instance.distance, instance.duration
    end = instance.end.copy()
    open_end = end == NOWHERE
    if open_end.any():  # a place that is at no distance from anywhere
        same = dur is dist
        dist = np.pad(dist, (0, 1))
        dur = dist if same else np.pad(dur, (0, 1))
        end[open_end] = len(dist) - 1
    dist_to = _transposed(dist)
    dur_to = dist_to if dur is dist else _transposed(dur)
    starts = np.unique(instance.start)
    return TourProblem(
        dist=dist,
        dist_to=dist_to,
        dur=dur,
        dur_to=dur_to,
        demand=instance.demand,
        open=instance.open,
        close=instance.close,
        service=instance.service,
        prize=instance.prize,
        due=instance.due,
        late=instance.late,
        remote=dist[starts, :n].mean(axis=0) if v else np.zeros(n),
        must=np.isinf(instance.prize).astype(np.uint8),
        near=_near(dist, dist_to, n),
        capacity=instance.capacity + SLACK,  # 0.1 and 0.2 fill 0.3
        fixed=instance.fixed,
        leave=instance.shift_open,
        begin_by=np.where(open_end, instance.shift_close, np.inf),
        back_by=np.where(open_end, np.inf, instance.shift_close),
        start=instance.start.astype(np.int32),
        end=end.astype(np.int32),
        kind=_kinds(instance),
        usable=np.ones(v, np.uint8),
        allowed=np.ascontiguousarray(instance.allowed).view(np.uint8),
        soft=bool((instance.late > 0).any()),
    )


def _transposed(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a matrix's transpose, without a copy where it is symmetric."""
    if all(np.array_equal(matrix[i], matrix[:, i]) for i in range(len(matrix))):
        return matrix
    return np.ascontiguousarray(matrix.T)


def _near(dist: NDArray[np.float64], dist_to: NDArray[np.float64], n: int) -> NDArray[np.int32]:
    """Return the nearest stops of each, there and back, itself first; of equal ones the first.

    Row by row: all pairs at once would take several times the room of the matrix, and sorting
    them more time than many a search has.
    """
    most = min(NEAR + 1, n)
    near = np.empty((n, most), np.int32)
    for i in range(n):
        both = dist[i, :n] + dist_to[i, :n]
        both[i] = -1.0
        within = np.flatnonzero(both <= np.partition(both, most - 1)[most - 1])
        near[i] = within[np.argsort(both[within], kind="stable")[:most]]
    return near


def _kinds(instance: Instance) -> NDArray[np.int32]:
    """Return a number for each vehicle; those alike in everything have the same."""
    columns = (
        instance.capacity,
        instance.fixed,
        instance.start,
        instance.end,
        instance.shift_open,
        instance.shift_close,
    )
    skills = np.packbits(instance.allowed.T, axis=1)
    features = zip(*(column.tolist() for column in columns), map(bytes, skills), strict=True)
    numbers: dict[tuple[object, ...], int] = {}
    return np.array([numbers.setdefault(f, len(numbers)) for f in features], np.int32)


def _longest(instance: Instance) -> int:
    """Return how many stops a tour may have at most, by what vehicles carry."""
    loads = np.cumsum(np.sort(instance.demand))
    room = instance.capacity.max(initial=0.0) * (1 + 1e-9) + 1e-6  # sums in any order
    return int(np.searchsorted(loads, room, side="right"))


def _tours(n: int, v: int, most: int) -> Tours:
    """Make room for tours of so many stops at most."""
    from sim.routing.sisr import Tours

    return Tours(
        seq=np.zeros((v, most + 2), np.int32),
        leg=np.zeros((v, most + 2)),
        leaves=np.zeros((v, most + 2)),
        latest=np.zeros((v, most + 2)),
        length=np.zeros(v, np.int32),
        load=np.zeros(v),
        cost=np.zeros(v),
        tour=np.full(n, -1, np.int32),
        position=np.zeros(n, np.int32),
    )


def _lay(instance: Instance, tours: Tours, start: Sequence[Sequence[int]] | None) -> None:
    """Put tours to begin with in, each up to where it would break a rule."""
    for r, tour in enumerate((start or ())[: instance.vehicles]):
        place, time_, load = int(instance.start[r]), float(instance.shift_open[r]), 0.0
        for stop in tour:
            if not 0 <= stop < len(instance) or tours.tour[stop] >= 0:
                continue
            begin = max(time_ + float(instance.duration[place, stop]), float(instance.open[stop]))
            leaves = begin + float(instance.service[stop])
            end = int(instance.end[r])
            back = begin if end == NOWHERE else leaves + float(instance.duration[stop, end])
            if (
                begin > instance.close[stop]
                or back > instance.shift_close[r]
                or load + instance.demand[stop] > instance.capacity[r]
                or not instance.allowed[stop, r]
            ):
                continue
            tours.length[r] += 1
            tours.seq[r, tours.length[r]] = stop
            tours.tour[stop] = r
            place, time_, load = stop, leaves, load + float(instance.demand[stop])


def ours(instance: Instance, seconds: float, seed: int = 0) -> Solution:
    """Solve by `solve`; the same signature as the others."""
    return solve(instance, seconds=seconds, seed=seed)


def ortools(instance: Instance, seconds: float, seed: int = 0) -> Solution:
    """Solve by OR-Tools; see `sim.routing.by_ortools`."""
    from sim.routing.by_ortools import solve as by_ortools

    return by_ortools(instance, seconds, seed)


SOLVERS: dict[str, Solver] = {"ours": ours, "ortools": ortools}
"""By name: functions of an instance, seconds and a seed."""
