"""PyVRP, as a rival in benchmarks (extra ``bench``)."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.routing.check import check
from sim.routing.instance import NOWHERE, Instance
from sim.routing.solution import Solution
from sim.routing.whole import FAR, whole


def solve(instance: Instance, seconds: float, seed: int = 0) -> Solution:
    """Search by PyVRP's iterated local search.

    Parameters
    ----------
    instance : Instance
        The problem; PyVRP has no skills, soft deadlines or open tours.
    seconds : float
        How long to search.
    seed : int
        Of its random numbers.

    Raises
    ------
    InputError
        If the instance has something that it does not know.
    """
    import pyvrp

    lacks = {
        "skills": not instance.allowed.all(),
        "soft deadlines": bool((instance.late > 0).any()),
        "tours that end anywhere": bool((instance.end == NOWHERE).any()),
    }
    for what, there in lacks.items():
        if there:
            raise InputError(instance.name, "solver", "pyvrp", f"a solver that knows {what}")
    begun = time.perf_counter()
    w = whole(instance)
    n, places = len(instance), len(instance.distance)
    clients = [
        pyvrp.Client(
            location=stop,
            delivery=[int(w.demand[stop])],
            service_duration=int(w.service[stop]),
            tw_early=int(w.open[stop]),
            tw_late=int(w.close[stop]),
            prize=0 if w.prize[stop] >= FAR else int(w.prize[stop]),
            required=bool(w.prize[stop] >= FAR),
        )
        for stop in range(n)
    ]
    columns = (
        w.capacity,
        w.fixed,
        instance.start - n,
        instance.end - n,
        w.shift_open,
        w.shift_close,
    )
    kinds, kind = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
    types = [
        pyvrp.VehicleType(
            num_available=int((kind.ravel() == number).sum()),
            capacity=[int(row[0])],
            fixed_cost=int(row[1]),
            start_depot=int(row[2]),
            end_depot=int(row[3]),
            tw_early=int(row[4]),
            tw_late=int(row[5]),
        )
        for number, row in enumerate(kinds)
    ]
    matrices: Any = [w.distance], [w.duration]  # its stubs' arrays are not NumPy's
    data = pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0) for _ in range(places)],
        clients=clients,
        depots=[pyvrp.Depot(location=place) for place in range(n, places)],
        vehicle_types=types,
        distance_matrices=matrices[0],
        duration_matrices=matrices[1],
    )
    stop = pyvrp.stop.MaxRuntime(max(seconds - (time.perf_counter() - begun), 0.0))
    found = pyvrp.solve(data, stop, seed=seed, collect_stats=False, display=False)
    tours: list[tuple[int, ...]] = [()] * instance.vehicles
    free = [list(np.flatnonzero(kind.ravel() == number)) for number in range(len(kinds))]
    for route in found.best.routes():
        visits = tuple(int(a.idx) for a in route.schedule() if a.is_client())
        tours[free[route.vehicle_type()].pop(0)] = visits
    served = {stop for tour in tours for stop in tour}
    missing = tuple(i for i in range(n) if i not in served)
    return Solution(
        tuple(tours),
        missing,
        check(instance, tours).cost,
        not any(np.isinf(instance.prize[i]) for i in missing),
        "pyvrp",
        time.perf_counter() - begun,
        int(found.num_iterations),
    )
