"""Rosters of many teams: equal ones are made once, the others in parallel processes."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sim.errors import InvariantError
from sim.optimize.roster.checker import check
from sim.optimize.roster.problem import RosterProblem
from sim.optimize.roster.roster import Roster
from sim.optimize.roster.search import make

_stop: Any = None


def make_all(
    problems: Sequence[RosterProblem],
    *,
    seed: int = 0,
    work: float = 10.0,
    processes: int = 1,
    stopped: Callable[[], bool] = lambda: False,
    report: Callable[[float, float], None] | None = None,
) -> Iterator[tuple[int, Roster]]:
    """Make rosters; give each with its problem's number as soon as it is there.

    Teams that differ only in the names of their people are made once. Every roster has passed the
    independent checker.

    Parameters
    ----------
    problems : sequence of RosterProblem
    seed, work
        See `make`; the work is that of each problem.
    processes : int
        1: in this process.
    stopped : callable
        True ends with the best so far; problems not begun by then have no roster.
    report : callable, optional
        Told cost and bound of the roster that is being made, in this process only.

    Raises
    ------
    InputError
        As `make`.
    """
    equal: dict[str, list[int]] = {}
    for number, problem in enumerate(problems):
        equal.setdefault(_key(problem), []).append(number)
    numbers = sorted(equal.values(), key=lambda same: -len(problems[same[0]].workers))
    if processes == 1 or len(numbers) == 1:
        for same in numbers:
            if stopped():
                return
            made = make(problems[same[0]], seed=seed, work=work, stopped=stopped, report=report)
            yield from _handed_on(made, same, problems)
        return
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    with ProcessPoolExecutor(processes, context, _begin, (stop,)) as pool:
        with _deaf():
            waiting = {pool.submit(_make, problems[same[0]], seed, work): same for same in numbers}
        try:
            while waiting:
                if stopped() and not stop.is_set():
                    stop.set()
                    for future in list(waiting):
                        if future.cancel():
                            del waiting[future]
                done, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in done:
                    same, found = waiting.pop(future), future.result()
                    if found is not None:
                        yield from _handed_on(found, same, problems)
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _key(problem: RosterProblem) -> str:
    """Return what makes a problem what it is, without its names."""
    number = {worker.name: str(w) for w, worker in enumerate(problem.workers)}
    workers = tuple(replace(worker, name=number[worker.name]) for worker in problem.workers)
    requests = tuple(
        replace(request, worker=number[request.worker], source="") for request in problem.requests
    )
    return repr((problem.start, problem.days, problem.shifts, workers, problem.needs, requests))


def _handed_on(
    made: Roster, same: Sequence[int], problems: Sequence[RosterProblem]
) -> Iterator[tuple[int, Roster]]:
    for number in same:
        roster = replace(made, problem=problems[number])
        audit = check(roster.problem, roster.rows)
        if audit.violations:
            raise InvariantError(f"the checker refuses a roster: {audit.violations[0]}")
        if abs(audit.cost - roster.cost) > 1e-6:
            raise InvariantError(f"the checker finds a cost of {audit.cost}, not {roster.cost}")
        yield number, roster


@contextmanager
def _deaf() -> Iterator[None]:
    """Start processes that do not hear Ctrl-C: this one does, and tells them when to stop."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin(stop: Any) -> None:
    global _stop  # noqa: PLW0603  # one for each process of the pool
    _stop = stop


def _make(problem: RosterProblem, seed: int, work: float) -> Roster | None:
    if _stop.is_set():
        return None
    return make(problem, seed=seed, work=work, stopped=_stop.is_set)
