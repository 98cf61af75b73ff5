"""An independent check of tours: plain Python, sharing nothing with any solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.routing.instance import NOWHERE, Instance

TOLERANCE = 1e-6
"""Of comparisons, in the units of the instance, however large the figures are."""


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
            number = instance.vehicle_number(vehicle)
            faults.append(f"vehicle {number}: there is no stop {strange[0]}")
            continue
        for stop in tour:
            times_served[stop] += 1
        if tour:
            way, late = _drive(instance, vehicle, tour, faults)
            distance += way
            cost += way + late + float(instance.fixed[vehicle])
    for stop, times in enumerate(times_served):
        if times > 1:
            faults.append(f"{instance.told(stop)} is served {times} times")
        elif times == 0:
            prize = float(instance.prize[stop])
            if prize == float("inf"):
                faults.append(f"{instance.told(stop)} is not served")
            else:
                cost += prize
    return Verdict(tuple(faults), cost, distance)


def _drive(
    instance: Instance, vehicle: int, tour: Sequence[int], faults: list[str]
) -> tuple[float, float]:
    """Follow one vehicle; return the length of its way and the cost of its lateness."""
    place, time = int(instance.start[vehicle]), float(instance.shift_open[vehicle])
    load = way = late = 0.0
    who, scale = f"vehicle {instance.vehicle_number(vehicle)}", instance.scale
    shift_close = float(instance.shift_close[vehicle])
    for stop in tour:
        way += float(instance.distance[place, stop])
        time += float(instance.duration[place, stop])
        begin = max(time, float(instance.open[stop]))
        if _exceeds(begin, float(instance.close[stop])):
            closes = float(instance.close[stop])
            faults.append(
                f"{who}: {instance.told(stop)} begins at {_figure(begin / scale)}, "
                f"too late: it closes at {_figure(closes / scale)}"
            )
        if not instance.allowed[stop, vehicle]:
            faults.append(f"{who}: has not the skills for {instance.told(stop)}")
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
        faults.append(
            f"{who}: is busy until {_figure(back / scale)}, after its shift, which ends at "
            f"{_figure(shift_close / scale)}"
        )
    capacity = float(instance.capacity[vehicle])
    if _exceeds(load, capacity):
        faults.append(f"{who}: carries {_figure(load)}, too much: it takes {_figure(capacity)}")
    return way, late


def _exceeds(value: float, limit: float) -> bool:
    return value > limit + TOLERANCE


def _figure(value: float) -> str:
    """Tell a figure of a file without what binary fractions leave behind its last digit."""
    return f"{value:.12g}"
