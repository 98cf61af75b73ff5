"""Requirements: the least staff of each pool in each hour of the week that keeps a target.

Three steps, each a known correction of steady-state queueing to demand that varies:

1. Work that may wait is done later, evenly over the time in which it may, while the pool is at
   work: the delayed-infinite-server idea of Liu and Whitt, *Stabilizing customer abandonment in
   many-server queues with time-varying arrivals*, Operations Research 60 (2012).
2. The load that each hour's servers meet: of the same hour (SIPP), of an hour one service time
   earlier (lag-SIPP), or the number busy in a system where nobody waits (MOL). Green, Kolesar and
   Soares, *Improving the SIPP approach for staffing service systems that have cyclic demands*,
   Operations Research 49 (2001); Green, Kolesar and Whitt, *Coping with time-varying demand when
   setting staffing requirements*, Production and Operations Management 16 (2007).
3. Erlang C at that load, all classes of slack together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.clock import HOUR
from sim.model.calendar import shift_calendars
from sim.optimize.staffing.discovery import HOURS
from sim.optimize.staffing.erlang import erlang_c, least
from sim.optimize.staffing.load import SLACKS_H, OfferedLoad
from sim.optimize.staffing.pools import Pools
from sim.scenario import Scenario
from sim.scenario.dates import typical_week

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

METHODS = ("sipp", "lag", "mol")
_DEFERRED_H = 2.0
"""Work that may wait at least so long is spread over half of that time, and waits the rest, h."""


def windows(scenario: Scenario, pools: Pools) -> NDArray[np.bool_]:
    """Tell in which hours of the week each pool works in the base year, bool [P, 168].

    An hour counts when a shift covers the middle of it.
    """
    on = np.array(
        [
            [calendar.rate((h + 0.5) * HOUR) > 0 for h in range(HOURS)]
            for calendar in shift_calendars(typical_week(scenario))
        ]
    )
    return np.asarray((pools.today > 0).astype(int) @ on > 0)


def deferred(load: OfferedLoad, window: NDArray[np.bool_]) -> OfferedLoad:
    """Move work into the hours in which it is done.

    What comes while a pool is shut waits until it opens; what may wait is spread evenly over
    half the time in which it may, counted in hours of work.

    Parameters
    ----------
    window : bool [P, 168]
        When the pool works.
    """
    out = np.zeros_like(load.arrivals)
    kernels: dict[tuple[bytes, int], Floats] = {}
    for pool, open_hours in enumerate(window):
        if not open_hours.any():
            continue
        for kind, slack in enumerate(SLACKS_H):
            row = load.arrivals[pool, kind]
            if row.any():
                spread = max(int(slack / 2), 1)
                key = (open_hours.tobytes(), spread)
                if key not in kernels:
                    kernels[key] = _kernel(open_hours, spread)
                out[pool, kind] = row @ kernels[key]
    return OfferedLoad(out, load.service_s)


def _kernel(open_hours: NDArray[np.bool_], spread: int) -> Floats:
    """Return into which hours the work of each hour goes, float64 [168, 168]."""
    hours = np.flatnonzero(open_hours)
    kernel = np.zeros((HOURS, HOURS))
    spread = min(spread, len(hours))
    first = np.searchsorted(hours, np.arange(HOURS))
    for k in range(spread):
        kernel[np.arange(HOURS), hours[(first + k) % len(hours)]] = 1.0 / spread
    return kernel


def load_met(load: OfferedLoad, method: str) -> Floats:
    """Return the load that each hour's servers meet, float64 [P, 168], by SIPP, lag-SIPP or MOL."""
    rate = load.arrivals.sum(axis=1)  # an hour
    service_h = load.service_s[:, None] / HOUR
    if method == "sipp":
        return rate * service_h
    if method == "lag":
        # the mean over the hour that began one service time earlier
        whole = np.floor(service_h).astype(int)
        part = service_h - whole
        at = (np.arange(HOURS)[None, :] - whole) % HOURS
        near = np.take_along_axis(rate, at, axis=1)
        far = np.take_along_axis(rate, (at - 1) % HOURS, axis=1)
        return ((1 - part) * near + part * far) * service_h
    if method == "mol":
        return _infinite_server(rate, service_h)
    raise ValueError(f"method {method!r} is not one of {', '.join(METHODS)}")


def _infinite_server(rate: Floats, service_h: Floats) -> Floats:
    """Return the mean number busy over each hour of M(t)/M/∞ in a week that repeats itself.

    Within an hour, ``m' = λ - m/s``; so ``m`` decays towards ``λs`` (Eick, Massey and Whitt, *The
    physics of the Mt/G/∞ queue*, Operations Research 41, 1993).
    """
    keep = np.exp(-1.0 / service_h[:, 0])
    level = rate * service_h
    busy = np.zeros(len(rate))
    for h in range(HOURS):
        busy = level[:, h] + (busy - level[:, h]) * keep
    busy = busy / (1 - keep**HOURS)
    mean = np.empty_like(rate)
    for h in range(HOURS):
        gap = busy - level[:, h]
        mean[:, h] = level[:, h] + gap * service_h[:, 0] * (1 - keep)
        busy = level[:, h] + gap * keep
    return np.maximum(mean, 0.0)


@dataclass(frozen=True, eq=False)
class Requirement:
    """Least staff by pool and hour of the week.

    Attributes
    ----------
    staff : int64 [P, 168]
    met : float64 [P, 168]
        The load they meet, erlangs.
    share : float64 [P, K, 168]
        How much of an hour's work has which slack; sums to 1 or 0.
    service_s : float64 [P]
    """

    staff: Ints
    met: Floats
    share: Floats
    service_s: Floats

    def on_time(self, staff: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return expected services on time and all services, a week, float64 [P] each.

        Parameters
        ----------
        staff : int64 [P, 168]
            On duty in each hour.
        """
        late = _late(staff, self.met, self.service_s[:, None], self.share)
        rate = self.met / (self.service_s[:, None] / HOUR)
        return ((1 - late) * rate).sum(axis=1), rate.sum(axis=1)


def _late(staff: NDArray[np.int64], met: Floats, service_s: Floats, share: Floats) -> Floats:
    """Return the share that waits longer than its slack, of the shape of ``staff``."""
    waits = erlang_c(staff, met)
    spare = np.maximum(staff - met, 0.0) / service_s
    late = np.zeros(staff.shape)
    for kind, slack in enumerate(SLACKS_H):
        left = slack / 2 if slack >= _DEFERRED_H else slack
        late += share[:, kind] * np.exp(-spare * (left * HOUR))
    return np.asarray(waits * late)


def requirement(
    load: OfferedLoad, window: NDArray[np.bool_], level: float | Floats, method: str = "mol"
) -> Requirement:
    """Compute the least staff by hour.

    Parameters
    ----------
    level : float or float64 [P]
        Share of services that must begin within their slack, in [0, 1).
    method : str
        One of `METHODS`.
    """
    work = deferred(load, window)
    met = np.where(window, load_met(work, method), 0.0)
    total = work.arrivals.sum(axis=1, keepdims=True)
    weekly = work.arrivals.sum(axis=2, keepdims=True)
    weekly = weekly / np.maximum(weekly.sum(axis=1, keepdims=True), 1e-300)
    share = np.where(total > 0, work.arrivals / np.maximum(total, 1e-300), weekly)
    service = np.repeat(load.service_s, HOURS)
    flat_share = np.moveaxis(share, 1, 2).reshape(-1, len(SLACKS_H))
    allowed = np.repeat(1 - np.broadcast_to(np.asarray(level, float), len(met)), HOURS)
    flat = met.ravel()

    def good(staff: Ints) -> NDArray[np.bool_]:
        late = _late(staff[:, None], flat[:, None], service[:, None], flat_share[:, :, None])
        return late[:, 0] <= allowed

    staff = least(flat, good)
    return Requirement(staff.reshape(met.shape), met, share, load.service_s)
