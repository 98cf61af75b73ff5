"""OR-Tools' routing solver, behind one door.

It takes integers only, transits as matrices (callbacks into Python cost most of its speed), and
every stop in a disjunction: with mandatory stops and a tight fleet it finds nothing at all.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from sim.routing.check import check
from sim.routing.instance import NOWHERE, Instance, Ints
from sim.routing.solution import Solution
from sim.routing.whole import FAR, Whole, whole


def solve(
    instance: Instance,
    seconds: float,
    seed: int = 0,  # noqa: ARG001 OR-Tools takes none
) -> Solution:
    """Search from the cheapest parallel insertion by guided local search.

    Parameters
    ----------
    instance : Instance
        The problem.
    seconds : float
        How long to search; 0 keeps the first solution.
    seed : int
        OR-Tools' routing takes none; kept for a common signature.
    """
    begun = time.perf_counter()
    tours = _search(instance, seconds) if len(instance) and instance.vehicles else ()
    served = {stop for tour in tours for stop in tour}
    missing = tuple(stop for stop in range(len(instance)) if stop not in served)
    return Solution(
        tours,
        missing,
        check(instance, tours).cost,
        not any(np.isinf(instance.prize[stop]) for stop in missing),
        "ortools",
        time.perf_counter() - begun,
    )


def _search(instance: Instance, seconds: float) -> tuple[tuple[int, ...], ...]:
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    w = whole(instance)
    n, v, places = len(instance), instance.vehicles, len(instance.distance)
    end = np.where(instance.end == NOWHERE, places, instance.end)
    ends = np.unique(np.concatenate((instance.start, end)))  # all other places would be stops
    node = {int(place): n + i for i, place in enumerate(ends)}
    manager = pywrapcp.RoutingIndexManager(
        n + len(ends),
        v,
        [node[p] for p in instance.start.tolist()],
        [node[p] for p in end.tolist()],
    )
    model = pywrapcp.RoutingModel(manager)
    _add(instance, w, np.concatenate((np.arange(n), ends)), model, manager)
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    first = routing_enums_pb2.FirstSolutionStrategy
    parameters.first_solution_strategy = first.PARALLEL_CHEAPEST_INSERTION
    if seconds > 0:
        metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic
        parameters.local_search_metaheuristic = metaheuristic.GUIDED_LOCAL_SEARCH
        parameters.time_limit.FromMilliseconds(max(int(seconds * 1000), 1))
    else:
        parameters.solution_limit = 1
    model.CloseModelWithParameters(parameters)
    found = model.SolveWithParameters(parameters)
    if found is None:
        return ((),) * v
    result = []
    for vehicle in range(v):
        index, tour = model.Start(vehicle), []
        while not model.IsEnd(index := found.Value(model.NextVar(index))):
            tour.append(manager.IndexToNode(index))
        result.append(tuple(tour))
    return tuple(result)


def _add(instance: Instance, w: Whole, places: Ints, model: Any, manager: Any) -> None:
    """Put ways, times, loads, windows, skills and prizes into the model.

    ``places`` are those of the model's nodes; the one after the instance's is nowhere.
    """
    n, v = len(instance), instance.vehicles
    ways = np.pad(w.distance, (0, 1))[np.ix_(places, places)]
    model.SetArcCostEvaluatorOfAllVehicles(model.RegisterTransitMatrix(ways.tolist()))
    times = np.pad(w.duration, (0, 1))[np.ix_(places, places)]
    times[:n] += w.service[:, None]
    times[:n][:, places == len(w.duration)] = 0  # an open tour ends as its last service begins
    times[n:, n:] = 0  # a vehicle that stays takes no time
    model.AddDimension(model.RegisterTransitMatrix(times.tolist()), FAR, FAR, False, "time")
    time_ = model.GetDimensionOrDie("time")
    for vehicle in range(v):
        time_.CumulVar(model.Start(vehicle)).SetMin(int(w.shift_open[vehicle]))
        time_.CumulVar(model.End(vehicle)).SetMax(int(w.shift_close[vehicle]))
        model.SetFixedCostOfVehicle(int(w.fixed[vehicle]), vehicle)
    if w.demand.any():
        row = np.zeros(len(ways), np.int64)
        row[:n] = w.demand
        load = model.RegisterUnaryTransitVector(row.tolist())
        model.AddDimensionWithVehicleCapacity(load, 0, w.capacity.tolist(), True, "load")
    for stop in range(n):
        index = manager.NodeToIndex(stop)
        model.AddDisjunction([index], min(int(w.prize[stop]), FAR))
        if w.open[stop] > w.close[stop]:  # no whole number lies between
            model.ActiveVar(index).SetValue(0)
            continue
        time_.CumulVar(index).SetRange(int(w.open[stop]), int(w.close[stop]))
        if w.late[stop] > 0 and w.due[stop] < FAR:
            time_.SetCumulVarSoftUpperBound(index, max(int(w.due[stop]), 0), int(w.late[stop]))
        if not instance.allowed[stop].all():  # SetAllowedVehiclesForIndex takes no list in 9.15
            skilled = np.flatnonzero(instance.allowed[stop]).tolist()
            model.VehicleVar(index).SetValues([-1, *skilled])
