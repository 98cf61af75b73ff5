"""Slack induction by string removals, compiled.

Source: J. Christiaens and G. Vanden Berghe, "Slack Induction by String Removals for Vehicle
Routing Problems", Transportation Science 54(2), 2020. Each iteration removes strings of stops
that lie near each other from several tours, puts them back one by one at the cheapest place,
and keeps the result by simulated annealing. On top of the paper: prizes of optional stops,
unlike vehicles, skills, soft deadlines.

All of it stands in one file, since Numba's cache looks only at the file of what it compiles.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import boolean, float64, int32, int64, njit, types, uint8, uint64
from numpy.typing import NDArray

from sim.machinecode import kept

REMOVED_MEAN = 10.0
"""Stops removed an iteration, on average."""
STRING_MAX = 10.0
"""The longest string removed."""
SLACK = 5e-7
"""What rounding may add to a time or a load; the checker lets twice as much pass."""
SPLIT = 0.5
"""The chance that a string keeps some stops in its middle."""
SPLIT_STOP = 0.01
"""The chance that one more is kept."""
BLINK = 0.01
"""The chance that a place is overlooked."""
ORDERS = np.array([4.0, 4.0, 2.0, 1.0, 2.0, 2.0, 2.0, 4.0])
"""Weights of the orders of putting back: random, demand, far, near, narrow, early, late, prize;
the first seven are the paper's for time windows."""


class TourProblem(NamedTuple):
    """An instance as the kernel reads it; `search.problem_of` makes it."""

    dist: NDArray[np.float64]
    dist_to: NDArray[np.float64]  # transposed, for the cache
    dur: NDArray[np.float64]
    dur_to: NDArray[np.float64]
    demand: NDArray[np.float64]
    open: NDArray[np.float64]
    close: NDArray[np.float64]
    service: NDArray[np.float64]
    prize: NDArray[np.float64]
    due: NDArray[np.float64]
    late: NDArray[np.float64]
    remote: NDArray[np.float64]  # how far a stop is from where vehicles start
    must: NDArray[np.uint8]
    near: NDArray[np.int32]  # stops by distance, itself first
    capacity: NDArray[np.float64]
    fixed: NDArray[np.float64]
    leave: NDArray[np.float64]
    begin_by: NDArray[np.float64]  # the last service begins by then
    back_by: NDArray[np.float64]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    kind: NDArray[np.int32]  # vehicles of one kind are alike
    usable: NDArray[np.uint8]
    allowed: NDArray[np.uint8]
    soft: bool  # whether lateness costs anything


class Tours(NamedTuple):
    """A solution under change; position 0 is the start, 1 to length the stops, then the end."""

    seq: NDArray[np.int32]
    leg: NDArray[np.float64]  # cost of the way to each position
    leaves: NDArray[np.float64]  # earliest departure from each position
    latest: NDArray[np.float64]  # latest beginning at each position that breaks nothing after
    length: NDArray[np.int32]
    load: NDArray[np.float64]
    cost: NDArray[np.float64]
    tour: NDArray[np.int32]  # of each stop, -1: of none
    position: NDArray[np.int32]


_f1, _f2 = float64[::1], float64[:, ::1]
_i1, _i2 = int32[::1], int32[:, ::1]
_PROBLEM = types.NamedTuple(
    (
        *(_f2,) * 4,
        *(_f1,) * 8,
        uint8[::1],
        _i2,
        *(_f1,) * 5,
        *(_i1,) * 3,
        uint8[::1],
        uint8[:, ::1],
        boolean,
    ),
    TourProblem,
)
_TOURS = types.NamedTuple((_i2, _f2, _f2, _f2, _i1, _f1, _f1, _i1, _i1), Tours)

_STEP, _MIX1, _MIX2 = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)
_S11, _S27, _S30, _S31 = np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)


@njit(nogil=True)
def _uniform(rng):
    """SplitMix64 (Steele, Lea and Flood 2014): a number in [0, 1)."""
    rng[0] += _STEP
    z = rng[0]
    z = (z ^ (z >> _S30)) * _MIX1
    z = (z ^ (z >> _S27)) * _MIX2
    return ((z ^ (z >> _S31)) >> _S11) * (1.0 / 9007199254740992.0)


@njit(nogil=True)
def _below(rng, n):
    return int(_uniform(rng) * n)


@njit(nogil=True)
def _update(p, s, r):
    """Recompute all that hangs on the stops of a tour."""
    m = s.length[r]
    seq, leg, leaves, latest = s.seq[r], s.leg[r], s.leaves[r], s.latest[r]
    time = p.leave[r]
    leaves[0] = time
    before = seq[0] = p.start[r]
    load = 0.0
    cost = 0.0 if m == 0 else p.fixed[r]
    for k in range(1, m + 1):
        c = seq[k]
        way = p.dist[before, c]
        leg[k] = way
        cost += way
        time = max(time + p.dur[before, c], p.open[c])
        if p.soft and time > p.due[c]:
            cost += p.late[c] * (time - p.due[c])
        time += p.service[c]
        leaves[k] = time
        load += p.demand[c]
        s.tour[c] = r
        s.position[c] = k
        before = c
    after = seq[m + 1] = p.end[r]
    leg[m + 1] = 0.0 if m == 0 else p.dist[before, after]
    s.cost[r] = cost + leg[m + 1]
    s.load[r] = load
    bound = latest[m + 1] = p.back_by[r]
    for k in range(m, 0, -1):
        c = seq[k]
        bound = min(bound - p.dur[c, after] - p.service[c], p.close[c], p.begin_by[r])
        if bound < p.open[c] - SLACK:  # too late even if it begins as it opens
            bound = -np.inf
        latest[k] = bound
        after = c


@njit(nogil=True)
def _lateness(p, s, r, k, c, begin):
    """Return what more lateness costs if c begins at ``begin`` before position k."""
    extra = p.late[c] * (begin - p.due[c]) if begin > p.due[c] else 0.0
    time = begin + p.service[c]
    before = c
    for j in range(k, s.length[r] + 1):
        x = s.seq[r, j]
        time = max(time + p.dur[before, x], p.open[x])
        old = s.leaves[r, j] - p.service[x]
        if time <= old:
            break
        if time > p.due[x]:
            extra += p.late[x] * (time - max(old, p.due[x]))
        time += p.service[x]
        before = x
    return extra


@njit(nogil=True)
def _cheapest(p, s, c, rng, seen, stamp):
    """Return tour and position where c costs least, or tour -1 if it costs more than it brings."""
    best = np.inf if p.must[c] else p.prize[c]
    best_tour, best_position = -1, 0
    open_c, close_c, service_c, demand_c = p.open[c], p.close[c], p.service[c], p.demand[c]
    dist_from, dist_to, dur_from, dur_to = p.dist[c], p.dist_to[c], p.dur[c], p.dur_to[c]
    for r in range(len(s.length)):
        if not p.usable[r] or not p.allowed[c, r] or s.load[r] + demand_c > p.capacity[r]:
            continue
        m = s.length[r]
        added = 0.0
        if m == 0:
            if seen[p.kind[r]] == stamp:
                continue
            seen[p.kind[r]] = stamp
            added = p.fixed[r]
        seq, leg, leaves, latest = s.seq[r], s.leg[r], s.leaves[r], s.latest[r]
        close_r = min(close_c, p.begin_by[r])
        a = seq[0]
        for k in range(1, m + 2):
            b = seq[k]
            delta = dist_to[a] + dist_from[b] - leg[k] + added
            if delta < best:
                left = leaves[k - 1]
                if left > close_r:
                    break
                begin = max(left + dur_to[a], open_c)
                if begin <= close_r and begin + service_c + dur_from[b] <= latest[k]:
                    if p.soft:
                        delta += _lateness(p, s, r, k, c, begin)
                    if delta < best and _uniform(rng) >= BLINK:
                        best, best_tour, best_position = delta, r, k
            a = b
    return best_tour, best_position


@njit(nogil=True)
def _put(p, s, c, r, k):
    seq = s.seq[r]
    for j in range(s.length[r] + 1, k - 1, -1):
        seq[j + 1] = seq[j]
    seq[k] = c
    s.length[r] += 1
    _update(p, s, r)


@njit(nogil=True)
def _sort(p, absent, count, keys, rng, orders):
    """Sort the absent stops by an order drawn by weight."""
    drawn = _uniform(rng) * orders[-1]
    order = 0
    while orders[order] <= drawn:
        order += 1
    for i in range(count):
        c = absent[i]
        if order == 0:
            key = _uniform(rng)
        elif order == 1:
            key = -p.demand[c]
        elif order == 2:
            key = -p.remote[c]
        elif order == 3:
            key = p.remote[c]
        elif order == 4:
            key = p.close[c] - p.open[c]
        elif order == 5:
            key = p.open[c]
        elif order == 6:
            key = -p.close[c]
        else:
            key = -p.prize[c]
        j = i
        while j > 0 and keys[j - 1] > key:
            keys[j] = keys[j - 1]
            absent[j] = absent[j - 1]
            j -= 1
        keys[j] = key
        absent[j] = c


@njit(nogil=True)
def _cut(p, s, r, c, limit, rng, absent, count):
    """Remove a string of a tour that has c in it; return how many are absent now."""
    m = s.length[r]
    length = 1 + _below(rng, min(m, limit))
    kept = 0
    if length > 1 and length < m and _uniform(rng) < SPLIT:
        kept = 1
        while length + kept < m and _uniform(rng) < SPLIT_STOP:
            kept += 1
    span = length + kept
    at = s.position[c]
    low, high = max(1, at - span + 1), min(at, m - span + 1)
    first = low + _below(rng, high - low + 1)
    keep_from = first + (_below(rng, length) + 1 if kept else 0)
    seq = s.seq[r]
    to = first
    for k in range(first, m + 1):
        x = seq[k]
        if k < first + span and not keep_from <= k < keep_from + kept:
            absent[count] = x
            count += 1
            s.tour[x] = -1
        else:
            seq[to] = x
            to += 1
    s.length[r] = to - 1
    _update(p, s, r)
    return count


@njit(nogil=True)
def _copy(source, target, r):
    m = source.length[r]
    target.length[r] = m
    target.load[r] = source.load[r]
    target.cost[r] = source.cost[r]
    for k in range(m + 2):
        target.seq[r, k] = source.seq[r, k]
        target.leg[r, k] = source.leg[r, k]
        target.leaves[r, k] = source.leaves[r, k]
        target.latest[r, k] = source.latest[r, k]
    for k in range(1, m + 1):
        target.tour[source.seq[r, k]] = r
        target.position[source.seq[r, k]] = k


@njit(nogil=True)
def _keep(s, total, missing, best_seq, best_length, best):
    for r in range(len(s.length)):
        best_length[r] = s.length[r]
        for k in range(1, s.length[r] + 1):
            best_seq[r, k] = s.seq[r, k]
    best[0], best[1] = total, missing


@njit(nogil=True)
def _ruin(p, s, used, rng, absent, count, touched, touched_list, stamp):
    """Remove strings near a stop drawn; return how many are absent and how many tours changed."""
    n = len(p.demand)
    longest = min(STRING_MAX, (n - count) / used)
    strings = 1 + int(_uniform(rng) * (4.0 * REMOVED_MEAN / (1.0 + longest) - 1.0))
    limit = max(int(longest), 1)
    seed = _below(rng, n)
    done = 0
    for i in range(p.near.shape[1]):
        c = p.near[seed, i]
        r = s.tour[c]
        if r >= 0 and touched[r] != stamp:
            touched[r] = stamp
            touched_list[done] = r
            count = _cut(p, s, r, c, limit, rng, absent, count)
            done += 1
            if done >= strings:
                break
    return count, done


@njit(nogil=True)
def _recreate(p, s, rng, absent, count, touched, touched_list, changed, seen, stamp):
    """Put absent stops in where they cost least; return as `_ruin` does."""
    n = len(p.demand)
    left = 0
    for i in range(count):
        c = absent[i]
        r, k = _cheapest(p, s, c, rng, seen, stamp * n + i + 1)
        if r < 0:
            absent[left] = c
            left += 1
            continue
        if touched[r] != stamp:
            touched[r] = stamp
            touched_list[changed] = r
            changed += 1
        _put(p, s, c, r, k)
    return left, changed


@njit(nogil=True)
def _fits(p, s, r):
    """Whether a tour is in time: the way past a removed stop may be longer than by way of it."""
    if s.length[r] == 0:
        return True
    c = s.seq[r, 1]
    begin = max(p.leave[r] + p.dur[s.seq[r, 0], c], p.open[c])
    return begin <= s.latest[r, 1] + SLACK


@njit(nogil=True)
def _shortfall(p, absent, count, absence):
    """Return the prizes forgone, how many must-stops are absent, and how often they were."""
    prizes, missing, guide = 0.0, 0, 0.0
    for i in range(count):
        if p.must[absent[i]]:
            missing += 1
            guide += absence[absent[i]]
        else:
            prizes += p.prize[absent[i]]
    return prizes, missing, guide


@kept(int64(_PROBLEM, _TOURS, _TOURS, _i2, _i1, _f1, _f1, _i1, int64, uint64[::1], int64, float64,
            float64, boolean), nogil=True)  # fmt: skip
def anneal(
    p, s, kept, best_seq, best_length, best, absence, out, out_count, rng, iterations, hot, cold,
    stop_complete,
):  # fmt: skip
    """Improve tours; return the iterations done.

    Parameters
    ----------
    p : TourProblem
    s, kept : Tours
        ``s`` holds the tours to begin with in ``seq`` and ``length``; ``kept`` is for work.
    best_seq, best_length, best : int32 [V, n + 2], int32 [V], float64 [2]
        The best so far: tours, its cost, and how many stops that must be served it misses; by
        the second first. Changed where a better one is found.
    absence : float64 [n]
        How often each stop was absent, at least 1: the paper's guide to fewer vehicles.
    out, out_count : int32 [n], int
        Stops in no tour to begin with.
    rng : uint64 [1]
        State of the random numbers.
    iterations : int
    hot, cold : float
        Temperatures to begin and to end with; both above 0.
    stop_complete : bool
        Whether to stop as soon as no stop that must be served is missing.
    """
    n, v = len(p.demand), len(p.capacity)
    absent, saved, keys = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n)
    touched, touched_list = np.zeros(v, np.int64), np.empty(v, np.int32)
    seen = np.zeros(v, np.int64)
    orders = ORDERS.copy()
    if np.all(p.must == 1):
        orders[7] = 0.0
    orders = np.cumsum(orders)
    ways, used = 0.0, 0
    for r in range(v):
        _update(p, s, r)
        _copy(s, kept, r)
        ways += s.cost[r]
        used += s.length[r] > 0
    for i in range(out_count):
        absent[i] = out[i]
        s.tour[out[i]] = -1
    count = out_count
    prizes, missing, guide = _shortfall(p, absent, count, absence)
    cooling = (cold / hot) ** (1.0 / max(iterations, 1))
    temperature = hot
    for iteration in range(iterations):
        stamp = iteration + 1
        before = count
        saved[:before] = absent[:before]
        changed = 0
        if used > 0:
            count, changed = _ruin(p, s, used, rng, absent, count, touched, touched_list, stamp)
        _sort(p, absent, count, keys, rng, orders)
        count, changed = _recreate(
            p, s, rng, absent, count, touched, touched_list, changed, seen, stamp
        )
        for i in range(count):
            absence[absent[i]] += 1.0
        new_prizes, new_missing, new_guide = _shortfall(p, absent, count, absence)
        new_ways, new_used, fits = ways, used, True
        for i in range(changed):
            r = touched_list[i]
            new_ways += s.cost[r] - kept.cost[r]
            new_used += (s.length[r] > 0) - (kept.length[r] > 0)
            fits = fits and _fits(p, s, r)
        new, old = new_ways + new_prizes, ways + prizes
        if new_missing > missing:
            accepted = new_guide < guide
        else:
            bound = old - temperature * np.log(1.0 - _uniform(rng))
            accepted = new_missing < missing or new < bound
        temperature *= cooling
        if accepted and fits:
            for i in range(changed):
                _copy(s, kept, touched_list[i])
            ways, used, prizes, missing, guide = (
                new_ways,
                new_used,
                new_prizes,
                new_missing,
                new_guide,
            )
            if missing < best[1] or (missing == best[1] and new < best[0] - 1e-9 * abs(best[0])):
                _keep(s, new, missing, best_seq, best_length, best)
                if stop_complete and missing == 0:
                    return iteration + 1
        else:
            for i in range(changed):
                _copy(kept, s, touched_list[i])
            count = before
            for i in range(count):
                absent[i] = saved[i]
                s.tour[saved[i]] = -1
    return iterations
