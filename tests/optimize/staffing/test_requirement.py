"""Requirements by hour: steady demand gives the steady answer, and corrections do what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from staffing_case import small

from sim.city import City
from sim.clock import HOUR
from sim.optimize.staffing.erlang import erlang_c
from sim.optimize.staffing.load import SLACKS_H, OfferedLoad
from sim.optimize.staffing.pools import Pools
from sim.optimize.staffing.requirement import (
    METHODS,
    Requirement,
    deferred,
    load_met,
    requirement,
    windows,
)

ALWAYS = np.ones((1, 168), dtype=bool)


def load_of(rate: np.ndarray, service_s: float, kind: int = 0) -> OfferedLoad:
    arrivals = np.zeros((1, len(SLACKS_H), 168))
    arrivals[0, kind] = rate
    return OfferedLoad(arrivals, np.array([service_s]))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("erlangs", [0.3, 2.0, 17.5, 140.0])
@pytest.mark.parametrize("share", [0.8, 0.95])
def test_steady_demand_needs_the_known_least_servers(
    method: str, erlangs: float, share: float
) -> None:
    """M/M/c: the least c by brute force over the direct formula."""
    service = 300.0
    load = load_of(np.full(168, erlangs / service * HOUR), service, kind=1)
    got = requirement(load, ALWAYS, share, method).staff
    slack = SLACKS_H[1] * HOUR

    def late(c: int) -> float:
        return float(erlang_c(c, erlangs) * np.exp(-max(c - erlangs, 0.0) / service * slack))

    assert (got == next(c for c in range(1000) if late(c) <= 1 - share)).all()


def test_infinite_servers_meet_what_a_sine_gives() -> None:
    """Eick, Massey and Whitt (1993), equation (15): with rate a + b sin(wt) and exponential
    service the number busy is s (a + b (sin wt - ws cos wt) / (1 + (ws)^2))."""
    service_h, w = 3.0, 2 * np.pi / 24
    t = np.linspace(0, 168, 168 * 60, endpoint=False)
    rate = (10 + 6 * np.sin(w * t)).reshape(168, 60).mean(axis=1)
    ws = w * service_h
    exact = service_h * (10 + 6 * (np.sin(w * t) - ws * np.cos(w * t)) / (1 + ws**2))
    got = load_met(load_of(rate, service_h * HOUR), "mol")[0]
    np.testing.assert_allclose(got, exact.reshape(168, 60).mean(axis=1), rtol=1e-2)


def test_services_longer_than_a_week_meet_what_comes() -> None:
    """Little's law: the mean number busy is the rate times the service time."""
    for service_h in (0.1, 40.0, 500.0):
        got = load_met(load_of(np.full(168, 3.0), service_h * HOUR), "mol")
        np.testing.assert_allclose(got, 3.0 * service_h, rtol=1e-9)
    rate = np.zeros(168)
    rate[5] = 168.0
    got = load_met(load_of(rate, 500.0 * HOUR), "mol")[0]
    assert got.mean() == pytest.approx(500.0)
    # in the week without arrivals it decays by exp(-1 / 500) an hour
    np.testing.assert_allclose(got[7:] / got[6:-1], np.exp(-1 / 500), rtol=1e-9)
    assert got[0] / got[-1] == pytest.approx(np.exp(-1 / 500))


def test_methods_agree_where_nothing_varies_and_keep_the_total() -> None:
    random = np.random.default_rng(2)
    load = load_of(random.uniform(0, 60, 168), 5000.0)
    met = {method: load_met(load, method) for method in METHODS}
    for one in met.values():
        assert one.sum() == pytest.approx(load.erlangs.sum())
    peak = {method: one.max() for method, one in met.items()}
    assert peak["mol"] < peak["sipp"]  # long services smooth
    assert peak["lag"] <= peak["sipp"]


def test_lag_by_whole_hours_is_a_shift() -> None:
    rate = np.zeros(168)
    rate[10] = 7.0
    assert np.flatnonzero(load_met(load_of(rate, 2 * HOUR), "lag")[0]).tolist() == [12]


def test_deferred_work_is_done_while_the_pool_is_at_work() -> None:
    window = np.zeros((1, 168), dtype=bool)
    window[0, [h for h in range(168) if 9 <= h % 24 < 17]] = True
    rate = np.zeros(168)
    rate[3], rate[16], rate[166] = 1.0, 2.0, 4.0
    for kind in range(len(SLACKS_H)):
        done = deferred(load_of(rate, 60.0, kind), window).arrivals[0, kind]
        assert done.sum() == pytest.approx(7.0)
        assert not done[~window[0]].any()
    urgent = deferred(load_of(rate, 60.0, 0), window).arrivals[0, 0]
    assert (urgent[9], urgent[16]) == (5.0, 2.0)  # Sunday's late work is Monday's first


def test_deferred_work_is_spread_over_half_of_its_slack() -> None:
    for slack, hours in ((0.5, 1), (1.0, 1), (2.0, 1), (4.0, 2), (16.0, 8)):
        rate = np.zeros(168)
        rate[164] = 6.0
        kind = SLACKS_H.tolist().index(slack)
        done = deferred(load_of(rate, 60.0, kind), ALWAYS).arrivals[0, kind]
        exact = np.zeros(168)
        exact[(164 + np.arange(hours)) % 168] = 6.0 / hours
        np.testing.assert_allclose(done, exact, rtol=1e-12)


def test_shares_of_slack_are_those_of_the_hour_or_of_the_week() -> None:
    """An hour of work now and then, a quarter of it urgent; the load that lasts has the week's."""
    arrivals = np.zeros((2, len(SLACKS_H), 168))
    arrivals[0, 0, [9, 40]], arrivals[0, 1, 9], arrivals[0, 1, 40] = 0.1, 0.3, 0.1
    arrivals[1, 1] = 5.0
    got = requirement(
        OfferedLoad(arrivals, np.array([7 * HOUR, HOUR])), np.repeat(ALWAYS, 2, axis=0), 0.9
    )
    assert got.share[0, :2, 9] == pytest.approx([0.25, 0.75])
    assert got.share[0, :2, 40] == pytest.approx([0.5, 0.5])
    assert got.share[0, :2, 12] == pytest.approx([1 / 3, 2 / 3])
    assert not got.share[0, 2:].any()
    assert (got.share[1, 1] == 1.0).all()
    assert got.service_s.tolist() == [7 * HOUR, HOUR]
    assert got.met[0, 12] > 0


def test_nothing_to_do_needs_nobody() -> None:
    assert (requirement(load_of(np.zeros(168), 60.0), ALWAYS, 0.9).staff == 0).all()


def test_a_pool_works_in_the_hours_whose_middle_its_shifts_cover(tmp_path: Path) -> None:
    scenario = small(tmp_path)
    pools = Pools.build(scenario, City.build(scenario))
    office = pools.department.index("labour")  # 08:30 to 17:30 on weekdays
    window = windows(scenario, pools)
    assert window.shape == (len(pools), 168)
    by_day = [h for h in range(168) if h < 5 * 24 and 8 <= h % 24 < 17]
    assert np.flatnonzero(window[office]).tolist() == by_day
    assert window[0].all()  # the hotline's shifts are day, late and night


def test_services_on_time_by_hand() -> None:
    """2 erlangs, 3 servers, an hour each: 4/9 wait, and longer than t with exp(-t) of those.

    A third of the work has little slack, and all of it to wait; the rest has more, and half of it.
    """
    slacks = np.array(SLACKS_H)
    share = np.zeros((1, len(slacks), 168))
    soon, later = int(np.flatnonzero(slacks < 2)[-1]), int(np.flatnonzero(slacks >= 2)[0])
    share[0, soon], share[0, later] = 1 / 3, 2 / 3
    three = np.full((1, 168), 3)
    need = Requirement(three, np.full((1, 168), 2.0), share, np.array([HOUR]))
    late = 4 / 9 * (np.exp(-slacks[soon]) / 3 + np.exp(-slacks[later] / 2) * 2 / 3)
    on_time, total = need.on_time(three)
    assert total.tolist() == [336.0]
    assert on_time == pytest.approx([336 * (1 - late)])
    quick = Requirement(three, need.met, share, np.array([HOUR / 2]))  # as long, twice as often
    assert quick.on_time(three)[1].tolist() == [672.0]
