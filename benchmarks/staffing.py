"""Cover the whole city's requirements by shift patterns: gap and time.

    python benchmarks/staffing.py [--patterns daily|tours] [--model-limit S]

Daily patterns should come within 0.05 % of the bound in 60 s on two cores, tours within 2 % in
five minutes: ``gap`` is of all models together, ``worst_gap`` of the worst one. A model is a pool
that anything is required of.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

import sim
from sim.city import City
from sim.model.planfile import with_shifts
from sim.model.staffing import base_plan
from sim.optimize.staffing.cover import MODEL_LIMIT, Coverer
from sim.optimize.staffing.load import from_demand
from sim.optimize.staffing.patterns import further_shifts
from sim.optimize.staffing.pools import Pools
from sim.optimize.staffing.requirement import requirement, windows
from sim.processors import threads


def main() -> None:
    """Run it and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="suzhou-2018")
    parser.add_argument("--patterns", default="daily", choices=["scenario", "daily", "tours"])
    parser.add_argument("--level", type=float, default=0.9)
    parser.add_argument("--model-limit", type=float, default=None, help="of CP-SAT for each model")
    options = parser.parse_args()
    limit = options.model_limit or MODEL_LIMIT[options.patterns]
    plain = sim.load(options.scenario)
    scenario = with_shifts(plain, further_shifts(plain, options.patterns), "patterns")
    city = City.build(scenario)
    pools, plan = Pools.build(scenario, city), base_plan(scenario, city)
    begun = time.perf_counter()
    load = from_demand(scenario, city, plan, pools)
    window = windows(scenario, pools)
    need = requirement(load, window, options.level).staff
    required = time.perf_counter() - begun
    begun, work = time.perf_counter(), time.process_time()
    coverer = Coverer(scenario, pools, window, time_limit=limit)
    found = coverer.solve(need)
    asked = found.cost > 0
    over = np.divide(found.cost - found.bound, found.cost, out=np.zeros(len(pools)), where=asked)
    print(
        json.dumps(
            {
                "scenario": options.scenario,
                "patterns": options.patterns,
                "models": int(asked.sum()),
                "proved_optimal": int((asked & (over <= 1e-9)).sum()),
                "worst_gap": round(float(over.max()), 6),
                "shifts": len(scenario.shifts),
                "posts": int(found.posts.sum()),
                "cost": round(float(found.cost.sum())),
                "bound": round(float(found.bound.sum())),
                "gap": round(found.gap, 6),
                "requirements_s": round(required, 2),
                "cover_s": round(time.perf_counter() - begun, 1),
                "cover_cpu_s": round(time.process_time() - work, 1),
                "threads": threads(),
            }
        )
    )


if __name__ == "__main__":
    main()
