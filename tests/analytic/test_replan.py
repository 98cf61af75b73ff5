"""A queue whose number of servers changes halfway: each half is an M/M/c of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from analytic.queues import SERVICE_S, unit, waits
from analytic.test_exact import erlang_c, exponential, interval, poisson

N = 24_000


@pytest.mark.parametrize(("first", "second"), [(3, 4), (4, 3)])
def test_mmc_whose_c_changes(first: int, second: int, tmp_path: Path) -> None:
    load = 2.0
    arrive, service = poisson(load, N, first, 41), exponential(N, first, 41)
    run = unit(tmp_path, arrive, service, first)
    plan = run.plan
    run.replan(
        replace(
            plan,
            crew_unit=np.full(second, plan.crew_unit[0]),
            crew_shift=np.zeros(second, dtype=np.int16),
            crew_xy=np.zeros((second, 2)),
        ),
        arrive[N // 2] * SERVICE_S,
    )
    run.run(float(arrive[-1] * SERVICE_S))
    wait = waits(run.outcome())
    for servers, half in ((first, wait[: N // 2]), (second, wait[N // 2 :])):
        assert erlang_c(servers, load) / (servers - load) in interval(half)
        other = first + second - servers
        assert erlang_c(other, load) / (other - load) not in interval(half)
