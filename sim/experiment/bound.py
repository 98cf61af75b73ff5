"""How far the best could be: a bound that no dispatch policy can beat, by relaxation.

The bound is of one finished run. It is conditioned on all that dispatch does not decide there:
which tickets became ready for crews and when (``signed``), their deadlines, the work, settling and
failed checks that were drawn for them, the plan, and what became of the tickets that need no crew.
A policy is then any rule that sends free crews on duty to tickets that are ready, knows the future
or not, keeps crews back or not. (Another policy also moves ready times a little, by way of
operators and gridworkers: each run has a bound of its own.)

**Relaxation.** Travel takes no time. A ticket asks only for its own unit's crew, not for those of
further departments. Of a ticket that is reopened, only the first visit takes a crew's time.
Checks and call-backs take no time. Each visit in the run, sent at ``d`` by a crew on duty, with
work ``p``, then occupies its crew at least for ``[d, d + p]``: this schedule with travel left out
arrives and finishes no later, so a bound of it bounds the run. A crew may end its work after its
shift, so that in it a crew works at most while on duty and for the unit's longest work ``P``
thereafter. Let all crews of a unit be *one server* whose speed is the number of those crews, which
may leave a job and take it up again: it can do whatever they can.

- **Means.** On one server that may interrupt, the shortest remaining work first has the fewest
  unfinished jobs at *every* instant (Schrage, *A proof of the optimality of the shortest remaining
  processing time discipline*, Operations Research 16, 1968). The proof goes path by path and counts
  in work done, so that the speed may vary. The mean time until ``min(finish, end of the run)`` is
  the integral of that number; what waits at the end is counted up to the end. A visit begins its
  work before it ends by ``p``, which bounds arrivals. Neither is less than of each ticket
  alone, with a crew there as soon as one is on duty; the greater of the two holds, unit by unit.
- **Shares on time.** Those that count are given: all that fell due. A ticket can be on time only if
  it is when alone in the system, and the work of those on time must fit: between two instants at
  which the server would have been without work, let all be released at the first; then the
  greatest number on time is by Moore and Hodgson's rule (Moore, *An n job, one machine sequencing
  algorithm for minimizing the number of late jobs*, Management Science 15, 1968), deadlines
  counted in the server's work.

What became ready before time 0 has no part in a mean: without it the others wait no longer. It has
one in the shares, if it falls due from then on, and crews work from the beginning of the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcome import Outcome
from sim.errors import InputError
from sim.measure.catalogue import BOUNDS, METRICS
from sim.measure.duty import Windows, windows
from sim.measure.metric import Due, FirstVisit
from sim.measure.tables import Bools, Floats, known
from sim.measure.tally import verdict
from sim.model.calendar import shift_calendars
from sim.workload.workload import Workload

_SLACK_S = 1e-6  # rounding of sums must not make a bound too tight


@dataclass(frozen=True)
class Limit:
    """A figure of a run, and the best that any dispatch could have made of it.

    Attributes
    ----------
    metric : str
    value, bound : float
        NaN where there is no case.
    n : int
        Tickets that it is of.
    """

    metric: str
    value: float = np.nan
    bound: float = np.nan
    n: int = 0


def limits(outcome: Outcome, workload: Workload | None = None) -> list[Limit]:
    """Bound what any dispatch could have made of a run.

    Of waits, from ready until the first visit's arrival, or its end; tickets that wait at the end
    of the run count up to there.

    Parameters
    ----------
    outcome : Outcome
    workload : Workload, optional
        What was drawn for the run; drawn again by default.

    Returns
    -------
    list of Limit
        One for each of `sim.measure.catalogue.BOUNDS`.
    """
    jobs = _Jobs.of(outcome, workload)
    calendars = shift_calendars(outcome.scenario)
    on = [windows(calendar, outcome.begins, outcome.until) for calendar in calendars]
    units = [_Unit(outcome, jobs, unit, on) for unit in np.unique(jobs.unit)]
    fresh, until = jobs.ready >= 0, outcome.until
    n, waits = int(fresh.sum()), [unit.waits(fresh, until) for unit in units]
    found = []
    for metric in BOUNDS:
        formula = METRICS[metric].formula
        if isinstance(formula, Due):
            found.append(_share(outcome, jobs, units, metric, formula))
            continue
        assert isinstance(formula, FirstVisit), metric
        least = sum(wait[formula.ends == "end"] for wait in waits)
        reached = np.minimum(_first(outcome, formula.ends)[jobs.row[fresh]], until)
        total, bound = (whole - jobs.ready[fresh].sum() for whole in (reached.sum(), least))
        found.append(Limit(metric, total / n, bound / n, n) if n else Limit(metric))
    return found


@dataclass(frozen=True)
class _Jobs:
    """The tickets that became ready for crews: their rows, and what dispatch has to do."""

    row: NDArray[np.intp]
    unit: NDArray[np.int32]
    ready: Floats
    work: Floats
    after: Floats  # from the end of the first visit's work until it could be closed, at least

    @classmethod
    def of(cls, outcome: Outcome, workload: Workload | None) -> _Jobs:
        t = outcome.tickets
        row = np.flatnonzero((t["unit"] >= 0) & known(t["signed"]))
        if workload is None:
            workload = Workload.draw(
                outcome.scenario, outcome.city, outcome.seed, outcome.replication
            )
        order = np.argsort(workload.key)
        place = np.searchsorted(workload.key, t["key"][row], sorter=order)
        drawn = order[np.minimum(place, len(order) - 1)] if len(order) else place
        if len(row) and (not len(order) or (workload.key[drawn] != t["key"][row]).any()):
            raise InputError("bound", "workload", len(workload), "what the run was made from")
        work, settle = workload.work_s[drawn], workload.settle_s[drawn]
        again = workload.fails[drawn] * (work + settle)
        return cls(row, t["unit"][row], t["signed"][row], work, settle + again)


class _Unit:
    """One unit: its tickets, when crews are on duty, and the server that can do as much."""

    def __init__(self, outcome: Outcome, jobs: _Jobs, unit: int, on: Sequence[Windows]) -> None:
        self.rows = np.flatnonzero(jobs.unit == unit)
        ready, self.work = jobs.ready[self.rows], jobs.work[self.rows]
        longest = float(self.work.max())
        shifts, crews = np.unique(
            outcome.plan.crew_shift[outcome.plan.crew_unit == unit], return_counts=True
        )
        duty = [on[shift] for shift in shifts]
        self.alone = earliest(united([one for shift in duty for one in shift]), ready)
        self.server = Server(
            [united([(a, b + longest) for a, b in shift]) for shift in duty], crews.tolist()
        )
        self.released = self.server.work_by(ready)

    def waits(self, rows: Bools, until: float) -> tuple[float, float]:
        """Return the least sums of when some jobs' visits arrive and end, up to the run's end."""
        which = rows[self.rows]
        work, alone = self.work[which], self.alone[which]
        done = self.server.time_of(srpt(self.released[which], work))
        ends = float(np.minimum(done, until).sum())
        return (
            max(ends - float(work.sum()), float(np.minimum(alone, until).sum())),
            max(ends, float(np.minimum(alone + work, until).sum())),
        )

    def on_time(self, rows: Bools, due: Floats) -> int:
        """Return how many of some jobs can have their work done by their deadlines, at most."""
        which = rows[self.rows]
        if not which.any():
            return 0
        by = self.server.work_by(due[self.rows][which] + _SLACK_S) + _SLACK_S
        return most_on_time(self.released[which], self.work[which], by)


def _share(
    outcome: Outcome, jobs: _Jobs, units: Sequence[_Unit], metric: str, formula: Due
) -> Limit:
    """Bound a share on time; what needs no crew is as in the run."""
    t = outcome.tickets
    fell, met = verdict(outcome, formula)
    n, first = int(fell.sum()), formula.ends == "attended"
    # where a gridworker was first, and a crew had to follow, no crew decides who is first
    mine = fell[jobs.row] & ~(first & (t["attended"][jobs.row] < jobs.ready))
    alone = np.empty(len(jobs.row))
    for unit in units:
        alone[unit.rows] = unit.alone
    deadline = t[formula.due][jobs.row]
    # the least from a crew's arrival to the deadline, and the last end of work in time
    rest = np.zeros(len(jobs.row)) if first else jobs.work + jobs.after
    can = mine & (alone + rest <= deadline + _SLACK_S)
    last = deadline - rest + jobs.work
    good = int(met.sum()) - int(met[jobs.row[mine]].sum())
    good += sum(unit.on_time(can, last) for unit in units)
    return Limit(metric, met.sum() / n, good / n, n) if n else Limit(metric)


def _first(outcome: Outcome, name: str) -> Floats:
    """Return when each ticket's first visit got so far, inf: never."""
    first = np.full(len(outcome), np.inf)
    seen = known(outcome.visits[name])
    np.minimum.at(first, outcome.visits["ticket"][seen], outcome.visits[name][seen])
    return first


def united(spans: Sequence[tuple[float, float]]) -> Windows:
    """Return the union of spans of time, in order."""
    whole: Windows = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((start, end))
    return whole


def earliest(duty: Windows, times: Floats) -> Floats:
    """Return the first instant on duty, not before each time; inf: none."""
    starts, ends = (
        (np.array([*column, np.inf]) for column in zip(*duty, strict=True))
        if duty
        else (
            np.array([np.inf]),
            np.array([np.inf]),
        )
    )
    place = np.searchsorted(ends, times, side="right")  # at its end a shift is off
    return np.maximum(times, starts[place])


class Server:
    """One server as fast as all crews together: how much it can have done by when.

    Parameters
    ----------
    spans : sequence of list of (float, float)
        When the crews of each shift may be at work, s, apart and in order.
    crews : sequence of int
        How many they are.
    """

    def __init__(self, spans: Sequence[Windows], crews: Sequence[int]) -> None:
        change = {min([0.0, *(start for shift in spans for start, _ in shift)]): 0}
        for shift, count in zip(spans, crews, strict=True):
            for start, end in shift:
                change[start] = change.get(start, 0) + count
                change[end] = change.get(end, 0) - count
        self.time = np.array(sorted(change))
        speed = np.cumsum([change[time] for time in self.time])
        self.done = np.concatenate([[0.0], np.cumsum(speed[:-1] * np.diff(self.time))])

    def work_by(self, times: Floats) -> Floats:
        """Return how much work it can have done by some times, in crews' seconds."""
        return np.interp(times, self.time, self.done)

    def time_of(self, work: Floats) -> Floats:
        """Return the first instants by which it can have done as much; inf: never."""
        work = np.asarray(work, dtype=float) - _SLACK_S
        place = np.searchsorted(self.done, work, side="left")
        inside = np.clip(place, 1, max(len(self.time) - 1, 1))
        if len(self.time) == 1:
            return np.where(work <= 0, self.time[0], np.inf)
        low, high = inside - 1, inside
        gain = self.done[high] - self.done[low]
        share = np.divide(work - self.done[low], gain, out=np.zeros(len(work)), where=gain > 0)
        when = self.time[low] + np.clip(share, 0, 1) * (self.time[high] - self.time[low])
        return np.where(place >= len(self.time), np.inf, np.where(work <= 0, self.time[0], when))


def srpt(released: Floats, work: Floats) -> Floats:
    """Return when each job is done on a server of speed 1, the shortest rest first."""
    order = np.argsort(released, kind="stable")
    done = np.empty(len(order))
    rest: list[tuple[float, int]] = []
    now = 0.0
    comes, takes = released[order].tolist(), work[order].tolist()
    for place, (job, time) in enumerate(zip(order.tolist(), comes, strict=True)):
        while rest and now < time:
            left, first = rest[0]
            if now + left <= time:
                now += left
                done[first] = now
                heappop(rest)
            else:
                heapreplace(rest, (left - (time - now), first))
                now = time
        now = max(now, time)
        heappush(rest, (takes[place], job))
    while rest:
        left, first = heappop(rest)
        now += left
        done[first] = now
    return done


def most_on_time(released: Floats, work: Floats, due: Floats) -> int:
    """Return how many jobs a server of speed 1 can have done in time, at most.

    Exact where all are released at once, or where they never wait; otherwise a bound: within
    each stretch without a pause all are taken to be released at its beginning.
    """
    order = np.argsort(released, kind="stable")
    comes, takes = released[order], work[order]
    before = np.concatenate([[0.0], np.cumsum(takes)[:-1]])
    busy_until = np.maximum.accumulate(comes - before) + before  # begins at the latest arrival
    begins = np.flatnonzero(np.concatenate([[True], busy_until[1:] <= comes[1:]]))
    count = 0
    for start, end in zip(begins, [*begins[1:], len(order)], strict=True):
        block = order[start:end]
        now, long = float(released[block[0]]), list[float]()
        for job in block[np.argsort(due[block], kind="stable")].tolist():
            now += work[job]
            heappush(long, -work[job])
            if now > due[job]:
                now += heappop(long)  # the longest so far is late
        count += len(long)
    return count
