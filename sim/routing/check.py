"""An independent check of tours: plain Python, sharing nothing with any solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.routing.instance import NOWHERE, Instance

TOLERANCE = 1e-6
"""Of comparisons, relative to 1 or to the figures compared if they are larger."""


@dataclass(frozen=True)
class Verdict:
    """What the checker says.

    Attributes
    ----------
    faults : tuple of str
        What is wrong, one sentence each; none: the tours are feasible.
    cost : float
        Ways, fixed costs, lateness, and the prizes of optional stops left out.
    distance : float
        Of the ways alone.
    """

    faults: tuple[str, ...]
    cost: float
    distance: float

    @property
    def feasible(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def check(instance: Instance, tours: Sequence[Sequence[int]]) -> Verdict:
    """Check tours against every rule of the instance, and price them.

    Parameters
    ----------
    instance : Instance
        The problem.
    tours : sequence of sequences of int
        The stops of vehicle 0, 1, ...; fewer than there are vehicles: the others stay.
    """
    faults: list[str] = []
    n = len(instance)
    times_served = [0] * n
    distance = cost = 0.0
    if len(tours) > instance.vehicles:
        faults.append(f"{len(tours)} tours for {instance.vehicles} vehicles")
    for vehicle, tour in enumerate(tours[: instance.vehicles]):
        strange = [stop for stop in tour if not 0 <= stop < n]
        if strange:
            faults.append(f"vehicle {vehicle}: there is no stop {strange[0]}")
            continue
        for stop in tour:
            times_served[stop] += 1
        if tour:
            way, late = _drive(instance, vehicle, tour, faults)
            distance += way
            cost += way + late + float(instance.fixed[vehicle])
    for stop, times in enumerate(times_served):
        if times > 1:
            faults.append(f"stop {stop} is served {times} times")
        elif times == 0:
            prize = float(instance.prize[stop])
            if prize == float("inf"):
                faults.append(f"stop {stop} is not served")
            else:
                cost += prize
    return Verdict(tuple(faults), cost, distance)


def _drive(
    instance: Instance, vehicle: int, tour: Sequence[int], faults: list[str]
) -> tuple[float, float]:
    """Follow one vehicle; return the length of its way and the cost of its lateness."""
    place, time = int(instance.start[vehicle]), float(instance.shift_open[vehicle])
    load = way = late = 0.0
    shift_close = float(instance.shift_close[vehicle])
    for stop in tour:
        way += float(instance.distance[place, stop])
        time += float(instance.duration[place, stop])
        begin = max(time, float(instance.open[stop]))
        if _exceeds(begin, float(instance.close[stop])):
            faults.append(f"vehicle {vehicle}: stop {stop} begins at {begin:g}, too late")
        if not instance.allowed[stop, vehicle]:
            faults.append(f"vehicle {vehicle}: has not the skills for stop {stop}")
        if instance.late[stop] > 0:
            late += float(instance.late[stop]) * max(begin - float(instance.due[stop]), 0.0)
        load += float(instance.demand[stop])
        place, time = stop, begin + float(instance.service[stop])
    end = int(instance.end[vehicle])
    if end == NOWHERE:
        back = begin
    else:
        way += float(instance.distance[place, end])
        back = time + float(instance.duration[place, end])
    if _exceeds(back, shift_close):
        faults.append(f"vehicle {vehicle}: is busy until {back:g}, after its shift")
    if _exceeds(load, float(instance.capacity[vehicle])):
        faults.append(f"vehicle {vehicle}: carries {load:g}, too much")
    return way, late


def _exceeds(value: float, limit: float) -> bool:
    return value > limit + TOLERANCE * max(1.0, abs(value))
